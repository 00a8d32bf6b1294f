"""What a scheme gives the households of a block in a year: twelve months and the award."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from scheduler.compiling.columns import ColumnVersion
from scheduler.errors import SchedulerError
from scheduler.folding.known import Unknown
from scheduler.population.fold import Folded
from scheduler.population.rows import Column
from scheduler.rulebook import Rulebook

TOESLAGEN: Final = (
    "zorgtoeslag", "huurtoeslag", "kindgebonden_budget", "kinderopvangtoeslag",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class YearColumns:
    """What a scheme gives: cents paid per month (twelve rows) and the award of the year."""

    paid: Column
    award: Column


class Year:
    """The rules of the toeslagen in a year, bound to columns once for all blocks."""

    def __init__(self, rulebook: Rulebook, year: int, schemes: Sequence[str] = TOESLAGEN) -> None:
        """Raises SchedulerError for a scheme that is not folded here, and for a year without its
        rules or with more than one version of them.
        """
        self.year = year
        self.schemes = tuple(schemes)
        self._versions = {scheme: _bound(rulebook, scheme, year) for scheme in schemes}

    def derive(self, folded: Folded, scheme: str) -> YearColumns:
        """Twelve months and the award of one scheme for all households of a block."""
        rows = folded.rows.households.rows
        version = self._versions[scheme]
        month = version.run_month(folded)
        paid = np.empty((12, rows), dtype=np.int64)
        paid[:] = month.paid[:rows]  # January comes first: every household
        part = month.part[:rows].copy()
        total = 12 * part
        begin = rows
        for place, homes in enumerate(folded.looked[1:], 1):
            shown = slice(begin, begin + len(homes))
            begin += len(homes)
            if len(homes):
                paid[place:, homes] = month.paid[shown]
                total[homes] += (12 - place) * (month.part[shown] - part[homes])
                part[homes] = month.part[shown]
        award = version.run_year(total)
        paid *= award > 0
        return YearColumns(paid=paid, award=award)


def _bound(rulebook: Rulebook, scheme: str, year: int) -> ColumnVersion:
    if scheme not in TOESLAGEN:
        known = ", ".join(TOESLAGEN)
        raise SchedulerError(f"{scheme!r} is not folded in columns; known: {known}")
    months = rulebook.of_year(scheme, year)
    first = months[0][1]
    for month, version in months:
        if isinstance(version, Unknown) or version.file.unavailable is not None:
            raise SchedulerError(f"no rules of {scheme} for {month}; go the scalar way")
        if version is not first:
            raise SchedulerError(f"{scheme}: other rules from {month}; go the scalar way")
    assert not isinstance(first, Unknown)
    return ColumnVersion(first)
