"""The answer of a plan: its lines, month by month, with the balances of its days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import chain, repeat

import numpy as np

from scheduler.plan_board import Board
from scheduler.plan_reasons import reasons_of
from scheduler.plan_search import Choice, Placed
from scheduler.plan_table import Table
from scheduler.plan_types import MonthPlan, PlannedLine


def month_plans(tables: Sequence[Table], choice: Choice) -> tuple[MonthPlan, ...]:
    """The months of a household, the lines of all its accounts together.

    `left_cents` adds the accounts up, a shortage on one is not helped by another: the lowest
    balances are those of the account that goes lowest, `short_cents` adds up what each is short.
    """
    horizon = tables[0].board.horizon
    own = [_lines(table, placed) for table, placed in zip(tables, choice.placed, strict=True)]
    left = [_left(table.board) for table in tables]
    low_before = np.min([placed.lowest_unmoved for placed in choice.placed], axis=0).tolist()
    low_after = np.min([placed.lowest for placed in choice.placed], axis=0).tolist()
    ends = np.array([placed.end for placed in choice.placed], dtype=np.int64)
    end, short = ends.min(axis=0).tolist(), np.maximum(-ends, 0).sum(axis=0).tolist()
    pay = horizon.pay[choice.day - 1].tolist()
    return tuple(
        MonthPlan(
            month=horizon.first.plus(step),
            pay_date=date.fromordinal(pay[step + 1]),
            left_cents=sum(cents[step + 1] for cents in left),
            lowest_before_cents=low_before[step],
            lowest_after_cents=low_after[step],
            end_cents=end[step],
            short_cents=short[step],
            lines=tuple(_merged([months[step] for months in own])),
        )
        for step in range(horizon.months)
    )


def _left(board: Board) -> list[int]:
    left = np.zeros(board.horizon.months + 2, dtype=np.int64)
    np.add.at(left, board.home, board.sign * board.amount)
    found: list[int] = left.tolist()
    return found


def _merged(accounts: Sequence[list[PlannedLine]]) -> list[PlannedLine]:
    if len(accounts) == 1:
        return accounts[0]
    # The order within each account is that of its rail; accounts do not wait for each other.
    return sorted(chain.from_iterable(accounts), key=lambda line: line.planned)


def _lines(table: Table, placed: Placed) -> list[list[PlannedLine]]:
    """The lines of each month, by planned date; on a day incomes first, as the rail books them."""
    board, flows = table.board, table.flows
    rank = np.where(board.slot == 0, 0, np.where(board.sign == 1, 1, 2))
    order: list[int] = np.argsort(placed.planned * 4 + rank, kind="stable").tolist()
    owners = [flows[index] for index in board.flow.tolist()]
    made: Iterator[PlannedLine] = map(
        tuple.__new__,  # as PlannedLine._make, without a call of Python for each line
        repeat(PlannedLine),
        zip(
            [flow.id for flow in owners],
            [flow.party for flow in owners],
            [flow.direction for flow in owners],
            [item.period for item in board.occurrences],
            [item.due for item in board.occurrences],
            [item.natural for item in board.occurrences],
            map(date.fromordinal, placed.planned.tolist()),
            board.amount.tolist(),
            (placed.planned - board.natural).tolist(),
            placed.hit.tolist(),
            [item.basis == "expected" for item in board.occurrences],
            reasons_of(flows, board, placed),
            strict=True,
        ),
    )
    all_lines = list(made)
    lines: list[list[PlannedLine]] = [[] for _ in range(board.horizon.months + 2)]
    home = board.home.tolist()
    for index in order:
        lines[home[index]].append(all_lines[index])
    return lines[1:-1]
