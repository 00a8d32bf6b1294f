"""Payer calendars next to the lists that were published (facts/allowances-nl.md, section 14)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from scheduler.errors import PayDayError
from scheduler.paydays import PayerCalendar, pay_days
from scheduler.planning.banking import banking_days_between, is_banking_day, next_banking_day
from scheduler.planning.payday_files import PAYDAYS, load_pay_calendars
from specs.errors import SpecFileError
from specs.values import Month

CALENDARS = load_pay_calendars()

# Each list with its source, as quoted in facts/allowances-nl.md 14 and allowances-nl.yaml.
PUBLISHED = {
    ("toeslagen", 2025, "ketelaar/toeslagen-cal src/lib/utils/ical.ts"): (
        "01-20 02-20 03-20 04-22 05-20 06-20 07-21 08-20 09-22 10-20 11-20 12-22"
    ),
    ("toeslagen", 2026, "ketelaar/toeslagen-cal src/lib/utils/ical.ts"): (
        "01-20 02-20 03-20 04-20 05-20 06-22 07-20 08-20 09-21 10-20 11-20 12-21"
    ),
    ("uwv", 2021, "wiauitkering.nl"): (
        "01-22 02-23 03-23 04-23 05-21 06-23 07-23 08-23 09-23 10-22 11-23 12-17"
    ),
    ("uwv", 2022, "uwv.nl, official list"): (
        "01-21 02-23 03-23 04-22 05-23 06-23 07-22 08-23 09-23 10-21 11-23 12-16"
    ),
    ("aow", 2025, "raisin.nl; 23 January confirmed by hartvannederland.nl"): (
        "01-23 02-24 03-24 04-23 05-22 06-23 07-23 08-21 09-23 10-23 11-24 12-22"
    ),
    ("aow", 2026, "raisin.nl"): (
        "01-22 02-23 03-23 04-23 05-22 06-23 07-23 08-24 09-23 10-22 11-23 12-21"
    ),
    ("kinderbijslag", 2026, "slimgeldbeheer.nl; klantacties.nl"): "01-02 04-01 07-01 10-01",
    ("bijstand-meerinzicht", 2023, "Meerinzicht, official list"): (
        "01-10 02-10 03-10 04-06 05-10 06-09 07-10 08-10 09-08 10-10 11-10 12-08"
    ),
    ("bijstand-ijsselgemeenten", 2023, "IJsselgemeenten, official list"): (
        "01-26 02-28 03-29 04-27 05-26 06-29 07-28 08-29 09-29 10-27 11-29 12-22"
    ),
}
# Where a rule stands beside a list and gives another day, and why.
EXPLAINED = {
    ("uwv", date(2021, 12, 17)): "UWV announces December itself, about a week earlier (uwv.nl)",
}


def by_rule(calendar: PayerCalendar, year: int) -> list[date]:
    """The same year with every published list taken away."""
    bare = PayerCalendar(
        payer=calendar.payer,
        name=calendar.name,
        direction=calendar.direction,
        covers=calendar.covers,
        receipt=calendar.receipt,
        receipt_reason=calendar.receipt_reason,
        confidence=calendar.confidence,
        source=calendar.source,
        months=calendar.months,
        rule=calendar.rule,
        expected=calendar.expected,
        published={},
    )
    return [day.day for day in bare.in_year(year)]


def listed(year: int, days: str) -> list[date]:
    return [date.fromisoformat(f"{year}-{day}") for day in days.split()]


@pytest.mark.parametrize("key", PUBLISHED, ids=lambda key: f"{key[0]}-{key[1]}")
def test_pay_days_are_those_of_the_published_list(key: tuple[str, int, str]) -> None:
    payer, year, _source = key
    found = pay_days(payer, year, CALENDARS)
    assert [day.day for day in found] == listed(year, PUBLISHED[key])
    assert {day.basis for day in found} == {"published"}


@pytest.mark.parametrize(
    ("payer", "year"), [("toeslagen", 2025), ("toeslagen", 2026), ("kinderbijslag", 2026)]
)
def test_rule_alone_gives_the_published_list(payer: str, year: int) -> None:
    days = next(days for key, days in PUBLISHED.items() if key[:2] == (payer, year))
    assert by_rule(CALENDARS.get(payer), year) == listed(year, days)


@pytest.mark.parametrize("year", [2021, 2022])
def test_uwv_rule_gives_all_but_december_which_uwv_announces(year: int) -> None:
    calendar = CALENDARS.get("uwv")
    days = next(days for key, days in PUBLISHED.items() if key[:2] == ("uwv", year))
    ours, theirs = by_rule(calendar, year), listed(year, days)
    assert ours[:11] == theirs[:11]
    assert abs((ours[11] - theirs[11]).days) <= 1  # 2021: 16 expected, 17 published


def test_a_rule_differs_from_a_published_list_only_where_it_is_explained() -> None:
    found = {
        (payer, theirs)
        for payer, calendar in CALENDARS.by_payer.items()
        if calendar.rule is not None
        for year, publication in calendar.published.items()
        for ours, theirs in zip(by_rule(calendar, year), publication.days, strict=True)
        if ours != theirs
    }
    assert found == set(EXPLAINED)


@pytest.mark.parametrize(
    ("payer", "year", "first", "december"),
    [  # the words of facts/allowances-nl.md 14 and 15, on the TARGET calendar by hand
        ("huur", 2026, "2026-01-02", "2026-12-01"),  # on or before the 1st; 1 January is closed
        ("zorgpremie", 2026, "2026-01-28", "2026-12-28"),  # about the 27th to the 1st
        ("energie", 2026, "2026-01-27", "2026-12-28"),  # the 26th to the 28th; the 27th a Sunday
        ("brabant-water", 2026, "2026-01-02", "2026-12-01"),  # brabantwater.nl: about the 1st
        ("waternet", 2026, "2026-01-28", "2026-12-28"),  # waternet.nl: about the 28th
        ("voorlopige-aanslag", 2026, "2026-01-30", "2026-12-31"),  # Invorderingswet art. 9
        ("voorlopige-teruggaaf", 2026, "2026-01-15", "2026-12-15"),  # nieuwestap.nl: the 15th
        ("loon", 2026, "2026-01-23", "2026-12-24"),  # the 23rd to the 25th
        ("bijstand-iasz", 2026, "2026-01-30", "2026-12-31"),  # the last working day
        ("bijstand-heerenveen", 2026, "2026-01-30", "2026-12-30"),  # about the 30th
        ("bijstand-oosterhout", 2026, "2026-01-15", "2026-12-15"),  # about the 15th
        ("bijstand-veenendaal", 2023, "2023-01-20", "2023-12-22"),  # about the 22nd
        ("bijstand-t-diel", 2026, "2026-01-15", "2026-12-15"),  # by the 15th
    ],
)
def test_calendars_by_convention_say_what_their_source_says(
    payer: str, year: int, first: str, december: str
) -> None:
    found = pay_days(payer, year, CALENDARS)
    assert len(found) == 12
    assert (found[0].day.isoformat(), found[-1].day.isoformat()) == (first, december)


def test_a_day_that_is_only_about_is_called_expected() -> None:
    for payer in ("bijstand-heerenveen", "bijstand-oosterhout", "bijstand-veenendaal"):
        assert {day.basis for day in pay_days(payer, 2026, CALENDARS)} == {"expected"}


def test_uwv_december_without_a_list_is_called_expected() -> None:
    found = pay_days("uwv", 2026, CALENDARS)
    assert [day.basis for day in found] == ["rule"] * 11 + ["expected"]
    assert found[11].day == date(2026, 12, 16)
    assert "bekend" in found[11].reason.nl


def test_dronten_is_the_list_of_its_year_and_pays_the_month_before() -> None:
    # dronten.nl, list of 2026: February 2026 up to and including 8 January 2027.
    found = pay_days("bijstand-dronten", 2026, CALENDARS)
    assert (found[0].day, found[0].period) == (date(2026, 2, 6), "2026-01")
    assert (found[-1].day, found[-1].period) == (date(2027, 1, 8), "2026-12")
    with pytest.raises(PayDayError, match="2026-01"):
        CALENDARS.get("bijstand-dronten").in_month(Month(2026, 1))


def test_a_moved_day_says_why() -> None:
    june = pay_days("toeslagen", 2026, CALENDARS)[5]
    assert june.period == "2026-07"
    assert june.reason.nl.endswith("de 20e kan niet, dus een bankdag later")
    may = pay_days("uwv", 2026, CALENDARS)[4]  # 23 May 2026 is a Saturday
    assert may.day == date(2026, 5, 22)
    assert may.reason.en.endswith("day 23 cannot be, so the banking day before")


def test_kinderbijslag_pays_the_quarter_before() -> None:
    found = pay_days("kinderbijslag", 2027, CALENDARS)
    assert [day.period for day in found] == ["2026-Q4", "2027-Q1", "2027-Q2", "2027-Q3"]
    assert CALENDARS.get("kinderbijslag").in_month(Month(2026, 2)) is None


def test_a_year_without_a_list_is_refused() -> None:
    with pytest.raises(PayDayError, match=r"2031-01.*add the payer's list"):
        pay_days("aow", 2031, CALENDARS)


def test_an_unknown_payer_is_refused_with_the_known_ones() -> None:
    with pytest.raises(PayDayError, match="known: aow, bijstand-dronten"):
        pay_days("nobody", 2026, CALENDARS)


def test_a_year_before_target_is_refused() -> None:
    with pytest.raises(PayDayError, match="1999"):
        pay_days("toeslagen", 1998, CALENDARS)


def test_dutch_holidays_on_which_banks_work() -> None:
    # ECOSYSTEM 2.2: King's Day, Ascension Day and Whit Monday 2027 are bank days.
    assert all(is_banking_day(date(2027, month, day)) for month, day in ((4, 27), (5, 6), (5, 17)))
    # Closed: Good Friday and Easter Monday 2027, 1 May, both Christmas days, New Year.
    for day in ("2027-03-26", "2027-03-29", "2026-05-01", "2026-12-25", "2028-12-26", "2026-01-01"):
        assert not is_banking_day(date.fromisoformat(day))


def test_days_around_a_long_weekend() -> None:
    assert next_banking_day(date(2026, 4, 2)) == date(2026, 4, 7)
    assert banking_days_between(date(2026, 4, 2), date(2026, 4, 7)) == (
        date(2026, 4, 2),
        date(2026, 4, 7),
    )


def test_every_calendar_names_its_source_and_what_the_law_counts_by() -> None:
    for calendar in CALENDARS.by_payer.values():
        assert calendar.source
        assert calendar.receipt_reason
        assert all(publication.source for publication in calendar.published.values())


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("shift: following", "shift: sideways", "none of preceding, following"),
        ("day: 20", "day: 32", "1 to 31"),
        ("2026-01-20,", "2026-01-18,", "2026-01-18 is no TARGET banking day"),
        ("2026-01-20, 2026-02-20", "2026-02-20, 2026-01-20", "each once, in order"),
        ("covers: next_month", "covers: some_month", "none of same_month"),
        ("payer: toeslagen", "payer: other", "use the payer's name"),
        ("receipt: none", "receipt: none\nextra: 1", "unknown key"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    text = (PAYDAYS / "toeslagen.yaml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "toeslagen.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SpecFileError, match=rf"toeslagen.yaml:\d+: .*{reason}"):
        load_pay_calendars(tmp_path)
