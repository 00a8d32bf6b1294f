"""TARGET banking days: Monday to Friday, but not the six closing days of the European Central Bank.

King's Day, Ascension Day and Whit Monday are banking days (ECOSYSTEM 2.1, 2.2). Which day a payer
chooses is the work of paydays.py.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from holidays import financial_holidays

Shift: TypeAlias = Literal["preceding", "following"]

SATURDAY: Final = 5  # date.weekday()
_ONE_DAY: Final = timedelta(days=1)


@lru_cache(maxsize=512)
def closing_days(year: int) -> frozenset[date]:
    """The closing days of TARGET in a year: 1 January, Good Friday, Easter Monday, 1 May, 25 and
    26 December, by the calendar XECB of the library `holidays`."""
    return frozenset(financial_holidays("XECB", years=year))


def is_banking_day(day: date) -> bool:
    """Whether a bank books a transfer on that day."""
    return day.weekday() < SATURDAY and day not in closing_days(day.year)


def shift_to_banking_day(day: date, shift: Shift) -> date:
    """The day itself when it is a banking day, otherwise the nearest one before or after it."""
    step = -_ONE_DAY if shift == "preceding" else _ONE_DAY
    while not is_banking_day(day):
        day += step
    return day


def next_banking_day(day: date) -> date:
    """The first banking day after that day."""
    return shift_to_banking_day(day + _ONE_DAY, "following")


def banking_days_between(first: date, last: date) -> tuple[date, ...]:
    """Every banking day from `first` up to and including `last`."""
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return tuple(day for day in days if is_banking_day(day))
