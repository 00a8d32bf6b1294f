"""A year of income shocks: what each person is paid, month by month and relation by relation, and
what the year's income is estimated to be after each month's statements.

The estimate is that of folding/income.py (the middle of the last three full months goes on until
the relation ends), for many persons at once; a test holds the two equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from scheduler.population.chance import Chance
from scheduler.population.rows import Column, Flags, Ints
from specs.population_files import PER_MILLE, PopulationFile

MONTHS: Final = 12
WHOLE_YEAR: Final = MONTHS
BEFORE: Final = 0  # a relation that goes on from the year before
FIRST_SHOCK: Final = 1  # January is as it was: shocks begin in February


@dataclass(frozen=True, slots=True)
class Relation:
    """One income relation of many persons: paid from month `start` up to, not including, `end`.

    `wage` is a row per person with the cents of twelve months, zero outside the relation. Who has
    no such relation has start and end alike.
    """

    start: Ints
    end: Ints
    wage: Column

    def known(self, month: int) -> tuple[Flags, Flags]:
        """Who has it by the end of a month, and for whom it is not known to end."""
        return self.start <= month, self.end > month


@dataclass(frozen=True, slots=True)
class Incomes:
    """All income of some persons in a year."""

    relations: tuple[Relation, ...]  # the first one goes on from the year before
    before: Column  # cents a month in the year before, of the first relation

    @property
    def actual(self) -> Column:
        """What the year's income was in the end."""
        total: Column = np.sum([each.wage.sum(axis=1) for each in self.relations], axis=0)
        return total

    def estimated(self, month: int) -> Column:
        """The year's income by the statements up to a month (0 is January; -1: none yet)."""
        if month < 0:
            return MONTHS * self.before
        total = np.zeros(len(self.before), dtype=np.int64)
        for place, relation in enumerate(self.relations):
            begun, goes_on = relation.known(month)
            total += relation.wage[:, : month + 1].sum(axis=1) * begun
            rest = MONTHS - 1 - month
            total += self._usual(place, relation, month) * (begun & goes_on) * rest
        return total

    def _usual(self, place: int, relation: Relation, month: int) -> Column:
        """The middle of the last three statements, of two the lower one."""
        last = []
        for back in range(3):
            if month - back >= 0:
                last.append(relation.wage[:, month - back])
            else:
                last.append(self.before if place == BEFORE else np.zeros_like(self.before))
        one, two, three = last
        told = np.where(relation.start > month, 0, month - relation.start + 1)
        told = np.where((relation.start == BEFORE) & (place == BEFORE), 3, told)
        middle = np.maximum(np.minimum(one, two), np.minimum(np.maximum(one, two), three))
        lower = np.minimum(one, two)
        found: Column = np.where(told >= 3, middle, np.where(told == 2, lower, one))
        return found


def shocked(chance: Chance, file: PopulationFile, monthly: Column, works: Flags) -> Incomes:
    """A year in which jobs are lost, changed and added, hours and wages change.

    `monthly` is what each person had a month before; who does not work keeps it.
    """
    persons = len(monthly)
    lost, changed, second = _which(chance, file, works)
    month = chance.between(FIRST_SHOCK, MONTHS, persons)
    gap = file.figures["months_without_work"].value
    until = np.where(lost | changed, month, WHOLE_YEAR)
    wage = _changed_wages(chance, file, monthly, works)
    first = _relation(np.zeros(persons, dtype=np.int64), until, wage)
    share = file.figures["ww_share"]
    benefit = np.repeat(monthly[:, np.newaxis] * share.value // share.scale, MONTHS, axis=1)
    back = np.minimum(month + gap, WHOLE_YEAR)
    ww = _relation(np.where(lost, month, 0), np.where(lost, back, 0), benefit)
    again = np.where(lost, back, month)
    factor = _factor(chance, file, "change_job", persons)
    new_wage = np.repeat((monthly * factor // PER_MILLE)[:, np.newaxis], MONTHS, axis=1)
    moved = lost | changed
    new = _relation(np.where(moved, again, 0), np.where(moved, WHOLE_YEAR, 0), new_wage)
    return Incomes((first, ww, new, _second_job(chance, file, monthly, second)), monthly)


def _which(chance: Chance, file: PopulationFile, works: Flags) -> tuple[Flags, Flags, Flags]:
    """Who loses a job, who changes it, who begins a second one."""
    figures = file.figures
    drawn = chance.stream.random(len(works)) * figures["shock_job_lost"].scale
    lost = figures["shock_job_lost"].value
    changed = lost + figures["shock_job_changed"].value
    second = figures["shock_second_job"]
    return (
        works & (drawn < lost), works & (drawn >= lost) & (drawn < changed),
        works & chance.some(second.value / second.scale, len(works)),
    )  # fmt: skip


def _changed_wages(chance: Chance, file: PopulationFile, monthly: Column, works: Flags) -> Column:
    """The wage of each month: other hours and a raise from some month on."""
    wage = np.repeat(monthly[:, np.newaxis], MONTHS, axis=1)
    for kind in ("hours", "raise"):
        figure = file.figures[f"shock_{kind}"]
        touched = works & chance.some(figure.value / figure.scale, len(works))
        since = chance.between(FIRST_SHOCK, MONTHS, len(works))
        factor = _factor(chance, file, f"change_{kind}", len(works))
        later = touched[:, np.newaxis] & (np.arange(MONTHS) >= since[:, np.newaxis])
        wage = np.where(later, wage * factor[:, np.newaxis] // PER_MILLE, wage)
    return wage


def _second_job(chance: Chance, file: PopulationFile, monthly: Column, second: Flags) -> Relation:
    """It begins or ends in the year; one that ends was there from January."""
    persons = len(monthly)
    change = chance.on(file.curves["change_second_job"], persons)
    month = chance.between(FIRST_SHOCK, MONTHS, persons)
    ends = change < 0
    wage = np.repeat((monthly * np.abs(change) // PER_MILLE)[:, np.newaxis], MONTHS, axis=1)
    start = np.where(second & ~ends, month, 0)
    end = np.where(second, np.where(ends, month, WHOLE_YEAR), 0)
    return _relation(start, end, wage)


def _factor(chance: Chance, file: PopulationFile, curve: str, persons: int) -> Column:
    return PER_MILLE + chance.on(file.curves[curve], persons)


def _relation(start: Ints, end: Ints, wage: Column) -> Relation:
    months = np.arange(MONTHS)
    inside = (months >= start[:, np.newaxis]) & (months < end[:, np.newaxis])
    return Relation(np.where(end > start, start, WHOLE_YEAR), end, wage * inside)
