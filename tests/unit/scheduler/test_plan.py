"""The planner on households small enough to check by hand. Amounts are input; what is asserted are
days, order and sums. The dates of payers are the published ones (test_paydays.py)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from scheduler.errors import PlanError
from scheduler.plan import plan
from scheduler.planning.flows import Flow, Rhythm, Window
from scheduler.planning.payday_files import load_pay_calendars
from scheduler.planning.plan_board import pay_date
from scheduler.planning.plan_types import Plan, PlannedLine, PlanRequest
from specs.values import Month

CALENDARS = load_pay_calendars()
JANUARY = Month(2026, 1)


def flow(name: str, cents: int, day: int, earlier: int, later: int, **more: Any) -> Flow:
    """A monthly flow; its party has its name. Negative cents: a charge."""
    rhythm = more.pop("rhythm", Rhythm(every="month", day=day or 1, shift="following"))
    return Flow(
        id=name,
        direction="in" if cents > 0 else "out",
        party=more.pop("party", name),
        amount_cents=abs(cents),
        rhythm=rhythm,
        window=Window(earlier_days=earlier, later_days=later),
        **more,
    )


def planned(*flows: Flow, months: int = 3, first: Month = JANUARY, **more: Any) -> Plan:
    return plan(PlanRequest(first=first, months=months, flows=flows, **more), CALENDARS)


def line(found: Plan, name: str, month: int = 0) -> PlannedLine:
    return next(one for one in found.months[month].lines if one.flow == name)


def test_the_example_of_the_design_moves_the_least_money() -> None:
    # DESIGN 9.2: benefit on the 23rd, rent on the 1st. Every day from 15 to 26 brings all together;
    # on the 23rd the larger of the two, the benefit, does not move at all.
    benefit = flow("ww", 131200, 0, 10, 5, rhythm=Rhythm(every="month", day=23, shift="preceding"))
    found = planned(benefit, flow("huur", -65000, 1, 0, 27), months=12)
    assert (found.day, found.on_day_cents) == (23, found.total_cents)
    first = found.months[0]
    assert first.pay_date == date(2026, 1, 23)
    assert (first.left_cents, first.lowest_before_cents, first.lowest_after_cents) == (
        66200,
        -65000,
        66200,
    )
    assert found.months[4].pay_date == date(2026, 5, 22)  # 23 May 2026 is a Saturday
    assert [one.flow for one in first.lines] == ["ww", "huur"]  # the income first


def test_most_money_decides_before_anything_else() -> None:
    found = planned(flow("a", 100, 5, 0, 0), flow("b", 90, 12, 0, 0), flow("c", -20, 12, 0, 0))
    assert found.day == 12
    assert line(found, "a").reason is not None
    assert found.why.nl.endswith("Op geen andere dag komt zoveel samen.")


def test_then_the_highest_lowest_balance() -> None:
    # The income may join either charge, and then as much comes together. With that of the 12th it
    # moves two days instead of one, but that charge no longer comes before it: the balance stays
    # 50,000 higher.
    found = planned(
        flow("benefit", 100000, 14, 2, 2),
        flow("early charge", -50000, 12, 0, 0),
        flow("late charge", -50000, 15, 0, 0),
        first=Month(2026, 5),
        months=1,
        opening_cents=50000,
    )
    assert (found.day, found.months[0].lowest_after_cents) == (12, 50000)
    assert "de laagste stand van de maand het hoogst" in found.why.nl


def test_then_the_fewest_euro_days_then_the_preferred_then_the_lowest_day() -> None:
    wage = flow("wage", 1000, 14, 5, 5)
    assert planned(wage, months=1).day == 14
    alone = flow("wage", 0, 14, 5, 5)  # no money: every day is as good
    assert planned(alone, months=1).day == 1
    assert planned(alone, months=1, preferred_day=17).day == 17


def test_a_month_with_two_four_weekly_payments_has_two_lines() -> None:
    rhythm = Rhythm(every="four_weeks", start=date(2026, 1, 2), shift="preceding")
    found = planned(
        flow("wage", 120000, 0, 3, 3, rhythm=rhythm), flow("rent", -60000, 28, 0, 9), months=3
    )
    january = [one for one in found.months[0].lines if one.flow == "wage"]
    assert [one.period for one in january] == ["2026-01-02", "2026-01-30"]
    assert len(found.lines()) == 4 + 3  # 2 and 30 January, 27 February, 27 March


def test_a_quarterly_charge_stands_in_its_months_only() -> None:
    water = flow(
        "water", -6000, 0, 0, 20, rhythm=Rhythm(every="quarter", months=(2, 5, 8, 11), day=15)
    )
    found = planned(flow("wage", 150000, 20, 3, 3), water, months=12)
    months = [month.month.month for month in found.months if len(month.lines) == 2]
    assert months == [2, 5, 8, 11]
    assert all(one.on_day for one in found.lines())


def test_pay_date_is_the_banking_day_before_within_the_month() -> None:
    assert pay_date(24, JANUARY) == date(2026, 1, 23)  # a Saturday
    assert pay_date(1, JANUARY) == date(2026, 1, 2)  # 31 December lies in another month
    assert pay_date(1, Month(2026, 2)) == date(2026, 2, 2)


def test_p1_an_unordered_rail_is_charged_on_the_next_banking_day() -> None:
    found = planned(
        flow("wage", 150000, 23, 0, 0),
        flow("premium", -15000, 20, 0, 10, rail="unordered"),
        months=1,
    )
    assert line(found, "premium").planned == date(2026, 1, 26)  # Monday after Friday the 23rd
    assert line(found, "premium").on_day


def test_p1_income_stays_where_a_charge_that_cannot_move_needs_it() -> None:
    # The benefit could join the wage on the 23rd, but rent is taken on the 5th and stays there.
    found = planned(
        flow("benefit", 70000, 2, 0, 27),
        flow("wage", 190000, 23, 0, 0),
        flow("rent", -65000, 5, 0, 0),
        months=1,
    )
    benefit = line(found, "benefit")
    assert (found.day, benefit.moved_days) == (23, 0)
    assert benefit.reason is not None
    assert "voordat het geld er is" in benefit.reason.nl


def test_p1_a_charge_is_not_brought_forward_before_its_income() -> None:
    found = planned(
        flow("wage", 90000, 25, 0, 0),
        flow("benefit", 20000, 10, 0, 0),
        flow("rent", -65000, 27, 20, 0),
        flow("loan", -65000, 10, 0, 0),
        months=4,
        current_day=10,
    )
    rent = line(found, "rent", 3)
    assert rent.moved_days == 0
    assert rent.reason is not None
    assert "nog niet" in rent.reason.nl


def test_p1_a_moved_charge_waits_for_an_income_that_the_weekend_makes_late() -> None:
    # 24 January 2026 is a Saturday: the pay date is the 23rd, this wage comes on the 26th.
    found = planned(
        flow("wage", 150000, 24, 0, 0), flow("rent", -65000, 1, 0, 27), months=2, current_day=24
    )
    rent = line(found, "rent")
    assert (rent.planned, rent.on_day) == (date(2026, 1, 26), False)
    assert rent.reason is not None
    assert "wacht" in rent.reason.nl
    assert line(found, "rent", 1).on_day
    assert {one.kind for one in found.signals} == {"better_day"}  # no low point


def test_p3_the_agreed_day_stays_and_a_better_one_is_only_named() -> None:
    flows = (flow("wage", 90000, 25, 0, 0), flow("rent", -65000, 1, 0, 27))
    found = planned(*flows, current_day=11)
    assert found.day == 11
    assert "verandert niet zonder uw akkoord" in found.why.nl
    assert [(one.kind, one.day) for one in found.signals if one.day] == [("better_day", 25)]
    assert planned(*flows, current_day=11, agreed=True).day == 25


def test_a3_bijstand_stays_in_its_month_and_toeslagen_need_not() -> None:
    wage = flow("wage", 300000, 5, 0, 0)
    late = {"first": Month(2026, 3), "months": 2}
    bijstand = flow("bijstand", 100000, 30, 0, 9)
    found = planned(wage, bijstand, **late)
    reason = line(found, "bijstand").reason
    assert reason is not None
    assert "andere maand" in reason.nl
    free = flow("teruggave", 100000, 30, 0, 9, receipt="none")
    assert line(planned(wage, free, **late), "teruggave").planned.month == 4


def test_a3_wages_do_not_cross_the_tax_year() -> None:
    may_cross = {"receipt": "year", "rhythm": Rhythm(every="month", day=31, shift="preceding")}
    found = planned(
        flow("big", 900000, 5, 0, 0),
        flow("wage", 100000, 0, 0, 9, **may_cross),
        first=Month(2026, 10),
        months=4,
    )
    assert line(found, "wage", 0).planned == date(2026, 11, 5)
    assert line(found, "wage", 2).planned == date(2026, 12, 31)


def test_rent_joins_the_pay_date_of_the_month_before_when_only_that_one_is_near() -> None:
    found = planned(flow("wage", 150000, 24, 0, 0), flow("rent", -65000, 1, 10, 0), months=5)
    rents = [one for one in found.lines() if one.flow == "rent"]
    assert [one.moved_days for one in rents[:2]] == [0, 0]  # P2: not in the transition
    assert rents[3].planned == date(2026, 3, 24)  # for 1 April
    assert len({one.planned for one in rents}) == 5  # never twice on one pay date


def test_mid_month_enrolment_leaves_what_was_due_before() -> None:
    found = planned(
        flow("wage", 150000, 24, 0, 0), flow("rent", -65000, 1, 0, 27), today=date(2026, 1, 15)
    )
    rent = line(found, "rent")
    assert rent.moved_days == 0
    assert rent.reason is not None
    assert "voordat het plan begon" in rent.reason.nl
    assert found.transition.start == date(2026, 1, 15)
    assert found.transition.until == date(2026, 2, 28)


def test_a_structural_shortage_is_shown_in_every_month() -> None:
    found = planned(flow("benefit", 100000, 20, 5, 5), flow("rent", -120000, 20, 5, 5))
    assert [(one.kind, one.cents) for one in found.signals] == [("shortfall", 20000)] * 3
    assert all(month.left_cents == -20000 for month in found.months)


def test_money_that_is_late_within_a_month_is_shown_as_a_low_point() -> None:
    found = planned(flow("wage", 150000, 24, 0, 0), flow("rent", -65000, 1, 0, 0), months=1)
    assert [(one.kind, one.cents) for one in found.signals] == [("low_point", 65000)]


def test_a_day_the_payer_has_yet_to_announce_is_a_signal() -> None:
    wia = flow("wia", 100000, 0, 0, 0, rhythm=Rhythm(every="calendar", calendar="uwv"))
    found = planned(wia, first=Month(2026, 11), months=2)
    assert [(one.kind, one.month) for one in found.signals] == [("expected_day", Month(2026, 12))]


def test_two_equal_charges_of_one_party_are_a_signal() -> None:
    twice = [flow(name, -65000, 1, 0, 27, party="corporation") for name in ("debit", "deduction")]
    found = planned(flow("wage", 200000, 24, 0, 0), *twice)
    assert [(one.kind, one.flow) for one in found.signals] == [("possible_double", "deduction")]


def test_one_contract_has_one_channel() -> None:
    twice = [
        flow(name, -65000, 1, 0, 27, party="corporation", reference="contract 7")
        for name in ("debit", "deduction")
    ]
    found = planned(flow("wage", 200000, 24, 0, 0), *twice)
    assert [(one.flow, one.field) for one in found.not_planned] == [("deduction", "reference")]
    assert {one.flow for one in found.lines()} == {"wage", "debit"}


def test_an_id_used_twice_is_left_out_and_the_rest_stands() -> None:
    found = planned(
        flow("wage", 1000, 24, 0, 0), flow("rent", -5, 1, 0, 0), flow("rent", -6, 2, 0, 0)
    )
    assert [(one.flow, one.field) for one in found.not_planned] == [("rent", "id")] * 2
    assert {one.flow for one in found.lines()} == {"wage"}


def test_an_unknown_calendar_and_a_late_start_are_left_out() -> None:
    found = planned(
        flow("wage", 1000, 24, 0, 0),
        flow("aow", 1000, 0, 0, 0, rhythm=Rhythm(every="calendar", calendar="nobody")),
        flow("rent", -5, 0, 0, 0, rhythm=Rhythm(every="month", day=1, start=date(2026, 4, 1))),
    )
    assert [(one.flow, one.field) for one in found.not_planned] == [
        ("aow", "calendar"),
        ("rent", "start"),
    ]


def test_two_adults_with_two_accounts_share_the_day_but_not_the_money() -> None:
    # The rent of one account cannot be paid from the wage of the other.
    hers = flow("wage", 150000, 23, 0, 0, account="hers")
    his = flow("benefit", 80000, 12, 0, 15, account="his")
    rent = flow("rent", -70000, 16, 0, 0, account="his")
    apart = planned(hers, his, rent, months=1, openings={"his": 0, "hers": 90000})
    assert line(apart, "benefit").moved_days == 0
    together = planned(hers, his, rent, months=1, openings={"his": 90000, "hers": 0})
    assert line(together, "benefit").planned == together.months[0].pay_date


def test_a_shortage_on_one_account_is_not_hidden_by_the_other() -> None:
    found = planned(
        flow("wage", 150000, 23, 0, 0, account="hers"),
        flow("rent", -70000, 23, 0, 0, account="his"),
        months=1,
    )
    assert [(one.kind, one.cents) for one in found.signals] == [("shortfall", 70000)]
    assert found.months[0].left_cents == 80000


def test_no_flows_give_an_empty_plan() -> None:
    found = planned(months=2)
    assert [month.lines for month in found.months] == [(), ()]
    assert (found.day, found.total_cents) == (1, 0)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"months": 0}, "months"),
        ({"months": 61}, "months"),
        ({"preferred_day": 29}, "preferred_day"),
        ({"current_day": 0}, "current_day"),
        ({"opening_cents": 10**12}, "opening_balance"),
        ({"first": Month(1990, 1)}, "from"),
    ],
)
def test_a_request_that_cannot_be_is_refused(wrong: dict[str, Any], field: str) -> None:
    right: dict[str, Any] = {"first": JANUARY, "months": 3, "flows": ()}
    with pytest.raises(PlanError) as caught:
        PlanRequest(**(right | wrong))
    assert caught.value.field == field
