"""Accounts of households as columns, many households side by side, so that one array operation
serves them all. Amounts join the placements of plan_board.py here.

A Board holds the accounts as they are without a plan; a Layout holds some of them, each on some day
of the month. Which day is best is plan_search.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from scheduler.planning.flows import Flow
from scheduler.planning.plan_board import (
    BY_DAY,
    CELLS,
    DAYS,
    FIXED,
    Flags,
    Horizon,
    Ints,
    Placement,
)

FREE: Final = 2**60  # more room than any sum of amounts takes
_NO_FIXED: Final = np.zeros((len(FIXED), 0), dtype=np.int64)
_NO_BY_DAY: Final = np.zeros((len(BY_DAY), 0), dtype=np.int64)
_NO_COUNTS: Final = np.zeros((0, len(DAYS)), dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Account:
    """One account of one household: its flows, each with its placement."""

    household: int
    opening: int
    flows: tuple[Flow, ...]
    placements: tuple[Placement, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Board:
    """Columns over all payments of some accounts, flow by flow: those of account `n` stand from
    `starts[n]` up to `starts[n + 1]`, those of flow `f` from `flow_starts[f]` on.

    `natural` to `high` are the rows FIXED of plan_board.py; `signed` is the amount with its sign.
    `bound`, shape (accounts, 28), is the money on the pay date before P1 is asked. `running` and
    `limit`, shape (accounts, width), are the balance without a plan and how deep a plan may let it
    go: nowhere below zero, or below where it is without one.
    """

    horizon: Horizon
    accounts: tuple[Account, ...]
    opening: Ints
    starts: Ints
    flow_starts: Ints
    natural: Ints
    home: Ints
    stay: Ints
    at: Ints
    sign: Ints
    slot: Ints
    high: Ints
    amount: Ints
    signed: Ints
    bound: Ints
    running: Ints
    limit: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Accounts laid out on days of the month: row `r` is account `accounts[r]` on day `days[r]`.

    Columns over all payments of all rows, those of row `r` from `starts[r]` up to `starts[r + 1]`:
    `row`, `source` (the payment's place in the Board), and the rows BY_DAY of plan_board.py.
    """

    accounts: Ints
    days: Ints
    starts: Ints
    row: Ints
    source: Ints
    planned: Ints
    cells: Ints
    falls: Ints
    rises: Ints
    may_wait: Ints
    hit: Ints

    def only(self, rows: Sequence[int]) -> Layout:
        """Some of the rows; a copy."""
        wanted = np.array(rows, dtype=np.int64)
        counts = (self.starts[1:] - self.starts[:-1])[wanted]
        starts = _starts(counts)
        row = np.repeat(np.arange(len(rows)), counts)
        places = np.arange(starts[-1]) + (self.starts[wanted] - starts[:-1])[row]
        columns = (self.planned, self.cells, self.falls, self.rises, self.may_wait, self.hit)
        return Layout(
            self.accounts[wanted],
            self.days[wanted],
            starts,
            row,
            self.source[places],
            *(column[places] for column in columns),
        )


def build_board(accounts: Sequence[Account], horizon: Horizon) -> Board:
    """The columns of some accounts."""
    placements = [one for account in accounts for one in account.placements]
    fixed = np.concatenate([_NO_FIXED, *[one.fixed for one in placements]], axis=1)
    flow_counts = np.array([one.fixed.shape[1] for one in placements], dtype=np.int64)
    flow_starts = _starts(flow_counts)
    flow_numbers = _starts(np.array([len(one.flows) for one in accounts], dtype=np.int64))
    usual = np.array(
        [flow.amount_cents for account in accounts for flow in account.flows], dtype=np.int64
    )
    amount = np.repeat(usual, flow_counts)
    money = np.stack([one.hits for one in placements]) if placements else _NO_COUNTS
    money = money * usual[:, None]
    _override(accounts, flow_starts, amount, money)
    opening = np.array([one.opening for one in accounts], dtype=np.int64)
    starts = flow_starts[flow_numbers]
    account = np.repeat(np.arange(len(accounts)), starts[1:] - starts[:-1])
    signed = fixed[4] * amount
    running = running_of(horizon, fixed[3], account, signed, opening)
    limit = np.minimum(running, 0)
    limit[:, :CELLS] = limit[:, -2 * CELLS :] = -FREE  # months around the plan are not judged
    natural, home, stay, at, sign, slot, high = fixed
    return Board(
        horizon=horizon,
        accounts=tuple(accounts),
        opening=opening,
        starts=starts,
        flow_starts=flow_starts,
        natural=natural,
        home=home,
        stay=stay,
        at=at,
        sign=sign,
        slot=slot,
        high=high,
        amount=amount,
        signed=signed,
        bound=summed(money, flow_numbers),
        running=running,
        limit=limit,
    )


