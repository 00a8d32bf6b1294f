"""What the toeslagen have in common: joint income, the asset test, insurance, life.

A `YearView` looks at one household through one calendar year and computes each notion once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import or_
from typing import Final, TypeAlias

from scheduler.folding.ages import reached_before
from scheduler.folding.changes import months_of_other_income, months_that_may_differ
from scheduler.folding.known import Known, Text, Unknown, Value, merge_records, spells_on
from scheduler.folding.partner import partner_in, same_all_year
from scheduler.folding.persons import Household, Income, Person
from specs.values import Month, months_of_year

Inputs: TypeAlias = Mapping[str, Value[int]]

AWIR: Final = "Algemene wet inkomensafhankelijke regelingen, artikel"
COMMON: Final = frozenset(
    {"partner", "toetsingsinkomen", "vermogen", "vermogen_partner", "partner_hele_jaar", "in_leven"}
)
NONE: Final[Known[int]] = Known(value=0)
ANNUALISED: Final = Unknown(
    missing=Text(
        "In het jaar van overlijden wordt het inkomen herleid naar een jaar. Dat rekenen wij niet.",
        "In the year of death income is converted to a year. We do not calculate that.",
    ),
    article=f"{AWIR} 8 lid 5",
)


@dataclass(frozen=True)
class YearView:
    """One household in one calendar year; values are kept once asked for."""

    household: Household
    year: int

    @cached_property
    def applicant(self) -> Person:
        return self.household.self

    @cached_property
    def partners(self) -> Mapping[Month, Value[Person | None]]:
        """The toeslagpartner of each month (Awir 3, 5)."""
        found: dict[Month, Value[Person | None]] = {}
        last: Value[Person | None] | None = None
        for month in months_of_year(self.year):
            if last is None or self.first_day_changes[month.month - 1]:
                last = partner_in(self.household, month)
            found[month] = last
        return found

    @cached_property
    def _changes(self) -> tuple[tuple[bool, ...], tuple[bool, ...]]:
        return months_that_may_differ(self.household, self.year)

    @cached_property
    def changes(self) -> tuple[bool, ...]:
        """Per month, whether anything about the household may differ from the month before."""
        return self._changes[0]

    @cached_property
    def first_day_changes(self) -> tuple[bool, ...]:
        """The same for notions that look at a first day, or at what was before it."""
        return self._changes[1]

    @cached_property
    def income_changes(self) -> tuple[bool, ...]:
        """The same, also where what was received in a month differs from the month before."""
        other = months_of_other_income(self.household, self.year)
        return tuple(map(or_, self.changes, other))

    @cached_property
    def partner_all_year(self) -> Value[Person | None]:
        """Who is partner in every month, else None (Awir 7 lid 3)."""
        return same_all_year(tuple(self.partners.values()))

    @cached_property
    def common(self) -> dict[Month, Inputs]:
        """What common_inputs found, by month."""
        return {}

    @cached_property
    def _incomes(self) -> dict[str, Value[int]]:
        return {}

    def income(self, person: Person) -> Value[int]:
        """The toetsingsinkomen of a person in cents (Awir 8)."""
        if person.id not in self._incomes:
            found = income_of(self.household, person, self.year)
            if person.id == self.household.applicant and self._dies_alone:
                found = ANNUALISED
            self._incomes[person.id] = (
                found
                if isinstance(found, Unknown)
                else Known(
                    value=found.value.cents, records=found.records,
                    note=found.value.how if found.value.estimate else None,
                )
            )  # fmt: skip
        return self._incomes[person.id]

    @cached_property
    def _dies_alone(self) -> bool:
        """Whether the applicant dies this year without partner and without others in the home."""
        death = self.applicant.death_date
        if isinstance(death, Unknown) or death.value is None or death.value.year != self.year:
            return False
        day = death.value
        partner = partner_in(self.household, Month.of(day))
        mates = self.household.housemates
        others = isinstance(mates, Unknown) or bool(spells_on(mates, day))
        return isinstance(partner, Known) and partner.value is None and not others

    def assets(self, person: Person) -> Value[int]:
        """The rendementsgrondslag on 1 January (Awir 7; Wet IB 2001, 5.3), in cents."""
        found = person.assets.get(self.year)
        if found is not None:
            return found
        who = whose(self.household, person)
        missing = Text(
            f"Het vermogen op 1 januari {self.year} van {who.nl} ontbreekt.",
            f"The assets on 1 January {self.year} of {who.en} are missing.",
        )
        return Unknown(missing=missing, article=f"{AWIR} 7 lid 3")

    @cached_property
    def asset_test(self) -> Inputs:
        """Partner's assets count only when he is partner the whole year (Awir 7 lid 3)."""
        partner = self.partner_all_year
        own = self.assets(self.applicant)
        if isinstance(partner, Unknown):
            return {"partner_hele_jaar": partner, "vermogen_partner": partner, "vermogen": own}
        flag = Known(value=int(partner.value is not None), records=partner.records)
        theirs = (
            Known(value=0, records=partner.records)
            if partner.value is None
            else self.assets(partner.value)
        )
        return {"partner_hele_jaar": flag, "vermogen_partner": theirs, "vermogen": own}


