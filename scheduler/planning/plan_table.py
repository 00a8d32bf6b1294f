"""The columns of a request: for each account its flows, from when each may move, and from where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from scheduler.paydays import PayCalendars
from scheduler.planning.flows import Flow
from scheduler.planning.plan_board import (
    Board,
    Ints,
    Series,
    Terms,
    build_board,
    horizon_of,
    place,
    placement_of,
    terms_of,
)
from scheduler.planning.plan_search import best_day
from scheduler.planning.plan_types import PlanRequest
from scheduler.transition import period_from, switch_day
from specs.values import Month


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The columns of one account. `switches` tells for each flow on which day it leaves its old
    dates, None when it did so before this plan; `before` are the dates it leaves: its natural ones,
    or those of the plan that this one replaces."""

    account: str
    flows: tuple[Flow, ...]
    switches: tuple[date | None, ...]
    board: Board
    before: Ints


def build_tables(
    request: PlanRequest,
    flows: Sequence[Flow],
    series: Sequence[Series],
    calendars: PayCalendars,
) -> tuple[Table, ...]:
    """One table for each account; one without flows when there are none."""
    by_account: dict[str, list[int]] = {}
    for index, flow in enumerate(flows):
        by_account.setdefault(flow.account, []).append(index)
    return tuple(
        _build_table(
            request,
            account,
            tuple(flows[index] for index in own),
            [series[index] for index in own],
            calendars,
        )
        for account, own in sorted(by_account.items() or {"": []}.items())
    )


def _build_table(
    request: PlanRequest,
    account: str,
    flows: tuple[Flow, ...],
    series: Sequence[Series],
    calendars: PayCalendars,
) -> Table:
    horizon = horizon_of(request.first, request.months)
    opening = request.opening_of(account)
    joining = switch_day(request)
    since = [_since(request, flow, joining) for flow in flows]
    terms = _terms(request, flows, since, calendars)
    placements = [placement_of(one, horizon, calendars) for one in terms]
    board = build_board(flows, terms, placements, horizon, opening)
    before = board.natural
    if request.agreed and request.current_day is not None:
        since = [joining] * len(flows)
        before = best_day([board], None, [request.current_day]).placed[0].planned
        terms = _terms(request, flows, since, calendars)
        standing = np.split(before, np.cumsum([len(one.occurrences) for one in series])[:-1])
        placements = [
            place(one, horizon, own, now)
            for one, own, now in zip(terms, series, standing, strict=True)
        ]
        board = build_board(flows, terms, placements, horizon, opening)
    # A switch of an earlier month was settled by the plan of that month.
    switches = tuple(
        one if one is not None and Month.of(one) >= request.first else None for one in since
    )
    return Table(account=account, flows=flows, switches=switches, board=board, before=before)


def _since(request: PlanRequest, flow: Flow, joining: date) -> date | None:
    enrols = request.current_day is None
    return joining if enrols or flow.joins else request.switched_on


def _terms(
    request: PlanRequest,
    flows: Sequence[Flow],
    since: Sequence[date | None],
    calendars: PayCalendars,
) -> list[Terms]:
    bounds: dict[date | None, tuple[int, int | None]] = {None: (0, None)}
    for switch in since:
        if switch is not None and switch not in bounds:
            until = None if request.bridge_by else period_from(switch).until.toordinal()
            bounds[switch] = (switch.toordinal(), until)
    return [
        terms_of(flow, calendars, *bounds[switch])
        for flow, switch in zip(flows, since, strict=True)
    ]
