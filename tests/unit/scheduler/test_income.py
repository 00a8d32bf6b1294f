"""The year's income while it runs: known statements plus a projection that is stated.

The expected sums follow from the statements in the test itself (whole periods times an amount); no
figure of law is in them.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

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


def income_of(facts: list[Fact], year: int) -> Income:
    found = incomes(facts)[year]
    assert isinstance(found, Known)
    return found.value


def test_a_fixed_contract_is_stated_in_words_and_data() -> None:
    income = income_of([month(n, f"2026-0{n}", 200000) for n in (1, 2, 3)], 2026)
    (part,) = income.parts
    assert (part.kind, part.known_cents, part.known_until) == ("wage", 600000, date(2026, 3, 31))
    assert (part.rhythm, part.each_cents, part.times, part.rest_cents) == (
        "month", 200000, 9, 1800000)  # fmt: skip
    assert income.how.nl == (
        "Loon: bekend tot en met 2026-03-31: € 6.000. Nog 9 maanden van € 2.000 geschat: € 18.000."
    )
    assert income.how.en == (
        "Wage: known up to 2026-03-31: €6,000. Estimated 9 more months of €2,000: €18,000."
    )


def test_ww_with_an_end_date_stops_there() -> None:
    first = date(2026, 1, 1)
    told = wage(1, first, date(2026, 1, 31), 150000, "ww").data.model_copy(update={"kind": "ww"})
    facts = [fact(1, INCOME_STATED, told, first)]
    facts.append(relation(2, INCOME_ENDED, date(2026, 4, 16), "ww"))
    income = income_of(facts, 2026)
    # January, February, March and 15 of the 30 days of April
    assert income.cents == 3 * 150000 + 75000
    assert income.parts[0].ends == date(2026, 4, 16)
    assert "WW: bekend tot en met 2026-01-31" in income.how.nl
    assert "Dit inkomen stopt op 2026-04-16." in income.how.nl


def test_holiday_pay_of_last_may_is_expected_again() -> None:
    last = [month(n, f"2025-{n:02d}", 200000 if n != 5 else 392000) for n in range(1, 13)]
    income = income_of([*last, month(13, "2026-01", 205000)], 2026)
    assert income.parts[0].holiday_cents == 192000
    assert "Vakantiegeld zoals vorig jaar: € 1.920." in income.how.nl
    known = [month(12 + n, f"2026-0{n}", 205000 if n != 5 else 400000) for n in range(1, 6)]
    assert income_of([*last, *known], 2026).parts[0].holiday_cents == 0


def test_four_weekly_pay_is_stated_in_periods() -> None:
    start = date(2025, 12, 29)
    facts = [wage(n, start + timedelta(days=28 * n), start + timedelta(days=28 * n + 27), 150000)
             for n in range(3)]  # fmt: skip
    income = income_of(facts, 2026)
    assert (income.parts[0].rhythm, income.parts[0].times) == ("four_weeks", 10)
    assert "Nog 10 keer vier weken van € 1.500 geschat: € 15.000." in income.how.nl


def test_a_second_job_is_a_part_of_its_own() -> None:
    facts = [month(n, f"2026-0{n}", 200000) for n in (1, 2)]
    facts += [month(9, "2026-02", 60000, "b"), relation(10, INCOME_BEGUN, date(2026, 2, 1), "b")]
    income = income_of(facts, 2026)
    assert [part.cents for part in income.parts] == [12 * 200000, 11 * 60000]
    assert income.cents == sum(part.cents for part in income.parts)


def test_a_job_that_begins_again_goes_on() -> None:
    facts = [
        month(1, "2026-01", 200000),
        relation(2, INCOME_ENDED, date(2026, 2, 1)),
        relation(3, INCOME_BEGUN, date(2026, 9, 1)),
        month(4, "2026-09", 220000),
    ]
    expected = 200000 + 220000 + 3 * 200000  # the lower of two is the usual amount
    assert cents(facts, 2026) == expected
    assert cents(list(reversed(facts)), 2026) == expected


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.integers(0, 900_000), min_size=12, max_size=12),
    st.lists(st.integers(0, 900_000), min_size=0, max_size=13),
    st.randoms(use_true_random=False),
)
def test_the_estimate_ends_in_the_sum_whatever_the_order(
    months: list[int], four_weeks: list[int], chance: random.Random
) -> None:
    """As statements arrive the estimate is the known sum plus what it states as the rest; after the
    last one of each relation it is the sum itself (A2: in whatever order they came).
    """
    facts = [month(n, f"2026-{n:02d}", each) for n, each in enumerate(months, 1)]
    start = date(2025, 12, 29)
    last = start
    for n, each in enumerate(four_weeks):
        first = start + timedelta(days=28 * n)
        last = first + timedelta(days=28)
        facts.append(wage(100 + n, first, last - timedelta(days=1), each, "b"))
    if four_weeks:
        facts.append(relation(200, INCOME_ENDED, last, "b"))
    chance.shuffle(facts)
    for count in range(1, len(facts) + 1):
        found = incomes(facts[:count]).get(2026)
        if found is None:
            continue
        assert isinstance(found, Known)
        parts = found.value.parts
        known = sum(
            one.data.taxable_cents for one in facts[:count]
            if isinstance(one.data, IncomeStatement) and one.data.period_end.year == 2026
        )  # fmt: skip
        assert sum(part.known_cents for part in parts) == known
        assert found.value.cents == known + sum(p.rest_cents + p.holiday_cents for p in parts)
    assert cents(facts, 2026) == sum(months) + sum(four_weeks)
    late = [replace(one, known=place) for place, one in enumerate(facts)]
    assert incomes(late) == incomes(facts)
