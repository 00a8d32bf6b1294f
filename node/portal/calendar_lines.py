"""The lines of a month out of the recorded plans, in the order in which they touch the balance.

Pure. What a line is called comes from the household's flows, its dates and amount from the plan
that was recorded, the reason why it stayed from planning again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, TypeAlias

from node.flows import HouseholdFlow
from node.paydate.outcome import PlanOutcome
from node.paydate.standing import StandingLine
from node.portal.calendar_views import LineView, NotPlannedView, WhyKey
from scheduler.folding.facts import SubjectId
from scheduler.folding.known import Text
from specs.errors import ValueFaultError
from specs.values import Month

FlowKey: TypeAlias = tuple[str, SubjectId, str]
"""Party, person and the party's own name: what stays the same when an amount changes."""

NOBODY: Final[Mapping[SubjectId, str]] = {}
WITHDRAWN = Text("Dit bericht is ingetrokken.", "This record was taken back.")


@dataclass(frozen=True, slots=True)
class _Known:
    """A recorded line with the flow it belongs to."""

    standing: StandingLine
    flow: HouseholdFlow

    @property
    def cents(self) -> int:
        return self.standing.line.amount_cents

    @property
    def signed(self) -> int:
        return self.cents if self.flow.flow.direction == "in" else -self.cents


def flow_key(flow: HouseholdFlow) -> FlowKey:
    """By what versions of one flow belong together."""
    return flow.party, flow.person, flow.code


def flows_by_key(flows: Iterable[HouseholdFlow]) -> dict[FlowKey, list[HouseholdFlow]]:
    """The versions of each flow, in their order."""
    found: dict[FlowKey, list[HouseholdFlow]] = {}
    for flow in flows:
        found.setdefault(flow_key(flow), []).append(flow)
    return found


def line_views(
    outcome: PlanOutcome, month: Month, people: Mapping[SubjectId, str] = NOBODY
) -> tuple[LineView, ...]:
    """The month's lines on their planned days: on one day incomes come first (P1).

    `people` are the members' names, for payments that two of them have under one name.
    """
    reasons, shared = _reasons(outcome), _shared(outcome.flows)
    views = []
    running = _opening(outcome)
    for known in _in_month(outcome, month, "planned_date"):
        line, flow = known.standing.line, known.flow
        running += known.signed
        moved = (line.planned_date - line.natural_date).days
        reason = None if moved else reasons.get((*flow_key(flow), line.period))
        views.append(
            LineView(
                day=line.planned_date,
                what_nl=flow.what.nl,
                what_en=flow.what.en,
                direction=flow.flow.direction,
                cents=known.cents,
                running_cents=running,
                flow=flow.code,
                natural_day=line.natural_date,
                moved_days=moved,
                not_moved_reason_nl=None if reason is None else reason.nl,
                not_moved_reason_en=None if reason is None else reason.en,
                estimate=flow.estimate,
                why=_why(flow, line.period),
                whose=people.get(flow.person) if flow.what in shared else None,
            )
        )
    return tuple(views)


def _shared(flows: Iterable[HouseholdFlow]) -> set[Text]:
    """What several members have a payment of under one name."""
    whose: dict[Text, set[SubjectId]] = {}
    for flow in flows:
        whose.setdefault(flow.what, set()).add(flow.person)
    return {what for what, persons in whose.items() if len(persons) > 1}


def balances(
    outcome: PlanOutcome, month: Month, by: Literal["natural_date", "planned_date"]
) -> tuple[tuple[date, int], ...]:
    """The balance at the end of each day with a payment, unmoved or as planned."""
    running = _opening(outcome)
    ends: dict[date, int] = {}
    for known in _in_month(outcome, month, by):
        running += known.signed
        ends[getattr(known.standing.line, by)] = running
    return tuple(ends.items())


def _opening(outcome: PlanOutcome) -> int:
    """What the household has on all its accounts together."""
    return outcome.request.opening_cents + sum(outcome.request.openings.values())


def months_planned(outcome: PlanOutcome) -> tuple[Month, Month] | None:
    """The first and the last month with a recorded line; None when nothing is recorded."""
    if outcome.standing is None or not outcome.standing.lines:
        return None
    months = [Month.of(one.line.planned_date) for one in outcome.standing.lines]
    return min(months), max(months)


def not_planned_views(outcome: PlanOutcome) -> tuple[NotPlannedView, ...]:
    """What no plan can hold: left out before planning, by the planner, or withdrawn since."""
    called = {flow.flow.id: flow.what for flow in outcome.flows}
    found = [(one.what, one.reason) for one in outcome.left_out]
    found += [
        (called[one.flow], _without_field(one.problem, one.field))
        for one in outcome.plan.not_planned
        if one.flow in called
    ]
    found += [(Text(name, name), WITHDRAWN) for name in _withdrawn(outcome)]
    return tuple(
        NotPlannedView(what_nl=w.nl, what_en=w.en, reason_nl=r.nl, reason_en=r.en) for w, r in found
    )


def _without_field(problem: Text, field: str) -> Text:
    """The planner's sentence without the JSON's field name before it."""
    sentences = (text.removeprefix(f"{field}: ") for text in (problem.nl, problem.en))
    return Text(
        *(text[:1].upper() + text[1:] + "." * (not text.endswith(".")) for text in sentences)
    )


def _withdrawn(outcome: PlanOutcome) -> list[str]:
    known = flows_by_key(outcome.flows)
    lines = () if outcome.standing is None else outcome.standing.lines
    return sorted({o.line.flow for o in lines if (o.party, o.person, o.line.flow) not in known})


def _in_month(outcome: PlanOutcome, month: Month, by: str) -> list[_Known]:
    known = flows_by_key(outcome.flows)
    lines: Sequence[StandingLine] = () if outcome.standing is None else outcome.standing.lines
    found = [
        _Known(one, known[one.party, one.person, one.line.flow][-1])
        for one in lines
        if Month.of(getattr(one.line, by)) == month
        and (one.party, one.person, one.line.flow) in known
    ]
    return sorted(
        found,
        key=lambda one: (getattr(one.standing.line, by), one.signed < 0, -one.cents, one.flow.code),
    )


def _reasons(outcome: PlanOutcome) -> Mapping[tuple[str, SubjectId, str, str], Text]:
    """Why a payment stays on its own day, by flow and period."""
    flows = {flow.flow.id: flow for flow in outcome.flows}
    return {
        (*flow_key(flows[line.flow]), line.period): _declined(flows[line.flow]) or line.reason
        for line in outcome.plan.lines()
        if line.reason is not None and line.moved_days == 0 and not line.on_day
    }


def _declined(flow: HouseholdFlow) -> Text | None:
    """What its party answered, when it takes no part: in its own words."""
    if flow.declined is None:
        return None
    return Text(
        f"{flow.flow.party} doet hier niet aan mee: {flow.declined}",
        f"{flow.flow.party} takes no part in this: {flow.declined}",
    )


def _why(flow: HouseholdFlow, period: str) -> WhyKey | None:
    if flow.scheme is None:
        return None
    try:
        return WhyKey(scheme=flow.scheme, month=Month.parse(period))
    except ValueFaultError:
        return None  # a period that is no month has no page of its own yet
