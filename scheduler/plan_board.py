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

from scheduler.banking import next_banking_day, shift_to_banking_day
from scheduler.flows import Flow, Gap, Occurrence, Rhythm, occurrences
from scheduler.paydays import PayCalendars, Receipt
from specs.values import Month

Ints: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

DAYS: Final = tuple(range(1, 29))
CELLS: Final = 62  # of a month: for each day first the unordered charges, then everything else
FAR: Final = 10**7  # beyond any ordinal
HORIZON_CACHE: Final = 64
SERIES_CACHE: Final = 8192  # rhythms times horizons: some 2 kB each


@dataclass(frozen=True, slots=True, eq=False)
class Horizon:
    """The months planned, one more on each side, and the pay date of every day in each of them.

    `pay` and `after` have shape (28, months + 2): the pay date, and the next banking day. `soonest`
    and `latest` bound both over all days of a month.
    `cell` maps an ordinal minus `base` to its cell among those months.
    """

    first: Month
    months: int
    start: int
    end: int
    base: int
    pay: Ints
    after: Ints
    soonest: Ints
    latest: Ints
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
        start=first.first_day.toordinal(),
        end=span[-2].last_day.toordinal(),
        base=base,
        pay=pays,
        after=afters,
        soonest=pays.min(axis=0),
        latest=afters.max(axis=0),
        cell=np.array([*cells, *([len(span) * CELLS] * 31)], dtype=np.int64),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """The payments of one rhythm in a horizon; `first` and `last` bound each payment by what the
    law counts (A3): its month, its year, or nothing."""

    occurrences: tuple[Occurrence, ...]
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
class Board:
    """Columns over all payments of a household, in the order of its flows.

    `asked_low` to `asked_high` is the window a party accepts, `low` to `high` what law and
    transition leave of it; `stay` is where a payment stands unmoved. Before `floor` nothing moves,
    `past` tells what stays for that. `sign` is 1 for an income, -1 for a charge; `slot` its place
    in a day. `planned` and `hit`, shape (28, payments), say where it would stand for each day of
    the month and whether that is the pay date.
    """

    horizon: Horizon
    opening: int
    flow: Ints
    occurrences: tuple[Occurrence, ...]
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


def build_board(
    flows: Sequence[Flow],
    series: Sequence[Series],
    receipts: Sequence[Receipt],
    horizon: Horizon,
    opening: int,
    floors: Sequence[int],
    unbridged_until: int | None,
    standing: Ints | None = None,
) -> Board:
    """The columns. Nothing of a flow moves that is due before its floor (an ordinal, 0: it follows
    the household's day already), or to a day before it. `unbridged_until`: the end of a transition
    in which nobody advances money for charges. `standing`: the dates of the plan replaced."""
    flow, sign, slot, floor, earlier, later = _spread(flows, series, floors)
    natural = _join([one.natural for one in series])
    home = _join([one.home for one in series])
    counted = list(zip(series, receipts, strict=True))
    asked_low, asked_high = natural - earlier, natural + later
    low = np.maximum(asked_low, _join([one.first[receipt] for one, receipt in counted]))
    high = np.minimum(asked_high, _join([one.last[receipt] for one, receipt in counted]))
    now = natural if standing is None else standing
    past = now < floor
    stay = np.where(past | (natural < floor), now, natural)
    if unbridged_until is not None:  # P2: in the transition no charge comes earlier than it did
        bound = (sign < 0) & (floor > 0)
        low = np.where(bound, np.maximum(low, np.minimum(now, unbridged_until + 1)), low)
        stay = np.where(bound & (natural <= unbridged_until), np.maximum(natural, now), stay)
    low = np.where(past, now, np.maximum(low, floor))
    high = np.where(past, now, high)
    planned, hit = _reach(horizon, stay, home, sign, slot, low, high)
    return Board(
        horizon=horizon,
        opening=opening,
        flow=flow,
        occurrences=tuple(item for one in series for item in one.occurrences),
        natural=natural,
        stay=stay,
        home=home,
        sign=sign,
        amount=_amounts(flows, series),
        slot=slot,
        floor=floor,
        past=past,
        asked_low=asked_low,
        asked_high=asked_high,
        low=low,
        high=high,
        planned=planned,
        hit=hit,
    )


