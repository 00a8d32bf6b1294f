"""P1: charges are never taken before the income they need. Two steps on one placement.

Which placement is best is plan_search.py. Balances are by cell (plan_board.CELLS a month), each
month from the opening balance.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import numpy as np

from scheduler.banking import next_banking_day
from scheduler.plan_board import CELLS, Board, Flags, Ints

NEVER: Final = np.iinfo(np.int64).max


def hold_back(board: Board, before: Ints, planned: Ints) -> Ints:
    """The placement with as many moves as P1 allows.

    Income earlier and charges later within a month can deepen no shortage: those stand. The others
    are taken back in every month where a shortage shows, then admitted one by one, incomes first,
    the largest amount first, then by date and by flow, each only when no shortage comes of it.
    `before` has shape (months + 2, CELLS).
    """
    cell, base, signed = board.horizon.cell, board.horizon.base, board.sign * board.amount
    at = cell[board.stay - base] + board.slot
    to = cell[planned - base] + board.slot
    risky = (board.sign * (planned - board.stay) > 0) | (at // CELLS != to // CELLS)
    limit = np.minimum(before, 0) - board.opening
    limit[[0, -1]] = -NEVER  # the months around the plan are not judged
    taken = np.zeros(len(signed), dtype=np.bool_)
    while True:
        moves = np.zeros((len(before) + 1) * CELLS, dtype=np.int64)
        np.add.at(moves, np.where(taken, at, to), signed)
        running = np.cumsum(moves.reshape(-1, CELLS)[:-1], axis=1)
        short = np.logical_or.reduce(running < limit, axis=1)
        touching = risky & ~taken & (_of_months(short, at) | _of_months(short, to))
        if not touching.any():
            break
        taken |= touching
    order: list[int] = np.flatnonzero(taken).tolist()
    order.sort(key=lambda i: (-board.sign[i], -board.amount[i], board.stay[i], i))
    for i in order:
        taken[i] = not _admit(moves, limit, int(at[i]), int(to[i]), int(signed[i]))
    return np.where(taken, board.stay, planned)


def _of_months(months: Flags, cells: Ints) -> Flags:
    found: Flags = months[np.minimum(cells // CELLS, len(months) - 1)]
    return found


def _admit(moves: Ints, limit: Ints, at: int, to: int, signed: int) -> bool:
    """Moves an amount from one cell to another, and back again when a shortage comes of it."""
    moves[at] -= signed
    moves[to] += signed
    for month in {at // CELLS, to // CELLS}:
        if month < len(limit):
            running = np.add.accumulate(moves[month * CELLS : (month + 1) * CELLS])
            if (running < limit[month]).any():
                moves[at] += signed
                moves[to] -= signed
                return False
    return True


def charged_early(board: Board, running: Ints, planned: Ints) -> Flags:
    """Which placements take a moved charge on a day on which its money is not there.

    `running` has shape (rows, months + 2, CELLS), `planned` (rows, payments).
    """
    cells = board.horizon.cell[planned - board.horizon.base] + board.slot
    width = running.shape[1] * CELLS
    rows = np.arange(len(planned), dtype=np.int64)[:, None]
    balance = running.reshape(len(planned), width)[rows, np.minimum(cells, width - 1)]
    early = (balance < 0) & (planned != board.stay) & (board.sign < 0) & (board.amount > 0)
    found: Flags = np.logical_or.reduce(early & (planned < board.high), axis=1)
    return found


def wait_for_income(board: Board, running: Ints, planned: Ints) -> Flags:
    """Lets moved charges wait, within their windows and their month, for the first income after
    which the balance holds them. Changes `planned` and `running` (months + 2, CELLS) in place.

    Of several on one day first the smallest that is enough alone, otherwise the largest.
    """
    horizon, flat = board.horizon, running.reshape(-1)
    waiting = np.zeros(len(planned), dtype=np.bool_)
    tried = (board.sign > 0) | (board.amount == 0) | (planned == board.stay)
    tried |= planned >= board.high
    incomes = sorted({int(day) for day in planned[(board.sign > 0) & (board.amount > 0)]})
    while True:
        cells = np.minimum(horizon.cell[planned - horizon.base] + board.slot, len(flat) - 1)
        short = np.flatnonzero(~tried & (flat[cells] < 0))
        if not short.size:
            return waiting
        first = cells[short].min()
        place = _first_to_wait(
            board, [int(i) for i in short if cells[i] == first], -int(flat[first])
        )
        tried[place] = True
        target = _first_covering(board, flat, incomes, place, int(planned[place]))
        if target is not None:
            to = int(horizon.cell[target - horizon.base] + board.slot[place])
            flat[first:to] += board.amount[place]
            planned[place], waiting[place] = target, True


def _first_to_wait(board: Board, places: list[int], short: int) -> int:
    enough = [place for place in places if board.amount[place] >= short]
    if enough:
        return min(enough, key=lambda place: (int(board.amount[place]), place))
    return max(places, key=lambda place: (int(board.amount[place]), -place))


def _first_covering(
    board: Board, flat: Ints, incomes: list[int], place: int, planned: int
) -> int | None:
    horizon, slot = board.horizon, int(board.slot[place])
    month = int(horizon.cell[planned - horizon.base]) // CELLS
    for day in incomes:
        target = day
        if slot == 0:  # P1: this rail may book it before an income of the same day
            target = next_banking_day(date.fromordinal(day)).toordinal()
        if planned < target <= board.high[place]:
            cell = int(horizon.cell[target - horizon.base]) + slot
            if cell // CELLS == month and flat[cell] >= 0:
                return target
    return None
