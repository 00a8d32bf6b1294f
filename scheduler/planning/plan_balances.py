"""Running balances of a household by cell, every month from the opening balance.

What is left of a month is spent on living; so no month lends to the next. Arrays of balances have
shape (rows, months + 2, CELLS): one row for each placement compared.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from scheduler.planning.plan_board import CELLS, Board, Flags, Ints

_NEVER: Final = np.iinfo(np.int64).max


def cells_of(board: Board, dates: Ints) -> Ints:
    """The cell of each payment when it stands on that date; any number of rows."""
    return board.horizon.cell[dates - board.horizon.base] + board.slot


def running_of(board: Board, cells: Ints) -> Ints:
    """The balance in every cell, for payments in `cells`, shape (rows, payments)."""
    rows, months = len(cells), board.horizon.months + 3  # one more catches what lies beyond
    moves = np.zeros(rows * months * CELLS, dtype=np.int64)
    # ufunc.at reads beyond values it would have to broadcast (numpy 2.x): one value for each place.
    np.add.at(moves, _flat(cells, months).ravel(), np.tile(board.sign * board.amount, rows))
    running = np.cumsum(moves.reshape(rows, months, CELLS)[:, :-1], axis=2)
    running += board.opening
    return running


def lowest_of(board: Board, cells: Ints, running: Ints) -> Ints:
    """The lowest balance of each month of the horizon after any payment of it; the opening balance
    where nothing happens."""
    rows, months = len(cells), board.horizon.months + 3
    used = np.zeros(rows * months * CELLS, dtype=np.bool_)
    places = _flat(cells, months)
    used[places if board.amount.all() else places[:, board.amount > 0]] = True
    inside = used.reshape(rows, months, CELLS)[:, 1:-2]
    low = np.where(inside, running[:, 1:-1], _NEVER).min(axis=2)
    return np.where(low == _NEVER, board.opening, low)


def deepened(running: Ints, before: Ints) -> Flags:
    """Which rows make a shortage in some month of the horizon, or deepen one."""
    short = running[:, 1:-1] < np.minimum(before, 0)[1:-1]
    found: Flags = np.logical_or.reduce(short, axis=(1, 2))
    return found


def _flat(cells: Ints, months: int) -> Ints:
    if len(cells) == 1:
        return cells
    return cells + np.arange(0, len(cells) * months * CELLS, months * CELLS)[:, None]
