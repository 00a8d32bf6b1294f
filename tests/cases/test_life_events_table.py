"""Every row of life_events.yaml: what is derived before and after an event is known, which months
change, and that the answer as known then stays what it was.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import cast

import pytest

from scheduler.derive import derive
from scheduler.documents.calc_document import answer
from scheduler.household import fold
from scheduler.rulebook import Rulebook
from specs.case_files import OUTSIDE, plain
from specs.loader import load_yaml
from specs.records import (
    BRP_CORRECTED,
    IN_INVESTIGATION,
    INCOME_CORRECTED,
    INCOME_STATED,
    UNION_CLOSED,
    AddressInvestigation,
)
from tests.unit.scheduler.law_facts import HERE, Facts, ref

Row = Mapping[str, object]
Outcome = dict[str, int | str]

ROWS = cast(
    "Mapping[str, list[Row]]", plain(load_yaml(Path(__file__).parent / "life_events.yaml")[0])
)["events"]
MUST = (
    "birth", "death of the partner", "death of the applicant", "move to another rented home",
    "a housemate moves in", "a housemate moves out", "marriage", "cohabitation with a common child",
    "divorce and an own address", "18th birthday", "a child turns 6", "a child turns 12",
    "a child turns 16", "a child turns 18", "AOW age", "job lost", "job found", "hours changed",
    "WW ended", "wage correction after the year's end", "retroactive BRP correction",
    "address in onderzoek", "rent change", "indexation on 1 January", "indexation on 1 July",
)  # fmt: skip


@cache
def rulebook() -> Rulebook:
    return Rulebook.load()


def years_of(row: Row) -> list[int]:
    if "years" in row:
        return cast("list[int]", row["years"])
    if "facts" in row:
        return [2026]
    return [cast("int", cast("Row", row["document"])["year"])]


def by_document(row: Row, scheme: str, known_on: str | None) -> Outcome:
    """Months (or quarters) with cents or `unknown`, over the years of the row."""
    found: Outcome = {}
    for year in years_of(row):
        document = copy.deepcopy(dict(cast("Row", row["document"])))
        document |= {"year": year, "known_on": known_on, "schemes": [scheme]}
        told, answered = answer(document, rulebook())
        assert answered, told
        got = cast("Mapping[str, Row]", told["schemes"])[scheme]
        amounts = cast("Mapping[str, object]", got.get("quarters") or got["months"])
        for name, value in amounts.items():
            quarter = re.fullmatch(r"(\d{4})-Q(\d)", name)
            month = f"{quarter[1]}-{3 * int(quarter[2]) - 2:02d}" if quarter else name
            found[month] = value if isinstance(value, int) else "unknown"
        if not amounts:
            found |= {f"{year}-{month:02d}": "unknown" for month in range(1, 13)}
    return found


def put(facts: Facts, line: Sequence[object]) -> None:
    """One line of `facts` as a record."""
    kind, rest = str(line[0]), [_day(item) for item in line[1:]]
    match kind, rest:
        case "divorce", [date() as day]:
            facts.union(day, closed=False)
        case "job_ends", [str() as who, date() as day]:
            facts.job(who, day, begun=False)
        case "moves_in", [str() as who, date() as day]:
            facts.move(who, day, HERE)
        case "investigated", [str() as who, date() as day]:
            found = AddressInvestigation(person=ref(who), code="089999")
            facts.add(IN_INVESTIGATION, found, day, person=who)
        case "take_back_last", [str() as what, date() as day]:
            named = {"wage": (INCOME_STATED, INCOME_CORRECTED),
                     "union": (UNION_CLOSED, BRP_CORRECTED)}[what]  # fmt: skip
            last = next(one.record for one in reversed(facts.all) if one.type == named[0])
            facts.take_back(last, named[1], day)
        case _:
            getattr(facts, kind)(*rest)


def _day(item: object) -> object:
    text = str(item)
    return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else item


def by_facts(facts: Facts, row: Row, scheme: str, known_on: int | None) -> Outcome:
    household = fold(facts.all, "ann", known_on)
    found: Outcome = {}
    for year in years_of(row):
        derived = derive(household, scheme, year, rulebook())
        for month, amount in derived.months.items():
            found[str(month)] = amount.cents if amount.status != "unknown" else "unknown"
    return found


def expected(row: Row, runs: object, months: Sequence[str]) -> Outcome:
    """Runs of [first, last, value] spread over the months that the scheme has."""
    first = years_of(row)[0]
    found: Outcome = {}
    for start, end, value in cast("list[tuple[int, int, int | str]]", runs):
        for number in range(start, end + 1):
            name = f"{first + (number - 1) // 12}-{(number - 1) % 12 + 1:02d}"
            if name in months:
                found[name] = value
    return found


CASES = [(row, scheme) for row in ROWS for scheme in cast("Row", row["schemes"])]


@pytest.mark.parametrize(
    ("row", "scheme"), CASES, ids=[f"{row['event']}:{scheme}" for row, scheme in CASES]
)
def test_event_changes_these_months_and_no_others(row: Row, scheme: str) -> None:
    told = cast("Mapping[str, Mapping[str, object]]", row["schemes"])[scheme]
    if "facts" in row:
        facts = Facts()
        for line in cast("list[list[object]]", row["facts"]):
            put(facts, line)
        standing = len(facts.all) - 1
        before = by_facts(facts, row, scheme, None)
        for line in cast("list[list[object]]", row["event_facts"]):
            put(facts, line)
        after = by_facts(facts, row, scheme, None)
        then = by_facts(facts, row, scheme, standing)
    else:
        earlier = cast("str | None", row.get("known_before"))
        before = then = by_document(row, scheme, earlier)
        after = by_document(row, scheme, None)
    assert after == expected(row, told["after"], list(after))
    if "before" not in told:  # time alone: nothing new became known
        assert before == after
        assert len(set(after.values())) > 1
        return
    assert before == expected(row, told["before"], list(before))
    assert then == before  # what was known then stays what it was
    changed = {month for month in after if after[month] != before[month]}
    assert changed, "an event that changes nothing"


def test_every_event_of_the_table_is_there() -> None:
    events = [row["event"] for row in ROWS]
    assert not set(MUST) - set(events)
    assert len(events) == len(set(events))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["event"]))
def test_every_row_names_an_outside_source(row: Row) -> None:
    assert OUTSIDE.search(str(row["source"])), row["event"]
