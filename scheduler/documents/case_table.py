"""Outside cases computed: what differs from the source, and how many agree per scheme and year."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from scheduler.documents.calc_document import answer
from scheduler.rulebook import Rulebook
from specs.case_files import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The cases of one scheme in one year: exact to the cent, wrong, and figures not followed."""

    scheme: str
    year: int
    exact: int
    wrong: tuple[str, ...]  # place and difference of each followed case that does not agree
    not_followed: tuple[str, ...]  # id and reason of each published figure that is not followed


def differences(case: Case, rulebook: Rulebook) -> list[str]:
    """What comes out otherwise than the case expects; empty when it agrees to the cent."""
    found, answered = answer(case.document, rulebook)
    if not answered:
        return [f"refused: {found}"]
    got = cast("Mapping[str, Mapping[str, object]]", found["schemes"])[case.scheme]
    wrong: list[str] = []
    for key, value in case.expected.items():
        wanted, here = _side_by_side(got, key, value)
        if here != wanted:
            wrong.append(f"{key}: expected {wanted}, got {here}")
    return wrong


def _side_by_side(got: Mapping[str, object], key: str, value: object) -> tuple[object, object]:
    if key == "every_month":
        return [value], sorted(set(cast("Mapping[str, int]", got["months"]).values()))
    if key in ("months", "quarters"):
        amounts = cast("Mapping[str, object]", got[key])
        return value, {month: amounts.get(month) for month in cast("Mapping[str, int]", value)}
    if key == "steps":
        return value, {name: _step(got, name) for name in cast("Mapping[str, int]", value)}
    return value, got.get(key)


def _step(got: Mapping[str, object], name: str) -> int | None:
    """A step of the trace in whole cents, half up, as leaflets print it."""
    for item in cast("list[Mapping[str, int | str]]", got["trace"]):
        if item["name"] == name:
            value, scale = cast("int", item["value"]), cast("int", item["scale"])
            return (2 * value + scale) // (2 * scale)
    return None


def table(cases: Iterable[Case], rulebook: Rulebook) -> tuple[Cell, ...]:
    """All cases computed, by scheme and year; a figure not followed that agrees is wrong too."""
    grouped: dict[tuple[str, int], list[Case]] = defaultdict(list)
    for case in cases:
        grouped[case.scheme, cast("int", case.document["year"])].append(case)
    return tuple(
        _cell(scheme, year, group, rulebook) for (scheme, year), group in sorted(grouped.items())
    )


def _cell(scheme: str, year: int, cases: Iterable[Case], rulebook: Rulebook) -> Cell:
    exact = 0
    wrong: list[str] = []
    not_followed: list[str] = []
    for case in cases:
        found = differences(case, rulebook)
        if case.disagrees is not None:
            if not found:
                wrong.append(f"{case.place} {case.id}: now agrees; drop `disagrees`")
            not_followed.append(f"{case.id}: {case.disagrees}")
        elif found:
            wrong.append(f"{case.place} {case.id}: {'; '.join(found)}")
        else:
            exact += 1
    return Cell(scheme=scheme, year=year, exact=exact, wrong=tuple(wrong),
                not_followed=tuple(not_followed))  # fmt: skip
