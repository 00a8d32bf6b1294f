"""Chooses the day of the month: most money on the pay date, then the highest lowest balance, then
the fewest euro-days moved, then nearest to the preferred day, then the lowest day (DESIGN 7).

A balance here starts each month at the opening balance: what is left of a month is spent on living.
P1 as kept here: on no day of any month does the plan make a shortage or deepen one, and a charge it
moves waits for the income it needs when its window allows (plan_order.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

import numpy as np

from scheduler.plan_board import CELLS, DAYS, Board, Flags, Ints
from scheduler.plan_order import charged_early, hold_back, wait_for_income

Criterion: TypeAlias = Literal["money", "balance", "moved", "preferred", "lowest"]
Score: TypeAlias = tuple[int, int, int, int, int]

CRITERIA: Final[tuple[Criterion, ...]] = ("money", "balance", "moved", "preferred", "lowest")
_NEVER: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """A day with its placement: `planned` ordinals, `hit` on the pay date, `held` back by P1 and
    `waiting` for the income it needs.

    `lowest` and `end` are balances for each month of the horizon, `lowest_unmoved` those without
    the plan. `decided_by` is the first measure on which no other day was as good.
    """

    day: int
    score: Score
    planned: Ints
    hit: Flags
    held: Flags
    waiting: Flags
    lowest: Ints
    end: Ints
    lowest_unmoved: Ints
    decided_by: Criterion = "money"


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
    worse = (running < 0) & (running < before)
    found: Flags = np.logical_or.reduce(worse[:, 1:-1], axis=2)
    return found


def best_day(board: Board, preferred: int | None, days: Sequence[int] = DAYS) -> Choice:
    """The best of `days`. Only days whose money could still win are looked at closely."""
    before = balances_of(board, board.stay[None, :])
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


def _weigh(
    board: Board, unplanned: Balances, days: Sequence[int], preferred: int | None
) -> list[Choice]:
    before, unmoved = unplanned.running, unplanned.lowest(board.opening)[0]
    rows = np.array(days, dtype=np.int64) - 1
    planned, hit = board.planned[rows], board.hit[rows]
    held = np.zeros_like(hit)
    balances = balances_of(board, planned)
    broken: list[int] = np.flatnonzero(deepened(balances.running, before).any(axis=1)).tolist()
    for row in broken:
        planned[row] = hold_back(board, before[0], planned[row])
    if broken:
        held = planned != board.planned[rows]
        hit &= ~held
        again = balances_of(board, planned[broken])
        balances.running[broken], balances.used[broken] = again.running, again.used
    waiting = np.zeros_like(hit)
    early: list[int] = np.flatnonzero(charged_early(board, balances.running, planned)).tolist()
    for row in early:
        waiting[row] = wait_for_income(board, balances.running[row], planned[row])
    if early:
        hit &= ~waiting
        again = balances_of(board, planned[early])
        balances.running[early], balances.used[early] = again.running, again.used
    lowest, end = balances.lowest(board.opening), balances.end()
    money: list[int] = (hit * board.amount).sum(axis=1).tolist()
    floor: list[int] = lowest.min(axis=1).tolist()
    moved: list[int] = (np.abs(planned - board.natural) @ board.amount).tolist()
    return [
        Choice(
            day=day,
            score=(
                money[row],
                floor[row],
                -moved[row],
                -abs(day - preferred) if preferred is not None else 0,
                -day,
            ),
            planned=planned[row],
            hit=hit[row],
            held=held[row],
            waiting=waiting[row],
            lowest=lowest[row],
            end=end[row],
            lowest_unmoved=unmoved,
        )
        for row, day in enumerate(days)
    ]


def _with_criterion(choices: list[Choice]) -> Choice:
    first, rivals = choices[0], choices[1:]
    decided: Criterion = "money"
    for place, criterion in enumerate(CRITERIA):
        if not rivals:
            break
        decided = criterion
        rivals = [rival for rival in rivals if rival.score[place] == first.score[place]]
    return replace(first, decided_by=decided)
