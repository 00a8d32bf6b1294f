"""Chooses the day of the month: most money on the pay date, then the highest lowest balance, then
the fewest euro-days moved, then nearest to the preferred day, then the lowest day (DESIGN 7).

A balance here starts each month at the opening balance: what is left of a month is spent on living.
P1 as kept here: on no day of any month does the plan make a shortage or deepen one, and a charge it
moves waits for the income it needs when its window allows (plan_order.py).

P1 only takes money from a pay date. So what a day brings before P1 is a bound, and the measures
after money are asked only of days that bring as much as the best: most days need no closer look.
Many households are searched at once, each by its own bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

import numpy as np

from scheduler.planning.plan_board import CHARGE_EARLY, DAYS, INCOME_LATE, OTHER_MONTH, WAITS, Ints
from scheduler.planning.plan_columns import (
    Board,
    Layout,
    lay_out,
    lowest_of,
    running_of,
    summed,
)
from scheduler.planning.plan_order import charged_early, hold_back, least_lost, wait_for_income

Criterion: TypeAlias = Literal["money", "balance", "moved", "preferred", "lowest"]

BATCH: Final = 2  # days of a household laid out at once


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """One account on one day of the month, under P1: `planned` ordinals and their `cells`. P1 keeps
    the payments at the places `kept` away from the pay date, each for the reason in `codes`.
    `money` stands on the pay date, `running` are the balances."""

    account: int
    money: int
    planned: Ints
    cells: Ints
    kept: Ints
    codes: Ints
    running: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """A day for a household, with the placement of each of its accounts and the money that stands
    on it. `decided_by` is the first measure on which no other day was as good."""

    day: int
    money: int
    decided_by: Criterion
    placed: tuple[Placed, ...]


@dataclass(slots=True, eq=False)
class _Search:
    """What is known of one household: its accounts, its days by falling bound, the days looked at,
    and the most money that one of them brings."""

    accounts: list[int]
    bound: list[int]
    ranked: list[int]
    preferred: int | None
    found: dict[int, list[Placed]] = field(default_factory=dict)
    best: int = -1

    def next_days(self) -> list[int]:
        """The next days that might still win."""
        days = [day for day in self.ranked[:BATCH] if self.bound[day - 1] >= self.best]
        self.ranked = self.ranked[BATCH:] if days else []
        return days


def best_days(
    board: Board, preferred: Sequence[int | None], days: Sequence[Sequence[int]] | None = None
) -> list[Choice]:
    """For each household of the board the best of `days` (None: of all) for its accounts together;
    the lowest balance is that of the account that goes lowest."""
    searches = _searches(board, preferred, days)
    active = searches
    while active:
        wanted = [(search, search.next_days()) for search in active]
        active = [search for search, own in wanted if own]
        _look(board, [(search, day) for search, own in wanted for day in own])
    return [_decide(board, search) for search in searches]


def _searches(
    board: Board, preferred: Sequence[int | None], days: Sequence[Sequence[int]] | None
) -> list[_Search]:
    accounts: list[list[int]] = [[] for _ in preferred]
    for index, account in enumerate(board.accounts):
        accounts[account.household].append(index)
    searches = []
    bounds = board.bound.tolist()
    for household, (own, wish) in enumerate(zip(accounts, preferred, strict=True)):
        bound = bounds[own[0]] if len(own) == 1 else board.bound[own].sum(axis=0).tolist()
        allowed = DAYS if days is None else days[household]
        ranked = sorted(allowed, key=lambda day, bound=bound: -bound[day - 1])  # type: ignore[misc]
        searches.append(_Search(own, bound, ranked, wish))
    return searches


def _look(board: Board, trials: Sequence[tuple[_Search, int]]) -> None:
    """Looks at days of households: those that may bring most first, and none that cannot win."""
    if not trials:
        return
    layout = lay_out(
        board, [(account, day) for search, day in trials for account in search.accounts]
    )
    running = _running(board, layout)
    room = running - board.limit[layout.accounts]
    lost: list[int] = least_lost(board, layout, room).tolist()
    queues: dict[int, tuple[_Search, list[tuple[int, int, range]]]] = {}
    row = 0
    for search, day in trials:
        rows = range(row, row + len(search.accounts))
        row = rows.stop
        most = search.bound[day - 1] - sum(lost[one] for one in rows)
        queues.setdefault(id(search), (search, []))[1].append((most, day, rows))
    for _search, queue in queues.values():
        queue.sort(key=lambda one: one[0])  # the last comes first
    while True:
        now = [
            (search, *queue.pop())
            for search, queue in queues.values()
            if queue and queue[-1][0] >= search.best
        ]
        if not now:
            break
        wanted = [one for _search, _most, _day, own in now for one in own]
        placed = iter(_place(board, layout.only(wanted), running[wanted], room[wanted]))
        for search, _most, day, own in now:
            search.found[day] = [next(placed) for _ in own]
            search.best = max(search.best, sum(one.money for one in search.found[day]))


def _running(board: Board, layout: Layout) -> Ints:
    signed, opening = board.signed[layout.source], board.opening[layout.accounts]
    return running_of(board.horizon, layout.cells, layout.row, signed, opening)


def _place(board: Board, layout: Layout, running: Ints, room: Ints) -> list[Placed]:
    """The rows of a layout under P1; the layout and the balances change."""
    codes = np.zeros(len(layout.row), dtype=np.int64)
    held = hold_back(board, layout, room)
    if held.size:
        source = layout.source[held]
        early = layout.planned[held] < board.natural[source]
        codes[held] = np.where(
            board.sign[source] > 0, INCOME_LATE, np.where(early, CHARGE_EARLY, OTHER_MONTH)
        )
        layout.planned[held], layout.cells[held] = board.stay[source], board.at[source]
        layout.may_wait[held] = 0
        running = _running(board, layout)
    for row in charged_early(board, layout, running):
        own = slice(layout.starts[row], layout.starts[row + 1])
        account = int(layout.accounts[row])
        places = wait_for_income(board, account, layout.planned[own], running[row])
        slot = board.slot[places + board.starts[account]]
        places += layout.starts[row]
        layout.cells[places] = board.horizon.cell_of(layout.planned[places], slot)
        codes[places] = WAITS
    hit = (layout.hit == 1) & (codes == 0)
    money = summed(hit * board.amount[layout.source], layout.starts).tolist()
    kept = np.flatnonzero(codes)
    bounds = kept.searchsorted(layout.starts).tolist()
    starts, accounts = layout.starts.tolist(), layout.accounts.tolist()
    found = []
    for row, account in enumerate(accounts):
        own, p1 = slice(starts[row], starts[row + 1]), kept[bounds[row] : bounds[row + 1]]
        found.append(
            Placed(
                account,
                money[row],
                layout.planned[own],
                layout.cells[own],
                p1 - starts[row],
                codes[p1],
                running[row],
            )
        )
    return found


def _decide(board: Board, search: _Search) -> Choice:
    """The best of the days looked at, and the first measure that told it from all others."""

    def lowest(day: int) -> int:
        return min(int(lowest_balances(board, one).min()) for one in search.found[day])

    def moved(day: int) -> int:
        return -sum(_cent_days(board, one) for one in search.found[day])

    wish = search.preferred
    measures: tuple[tuple[Criterion, Callable[[int], int]], ...] = (
        ("money", lambda day: sum(one.money for one in search.found[day])),
        ("balance", lowest),
        ("moved", moved),
        ("preferred", lambda day: 0 if wish is None else -abs(day - wish)),
        ("lowest", lambda day: -day),
    )
    rivals, decided = list(search.found), measures[0][0]
    for criterion, measure in measures:
        if len(rivals) == 1:
            break
        decided = criterion
        values = {day: measure(day) for day in rivals}
        most = max(values.values())
        rivals = [day for day in rivals if values[day] == most]
    return Choice(rivals[0], search.best, decided, tuple(search.found[rivals[0]]))


def lowest_balances(board: Board, placed: Placed) -> Ints:
    """The lowest balance of each month of the horizon, of one account."""
    own = slice(board.starts[placed.account], board.starts[placed.account + 1])
    found: Ints = lowest_of(
        board.horizon,
        placed.cells,
        np.zeros(len(placed.cells), dtype=np.int64),
        board.amount[own] > 0,
        placed.running[None, :],
        board.opening[placed.account : placed.account + 1],
    )[0]
    return found


def _cent_days(board: Board, placed: Placed) -> int:
    own = slice(board.starts[placed.account], board.starts[placed.account + 1])
    return int(np.abs(placed.planned - board.natural[own]) @ board.amount[own])
