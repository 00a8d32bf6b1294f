"""One life event each, derived without anyone applying: which months change, and to what.

Amounts are published ones: zorgtoeslag tables 2025 and 2026 and leaflet tg0821z61fd (129 alone, 246
with a partner up to 29.500), Toeslagenkaart 2026 (kindgebonden budget 5.996 and 8.576 for a single
parent of one and two), oli4vos/tooling-site after leaflet tg0811z61fd (499 and 215 a month).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from scheduler.derivation import Derivation
from scheduler.derive import derive
from scheduler.household import fold
from scheduler.rulebook import Rulebook
from specs.records import (
    BRP_CORRECTED,
    IN_INVESTIGATION,
    INCOME_CORRECTED,
    UNION_CLOSED,
    AddressInvestigation,
)
from specs.values import Month
from tests.unit.scheduler.law_facts import HERE, Facts, ann, bob, ref

RULES = Rulebook.load()
ZORG, KGB, HUUR = "zorgtoeslag", "kindgebonden_budget", "huurtoeslag"


def derived(facts: Facts, scheme: str, year: int = 2026, known_on: int | None = None) -> Derivation:
    return derive(fold(facts.all, "ann", known_on), scheme, year, RULES)


def cents(derivation: Derivation) -> list[int | str]:
    """Per month the amount, or the status when it is unknown."""
    return [
        amount.status if amount.status == "unknown" else amount.cents
        for _, amount in sorted(derivation.months.items())
    ]


def with_child(facts: Facts, *parents: str) -> Facts:
    facts.birth("kim", *(parents or ("ann",)))
    facts.kinderbijslag("ann", date(2018, 1, 1))
    return facts


def married(facts: Facts) -> Facts:
    bob(facts)
    facts.union(date(2015, 6, 1))
    return facts


def divorced_and_moved(facts: Facts) -> None:
    facts.union(date(2026, 5, 12), closed=False)
    facts.move("bob", date(2026, 5, 12))


def wages(facts: Facts, *months: int) -> Facts:
    for month in months:
        facts.wage("ann", f"2026-{month:02d}", 250_000)
    return facts


def job_lost(facts: Facts) -> None:
    facts.job("ann", date(2026, 5, 1), begun=False)
    facts.wage("ann", "2026-05", 250_000, "ww")


def investigated(facts: Facts) -> None:
    facts.add(IN_INVESTIGATION, AddressInvestigation(person=ref("ann"), code="089999"),
              date(2026, 3, 10), person="ann")  # fmt: skip


Event = tuple[str, Callable[[], Facts], Callable[[Facts], object], str, list[int | str],
              list[int | str]]  # fmt: skip

EVENTS: list[Event] = [
    ("marriage", lambda: partnerless(ann()), lambda f: f.union(date(2026, 6, 20)), ZORG,
     [12900] * 12, [12900] * 6 + [24600] * 6),
    ("cohabitation, common child", lambda: apart(ann()), lambda f: f.move(
        "bob", date(2026, 3, 2), HERE), ZORG, [12900] * 12, [12900] * 3 + [24600] * 9),
    ("divorce and own address", lambda: married(ann()), divorced_and_moved, ZORG,
     [24600] * 12, [24600] * 5 + [12900] * 7),
    ("death of the partner", lambda: married(ann()), lambda f: f.death("bob", date(2026, 8, 3)),
     ZORG, [24600] * 12, [24600] * 8 + [12900] * 4),
    ("death of the applicant", lambda: married(ann()), lambda f: f.death(
        "ann", date(2026, 8, 3)), ZORG, [24600] * 12, [24600] * 8 + [0] * 4),
    ("death alone, income converted to a year", lambda: ann(), lambda f: f.death(
        "ann", date(2026, 8, 3)), ZORG, [12900] * 12, ["unknown"] * 8 + [0] * 4),
    ("somebody moves in", lambda: ann(), lambda f: bob(f), ZORG, [12900] * 12, ["unknown"] * 12),
    ("a birth", lambda: with_child(ann()), lambda f: f.birth("lou", "ann"), KGB,
     [49900] * 12, [49900] * 4 + [71400] * 8),
    ("child turns 18", lambda: with_child(ann()), lambda f: f.birth(
        "max", "ann", born=date(2008, 4, 12)), KGB, [49900] * 12, [79500] * 4 + [49900] * 8),
    ("partner and a child", lambda: with_child(married(ann()), "ann", "bob"), divorced_and_moved,
     KGB, [21500] * 12, [21500] * 5 + [49900] * 7),
    ("address in onderzoek", lambda: ann(), investigated, ZORG, [12900] * 12,
     [12900] * 3 + ["unknown"] * 9),
    ("job lost, benefit of the same height", lambda: wages(ann(None), 1, 2, 3, 4), job_lost, ZORG,
     [12600] * 12, [12600] * 12),
]  # fmt: skip


def partnerless(facts: Facts) -> Facts:
    """Bob lives here as a tenant on business terms (Awir 3 lid 2 e), until they marry."""
    bob(facts)
    facts.partner(0, date(2020, 1, 1))
    return facts


def apart(facts: Facts) -> Facts:
    """Bob is the father of Ann's child and lives elsewhere."""
    bob(facts)
    facts.move("bob", date(2018, 1, 1))
    return with_child(facts, "ann", "bob")


