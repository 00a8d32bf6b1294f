"""The published calendar of the monthly clockwork, and when its steps become due."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from node.clockwork.timetable import (
    CLOCKWORK,
    STEPS,
    ClockworkError,
    Timetable,
    banking_days_before,
    load_timetable,
)
from scheduler.planning.banking import is_banking_day
from specs.errors import SpecFileError
from specs.values import Month

TABLE = load_timetable()
MONTHS = [Month(2026, 1).plus(n) for n in range(12 * 20)]


@pytest.mark.parametrize("year", range(2026, 2046))
def test_every_moment_is_a_banking_day_in_order_and_in_time(year: int) -> None:
    """EPC SDD Core Rulebook: at least 14 calendar days before the due date are announced; month
    ends of 28 to 31 days, 29 February and the change of the year among them."""
    for month in (Month(year, n) for n in range(1, 13)):
        found = TABLE.month(month)
        days = [found.days[step] for step in STEPS]
        assert days == sorted(set(days))
        assert all(is_banking_day(day) for day in days)
        assert (month.first_day - found.days["notice"]).days >= 14
        assert days[-1] < found.due_first_orders < found.first_payment


def test_steps_of_different_months_do_not_overlap() -> None:
    due = [TABLE.month(month).due[step] for month in MONTHS for step in STEPS]
    assert due == sorted(due)


def test_the_dates_of_a_month_as_worked_out_by_hand() -> None:
    """January 2027: 4 and 14 December are a Friday and a Monday; before 1 January the banking days
    are 31, 30, 29 December (25 and 26 are closing days of TARGET, ECB)."""
    found = TABLE.month(Month(2027, 1)).as_json()
    assert found["facts_known"] == "2026-12-04"
    assert found["notice"] == "2026-12-14"
    assert found["cut_off"] == "2026-12-29"
    assert found["first_payment"] == "2027-01-04"
    assert found["first_orders_due"] == "2026-12-31"


@pytest.mark.parametrize(
    ("day", "utc"),
    [
        (date(2026, 10, 23), datetime(2026, 10, 23, 2, tzinfo=UTC)),  # summer time: UTC+2
        (date(2026, 10, 25), datetime(2026, 10, 25, 3, tzinfo=UTC)),  # the hour 02:00 came twice
        (date(2026, 10, 26), datetime(2026, 10, 26, 3, tzinfo=UTC)),
        (date(2027, 3, 26), datetime(2027, 3, 26, 3, tzinfo=UTC)),
        (date(2027, 3, 28), datetime(2027, 3, 28, 2, tzinfo=UTC)),  # there was no 02:30
        (date(2027, 3, 30), datetime(2027, 3, 30, 2, tzinfo=UTC)),
    ],
)
def test_four_in_the_morning_exists_once_on_every_day(day: date, utc: datetime) -> None:
    """Summer time ends on 25 October 2026 and begins on 28 March 2027 (Directive 2000/84/EC)."""
    moment = TABLE.rules_for(Month.of(day)).at(day)
    assert moment.astimezone(UTC) == utc
    assert moment.fold == 0


@pytest.mark.parametrize(
    ("planned", "due"),
    [
        (date(2026, 4, 7), date(2026, 4, 2)),  # over Easter: Good Friday and Monday are closed
        (date(2027, 1, 4), date(2026, 12, 31)),  # over the new year
        (date(2028, 3, 1), date(2028, 2, 29)),
        (date(2026, 10, 26), date(2026, 10, 23)),
        (date(2027, 3, 29), date(2027, 3, 25)),  # Easter Monday is closed; no plan pays on it
    ],
)
def test_an_order_is_due_a_banking_day_before_its_payment(planned: date, due: date) -> None:
    """EPC SDD Core Rulebook: at the latest one TARGET day before the due date."""
    assert TABLE.rules_for(Month.of(planned)).order_due(planned).date() == due
    assert banking_days_before(planned, 1) == due


def test_a_month_before_the_first_rules_is_refused() -> None:
    with pytest.raises(ClockworkError, match="2025-12"):
        TABLE.month(Month(2025, 12))
    with pytest.raises(ClockworkError, match="no clockwork"):
        Timetable([]).month(Month(2026, 1))


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ("day: 14", "day: 22", "days ahead"),
        ("day: 9", "day: 16", "out of order"),
        ("day: 4", "day: 32", "1 to 31"),
        ("hour: 4", "hour: 2", "3 to 23"),
        ("valid_from: 2026-01-01", "valid_from: 2026-02-01", "same day"),
        ("shift: preceding", "shift: sideways", "preceding or following"),
        ("confidence: assumption", "confidence: assumption\nmood: good", "unknown key"),
    ],
)
def test_wrong_rules_are_refused_with_the_reason(
    tmp_path: Path, was: str, becomes: str, says: str
) -> None:
    content = (CLOCKWORK / "2026-01-01.yaml").read_text(encoding="utf-8")
    assert was in content
    (tmp_path / "2026-01-01.yaml").write_text(content.replace(was, becomes, 1), encoding="utf-8")
    with pytest.raises((SpecFileError, ClockworkError), match=says):
        load_timetable(tmp_path).month(Month(2026, 6))
