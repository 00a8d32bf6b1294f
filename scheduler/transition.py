"""The switch from one set of days to another, and the advances that keep it without a gap (P2).

Each party fills the gap that its own move makes: per flow, money in hand is never less than it
would have been, so the household's balance is not either. Repaying an advance is never part of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from operator import itemgetter

import numpy as np

from scheduler.planning.plan_board import Ints
from scheduler.planning.plan_columns import Board
from scheduler.planning.plan_types import Advance, PlanRequest, Transition
from specs.values import Month


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """First and last day of a transition."""

    start: date
    until: date


def switch_day(request: PlanRequest) -> date:
    """The first day on which something may move."""
    start = request.first.first_day
    return start if request.today is None else max(start, request.today)


def period_from(switch: date) -> Period:
    """From the switch up to the end of the first full month after the month of the switch."""
    return Period(start=switch, until=Month.of(switch).plus(1).last_day)


def advances_of(
    board: Board,
    switches: Sequence[date | None],
    before: Ints,
    after: Ints,
    bridges: Sequence[str | None],
) -> dict[int, list[Advance]]:
    """The advances needed when payments move from `before` to `after` (ordinals per payment), by
    the number of the account. Each flow moves from its own switch on.

    An advance is dated on the day its gap would open. A payer bridges its own later income; who
    bridges an account's earlier charges stands in `bridges`; without, the board lets none come
    earlier.
    """
    periods = {day: period_from(day) for day in {*switches} if day is not None}
    ends = {day: period.until.toordinal() for day, period in periods.items()}
    until = np.array([ends.get(day, 0) if day else 0 for day in switches], dtype=np.int64)
    counts = board.flow_starts[1:] - board.flow_starts[:-1]
    soon = np.minimum(before, after) <= np.repeat(until, counts)
    worse = soon & (board.sign * (after - before) > 0)
    owners = [(index, flow) for index, one in enumerate(board.accounts) for flow in one.flows]
    of_flow = np.repeat(np.arange(len(owners)), counts)
    short = np.zeros(len(owners), dtype=np.bool_)
    short[of_flow[worse]] = True
    moves = np.flatnonzero(soon & (before != after) & np.repeat(short, counts))
    columns = (column[moves].tolist() for column in (of_flow, before, after, board.signed))
    found: dict[int, list[Advance]] = {}
    for number, own in groupby(zip(*columns, strict=True), key=itemgetter(0)):
        (account, flow), switch = owners[number], switches[number]
        assert switch is not None  # without one `until` is 0, so nothing is soon
        by = flow.party if flow.direction == "in" else bridges[account]
        found.setdefault(account, []).extend(gaps_filled(flow.id, _gaps(own), periods[switch], by))
    return found


def _gaps(moves: Iterable[tuple[int, int, int, int]]) -> dict[int, int]:
    """Per day, what moves (flow, from day, to day, signed cents) add to the money in hand."""
    changes: dict[int, int] = {}
    for _flow, was, becomes, signed in moves:
        changes[was] = changes.get(was, 0) - signed
        changes[becomes] = changes.get(becomes, 0) + signed
    return changes


def gaps_filled(
    flow: str, changes: dict[int, int], period: Period, by: str | None
) -> list[Advance]:
    """The advances that keep one flow's money in hand from falling behind.

    `changes` (by ordinal) is what the move adds to it on a day; whoever calls without `by` must
    have kept every charge from coming earlier.
    """
    start, until = period.start.toordinal(), period.until.toordinal()
    found: list[Advance] = []
    ahead = 0
    for day in sorted(changes):
        ahead += changes[day]
        if ahead < 0 and start <= day <= until:
            if by is None:
                raise AssertionError("a charge came earlier although nobody bridges it")
            found.append(Advance(day=date.fromordinal(day), cents=-ahead, by=by, flow=flow))
            ahead = 0
    return found


def no_transition(switch: date) -> Transition:
    """The empty one: day and flows stay as they were."""
    return Transition(start=switch, until=switch - timedelta(days=1), advances=())
