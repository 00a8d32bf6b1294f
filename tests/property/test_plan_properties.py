"""P1, P2, P3, P4 and A3 (DESIGN 3) on generated households, read from the JSON alone."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scheduler.documents.plan_document import answer
from scheduler.planning.payday_files import load_pay_calendars
from tests.property.plan_households import (
    Json,
    cents,
    documents,
    flows,
    households,
    is_open,
    lines_of,
    months_of,
    natural_dates,
    running,
    signed,
)

CALENDARS = load_pay_calendars()

pytestmark = pytest.mark.timeout(7200)


def planned(document: Json) -> Json:
    found = answer(document, CALENDARS)
    assert isinstance(found, dict)
    assert "problems" not in found, found
    return found


def next_open(day: date) -> date:
    day += timedelta(days=1)
    while not is_open(day):
        day += timedelta(days=1)
    return day


def pay_dates(document: Json, found: Json) -> set[date]:
    """The pay dates of the plan's months and of the months around them."""
    year, month = months_of(document)[0]
    early = {
        "from": f"{year - (month == 1):04d}-{(month - 2) % 12 + 1:02d}",
        "months": document["months"] + 2,
        "flows": [],
        "current_day": found["day"],
    }
    return {date.fromisoformat(month["pay_date"]) for month in planned(early)["months"]}


@households
@given(documents())
def test_p1_no_move_makes_or_deepens_a_shortage(document: Json) -> None:
    found = planned(document)
    before = running(document, found, "natural")
    after = running(document, found, "planned")
    for day, balance in after.items():
        assert balance >= 0 or balance >= before[day], day


@households
@given(documents())
def test_p1_a_moved_charge_stands_on_the_pay_date_or_after_the_income(document: Json) -> None:
    found = planned(document)
    rails = {flow["id"]: flow.get("rail", "in_order") for flow in document["flows"]}
    on_day = pay_dates(document, found)
    day_after = {next_open(day) for day in on_day}
    incomes = {line["planned"] for line in lines_of(found) if line["direction"] == "in"}
    for month in found["months"]:
        order = [(line["planned_date"], line["direction"]) for line in month["lines"]]
        ordered = [
            place
            for place, line in zip(order, month["lines"], strict=True)
            if rails[line["flow"]] == "in_order"
        ]
        assert ordered == sorted(ordered)  # "in" sorts before "out"
    for line in lines_of(found):
        if line["moved_days"] and line["direction"] == "out":
            allowed = on_day if rails[line["flow"]] == "in_order" else day_after
            if line["reason"] is None:
                assert line["planned"] in allowed
            else:  # it waits for an income after the pay date
                waits = incomes if rails[line["flow"]] == "in_order" else map(next_open, incomes)
                assert line["planned"] in set(waits)
        elif line["moved_days"]:
            assert line["planned"] in on_day


LATE_AT_THE_WEEKEND: Json = {  # 24 January 2026 is a Saturday: pay date the 23rd, wage the 26th
    "from": "2026-01",
    "months": 2,
    "flows": [
        {
            "id": "wage",
            "direction": "in",
            "party": "employer",
            "amount": 150000,
            "every": "month",
            "day": 24,
            "window": {"earlier_days": 0, "later_days": 0},
        },
        {
            "id": "rent",
            "direction": "out",
            "party": "corporatie",
            "amount": 65000,
            "every": "month",
            "day": 1,
            "window": {"earlier_days": 0, "later_days": 27},
        },
    ],
    "opening_balance": 0,
}


@households
@given(documents(), st.integers(1, 28))
@example(LATE_AT_THE_WEEKEND, 24)
def test_p1_no_moved_charge_is_taken_before_an_income_it_could_wait_for(
    document: Json, day: int
) -> None:
    joining = [flow | {"joins": True} for flow in document["flows"]]
    found = planned(document | {"current_day": day, "flows": joining})
    after = running(document, found, "planned")
    windows = {flow["id"]: flow["window"]["later_days"] for flow in document["flows"]}
    rails = {flow["id"]: flow.get("rail", "in_order") for flow in document["flows"]}
    lines = lines_of(found)
    incomes = {line["planned"] for line in lines if line["direction"] == "in" and line["amount"]}
    for line in lines:
        place = int(rails[line["flow"]] == "in_order")
        if line["direction"] == "in" or not line["moved_days"] or not line["amount"]:
            continue
        if after.get((line["planned"], place), 0) >= 0:
            continue
        for day in incomes:
            target = day if place else next_open(day)
            later = (target - line["planned"]).days
            if later > 0 and target.month == line["planned"].month:
                in_window = (target - line["natural"]).days <= windows[line["flow"]]
                assert not in_window or after.get((target, place), 0) < 0


