"""One household's payments as columns, and for every possible day where each payment would fall.

Days are ordinals (`date.toordinal`), money is int64 cents. Rows are the days 1 to 28. Which day is
best is plan_search.py; what the law forbids (A3) and parties refuse stands in `low` and `high`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final, TypeAlias

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
PLACEMENT_CACHE: Final = 4096  # terms times horizons: some 5 kB each


@dataclass(frozen=True, slots=True, eq=False)
class Horizon:
    """The months planned, one more on each side, and the pay date of every day in each of them.

    `span` are the months planned. `pay` and `after` have shape (28, months + 2): the pay date, and
    the next banking day. `cell` maps an ordinal minus `base` to its cell among those months.
    """

    first: Month
    months: int
    span: tuple[Month, ...]
    base: int
    pay: Ints
    after: Ints
    cell: Ints


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


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """The payments of one flow, for every day of the month.

    `asked_low` to `asked_high` is the window a party accepts, `low` to `high` what law and
    transition leave of it; `stay` is where a payment stands unmoved. Before `floor` nothing moves,
    `past` tells what stays for that. `planned` and `hit`, shape (28, payments), say where it would
    stand for each day of the month and whether that is the pay date.
    """

    series: Series
    columns: Ints  # natural, home, stay, floor, past, asked_low, asked_high, low, high
    planned: Ints
    hit: Flags


@dataclass(frozen=True, slots=True)
class Terms:
    """All that decides where the payments of a flow may stand; many households share them.

    `unbridged_until`: the end of a transition in which nobody advances money for charges.
    `floor` (an ordinal) is 0 for a flow that follows the household's day already.
    """

    rhythm: Rhythm
    window: Window
    sign: int
    slot: int
    receipt: Receipt
    floor: int
    unbridged_until: int | None


@lru_cache(maxsize=PLACEMENT_CACHE)
def placement_of(terms: Terms, horizon: Horizon, calendars: PayCalendars) -> Placement:
    """The placement of a flow that leaves its natural dates."""
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
    floors = np.full(len(natural), floor, dtype=np.int64)
    columns = (natural, series.home, stay, floors, past, asked_low, asked_high, low, high)
    return Placement(
        series=series,
        columns=np.array(columns, dtype=np.int64),
        planned=planned,
        hit=hit,
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


@dataclass(frozen=True, slots=True, eq=False)
class Board:
    """Columns over all payments of a household, in the order of its flows: those of the flows'
    placements one after the other, the flow's index, `sign` (1 for an income, -1 for a charge),
    the amount and the `slot`, its place in a day (0: on a rail that books before incomes)."""

    horizon: Horizon
    opening: int
    flow: Ints
    series: tuple[Series, ...]
    natural: Ints
    stay: Ints
    home: Ints
    sign: Ints
    amount: Ints
    slot: Ints
    floor: Ints
    past: Flags
    asked_low: Ints
    asked_high: Ints
    low: Ints
    high: Ints
    planned: Ints
    hit: Flags


def receipt_of(flow: Flow, calendars: PayCalendars) -> Receipt:
    """By what the law counts this payment; charges by nothing, an income nobody classified by the
    month of receipt, the strictest (A3)."""
    if flow.direction == "out":
        return "none"
    if flow.receipt is not None:
        return flow.receipt
    if flow.rhythm.calendar is not None:
        return calendars.get(flow.rhythm.calendar).receipt
    return "month"


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


def build_board(
    flows: Sequence[Flow],
    terms: Sequence[Terms],
    placements: Sequence[Placement],
    horizon: Horizon,
    opening: int,
) -> Board:
    """The columns of a household."""
    series = [one.series for one in placements]
    rows = [(index, one.sign, one.slot) for index, one in enumerate(terms)]
    table = np.array(rows, dtype=np.int64).reshape(len(rows), 3).T
    flow, sign, slot = np.repeat(table, [len(one.occurrences) for one in series], axis=1)
    nothing = np.zeros((9, 0), dtype=np.int64)
    columns = np.concatenate([nothing, *(one.columns for one in placements)], axis=1)
    natural, home, stay, floor, past, asked_low, asked_high, low, high = columns
    no_days = np.zeros((28, 0), dtype=np.int64)
    no_hits = np.zeros((28, 0), dtype=np.bool_)
    return Board(
        horizon=horizon,
        opening=opening,
        flow=flow,
        series=tuple(series),
        natural=natural,
        stay=stay,
        home=home,
        sign=sign,
        amount=_amounts(flows, series),
        slot=slot,
        floor=floor,
        past=past == 1,
        asked_low=asked_low,
        asked_high=asked_high,
        low=low,
        high=high,
        planned=np.concatenate([no_days, *(one.planned for one in placements)], axis=1),
        hit=np.concatenate([no_hits, *(one.hit for one in placements)], axis=1),
    )


def _amounts(flows: Sequence[Flow], series: Sequence[Series]) -> Ints:
    cents: list[int] = []
    for flow, one in zip(flows, series, strict=True):
        if flow.amounts:
            cents.extend(flow.cents_in(item) for item in one.occurrences)
        else:
            cents.extend([flow.amount_cents] * len(one.occurrences))
    return np.array(cents, dtype=np.int64)
