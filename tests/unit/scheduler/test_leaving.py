"""The way back from a plan: natural dates again, and nobody is short on any day of it (P2)."""

from __future__ import annotations

from datetime import date

import pytest

from scheduler.errors import PlanError
from scheduler.leaving import leave
from scheduler.plan import plan
from scheduler.planning.flows import Flow, Rhythm, Window
from scheduler.planning.payday_files import load_pay_calendars
from scheduler.planning.plan_types import Plan, PlanRequest
from specs.values import Month

CALENDARS = load_pay_calendars()
SWITCH = date(2026, 4, 1)


def flow(name: str, cents: int, day: int, earlier: int, later: int) -> Flow:
    return Flow(
        id=name,
        direction="in" if cents > 0 else "out",
        party=name,
        amount_cents=abs(cents),
        rhythm=Rhythm(every="month", day=day, shift="following"),
        window=Window(earlier_days=earlier, later_days=later),
    )


def household() -> Plan:
    flows = (
        flow("wage", 200000, 23, 2, 0),
        flow("benefit", 70000, 27, 8, 0),
        flow("supplement", 20000, 10, 0, 16),
        flow("rent", -65000, 1, 0, 27),
    )
    return plan(PlanRequest(first=Month(2026, 1), months=12, flows=flows), CALENDARS)


def test_p2_an_income_that_goes_back_to_a_later_day_is_bridged_by_its_payer() -> None:
    found = leave(household(), SWITCH)
    assert [(one.by, one.cents) for one in found.transition.advances] == [("benefit", 70000)]
    assert found.transition.until == date(2026, 5, 31)
    benefit = [line for line in found.lines if line.flow == "benefit"]
    assert all(line.planned == line.natural for line in benefit)


def test_p2_a_charge_goes_back_to_an_earlier_day_only_after_the_transition() -> None:
    rents = [line for line in leave(household(), SWITCH).lines if line.flow == "rent"]
    assert [line.planned.day for line in rents[:2]] == [23, 22]  # April and May: as planned
    assert all(line.planned == line.natural for line in rents[2:])


def test_p2_or_at_once_when_somebody_bridges_it() -> None:
    found = leave(household(), SWITCH, bridge_by="gm0344")
    rents = [line for line in found.lines if line.flow == "rent"]
    assert all(line.planned == line.natural for line in rents)
    assert ("gm0344", 65000) in [(one.by, one.cents) for one in found.transition.advances]


def test_a_party_that_leaves_moves_nobody_else() -> None:
    before = household()
    found = leave(before, SWITCH, flows=["supplement"])
    others = [line for line in before.lines() if line.flow != "supplement"]
    assert [line for line in found.lines if line.flow != "supplement"] == [
        line for line in others if line.planned >= SWITCH
    ]
    assert found.transition.advances == ()  # the supplement comes earlier again


def test_p4_every_line_that_is_still_to_come_stands_once() -> None:
    before = household()
    found = leave(before, SWITCH)
    keys = [(line.flow, line.period, line.cents) for line in found.lines]
    assert sorted(keys) == sorted(
        (line.flow, line.period, line.cents) for line in before.lines() if line.planned >= SWITCH
    )


def test_a_flow_the_plan_does_not_hold_is_refused() -> None:
    with pytest.raises(PlanError, match="no flow 'gas'"):
        leave(household(), SWITCH, flows=["gas"])
