"""The switch from one set of days to another, and the advances that keep it without a gap (P2).

Each party fills the gap that its own move makes: per flow, money in hand is never less than it
would have been, so the household's balance is not either. Repaying an advance is never part of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from scheduler.flows import Flow
from scheduler.plan_board import Board, Ints
from scheduler.plan_types import Advance, PlanRequest, Transition
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


def transition(
    flows: Sequence[Flow], board: Board, before: Ints, after: Ints, period: Period, by: str | None
) -> Transition:
    """The advances needed when payments move from `before` to `after` (ordinals per payment).

    An advance is dated on the day its gap would open. A payer bridges its own later income, `by`
    the earlier charges; without `by` the board lets none come earlier.
    """
    start, until = period.start.toordinal(), period.until.toordinal()
    moved = (before != after) & (np.minimum(before, after) <= until)
    places: list[int] = np.flatnonzero(moved).tolist()
    by_flow: dict[int, list[int]] = {}
    for place in places:
        by_flow.setdefault(int(board.flow[place]), []).append(place)
    advances = [
        advance
        for index, own in by_flow.items()
        for advance in _fill(flows[index], _gaps(board, before, after, own), start, until, by)
    ]
    return Transition(start=period.start, until=period.until, advances=tuple(advances))


def _gaps(board: Board, before: Ints, after: Ints, places: Sequence[int]) -> dict[int, int]:
    """Per day, what the move adds to the money in hand (negative: takes from it)."""
    changes: dict[int, int] = {}
    for place in places:
        signed = int(board.sign[place] * board.amount[place])
        was, becomes = int(before[place]), int(after[place])
        changes[was] = changes.get(was, 0) - signed
        changes[becomes] = changes.get(becomes, 0) + signed
    return changes


def _fill(
    flow: Flow, changes: dict[int, int], start: int, until: int, by: str | None
) -> list[Advance]:
    party = flow.party if flow.direction == "in" else by
    found: list[Advance] = []
    ahead = 0
    for day in sorted(changes):
        ahead += changes[day]
        if ahead < 0 and start <= day <= until:
            if party is None:
                raise AssertionError("a charge came earlier although nobody bridges it")
            found.append(Advance(day=date.fromordinal(day), cents=-ahead, by=party, flow=flow.id))
            ahead = 0
    return found


def no_transition(switch: date) -> Transition:
    """The empty one: day and flows stay as they were."""
    return Transition(start=switch, until=switch - timedelta(days=1), advances=())
