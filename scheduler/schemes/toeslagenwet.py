"""Toeslagenwet: the supplement of UWV up to the norm of the household.

Not covered: the two years in which a part of earnings is disregarded (7), the holiday part (10),
young people who live with their parents beyond the exclusion of singles under 21 (2, 3).
"""

from __future__ import annotations

from datetime import date
from typing import Final

from scheduler.folding.ages import birthday
from scheduler.folding.known import Known, Text, Unknown, Value, spells_on
from scheduler.folding.persons import Person
from scheduler.schemes.bijstand import age_flags
from scheduler.schemes.toeslagen import NONE, Inputs, YearView, alive_on_first
from specs.values import Month

SUPPLIES: Final = frozenset({
    "in_leven", "volwassen", "pensioen", "gehuwd", "leeftijd", "woningdeler", "partner_te_jong",
    "dagloon", "uitkering", "inkomen",
})  # fmt: skip
LAW: Final = "Toeslagenwet, artikel"
LAST_BIRTH: Final = date(1971, 12, 31)  # 3: a partner born later excludes, but for a child under 12
NO_BENEFIT: Final = Unknown(
    missing=Text("Uw uitkering en dagloon per dag ontbreken.", "Your daily benefit is missing."),
    article=f"{LAW} 6",
)


def inputs(view: YearView, month: Month) -> Inputs:
    """The inputs of `regulations/toeslagenwet` in one month."""
    partner = view.partners[month]
    if isinstance(partner, Unknown):
        return {**dict.fromkeys(SUPPLIES, partner)}
    _, pension, adult = age_flags(view.applicant, month)
    benefit = view.applicant.daily_benefit
    amounts: dict[str, Value[int]] = dict.fromkeys(("dagloon", "uitkering", "inkomen"), NO_BENEFIT)
    if benefit is not None:
        told = benefit.value
        amounts = {
            "dagloon": Known(value=told.day_wage, records=benefit.records),
            "uitkering": Known(value=told.per_day, records=benefit.records),
            "inkomen": Known(value=told.per_day + told.other_per_day, records=benefit.records),
        }
    other = partner.value
    return {
        "in_leven": alive_on_first(view.applicant, month),
        "volwassen": adult,
        "pensioen": pension,
        "gehuwd": Known(value=int(other is not None), records=partner.records),
        "leeftijd": _age(view.applicant, month),
        "woningdeler": _shares(view, month),
        "partner_te_jong": NONE if other is None else _too_young(view, other, month),
        **amounts,
    }


def _age(person: Person, month: Month) -> Value[int]:
    """Full years on the first day, from 18 to 21: older makes no difference, younger is 0 (2)."""
    birth = person.birth_date
    if isinstance(birth, Unknown):
        return birth
    reached = [age for age in range(18, 22) if birthday(birth.value, age) <= month.first_day]
    return Known(value=max(reached, default=0), records=birth.records)


def _shares(view: YearView, month: Month) -> Value[int]:
    """Whether other adults of 27 and older live in the home (2 lid 7 and 9)."""
    mates = view.household.housemates
    if isinstance(mates, Unknown):
        return mates
    for unsure in spells_on(view.household.insecure, month.first_day):
        return unsure.value
    for spell in spells_on(mates, month.first_day):
        birth = view.household.persons[spell.value.person].birth_date
        if isinstance(birth, Unknown):
            return birth
        counts = spell.value.relation not in ("commercial_tenant", "student")
        if counts and birthday(birth.value, 27) <= month.first_day:
            return Known(value=1, records=spell.records)
    return NONE


def _too_young(view: YearView, partner: Person, month: Month) -> Value[int]:
    """A partner born after 1971 excludes, unless an own child under 12 is in the household (3)."""
    birth = partner.birth_date
    if isinstance(birth, Unknown):
        return birth
    if birth.value <= LAST_BIRTH:
        return Known(value=0, records=birth.records)
    household = view.household
    children = household.children if household.home_children is None else household.home_children
    if isinstance(children, Unknown):
        return children
    for spell in spells_on(children, month.first_day):
        born = household.persons[spell.value].birth_date
        if isinstance(born, Unknown):
            return born
        if born.value <= month.first_day < birthday(born.value, 12):
            return Known(value=0, records=spell.records)
    return Known(value=1, records=birth.records)
