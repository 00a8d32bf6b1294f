"""Kinderopvangtoeslag: hours and rates of each child in a month, and whether both parents work.

The month rule does not hold for changes in care (Wko 1.3): an entry counts in every month that it
touches, with the hours it states; the hours of a part month are stated as an entry of their own.
Not covered: routes to work and education (1.6 lid 1), six months instead of three in years that a
decree names (1.6 lid 7), the three months before the application (1.3 lid 2).
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from scheduler.folding.known import Known, Text, Unknown, Value, merge_records
from scheduler.folding.persons import ChildcareKind, Person
from scheduler.schemes.toeslagen import NONE, Inputs, YearView, alive_on_first, common_inputs, whose
from specs.values import Month

CHILDREN_MAX: Final = 4
AFTER_WORK: Final = 3  # months in which the right goes on, Wko 1.6 lid 5
KINDS: Final[tuple[ChildcareKind, ...]] = ("dagopvang", "bso", "gastouder")
CARE: Final = tuple(
    f"{what}_{kind}_{place}" for place in range(1, CHILDREN_MAX + 1) for kind in KINDS
    for what in ("uren", "tarief")
)  # fmt: skip
NAMES: Final = ("kinderen_met_opvang", *CARE)
SUPPLIES: Final = frozenset(
    {"in_leven", "toetsingsinkomen", "werkt", "partner_werkt", "kinderen_met_opvang", *CARE}
)
MANY: Final = Unknown(
    missing=Text("Meer dan vier kinderen hebben opvang. Dat rekenen wij niet.",
                 "More than four children have childcare. We do not calculate that."),
    article="Wet kinderopvang, artikel 1.7",
)  # fmt: skip
TWO_RATES: Final = Unknown(
    missing=Text("Voor een kind staan twee tarieven van een soort opvang in dezelfde maand.",
                 "For one child there are two rates of one kind of care in the same month."),
    article="Wet kinderopvang, artikel 1.7",
)  # fmt: skip


def inputs(view: YearView, month: Month) -> Inputs:
    """The inputs of `regulations/kinderopvangtoeslag` in one month."""
    partner = view.partners[month]
    partner_works: Value[int] = Known(value=1)
    if isinstance(partner, Unknown):
        partner_works = partner
    elif partner.value is not None:
        partner_works = _works(view, partner.value, month)
    common = common_inputs(view, month)
    return {
        "in_leven": alive_on_first(view.applicant, month),
        "toetsingsinkomen": common["toetsingsinkomen"],
        "werkt": _works(view, view.applicant, month),
        "partner_werkt": partner_works,
        **_care(view, month),
    }


def _works(view: YearView, person: Person, month: Month) -> Value[int]:
    """Paid work in the month, or work that stopped in one of the three months before (Wko 1.6 lid 1
    and 5). Since 2023 any work in a month gives the hours.
    """
    if person.work is None:
        who = whose(view.household, person)
        missing = Text(f"Wij weten niet of {who.nl} in {view.year} werkt.",
                       f"We do not know whether {who.en} works in {view.year}.")  # fmt: skip
        return Unknown(missing=missing, article="Wet kinderopvang, artikel 1.6")
    until = month.plus(-AFTER_WORK).first_day
    records: list[tuple[str, ...]] = []
    for spell in person.work:
        begun = spell.start is None or spell.start <= month.last_day
        if spell.value and begun and (spell.end is None or until < spell.end):
            return Known(value=1, records=spell.records)
        records.append(spell.records)
    return Known(value=0, records=merge_records(*records))


def _care(view: YearView, month: Month) -> Inputs:
    """Hours and rate by child and kind; a child's place says nothing about who is the first."""
    entries = view.household.childcare
    if isinstance(entries, Unknown):
        return dict.fromkeys(NAMES, entries)
    hours: dict[tuple[str, str], int] = defaultdict(int)
    rates: dict[tuple[str, str], int] = {}
    records: dict[str, tuple[str, ...]] = {}
    for spell in entries:
        starts = spell.start is None or spell.start <= month.last_day
        if not starts or (spell.end is not None and spell.end <= month.first_day):
            continue
        care = spell.value
        key = (care.child, care.kind)
        if rates.setdefault(key, care.hourly_rate) != care.hourly_rate:
            return dict.fromkeys(NAMES, TWO_RATES)
        hours[key] += care.hours_per_month
        records[care.child] = merge_records(records.get(care.child, ()), spell.records)
    if len(records) > CHILDREN_MAX:
        return dict.fromkeys(NAMES, MANY)
    found: dict[str, Value[int]] = dict.fromkeys(CARE, NONE)
    everything = merge_records(*records.values())
    found["kinderen_met_opvang"] = Known(value=len(records), records=everything)
    for place, child in enumerate(records, 1):
        for kind in KINDS:
            key = (child, kind)
            source = records[child]
            found[f"uren_{kind}_{place}"] = Known(value=hours.get(key, 0), records=source)
            found[f"tarief_{kind}_{place}"] = Known(value=rates.get(key, 0), records=source)
    return found
