"""Parts of an amount, repaid advances, weekly money, money set aside: sums are checked."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.errors import PlanError
from scheduler.plan import plan
from scheduler.planning.banking import is_banking_day
from scheduler.planning.flows import Flow, Rhythm, Window
from scheduler.planning.payday_files import load_pay_calendars
from scheduler.planning.plan_types import Plan, PlanRequest
from scheduler.settle import TERMS_MAX, repay, reserves, spread, weekly
from specs.values import Month

CALENDARS = load_pay_calendars()


def flow(name: str, cents: int, rhythm: Rhythm, **window: int) -> Flow:
    return Flow(
        id=name,
        direction="in" if cents > 0 else "out",
        party=name,
        amount_cents=abs(cents),
        rhythm=rhythm,
        window=Window(**window),
    )


def planned(*flows: Flow, **more: Any) -> Plan:
    return plan(PlanRequest(first=Month(2026, 1), months=12, flows=flows, **more), CALENDARS)


def monthly(day: int) -> Rhythm:
    return Rhythm(every="month", day=day, shift="preceding")


@given(st.integers(0, 10**11), st.integers(1, TERMS_MAX))
def test_p4_parts_add_up_and_differ_by_a_cent_at_most(cents: int, parts: int) -> None:
    found = spread(cents, parts)
    assert (sum(found), len(found)) == (cents, parts)
    assert max(found) - min(found) <= 1
    assert list(found) == sorted(found, reverse=True)


@pytest.mark.parametrize(("cents", "parts"), [(-1, 2), (5, 0), (5, TERMS_MAX + 1)])
def test_impossible_parts_are_refused(cents: int, parts: int) -> None:
    with pytest.raises(PlanError, match="parts"):
        spread(cents, parts)


def test_an_advance_is_repaid_after_the_transition_on_pay_dates() -> None:
    found = planned(
        flow("wage", 200000, monthly(23)), flow("benefit", 70001, monthly(9), later_days=20)
    )
    (advance,) = repay(found, terms=4).transition.advances
    assert [part.cents for part in advance.repaid] == [17501, 17500, 17500, 17500]
    assert advance.repaid[0].day == date(2026, 3, 23)
    assert sum(part.cents for part in advance.repaid) == advance.cents == 70001


def test_p5_repaying_takes_nobody_below_what_is_protected() -> None:
    found = planned(
        flow("wage", 200000, monthly(23)), flow("benefit", 70000, monthly(9), later_days=20)
    )
    # 270,000 a month comes in; with 265,000 protected 5,000 is left for the term of 35,000.
    (advance,) = repay(found, terms=2, protected_cents=265000).transition.advances
    assert {part.cents for part in advance.repaid} == {5000}
    assert sum(part.cents for part in advance.repaid) == 10 * 5000  # the rest stays open
    (untouched,) = repay(found, terms=2, protected_cents=270000).transition.advances
    assert untouched.repaid == ()


def test_weekly_money_comes_on_the_pay_date_and_every_week_after() -> None:
    found = weekly(66200, date(2026, 1, 23), date(2026, 2, 23))
    assert [day for day, _cents in found] == [
        date(2026, 1, 23),
        date(2026, 1, 30),
        date(2026, 2, 6),
        date(2026, 2, 13),
        date(2026, 2, 20),
    ]
    assert sum(cents for _day, cents in found) == 66200


def test_a_week_that_ends_on_a_closed_day_is_paid_before_it() -> None:
    found = weekly(40000, date(2026, 3, 20), date(2026, 4, 20))
    # 3 April 2026 is Good Friday, a closing day of TARGET.
    assert [day.isoformat() for day, _cents in found] == [
        "2026-03-20",
        "2026-03-27",
        "2026-04-02",
        "2026-04-10",
        "2026-04-17",
    ]
    assert all(is_banking_day(day) for day, _cents in found)


def test_a_week_needs_a_next_pay_date() -> None:
    with pytest.raises(PlanError, match="next month"):
        weekly(1, date(2026, 1, 23), date(2026, 1, 23))


def test_quarterly_and_yearly_charges_are_set_aside_ahead() -> None:
    water = flow("water", -6001, Rhythm(every="quarter", months=(2, 5, 8, 11), day=20))
    tax = flow("tax", -24000, Rhythm(every="year", months=(8,), day=20))
    rent = flow("rent", -60000, monthly(1), later_days=27)
    flows = (flow("wage", 200000, monthly(20)), water, tax, rent)
    found = reserves(planned(*flows), flows)
    of_water = [(part.month.month, part.cents) for part in found if part.flow == "water"]
    assert of_water[:5] == [(1, 3001), (2, 3000), (3, 2001), (4, 2000), (5, 2000)]
    assert sum(cents for _month, cents in of_water) == 4 * 6001
    of_tax = [part for part in found if part.flow == "tax"]
    assert [part.cents for part in of_tax] == [3000] * 8
    assert {part.due for part in of_tax} == {date(2026, 8, 20)}
    assert {part.flow for part in found} == {"water", "tax"}
