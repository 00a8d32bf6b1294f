"""One household's plan: all planned income and charges on one day of the month, where parties and
law allow it. The straight line of one plan; its steps stand in the files named plan_*.

Money moves nowhere here: payers and creditors execute on the planned dates (DESIGN 7).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby, islice
from operator import attrgetter
from typing import Final, TypeAlias

import numpy as np

from scheduler import signals
from scheduler.errors import PlanError
from scheduler.folding.known import Text
from scheduler.paydays import PayCalendars
from scheduler.planning import plan_explain
from scheduler.planning.flows import Flow, Gap, Rhythm
from scheduler.planning.plan_board import Horizon, Placement, horizon_of, placement_of, terms_of
from scheduler.planning.plan_columns import Board, summed
from scheduler.planning.plan_lines import month_plans
from scheduler.planning.plan_search import Choice, best_days
from scheduler.planning.plan_table import Accepted, Tables, bounds_of, build_tables, switch_of
from scheduler.planning.plan_types import (
    MonthPlan,
    NotPlanned,
    Plan,
    PlanRequest,
    Signal,
    Transition,
)
from scheduler.planning.plan_withheld import refuse_more_than_comes_in, shown, withheld_from
from scheduler.transition import advances_of, no_transition, period_from, switch_day

Known: TypeAlias = dict[tuple[object, ...], Placement]

CHUNK: Final = 64  # households computed together: their arrays stay within a core's cache


def plan(request: PlanRequest, calendars: PayCalendars) -> Plan:
    """The plan of a request, the same for the same request.

    A flow that cannot be planned is left out and named; the rest of the plan stands.
    """
    return _together([request], calendars)[0]


def plan_many(requests: Iterable[PlanRequest], calendars: PayCalendars) -> Iterator[Plan]:
    """The plans of many requests in their order, each as `plan` gives it: what stands side by side
    is computed together, so it takes far less time."""
    for _horizon, alike in groupby(requests, key=lambda one: (one.first, one.months)):
        while chunk := list(islice(alike, CHUNK)):
            yield from _together(chunk, calendars)


def _together(requests: Sequence[PlanRequest], calendars: PayCalendars) -> list[Plan]:
    """The plans of requests with the same months."""
    horizon = horizon_of(requests[0].first, requests[0].months)
    known: Known = {}
    asked = [accept(request, horizon, calendars, known) for request in requests]
    accepted = [own for own, _left_out in asked]
    tables = build_tables(requests, accepted, horizon)
    choices, better = _choose(requests, tables.board)
    months = month_plans(tables.board, choices)
    transitions = _transitions(requests, accepted, tables, choices)
    by_account: list[int] = summed(tables.board.amount, tables.board.starts).tolist()
    totals = [sum(by_account[one.account] for one in choice.placed) for choice in choices]
    parts = zip(requests, choices, better, months, transitions, asked, totals, strict=True)
    return [_answer(*one) for one in parts]


def _answer(
    request: PlanRequest,
    choice: Choice,
    better: int | None,
    months: tuple[MonthPlan, ...],
    transition: Transition,
    asked: tuple[list[Accepted], list[NotPlanned]],
    total: int,
) -> Plan:
    accepted, not_planned = asked
    flows = [one.flow for one in accepted]
    found = signals.money_signals(months)
    if any(one.placement.series.has_expected for one in accepted):
        found += signals.expected_days(months)
    found += signals.possible_doubles(flows, request.first)
    if better is not None:
        found.append(Signal(kind="better_day", month=request.first, cents=0, day=better))
    on_day, withheld = choice.money, withheld_from(flows)
    if withheld:
        months = shown(months, {flow.id: flow for flow in flows})
        on_day = sum(line.cents for month in months for line in month.lines if line.on_day)
        total = sum(line.cents for month in months for line in month.lines)
    kept = request.fixed_day is not None
    return Plan(
        day=choice.day,
        why=plan_explain.why_this_day(choice.day, on_day, total, choice.decided_by, kept, better),
        on_day_cents=on_day,
        total_cents=total,
        months=months,
        transition=transition,
        signals=tuple(found),
        not_planned=tuple(not_planned),
        withheld=withheld,
    )


def accept(
    request: PlanRequest, horizon: Horizon, calendars: PayCalendars, known: Known
) -> tuple[list[Accepted], list[NotPlanned]]:
    """Tells the flows that can be planned from those that cannot, and why not; both in the order of
    their ids, so that the order of the request decides nothing. `known` is what requests planned
    together share."""
    joining = switch_day(request)
    last = horizon.span[-1].last_day
    uses = Counter([flow.id for flow in request.flows])
    uses.update([one.id for flow in request.flows for one in flow.withheld])
    contracts: dict[tuple[str, str, str], list[Flow]] = {}
    accepted: list[Accepted] = []
    left_out: list[NotPlanned] = []
    bounds = {switch: bounds_of(request, switch) for switch in (joining, request.switched_on, None)}
    for flow in sorted(request.flows, key=attrgetter("id")):
        switch = switch_of(request, flow, joining)
        try:
            _refuse(flow, uses, contracts, last)
            placement = _placement(flow, bounds[switch], horizon, calendars, known)
            if flow.withheld:
                refuse_more_than_comes_in(flow, placement.series.occurrences)
        except PlanError as error:
            problem = Text(f"{error.field}: {error.nl}", str(error))
            left_out.append(NotPlanned(flow=flow.id, field=error.field, problem=problem))
            continue
        if placement.series.gaps:
            left_out.append(_unpublished(flow, placement.series.gaps))
        accepted.append(Accepted(flow, switch, placement))
    return accepted, left_out


def _placement(
    flow: Flow,
    bounds: tuple[int, int | None],
    horizon: Horizon,
    calendars: PayCalendars,
    known: Known,
) -> Placement:
    # Objects are told apart by identity: the requests hold them for as long as `known` lives.
    key = (id(flow.rhythm), id(flow.window), flow.direction, flow.rail, flow.receipt, bounds)
    found = known.get(key)
    if found is None:
        terms = terms_of(flow, calendars, *bounds)
        found = known[key] = placement_of(terms, horizon, calendars)
    return found


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


def _refuse(
    flow: Flow, uses: Counter[str], contracts: dict[tuple[str, str, str], list[Flow]], last: date
) -> None:
    names = [("id", flow.id)]
    if flow.withheld:
        names += [("withheld.id", one.id) for one in flow.withheld]
    for field, name in names:
        if uses[name] > 1:
            raise PlanError(
                field,
                nl=f"deze naam staat {uses[name]} keer in de lijst",
                en=f"stands in the list {uses[name]} times; give every flow an id of its own",
            )
    if flow.rhythm.start is not None and flow.rhythm.start > last:
        raise PlanError(
            "start",
            nl="begint pas na de laatste maand van dit plan",
            en="the start lies after the end of the plan; plan more months or leave it out",
        )
    if flow.reference is not None:
        others = contracts.setdefault((flow.direction, flow.party, flow.reference), [])
        other = next((one for one in others if _overlap(one.rhythm, flow.rhythm)), None)
        if other is not None:
            raise PlanError(
                "reference",
                nl="dit contract wordt in dezelfde tijd al door een andere regel betaald",
                en=f"flow {other.id!r} pays this contract at the same time; end one before the "
                "other starts, or keep one",
            )
        others.append(flow)


def _overlap(one: Rhythm, other: Rhythm) -> bool:
    return (one.start or date.min) <= (other.end or date.max) and (other.start or date.min) <= (
        one.end or date.max
    )


def _choose(requests: Sequence[PlanRequest], board: Board) -> tuple[list[Choice], list[int | None]]:
    """The day of each household, and a day that would bring more together when the agreed one
    stays (P3)."""
    best = best_days(board, [request.preferred_day for request in requests])
    better: list[int | None] = [None] * len(requests)
    agreed = [request.fixed_day for request in requests]
    if not any(agreed):
        return best, better
    days = [
        [choice.day] if day is None else [day] for day, choice in zip(agreed, best, strict=True)
    ]
    kept = best_days(board, [None] * len(requests), days)
    for place, (day, first, stays) in enumerate(zip(agreed, best, kept, strict=True)):
        if day is not None and first.money > stays.money:
            better[place] = first.day
    chosen = [
        first if day is None else stays
        for day, first, stays in zip(agreed, best, kept, strict=True)
    ]
    return chosen, better


def _transitions(
    requests: Sequence[PlanRequest],
    accepted: Sequence[Sequence[Accepted]],
    tables: Tables,
    choices: Sequence[Choice],
) -> list[Transition]:
    """Of all flows that leave their old dates in this plan, each from its own switch on."""
    board = tables.board
    after = np.concatenate([one.planned for choice in choices for one in choice.placed])
    bridges = [requests[account.household].bridge_by for account in board.accounts]
    advances = advances_of(board, tables.switches, tables.before, after, bridges)
    found, flow, account = [], 0, 0
    for request, own, last in zip(requests, accepted, tables.last, strict=True):
        switches = {day for day in tables.switches[flow : flow + len(own)] if day is not None}
        flow += len(own)
        accounts, account = range(account, last + 1), last + 1
        if not switches:
            found.append(no_transition(switch_day(request)))
            continue
        paid = [one for number in accounts for one in advances.get(number, ())]
        paid.sort(key=lambda advance: (advance.day, advance.by, advance.flow))
        until = period_from(max(switches)).until
        found.append(Transition(start=min(switches), until=until, advances=tuple(paid)))
    return found
