"""When the persons of a block reach an age, and who lives with applicant and partner."""

from __future__ import annotations

import numpy as np

from scheduler.population.rows import CHILD, PARTNER, Flags, Ints, PersonColumns, Rows


class Births:
    """When the ages of some persons are reached; `shown` are their rows in the persons' columns."""

    def __init__(self, persons: PersonColumns, shown: Ints) -> None:
        self.index = persons.birth_year[shown].astype(np.int32) * 12 + persons.birth_month[shown]
        self.first = persons.birth_day[shown] == 1
        leap = (persons.birth_month[shown] == 2) & (persons.birth_day[shown] == 29)
        self._leap = np.flatnonzero(leap)
        self._leap_year = persons.birth_year[shown][self._leap].astype(np.int32)

    def month(self, age: int) -> tuple[Ints, Flags]:
        """The month of a birthday, and whether it is on the first. Born on 29 February: in a common
        year it is 1 March (see ages.birthday).
        """
        month, first = self.index + np.int32(12 * age), self.first
        target = self._leap_year + age
        common = (target % 4 != 0) | ((target % 100 == 0) & (target % 400 != 0))
        if np.any(common):
            late = self._leap[common]
            month[late] += 1
            first = first.copy()
            first[late] = True
        return month, first


class Others:
    """Children and housemates: one row per person and month looked at."""

    def __init__(self, rows: Rows, homes: Ints, now: Ints, day: Ints) -> None:
        persons = rows.persons
        shown = np.flatnonzero(persons.role > PARTNER)
        counts = np.bincount(persons.household[shown], minlength=rows.households.rows)
        starts = np.cumsum(counts) - counts
        here = counts[homes]
        self.row = np.repeat(np.arange(len(homes)), here)  # which row of the folded columns
        place = np.arange(len(self.row)) - np.repeat(np.cumsum(here) - here, here)
        self.person = shown[np.repeat(starts[homes], here) + place]
        self.now, self.day = now[self.row], day[self.row]
        self.births = Births(persons, self.person)
        self.child: Flags = persons.role[self.person] == CHILD
        self.start, self.end = persons.start[self.person], persons.end[self.person]
