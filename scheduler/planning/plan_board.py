"""The payments of one flow, and for every possible day of the month where each would fall.

All of this rests on the terms a party gives and on the months planned, not on amounts: households
with the same terms share it, so it is computed once and kept. Days are ordinals (`date.toordinal`).
Rows are the days 1 to 28. Which day is best is plan_search.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from scheduler.paydays import PayCalendars, Receipt
from scheduler.planning.banking import next_banking_day, shift_to_banking_day
from scheduler.planning.flows import Flow, Gap, Occurrence, Rhythm, Window, occurrences
from specs.values import Month

Ints: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

DAYS: Final = tuple(range(1, 29))
CELLS: Final = 62  # of a month: for each day first the unordered charges, then everything else
FAR: Final = 10**7  # beyond any ordinal
HORIZON_CACHE: Final = 64
SERIES_CACHE: Final = 4096  # rhythms times horizons: some 3 kB each
PLACEMENT_CACHE: Final = 2048  # terms times horizons: some 20 kB each


@dataclass(frozen=True, slots=True, eq=False)
class Horizon:
    """The months planned, one more on each side, and the pay date of every day in each of them.

    `span` are the months planned. `pay` and `after` have shape (28, months + 2): the pay date, and
    the next banking day. `cell` maps an ordinal minus `base` to its cell among those months.
    `pay_dates` are those of the months planned, for each day.
    """

    first: Month
    months: int
    span: tuple[Month, ...]
    base: int
    pay: Ints
    after: Ints
    cell: Ints
    pay_dates: tuple[tuple[date, ...], ...]

    def cell_of(self, days: Ints, slot: Ints | int) -> Ints:
        """The cells of ordinals."""
        return self.cell[days - self.base] + slot


def pay_date(day: int, month: Month) -> date:
    """The household's pay date: that day, at a weekend or closing day the banking day before, or
    after when the one before lies in another month."""
    nominal = date(month.year, month.month, day)
    found = shift_to_banking_day(nominal, "preceding")
    return found if Month.of(found) == month else shift_to_banking_day(nominal, "following")


@lru_cache(maxsize=HORIZON_CACHE)
def horizon_of(first: Month, months: int) -> Horizon:
    """The tables of a span of months."""
    span = [first.plus(step) for step in range(-1, months + 1)]
    pay = [[pay_date(day, month) for month in span] for day in DAYS]
    base = span[0].first_day.toordinal()
    pays = np.array([[day.toordinal() for day in row] for row in pay], dtype=np.int64)
    after = [[next_banking_day(day).toordinal() for day in row] for row in pay]
    afters = np.array(after, dtype=np.int64)
    cells = [
        index * CELLS + day * 2 for index, month in enumerate(span) for day in range(month.length)
    ]
    return Horizon(
        first=first,
        months=months,
        span=tuple(span[1:-1]),
        base=base,
        pay=pays,
        after=afters,
        cell=np.array([*cells, *([len(span) * CELLS] * 31)], dtype=np.int64),
        pay_dates=tuple(tuple(row[1:-1]) for row in pay),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """The payments of one rhythm in a horizon; `first` and `last` bound each payment by what the
    law counts (A3): its month, its year, or nothing."""

    occurrences: tuple[Occurrence, ...]
    periods: tuple[str, ...]
    dues: tuple[date, ...]
    naturals: tuple[date, ...]
    expected: tuple[bool, ...]
    has_expected: bool
    gaps: tuple[Gap, ...]
    natural: Ints
    home: Ints
    first: dict[Receipt, Ints]
    last: dict[Receipt, Ints]


@lru_cache(maxsize=SERIES_CACHE)
def series_of(rhythm: Rhythm, first: Month, months: int, calendars: PayCalendars) -> Series:
    """The columns of a rhythm; raises PlanError for an unknown calendar."""
    found, gaps = occurrences(rhythm, first, months, calendars)
    start = first.year * 12 + first.month
    home = [item.due.year * 12 + item.due.month - start + 1 for item in found]
    in_month = [Month.of(item.natural) for item in found]
    year = [item.natural.year for item in found]

    def column(days: list[date]) -> Ints:
        return np.array([day.toordinal() for day in days], dtype=np.int64)

    return Series(
        occurrences=found,
        periods=tuple(item.period for item in found),
        dues=tuple(item.due for item in found),
        naturals=tuple(item.natural for item in found),
        expected=tuple(item.basis == "expected" for item in found),
        has_expected=any(item.basis == "expected" for item in found),
        gaps=gaps,
        natural=column([item.natural for item in found]),
        home=np.array(home, dtype=np.int64),
        first={
            "month": column([month.first_day for month in in_month]),
            "year": column([date(y, 1, 1) for y in year]),
            "none": np.zeros(len(found), dtype=np.int64),
        },
        last={
            "month": column([month.last_day for month in in_month]),
            "year": column([date(y, 12, 31) for y in year]),
            "none": np.full(len(found), FAR, dtype=np.int64),
        },
    )


class Terms(NamedTuple):
    """All that decides where the payments of a flow may stand; many households share them.

    `slot` is the place in a day (0: a charge on a rail that books before incomes).
    `unbridged_until`: the end of a transition in which nobody advances money for charges.
    `floor` (an ordinal) is 0 for a flow that follows the household's day already.
    A named tuple, because every flow of every plan is looked up by it.
    """

    rhythm: Rhythm
    window: Window
    sign: int
    slot: int
    receipt: Receipt
    floor: int
    unbridged_until: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """The payments of one flow, unmoved and for every day of the month. Amounts stand elsewhere, so
    that all households with the same terms share it.

    `fixed`, shape (7, payments), has the rows FIXED, `days`, shape (28, 6, payments), the rows
    BY_DAY. `hits`, shape (28,), counts the payments on the pay date; `codes`, shape (28, payments),
    number the reason (plan_reasons.py) of those that are not.
    """

    terms: Terms
    series: Series
    fixed: Ints
    days: Ints
    hits: Ints
    codes: Ints


# Rows of Placement.fixed: natural day, index of the month it is due in, where it stands unmoved
# (day and cell), 1 for an income and -1 for a charge, slot, last day of the window.
FIXED: Final = ("natural", "home", "stay", "at", "sign", "slot", "high")
# Rows of Placement.days: the day it is planned on and its cell, from which cell up to which the
# move lowers the balance, whether it stays within its month, whether it is a moved charge that
# might wait for an income, whether it stands on the pay date. P1 has not been asked.
BY_DAY: Final = ("planned", "cell", "falls", "rises", "may_wait", "hit")

# What Placement.codes holds; the last four are for single payments, of P1.
ON_DAY, PAST, TOO_SOON, IN_TRANSITION, BY_RECEIPT, BY_WINDOW = range(6)
INCOME_LATE, CHARGE_EARLY, OTHER_MONTH, WAITS = range(6, 10)


@lru_cache(maxsize=PLACEMENT_CACHE)
def placement_of(terms: Terms, horizon: Horizon, calendars: PayCalendars) -> Placement:
    """The placement of a flow that leaves its natural dates; raises PlanError."""
    series = series_of(terms.rhythm, horizon.first, horizon.months, calendars)
    return place(terms, horizon, series, series.natural)


def place(terms: Terms, horizon: Horizon, series: Series, now: Ints) -> Placement:
    """The placement of a flow whose payments stand on the dates `now`."""
    natural, floor = series.natural, terms.floor
    asked_low = natural - terms.window.earlier_days
    asked_high = natural + terms.window.later_days
    low = np.maximum(asked_low, series.first[terms.receipt])
    high = np.minimum(asked_high, series.last[terms.receipt])
    past = now < floor
    stay = np.where(past | (natural < floor), now, natural)
    until = terms.unbridged_until
    if until is not None and terms.sign < 0 and floor:
        # P2: in the transition no charge comes earlier than it did.
        low = np.maximum(low, np.minimum(now, until + 1))
        stay = np.where(natural <= until, np.maximum(natural, now), stay)
    low = np.where(past, now, np.maximum(low, floor))
    high = np.where(past, now, high)
    planned, hit = _reach(terms, horizon, series.home, stay, low, high)
    at = horizon.cell_of(stay, terms.slot)
    each = np.ones_like(natural)
    fixed = (natural, series.home, stay, at, each * terms.sign, each * terms.slot, high)
    return Placement(
        terms=terms,
        series=series,
        fixed=np.array(fixed, dtype=np.int64),
        days=_by_day(terms, horizon, (stay, at, high), planned, hit),
        hits=hit.sum(axis=1),
        codes=_codes(terms, horizon, series, (asked_low, asked_high, low), past, hit),
    )


def _reach(
    terms: Terms, horizon: Horizon, home: Ints, stay: Ints, low: Ints, high: Ints
) -> tuple[Ints, Flags]:
    """For every day: the pay date of the month a payment is due in when its window meets that one,
    else the nearer of those of the months around it, else where it stands unmoved."""
    # P1: on a rail that may book it before an income of the same day, a charge comes a day later.
    days = horizon.pay if terms.slot else horizon.after
    same, before, later = days[:, home], days[:, home - 1], days[:, home + 1]
    hit, can_before, can_later = (
        (column >= low) & (column <= high) for column in (same, before, later)
    )
    # At equal distance an income comes earlier and a charge later: the safe side of P2.
    nearer_before = (stay - before) < (later - stay) + (terms.sign == 1)
    use_before = ~hit & can_before & (nearer_before | ~can_later)
    use_later = ~hit & can_later & ~use_before
    around = np.where(use_before, before, np.where(use_later, later, stay))
    planned = np.where(hit, same, around)
    on_pay_date = (stay == horizon.pay[:, home]) & (planned == stay)
    return planned, hit | use_before | use_later | on_pay_date


def _by_day(
    terms: Terms, horizon: Horizon, unmoved: tuple[Ints, Ints, Ints], planned: Ints, hit: Flags
) -> Ints:
    """The rows BY_DAY for each of the 28 days. `unmoved`: stay, at and high of FIXED."""
    stay, at, high = unmoved
    cell = horizon.cell_of(planned, terms.slot)
    # An income is missed from where it stood, a charge felt from where it comes to stand; in
    # another month than its own it is so up to the end of that month.
    here = np.broadcast_to(at, cell.shape)
    falls, rises = (here, cell) if terms.sign > 0 else (cell, here)
    rises = np.where(at // CELLS == cell // CELLS, rises, (falls // CELLS + 1) * CELLS)
    may_wait = (planned != stay) & (planned < high) & (terms.sign < 0)
    return np.stack((planned, cell, falls, rises, may_wait, hit), axis=1).astype(np.int64)


def _codes(
    terms: Terms,
    horizon: Horizon,
    series: Series,
    bounds: tuple[Ints, Ints, Ints],
    past: Flags,
    hit: Flags,
) -> Ints:
    """Which limit keeps a payment away from the pay date, for each of the 28 days. `bounds`: the
    window its party accepts, and from when law and transition let it move."""
    asked_low, asked_high, low = bounds
    days_of = horizon.pay if terms.slot else horizon.after
    wanted = np.zeros(hit.shape, dtype=np.int64)  # the first pay date that the party itself accepts
    for step in (1, -1, 0):
        days = days_of[:, series.home + step]
        wanted = np.where((days >= asked_low) & (days <= asked_high), days, wanted)
    found = np.full(hit.shape, BY_RECEIPT, dtype=np.int64)
    if terms.sign < 0:
        found[wanted < low] = IN_TRANSITION
    found[wanted < terms.floor] = TOO_SOON
    found[wanted == 0] = BY_WINDOW
    found[:, past] = PAST
    found[hit] = ON_DAY
    return found


def receipt_of(flow: Flow, calendars: PayCalendars) -> Receipt:
    """By what the law counts this payment; charges by nothing, an income nobody classified by the
    month of receipt, the strictest (A3)."""
    if flow.direction == "out":
        return "none"
    if flow.receipt is not None:
        return flow.receipt
    calendar = calendars.by_payer.get(flow.rhythm.calendar or "")
    return "month" if calendar is None else calendar.receipt


def terms_of(flow: Flow, calendars: PayCalendars, floor: int, unbridged_until: int | None) -> Terms:
    """What decides where the payments of a flow may stand."""
    charge = flow.direction == "out"
    return Terms(
        flow.rhythm,
        flow.window,
        -1 if charge else 1,
        0 if charge and flow.rail == "unordered" else 1,
        receipt_of(flow, calendars),
        floor,
        unbridged_until if charge else None,
    )
