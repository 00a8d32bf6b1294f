"""The answers of plans: their lines, month by month, with the balances of their days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from itertools import chain, pairwise, repeat
from typing import Final, NamedTuple

import numpy as np

from scheduler.folding.known import Text
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
    shown: list[list[tuple[int, ...]]] = balances.tolist()
    found, account = [], 0
    for choice in choices:
        own = slice(account, account + len(choice.placed))
        rows, by_month = shown[account], lines[account]
        if len(choice.placed) > 1:
            rows = _of_all(balances[own]).tolist()
            # The order within each account is that of its rail; accounts do not wait for others.
            by_month = [
                sorted(chain.from_iterable(months), key=lambda line: line.planned)
                for months in zip(*lines[own], strict=True)
            ]
        account = own.stop
        parts = (board.horizon.span, board.horizon.pay_dates[choice.day - 1], rows, by_month)
        found.append(
            tuple(
                [
                    MonthPlan._make((month, pay_date, *row, tuple(its_lines)))
                    for month, pay_date, row, its_lines in zip(*parts, strict=True)
                ]
            )
        )
    return found


def _of_all(balances: Ints) -> Ints:
    """The balances of several accounts as those of their household."""
    left, before, after, ends, short = np.moveaxis(balances, 2, 0)
    return np.stack((left.sum(0), before.min(0), after.min(0), ends.min(0), short.sum(0)), axis=-1)


def _balances(board: Board, placed: Sequence[Placed]) -> Ints:
    """Of each account and month: what is left, the lowest balance without and with the plan, the
    balance at the end, and what that falls short; shape (accounts, months, 5)."""
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
    short = np.maximum(-ends, 0)
    return np.stack((left[:, 1:-1], before, after, ends, short), axis=-1)


class _Shown(NamedTuple):
    """What the lines of a placement say on one day of the month, P1 not asked."""

    planned: list[date]
    moved: list[int]
    hit: list[bool]
    reasons: list[Text | None]


@lru_cache(maxsize=SHOWN_CACHE)
def _shown(placement: Placement, row: int, party: str) -> _Shown:
    planned, natural = placement.days[row, 0], placement.fixed[0]
    return _Shown(
        [date.fromordinal(day) for day in planned.tolist()],
        (planned - natural).tolist(),
        (placement.days[row, 5] == 1).tolist(),
        reasons_of(party, placement.terms.window, placement.codes[row].tolist()),
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
    flows, row = account.flows, day - 1
    shown = [
        _shown(one, row, flow.party) for one, flow in zip(account.placements, flows, strict=True)
    ]
    series = [one.series for one in account.placements]
    counts = [len(one.hit) for one in shown]
    planned = [*chain.from_iterable([one.planned for one in shown])]
    moved = [*chain.from_iterable([one.moved for one in shown])]
    hit = [*chain.from_iterable([one.hit for one in shown])]
    reasons = [*chain.from_iterable([one.reasons for one in shown])]
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
            chain.from_iterable(map(repeat, [flow.id for flow in flows], counts)),
            chain.from_iterable(map(repeat, [flow.party for flow in flows], counts)),
            chain.from_iterable(map(repeat, [flow.direction for flow in flows], counts)),
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
