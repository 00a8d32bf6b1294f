"""The advances of a switch (P2), on households small enough to check by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

from scheduler.plan import plan
from scheduler.planning.flows import Flow, Rhythm, Window
from scheduler.planning.payday_files import load_pay_calendars
from scheduler.planning.plan_types import Plan, PlanRequest
from specs.values import Month

CALENDARS = load_pay_calendars()


def income(name: str, cents: int, day: int, later: int, **more: Any) -> Flow:
    rhythm = Rhythm(every="month", day=day, shift="preceding")
    window = Window(later_days=later)
    return Flow(
        id=name,
        direction="in",
        party=name,
        amount_cents=cents,
        rhythm=rhythm,
        window=window,
        **more,
    )


def charge(name: str, cents: int, day: int, earlier: int, later: int) -> Flow:
    return Flow(
        id=name,
        direction="out",
        party=name,
        amount_cents=cents,
        rhythm=Rhythm(every="month", day=day, shift="preceding"),
        window=Window(earlier_days=earlier, later_days=later),
    )


def planned(*flows: Flow, **more: Any) -> Plan:
    return plan(PlanRequest(first=Month(2026, 1), months=6, flows=flows, **more), CALENDARS)


def advances(found: Plan) -> list[tuple[str, int, str]]:
    return [(one.day.isoformat(), one.cents, one.by) for one in found.transition.advances]


def test_a_payer_that_pays_later_bridges_its_own_delay_once() -> None:
    # From the 10th to the wage's day: as when Kampen moved from the 10th to the 27th (ECOSYSTEM 3).
    found = planned(income("wage", 200000, 23, 0), income("benefit", 70000, 9, 20))
    assert found.day == 23
    assert advances(found) == [("2026-01-09", 70000, "benefit")]
    assert (found.transition.start, found.transition.until) == (
        date(2026, 1, 1),
        date(2026, 2, 28),
    )


def test_a_larger_second_payment_is_bridged_for_the_difference() -> None:
    benefit = income("benefit", 70000, 9, 20, amounts={"2026-02": 90000})
    found = planned(income("wage", 200000, 23, 0), benefit)
    assert advances(found) == [
        ("2026-01-09", 70000, "benefit"),
        ("2026-02-09", 20000, "benefit"),
    ]


def test_a_charge_comes_earlier_in_the_transition_only_when_somebody_bridges_it() -> None:
    flows = (income("wage", 200000, 23, 0), charge("energy", 12000, 28, 10, 0))
    assert advances(planned(*flows)) == []
    assert [one.moved_days for one in planned(*flows).lines() if one.flow == "energy"][:3] == [
        0,
        0,
        -4,  # 27 March, a Friday, to the pay date of 23 March
    ]
    bridged = planned(*flows, bridge_by="gm0344")
    assert advances(bridged) == [("2026-01-23", 12000, "gm0344")]


def test_charges_that_come_later_need_no_advance() -> None:
    found = planned(income("wage", 200000, 23, 0), charge("rent", 65000, 5, 0, 27))
    assert advances(found) == []
    assert found.on_day_cents == found.total_cents


def test_a_household_that_follows_its_day_has_no_transition_again() -> None:
    flows = (income("wage", 200000, 23, 0), income("benefit", 70000, 9, 20))
    found = planned(*flows, current_day=23)
    assert found.transition.until < found.transition.start
    assert advances(found) == []
    assert found.lines() == planned(*flows).lines()


def test_only_a_payer_that_joins_has_a_transition() -> None:
    found = planned(
        income("wage", 200000, 23, 0),
        income("benefit", 70000, 9, 20),
        income("pension", 30000, 15, 20, joins=True),
        current_day=23,
    )
    assert advances(found) == [("2026-01-15", 30000, "pension")]


def test_moving_to_another_agreed_day_is_measured_from_the_standing_plan() -> None:
    flows = (income("wage", 200000, 9, 0), charge("rent", 65000, 2, 0, 27))
    found = planned(*flows, current_day=20, agreed=True)
    assert found.day == 9  # the wage's own day
    assert advances(found) == []
    # P2: rent was on the 20th under the standing plan; it may not come before that yet.
    rents = [one for one in found.lines() if one.flow == "rent"]
    assert [one.planned.day for one in rents] == [20, 20, 9, 9, 8, 9]