def whose(household: Household, person: Person) -> Text:
    """How a sentence names a person without personal data."""
    if person.id == household.applicant:
        return Text("de aanvrager", "the applicant")
    partners = {spell.value for spell in household.partners}
    if person.id in partners:
        return Text("de partner", "the partner")
    return Text("een kind of medebewoner", "a child or housemate")


def income_of(household: Household, person: Person, year: int) -> Value[Income]:
    """The toetsingsinkomen of a person with its projection (Awir 8)."""
    found = person.income.get(year)
    if found is not None:
        return found
    who = whose(household, person)
    missing = Text(
        f"Het inkomen over {year} van {who.nl} ontbreekt.",
        f"The income in {year} of {who.en} is missing.",
    )
    return Unknown(missing=missing, article=f"{AWIR} 8")


def common_inputs(view: YearView, month: Month) -> Inputs:
    """Partner, joint income, assets and life as they count in a month (Awir 3, 5, 7, 8)."""
    kept = view.common.get(month)
    if kept is None:
        kept = view.common[month] = _common_inputs(view, month)
    return kept


def _common_inputs(view: YearView, month: Month) -> Inputs:
    partner = view.partners[month]
    inputs: dict[str, Value[int]] = {
        **view.asset_test,
        "in_leven": alive_on_first(view.applicant, month),
    }
    if isinstance(partner, Unknown):
        inputs["partner"] = inputs["toetsingsinkomen"] = partner
        return inputs
    own = view.income(view.applicant)
    inputs["partner"] = Known(value=int(partner.value is not None), records=partner.records)
    inputs["toetsingsinkomen"] = (
        own if partner.value is None else add(own, view.income(partner.value))
    )
    return inputs


def add(left: Value[int], right: Value[int]) -> Value[int]:
    """The sum of two values; unknown when either is."""
    if isinstance(left, Unknown):
        return left
    if isinstance(right, Unknown):
        return right
    records = merge_records(left.records, right.records)
    note = left.note
    if note is None or right.note is None:
        note = note or right.note
    else:
        note = Text(f"{note.nl} {right.note.nl}", f"{note.en} {right.note.en}")
    return Known(value=left.value + right.value, records=records, note=note)


def insured(household: Household, person: Person, month: Month) -> Value[int]:
    """Whether a person is *verzekerde*: insured, and from the month after the month in which he
    turns 18 (Wet op de zorgtoeslag 1 lid 1 onder c; Zvw 16 lid 2 onder a).
    """
    article = "Wet op de zorgtoeslag, artikel 1"
    birth = person.birth_date
    if isinstance(birth, Unknown):
        return birth
    if not reached_before(birth.value, 18, month):
        return Known(value=0, records=birth.records)
    holding = spells_on(person.insured, month.first_day)
    if not holding:
        who = whose(household, person)
        missing = Text(
            f"Wij weten niet of {who.nl} een zorgverzekering heeft.",
            f"We do not know whether {who.en} has health insurance.",
        )
        return Unknown(missing=missing, article=article)
    records = merge_records(birth.records, *(spell.records for spell in holding))
    if len({spell.value for spell in holding}) > 1:
        who = whose(household, person)
        missing = Text(
            f"De gegevens over de zorgverzekering van {who.nl} spreken elkaar tegen.",
            f"The data on the health insurance of {who.en} contradict each other.",
        )
        return Unknown(missing=missing, article=article, records=records)
    return Known(value=int(holding[0].value), records=records)


def alive_on_first(person: Person, month: Month) -> Value[int]:
    """Whether a person lives on the first day of the month (Awir 5)."""
    death = person.death_date
    if isinstance(death, Unknown):
        return death
    alive = death.value is None or death.value >= month.first_day
    return Known(value=int(alive), records=death.records)
