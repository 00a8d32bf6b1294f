"""The income ceilings of the zorgtoeslag are in no statute: they follow from the award of 24 euros.
Found by bisection, they must equal what Dienst Toeslagen publishes (facts: leaflets step 2).
"""

from __future__ import annotations

from datetime import date

import pytest

from scheduler.derive import derive
from scheduler.folding.known import Known, Spell, Text
from scheduler.folding.persons import Household, Income, Person
from scheduler.rulebook import Rulebook

RULES = Rulebook.load()
GIVEN = Text("Zo opgegeven.", "As stated.")

# leaflets berekening_zorgtoeslag tg0821z41fd, tg0821z51fd, tg0821z61fd, step 2; in euros
PUBLISHED = {
    (2024, False): 37496, (2024, True): 47368,
    (2025, False): 39719, (2025, True): 50206,
    (2026, False): 40857, (2026, True): 51142,
}  # fmt: skip


def award(year: int, partner: bool, euros: int) -> int:
    born = Known(value=date(1980, 1, 1))
    insured = (Spell(value=True),)
    income = {year: Known(value=Income(cents=euros * 100, estimate=False, how=GIVEN))}
    nothing = {year: Known(value=Income(cents=0, estimate=False, how=GIVEN))}
    assets = {year: Known(value=0)}
    persons = {
        "a": Person(id="a", birth_date=born, insured=insured, income=income, assets=assets),
        "b": Person(id="b", birth_date=born, insured=insured, income=nothing, assets=assets),
    }
    household = Household(
        applicant="a", persons=persons, partners=(Spell(value="b" if partner else None),),
        children=(), housemates=(), homes=(), childcare=(),
    )  # fmt: skip
    cents = derive(household, "zorgtoeslag", year, RULES).award_year_cents
    assert cents is not None
    return cents


@pytest.mark.parametrize(("year", "partner"), list(PUBLISHED))
def test_ceiling_by_bisection(year: int, partner: bool) -> None:
    low, high = 0, 100_000
    assert award(year, partner, low) > 0 == award(year, partner, high)
    while high - low > 1:
        middle = (low + high) // 2
        if award(year, partner, middle) > 0:
            low = middle
        else:
            high = middle
    assert low == PUBLISHED[year, partner]
