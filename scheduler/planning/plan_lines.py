"""The answers of plans: their lines, month by month, with the balances of their days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from itertools import chain, pairwise, repeat
from typing import Any, Final, NamedTuple

import numpy as np

from scheduler.folding.known import Text
from scheduler.planning.flows import Direction
from scheduler.planning.plan_board import CELLS, Ints, Placement
from scheduler.planning.plan_columns import Board, lowest_of
from scheduler.planning.plan_reasons import reasons_by_p1, reasons_of
from scheduler.planning.plan_search import Choice, Placed
from scheduler.planning.plan_types import MonthPlan, PlannedLine

SHOWN_CACHE: Final = 8192  # placements times days: some 2 kB each


def month_plans(board: Board, choices: Sequence[Choice]) -> list[tuple[MonthPlan, ...]]:
    """The months of each household, the lines of all its accounts together.

    `left_cents` adds the accounts up, a shortage on one is not helped by another: the lowest
    balances are those of the account that goes lowest, `short_cents` adds up what each is short.
    """
    placed = [one for choice in choices for one in choice.placed]
    lines = _lines(board, choices, placed)
    balances = _balances(board, placed)
    found, account = [], 0
    for choice in choices:
        own = slice(account, account + len(choice.placed))
        account = own.stop
        found.append(_months(board, choice, balances[:, own], lines[own]))
    return found


def _balances(board: Board, placed: Sequence[Placed]) -> Ints:
    """Of each account and month: what is left, the lowest balance without and with the plan, and
    the balance at the end; shape (4, accounts, months)."""
    horizon, accounts = board.horizon, len(board.accounts)
    account = np.repeat(np.arange(accounts), board.starts[1:] - board.starts[:-1])
    left = np.zeros((accounts, horizon.months + 2), dtype=np.int64)
    np.add.at(left, (account, board.home), board.signed)
    running = np.array([one.running for one in placed], dtype=np.int64)
    cells = np.concatenate([one.cells for one in placed])
    before, after = (
        lowest_of(horizon, where, account, board.amount > 0, balance, board.opening)
        for where, balance in ((board.at, board.running), (cells, running))
    )
    ends = running[:, 2 * CELLS - 1 : -2 * CELLS : CELLS]
    return np.stack((left[:, 1:-1], before, after, ends))


def _months(
    board: Board, choice: Choice, balances: Ints, lines: Sequence[list[list[PlannedLine]]]
) -> tuple[MonthPlan, ...]:
    left, before, after, ends = balances
    columns: tuple[Ints, ...]
    if len(lines) == 1:
        columns = (left[0], before[0], after[0], ends[0], np.maximum(-ends[0], 0))
    else:
        columns = (
            left.sum(axis=0),
            before.min(axis=0),
            after.min(axis=0),
            ends.min(axis=0),
            np.maximum(-ends, 0).sum(axis=0),
        )
    pay_dates = board.horizon.pay_dates[choice.day - 1]
    rows: Iterator[tuple[Any, ...]] = zip(
        board.horizon.span,
        pay_dates,
        *np.stack(columns).tolist(),
        map(tuple, _by_month(lines)),
        strict=True,
    )
    return tuple([MonthPlan._make(row) for row in rows])


def _by_month(accounts: Sequence[list[list[PlannedLine]]]) -> list[list[PlannedLine]]:
    if len(accounts) == 1:
        return accounts[0]
    # The order within each account is that of its rail; accounts do not wait for each other.
    return [
        sorted(chain.from_iterable(months), key=lambda line: line.planned)
        for months in zip(*accounts, strict=True)
    ]


class _Shown(NamedTuple):
    """What the lines of a placement say on one day of the month, P1 not asked."""

    planned: list[date]
    moved: list[int]
    hit: list[bool]
    codes: list[int]


@lru_cache(maxsize=SHOWN_CACHE)
def _shown(placement: Placement, row: int) -> _Shown:
    planned, natural = placement.days[row, 0], placement.fixed[0]
    return _Shown(
        [date.fromordinal(day) for day in planned.tolist()],
        (planned - natural).tolist(),
        (placement.days[row, 5] == 1).tolist(),
        placement.codes[row].tolist(),
    )


def _lines(
    board: Board, choices: Sequence[Choice], placed: Sequence[Placed]
) -> list[list[list[PlannedLine]]]:
    """The lines of each account by month; in a month by planned date, and on a day in the order in
    which the rail books them: unordered charges, incomes, other charges."""
    days = [choice.day for choice in choices for _ in choice.placed]
    planned = np.concatenate([one.planned for one in placed])
    months = board.horizon.months + 2
    counts = board.starts[1:] - board.starts[:-1]
    group = np.repeat(np.arange(len(placed)) * months, counts) + board.home
    rank = board.slot + board.slot - (board.sign > 0)
    first = int(planned.min(initial=0))
    order = np.argsort((group * 4096 + (planned - first)) * 4 + rank, kind="stable").tolist()
    amounts = board.amount.tolist()
    starts: list[int] = board.starts.tolist()
    made: list[PlannedLine] = []
    for account, day in enumerate(days):
        cents = amounts[starts[account] : starts[account + 1]]
        made += _made(board, placed[account], day, cents)
    in_order = [made[place] for place in order]
    bounds = [0, *np.cumsum(np.bincount(group, minlength=len(placed) * months)).tolist()]
    by_group = [in_order[low:high] for low, high in pairwise(bounds)]
    return [
        by_group[account * months + 1 : (account + 1) * months - 1]
        for account in range(len(placed))
    ]


def _made(board: Board, placed: Placed, day: int, cents: list[int]) -> Iterator[PlannedLine]:
    """The lines of one account, flow by flow."""
    account = board.accounts[placed.account]
    shown = [_shown(one, day - 1) for one in account.placements]
    series = [one.series for one in account.placements]
    planned = [*chain.from_iterable([one.planned for one in shown])]
    moved = [*chain.from_iterable([one.moved for one in shown])]
    hit = [*chain.from_iterable([one.hit for one in shown])]
    names: list[str] = []
    parties: list[str] = []
    directions: list[Direction] = []
    reasons: list[Text | None] = []
    for flow, one in zip(account.flows, shown, strict=True):
        number = len(one.codes)
        names += [flow.id] * number
        parties += [flow.party] * number
        directions += [flow.direction] * number
        reasons += reasons_of(flow, one.codes)
    if placed.kept.size:
        first = int(board.starts[placed.account])
        for place, reason in reasons_by_p1(placed).items():
            to = int(placed.planned[place])
            planned[place] = date.fromordinal(to)
            moved[place] = to - int(board.natural[first + place])
            hit[place], reasons[place] = False, reason
    return map(
        tuple.__new__,  # as PlannedLine._make, without a call of Python for each line
        repeat(PlannedLine),
        zip(
            names,
            parties,
            directions,
            chain.from_iterable([one.periods for one in series]),
            chain.from_iterable([one.dues for one in series]),
            chain.from_iterable([one.naturals for one in series]),
            planned,
            cents,
            moved,
            hit,
            chain.from_iterable([one.expected for one in series]),
            reasons,
            strict=True,
        ),
    )
