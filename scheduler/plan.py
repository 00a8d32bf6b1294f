"""One household's plan: all planned income and charges on one day of the month, where parties and
law allow it. The straight line of one plan; its steps stand in the files named plan_*.

Money moves nowhere here: payers and creditors execute on the planned dates (DESIGN 7).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import repeat

import numpy as np

from scheduler import plan_explain, signals
from scheduler.errors import PlanError
from scheduler.flows import Flow, Gap
from scheduler.known import Text
from scheduler.paydays import PayCalendars
from scheduler.plan_board import (
    Board,
    Ints,
    Series,
    Terms,
    build_board,
    horizon_of,
    place,
    placement_of,
    series_of,
    terms_of,
)
from scheduler.plan_reasons import reasons_of
from scheduler.plan_search import Choice, best_day
from scheduler.plan_types import (
    MonthPlan,
    NotPlanned,
    Plan,
    PlannedLine,
    PlanRequest,
    Signal,
    Transition,
)
from scheduler.transition import (
    no_transition,
    period_from,
    switch_day,
    transition,
)
from specs.values import Month


def plan(request: PlanRequest, calendars: PayCalendars) -> Plan:
    """The plan of a request, the same for the same request.

    A flow that cannot be planned is left out and named; the rest of the plan stands.
    """
    accepted, not_planned = accept(request, calendars)
    table = build_table(request, accepted, calendars)
    choice, better = _choose(request, table)
    months = _months(table, choice)
    found: list[Signal] = [
        *signals.money_signals(months),
        *signals.expected_days(months),
        *signals.possible_doubles(table.flows, request.first),
    ]
    if better is not None:
        found.append(Signal(kind="better_day", month=request.first, cents=0, day=better))
    total = int(table.board.amount.sum())
    kept = request.current_day is not None and not request.agreed
    return Plan(
        day=choice.day,
        why=plan_explain.why_this_day(
            choice.day, choice.score[0], total, choice.decided_by, kept, better
        ),
        on_day_cents=choice.score[0],
        total_cents=total,
        months=months,
        transition=_transition(request, table, choice),
        signals=tuple(found),
        not_planned=tuple(not_planned),
    )


@dataclass(frozen=True, slots=True)
class Accepted:
    """Flows that can be planned, each with its payments."""

    flows: tuple[Flow, ...]
    series: tuple[Series, ...]


def accept(request: PlanRequest, calendars: PayCalendars) -> tuple[Accepted, list[NotPlanned]]:
    """Tells the flows that can be planned from those that cannot, and why not; both in the order of
    their ids, so that the order of the request decides nothing."""
    last = request.first.plus(request.months - 1).last_day
    uses = Counter(flow.id for flow in request.flows)
    contracts: dict[tuple[str, str, str], str] = {}
    flows: list[Flow] = []
    found: list[Series] = []
    left_out: list[NotPlanned] = []
    for flow in sorted(request.flows, key=lambda flow: flow.id):
        try:
            _refuse(flow, uses[flow.id], contracts, last)
            series = series_of(flow.rhythm, request.first, request.months, calendars)
        except PlanError as error:
            problem = Text(f"{error.field}: {error.nl}", str(error))
            left_out.append(NotPlanned(flow=flow.id, field=error.field, problem=problem))
            continue
        if series.gaps:
            left_out.append(_unpublished(flow, series.gaps))
        flows.append(flow)
        found.append(series)
    return Accepted(tuple(flows), tuple(found)), left_out


def _unpublished(flow: Flow, gaps: tuple[Gap, ...]) -> NotPlanned:
    months = str(gaps[0].month)
    if len(gaps) > 1:
        months += f" ... {gaps[-1].month}"
    payer = flow.rhythm.calendar
    return NotPlanned(
        flow=flow.id,
        field="calendar",
        problem=Text(
            f"calendar: {payer} heeft voor {months} nog geen betaaldagen bekendgemaakt",
            f"calendar: {payer} has no published calendar for {months}; those months are left out",
        ),
    )


def _refuse(flow: Flow, uses: int, contracts: dict[tuple[str, str, str], str], last: date) -> None:
    if uses > 1:
        raise PlanError(
            "id",
            nl=f"deze naam staat {uses} keer in de lijst",
            en=f"stands in the list {uses} times; give every flow an id of its own",
        )
    if flow.rhythm.start is not None and flow.rhythm.start > last:
        raise PlanError(
            "start",
            nl="begint pas na de laatste maand van dit plan",
            en="the start lies after the end of the plan; plan more months or leave it out",
        )
    if flow.reference is not None:
        contract = (flow.direction, flow.party, flow.reference)
        if contract in contracts:
            raise PlanError(
                "reference",
                nl="dit contract wordt al door een andere regel betaald",
                en=f"this contract is already paid by flow {contracts[contract]!r}; keep one",
            )
        contracts[contract] = flow.id


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The columns of a request. `switches` tells for each flow on which day it leaves its old
    dates, None when it did so before this plan; `before` are the dates it leaves: its natural ones,
    or those of the plan that this one replaces."""

    flows: tuple[Flow, ...]
    switches: tuple[date | None, ...]
    board: Board
    before: Ints