@households
@given(documents())
def test_p2_nobody_is_poorer_on_any_day_of_the_transition(document: Json) -> None:
    found = planned(document)
    start = date.fromisoformat(found["transition"]["from"])
    until = date.fromisoformat(found["transition"]["until"])
    first = date.fromisoformat(document["from"] + "-01")
    switch = max(first, date.fromisoformat(document["today"] or "2000-01-01"))
    assert start == switch
    # The first full month after the month of the switch ends the transition.
    assert (until + timedelta(days=1)).day == 1
    assert (until.year * 12 + until.month) - (start.year * 12 + start.month) == 1
    moves: dict[date, int] = defaultdict(int)
    for line in lines_of(found):
        moves[line["planned"]] += signed(line)
        moves[line["natural"]] -= signed(line)
    for advance in found["transition"]["advances"]:
        assert advance["amount"] > 0
        assert advance["by"]
        assert all(part["date"] > until.isoformat() for part in advance["repaid"])
        moves[date.fromisoformat(advance["date"])] += advance["amount"]
    ahead = 0
    for day in sorted(moves):
        ahead += moves[day]
        if day <= until:
            assert ahead >= 0, day


@households
@given(documents())
def test_p2_without_advance_income_comes_earlier_and_charges_later(document: Json) -> None:
    found = planned(document)
    if found["transition"]["advances"]:
        return
    until = date.fromisoformat(found["transition"]["until"])
    for line in lines_of(found):
        if line["amount"] and min(line["natural"], line["planned"]) <= until:
            wrong = line["moved_days"] > 0 if line["direction"] == "in" else line["moved_days"] < 0
            assert not wrong, line


@households
@given(documents(), st.integers(1, 28))
def test_p2_holds_when_the_household_agrees_to_another_day(document: Json, current: int) -> None:
    standing = planned(document | {"current_day": current})
    found = planned(document | {"current_day": current, "agreed": True})
    until = date.fromisoformat(found["transition"]["until"])
    moves: dict[date, int] = defaultdict(int)
    for line in lines_of(found):
        moves[line["planned"]] += signed(line)
    for line in lines_of(standing):
        moves[line["planned"]] -= signed(line)
    for advance in found["transition"]["advances"]:
        moves[date.fromisoformat(advance["date"])] += advance["amount"]
    ahead = 0
    for day in sorted(moves):
        ahead += moves[day]
        if day <= until:
            assert ahead >= 0, day


@households
@given(documents())
def test_p2_a_new_plan_within_the_transition_keeps_its_promises(document: Json) -> None:
    found = planned(document)
    switched = {"current_day": found["day"], "switched_on": found["transition"]["from"]}
    again = planned(document | switched)
    assert again["months"] == found["months"]
    assert again["transition"] == found["transition"]


@households
@given(documents(), st.integers(1, 28), cents, flows("new"))
def test_p3_the_agreed_day_stays_whatever_changes(
    document: Json, current: int, amount: int, new: Json
) -> None:
    standing = document | {"current_day": current}
    found = planned(standing)
    assert found["day"] == current
    assert found["transition"]["advances"] == []
    changed = [document["flows"][0] | {"amount": amount}, *document["flows"][1:]]
    again = planned(standing | {"flows": [*changed, new | {"joins": True}]})
    assert again["day"] == current
    assert [m["pay_date"] for m in again["months"]] == [m["pay_date"] for m in found["months"]]


