"""What happens in a life, as the planner sees it: flows that end, begin, part and refuse."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from scheduler.plan import plan
from scheduler.planning.flows import Flow, Rhythm, Window
from scheduler.planning.payday_files import load_pay_calendars
from scheduler.planning.plan_types import Plan, PlanRequest
from specs.values import Month

CALENDARS = load_pay_calendars()


def flow(name: str, cents: int, day: int, earlier: int = 0, later: int = 0) -> Flow:
    return Flow(
        id=name,
        direction="in" if cents > 0 else "out",
        party=name,
        amount_cents=abs(cents),
        rhythm=Rhythm(every="month", day=day, shift="preceding"),
        window=Window(earlier_days=earlier, later_days=later),
    )


HOUSEHOLD = (
    flow("wage", 200000, 23),
    flow("aow", 120000, 21, later=5),
    flow("rent", -80000, 5, later=27),
    flow("premium", -15000, 10, later=20),
)
REQUEST = PlanRequest(first=Month(2026, 1), months=12, flows=HOUSEHOLD, opening_cents=20000)


def without(found: Plan, *names: str) -> list[tuple[str, str, date]]:
    return [(x.flow, x.period, x.planned) for x in found.lines() if x.flow not in names]


def test_a_death_ends_a_flow_and_moves_nothing_else() -> None:
    before = plan(REQUEST, CALENDARS)
    aow = HOUSEHOLD[1]
    ended = replace(aow, rhythm=replace(aow.rhythm, end=date(2026, 6, 30)))
    flows = (HOUSEHOLD[0], ended, *HOUSEHOLD[2:])
    after = plan(replace(REQUEST, flows=flows, current_day=before.day), CALENDARS)
    assert after.day == before.day
    assert len([line for line in after.lines() if line.flow == "aow"]) == 6
    assert without(after, "aow") == without(before, "aow")


def test_a_divorce_gives_two_plans_that_together_hold_every_cent() -> None:
    whole = plan(REQUEST, CALENDARS)
    hers = plan(replace(REQUEST, flows=(HOUSEHOLD[0], HOUSEHOLD[2])), CALENDARS)
    his = plan(replace(REQUEST, flows=(HOUSEHOLD[1], HOUSEHOLD[3])), CALENDARS)
    assert whole.total_cents == hers.total_cents + his.total_cents
    names = {line.flow for line in hers.lines()}, {line.flow for line in his.lines()}
    assert names == ({"wage", "rent"}, {"aow", "premium"})


def test_a_new_payer_joins_without_moving_the_others() -> None:
    before = plan(REQUEST, CALENDARS)
    pension = replace(flow("pension", 30000, 18, later=8), joins=True)
    request = replace(REQUEST, flows=(*HOUSEHOLD, pension), current_day=before.day)
    after = plan(request, CALENDARS)
    assert after.day == before.day
    assert without(after, "pension") == without(before)
    assert [advance.by for advance in after.transition.advances] == ["pension"]


def test_a_party_that_refuses_keeps_its_own_day_and_the_reason_says_so() -> None:
    refused = replace(HOUSEHOLD[3], window=Window())
    before = plan(REQUEST, CALENDARS)
    after = plan(replace(REQUEST, flows=(*HOUSEHOLD[:3], refused)), CALENDARS)
    assert without(after, "premium") == without(before, "premium")
    premium = [line for line in after.lines() if line.flow == "premium"]
    assert all(line.planned == line.natural for line in premium)
    assert {line.reason.nl for line in premium if line.reason} == {
        "premium houdt de eigen dag aan."
    }


def test_a_move_hands_the_plan_over_unchanged() -> None:
    # Another municipality plans the same flows with the same day: the same plan, line by line.
    before = plan(REQUEST, CALENDARS)
    handed = replace(REQUEST, current_day=before.day, switched_on=before.transition.start)
    assert plan(handed, CALENDARS).months == before.months
