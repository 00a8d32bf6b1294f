"""A block of households folded: each input of the regulations as one column, made once when asked.

A row of the columns is a household in one month: every household in January, then those that may
differ from the month before (months.py). What a notion means stands with its article in schemes/;
a property test holds these columns equal to it. Applicant and partner are the first persons of a
household, so that only the others are added up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from scheduler.errors import SchedulerError
from scheduler.population.months import month_firsts, months_to_look_at
from scheduler.population.people import Births, Others
from scheduler.population.rows import (
    BSO,
    CARED_MAX,
    DAGOPVANG,
    GASTOUDER,
    PARTNER,
    Column,
    Flags,
    Ints,
    Rows,
)

S = TypeVar("S", bound=np.generic)
CHILD_INCOMES: Final = 4  # as many incomes of children as the regulation of the huurtoeslag has
PENSION_YEARS: Final = (2024, 2027)  # pension age is 67 (AOW 7a lid 1)
KINDS: Final = {"dagopvang": DAGOPVANG, "bso": BSO, "gastouder": GASTOUDER}


class Folded:
    """Inputs of the toeslagen as columns, by their names; each is computed once."""

    def __init__(self, rows: Rows, year: int) -> None:
        self.rows = rows
        self.year = year
        self.looked = months_to_look_at(rows, year)
        self.homes = np.concatenate(self.looked)
        month = np.repeat(np.arange(12, dtype=np.int32), [len(each) for each in self.looked])
        self._firsts = month_firsts(year)
        self._now = (month + np.int32(12 * year + 1)).astype(np.int32)
        self._day = self._firsts[month]
        self._until = self._firsts[month + 1]
        self._kept: dict[str, Column] = {}

    def __getitem__(self, name: str) -> Column:
        """One input; raises SchedulerError for a name that is not folded here."""
        if name not in self._kept:
            if name not in FOLDS:
                raise SchedulerError(f"the input {name!r} is not folded in columns")
            self._kept[name] = np.asarray(FOLDS[name](self), dtype=np.int64)
        return self._kept[name]

    # Applicant and partner: one row per household, then taken to the months looked at.

    @cached_property
    def _applicant(self) -> Ints:
        return np.flatnonzero(np.diff(self.rows.persons.household, prepend=-1))

    @cached_property
    def _partner(self) -> tuple[Ints, Flags]:
        """The partner's row per household (any row where there is none), and whether he exists."""
        role = self.rows.persons.role
        second = np.minimum(self._applicant + 1, len(role) - 1)
        return second, role[second] == PARTNER

    @cached_property
    def partner_here(self) -> Flags:
        """Whether there is a partner on the first day of the month (Awir 5)."""
        row, exists = self._partner
        start, end = self.rows.persons.start[row], self.rows.persons.end[row]
        inside: Flags = (self._take(start) <= self._day) & (self._day < self._take(end))
        return self._take(exists) & inside

    @cached_property
    def _partner_all_year(self) -> Flags:
        row, exists = self._partner
        return exists & self._all_year(row)

    def _all_year(self, person: Ints) -> Flags:
        """In the household on the first day of every month."""
        persons = self.rows.persons
        within: Flags = (persons.start[person] <= self._firsts[0]) & (
            persons.end[person] > self._firsts[11]
        )
        return within

    def _take(self, column: NDArray[S]) -> NDArray[S]:
        found: NDArray[S] = column[self.homes]
        return found

    def reached_before(self, births: Births, age: int) -> Flags:
        """Reached in an earlier month (see ages.reached_before)."""
        passed: Flags = births.month(age)[0] < self._now
        return passed

    def _reached(self, births: Births, age: int, now: Ints) -> Flags:
        """Reached on or before the first day of the month (Awir 5)."""
        month, first = births.month(age)
        reached: Flags = (month < now) | ((month == now) & first)
        return reached

    @cached_property
    def _own_births(self) -> Births:
        return Births(self.rows.persons, self._applicant[self.homes])

    @cached_property
    def _partner_births(self) -> Births:
        return Births(self.rows.persons, self._partner[0][self.homes])

    def insured(self) -> Flags:
        """Insured, and 18 in an earlier month (Wet op de zorgtoeslag 1)."""
        has = self._take(self.rows.persons.insured[self._applicant])
        return has & self.reached_before(self._own_births, 18)

    def partner_insured(self) -> Flags:
        has = self._take(self.rows.persons.insured[self._partner[0]])
        return has & self.partner_here & self.reached_before(self._partner_births, 18)

    def income(self) -> Column:
        """Of applicant and partner (Awir 8)."""
        income = self.rows.persons.income
        theirs = self._take(income[self._partner[0]]) * self.partner_here
        found: Column = self._take(income[self._applicant]) + theirs
        return found

    def partner_assets(self) -> Column:
        """They count only when he is partner all year (Awir 7 lid 3)."""
        row, _ = self._partner
        found: Column = self._take(self.rows.persons.assets[row] * self._partner_all_year)
        return found

    def partner_works(self) -> Flags:
        works = self._take(self.rows.persons.works[self._partner[0]])
        return works | ~self.partner_here

    # Children and housemates: added up per row.

    @cached_property
    def _others(self) -> Others:
        return Others(self.rows, self.homes, self._now, self._day)

    def _count(self, chosen: Flags) -> Column:
        return np.bincount(self._others.row[chosen], minlength=len(self.homes))

    def _sum(self, chosen: Flags, values: Column) -> Column:
        """Whole numbers added per row; `np.bincount` with weights would make floats of them."""
        found = np.zeros(len(self.homes), dtype=np.int64)
        rows = self._others.row[chosen]
        if len(rows):
            first = np.flatnonzero(np.diff(rows, prepend=-1))
            found[rows[first]] = np.add.reduceat(values[chosen], first)
        return found

    @cached_property
    def _counted_children(self) -> Flags:
        """From the month after birth or joining up to the 18th birthday's month (WKB 2)."""
        others = self._others
        births = others.births
        counts: Flags = (others.start < others.day) & (others.day < others.end)
        counts &= (births.index < others.now) & (births.month(18)[0] >= others.now)
        return counts & others.child

    def children(self) -> Column:
        return self._count(self._counted_children)

    def children_of(self, low: int, high: int) -> Column:
        """Of them: from the month after one age up to that of the next."""
        others = self._others
        births, now = others.births, others.now
        aged: Flags = (births.month(low)[0] < now) & (births.month(high)[0] >= now)
        return self._count(self._counted_children & aged)

    @cached_property
    def _residents(self) -> Flags:
        """Others who live here on the first day, born (Wht 2; Awir 2 lid 1 e)."""
        others = self._others
        here: Flags = (others.start <= others.day) & (others.day < others.end)
        return here & self._reached(others.births, 0, others.now)

    def _under_on_1_january(self, age: int) -> Flags:
        others = self._others
        return ~self._reached(others.births, age, np.full_like(others.now, 12 * self.year + 1))

    @cached_property
    def _young_children(self) -> Flags:
        """Own children under 23 on 1 January: each has an exemption (Awir 7 lid 6)."""
        return self._residents & self._others.child & self._under_on_1_january(23)

    @cached_property
    def _own_here(self) -> tuple[Flags, Flags]:
        """Whether applicant and partner are born and here."""
        own = self._reached(self._own_births, 0, self._now)
        return own, self.partner_here & self._reached(self._partner_births, 0, self._now)

    def residents(self) -> Column:
        own, partner = self._own_here
        found: Column = self._count(self._residents) + own + partner
        return found

    def anybody(self, age: int) -> Flags:
        """Whether a resident has reached an age on the first day."""
        own, partner = self._own_here
        some = own & self._reached(self._own_births, age, self._now)
        some |= partner & self._reached(self._partner_births, age, self._now)
        others = self._others
        old = self._residents & self._reached(others.births, age, others.now)
        some[others.row[old]] = True
        return some

    def pensioner(self) -> Flags:
        if not PENSION_YEARS[0] <= self.year <= PENSION_YEARS[1]:
            raise SchedulerError(f"the pension age of {self.year} is not in columns")
        return self.anybody(67)

    def household_income(self) -> Column:
        """Of all but own children under 23 on 1 January (Awir 7 lid 2 and 6)."""
        others = self._residents & ~self._young_children
        return self["toetsingsinkomen"] + self._sum(others, self._incomes)

    @cached_property
    def _incomes(self) -> Column:
        found: Column = self.rows.persons.income[self._others.person]
        return found

    def child_income(self, place: int) -> Column:
        """The positive incomes of young children one by one, in order of the rows."""
        earning = np.flatnonzero(self._young_children & (self._incomes > 0))
        home = self._others.row[earning]
        rank = np.arange(len(home)) - np.searchsorted(home, home, side="left")
        if len(rank) and int(rank.max()) >= CHILD_INCOMES:
            raise SchedulerError("more earning children than the regulation has; go the scalar way")
        found = np.zeros(len(self.homes), dtype=np.int64)
        chosen = rank == place - 1
        found[home[chosen]] = self._incomes[earning[chosen]]
        return found

    def highest_assets(self) -> Column:
        """Of adult residents who lived here all year (Awir 7 lid 4), zero or more."""
        others = self._others
        counted = self._residents & ~self._under_on_1_january(18) & self._all_year(others.person)
        assets = self.rows.persons.assets[others.person]
        found = np.zeros(len(self.homes), dtype=np.int64)
        rows = others.row[counted]
        if len(rows):
            first = np.flatnonzero(np.diff(rows, prepend=-1))
            found[rows[first]] = np.maximum(0, np.maximum.reduceat(assets[counted], first))
        return found

    # Childcare.

    @cached_property
    def _care(self) -> tuple[Ints, Ints, Ints, Ints]:
        """Entries of care that touch the month (Wko 1.3): row, place of the child, entry; and the
        children with care per row. Places count from 0 over the children with care in that month.
        """
        care = self.rows.care
        counts = np.bincount(care.household, minlength=self.rows.households.rows)
        order = np.argsort(care.household, kind="stable")
        starts, here = np.cumsum(counts) - counts, counts[self.homes]
        row = np.repeat(np.arange(len(self.homes)), here)
        among = np.arange(len(row)) - np.repeat(np.cumsum(here) - here, here)
        entry = order[np.repeat(starts[self.homes], here) + among]
        touches = (care.start[entry] < self._until[row]) & (care.end[entry] > self._day[row])
        row, entry = row[touches], entry[touches]
        with_care, nth = np.unique(row, return_inverse=True)
        cared = np.zeros((len(with_care), CARED_MAX), dtype=np.int64)
        cared[nth, care.child[entry]] = 1
        up_to = np.cumsum(cared, axis=1)
        children = np.zeros(len(self.homes), dtype=np.int64)
        children[with_care] = up_to[:, -1]
        return row, up_to[nth, care.child[entry]] - 1, entry, children

    def cared(self) -> Ints:
        """Children with care in the month."""
        return self._care[3]

    def care(self, what: str, kind: str, place: int) -> Column:
        """Hours or rate of one child and kind of care."""
        row, child, entry, _ = self._care
        care = self.rows.care
        chosen = (child == place - 1) & (care.kind[entry] == KINDS[kind])
        values = care.hours if what == "uren" else care.rate
        found = np.zeros(len(self.homes), dtype=np.int64)
        found[row[chosen]] = values[entry[chosen]]
        return found

    def own(self, column: NDArray[S]) -> NDArray[S]:
        """A value of the applicant."""
        return self._take(column[self._applicant])

    def home(self, column: NDArray[S]) -> NDArray[S]:
        """A value of the household."""
        return self._take(column)

    def ones(self) -> Column:
        return np.ones(len(self.homes), dtype=np.int64)

    def adult(self) -> Flags:
        return self._reached(self._own_births, 18, self._now)

    def all_year(self) -> Flags:
        return self._take(self._partner_all_year)

    def child_here(self) -> Flags:
        """Whether an own child lives here."""
        return self._count(self._residents & self._others.child) > 0


