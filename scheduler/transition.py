"""The switch from one set of days to another, and the advances that keep it without a gap (P2).

Each party fills the gap that its own move makes: per flow, money in hand is never less than it
would have been, so the household's balance is not either. Repaying an advance is never part of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from scheduler.planning.flows import Flow
from scheduler.planning.plan_board import Board, Ints
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
    flows: Sequence[Flow], board: Board, before: Ints, after: Ints, period: Period, by: str | None
) -> list[Advance]:
    """The advances needed when payments move from `before` to `after` (ordinals per payment).

    An advance is dated on the day its gap would open. A payer bridges its own later income, `by`
    the earlier charges; without `by` the board lets none come earlier.
    """
    worse = board.sign * (after - before) > 0
    worse &= np.minimum(before, after) <= period.until.toordinal()
    advances: list[Advance] = []
    for index in sorted(set(board.flow[worse].tolist())):
        flow = flows[index]
        own = np.flatnonzero((board.flow == index) & (before != after))
        signed = board.sign[own] * board.amount[own]
        moves = zip(before[own].tolist(), after[own].tolist(), signed.tolist(), strict=True)
        party = flow.party if flow.direction == "in" else by
        advances += gaps_filled(flow.id, _gaps(moves), period, party)
    return advances


def _gaps(moves: Iterable[tuple[int, int, int]]) -> dict[int, int]:
    """Per day, what moves (from day, to day, signed cents) add to the money in hand."""
    changes: dict[int, int] = {}
    for was, becomes, signed in moves:
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
