"""Amounts and dates as people read them. Notation: Taaladvies.net (bedragen), CLDR nl and en."""

from __future__ import annotations

from datetime import date

import pytest

from node.portal import formatting
from specs.values import Month

SPACE = "\u00a0"
FRIDAY = date(2026, 1, 23)  # a Friday: https://www.kalender-365.nl/kalender-2026.html


@pytest.mark.parametrize(
    ("cents", "dutch", "english"),
    [
        (103_320, f"€{SPACE}1.033,20", "€1,033.20"),  # DESIGN 8, ECOSYSTEM 4
        (0, f"€{SPACE}0,00", "€0.00"),
        (5, f"€{SPACE}0,05", "€0.05"),
        (-1_250, f"\u2212€{SPACE}12,50", "\u2212€12.50"),
        (123_456_789, f"€{SPACE}1.234.567,89", "€1,234,567.89"),
    ],
)
def test_amount(cents: int, dutch: str, english: str) -> None:
    assert formatting.amount(cents) == dutch
    assert formatting.amount(cents, "en") == english


def test_dates_in_both_languages() -> None:
    assert formatting.long_date(FRIDAY) == "vrijdag 23 januari 2026"
    assert formatting.long_date(FRIDAY, "en") == "Friday 23 January 2026"
    assert formatting.day_and_month(FRIDAY) == "vrijdag 23 januari"
    assert formatting.month_name(Month(2026, 3)) == "maart 2026"
    assert formatting.weekdays()[0] == "maandag"


@pytest.mark.parametrize(
    ("moved_days", "dutch", "english"),
    [
        (0, "", ""),
        (1, "1 dag later", "1 day later"),
        (3, "3 dagen later", "3 days later"),
        (-1, "1 dag eerder", "1 day earlier"),
        (-11, "11 dagen eerder", "11 days earlier"),
    ],
)
def test_moved(moved_days: int, dutch: str, english: str) -> None:
    assert formatting.moved(moved_days) == dutch
    assert formatting.moved(moved_days, "en") == english


def test_the_sign_is_a_word() -> None:
    assert formatting.sign_word("in") == "erbij"
    assert formatting.sign_word("out") == "eraf"


@pytest.mark.parametrize("text", [None, "", "fr", "NL", "en "])
def test_no_other_language(text: str | None) -> None:
    assert formatting.as_language(text) is None
