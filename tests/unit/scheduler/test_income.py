"""The year's income while it runs: known statements plus a projection that is stated.

The expected sums follow from the statements in the test itself (whole periods times an amount); no
figure of law is in them.
"""

from __future__ import annotations

import random
from datetime import date, timedelta

from scheduler.folding.facts import Fact
from scheduler.folding.income import incomes
from scheduler.folding.known import Known
from scheduler.folding.persons import Income
from specs.records import (
    INCOME_BEGUN,
    INCOME_ENDED,
    INCOME_STATED,
    STATED,
    IncomeRelation,
    IncomeStatement,
    PersonRef,
    RecordData,
    Statement,
)
from specs.values import Month

WHO = PersonRef(bsn=None, birth_date=date(1990, 5, 1), surname="ann")


def fact(number: int, kind: str, data: RecordData, day: date) -> Fact:
    return Fact(record=f"r{number}", type=kind, data=data, subjects={"person": "ann"},
                valid_from=day, known=number, author="uwv")  # fmt: skip


def wage(number: int, start: date, end: date, cents: int, relation: str = "a") -> Fact:
    data = IncomeStatement(person=WHO, relation=relation, payer="bakery", kind="wage",
                           source_code="15", period_start=start, period_end=end,
                           taxable_cents=cents)  # fmt: skip
    return fact(number, INCOME_STATED, data, start)


def month(number: int, text: str, cents: int, relation: str = "a") -> Fact:
    of = Month.parse(text)
    return wage(number, of.first_day, of.last_day, cents, relation)


def relation(number: int, kind: str, day: date, name: str = "a") -> Fact:
    data = IncomeRelation(person=WHO, relation=name, payer="bakery", kind="wage", source_code="15")
    return fact(number, kind, data, day)


def cents(facts: list[Fact], year: int) -> int:
    found = incomes(facts)[year]
    assert isinstance(found, Known)
    income: Income = found.value
    assert income.estimate
    return income.cents


def test_known_months_and_the_rest_projected() -> None:
    facts = [month(n, f"2026-0{n}", 200000) for n in (1, 2, 3)]
    assert cents(facts, 2026) == 12 * 200000
    assert cents(facts, 2027) == 12 * 200000


def test_a_single_holiday_payment_does_not_tilt_the_rest() -> None:
    facts = [month(n, f"2026-0{n}", 200000 if n != 5 else 390000) for n in range(1, 6)]
    assert cents(facts, 2026) == 12 * 200000 + 190000


def test_an_ended_relation_is_not_projected() -> None:
    # valid from the first day without the relation
    facts = [month(1, "2026-01", 200000), month(2, "2026-02", 200000)]
    facts.append(relation(3, INCOME_ENDED, date(2026, 3, 1)))
    assert cents(facts, 2026) == 400000
    assert 2027 not in incomes(facts)


def test_months_before_the_first_statement_count_when_the_relation_had_begun() -> None:
    facts = [relation(0, INCOME_BEGUN, date(2020, 1, 1)), month(1, "2026-03", 200000)]
    assert cents(facts, 2026) == 12 * 200000
    assert cents(facts[1:], 2026) == 10 * 200000


def test_four_weekly_pay_has_thirteen_periods() -> None:
    start = date(2025, 12, 29)
    facts = []
    for number in range(3):
        first = start + timedelta(days=28 * number)
        facts.append(wage(number, first, first + timedelta(days=27), 150000))
    assert cents(facts, 2026) == 13 * 150000


def test_job_lost_and_benefit_begun() -> None:
    facts = [month(n, f"2026-0{n}", 250000) for n in (1, 2, 3, 4)]
    facts.append(relation(9, INCOME_ENDED, date(2026, 5, 1)))
    facts.append(relation(10, INCOME_BEGUN, date(2026, 5, 1), "ww"))
    facts.append(month(11, "2026-05", 187500, "ww"))
    assert cents(facts, 2026) == 4 * 250000 + 8 * 187500


def test_a_later_delivery_for_the_same_period_replaces() -> None:
    facts = [month(1, "2026-01", 200000), month(7, "2026-01", 210000)]
    assert cents(facts, 2026) == 12 * 210000


def test_own_estimate_counts_only_without_statements() -> None:
    data = Statement(person=WHO, fact="expected_income", value=1900000, year=2026)
    stated = fact(1, STATED, data, date(2026, 1, 1))
    assert cents([stated], 2026) == 1900000
    assert cents([stated, month(2, "2026-01", 100000)], 2026) == 1200000


def test_every_year_complete_equals_the_sum_whatever_the_order() -> None:
    facts = [month(n, f"2026-{n:02d}", 200000 + 137 * n) for n in range(1, 13)]
    total = sum(200000 + 137 * n for n in range(1, 13))
    for seed in range(5):
        mixed = list(facts)
        random.Random(seed).shuffle(mixed)
        assert cents(mixed, 2026) == total