@households
@given(documents(), st.randoms(use_true_random=False))
def test_p3_the_same_flows_in_another_order_give_the_same_plan(
    document: Json, order: random.Random
) -> None:
    shuffled = list(document["flows"])
    order.shuffle(shuffled)
    assert planned(document) == planned(document | {"flows": shuffled})


@households
@given(documents())
def test_p4_every_natural_payment_stands_in_exactly_one_line(document: Json) -> None:
    found = planned(document)
    assert found["not_planned"] == []
    lines = lines_of(found)
    assert len({(line["flow"], line["period"]) for line in lines}) == len(lines)
    for flow in document["flows"]:
        own = sorted((line for line in lines if line["flow"] == flow["id"]), key=_by_nature)
        if "calendar" not in flow:
            assert [line["natural"] for line in own] == sorted(natural_dates(flow, document))
        overrides = flow.get("amounts", {})
        for line in own:
            month = next(m["month"] for m in found["months"] if _holds(m, line))
            wanted = overrides.get(line["period"], overrides.get(month, flow["amount"]))
            assert line["amount"] == wanted
    for month in found["months"]:
        assert month["left_to_spend"] == sum(signed(line) for line in month["lines"])


def _by_nature(line: Json) -> date:
    day: date = line["natural"]
    return day


def _holds(month: Json, line: Json) -> bool:
    return any(
        (one["flow"], one["period"]) == (line["flow"], line["period"]) for one in month["lines"]
    )


@households
@given(documents())
def test_a3_no_income_leaves_the_month_or_year_the_law_counts_it_in(document: Json) -> None:
    found = planned(document)
    by_calendar = {"toeslagen": "none", "kinderbijslag": "none", "uwv": "month", "aow": "month"}
    for line in lines_of(found):
        flow = next(flow for flow in document["flows"] if flow["id"] == line["flow"])
        if flow["direction"] == "out":
            continue
        counts = by_calendar.get(flow.get("calendar", ""), flow.get("receipt") or "month")
        if counts == "month":
            assert (line["natural"].year, line["natural"].month) == (
                line["planned"].year,
                line["planned"].month,
            )
        if counts == "year":
            assert line["natural"].year == line["planned"].year


@households
@given(documents())
def test_every_planned_date_is_a_banking_day_within_its_window(document: Json) -> None:
    found = planned(document)
    on_day = pay_dates(document, found)
    switch = document["today"] or ""
    for line in lines_of(found):
        flow = next(flow for flow in document["flows"] if flow["id"] == line["flow"])
        assert is_open(line["planned"])
        assert line["moved_days"] == (line["planned"] - line["natural"]).days
        window = flow["window"]
        assert -window["earlier_days"] <= line["moved_days"] <= window["later_days"]
        if line["moved_days"]:
            assert line["reason"] is None or line["direction"] == "out"
            assert line["planned_date"] >= switch
        elif line["natural"] not in on_day and flow.get("rail") != "unordered":
            assert line["reason"]


def score(document: Json, found: Json) -> tuple[float, int, int, int, int]:
    """The measures of DESIGN 7, counted again from the answer."""
    after = running(document, found, "planned")
    lines = lines_of(found)
    lows = []
    for year, month in months_of(document):
        days = [
            after[line["planned"], 1]
            for line in lines
            if line["amount"] > 0 and (line["planned"].year, line["planned"].month) == (year, month)
        ]
        lows.append(min(days, default=document["opening_balance"]))
    moved = sum(abs(line["moved_days"]) * line["amount"] for line in lines)
    preferred = document["preferred_day"]
    near = 0 if preferred is None else -abs(found["day"] - preferred)
    return (round(found["share_on_day"], 9), min(lows), -moved, near, -found["day"])


@households
@given(documents(flows_max=5))
def test_no_other_day_is_better_by_the_measures_in_their_order(document: Json) -> None:
    ordered = [flow for flow in document["flows"] if flow.get("rail") != "unordered"]
    document = document | {"flows": [flow | {"joins": True} for flow in ordered]}
    best = planned(document)
    others = [planned(document | {"current_day": day}) for day in range(1, 29)]
    scores = {other["day"]: score(document, other) for other in others}
    assert score(document, best) == scores[best["day"]]
    assert max(scores.values()) == scores[best["day"]]
