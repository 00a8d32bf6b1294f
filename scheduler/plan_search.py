"""Chooses the day of the month: most money on the pay date, then the highest lowest balance, then
the fewest euro-days moved, then nearest to the preferred day, then the lowest day (DESIGN 7).

A balance here starts each month at the opening balance: what is left of a month is spent on living.
P1 as kept here: on no day of any month does the plan make a shortage or deepen one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np

from scheduler.plan_board import CELLS, DAYS, Board, Flags, Ints

Criterion: TypeAlias = Literal["only", "money", "balance", "moved", "preferred", "lowest"]
Score: TypeAlias = tuple[int, int, int, int, int]

CRITERIA: Final[tuple[Criterion, ...]] = ("money", "balance", "moved", "preferred", "lowest")
_NEVER: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """A day with its placement: `planned` ordinals, `hit` on the pay date, `held` back by P1.

    `lowest` and `end` are balances for each month of the horizon. `decided_by` is the first measure
    on which no other day was as good.
    """

    day: int
    score: Score
    planned: Ints
    hit: Flags
    held: Flags
    lowest: Ints
    end: Ints
    decided_by: Criterion = "only"


@dataclass(frozen=True, slots=True, eq=False)
class Balances:
    """Running balances by cell, shape (rows, months + 2, CELLS), and which cells are used."""

    running: Ints
    used: Flags

    def lowest(self, opening: int) -> Ints:
        """After any payment of the month; the opening balance where nothing happens."""
        low = np.where(self.used, self.running, _NEVER).min(axis=2)[:, 1:-1]
        return np.where(low == _NEVER, opening, low)

    def end(self) -> Ints:
        """At the end of each month."""
        return self.running[:, 1:-1, -1]


def balances_of(board: Board, dates: Ints) -> Balances:
    """The balances when the payments stand on `dates`, shape (rows, payments)."""
    rows, months = dates.shape[0], board.horizon.months + 2
    cells = board.horizon.cell[dates - board.horizon.base] + board.slot
    width = (months + 1) * CELLS  # one more month catches what lies beyond
    places = cells + np.arange(rows, dtype=np.int64)[:, None] * width
    moves = np.zeros(rows * width, dtype=np.int64)
    # ufunc.at reads beyond values it would have to broadcast (numpy 2.x): one value for each place.
    np.add.at(moves, places.ravel(), np.tile(board.sign * board.amount, rows))
    used = np.zeros(rows * width, dtype=np.bool_)
    used[places[:, board.amount > 0]] = True
    shape = (rows, months + 1, CELLS)
    running = np.cumsum(moves.reshape(shape), axis=2) + board.opening
    return Balances(running[:, :-1], used.reshape(shape)[:, :-1])


def deepened(running: Ints, before: Ints) -> Flags:
    """Where the plan makes or deepens a shortage, per row and month of the horizon."""
    worse: Flags = ((running < 0) & (running < before))[:, 1:-1].any(axis=2)
    return worse


def best_day(board: Board, preferred: int | None, days: Sequence[int] = DAYS) -> Choice:
    """The best of `days`. Only days whose money could still win are looked at closely."""
    before = balances_of(board, board.stay[None, :]).running
    money = (board.hit * board.amount).sum(axis=1)
    bounds = {day: int(money[day - 1]) for day in days}
    choices: list[Choice] = []
    best = -1
    for bound in sorted(set(bounds.values()), reverse=True):
        if bound < best:
            break
        group = [day for day in days if bounds[day] == bound]
        choices.extend(_weigh(board, before, group, preferred))
        best = max(choice.score[0] for choice in choices)
    choices.sort(key=lambda choice: choice.score, reverse=True)
    return _with_criterion(choices)


def _weigh(board: Board, before: Ints, days: Sequence[int], preferred: int | None) -> list[Choice]:
    rows = np.array(days, dtype=np.int64) - 1
    planned, hit = board.planned[rows], board.hit[rows]
    held = np.zeros_like(hit)
    balances = balances_of(board, planned)
    broken: list[int] = np.flatnonzero(deepened(balances.running, before).any(axis=1)).tolist()
    if broken:
        for row in broken:
            planned[row] = hold_back(board, before[0], planned[row])
            held[row] = planned[row] != board.planned[days[row] - 1]
        hit = hit & ~held
        balances = balances_of(board, planned)
    money = (hit * board.amount).sum(axis=1)
    lowest = balances.lowest(board.opening)
    floor = lowest.min(axis=1)
    moved = (np.abs(planned - board.natural) * board.amount).sum(axis=1)
    end = balances.end()
    return [
        Choice(
            day=day,
            score=(
                int(money[row]),
                int(floor[row]),
                -int(moved[row]),
                -abs(day - preferred) if preferred is not None else 0,
                -day,
            ),
            planned=planned[row],
            hit=hit[row],
            held=held[row],
            lowest=lowest[row],
            end=end[row],
        )
        for row, day in enumerate(days)
    ]


def hold_back(board: Board, before: Ints, planned: Ints) -> Ints:
    """The placement with as many moves as P1 allows.

    Income earlier and charges later within a month can deepen no shortage: those stand. The others
    are admitted one by one, incomes first, the largest amount first, then by date and by place in
    the request, each only when no shortage comes of it. `before` has shape (months + 2, CELLS).
    """
    cell_of = board.horizon.cell
    from_cell = cell_of[board.stay - board.horizon.base] + board.slot
    to_cell = cell_of[planned - board.horizon.base] + board.slot
    risky = (board.sign * (planned - board.stay) > 0) | (from_cell // CELLS != to_cell // CELLS)
    placed = np.where(risky, board.stay, planned)
    moves = np.zeros((board.horizon.months + 3, CELLS), dtype=np.int64)
    flat = moves.reshape(-1)
    np.add.at(flat, np.where(risky, from_cell, to_cell), board.sign * board.amount)
    order = sorted(
        np.flatnonzero(risky).tolist(),
        key=lambda i: (-int(board.sign[i]), -int(board.amount[i]), int(board.stay[i]), i),
    )
    for i in order:
        signed = int(board.sign[i] * board.amount[i])
        flat[from_cell[i]] -= signed
        flat[to_cell[i]] += signed
        if all(
            _sound(board, moves, before, month)
            for month in {int(from_cell[i]) // CELLS, int(to_cell[i]) // CELLS}
        ):
            placed[i] = planned[i]
        else:
            flat[from_cell[i]] += signed
            flat[to_cell[i]] -= signed
    return placed


def _sound(board: Board, moves: Ints, before: Ints, month: int) -> bool:
    if not 1 <= month <= board.horizon.months:
        return True
    running = np.cumsum(moves[month]) + board.opening
    return not bool(((running < 0) & (running < before[month])).any())


def _with_criterion(choices: list[Choice]) -> Choice:
    first = choices[0]
    decided: Criterion = "only"
    rivals = choices[1:]
    for place, criterion in enumerate(CRITERIA):
        if not rivals:
            break
        decided = criterion
        rivals = [rival for rival in rivals if rival.score[place] == first.score[place]]
    return Choice(
        day=first.day,
        score=first.score,
        planned=first.planned,
        hit=first.hit,
        held=first.held,
        lowest=first.lowest,
        end=first.end,
        decided_by="money" if decided == "only" else decided,
    )
