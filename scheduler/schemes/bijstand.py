"""Bijstand (Participatiewet): who lives on which norm in a month, and what was received in it.

Another household notion than the toeslagen: cost sharers are housemates of 27 and older; income
counts in the month in which it is received (31, 32). A month in which an age changes the norm on
another day than the first is not calculated: the part-month rule was not sourced.
Exempted earnings (31 lid 2 n, r, y) and *maatwerk* (18 lid 1) are decisions of the municipality:
recorded inputs. Not covered: a spouse without a right (24), the buffer of 34b; 34a, printed beside
31 lid 2 n, r and y since 2026, has no date of entry that we found.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from scheduler.folding.ages import birthday, pension_day
from scheduler.folding.known import Known, Spell, Text, Unknown, Value, merge_records, spells_on
from scheduler.folding.persons import Exemption, Household, Person
from scheduler.schemes.toeslagen import NONE, Inputs, YearView, add, alive_on_first, whose
from specs.values import Month

LAW: Final = "Participatiewet, artikel"
SUPPLIES: Final = frozenset({
    "in_leven", "volwassen", "gehuwd", "jong", "partner_jong", "pensioen", "partner_pensioen",
    "kind", "kostendelers", "ontvangen_inkomen", "vermogen", "arbeid", "arbeid_partner",
    "vrijlating_n", "vrijlating_r", "vrijlating_y", "partner_vrijlating_n",
    "partner_vrijlating_y", "maatwerk", "inrichting", "partner_inrichting", "zonder_ouders",
})  # fmt: skip
OF_PARTNER: Final = ("partner_jong", "partner_pensioen", "partner_inrichting", "arbeid_partner",
                     "partner_vrijlating_n", "partner_vrijlating_y")  # fmt: skip
COST_SHARER_AGE: Final = 27  # Pw 19a lid 1
EXEMPT_AGE: Final = 27  # Pw 31 lid 5
EXEMPT_MONTHS: Final[Mapping[str, int]] = {"n": 6, "r": 30}  # Pw 31 lid 2 n and r


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
              "maatwerk": _maatwerk(view.applicant, month),
              "inrichting": _in_institution(view.applicant, month),
              "zonder_ouders": Known(value=int(view.applicant.no_parents)),
              **exempt_pay(view.applicant, month),
              **dict.fromkeys(OF_PARTNER, NONE)}  # fmt: skip
    if other is not None:
        given["partner_jong"], given["partner_pensioen"], _ = age_flags(other, month)
        theirs = received(view.household, other, month)
        given["ontvangen_inkomen"] = add(given["ontvangen_inkomen"], theirs)
        given["vermogen"] = add(given["vermogen"], view.assets(other))
        given["partner_inrichting"] = _in_institution(other, month)
        pay = exempt_pay(other, month)
        given |= {"arbeid_partner": pay["arbeid"], "partner_vrijlating_n": pay["vrijlating_n"],
                  "partner_vrijlating_y": pay["vrijlating_y"]}  # fmt: skip
        given |= _not_covered(given, other)
    return given


def exempt_pay(person: Person, month: Month) -> Inputs:
    """Net pay and the exemption of it that holds on the first day (31 lid 2 n, r, y and lid 5).

    The municipality grants it; the limits of time and age are the law's: n for at most six months
    below pension age, r for thirty, n and r not below 27.
    """
    flags = dict.fromkeys(("vrijlating_n", "vrijlating_r", "vrijlating_y"), NONE)
    found = spells_on(person.exemptions, month.first_day)
    if not found:
        return {"arbeid": NONE, **flags}
    spell = found[-1]
    birth = person.birth_date
    if isinstance(birth, Unknown):
        return dict.fromkeys(("arbeid", *flags), birth)
    pay = person.earnings.get(month)
    if pay is None:
        return {"arbeid": NO_PAY, **flags}
    if _still(spell, birth.value, month):
        records = merge_records(spell.records, birth.records)
        flags[f"vrijlating_{spell.value}"] = Known(value=1, records=records)
    return {"arbeid": pay, **flags}


def _still(spell: Spell[Exemption], birth: date, month: Month) -> bool:
    """Whether an exemption may still be given in this month by age and time."""
    day = month.first_day
    retired = pension_day(birth) <= day
    if spell.value == "y" or (spell.value == "n" and retired):
        return True
    if birthday(birth, EXEMPT_AGE) > day:
        return False
    since = Month.of(spell.start or day)
    passed = (month.year - since.year) * 12 + month.month - since.month
    return passed < EXEMPT_MONTHS[spell.value]


def _maatwerk(person: Person, month: Month) -> Value[int]:
    """What the municipality adapted (18 lid 1), with its reason."""
    found = spells_on(person.maatwerk, month.first_day)
    if not found:
        return NONE
    records = merge_records(*(spell.records for spell in found))
    reasons = " ".join(spell.value.reason for spell in found)
    note = Text(f"Reden: {reasons}", f"Reason: {reasons}")
    return Known(value=sum(spell.value.cents for spell in found), records=records, note=note)


def _in_institution(person: Person, month: Month) -> Value[int]:
    found = spells_on(person.institution, month.first_day)
    if not found:
        return NONE
    return Known(value=int(found[-1].value), records=found[-1].records)


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


def _not_covered(given: Inputs, other: Person) -> Inputs:
    """Couples whose norm we did not build: one in an institution who is 18 to 20 or shares costs
    (23 lid 3); the supplement of 20 lid 3 for one of two.
    """
    apart = [given[name] for name in ("inrichting", "partner_inrichting")]
    rest = [given[name] for name in ("jong", "partner_jong", "kostendelers")]
    one = sum(told.value for told in apart if isinstance(told, Known)) == 1
    if one and any(isinstance(told, Unknown) or told.value for told in rest):
        return {"inrichting": IN_INSTITUTION}
    helpless = given["zonder_ouders"]
    if other.no_parents or (isinstance(helpless, Known) and helpless.value):
        return {"zonder_ouders": NO_PARENTS_OF_TWO}
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
NO_PAY: Final = Unknown(
    missing=Text("Uw nettoloon in deze maand ontbreekt.", "Your net pay in this month is missing."),
    article=f"{LAW} 31 lid 2",
)  # fmt: skip
IN_INSTITUTION: Final = Unknown(
    missing=Text("Een van u verblijft in een inrichting. Deze norm rekenen wij niet.",
                 "One of you stays in an institution. We do not calculate this norm."),
    article=f"{LAW} 23 lid 3",
)  # fmt: skip
NO_PARENTS_OF_TWO: Final = Unknown(
    missing=Text("De verhoging zonder ouders rekenen wij niet voor een paar.",
                 "We do not calculate the supplement without parents for a couple."),
    article=f"{LAW} 20 lid 3",
)  # fmt: skip
