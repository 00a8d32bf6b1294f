"""Reads `specs/paydays/*.yaml` into payer calendars; every refusal names file and line."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeVar

import specs
from scheduler.folding.known import Text
from scheduler.paydays import ALL_MONTHS, DayRule, PayCalendars, PayerCalendar, Publication
from scheduler.planning.banking import Shift, is_banking_day
from scheduler.planning.periods import COVERS
from specs.loader import load_yaml
from specs.reading import Section

PAYDAYS: Final = Path(specs.__file__).parent / "paydays"
_KEYS: Final = (
    "payer", "name", "direction", "months", "covers", "receipt", "receipt_reason", "confidence",
    "source", "rule", "expected", "published",
)  # fmt: skip
T = TypeVar("T", bound=str)


@lru_cache(maxsize=8)
def load_pay_calendars(directory: Path = PAYDAYS) -> PayCalendars:
    """Every calendar of a directory; raises SpecFileError."""
    calendars = {}
    for path in sorted(directory.glob("*.yaml")):
        value, lines = load_yaml(path)
        section = Section.whole(str(path), value, lines)
        calendar = read_calendar(section)
        if calendar.payer != path.stem:
            section.fail("payer", f"the file is named {path.stem!r}; use the payer's name for both")
        calendars[calendar.payer] = calendar
    return PayCalendars(calendars)


def read_calendar(section: Section) -> PayerCalendar:
    """One file; raises SpecFileError."""
    section.only(*_KEYS)
    rule = _rule(section, "rule")
    published = {}
    for year, part in section.sections("published"):
        part.only("source", "dates")
        if not year.isdigit():
            part.fail("", f"{year!r} is no year; write the year of the list")
        published[int(year)] = Publication(source=part.text("source"), days=_days(part))
    expected = _rule(section, "expected")
    if rule is None and expected is None and not published:
        section.fail(
            "", "no rule, no expected day and no published list; without any nobody knows the day"
        )
    name = section.section("name")
    return PayerCalendar(
        payer=section.text("payer"),
        name=Text(name.text("nl"), name.text("en")),
        direction=_one_of(section, "direction", ("in", "out")),
        covers=_one_of(section, "covers", COVERS),
        receipt=_one_of(section, "receipt", ("month", "year", "none")),
        receipt_reason=section.text("receipt_reason"),
        confidence=_one_of(section, "confidence", ("primary", "secondary")),
        source=section.text("source"),
        months=month_numbers(section),
        rule=rule,
        expected=expected,
        published=published,
    )


def _rule(section: Section, key: str) -> DayRule | None:
    if not section.has(key):
        return None
    part = section.section(key)
    part.only("from_year", "day", "shift", "months")
    day = part.integer("day")
    if not 1 <= day <= 31:
        part.fail("day", "a day of the month is 1 to 31; 31 means the last day")
    shift: Shift = _one_of(part, "shift", ("preceding", "following"))
    return DayRule(
        from_year=part.integer("from_year"), day=day, shift=shift, months=month_numbers(part)
    )


def month_numbers(section: Section) -> tuple[int, ...]:
    """The key `months`, all twelve when left out; raises SpecFileError."""
    if not section.has("months"):
        return ALL_MONTHS
    found = section.content["months"]
    if not isinstance(found, list) or not found:
        section.fail("months", "months is a list like [1, 4, 7, 10]")
    months = [month for month in found if isinstance(month, int) and 1 <= month <= 12]
    if len(months) != len(found) or months != sorted(set(months)):
        section.fail("months", "months are numbers from 1 to 12, each once, in order")
    return tuple(months)


def _days(section: Section) -> tuple[date, ...]:
    found = section.content.get("dates")
    if not isinstance(found, list) or not found:
        section.fail("dates", "a published list names its dates")
    days = [day for day in found if isinstance(day, date)]
    if len(days) != len(found) or days != sorted(set(days)):
        section.fail("dates", "dates like 2026-01-20, each once, in order")
    closed = [day for day in days if not is_banking_day(day)]
    if closed:
        section.fail("dates", f"{closed[0]} is no TARGET banking day; check the list at its source")
    return tuple(days)


def _one_of(section: Section, key: str, words: tuple[T, ...]) -> T:
    text = section.text(key)
    found = next((word for word in words if word == text), None)
    if found is None:
        section.fail(key, f"{text!r} is none of {', '.join(words)}")
    return found
