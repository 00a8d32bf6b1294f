"""The law for many households at once: persons in columns, folded to households per month.

A block is two sets of columns: persons, sorted by household, and households. Folding gives the
inputs of a regulation as columns; columns.py computes. Everything in a block is known: households
with an unknown fact go the scalar way. Reading columns from a store is the work of others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from scheduler.compiling.columns import Column, ColumnVersion, MonthColumns
from scheduler.errors import SchedulerError
from scheduler.folding.known import Unknown
from scheduler.rulebook import Rulebook
from specs.values import Month, months_of_year

Flags: TypeAlias = NDArray[np.bool_]
APPLICANT: Final = 0
PARTNER: Final = 1
CHILD: Final = 2  # own child in the home, for whom kinderbijslag is paid
HOUSEMATE: Final = 3  # medebewoner, no child of the family
ROWS_MAX: Final = 65_536  # households in a block: bounded memory
CHILD_INCOMES: Final = 4  # as many incomes of children as the regulation of the huurtoeslag has
ALWAYS: Final = 0
NEVER: Final = 2**31 - 1  # an ordinal beyond every calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonColumns:
    """One row per person, in order of household. Days are proleptic ordinals (date.toordinal).

    Every household has one applicant and at most one partner. A person belongs to the household
    from `start` up to, not including, `end`.
    """

    household: Column  # index into the household columns, rising
    role: Column
    birth_year: Column
    birth_month: Column
    birth_day: Column
    start: Column
    end: Column
    insured: Flags
    income: Column  # toetsingsinkomen of the year, cents
    assets: Column  # on 1 January, cents


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholdColumns:
    """One row per household: the rented home; rent 0 and `rents` false where there is none."""

    rents: Flags
    independent: Flags
    bare_rent: Column
    service_costs: Column
    adapted: Flags

    @property
    def rows(self) -> int:
        return len(self.rents)


@dataclass(frozen=True, slots=True, kw_only=True)
class YearColumns:
    """What a scheme gives: cents paid per month (twelve rows) and the award of the year."""

    paid: Column
    award: Column


class Block:
    """A block of households looked at through one year; notions are computed once."""

    def __init__(self, persons: PersonColumns, households: HouseholdColumns, year: int) -> None:
        if households.rows > ROWS_MAX:
            raise SchedulerError(f"a block holds at most {ROWS_MAX} households; split it")
        firsts = np.flatnonzero(np.diff(persons.household, prepend=-1))
        if not np.array_equal(persons.household[firsts], np.arange(households.rows)):
            raise SchedulerError("persons are not in order of household, each with its own")
        self._firsts = firsts
        self._birthdays: dict[int, tuple[Column, Flags]] = {}
        self.persons = persons
        self.households = households
        self.year = year
        self._months = [_first(month) for month in months_of_year(year)]
        self._present = [(persons.start <= day) & (day < persons.end) for day in self._months]
        self._is_partner = persons.role == PARTNER
        self._partner = [self._any(self._is_partner & here) for here in self._present]
        self.partner_all_year = np.logical_and.reduce(self._partner)
        applicant = persons.role == APPLICANT
        self._income = self._sum(applicant, persons.income)
        self._partner_income = self._sum(self._is_partner, persons.income)
        self._assets = self._sum(applicant, persons.assets)
        theirs = self._sum(self._is_partner, persons.assets)
        self._partner_assets = theirs * self.partner_all_year
        self._applicant = applicant

    def common(self, place: int) -> dict[str, Column]:
        """The inputs that the toeslagen share, in the month at a place from 0."""
        partner = self._partner[place]
        return {
            "in_leven": np.ones(self.households.rows, dtype=np.int64),
            "partner": partner.astype(np.int64),
            "toetsingsinkomen": self._income + self._partner_income * partner,
            "partner_hele_jaar": self.partner_all_year.astype(np.int64),
            "vermogen": self._assets,
            "vermogen_partner": self._partner_assets,
        }

    def zorgtoeslag(self, place: int) -> Mapping[str, Column]:
        """Inputs of `regulations/zorgtoeslag`."""
        grown = self._reached_before(18, place) & self.persons.insured
        here = self._present[place]
        return {
            **self.common(place),
            "verzekerd": self._any(self._applicant & grown).astype(np.int64),
            "partner_verzekerd": self._any(self._is_partner & here & grown).astype(np.int64),
        }

    def kindgebonden_budget(self, place: int) -> Mapping[str, Column]:
        """Inputs of `regulations/kindgebonden_budget`: by the month after each event."""
        day = self._months[place]
        counts = (self.persons.role == CHILD) & (day < self.persons.end)
        counts &= (self.persons.start < day) & self._reached_before(0, place)
        counts &= ~self._reached_before(18, place)
        sixteen = self._reached_before(16, place)
        twelve = self._reached_before(12, place) & ~sixteen
        return {
            **self.common(place),
            "kinderen": self._count(counts),
            "kinderen_12_15": self._count(counts & twelve),
            "kinderen_16_17": self._count(counts & sixteen),
        }

    def huurtoeslag(self, place: int) -> Mapping[str, Column]:
        """Inputs of `regulations/huurtoeslag`: residents, incomes and assets per person."""
        homes, persons = self.households, self.persons
        here = self._present[place] & self._reached(0, place)
        mates = here & (persons.role >= CHILD)
        everybody = here & (persons.role != CHILD) | mates
        young = self._under_on_1_january(23)
        minor = self._under_on_1_january(18)
        child = persons.role == CHILD
        others = mates & ~(child & young)
        common = self.common(place)
        all_year = np.logical_and.reduce(self._present)
        counted = persons.assets * (mates & all_year & ~minor)
        some = {f"iemand_{age}": self._any(everybody & self._reached(age, place)).astype(np.int64)
                for age in (21, 23)}  # fmt: skip
        return {
            **common, **some,
            "volwassen": self._any(self._applicant & self._reached(18, place)).astype(np.int64),
            "huurt": homes.rents.astype(np.int64),
            "zelfstandig": (homes.rents & homes.independent).astype(np.int64),
            "kale_huur": homes.bare_rent, "servicekosten": homes.service_costs,
            "aangepast": homes.adapted.astype(np.int64),
            "eerder_toeslag": np.zeros(homes.rows, dtype=np.int64),
            "personen": self._count(everybody),
            "kind_in_huis": self._any(mates & child).astype(np.int64),
            "pensioen_in_huis": self._any(everybody & self._reached(67, place)).astype(np.int64),
            "inkomen_samen": common["toetsingsinkomen"] + self._sum(others, persons.income),
            **self._child_incomes(mates & child & young),
            "hoogste_vermogen_medebewoner": self._highest(counted),
        }  # fmt: skip

    def _child_incomes(self, rows: Flags) -> dict[str, Column]:
        """Positive incomes of children one by one, in order of the rows."""
        names = [f"inkomen_kind_{place}" for place in range(1, CHILD_INCOMES + 1)]
        found = {name: np.zeros(self.households.rows, dtype=np.int64) for name in names}
        earning = np.flatnonzero(rows & (self.persons.income > 0))
        homes = self.persons.household[earning]
        before = np.searchsorted(homes, homes, side="left")
        rank = np.arange(len(homes)) - before
        if len(rank) and int(rank.max()) >= CHILD_INCOMES:
            raise SchedulerError("more earning children than the regulation has; go the scalar way")
        for place, name in enumerate(names):
            chosen = rank == place
            found[name][homes[chosen]] = self.persons.income[earning[chosen]]
        return found

    def _reached_before(self, age: int, place: int) -> Flags:
        """Reached in an earlier month (see ages.reached_before)."""
        passed: Flags = self._birthday(age)[0] < _index(self.year, place + 1)
        return passed

    def _reached(self, age: int, place: int) -> Flags:
        """Reached on or before the first day of the month (Awir 5)."""
        month, first = self._birthday(age)
        now = _index(self.year, place + 1)
        reached: Flags = (month < now) | ((month == now) & first)
        return reached

    def _under_on_1_january(self, age: int) -> Flags:
        return ~self._reached(age, 0)

    def _birthday(self, age: int) -> tuple[Column, Flags]:
        """The month of a birthday, and whether it is on the first. Born on 29 February: in a common
        year it is 1 March (see ages.birthday).
        """
        if age not in self._birthdays:
            persons = self.persons
            target = persons.birth_year + age
            leap = (target % 4 == 0) & ((target % 100 != 0) | (target % 400 == 0))
            shifted = (persons.birth_month == 2) & (persons.birth_day == 29) & ~leap
            month = target * 12 + persons.birth_month + shifted
            self._birthdays[age] = (month, (persons.birth_day == 1) | shifted)
        return self._birthdays[age]

    def _count(self, rows: Flags) -> Column:
        return np.add.reduceat(rows.astype(np.int64), self._firsts)

    def _any(self, rows: Flags) -> Flags:
        return np.logical_or.reduceat(rows, self._firsts)

    def _sum(self, rows: Flags, values: Column) -> Column:
        return np.add.reduceat(values * rows, self._firsts)

    def _highest(self, values: Column) -> Column:
        """The highest of values that are zero or more."""
        return np.maximum.reduceat(np.maximum(values, 0), self._firsts)


FOLDS: Final[Mapping[str, Callable[[Block, int], Mapping[str, Column]]]] = {
    "zorgtoeslag": Block.zorgtoeslag,
    "huurtoeslag": Block.huurtoeslag,
    "kindgebonden_budget": Block.kindgebonden_budget,
}


def derive_block(block: Block, scheme: str, rulebook: Rulebook) -> YearColumns:
    """Twelve months and the award of one scheme for all households of a block.

    Raises SchedulerError for a scheme that is not folded here and for a year without its rules.
    """
    if scheme not in FOLDS:
        raise SchedulerError(f"{scheme!r} is not folded in columns; known: {', '.join(FOLDS)}")
    paid: list[Column] = []
    total = np.zeros(block.households.rows, dtype=np.int64)
    columns: ColumnVersion | None = None
    for place, (month, version) in enumerate(rulebook.of_year(scheme, block.year)):
        if isinstance(version, Unknown) or version.file.unavailable is not None:
            raise SchedulerError(f"no rules of {scheme} for {month}; go the scalar way")
        if columns is None or columns.version is not version:
            columns = ColumnVersion(version)
        inputs = FOLDS[scheme](block, place)
        found: MonthColumns = columns.run_month(inputs)
        paid.append(found.paid)
        total += found.part
    assert columns is not None
    award = columns.run_year(total)
    months = np.stack(paid) * (award > 0)
    return YearColumns(paid=months, award=award)


def _first(month: Month) -> int:
    return month.first_day.toordinal()


def _index(year: int, month: int) -> int:
    return year * 12 + month