def _spread(flows: Sequence[Flow], series: Sequence[Series], floors: Sequence[int]) -> Ints:
    """What is the same for all payments of a flow: index, sign, slot, floor, earlier, later."""
    rows = [
        (
            index,
            1 if flow.direction == "in" else -1,
            0 if flow.direction == "out" and flow.rail == "unordered" else 1,
            floor,
            flow.window.earlier_days,
            flow.window.later_days,
        )
        for index, (flow, floor) in enumerate(zip(flows, floors, strict=True))
    ]
    table = np.array(rows, dtype=np.int64).reshape(len(rows), 6)
    return np.repeat(table.T, [len(one.occurrences) for one in series], axis=1)


def _join(columns: Sequence[Ints]) -> Ints:
    return np.concatenate(columns) if columns else np.zeros(0, dtype=np.int64)


def _amounts(flows: Sequence[Flow], series: Sequence[Series]) -> Ints:
    cents: list[int] = []
    for flow, one in zip(flows, series, strict=True):
        if flow.amounts:
            cents.extend(flow.cents_in(item) for item in one.occurrences)
        else:
            cents.extend([flow.amount_cents] * len(one.occurrences))
    return np.array(cents, dtype=np.int64)


def pay_days_at(horizon: Horizon, home: Ints, slot: Ints, step: int) -> Ints:
    """For every day the date of the plan in the month a payment is due in, or `step` months off.

    P1: on a rail that may book it before an income of the same day, a charge comes a day later.
    """
    days = horizon.pay[:, home + step]
    unordered = np.flatnonzero(slot == 0)
    if unordered.size:
        days[:, unordered] = horizon.after[:, home[unordered] + step]
    return days


def _reach(
    horizon: Horizon, stay: Ints, home: Ints, sign: Ints, slot: Ints, low: Ints, high: Ints
) -> tuple[Ints, Flags]:
    """For every day: the pay date of the month a payment is due in when its window meets that one,
    else the nearer of those of the months around it, else where it stands unmoved."""
    planned = pay_days_at(horizon, home, slot, 0)
    hit = (planned >= low) & (planned <= high)
    planned = np.where(hit, planned, stay)
    around = np.flatnonzero((low <= horizon.latest[home - 1]) | (high >= horizon.soonest[home + 1]))
    if around.size:
        part = _around(horizon, stay, home, sign, slot, low, high, around)
        use = ~hit[:, around] & (part > 0)
        planned[:, around] = np.where(use, part, planned[:, around])
        hit[:, around] |= use
    hit |= (stay == horizon.pay[:, home]) & (planned == stay)
    return planned, hit


def _around(
    horizon: Horizon,
    stay: Ints,
    home: Ints,
    sign: Ints,
    slot: Ints,
    low: Ints,
    high: Ints,
    places: Ints,
) -> Ints:
    """The nearer pay date in the months around, 0 where no window meets one."""
    stay, home, sign, slot = stay[places], home[places], sign[places], slot[places]
    low, high = low[places], high[places]
    before = pay_days_at(horizon, home, slot, -1)
    later = pay_days_at(horizon, home, slot, 1)
    can_before = (before >= low) & (before <= high)
    can_later = (later >= low) & (later <= high)
    # At equal distance an income comes earlier and a charge later: the safe side of P2.
    nearer_before = (stay - before) < (later - stay) + (sign == 1)
    use_before = can_before & (nearer_before | ~can_later)
    return np.where(use_before, before, np.where(can_later, later, 0))