def _care_fold(what: str, kind: str, place: int) -> Callable[[Folded], Ints]:
    return lambda folded: folded.care(what, kind, place)


def _child_fold(place: int) -> Callable[[Folded], Ints]:
    return lambda folded: folded.child_income(place)


FOLDS: Final[Mapping[str, Callable[[Folded], Ints | Flags]]] = {
    "in_leven": Folded.ones,
    "partner": lambda folded: folded.partner_here,
    "toetsingsinkomen": Folded.income,
    "partner_hele_jaar": Folded.all_year,
    "vermogen": lambda folded: folded.own(folded.rows.persons.assets),
    "vermogen_partner": Folded.partner_assets,
    "verzekerd": Folded.insured,
    "partner_verzekerd": Folded.partner_insured,
    "kinderen": Folded.children,
    "kinderen_12_15": lambda folded: folded.children_of(12, 16),
    "kinderen_16_17": lambda folded: folded.children_of(16, 18),
    "volwassen": Folded.adult,
    "huurt": lambda folded: folded.home(folded.rows.households.rents),
    "zelfstandig": lambda folded: folded.home(
        folded.rows.households.rents & folded.rows.households.independent),
    "kale_huur": lambda folded: folded.home(folded.rows.households.bare_rent),
    "servicekosten": lambda folded: folded.home(folded.rows.households.service_costs),
    "aangepast": lambda folded: folded.home(folded.rows.households.adapted),
    "eerder_toeslag": lambda folded: np.zeros(len(folded.homes), dtype=np.int64),
    "personen": Folded.residents,
    "iemand_21": lambda folded: folded.anybody(21),
    "iemand_23": lambda folded: folded.anybody(23),
    "kind_in_huis": Folded.child_here,
    "pensioen_in_huis": Folded.pensioner,
    "inkomen_samen": Folded.household_income,
    **{f"inkomen_kind_{place}": _child_fold(place) for place in range(1, CHILD_INCOMES + 1)},
    "hoogste_vermogen_medebewoner": Folded.highest_assets,
    "werkt": lambda folded: folded.own(folded.rows.persons.works),
    "partner_werkt": Folded.partner_works,
    "kinderen_met_opvang": Folded.cared,
    **{f"{what}_{kind}_{place}": _care_fold(what, kind, place)
       for what in ("uren", "tarief") for kind in KINDS for place in range(1, CARED_MAX + 1)},
}  # fmt: skip
