"""One household's plan: all planned income and charges on one day of the month, where parties and
law allow it. The straight line of one plan; its steps stand in the files named plan_*.

Money moves nowhere here: payers and creditors execute on the planned dates (DESIGN 7).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from scheduler import signals
from scheduler.errors import PlanError
from scheduler.folding.known import Text
from scheduler.paydays import PayCalendars
from scheduler.planning import plan_explain
from scheduler.planning.flows import Flow, Gap
from scheduler.planning.plan_board import Series, series_of
from scheduler.planning.plan_lines import month_plans
from scheduler.planning.plan_search import Choice, best_day
from scheduler.planning.plan_table import Table, build_tables
from scheduler.planning.plan_types import Advance, NotPlanned, Plan, PlanRequest, Signal, Transition
from scheduler.transition import advances_of, no_transition, period_from, switch_day


def plan(request: PlanRequest, calendars: PayCalendars) -> Plan:
    """The plan of a request, the same for the same request.

    A flow that cannot be planned is left out and named; the rest of the plan stands.
    """
    accepted, not_planned = accept(request, calendars)
    tables = build_tables(request, accepted.flows, accepted.series, calendars)
    choice, better = _choose(request, tables)
    months = month_plans(tables, choice)
    found: list[Signal] = [
        *signals.money_signals(months),
        *signals.expected_days(months),
        *signals.possible_doubles(accepted.flows, request.first),
    ]
    if better is not None:
        found.append(Signal(kind="better_day", month=request.first, cents=0, day=better))
    total = sum(int(table.board.amount.sum()) for table in tables)
    kept = request.current_day is not None and not request.agreed
    return Plan(
        day=choice.day,
        why=plan_explain.why_this_day(
            choice.day, choice.score[0], total, choice.decided_by, kept, better
        ),
        on_day_cents=choice.score[0],
        total_cents=total,
        months=months,
        transition=_transition(request, tables, choice),
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


def _choose(request: PlanRequest, tables: Sequence[Table]) -> tuple[Choice, int | None]:
    """The day, and a day that would bring more together when the agreed one stays (P3)."""
    boards = [table.board for table in tables]
    best = best_day(boards, request.preferred_day)
    if request.current_day is None or request.agreed:
        return best, None
    kept = best_day(boards, None, [request.current_day])
    return kept, best.day if best.score[0] > kept.score[0] else None


def _transition(request: PlanRequest, tables: Sequence[Table], choice: Choice) -> Transition:
    """Of all flows that leave their old dates in this plan, each from its own switch on."""
    days = sorted({day for table in tables for day in table.switches if day is not None})
    if not days:
        return no_transition(switch_day(request))
    advances: list[Advance] = []
    for day in days:
        for table, placed in zip(tables, choice.placed, strict=True):
            own = np.array([switch == day for switch in table.switches], dtype=np.bool_)
            before = np.where(own[table.board.flow], table.before, placed.planned)
            advances += advances_of(
                table.flows,
                table.board,
                before,
                placed.planned,
                period_from(day),
                request.bridge_by,
            )
    advances.sort(key=lambda advance: (advance.day, advance.by, advance.flow))
    return Transition(start=days[0], until=period_from(days[-1]).until, advances=tuple(advances))
