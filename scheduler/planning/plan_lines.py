"""The answer of a plan: its lines, month by month, with the balances of its days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import chain, repeat
from typing import TypeVar

import numpy as np

from scheduler.planning.plan_board import Board, Ints
from scheduler.planning.plan_reasons import reasons_of
from scheduler.planning.plan_search import Choice, Placed
from scheduler.planning.plan_table import Table
from scheduler.planning.plan_types import MonthPlan, PlannedLine

T = TypeVar("T")


def month_plans(tables: Sequence[Table], choice: Choice) -> tuple[MonthPlan, ...]:
    """The months of a household, the lines of all its accounts together.

    `left_cents` adds the accounts up, a shortage on one is not helped by another: the lowest
    balances are those of the account that goes lowest, `short_cents` adds up what each is short.
    """
    horizon = tables[0].board.horizon
    own = [_lines(table, placed) for table, placed in zip(tables, choice.placed, strict=True)]
    left = np.sum([_left(table.board) for table in tables], axis=0)
    ends = np.array([placed.end for placed in choice.placed], dtype=np.int64)
    columns = (
        left[1:-1],
        np.min([placed.lowest_unmoved for placed in choice.placed], axis=0),
        np.min([placed.lowest for placed in choice.placed], axis=0),
        ends.min(axis=0),
        np.maximum(-ends, 0).sum(axis=0),
        horizon.pay[choice.day - 1, 1:-1],
    )
    rows = zip(horizon.span, _by_month(own), *(column.tolist() for column in columns), strict=True)
    return tuple(
        MonthPlan(
            month=month,
            pay_date=date.fromordinal(pay),
            left_cents=left_cents,
            lowest_before_cents=low_before,
            lowest_after_cents=low_after,
            end_cents=end,
            short_cents=short,
            lines=tuple(lines),
        )
        for month, lines, left_cents, low_before, low_after, end, short, pay in rows
    )


def _left(board: Board) -> Ints:
    left = np.zeros(board.horizon.months + 2, dtype=np.int64)
    np.add.at(left, board.home, board.sign * board.amount)
    return left


def _by_month(accounts: Sequence[list[list[PlannedLine]]]) -> list[list[PlannedLine]]:
    if len(accounts) == 1:
        return accounts[0]
    # The order within each account is that of its rail; accounts do not wait for each other.
    return [
        sorted(chain.from_iterable(months), key=lambda line: line.planned)
        for months in zip(*accounts, strict=True)
    ]


def _lines(table: Table, placed: Placed) -> list[list[PlannedLine]]:
    """The lines of each month, by planned date; on a day incomes first, as the rail books them."""
    board, flows, series = table.board, table.flows, table.board.series
    rank = np.where(board.slot == 0, 0, np.where(board.sign == 1, 1, 2))
    order: list[int] = np.argsort(placed.planned * 4 + rank, kind="stable").tolist()
    counts = [len(one.periods) for one in series]

    def spread(values: Iterable[T]) -> Iterator[T]:
        return chain.from_iterable(map(repeat, values, counts))

    made: Iterator[PlannedLine] = map(
        tuple.__new__,  # as PlannedLine._make, without a call of Python for each line
        repeat(PlannedLine),
        zip(
            spread([flow.id for flow in flows]),
            spread([flow.party for flow in flows]),
            spread([flow.direction for flow in flows]),
            chain.from_iterable([one.periods for one in series]),
            chain.from_iterable([one.dues for one in series]),
            chain.from_iterable([one.naturals for one in series]),
            map(date.fromordinal, placed.planned.tolist()),
            board.amount.tolist(),
            (placed.planned - board.natural).tolist(),
            placed.hit.tolist(),
            chain.from_iterable([one.expected for one in series]),
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
