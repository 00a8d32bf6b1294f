"""Every outside case of every scheme, exactly; and every published figure we do not follow."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import cast

import pytest

from scheduler.documents.calc_document import answer
from scheduler.rulebook import REGULATIONS, Rulebook
from specs.case_files import Case, read_cases

CASES = read_cases(REGULATIONS)
FOLLOWED = [case for case in CASES if case.disagrees is None]
NOT_FOLLOWED = [case for case in CASES if case.disagrees is not None]


@cache
def rulebook() -> Rulebook:
    return Rulebook.load()


def outcome(case: Case) -> Mapping[str, object]:
    found, answered = answer(case.document, rulebook())
    assert answered, (case.place, found)
    schemes = cast("Mapping[str, Mapping[str, object]]", found["schemes"])
    return schemes[case.scheme]


def differences(case: Case) -> list[str]:
    """What came out otherwise than the case expects."""
    got = outcome(case)
    wrong: list[str] = []
    for key, value in case.expected.items():
        if key == "every_month":
            found: object = sorted(set(cast("Mapping[str, int]", got["months"]).values()))
            value = [value]
        elif key in ("months", "quarters"):
            amounts = cast("Mapping[str, object]", got[key])
            found = {month: amounts.get(month) for month in cast("Mapping[str, int]", value)}
        elif key == "steps":
            found = {name: step(got, name) for name in cast("Mapping[str, int]", value)}
        else:
            found = got.get(key)
        if found != value:
            wrong.append(f"{key}: expected {value}, got {found}")
    return wrong


def step(got: Mapping[str, object], name: str) -> int | None:
    """A step of the trace in whole cents, half up, as leaflets print it."""
    for item in cast("list[Mapping[str, int | str]]", got["trace"]):
        if item["name"] == name:
            value, scale = cast("int", item["value"]), cast("int", item["scale"])
            return (2 * value + scale) // (2 * scale)
    return None


@pytest.mark.parametrize("case", FOLLOWED, ids=lambda case: f"{case.scheme}:{case.id}")
def test_case_comes_out_exactly(case: Case) -> None:
    assert differences(case) == [], f"{case.place}, source: {case.source}"


@pytest.mark.parametrize("case", NOT_FOLLOWED, ids=lambda case: f"{case.scheme}:{case.id}")
def test_figure_we_do_not_follow_still_differs(case: Case) -> None:
    assert differences(case), f"{case.place}: now agrees; drop `disagrees`"
