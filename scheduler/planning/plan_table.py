"""The accounts of a request: their flows, from when each may move, and the dates it leaves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np

from scheduler.planning.flows import Flow
from scheduler.planning.plan_board import Horizon, Ints, Placement, place
from scheduler.planning.plan_columns import Account, Board, build_board
from scheduler.planning.plan_search import best_days
from scheduler.planning.plan_types import PlanRequest
from scheduler.transition import period_from, switch_day
from specs.values import Month


class Accepted(NamedTuple):
    """A flow that can be planned: on which day it leaves its old dates (None: before this plan),
    and where its payments may stand."""

    flow: Flow
    switch: date | None
    placement: Placement


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """All accounts of some households. `switches` tells for each flow of the board on which day of
    this plan it leaves its old dates, None when it did so before; `before` are the dates its
    payments leave: the natural ones, or those of the plan that this one replaces. `last` is the
    number of the last account of each household."""

    board: Board
    switches: tuple[date | None, ...]
    before: Ints
    last: tuple[int, ...]


def build_tables(
    requests: Sequence[PlanRequest], accepted: Sequence[Sequence[Accepted]], horizon: Horizon
) -> Tables:
    """The accounts of households with the same horizon, in their order; one without flows where
    there are none."""
    accounts: list[Account] = []
    switches: list[date | None] = []
    last: list[int] = []
    for household, (request, flows) in enumerate(zip(requests, accepted, strict=True)):
        for name, own in _by_account(flows):
            accounts.append(
                Account(
                    household,
                    request.opening_of(name),
                    tuple([one.flow for one in own]),
                    tuple([one.placement for one in own]),
                )
            )
            switches += [one.switch for one in own]
        last.append(len(accounts) - 1)
    board = build_board(accounts, horizon)
    before = board.natural
    if any(request.agreed and request.current_day is not None for request in requests):
        board, before = _leave_agreed_days(requests, board, switches)
    # A switch of an earlier month was settled by the plan of that month.
    settled = [one if one is None or Month.of(one) >= horizon.first else None for one in switches]
    return Tables(board, tuple(settled), before, tuple(last))


def _by_account(flows: Iterable[Accepted]) -> list[tuple[str, list[Accepted]]]:
    by_account: dict[str, list[Accepted]] = {}
    for one in flows:
        by_account.setdefault(one.flow.account, []).append(one)
    return sorted(by_account.items()) or [("", [])]


def _leave_agreed_days(
    requests: Sequence[PlanRequest], board: Board, switches: list[date | None]
) -> tuple[Board, Ints]:
    """The board of households of which some leave their agreed day: those move from where they
    stand now. Changes `switches`; also answers the dates that are left."""
    before = board.natural.copy()
    accounts: list[Account] = []
    flow = 0
    for index, account in enumerate(board.accounts):
        request = requests[account.household]
        flows = range(flow, flow + len(account.flows))
        flow = flows.stop
        if not request.agreed or request.current_day is None:
            accounts.append(account)
            continue
        alone = Account(0, account.opening, account.flows, account.placements)
        standing = build_board([alone], board.horizon)
        own = slice(board.starts[index], board.starts[index + 1])
        before[own] = best_days(standing, [None], [[request.current_day]])[0].placed[0].planned
        joining = switch_day(request)
        switches[flows.start : flows.stop] = [joining] * len(flows)
        placements = tuple(
            _again(one, request, joining, board.horizon, now)
            for one, now in zip(
                account.placements,
                np.split(before[own], standing.flow_starts[1:-1]),
                strict=True,
            )
        )
        accounts.append(Account(account.household, account.opening, account.flows, placements))
    return build_board(accounts, board.horizon), before


def _again(
    found: Placement, request: PlanRequest, joining: date, horizon: Horizon, now: Ints
) -> Placement:
    floor, until = bounds_of(request, joining)
    unbridged = until if found.terms.sign < 0 else None
    terms = found.terms._replace(floor=floor, unbridged_until=unbridged)
    return place(terms, horizon, found.series, now)


def switch_of(request: PlanRequest, flow: Flow, joining: date) -> date | None:
    """The day on which a flow leaves its old dates; None when it follows the day already."""
    enrols = request.current_day is None
    return joining if enrols or flow.joins else request.switched_on


def bounds_of(request: PlanRequest, switch: date | None) -> tuple[int, int | None]:
    """`floor` and `unbridged_until` of plan_board.Terms."""
    if switch is None:
        return 0, None
    until = None if request.bridge_by else period_from(switch).until.toordinal()
    return switch.toordinal(), until
