"""Bijstand (Participatiewet): who lives on which norm in a month, and what was received in it.

Another household notion than the toeslagen: cost sharers are housemates of 27 and older; income
counts in the month in which it is received (31, 32). A month in which an age changes the norm on
another day than the first is not calculated: the part-month rule was not sourced.
Not covered: exempted earnings (31 lid 2 n, r, y) and *maatwerk* (18), both decisions of the
municipality; institutions (23); the supplement of 18 to 20 without parents.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from scheduler.folding.ages import birthday, pension_day
from scheduler.folding.known import Known, Text, Unknown, Value, merge_records, spells_on
from scheduler.folding.persons import Household, Person
from scheduler.schemes.toeslagen import NONE, Inputs, YearView, add, alive_on_first, whose
from specs.values import Month

LAW: Final = "Participatiewet, artikel"
SUPPLIES: Final = frozenset({
    "in_leven", "volwassen", "gehuwd", "jong", "partner_jong", "pensioen", "partner_pensioen",
    "kind", "kostendelers", "ontvangen_inkomen", "vermogen",
})  # fmt: skip
COST_SHARER_AGE: Final = 27  # Pw 19a lid 1


def inputs(view: YearView, month: Month) -> Inputs:
    """The inputs of `regulations/bijstand` in one month."""
    partner = view.partners[month]
    given: dict[str, Value[int]] = {"in_leven": alive_on_first(view.applicant, month)}
    if isinstance(partner, Unknown):
        return {**dict.fromkeys(SUPPLIES, partner), **given}
    other = partner.value
    spouse = Known(value=int(other is not None), records=partner.records)
    young, pension, adult = age_flags(view.applicant, month)
    given |= {"volwassen": adult, "jong": young, "pensioen": pension, "gehuwd": spouse,
              "kind": minor_child(view.household, month),
              "kostendelers": _cost_sharers(view.household, month),
              "ontvangen_inkomen": received(view.household, view.applicant, month),
              "vermogen": view.assets(view.applicant),
              "partner_jong": NONE, "partner_pensioen": NONE}  # fmt: skip
    if other is not None:
        given["partner_jong"], given["partner_pensioen"], _ = age_flags(other, month)
        theirs = received(view.household, other, month)
        given["ontvangen_inkomen"] = add(given["ontvangen_inkomen"], theirs)
        given["vermogen"] = add(given["vermogen"], view.assets(other))
        given |= _not_sourced(given)
    return given


def age_flags(person: Person, month: Month) -> tuple[Value[int], Value[int], Value[int]]:
    """Whether a person is 18 to 20, has reached pension age, and is 18 or older (Pw 20, 21, 22)."""
    birth = person.birth_date
    if isinstance(birth, Unknown):
        return birth, birth, birth
    turning = (birthday(birth.value, 18), birthday(birth.value, 21), pension_day(birth.value))
    if any(_inside(day, month) for day in turning):
        return (PART_MONTH,) * 3
    first, records = month.first_day, birth.records
    adult, grown, retired = (day <= first for day in turning)
    return (
        Known(value=int(adult and not grown), records=records),
        Known(value=int(retired), records=records),
        Known(value=int(adult), records=records),
    )


def _inside(day: date, month: Month) -> bool:
    return month.first_day < day <= month.last_day


def _not_sourced(given: Inputs) -> Inputs:
    """Couples of whom one has reached pension age (22 c), or one is 18 to 20 while others share
    the costs: their figures were not read.
    """
    own, theirs = given["pensioen"], given["partner_pensioen"]
    if isinstance(own, Known) and isinstance(theirs, Known) and own.value != theirs.value:
        return {"partner_pensioen": ONE_PENSIONER}
    sharers, young, other = given["kostendelers"], given["jong"], given["partner_jong"]
    if isinstance(sharers, Unknown) or isinstance(young, Unknown) or isinstance(other, Unknown):
        return {}
    if sharers.value and young.value != other.value:
        return {"kostendelers": YOUNG_SHARER}
    return {}


def minor_child(household: Household, month: Month) -> Value[int]:
    """Whether a child under 18 of the family lives at home on the first day of the month."""
    children = household.children if household.home_children is None else household.home_children
    if isinstance(children, Unknown):
        return children
    records: list[tuple[str, ...]] = []
    for spell in spells_on(children, month.first_day):
        birth = household.persons[spell.value].birth_date
        if isinstance(birth, Unknown):
            return birth
        if birth.value <= month.first_day < birthday(birth.value, 18):
            records.append(merge_records(spell.records, birth.records))
    return Known(value=int(bool(records)), records=merge_records(*records))


def _cost_sharers(household: Household, month: Month) -> Value[int]:
    """Housemates of 27 and older, not with a commercial contract and not students (Pw 19a)."""
    if isinstance(household.housemates, Unknown):
        return household.housemates
    for unsure in spells_on(household.insecure, month.first_day):
        return unsure.value
    found = 0
    records: list[tuple[str, ...]] = []
    for spell in spells_on(household.housemates, month.first_day):
        birth = household.persons[spell.value.person].birth_date
        if isinstance(birth, Unknown):
            return birth
        day = birthday(birth.value, COST_SHARER_AGE)
        if _inside(day, month):
            return PART_MONTH
        records.append(merge_records(spell.records, birth.records))
        counts = spell.value.relation not in ("commercial_tenant", "student")
        found += int(counts and day <= month.first_day)
    return Known(value=found, records=merge_records(*records))


def received(household: Household, person: Person, month: Month) -> Value[int]:
    """Net income received in the month (Pw 31, 32); toeslagen and kinderbijslag are no income."""
    found = person.monthly_income.get(month)
    if found is not None:
        return found
    who = whose(household, person)
    missing = Text(
        f"Wat {who.nl} in deze maand ontving, ontbreekt.",
        f"What {who.en} received in this month is missing.",
    )
    return Unknown(missing=missing, article=f"{LAW} 32")


PART_MONTH: Final = Unknown(
    missing=Text("In deze maand verandert de norm door een verjaardag. Dat rekenen wij niet.",
                 "In this month a birthday changes the norm. We do not calculate that."),
    article=f"{LAW} 45",
)  # fmt: skip
ONE_PENSIONER: Final = Unknown(
    missing=Text("Een van u heeft de AOW-leeftijd. Die norm ontbreekt bij ons.",
                 "One of you has reached pension age. We do not have that norm."),
    article=f"{LAW} 22",
)  # fmt: skip
YOUNG_SHARER: Final = Unknown(
    missing=Text("Voor een jong paar met kostendelers ontbreekt de regel bij ons.",
                 "For a young couple with cost sharers we do not have the rule."),
    article=f"{LAW} 22a",
)  # fmt: skip