@pytest.mark.parametrize(
    ("before", "event", "scheme", "was", "becomes"),
    [row[1:] for row in EVENTS], ids=[row[0] for row in EVENTS],
)  # fmt: skip
def test_event_changes_these_months(
    before: Callable[[], Facts],
    event: Callable[[Facts], object],
    scheme: str,
    was: list[int | str],
    becomes: list[int | str],
) -> None:
    facts = before()
    standing = len(facts.all) - 1
    assert cents(derived(facts, scheme)) == was
    event(facts)
    assert cents(derived(facts, scheme)) == becomes
    assert cents(derived(facts, scheme, known_on=standing)) == was  # what we knew then


def test_eighteenth_birthday_gives_a_right_of_its_own() -> None:
    # Wet op de zorgtoeslag 1: from the month after the month of the birthday
    facts = Facts()
    facts.birth("ann", born=date(2008, 6, 1))
    facts.stated("ann", "insured", 1, date(2008, 6, 1))
    facts.stated("ann", "assets", 0, date(2026, 1, 1), 2026)
    facts.stated("ann", "expected_income", 500_000, date(2026, 1, 1), 2026)
    assert cents(derived(facts, ZORG)) == [0] * 6 + [12900] * 6
    facts.birth("ann", born=date(1990, 5, 1))


def test_wage_correction_after_the_years_end_changes_that_year_only() -> None:
    # table 2025 without partner: 38.000 gives 21, 39.000 gives 10 a month
    facts = ann(None, 2025)
    for month in range(1, 12):
        facts.wage("ann", f"2025-{month:02d}", 300_000)
    wrong = facts.wage("ann", "2025-12", 500_000)
    standing = len(facts.all) - 1
    assert cents(derived(facts, ZORG, 2025)) == [2100] * 12
    facts.take_back(wrong, INCOME_CORRECTED, date(2026, 3, 1))
    facts.wage("ann", "2025-12", 600_000)
    assert cents(derived(facts, ZORG, 2025)) == [1000] * 12
    assert cents(derived(facts, ZORG, 2025, known_on=standing)) == [2100] * 12


def test_retroactive_correction_of_a_marriage() -> None:
    facts = married(ann())
    union = next(fact.record for fact in facts.all if fact.type == UNION_CLOSED)
    facts.partner(0, date(2015, 1, 1))
    assert derived(facts, ZORG).status == "ok"
    facts.take_back(union, BRP_CORRECTED, date(2026, 9, 1))
    assert cents(derived(facts, ZORG)) == [12900] * 12


def test_first_of_january_brings_the_new_figures() -> None:
    # leaflets tg0821z51fd and tg0821z61fd, example 1: 131 in 2025, 129 in 2026
    facts = ann()
    facts.stated("ann", "assets", 0, date(2025, 1, 1), 2025)
    facts.stated("ann", "expected_income", 1_900_000, date(2025, 1, 1), 2025)
    assert cents(derived(facts, ZORG, 2025)) == [13100] * 12
    assert cents(derived(facts, ZORG, 2026)) == [12900] * 12
    assert derived(facts, ZORG, 2027).status == "unknown"  # never last year's law


def test_rent_change_on_the_first_of_july() -> None:
    # oli4vos/tooling-site rent-benefit.test.ts after leaflet tg0831z62fd: rent 600, 30 years and
    # older, income at the reference point: 361 a month (23.426); a rent of 498,20 gives 295
    facts = ann(2_342_500)
    facts.rent("ann", date(2020, 1, 1), 49_820)
    facts.rent("ann", date(2026, 7, 1), 60_000)
    assert cents(derived(facts, HUUR)) == [29500] * 6 + [36100] * 6


def test_a_late_fact_changes_only_the_months_it_touches() -> None:
    facts = married(ann())
    before = derived(facts, ZORG).months
    divorced_and_moved(facts)
    after = derived(facts, ZORG).months
    touched = [str(month) for month in before if before[month] != after[month]]
    assert touched == [f"2026-{month:02d}" for month in range(6, 13)]
    assert Month(2026, 5) not in {month for month in after if after[month] != before[month]}
