"""P1: charges are never taken before the income they need. Two steps on one placement.

Which placement is best is plan_search.py. Balances are by cell (plan_board.CELLS a month), each
month from the opening balance.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import numpy as np

from scheduler.planning.banking import next_banking_day
from scheduler.planning.plan_balances import running_of
from scheduler.planning.plan_board import CELLS, Board, Flags, Ints

_FREE: Final = 2**60  # more room than any sum of amounts takes


def hold_back(
    board: Board, before: Ints, running: Ints, at: Ints, cells: Ints, planned: Ints
) -> Flags:
    """Takes back the moves that P1 does not allow; tells which.

    Income earlier and charges later within a month can deepen no shortage: those stand. Of the
    others all that weigh on a shortage are taken back, then admitted one by one, incomes first, the
    largest amount first, then by date and by flow, each only when no shortage comes of it.
    `before` are the balances unmoved, `at` the cells then; `running`, `cells` and `planned` those
    of this placement, changed in place.
    """
    signed = board.sign * board.amount
    inside = at // CELLS == cells // CELLS
    low, high = _weighed(at, cells, signed, inside)
    risky = (signed != 0) & (low < high)
    limit = np.minimum(before, 0)
    limit[[0, -1]] = -_FREE  # the months around the plan are not judged
    room = np.full((len(before) + 1, CELLS), _FREE, dtype=np.int64)
    room[:-1] = running - limit
    taken = np.zeros(len(signed), dtype=np.bool_)
    while True:
        short = np.concatenate(([0], np.cumsum(room.ravel() < 0)))
        touching = risky & ~taken & (short[high] > short[low])
        if not touching.any():
            break
        taken |= touching
        room[:-1] = running_of(board, np.where(taken, at, cells)[None, :])[0] - limit
        if inside[touching].all():  # taken back within a month, a move only gives room
            break
    places = np.flatnonzero(taken)
    order = np.lexsort((places, board.stay[places], -board.amount[places], -board.sign[places]))
    places = places[order]
    columns = (column[places].tolist() for column in (at, cells, signed))
    months = {*(at[places] // CELLS).tolist(), *(cells[places] // CELLS).tolist()}
    left: dict[int, list[int]] = {month: room[month].tolist() for month in months}
    taken[places] = [not _admit(left, *move) for move in zip(*columns, strict=True)]
    cells[taken], planned[taken] = at[taken], board.stay[taken]
    running[...] = running_of(board, cells[None, :])[0]
    return taken


def _weighed(at: Ints, to: Ints, signed: Ints, inside: Flags) -> tuple[Ints, Ints]:
    """The span of cells in which a move lowers the balance; empty when it lowers none. `inside`:
    whether it stays in its month."""
    income = signed > 0
    later = np.where(income, at, to)  # an income is missed from there, a charge felt from there
    until = np.where(income, to, at)
    if inside.all():
        return later, until
    return later, np.where(inside, until, (later // CELLS + 1) * CELLS)


def _admit(room: dict[int, list[int]], at: int, to: int, signed: int) -> bool:
    """Moves an amount between cells when no shortage comes of it. `room` is by month and cell what
    the balance has above the limit; it is changed only by an admitted move."""
    (month, cell), (to_month, to_cell) = divmod(at, CELLS), divmod(to, CELLS)
    if month == to_month:  # an income later or a charge earlier
        low, high = (cell, to_cell) if cell < to_cell else (to_cell, cell)
        if min(room[month][low:high]) < abs(signed):
            return False
        _take(room[month], low, high, abs(signed))
        return True
    worse = room[month][cell:] if signed > 0 else room[to_month][to_cell:]
    if min(worse) < abs(signed):
        return False
    _take(room[month], cell, CELLS, signed)
    _take(room[to_month], to_cell, CELLS, -signed)
    return True


def _take(room: list[int], low: int, high: int, amount: int) -> None:
    room[low:high] = [cents - amount for cents in room[low:high]]


def charged_early(board: Board, cells: Ints, running: Ints, planned: Ints) -> bool:
    """Whether a placement takes a moved charge on a day on which its money is not there."""
    flat = running.reshape(-1)
    short = flat[np.minimum(cells, len(flat) - 1)] < 0
    if not short.any():
        return False
    movable = (planned != board.stay) & (board.sign < 0) & (planned < board.high)
    return bool((short & movable & (board.amount > 0)).any())


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
