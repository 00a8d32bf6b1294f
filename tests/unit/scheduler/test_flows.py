"""Natural due dates. Weekdays and closing days are those of the calendar and of TARGET."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from scheduler.errors import PlanError
from scheduler.planning.flows import Flow, Rhythm, Window, occurrences
from scheduler.planning.payday_files import load_pay_calendars
from scheduler.planning.periods import COVERS, period_of
from specs.values import Month

CALENDARS = load_pay_calendars()


def natural(rhythm: Rhythm, first: Month, months: int) -> list[str]:
    found, gaps = occurrences(rhythm, first, months, CALENDARS)
    assert gaps == ()
    return [item.natural.isoformat() for item in found]


def periods(rhythm: Rhythm, first: Month, months: int) -> list[str]:
    return [item.period for item in occurrences(rhythm, first, months, CALENDARS)[0]]


def test_four_weeks_gives_thirteen_payments_in_a_year_and_one_month_with_two() -> None:
    rhythm = Rhythm(every="four_weeks", start=date(2025, 1, 10), shift="preceding")
    found = natural(rhythm, Month(2026, 1), 12)
    assert len(found) == 13
    assert [day for day in found if day.startswith("2026-05")] == ["2026-05-29"]  # 1 May is closed
    assert periods(rhythm, Month(2026, 5), 1) == ["2026-05-01", "2026-05-29"]
    assert found[4] == "2026-04-30"


def test_four_weeks_does_not_begin_before_its_start() -> None:
    rhythm = Rhythm(every="four_weeks", start=date(2026, 2, 6))
    assert natural(rhythm, Month(2026, 1), 2) == ["2026-02-06"]


def test_a_day_past_the_end_of_the_month_is_its_last_day() -> None:
    rhythm = Rhythm(every="month", day=31, shift="preceding")
    assert natural(rhythm, Month(2028, 1), 3) == ["2028-01-31", "2028-02-29", "2028-03-31"]
    # 28 February 2026 is a Saturday.
    assert natural(rhythm, Month(2026, 2), 1) == ["2026-02-27"]


def test_a_payment_shifted_out_of_its_month_keeps_its_period() -> None:
    rhythm = Rhythm(every="month", day=28, shift="following")
    assert natural(rhythm, Month(2026, 2), 1) == ["2026-03-02"]
    assert periods(rhythm, Month(2026, 2), 1) == ["2026-02"]


def test_ten_instalments_from_march_to_december() -> None:
    # facts/allowances-nl.md 15: Hardenberg, at most 10 instalments March-December.
    rhythm = Rhythm(every="month", day=25, months=tuple(range(3, 13)))
    assert len(natural(rhythm, Month(2026, 1), 12)) == 10


def test_quarters_and_years_pay_for_the_period_they_say() -> None:
    quarter = Rhythm(every="quarter", day=1, months=(1, 4, 7, 10), covers="previous_quarter")
    assert periods(quarter, Month(2026, 1), 12) == ["2025-Q4", "2026-Q1", "2026-Q2", "2026-Q3"]
    year = Rhythm(every="year", day=15, months=(2,), covers="year")
    assert periods(year, Month(2026, 1), 24) == ["2026", "2027"]
    assert natural(year, Month(2026, 1), 24) == ["2026-02-16", "2027-02-15"]


def test_every_word_of_covers_has_a_period() -> None:
    assert [period_of(word, Month(2026, 1)) for word in COVERS] == [
        "2026-01", "2026-02", "2025-12", "2026-Q1", "2026-Q2", "2025-Q4", "2026", "2027", "2025",
    ]  # fmt: skip


def test_explicit_dates_are_their_own_period() -> None:
    rhythm = Rhythm(every="dates", dates=(date(2026, 1, 31), date(2026, 3, 1), date(2026, 9, 1)))
    assert natural(rhythm, Month(2026, 1), 3) == ["2026-02-02", "2026-03-02"]
    assert periods(rhythm, Month(2026, 1), 3) == ["2026-01-31", "2026-03-01"]


def test_start_and_end_bound_the_due_dates() -> None:
    rhythm = Rhythm(every="month", day=1, start=date(2026, 2, 1), end=date(2026, 3, 31))
    assert periods(rhythm, Month(2026, 1), 6) == ["2026-02", "2026-03"]


def test_a_payer_calendar_gives_its_own_days_and_periods() -> None:
    rhythm = Rhythm(every="calendar", calendar="toeslagen")
    # The published list: 20 May, 22 June, 20 July 2026 (test_paydays.py names its source).
    assert natural(rhythm, Month(2026, 5), 3) == ["2026-05-20", "2026-06-22", "2026-07-20"]
    assert periods(rhythm, Month(2026, 5), 3) == ["2026-06", "2026-07", "2026-08"]


def test_months_without_a_published_day_are_named_and_the_others_stand() -> None:
    found, gaps = occurrences(
        Rhythm(every="calendar", calendar="aow"), Month(2026, 11), 4, CALENDARS
    )
    assert [item.natural for item in found] == [date(2026, 11, 23), date(2026, 12, 21)]
    assert [gap.month for gap in gaps] == [Month(2027, 1), Month(2027, 2)]


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"every": "month"}, "day", "1 to 31"),
        ({"every": "month", "day": 32}, "day", "1 to 31"),
        ({"every": "quarter", "day": 1}, "months", "name the months"),
        ({"every": "quarter", "day": 1, "months": (4, 1)}, "months", "in order"),
        ({"every": "quarter", "day": 1, "months": (1, 13)}, "months", "1 to 12"),
        ({"every": "year", "day": 30, "months": (2,)}, "day", "no such day"),
        ({"every": "four_weeks"}, "start", "first pay date"),
        ({"every": "dates"}, "dates", "name the dates"),
        ({"every": "calendar"}, "calendar", "name a payer calendar"),
        (
            {"every": "month", "day": 1, "start": date(2026, 2, 1), "end": date(2026, 1, 1)},
            "end",
            "start lies after the end",
        ),
        (
            {
                "every": "dates",
                "dates": (date(2026, 1, 2), date(2026, 1, 30)),
                "covers": "same_month",
            },
            "dates",
            "a period is paid twice",
        ),
    ],
)
def test_a_rhythm_that_cannot_be_is_refused(wrong: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(PlanError, match=words) as caught:
        Rhythm(**wrong)
    assert caught.value.field == field
    assert caught.value.nl


def test_29_february_is_a_day_of_a_yearly_payment() -> None:
    rhythm = Rhythm(every="year", day=29, months=(2,), shift="preceding")
    assert natural(rhythm, Month(2026, 1), 36) == ["2026-02-27", "2027-02-26", "2028-02-29"]


def test_a_window_of_less_than_no_days_meets_no_date() -> None:
    with pytest.raises(PlanError, match="no date meets this window") as caught:
        Window(earlier_days=-3)
    assert caught.value.field == "window.earlier_days"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"amount_cents": -1}, "amount"),
        ({"amount_cents": 10**12}, "amount"),
        ({"amount_cents": 12.5}, "amount"),
        ({"amount_cents": True}, "amount"),
        ({"amounts": {"2026-01": -1}}, "amounts.2026-01"),
        ({"id": ""}, "id"),
        ({"party": ""}, "party"),
    ],
)
def test_a_flow_that_cannot_be_is_refused(wrong: dict[str, Any], field: str) -> None:
    right: dict[str, Any] = {
        "id": "rent",
        "direction": "out",
        "party": "corporation",
        "amount_cents": 65000,
        "rhythm": Rhythm(every="month", day=1),
    }
    with pytest.raises(PlanError) as caught:
        Flow(**(right | wrong))
    assert caught.value.field == field


def test_an_amount_of_one_period_goes_before_the_usual_one() -> None:
    flow = Flow(
        id="wage",
        direction="in",
        party="employer",
        amount_cents=100,
        rhythm=Rhythm(every="four_weeks", start=date(2026, 5, 1)),
        amounts={"2026-05-29": 300, "2026-06": 200},
    )
    found = occurrences(flow.rhythm, Month(2026, 5), 3, CALENDARS)[0]
    assert [flow.cents_in(item) for item in found] == [100, 300, 200, 100]