def build_table(request: PlanRequest, accepted: Accepted, calendars: PayCalendars) -> Table:
    """Columns for every day of the month at once."""
    horizon = horizon_of(request.first, request.months)
    flows, series, opening = accepted.flows, accepted.series, request.opening_cents
    joining = switch_day(request)
    since = [_since(request, flow, joining) for flow in flows]
    terms = [
        _terms(request, flow, calendars, switch) for flow, switch in zip(flows, since, strict=True)
    ]
    placements = [placement_of(one, horizon, calendars) for one in terms]
    board = build_board(flows, terms, placements, horizon, opening)
    before = board.natural
    if request.agreed and request.current_day is not None:
        since = [joining] * len(flows)
        before = best_day(board, None, [request.current_day]).planned
        terms = [_terms(request, flow, calendars, joining) for flow in flows]
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
    return Table(flows=flows, switches=switches, board=board, before=before)


def _since(request: PlanRequest, flow: Flow, joining: date) -> date | None:
    enrols = request.current_day is None
    return joining if enrols or flow.joins else request.switched_on


def _terms(request: PlanRequest, flow: Flow, calendars: PayCalendars, switch: date | None) -> Terms:
    if switch is None:
        return terms_of(flow, calendars, 0, None)
    until = None if request.bridge_by else period_from(switch).until.toordinal()
    return terms_of(flow, calendars, switch.toordinal(), until)


def _choose(request: PlanRequest, table: Table) -> tuple[Choice, int | None]:
    """The day, and a day that would bring more together when the agreed one stays (P3)."""
    best = best_day(table.board, request.preferred_day)
    if request.current_day is None or request.agreed:
        return best, None
    kept = best_day(table.board, None, [request.current_day])
    return kept, best.day if best.score[0] > kept.score[0] else None


def _transition(request: PlanRequest, table: Table, choice: Choice) -> Transition:
    """Of all flows that leave their old dates in this plan, each from its own switch on."""
    days = sorted({switch for switch in table.switches if switch is not None})
    if not days:
        return no_transition(switch_day(request))
    parts = []
    for day in days:
        own = np.array([switch == day for switch in table.switches], dtype=np.bool_)
        before = np.where(own[table.board.flow], table.before, choice.planned)
        period = period_from(day)
        parts.append(
            transition(table.flows, table.board, before, choice.planned, period, request.bridge_by)
        )
    advances = sorted(
        (advance for part in parts for advance in part.advances),
        key=lambda advance: (advance.day, advance.by, advance.flow),
    )
    return Transition(start=parts[0].start, until=parts[-1].until, advances=tuple(advances))


def _months(table: Table, choice: Choice) -> tuple[MonthPlan, ...]:
    board, horizon = table.board, table.board.horizon
    lines = _lines(table, choice)
    left = np.zeros(horizon.months + 2, dtype=np.int64)
    np.add.at(left, board.home, board.sign * board.amount)
    before, lowest, end = (
        column.tolist() for column in (choice.lowest_unmoved, choice.lowest, choice.end)
    )
    pay = horizon.pay[choice.day - 1]
    return tuple(
        MonthPlan(
            month=horizon.first.plus(step),
            pay_date=date.fromordinal(int(pay[step + 1])),
            left_cents=int(left[step + 1]),
            lowest_before_cents=before[step],
            lowest_after_cents=lowest[step],
            end_cents=end[step],
            lines=tuple(lines[step]),
        )
        for step in range(horizon.months)
    )


def _lines(table: Table, choice: Choice) -> list[list[PlannedLine]]:
    """The lines of each month, by planned date; on a day incomes first, as the rail books them."""
    board, flows = table.board, table.flows
    rank = np.where(board.slot == 0, 0, np.where(board.sign == 1, 1, 2))
    order: list[int] = np.argsort(choice.planned * 4 + rank, kind="stable").tolist()
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
            map(date.fromordinal, choice.planned.tolist()),
            board.amount.tolist(),
            (choice.planned - board.natural).tolist(),
            choice.hit.tolist(),
            [item.basis == "expected" for item in board.occurrences],
            reasons_of(flows, board, choice),
            strict=True,
        ),
    )
    all_lines = list(made)
    lines: list[list[PlannedLine]] = [[] for _ in range(board.horizon.months + 2)]
    home = board.home.tolist()
    for index in order:
        lines[home[index]].append(all_lines[index])
    return lines[1:-1]
