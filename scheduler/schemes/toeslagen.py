"""What the toeslagen have in common: joint income, the asset test, insurance, children by age."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from scheduler.ages import reached_before
from scheduler.known import Known, Text, Unknown, Value, merge_records, spells_on
from scheduler.partner import partner_in, partner_whole_year
from scheduler.persons import Household, Income, Person
from specs.values import Month

Inputs: TypeAlias = Mapping[str, Value[int]]

AWIR: Final = "Algemene wet inkomensafhankelijke regelingen, artikel"
COMMON: Final = frozenset(
    {"partner", "toetsingsinkomen", "vermogen", "vermogen_partner", "partner_hele_jaar"}
)
NOBODY: Final[Known[int]] = Known(value=0)


def whose(household: Household, person: Person) -> Text:
    """How a sentence names a person without personal data."""
    if person.id == household.applicant:
        return Text("de aanvrager", "the applicant")
    partners = {spell.value for spell in household.partners}
    if person.id in partners:
        return Text("de partner", "the partner")
    return Text("een kind of medebewoner", "a child or housemate")


def income_of(household: Household, person: Person, year: int) -> Value[Income]:
    """The toetsingsinkomen of a person (Awir 8)."""
    found = person.income.get(year)
    if found is not None:
        return found
    who = whose(household, person)
    missing = Text(
        f"Het inkomen over {year} van {who.nl} ontbreekt.",
        f"The income in {year} of {who.en} is missing.",
    )
    return Unknown(missing=missing, article=f"{AWIR} 8")


def assets_of(household: Household, person: Person, year: int) -> Value[int]:
    """The rendementsgrondslag on 1 January (Awir 7; Wet IB 2001, 5.3), in cents."""
    found = person.assets.get(year)
    if found is not None:
        return found
    who = whose(household, person)
    missing = Text(
        f"Het vermogen op 1 januari {year} van {who.nl} ontbreekt.",
        f"The assets on 1 January {year} of {who.en} are missing.",
    )
    return Unknown(missing=missing, article=f"{AWIR} 7 lid 3")


def common_inputs(household: Household, month: Month) -> Inputs:
    """Partner, joint income and assets as they count in a month (Awir 3, 5, 7, 8)."""
    partner = partner_in(household, month)
    income = income_of(household, household.self, month.year)
    own = income if isinstance(income, Unknown) else known_cents(income)
    inputs: dict[str, Value[int]] = {
        "vermogen": assets_of(household, household.self, month.year),
        **_whole_year(household, month.year),
    }
    if isinstance(partner, Unknown):
        inputs["partner"] = inputs["toetsingsinkomen"] = partner
        return inputs
    inputs["partner"] = Known(value=int(partner.value is not None), records=partner.records)
    inputs["toetsingsinkomen"] = own
    if partner.value is not None:
        other = income_of(household, partner.value, month.year)
        inputs["toetsingsinkomen"] = (
            other if isinstance(other, Unknown) else add(own, known_cents(other))
        )
    return inputs


def _whole_year(household: Household, year: int) -> Inputs:
    """Partner's assets count only when he is partner the whole year (Awir 7 lid 3)."""
    partner = partner_whole_year(household, year)
    if isinstance(partner, Unknown):
        return {"partner_hele_jaar": partner, "vermogen_partner": partner}
    if partner.value is None:
        none = Known(value=0, records=partner.records)
        return {"partner_hele_jaar": none, "vermogen_partner": none}
    return {
        "partner_hele_jaar": Known(value=1, records=partner.records),
        "vermogen_partner": assets_of(household, partner.value, year),
    }


def known_cents(income: Known[Income]) -> Known[int]:
    """An income's amount with its records."""
    return Known(value=income.value.cents, records=income.records)


def add(left: Value[int], right: Value[int]) -> Value[int]:
    """The sum of two values; unknown when either is."""
    if isinstance(left, Unknown):
        return left
    if isinstance(right, Unknown):
        return right
    records = merge_records(left.records, right.records)
    return Known(value=left.value + right.value, records=records)


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
    who = whose(household, person)
    if not holding:
        missing = Text(
            f"Wij weten niet of {who.nl} een zorgverzekering heeft.",
            f"We do not know whether {who.en} has health insurance.",
        )
        return Unknown(missing=missing, article=article)
    records = merge_records(birth.records, *(spell.records for spell in holding))
    if len({spell.value for spell in holding}) > 1:
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
