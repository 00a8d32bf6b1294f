"""One pay date for the household of the Huishoudboekje statements: three months of 2024.

The statements are read for dates and amounts only (none of the files is valid camt.053, see
SOURCE.md; the readers of adapters/ are for banks' own files). Which moves the parties accept is not
in the statements: the windows here are ours.
"""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from scheduler.documents.plan_document import answer
from scheduler.planning.payday_files import load_pay_calendars

pytestmark = pytest.mark.realdata

MONTHS = ("202407", "202408", "202409")
WINDOWS = {
    "CRDT": {"earlier_days": 5, "later_days": 18},
    "DBIT": {"earlier_days": 0, "later_days": 27},
}


def entries(realdata: Path, month: str) -> list[tuple[str, str, int, date]]:
    """Direction, other party, cents and day of every entry of a month."""
    folder = realdata / "huishoudboekje-bankafschriften" / "camt"
    text = (folder / f"Persona_1_Periode_{month}_CAMT.053.xml").read_text(encoding="utf-8")
    found = []
    for entry in re.findall(r"<Ntry>.*?</Ntry>", text, re.DOTALL):
        direction = _inside(entry, r"<CdtDbtInd>(\w+)<")
        euros, cents = _inside(entry, r"<Amt[^>]*>(\d+\.\d\d)<").split(".")
        day = date.fromisoformat(_inside(entry, r"<BookgDt>.*?<Dt>([\d-]+)<"))
        party = _inside(entry, r"<Nm>([^<]+)<")
        found.append((direction, party, int(euros) * 100 + int(cents), day))
    return found


def _inside(entry: str, pattern: str) -> str:
    match = re.search(pattern, entry, re.DOTALL)
    assert match is not None, pattern
    return match.group(1)


@pytest.fixture(scope="module")
def statements(realdata: Path) -> list[tuple[str, str, int, date]]:
    return [entry for month in MONTHS for entry in entries(realdata, month)]


@pytest.fixture(scope="module")
def household(statements: list[tuple[str, str, int, date]]) -> dict[str, Any]:
    return document_of(statements) | {"today": "2024-06-01"}


def document_of(statements: list[tuple[str, str, int, date]]) -> dict[str, Any]:
    """A plan document of statement lines: one flow for each party and amount, on its own dates."""
    days: dict[tuple[str, str, int], list[date]] = defaultdict(list)
    for direction, party, cents, day in statements:
        days[direction, party, cents].append(day)
    flows = [
        {
            "id": f"{party} {cents}",
            "direction": "in" if direction == "CRDT" else "out",
            "party": party,
            "amount": cents,
            "dates": [day.isoformat() for day in sorted(own)],
            "window": WINDOWS[direction],
        }
        for (direction, party, cents), own in days.items()
    ]
    return {"from": "2024-07", "months": 3, "flows": flows}


def test_every_entry_of_the_statements_stands_once_and_no_cent_is_lost(
    household: dict[str, Any], statements: list[tuple[str, str, int, date]]
) -> None:
    found = answer(household, load_pay_calendars())
    assert isinstance(found, dict)
    assert found["not_planned"] == []
    lines = [line for month in found["months"] for line in month["lines"]]
    assert len(lines) == len(statements) == 25
    for month, number in zip(found["months"], MONTHS, strict=True):
        booked = sum(
            cents if direction == "CRDT" else -cents
            for direction, _party, cents, day in statements
            if day.strftime("%Y%m") == number
        )
        assert month["left_to_spend"] == booked


def test_the_scatter_becomes_one_day_and_nobody_is_short_before_it(
    household: dict[str, Any],
) -> None:
    found = answer(household, load_pay_calendars())
    assert isinstance(found, dict)
    days_before = {line["natural_date"] for month in found["months"] for line in month["lines"]}
    days_after = {line["planned_date"] for month in found["months"] for line in month["lines"]}
    assert (len(days_before), len(days_after)) == (15, 3)
    assert found["share_on_day"] == 1.0
    for month in found["months"]:
        # Electricity, water, pocket money and rent went out before anything came in.
        assert month["lowest_before"] < 0 < month["lowest_after"]
        assert month["lowest_after"] == month["left_to_spend"]
    for advance in found["transition"]["advances"]:
        assert advance["by"] in {"GEMEENTE UTRECHT", "Belastingdienst"}
