"""Dates as the BRP and SuwiML write them: `JJJJMMDD`, `00` for a part that is not known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from adapters.reading import Report

UNKNOWN_PART: Final = "date-with-unknown-part"  # the tolerance's name
_EIGHT_DIGITS: Final = re.compile(r"[0-9]{8}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialDate:
    """A date with its known parts: `exact` only when all are known. `earliest` fits all it says."""

    earliest: date | None  # None: nothing of it is known (00000000)
    exact: bool

    @property
    def day(self) -> date | None:
        """The day when it is wholly known."""
        return self.earliest if self.exact else None


def parse_partial(text: str) -> PartialDate | None:
    """Read `JJJJMMDD`; None when it is no date: no such day, or a day known without its month."""
    if not _EIGHT_DIGITS.fullmatch(text):
        return None
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:])
    if year == month == day == 0:
        return PartialDate(earliest=None, exact=False)
    if year == 0 or (month == 0 and day != 0):
        return None
    try:
        return PartialDate(earliest=date(year, month or 1, day or 1), exact=bool(month and day))
    except ValueError:
        return None


def read_day(text: str, where: str, name: str, report: Report) -> date | None:
    """A wholly known day, or None with a problem."""
    found = parse_partial(text)
    if found is None:
        report.add(where, name, "no such day in the calendar", "correct it at the source")
        return None
    if found.day is None:
        report.add(where, name, "the day is not wholly known", "have the source complete it")
    return found.day


def read_start(text: str, where: str, name: str, report: Report) -> date | None:
    """The first day of a fact.

    With the day or month unknown the earliest day that fits is taken and reported as tolerated;
    a date of which nothing is known gives None and a problem.
    """
    found = parse_partial(text)
    if found is None:
        report.add(where, name, "no such day in the calendar", "correct it at the source")
        return None
    if found.earliest is None:
        report.add(where, name, "the date is unknown", "have the source complete it")
        return None
    if not found.exact:
        report.tolerate(
            UNKNOWN_PART,
            where,
            name,
            "day or month unknown: read as the earliest day that fits",
            "have the source complete it",
        )
    return found.earliest


def read_birth_date(text: str, where: str, name: str, report: Report) -> date | None:
    """A birth date to know a person by: None, reported as tolerated, when not wholly known."""
    found = parse_partial(text)
    if found is None:
        report.add(where, name, "no such day in the calendar", "correct it at the source")
        return None
    if not found.exact:
        report.tolerate(
            UNKNOWN_PART,
            where,
            name,
            "the birth date is not wholly known: read as unknown",
            "have the source complete it",
        )
    return found.day
