"""Chooses the day of the month: most money on the pay date, then the highest lowest balance, then
the fewest euro-days moved, then nearest to the preferred day, then the lowest day (DESIGN 7).

A balance here starts each month at the opening balance: what is left of a month is spent on living.
P1 as kept here: on no day of any month does the plan make a shortage or deepen one, and a charge it
moves waits for the income it needs when its window allows (plan_order.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np

from scheduler.planning.plan_balances import cells_of, deepened, lowest_of, running_of
from scheduler.planning.plan_board import DAYS, Board, Flags, Ints
from scheduler.planning.plan_order import charged_early, hold_back, wait_for_income

Criterion: TypeAlias = Literal["money", "balance", "moved", "preferred", "lowest"]
Score: TypeAlias = tuple[int, int, int, int, int]

CRITERIA: Final[tuple[Criterion, ...]] = ("money", "balance", "moved", "preferred", "lowest")
BATCH: Final = 4  # days weighed at once


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """One account on one day of the month: `planned` ordinals, `hit` on the pay date, `held` back
    by P1 and `waiting` for the income it needs.

    `lowest` and `end` are balances for each month of the horizon, `lowest_unmoved` those without
    the plan; `moved` counts cent-days.
    """

    day: int
    money: int
    moved: int
    planned: Ints
    hit: Flags
    held: Flags
    waiting: Flags
    lowest: Ints
    end: Ints
    lowest_unmoved: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """A day for the household, with the placement of each of its accounts. `decided_by` is the
    first measure on which no other day was as good."""

    day: int
    score: Score
    decided_by: Criterion
    placed: tuple[Placed, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Unmoved:
    """What placements are compared with: cells, balances and lowest balances without a plan."""

    cells: Ints
    running: Ints
    lowest: Ints


def best_day(boards: Sequence[Board], preferred: int | None, days: Sequence[int] = DAYS) -> Choice:
    """The best of `days` for all accounts together; the lowest balance is that of the account that
    goes lowest. Only days whose money could still win are looked at closely."""
    bases = [_unmoved(board) for board in boards]
    each: list[list[int]] = [(board.hit @ board.amount).tolist() for board in boards]
    money = [sum(cents) for cents in zip(*each, strict=True)]
    ranked = sorted(days, key=lambda day: -money[day - 1])
    found: list[tuple[Score, tuple[Placed, ...]]] = []
    best = -1
    for start in range(0, len(ranked), BATCH):
        batch = [day for day in ranked[start : start + BATCH] if money[day - 1] >= best]
        if not batch:
            break
        parts = [
            _weigh(board, base, batch, [own[day - 1] for day in batch], best, len(boards) == 1)
            for board, base, own in zip(boards, bases, each, strict=True)
        ]
        found += [_scored(placed, preferred) for placed in zip(*parts, strict=True)]
        best = max(score[0] for score, _placed in found)
    found.sort(key=lambda one: one[0], reverse=True)
    score, placed = found[0]
    return Choice(-score[4], score, _criterion([one[0] for one in found]), placed)


def _unmoved(board: Board) -> Unmoved:
    cells = cells_of(board, board.stay[None, :])
    running = running_of(board, cells)
    return Unmoved(cells[0], running[0], lowest_of(board, cells, running)[0])


def _scored(placed: tuple[Placed, ...], preferred: int | None) -> tuple[Score, tuple[Placed, ...]]:
    day = placed[0].day
    score = (
        sum(one.money for one in placed),
        min(int(one.lowest.min()) for one in placed),
        -sum(one.moved for one in placed),
        -abs(day - preferred) if preferred is not None else 0,
        -day,
    )
    return score, placed


def _weigh(
    board: Board,
    base: Unmoved,
    days: Sequence[int],
    bounds: Sequence[int],
    best: int,
    alone: bool,
) -> list[Placed]:
    """The days of a batch, each placed under P1. `bounds`: their money before P1. Of the only
    account those that break nothing go first, and days that then cannot win are left out."""
    rows = np.array(days, dtype=np.int64) - 1
    planned, hit = board.planned[rows], board.hit[rows]
    held, waiting = np.zeros_like(hit), np.zeros_like(hit)
    cells = cells_of(board, planned)
    running = running_of(board, cells)
    broken: list[bool] = deepened(running, base.running).tolist()
    order = sorted(range(len(days)), key=lambda row: (broken[row], -bounds[row]))
    kept: list[int] = []
    for row in order if alone else range(len(days)):
        if alone and bounds[row] < best:
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
    return [
        Placed(
            day=days[row],
            money=money[place],
            moved=moved[place],
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


def _criterion(scores: Sequence[Score]) -> Criterion:
    """The measure that decided, of scores from the best on."""
    first, rivals = scores[0], scores[1:]
    decided: Criterion = "money"
    for place, criterion in enumerate(CRITERIA):
        if not rivals:
            break
        decided = criterion
        rivals = [rival for rival in rivals if rival[place] == first[place]]
    return decided
