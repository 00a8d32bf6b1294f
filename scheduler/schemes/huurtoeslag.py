"""Huurtoeslag: the rent, the household at the address, its rekeninkomen and its assets.

Not covered: group homes (Wht 11 lid 1 b), caravans (11 lid 3), homes for eight and more (13 lid 2 b
until 2026), incomes annualised at a separation (Awir 8 lid 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from scheduler.folding.ages import birthday, pension_day, reached_by
from scheduler.folding.known import Known, Spell, Text, Unknown, Value, merge_records, spells_on
from scheduler.folding.persons import Home, Household, Person
from scheduler.schemes.toeslagen import NONE, Inputs, YearView, add, alive_on_first
from specs.values import Month, months_of_year

SUPPLIES: Final = frozenset({
    "in_leven", "volwassen", "zelfstandig", "kale_huur", "servicekosten", "aangepast",
    "eerder_toeslag", "personen", "iemand_21", "iemand_23", "kind_in_huis", "pensioen_in_huis",
    "inkomen_samen", "inkomen_kind_1", "inkomen_kind_2", "inkomen_kind_3", "inkomen_kind_4",
    "partner_hele_jaar", "vermogen", "vermogen_partner", "hoogste_vermogen_medebewoner",
    "huurt",
})  # fmt: skip
CHILD_LIMIT: Final = 23  # Awir 7 lid 6, on 1 January
CHILDREN_MAX: Final = 4  # own children under 23 with an income of their own
MANY_CHILDREN: Final = Unknown(
    missing=Text("Meer dan vier kinderen hebben inkomen. Dat rekenen wij niet.",
                 "More than four children have income. We do not calculate that."),
    article="Algemene wet inkomensafhankelijke regelingen, artikel 7 lid 6",
)  # fmt: skip
TWO_HOMES: Final = Unknown(
    missing=Text("De gegevens noemen twee huurwoningen.", "The data name two rented homes."),
    article="Wet op de huurtoeslag, artikel 7 lid 2",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lodging:
    """Who counts with the tenant in a month."""

    partner: Person | None
    residents: tuple[Person, ...]  # medebewoners
    children: frozenset[str]  # of them: children of the tenant or partner
    records: tuple[str, ...]

    @property
    def all(self) -> tuple[Person, ...]:
        return self.residents if self.partner is None else (self.partner, *self.residents)


def inputs(view: YearView, month: Month) -> Inputs:
    """The inputs of `regulations/huurtoeslag` in one month."""
    household = view.household
    given: dict[str, Value[int]] = {
        "in_leven": alive_on_first(view.applicant, month),
        **_home_inputs(household, month),
    }
    lodging = _lodging(view, month)
    if isinstance(lodging, Unknown):
        return {**dict.fromkeys(SUPPLIES, lodging), **given}
    return {
        **given,
        "volwassen": _of_age(view.applicant, 18, month),
        **_size_inputs(view, lodging, month),
        **_income_inputs(view, lodging),
        **_asset_inputs(view, lodging),
    }


def _home_inputs(household: Household, month: Month) -> Inputs:
    names = ("huurt", "zelfstandig", "kale_huur", "servicekosten", "aangepast", "eerder_toeslag")
    if isinstance(household.homes, Unknown):
        return dict.fromkeys(names, household.homes)
    for spell in household.insecure:
        if spell.holds(month.first_day):
            return dict.fromkeys(names, spell.value)
    rented = spells_on(household.homes, month.first_day)
    if not rented:
        return dict.fromkeys(names, NONE)
    if len(rented) > 1:
        return dict.fromkeys(names, TWO_HOMES)
    home: Home = rented[0].value
    return {
        "huurt": Known(value=1, records=rented[0].records),
        "zelfstandig": _flag(home.independent),
        "kale_huur": home.bare_rent,
        "servicekosten": home.service_costs,
        "aangepast": _flag(home.adapted),
        "eerder_toeslag": Known(value=int(home.earlier_allowance), records=rented[0].records),
    }


def _lodging(view: YearView, month: Month) -> _Lodging | Unknown:
    """The partner only when registered at the address (Wht 1a lid 3); medebewoners are all others
    but sub-tenants who are no relatives in the first degree (Awir 2 lid 1 e).
    """
    household, day = view.household, month.first_day
    partner = view.partners[month]
    if isinstance(partner, Unknown):
        return partner
    if isinstance(household.housemates, Unknown):
        return household.housemates
    children = household.children if household.home_children is None else household.home_children
    if isinstance(children, Unknown):
        return children
    records = [partner.records]
    residents: dict[str, Person] = {}
    own: set[str] = set()
    for spell in spells_on(children, day):
        residents[spell.value] = household.persons[spell.value]
        own.add(spell.value)
        records.append(spell.records)
    for mate in spells_on(household.housemates, day):
        if mate.value.relation != "commercial_tenant":
            residents[mate.value.person] = household.persons[mate.value.person]
            records.append(mate.records)
        if mate.value.relation == "child":
            own.add(mate.value.person)
    there = partner.value
    if there is not None and not _lives_here(household, there.id, day):
        there = None
    counted = [person for person in residents.values()
               if (there is None or person.id != there.id) and _present(person, day)]  # fmt: skip
    return _Lodging(partner=there, residents=tuple(counted), children=frozenset(own),
                    records=merge_records(*records))  # fmt: skip


def _lives_here(household: Household, person: str, day: date) -> bool:
    if household.together is None:
        return True
    return any(spell.value == person and spell.holds(day) for spell in household.together)


def _present(person: Person, day: date) -> bool:
    """Born and alive on the day."""
    born = person.birth_date
    died = person.death_date
    if isinstance(born, Known) and born.value > day:
        return False
    return not (isinstance(died, Known) and died.value is not None and died.value < day)


def _of_age(person: Person, years: int, month: Month) -> Value[int]:
    birth = person.birth_date
    if isinstance(birth, Unknown):
        return birth
    return Known(value=int(reached_by(birth.value, years, month)), records=birth.records)


def _size_inputs(view: YearView, lodging: _Lodging, month: Month) -> Inputs:
    everybody = (view.applicant, *lodging.all)
    births = [person.birth_date for person in everybody]
    unknown = next((birth for birth in births if isinstance(birth, Unknown)), None)
    ages = [birth for birth in births if isinstance(birth, Known)]
    records = merge_records(lodging.records, *(birth.records for birth in ages))
    size = Known(value=len(everybody), records=lodging.records)
    child = Known(value=int(bool(lodging.children & {p.id for p in lodging.residents})),
                  records=lodging.records)  # fmt: skip
    if unknown is not None:
        return {"personen": size, "kind_in_huis": child, "iemand_21": unknown,
                "iemand_23": unknown, "pensioen_in_huis": unknown}  # fmt: skip
    first = month.first_day

    def some(years: int) -> Known[int]:
        reached = any(birthday(birth.value, years) <= first for birth in ages)
        return Known(value=int(reached), records=records)

    pensioner = any(pension_day(birth.value) <= first for birth in ages)
    return {
        "personen": size, "kind_in_huis": child, "iemand_21": some(21), "iemand_23": some(23),
        "pensioen_in_huis": Known(value=int(pensioner), records=records),
    }  # fmt: skip


def _income_inputs(view: YearView, lodging: _Lodging) -> Inputs:
    """Incomes of all, but of own children under 23 on 1 January only above the exemption (Awir 7
    lid 2 and 6). A minor without a stated income has none.
    """
    together: Value[int] = view.income(view.applicant)
    if lodging.partner is not None:
        together = add(together, view.income(lodging.partner))
    young: list[Value[int]] = []
    for person in lodging.residents:
        income = view.income(person)
        if _minor(person, view.year) and isinstance(income, Unknown):
            continue
        if person.id in lodging.children and _under(person, CHILD_LIMIT, view.year):
            young.append(income)
        else:
            together = add(together, income)
    return {"inkomen_samen": together, **_young(young)}


def _young(incomes: Sequence[Value[int]]) -> Inputs:
    """The exemption holds for each child, so each income is told by itself; zeros are left out."""
    names = [f"inkomen_kind_{place}" for place in range(1, CHILDREN_MAX + 1)]
    found: list[Known[int]] = []
    for income in incomes:
        if isinstance(income, Unknown):
            return dict.fromkeys(names, income)
        if income.value > 0:
            found.append(income)
    if len(found) > CHILDREN_MAX:
        return dict.fromkeys(names, MANY_CHILDREN)
    padded = [*found, *[NONE] * (CHILDREN_MAX - len(found))]
    return dict(zip(names, padded, strict=True))


def _asset_inputs(view: YearView, lodging: _Lodging) -> Inputs:
    """Assets per person (Awir 7 lid 3 and 4): a housemate's count when he lived here all year; of
    a minor they count with his parent (Wet IB 2001, 2.15 lid 2).
    """
    highest: Value[int] = NONE
    for person in lodging.residents:
        if _minor(person, view.year) or not _all_year(view.household, person, view.year):
            continue
        assets = view.assets(person)
        if isinstance(assets, Unknown):
            highest = assets
            break
        if isinstance(highest, Known) and assets.value >= highest.value:
            highest = assets
    return {**view.asset_test, "hoogste_vermogen_medebewoner": highest}


def _all_year(household: Household, person: Person, year: int) -> bool:
    """Whether somebody is housemate on the first day of every month (Awir 5, 7 lid 4)."""
    spells: list[Spell[object]] = []
    if not isinstance(household.housemates, Unknown):
        spells.extend(mate for mate in household.housemates if mate.value.person == person.id)
    children = household.children if household.home_children is None else household.home_children
    if not isinstance(children, Unknown):
        spells.extend(spell for spell in children if spell.value == person.id)
    months = months_of_year(year)
    first, last = months[0].first_day, months[-1].first_day
    if any(spell.holds(first) and spell.holds(last) for spell in spells):
        return True
    return all(any(spell.holds(month.first_day) for spell in spells) for month in months)


def _minor(person: Person, year: int) -> bool:
    return _under(person, 18, year)


def _under(person: Person, years: int, year: int) -> bool:
    """Whether a person is younger on 1 January."""
    birth = person.birth_date
    return isinstance(birth, Known) and birthday(birth.value, years) > date(year, 1, 1)


def _flag(value: Value[bool]) -> Value[int]:
    if isinstance(value, Unknown):
        return value
    return Known(value=int(value.value), records=value.records)
