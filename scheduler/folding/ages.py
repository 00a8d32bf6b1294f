"""Ages and the month rules of the toeslagen."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Final

from specs.values import Month

KEPT_MAX: Final = 16_384  # birthdays kept: the same few are asked for in every month


@lru_cache(KEPT_MAX)
def birthday(birth: date, years: int) -> date:
    """The day an age is reached. Born on 29 February: 1 March in a common year, for a year of life
    is full when its last day, 28 February, has ended.
    """
    year = birth.year + years
    if (birth.month, birth.day) == (2, 29) and Month(year, 2).length == 28:
        return date(year, 3, 1)
    return date(year, birth.month, birth.day)


def age_on(birth: date, day: date) -> int:
    """Full years of life on a day; negative before birth."""
    years = day.year - birth.year
    return years if birthday(birth, years) <= day else years - 1


@lru_cache(KEPT_MAX)
def pension_day(birth: date) -> date:
    """The day the pensioengerechtigde leeftijd is reached: 67 years in 2024 to 2027, 67 years and
    3 months in 2028 to 2031 (AOW 7a lid 1).
    """
    day = birthday(birth, 67)
    if day.year < 2028:
        return day
    later = Month.of(day).plus(3)
    return date(later.year, later.month, min(day.day, later.length))


def reached_before(birth: date, years: int, month: Month) -> bool:
    """Whether the age was reached in an earlier month: the rule "from the month after the month in
    which" (Wet op de zorgtoeslag 1 lid 1 onder c; Wet op het kindgebonden budget 2 lid 3 and 5).
    """
    return Month.of(birthday(birth, years)) < month


def reached_by(birth: date, years: int, month: Month) -> bool:
    """Whether the age was reached on or before the first day of the month (Awir 5)."""
    return birthday(birth, years) <= month.first_day