def _override(accounts: Sequence[Account], flow_starts: Ints, amount: Ints, money: Ints) -> None:
    """Puts in the amounts of single periods, and what is left of those of which a part is kept."""
    flows = (
        (flow, one) for own in accounts for flow, one in zip(own.flows, own.placements, strict=True)
    )
    for index, (flow, one) in enumerate(flows):
        if flow.amounts or flow.withheld:
            own = amount[flow_starts[index] : flow_starts[index + 1]]
            own[:] = [flow.cents_in(item) for item in one.series.occurrences]
            money[index] = one.days[:, 5] @ own


def lay_out(board: Board, rows: Sequence[tuple[int, int]]) -> Layout:
    """Accounts on days, each row an (account, day)."""
    columns = [
        one.days[day - 1] for account, day in rows for one in board.accounts[account].placements
    ]
    accounts = np.array([account for account, _day in rows], dtype=np.int64)
    days = np.array([day for _account, day in rows], dtype=np.int64)
    counts = (board.starts[1:] - board.starts[:-1])[accounts]
    starts = _starts(counts)
    row = np.repeat(np.arange(len(rows)), counts)
    source = np.arange(starts[-1]) + (board.starts[accounts] - starts[:-1])[row]
    return Layout(
        accounts, days, starts, row, source, *np.concatenate([_NO_BY_DAY, *columns], axis=1)
    )


def width_of(horizon: Horizon) -> int:
    """Cells of an account: of the months planned, one on each side, and what lies beyond."""
    return (horizon.months + 3) * CELLS


def running_of(horizon: Horizon, cells: Ints, row: Ints, signed: Ints, opening: Ints) -> Ints:
    """The balance in every cell, every month from the opening balance; shape (rows, width).

    What is left of a month is spent on living; so no month lends to the next.
    """
    width = width_of(horizon)
    moves = np.zeros(len(opening) * width, dtype=np.int64)
    np.add.at(moves, cells + row * width, signed)
    by_month = moves.reshape(len(opening), -1, CELLS)
    by_month[:, :, 0] += opening[:, None]
    return by_month.cumsum(axis=2).reshape(len(opening), width)


def lowest_of(
    horizon: Horizon, cells: Ints, row: Ints, paid: Flags, running: Ints, opening: Ints
) -> Ints:
    """The lowest balance of each month of the horizon after any payment of it, the opening balance
    where nothing happens; shape (rows, months)."""
    cells, row = cells[paid], row[paid]
    last = width_of(horizon) - CELLS
    low = np.full((len(opening), horizon.months + 3), FREE, dtype=np.int64)
    np.minimum.at(low, (row, cells // CELLS), running[row, np.minimum(cells, last - 1)])
    inside = low[:, 1:-2]
    return np.where(inside == FREE, opening[:, None], inside)


def summed(values: Ints, starts: Ints) -> Ints:
    """Sums of the stretches from each start up to the next, along the first axis."""
    sums = np.zeros((len(values) + 1, *values.shape[1:]), dtype=np.int64)
    np.cumsum(values, axis=0, out=sums[1:])
    found: Ints = sums[starts[1:]] - sums[starts[:-1]]
    return found


def _starts(counts: Ints) -> Ints:
    starts = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=starts[1:])
    return starts
