"""A synthetic nation: blocks of households in the proportions of a population file, from a seed.

Block n of a seed is always the same, whatever blocks are made beside it. Nobody real is in it.
Not in it: deaths, moves, divorces into two households, people without a household.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scheduler.population.chance import Chance, fit
from scheduler.population.homes import care_of, homes_of
from scheduler.population.rows import (
    APPLICANT,
    CHILD,
    HOUSEMATE,
    NEVER,
    PARTNER,
    ROWS_MAX,
    Column,
    Flags,
    Ints,
    PersonColumns,
    Rows,
)
from specs.population_files import PopulationFile

LAST_INCOME: Final = 40_000_000  # cents: where the open class ends
ADULT: Final = 18
EARNING_CHILD: Final = 16
WORKING: Final = (18, 67)
WORK_INCOME: Final = 1_000_000  # cents
PARENT_MAX: Final = 45  # heads below this age get the children born in the year


@dataclass(frozen=True, slots=True)
class People:
    """Some persons, one row each, before they are put in order."""

    home: Ints
    role: int
    age: Ints  # on 1 January; -1: born during the year
    income: Column
    assets: Column
    start: Ints
    end: Ints


class Nation:
    """Blocks of households by their number."""

    def __init__(self, file: PopulationFile, seed: int, year: int) -> None:
        self.file = file
        self.seed = seed
        self.year = year
        composition, ages = file.shares["composition"], file.shares["age_of_head"]
        shape = np.asarray(file.fitted["age_by_composition"].rows, dtype=np.float64)
        self._cells = fit(shape, composition.counts, ages.counts)
        bounds = [tuple(map(int, name.split("_"))) for name in ages.names]
        self._youngest = np.array([low for low, _ in bounds])
        self._oldest = np.array([high for _, high in bounds])
        self._first = date(year, 1, 1).toordinal()
        self._last = date(year, 12, 31).toordinal()

    def block(self, number: int, rows: int = ROWS_MAX) -> Rows:
        """The households of one block."""
        chance = Chance(self.seed, number)
        cell = chance.weighed(self._cells.ravel(), rows)
        kinds = self.file.shares["composition"].names
        kind, band = np.divmod(cell, len(self._youngest))
        age = chance.between(self._youngest[band], self._oldest[band] + 1, rows)
        families = {name: kind == place for place, name in enumerate(kinds)}
        savings = self._savings(chance, kind)
        paired = families["couple"] | families["couple_with_children"]
        savings[paired] //= 2  # half of a couple's savings with each
        people = [
            People(np.arange(rows), APPLICANT, age, self._incomes(chance, rows), savings,
                   np.zeros(rows, dtype=np.int64), np.full(rows, NEVER)),
            self._partners(chance, np.flatnonzero(paired), age, savings),
            *self._children(chance, families, age),
            self._housemates(chance, families["other"]),
        ]  # fmt: skip
        persons, ages = self._in_order(chance, people)
        return Rows(
            persons=persons,
            households=homes_of(chance, self.file, persons, rows),
            care=care_of(chance, self.file, persons, ages),
        )

    def _incomes(self, chance: Chance, rows: int) -> Column:
        """Personal income in its class, brought from the year of the source to this one."""
        classes = self.file.shares["personal_income"]
        edges = np.array([*map(int, classes.names), LAST_INCOME])
        place = chance.pick(classes, rows)
        growth = self.file.figures["income_growth"]
        drawn = chance.between(edges[place], edges[place + 1], rows)
        return drawn * growth.value // growth.scale

    def _savings(self, chance: Chance, kind: Ints) -> Column:
        """Of a household, by its composition."""
        names, figures = self.file.shares["composition"].names, self.file.figures
        median = np.array([figures[f"savings_median_{name}"].value for name in names])
        mean = np.array([figures[f"savings_mean_{name}"].value for name in names])
        return chance.skewed(median[kind], mean[kind])

    def _partners(self, chance: Chance, home: Ints, age: Ints, savings: Column) -> People:
        rows = len(home)
        difference = chance.on(self.file.curves["age_difference"], rows)
        changes = self.file.shares["partner_changes"]
        change = chance.pick(changes, rows)
        day = chance.between(self._first + 1, self._last, rows)
        start = np.where(change == changes.names.index("begins"), day, 0)
        end = np.where(change == changes.names.index("ends"), day, NEVER)
        theirs = np.clip(age[home] - difference, ADULT, None)
        incomes = self._incomes(chance, rows)
        return People(home, PARTNER, theirs, incomes, savings[home], start, end)

    def _children(
        self, chance: Chance, families: dict[str, Flags], age: Ints
    ) -> tuple[People, People]:
        """Children at home on 1 January, and those born during the year."""
        shares = self.file.shares
        counts = np.zeros(len(age), dtype=np.int64)
        for name, of in (("couple_with_children", "couple"), ("one_parent", "one_parent")):
            chosen = np.flatnonzero(families[name])
            counts[chosen] = 1 + chance.pick(shares[f"children_of_{of}"], len(chosen))
        counts += (counts == 3) & chance.named(shares["fourth_child"], "yes", len(age))
        home = np.repeat(np.arange(len(age)), counts)
        theirs = chance.pick(shares["age_of_child"], len(home))
        theirs = np.clip(theirs, 0, np.maximum(age[home] - ADULT, 0))
        earns = chance.named(shares["child_earns"], "yes", len(home)) & (theirs >= EARNING_CHILD)
        income = chance.on(self.file.curves["income_of_child"], len(home)) * earns
        here, always = np.zeros(len(home), dtype=np.int64), np.full(len(home), NEVER)
        older = People(home, CHILD, theirs, income, np.zeros_like(home), here, always)
        return older, self._born(chance, families, age)

    def _born(self, chance: Chance, families: dict[str, Flags], age: Ints) -> People:
        parents = families["couple"] | families["couple_with_children"] | families["one_parent"]
        young = np.flatnonzero(parents & (age < PARENT_MAX))
        yes, no = self.file.shares["births_in_the_year"].counts
        wanted = yes / (yes + no) * parents.sum() / max(1, len(young))
        home = young[chance.some(wanted, len(young))]
        none = np.zeros(len(home), dtype=np.int64)
        return People(home, CHILD, none - 1, none, none, none, np.full(len(home), NEVER))

    def _housemates(self, chance: Chance, other: Flags) -> People:
        also = chance.named(self.file.shares["housemate"], "yes", len(other))
        home = np.flatnonzero(other | also)
        rows = len(home)
        names = self.file.shares["composition"].names
        alone = np.full(rows, names.index("alone"))
        return People(
            home, HOUSEMATE, chance.between(20, 76, rows), self._incomes(chance, rows),
            self._savings(chance, alone), np.zeros(rows, dtype=np.int64), np.full(rows, NEVER),
        )  # fmt: skip

    def _in_order(self, chance: Chance, people: list[People]) -> tuple[PersonColumns, Ints]:
        """All persons by household and role, with a birth date each; and their ages."""
        home = np.concatenate([each.home for each in people])
        role = np.repeat([each.role for each in people], [len(each.home) for each in people])
        order = np.lexsort((role, home))
        age = np.concatenate([each.age for each in people])[order]
        rows = len(order)
        birth_year = self.year - 1 - age
        month = chance.between(1, 13, rows)
        lengths = np.array([[monthrange(1999 + leap, m)[1] for m in range(1, 13)]
                            for leap in (0, 1)])  # fmt: skip
        leap = (birth_year % 4 == 0) & ((birth_year % 100 != 0) | (birth_year % 400 == 0))
        day = chance.between(1, lengths[leap.astype(np.int64), month - 1] + 1, rows)
        income = np.concatenate([each.income for each in people])[order]
        works = (age >= WORKING[0]) & (age < WORKING[1]) & (income >= WORK_INCOME)
        works &= chance.named(self.file.shares["works"], "yes", rows)
        insured = chance.named(self.file.shares["insured"], "yes", rows) | (age < ADULT)

        def joined(name: str) -> NDArray[np.int64]:
            return np.concatenate([getattr(each, name) for each in people])[order]

        persons = PersonColumns(
            household=home[order].astype(np.int32), role=role[order].astype(np.int8),
            birth_year=birth_year.astype(np.int16), birth_month=month.astype(np.int8),
            birth_day=day.astype(np.int8), start=joined("start").astype(np.int32),
            end=joined("end").astype(np.int32), insured=insured, works=works, income=income,
            assets=joined("assets"),
        )  # fmt: skip
        return persons, age
