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

from scheduler.plan_balances import cells_of, deepened, lowest_of, running_of
from scheduler.plan_board import DAYS, Board, Flags, Ints
from scheduler.plan_order import charged_early, hold_back, wait_for_income

Criterion: TypeAlias = Literal["money", "balance", "moved", "preferred", "lowest"]
Score: TypeAlias = tuple[int, int, int, int, int]

CRITERIA: Final[tuple[Criterion, ...]] = ("money", "balance", "moved", "preferred", "lowest")
BATCH: Final = 4  # days weighed at once


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
class Unmoved:
    """What placements are compared with: cells, balances and lowest balances without a plan."""

    cells: Ints
    running: Ints
    lowest: Ints


def best_day(board: Board, preferred: int | None, days: Sequence[int] = DAYS) -> Choice:
    """The best of `days`. Only days whose money could still win are looked at closely."""
    base = _unmoved(board)
    money: list[int] = (board.hit @ board.amount).tolist()
    ranked = sorted(days, key=lambda day: -money[day - 1])
    choices: list[Choice] = []
    best = -1
    for start in range(0, len(ranked), BATCH):
        batch = [day for day in ranked[start : start + BATCH] if money[day - 1] >= best]
        if not batch:
            break
        choices += _weigh(board, base, batch, [money[day - 1] for day in batch], best, preferred)
        best = max(choice.score[0] for choice in choices)
    choices.sort(key=lambda choice: choice.score, reverse=True)
    return _with_criterion(choices)


def _unmoved(board: Board) -> Unmoved:
    cells = cells_of(board, board.stay[None, :])
    running = running_of(board, cells)
    return Unmoved(cells[0], running[0], lowest_of(board, cells, running)[0])


def _weigh(
    board: Board,
    base: Unmoved,
    days: Sequence[int],
    bounds: Sequence[int],
    best: int,
    preferred: int | None,
) -> list[Choice]:
    """The days of a batch that can still win, each placed under P1. `bounds`: their money before
    P1; those that break nothing go first, so that the others need not be repaired in vain."""
    rows = np.array(days, dtype=np.int64) - 1
    planned, hit = board.planned[rows], board.hit[rows]
    held, waiting = np.zeros_like(hit), np.zeros_like(hit)
    cells = cells_of(board, planned)
    running = running_of(board, cells)
    broken: list[bool] = deepened(running, base.running).tolist()
    kept: list[int] = []
    for row in sorted(range(len(days)), key=lambda row: (broken[row], -bounds[row])):
        if bounds[row] < best:
            continue
        if broken[row]:
            held[row] = hold_back(
                board, base.running, running[row], base.cells, cells[row], planned[row]
            )
        if charged_early(board, cells[row], running[row], planned[row]):
            waiting[row] = wait_for_income(board, running[row], planned[row])
            cells[row] = cells_of(board, planned[row])
        hit[row] &= ~(held[row] | waiting[row])
        best = max(best, int(hit[row] @ board.amount))
        kept.append(row)
    money: list[int] = (hit[kept] @ board.amount).tolist()
    moved: list[int] = (np.abs(planned[kept] - board.natural) @ board.amount).tolist()
    lowest = lowest_of(board, cells[kept], running[kept])
    floor: list[int] = lowest.min(axis=1).tolist()
    return [
        Choice(
            day=days[row],
            score=(
                money[place],
                floor[place],
                -moved[place],
                -abs(days[row] - preferred) if preferred is not None else 0,
                -days[row],
            ),
            planned=planned[row],
            hit=hit[row],
            held=held[row],
            waiting=waiting[row],
            lowest=lowest[place],
            end=running[row, 1:-1, -1],
            lowest_unmoved=base.lowest,
        )
        for place, row in enumerate(kept)
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
