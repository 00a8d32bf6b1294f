"""In which months something about a household of a block may differ from the month before.

The same rule as folding/changes.py: a date can matter only in its own month and in the next.
January is always looked at; most households need nothing else.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from scheduler.population.rows import Ints, Rows
from specs.values import months_of_year

AGES: Final = (0, 12, 16, 18, 21, 23, 67)  # every age that a column of fold.py asks for
OLDEST: Final = 140


def month_firsts(year: int) -> NDArray[np.int32]:
    """Ordinals of the first days of the months, and of the next year."""
    days = [month.first_day.toordinal() for month in months_of_year(year)]
    return np.array([*days, months_of_year(year)[-1].last_day.toordinal() + 1], dtype=np.int32)


def months_to_look_at(rows: Rows, year: int) -> tuple[Ints, ...]:
    """Per month from January, the households to look at anew, in order."""
    changes = np.zeros(rows.households.rows, dtype=np.int32)
    persons, care = rows.persons, rows.care
    _birthdays(changes, rows, year)
    for home, day in (
        (persons.household, persons.start), (persons.household, persons.end),
        (care.household, care.start), (care.household, care.end),
    ):  # fmt: skip
        _days(changes, home, day, year)
    changes |= 1
    return tuple(np.flatnonzero(changes >> place & 1) for place in range(12))


def _birthdays(changes: NDArray[np.int32], rows: Rows, year: int) -> None:
    persons = rows.persons
    asked = np.zeros(OLDEST, dtype=np.bool_)
    asked[list(AGES)] = True
    turning = np.clip(year - persons.birth_year, 0, OLDEST - 1)
    hit = np.flatnonzero(asked[turning] & (persons.birth_year <= year))
    month = persons.birth_month[hit].astype(np.int32)
    _mark(changes, persons.household[hit], month - 1)
    late = (month == 2) & (persons.birth_day[hit] == 29)  # 1 March in a common year
    _mark(changes, persons.household[hit][late], month[late])


def _days(changes: NDArray[np.int32], home: Ints, day: Ints, year: int) -> None:
    firsts = month_firsts(year)
    hit = np.flatnonzero((day >= firsts[0]) & (day < firsts[12]))
    if len(hit):
        place = np.searchsorted(firsts, day[hit], side="right") - 1
        _mark(changes, home[hit], place.astype(np.int32))


def _mark(changes: NDArray[np.int32], home: Ints, place: NDArray[np.int32]) -> None:
    """Mark a month (from 0) and the next; one household may come more than once."""
    np.bitwise_or.at(changes, home, np.int32(3) << place)
