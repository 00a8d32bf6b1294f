"""A block of households in columns: persons, homes and childcare, checked when it is made.

Everything in a block is known: households with an unknown fact, with dates of death, or with more
than the columns hold go the scalar way. Reading columns from a store is the work of others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from scheduler.errors import SchedulerError

Column: TypeAlias = NDArray[np.int64]
Ints: TypeAlias = NDArray[np.integer]
Flags: TypeAlias = NDArray[np.bool_]

APPLICANT: Final = 0
PARTNER: Final = 1
CHILD: Final = 2  # own child in the home, for whom kinderbijslag is paid
HOUSEMATE: Final = 3  # medebewoner, no child of the family
DAGOPVANG: Final = 0
BSO: Final = 1
GASTOUDER: Final = 2
ROWS_MAX: Final = 65_536  # households in a block: bounded memory
CARED_MAX: Final = 4  # children with care, as many as the regulation of kinderopvangtoeslag has
NEVER: Final = 2**31 - 1  # an ordinal beyond every calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonColumns:
    """One row per person, by household and within it by role. Days are proleptic ordinals
    (date.toordinal). A person belongs to the household from `start` up to, not including, `end`;
    the applicant always does.
    """

    household: Ints  # index into the household columns, rising
    role: Ints
    birth_year: Ints
    birth_month: Ints
    birth_day: Ints
    start: Ints
    end: Ints
    insured: Flags
    works: Flags  # paid work in the year
    income: Column  # toetsingsinkomen of the year, cents
    assets: Column  # on 1 January, cents


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholdColumns:
    """One row per household: the rented home; rent 0 and `rents` false where there is none."""

    rents: Flags
    independent: Flags
    adapted: Flags
    bare_rent: Ints  # cents a month
    service_costs: Ints

    @property
    def rows(self) -> int:
        return len(self.rents)


@dataclass(frozen=True, slots=True, kw_only=True)
class CareColumns:
    """One row per child and kind of childcare, from `start` up to, not including, `end`.

    `child` counts the children with care of a household from 0; hours a month, cents an hour.
    """

    household: Ints
    child: Ints
    kind: Ints
    hours: Ints
    rate: Ints
    start: Ints
    end: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A block of households."""

    persons: PersonColumns
    households: HouseholdColumns
    care: CareColumns

    def __post_init__(self) -> None:
        """Raises SchedulerError for columns that do not hold together."""
        rows = self.households.rows
        if rows > ROWS_MAX:
            raise SchedulerError(f"a block holds at most {ROWS_MAX} households; split it")
        self._check_persons(rows)
        self._check_care(rows)

    def _check_persons(self, rows: int) -> None:
        home, role = self.persons.household, self.persons.role
        first = np.flatnonzero(np.diff(home, prepend=-1))
        if not np.array_equal(home[first], np.arange(rows)) or np.any(np.diff(home) < 0):
            raise SchedulerError("persons are not in order of household, each with its own")
        again = np.diff(home) == 0
        if np.any(role[first] != APPLICANT) or np.any((role[1:] < role[:-1]) & again):
            raise SchedulerError("persons of a household are not in order of role")
        if np.any((role[1:] == role[:-1]) & (role[1:] <= PARTNER) & again):
            raise SchedulerError("a household has one applicant and at most one partner")

    def _check_care(self, rows: int) -> None:
        care = self.care
        if not len(care.household):
            return
        if care.child.min() < 0 or care.child.max() >= CARED_MAX:
            raise SchedulerError(f"more than {CARED_MAX} children with care; go the scalar way")
        if care.household.min() < 0 or care.household.max() >= rows:
            raise SchedulerError("childcare of a household that is not in the block")
        key = (care.household.astype(np.int64) * CARED_MAX + care.child) * 3 + care.kind
        if len(np.unique(key)) < len(key):
            raise SchedulerError("two rows for one child and kind of care; go the scalar way")


def no_care() -> CareColumns:
    """No childcare at all."""
    none = np.zeros(0, dtype=np.int64)
    return CareColumns(household=none, child=none, kind=none, hours=none, rate=none, start=none,
                       end=none)  # fmt: skip
