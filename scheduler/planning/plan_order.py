"""P1: charges are never taken before the income they need. Two steps, for many accounts at once.

Which placement is best is plan_search.py. Balances are by cell (plan_board.CELLS a month), each
month from the opening balance.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from scheduler.planning.banking import next_banking_day
from scheduler.planning.plan_board import CELLS, Flags, Ints
from scheduler.planning.plan_columns import FREE, Board, Layout, running_of, width_of


def risky_of(board: Board, layout: Layout) -> Ints:
    """The places of moves that lower a balance somewhere."""
    lowers = (layout.falls < layout.rises) & (board.amount[layout.source] > 0)
    return np.flatnonzero(lowers)


def touching(layout: Layout, room: Ints, places: Ints) -> Flags:
    """Which of the moves at `places` lower a balance that is short. `room`, shape (rows, width), is
    what each balance has above its limit."""
    short = np.zeros(room.size + 1, dtype=np.int64)  # so many before each cell
    np.cumsum(room.reshape(-1) < 0, out=short[1:])
    base = layout.row[places] * room.shape[1]
    found: Flags = short[layout.rises[places] + base] > short[layout.falls[places] + base]
    return found


def least_lost(board: Board, layout: Layout, room: Ints) -> Ints:
    """For each row the least money that leaves the pay date: in every month with a shortage at
    least one of the moves that touch it must be taken back, and no less than what is short."""
    risky = risky_of(board, layout)
    places = risky[touching(layout, room, risky)]
    months = room.shape[1] // CELLS
    least = np.full(len(room) * months, FREE, dtype=np.int64)
    of_month = layout.row[places] * months + layout.falls[places] // CELLS
    np.minimum.at(least, of_month, board.amount[layout.source[places]])
    least[least == FREE] = 0
    deepest = -room.reshape(len(room), months, CELLS).min(axis=2)
    lost: Ints = np.maximum(least.reshape(len(room), months), deepest).sum(axis=1)
    return lost


def hold_back(board: Board, layout: Layout, room: Ints) -> Ints:
    """The places of payments whose move P1 does not allow.

    Income earlier and charges later within a month can deepen no shortage: those stand. Of the
    others all that weigh on a shortage are taken back, then admitted one by one, incomes first, the
    largest amount first, then by date and by flow, each only when no shortage comes of it.
    """
    risky = risky_of(board, layout)
    taken = [risky[:0]]
    nothing = np.zeros(len(room), dtype=np.int64)
    while True:
        touched = touching(layout, room, risky)
        if not touched.any():
            break
        back, risky = risky[touched], risky[~touched]
        taken.append(back)
        source = layout.source[back]
        signed = board.signed[source]
        room = room + running_of(
            board.horizon,
            np.concatenate((board.at[source], layout.cells[back])),
            np.concatenate((layout.row[back], layout.row[back])),
            np.concatenate((signed, -signed)),
            nothing,
        )
    return _refused(board, layout, room, np.concatenate(taken))


def _refused(board: Board, layout: Layout, room: Ints, places: Ints) -> Ints:
    """Which of the moves at these places cannot be admitted again, one after the other."""
    base = layout.row * room.shape[1]
    source = layout.source[places]
    order = np.lexsort((source, board.stay[source], -board.amount[source], -board.sign[source]))
    places, source = places[order], source[order]
    at, to = board.at[source] + base[places], layout.cells[places] + base[places]
    # Moves within their months, of accounts without others: a month does not know of the next.
    crossing = np.zeros(len(room), dtype=np.bool_)
    crossing[layout.row[places[at // CELLS != to // CELLS]]] = True
    linked = crossing[layout.row[places]]
    within = ~linked
    refused = np.zeros(len(places), dtype=np.bool_)
    refused[within] = _refused_within(room, at[within], to[within], board.amount[source][within])
    months = sorted({*(at[linked] // CELLS).tolist(), *(to[linked] // CELLS).tolist()})
    left = dict(zip(months, room.reshape(-1, CELLS)[months].tolist(), strict=True))
    columns = (one[linked].tolist() for one in (at, to, board.signed[source]))
    refused[linked] = [not _admit(left, *move) for move in zip(*columns, strict=True)]
    return places[refused]


def _refused_within(room: Ints, at: Ints, to: Ints, amount: Ints) -> Flags:
    """The same for moves that stay in their months: the first of every month, then the second of
    every month, and so on. The moves stand in the order in which they are asked."""
    months, index = np.unique(at // CELLS, return_inverse=True)
    left = room.reshape(-1, CELLS)[months]
    by_month = np.argsort(index, kind="stable")
    starts = np.searchsorted(index[by_month], np.arange(len(months)))
    turn = np.empty(len(index), dtype=np.int64)
    turn[by_month] = np.arange(len(index)) - starts[index[by_month]]
    low, high = np.minimum(at, to) % CELLS, np.maximum(at, to) % CELLS
    refused = np.zeros(len(index), dtype=np.bool_)
    cells = np.arange(CELLS)
    for these in (
        np.flatnonzero(turn == number) for number in range(int(turn.max(initial=-1)) + 1)
    ):
        span = (cells >= low[these, None]) & (cells < high[these, None])
        rows, cents = left[index[these]], amount[these, None]
        fits = np.where(span, rows, FREE).min(axis=1) >= amount[these]
        left[index[these]] = rows - np.where(span & fits[:, None], cents, 0)
        refused[these] = ~fits
    return refused


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


def charged_early(board: Board, layout: Layout, running: Ints) -> list[int]:
    """The rows that take a moved charge on a day on which its money is not there."""
    last = width_of(board.horizon) - CELLS - 1
    places = np.flatnonzero(layout.may_wait)
    row = layout.row[places]
    short = running[row, np.minimum(layout.cells[places], last)] < 0
    early = short & (board.amount[layout.source[places]] > 0)
    return sorted({*row[early].tolist()})


def wait_for_income(board: Board, account: int, planned: Ints, running: Ints) -> Ints:
    """Lets moved charges of an account wait, within their windows and their month, for the first
    income after which the balance holds them; their places. Changes `planned` and `running` in
    place.

    Of several on one day first the smallest that is enough alone, otherwise the largest.
    """
    own = slice(board.starts[account], board.starts[account + 1])
    slot, high, amount, sign = (
        column[own] for column in (board.slot, board.high, board.amount, board.sign)
    )
    horizon, last = board.horizon, width_of(board.horizon) - CELLS - 1
    waiting: list[int] = []
    tried = (sign > 0) | (amount == 0) | (planned == board.stay[own]) | (planned >= high)
    incomes = sorted({*planned[(sign > 0) & (amount > 0)].tolist()})
    while True:
        cells = np.minimum(horizon.cell_of(planned, slot), last)
        short = np.flatnonzero(~tried & (running[cells] < 0))
        if not short.size:
            return np.array(sorted(waiting), dtype=np.int64)
        first = int(cells[short].min())
        together = [int(place) for place in short if cells[place] == first]
        place = _first_to_wait(amount, together, -int(running[first]))
        tried[place] = True
        bounds = (int(planned[place]), int(high[place]))
        target = _first_covering(board, running, incomes, bounds, int(slot[place]))
        if target is not None:
            to = int(horizon.cell[target - horizon.base] + slot[place])
            running[first:to] += amount[place]
            planned[place] = target
            waiting.append(place)


def _first_to_wait(amount: Ints, places: list[int], short: int) -> int:
    enough = [place for place in places if amount[place] >= short]
    if enough:
        return min(enough, key=lambda place: (int(amount[place]), place))
    return max(places, key=lambda place: (int(amount[place]), -place))


def _first_covering(
    board: Board, running: Ints, incomes: list[int], bounds: tuple[int, int], slot: int
) -> int | None:
    horizon, (planned, high) = board.horizon, bounds
    month = int(horizon.cell[planned - horizon.base]) // CELLS
    for day in incomes:
        target = day
        if slot == 0:  # P1: this rail may book it before an income of the same day
            target = next_banking_day(date.fromordinal(day)).toordinal()
        if planned < target <= high:
            cell = int(horizon.cell[target - horizon.base]) + slot
            if cell // CELLS == month and running[cell] >= 0:
                return target
    return None
