"""The bad input of issue 5, each through the JSON of DESIGN 9.2: a problem that names flow and
field, the other flow planned as if alone, and what is left out said."""

from __future__ import annotations

from typing import Any

import pytest

from scheduler.documents.plan_document import answer
from scheduler.planning.payday_files import load_pay_calendars

CALENDARS = load_pay_calendars()
Json = dict[str, Any]

GOOD: Json = {
    "id": "wage", "direction": "in", "party": "employer", "amount": 160000, "every": "month",
    "day": 24, "shift": "preceding",
}  # fmt: skip
RENT: Json = {
    "id": "rent", "direction": "out", "party": "corporatie", "amount": 65000, "every": "month",
    "day": 1, "reference": "contract 7",
}  # fmt: skip


def answered(*flows: Json, **more: Any) -> Json:
    found = answer({"from": "2026-01", "months": 12, "flows": list(flows)} | more, CALENDARS)
    assert isinstance(found, dict)
    return found


CASES: dict[str, tuple[Json, str, str]] = {
    "a window that no date meets": (
        RENT | {"window": {"earlier_days": -3, "later_days": 1}},
        "window.earlier_days",
        "no date meets this window",
    ),
    "a negative amount": (RENT | {"amount": -65000}, "amount", "negative"),
    "a negative amount in one period": (
        RENT | {"amounts": {"2026-03": -1}},
        "amounts.2026-03",
        "negative",
    ),
    "a period paid twice": (
        RENT | {"every": "dates", "dates": ["2026-02-02", "2026-02-23"], "covers": "same_month"},
        "dates",
        "a period is paid twice",
    ),
    "a start after the end": (
        RENT | {"start": "2026-05-01", "end": "2026-04-01"},
        "end",
        "the start lies after the end",
    ),
    "a start after the last month": (RENT | {"start": "2027-02-01"}, "start", "after the end"),
    "an unknown payer calendar": (RENT | {"calendar": "nobody"}, "calendar", "known:"),
    "30 February every year": (
        RENT | {"every": "year", "month": 2, "day": 30},
        "day",
        "no such day in that month",
    ),
    "30 February as a date": (
        RENT | {"every": "dates", "dates": ["2026-02-30"]},
        "dates[0]",
        "no such day in the calendar",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_flow_and_field_are_named_and_the_rest_of_the_plan_stands(case: str) -> None:
    bad, field, words = CASES[case]
    found, alone = answered(GOOD, bad), answered(GOOD)
    assert [one["flow"] for one in found["not_planned"]] == ["rent"]
    problem = found["not_planned"][0]["problem"]
    assert problem.startswith(f"{field}:")
    assert words in problem
    assert found["months"] == alone["months"]
    assert found["day"] == alone["day"]


def test_overlapping_flows_of_one_contract_are_paid_once() -> None:
    """A debit plus a deduction would pay the rent twice (ECOSYSTEM 3, lesson 6)."""
    deducted = RENT | {"id": "deduction", "day": 20}
    found = answered(GOOD, RENT, deducted)
    assert [one["flow"] for one in found["not_planned"]] == ["rent"]
    assert found["not_planned"][0]["problem"].startswith("reference: flow 'deduction'")
    paid = [x for month in found["months"] for x in month["lines"] if x["direction"] == "out"]
    assert [line["amount"] for line in paid] == [65000] * 12


def test_a_contract_that_changes_channel_is_no_overlap() -> None:
    old = RENT | {"end": "2026-06-30"}
    new = RENT | {"id": "deduction", "day": 20, "start": "2026-07-01"}
    found = answered(GOOD, old, new)
    assert found["not_planned"] == []
    paid = [x for month in found["months"] for x in month["lines"] if x["direction"] == "out"]
    assert [line["flow"] for line in paid] == ["rent"] * 6 + ["deduction"] * 6


def test_overlapping_flows_that_no_contract_tells_apart_are_a_signal_and_stand() -> None:
    first, second = ({**RENT, "reference": None, "id": name} for name in ("rent", "rent again"))
    found = answered(GOOD, first, second)
    assert found["not_planned"] == []
    assert {
        "kind": "possible_double",
        "month": "2026-01",
        "amount": 65000,
        "flow": "rent again",
    } in (found["signals"])


def test_a_year_without_a_published_calendar_leaves_out_those_months_only() -> None:
    """The published list of the AOW ends with 2026 (raisin.nl, facts/allowances-nl.md 14)."""
    aow = {"id": "aow", "direction": "in", "party": "svb", "amount": 150000, "calendar": "aow"}
    found = answered(GOOD, aow, **{"from": "2026-07"})
    problem = found["not_planned"][0]
    assert problem["flow"] == "aow"
    assert problem["problem"].startswith("calendar: aow has no published calendar for 2027-01")
    by_flow = [line["flow"] for month in found["months"] for line in month["lines"]]
    assert (by_flow.count("aow"), by_flow.count("wage")) == (6, 12)
