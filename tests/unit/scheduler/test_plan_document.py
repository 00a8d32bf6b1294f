"""The JSON of `vastedag plan` (DESIGN 9.2), and what it says about bad input."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.documents.plan_document import answer, refused
from scheduler.planning.payday_files import load_pay_calendars

CALENDARS = load_pay_calendars()

BENEFIT: dict[str, Any] = {
    "id": "ww",
    "direction": "in",
    "party": "uwv",
    "amount": 131200,
    "every": "month",
    "day": 23,
    "shift": "preceding",
    "window": {"earlier_days": 10, "later_days": 5},
}
RENT: dict[str, Any] = {
    "id": "huur",
    "direction": "out",
    "party": "corporatie",
    "amount": 65000,
    "every": "month",
    "day": 1,
    "shift": "following",
    "window": {"earlier_days": 0, "later_days": 27},
}
DOCUMENT: dict[str, Any] = {
    "from": "2026-01",
    "months": 12,
    "today": "2025-12-01",
    "flows": [BENEFIT, RENT],
    "opening_balance": 0,
    "preferred_day": None,
    "current_day": None,
}


def answered(document: object) -> dict[str, Any]:
    found = answer(document, CALENDARS)
    assert isinstance(found, dict)
    return found


def without(flow: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in flow.items() if key not in keys}


def test_the_example_of_the_design_has_the_documented_shape() -> None:
    found = answered(DOCUMENT)
    assert list(found) == [
        "day", "why", "share_on_day", "months", "transition", "signals", "not_planned",
    ]  # fmt: skip
    assert (found["day"], found["share_on_day"]) == (23, 1.0)
    january = found["months"][0]
    assert without(january, "lines") == {
        "month": "2026-01",
        "pay_date": "2026-01-23",
        "left_to_spend": 66200,
        "lowest_before": -65000,
        "lowest_after": 66200,
    }
    assert january["lines"] == [
        {
            "flow": "ww",
            "direction": "in",
            "period": "2026-01",
            "natural_date": "2026-01-23",
            "planned_date": "2026-01-23",
            "amount": 131200,
            "moved_days": 0,
            "reason": None,
        },
        {
            "flow": "huur",
            "direction": "out",
            "period": "2026-01",
            "natural_date": "2026-01-02",
            "planned_date": "2026-01-23",
            "amount": 65000,
            "moved_days": 21,
            "reason": None,
        },
    ]
    assert found["transition"] == {"from": "2026-01-01", "until": "2026-02-28", "advances": []}
    assert (found["signals"], found["not_planned"]) == ([], [])
    assert not refused(found)


def test_a_list_is_answered_by_a_list_in_order() -> None:
    found = answer([DOCUMENT, {"from": "2026-13"}, DOCUMENT | {"months": 1}], CALENDARS)
    assert isinstance(found, list)
    assert [len(one.get("months", [])) for one in found] == [12, 0, 1]
    assert refused(found)
    assert answer([], CALENDARS) == []


def test_what_may_be_left_out() -> None:
    short = {"from": "2026-01", "flows": [without(BENEFIT, "shift", "window"), RENT]}
    found = answered(short)
    assert len(found["months"]) == 12
    assert found["not_planned"] == []


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"amount": -5}, "amount"),
        ({"amount": 650.0}, "amount"),
        ({"amount": "650"}, "amount"),
        ({"amount": True}, "amount"),
        ({"amount": None}, "amount"),
        ({"amounts": {"2026-01": -1}}, "amounts.2026-01"),
        ({"amounts": {"2026-01": 1.5}}, "amounts.2026-01"),
        ({"amounts": [1]}, "amounts"),
        ({"direction": "sideways"}, "direction"),
        ({"party": ""}, "party"),
        ({"party": None}, "party"),
        ({"every": "day"}, "every"),
        ({"every": None}, "every"),
        ({"day": 32}, "day"),
        ({"day": None}, "day"),
        ({"day": "23"}, "day"),
        ({"shift": "sideways"}, "shift"),
        ({"covers": "some_month"}, "covers"),
        ({"window": {"earlier_days": -10, "later_days": 5}}, "window.earlier_days"),
        ({"window": {"earlier_days": 1, "other": 5}}, "window.other"),
        ({"window": 3}, "window"),
        ({"every": "year", "month": 2, "day": 30}, "day"),
        ({"every": "quarter", "months": None}, "months"),
        ({"every": "quarter", "months": ["1"]}, "months"),
        ({"every": "four_weeks"}, "start"),
        ({"every": "four_weeks", "start": "2026-02-30"}, "start"),
        ({"every": "four_weeks", "start": "2027-02-01"}, "start"),
        ({"every": "four_weeks", "start": 5}, "start"),
        ({"start": "2026-05-01", "end": "2026-04-01"}, "end"),
        ({"every": "dates", "dates": ["2026-02-30"]}, "dates[0]"),
        ({"every": "dates", "dates": ["2026-02-02", "2026-02-02"]}, "dates"),
        ({"every": "dates", "dates": "2026-02-02"}, "dates"),
        ({"calendar": "nobody"}, "calendar"),
        ({"colour": "red"}, "colour"),
        ({"rail": "sometimes"}, "rail"),
        ({"receipt": "week"}, "receipt"),
        ({"joins": "yes"}, "joins"),
        ({"id": "huur"}, "id"),
        ({"id": 7}, "id"),
    ],
)
def test_a_bad_flow_is_left_out_with_its_field_and_the_rest_stands(
    changed: dict[str, Any], field: str
) -> None:
    third = RENT | {"id": "energie", "party": "lichtstroom", "amount": 9000}
    found = answered(DOCUMENT | {"flows": [BENEFIT | changed, RENT, third]})
    assert field in found["not_planned"][0]["problem"]
    planned = {line["flow"] for month in found["months"] for line in month["lines"]}
    assert planned == ({"energie"} if changed == {"id": "huur"} else {"huur", "energie"})
    assert not refused(found)


def test_a_flow_with_several_faults_names_them_all() -> None:
    bad = BENEFIT | {"amount": -5, "direction": "x", "window": {"earlier_days": -1}, "colour": 1}
    found = answered(DOCUMENT | {"flows": [bad, "rent"]})
    first, second = found["not_planned"]
    for field in ("amount", "direction", "window.earlier_days", "colour"):
        assert field in first["problem"]
    assert second == {"flow": "flows[1]", "problem": "flows[1]: a flow is a JSON object"}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"from": None}, "from"),
        ({"from": "2026-13"}, "from"),
        ({"from": "1990-01"}, "from"),
        ({"months": 0}, "months"),
        ({"months": "12"}, "months"),
        ({"months": 10**6}, "months"),
        ({"today": "2026-02-30"}, "today"),
        ({"flows": None}, "flows"),
        ({"flows": {}}, "flows"),
        ({"opening_balance": 1.5}, "opening_balance"),
        ({"opening_balance": {"hers": "1"}}, "opening_balance.hers"),
        ({"switched_on": "yesterday"}, "switched_on"),
        ({"bridge_by": 5}, "bridge_by"),
        ({"preferred_day": 29}, "preferred_day"),
        ({"current_day": 0}, "current_day"),
        ({"agreed": 1}, "agreed"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_bad_document_is_refused_with_its_field(changed: dict[str, Any], field: str) -> None:
    found = answered(DOCUMENT | changed)
    assert [one["field"] for one in found["problems"]] == [field]
    assert found["problems"][0]["problem"]
    assert refused(found)


def test_months_without_a_published_calendar_are_named_and_the_others_planned() -> None:
    aow = {"id": "aow", "direction": "in", "party": "svb", "amount": 150000, "calendar": "aow"}
    found = answered(DOCUMENT | {"from": "2026-07", "flows": [aow, RENT]})
    assert found["not_planned"][0]["flow"] == "aow"
    assert "2027-01 ... 2027-06" in found["not_planned"][0]["problem"]
    days = [
        line["natural_date"]
        for month in found["months"]
        for line in month["lines"]
        if line["flow"] == "aow"
    ]
    # raisin.nl, list of 2026 (test_paydays.py)
    assert days == [
        "2026-07-23", "2026-08-24", "2026-09-23", "2026-10-22", "2026-11-23", "2026-12-21",
    ]  # fmt: skip


@pytest.mark.parametrize("document", [None, 3, "text", True, 1.5, [[]], {"flows": []}])
def test_what_is_no_document_is_refused(document: object) -> None:
    assert refused(answer(document, CALENDARS))


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=12)
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
keys = st.sampled_from([*DOCUMENT, *BENEFIT, "amounts", "dates", "start", "months", "calendar"])


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(keys, values, max_size=3), st.dictionaries(keys, values, max_size=3), values)
def test_any_json_is_answered_never_a_crash(
    document: dict[str, Any], flow: dict[str, Any], anything: object
) -> None:
    small = DOCUMENT | {"months": 2}
    for one in (small | document, small | {"flows": [BENEFIT | flow, RENT]}, anything):
        assert json.loads(json.dumps(answer(one, CALENDARS))) is not None
