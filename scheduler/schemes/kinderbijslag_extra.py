"""The extra amount of kinderbijslag (AKW 7a lid 2): who had double for intensive care in all four
quarters, and earned little or was single.

Once a household, whatever the number of children (lid 3). The partner is taken as that of the
toeslagen; the fiscal partner that the law names (Wet IB 2001, 1.2) differs only in the year in
which people begin to live together. Not covered: full and lasting disability (by decree).
"""

from __future__ import annotations

from typing import Final

from scheduler.folding.known import Known, Text, Unknown, Value, merge_records
from scheduler.folding.persons import Person
from scheduler.schemes import kinderbijslag
from scheduler.schemes.toeslagen import NONE, Inputs, YearView, whose
from specs.values import Month

SUPPLIES: Final = frozenset(
    {"in_leven", "zorg_kinderen", "partner_hele_jaar", "laagste_arbeidsinkomen"}
)
CARE: Final = ("zorg_3_5", "zorg_6_11", "zorg_12_17")
LAW: Final = "Algemene Kinderbijslagwet, artikel 7a lid 2"


def inputs(view: YearView, month: Month) -> Inputs:
    """The inputs of `regulations/kinderbijslag_extra`; `month` is the first of a quarter."""
    counted = kinderbijslag.inputs(view, month)
    care = [counted[name] for name in CARE]
    given: dict[str, Value[int]] = {"in_leven": counted["in_leven"]}
    unknown = next((told for told in care if isinstance(told, Unknown)), None)
    if unknown is not None:
        return {**dict.fromkeys(SUPPLIES, unknown), **given}
    known = [told for told in care if isinstance(told, Known)]
    records = merge_records(*(told.records for told in known))
    total = sum(told.value for told in known)
    given["zorg_kinderen"] = Known(value=total, records=records)
    partner = view.partner_all_year if total else Known(value=None)
    if isinstance(partner, Unknown):
        return {**given, "partner_hele_jaar": partner, "laagste_arbeidsinkomen": NONE}
    flag = Known(value=int(partner.value is not None), records=partner.records)
    least = NONE if partner.value is None else _least(view, partner.value)
    return {**given, "partner_hele_jaar": flag, "laagste_arbeidsinkomen": least}


def _least(view: YearView, partner: Person) -> Value[int]:
    """What the one of the two who earned least earned from work (7a lid 2 b)."""
    found: list[Known[int]] = []
    for person in (view.applicant, partner):
        earned = person.earned.get(view.year)
        if earned is None:
            who = whose(view.household, person)
            missing = Text(
                f"Wat {who.nl} in {view.year} met werk verdiende, ontbreekt.",
                f"What {who.en} earned from work in {view.year} is missing.",
            )
            return Unknown(missing=missing, article=LAW)
        if isinstance(earned, Unknown):
            return earned
        found.append(earned)
    records = merge_records(*(told.records for told in found))
    return Known(value=min(told.value for told in found), records=records)
