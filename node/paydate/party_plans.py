"""A household's plan in parts: what each party must know of it, and the notice that goes before.

Pure. A party learns of nobody but its own customer, and only what differs from what it knows. Dates
of a running month do not move; an increase of a charge waits until it was announced (P3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from node.clockwork.timetable import load_timetable
from node.flows import HouseholdFlow, Naming
from node.households import person_ref
from node.paydate.answers import answers_by_flow
from node.paydate.notices import Change, changes_of, notice_draft
from node.paydate.outcome import PlanOutcome
from node.paydate.standing import Scope, StandingPlan, in_order
from scheduler.folding.facts import Fact
from scheduler.paydays import PayCalendars
from scheduler.planning.flows import occurrences
from scheduler.planning.plan_types import PlannedLine
from scheduler.transition import period_from
from specs.canonical import digest_of
from specs.records import (
    PLAN_SET,
    PartyPlan,
    PlanAdvance,
    PlanHandover,
    PlanLine,
    RecordDraft,
)
from specs.records_plan import PlanRepayment
from specs.values import Month

ONE_DAY: Final = timedelta(days=1)


def with_drafts(
    facts: Sequence[Fact],
    outcome: PlanOutcome,
    naming: Naming,
    today: date,
    calendars: PayCalendars,
) -> PlanOutcome:
    """The outcome with the records that its parties and the household must have."""
    standing = outcome.standing
    start = max(Month.of(today).first_day, outcome.household.continues_on or date.min)
    scopes = {(flow.party, flow.person) for flow in outcome.flows}
    if standing is not None:
        scopes |= {(o.party, o.person) for o in standing.lines if o.line.natural_date >= start}
    advances = _advances(outcome, naming)
    maker = _Maker(facts, outcome, naming, today, start, calendars)
    drafts: list[RecordDraft] = []
    changes: list[Change] = []
    for scope in sorted(scopes | advances.keys()):
        person = person_ref(facts, scope[1])
        before = () if standing is None else standing.of(scope, start)
        lines = maker.lines(scope, before)
        told = () if standing is None else standing.advances_of(scope)
        kept = {(one.flow, one.day) for one in told}
        paid = told + tuple(
            one for one in advances.get(scope, ()) if (one.flow, one.day) not in kept
        )
        same_day = standing is not None and standing.day == outcome.plan.day
        if person is None or (lines == before and paid == told and (same_day or not lines)):
            continue
        if standing is not None:
            changes += changes_of(scope, before, lines, maker.wanted(scope))
        data = PartyPlan(
            person=person, party=scope[0], made_on=today, day=outcome.plan.day, lines=lines,
            advances=paid,
        )  # fmt: skip
        drafts.append(party_draft(standing, scope, data, start))
    notice = notice_draft(facts, outcome, changes, today) if changes else None
    return replace(outcome, drafts=tuple(drafts), notice=notice)


def party_draft(
    standing: StandingPlan | None, scope: Scope, data: PartyPlan, start: date
) -> RecordDraft:
    """The record of one party's plan."""
    replaced = -1 if standing is None else standing.known
    # The same facts give the same plan and the same id: a crash repeats work, never effects.
    content = digest_of([replaced, data.model_dump(mode="json", exclude={"person", "made_on"})])
    return RecordDraft(
        type=PLAN_SET,
        source_event_id=f"betaalplan/{scope[1]}/{content}",
        data=data,
        valid_from=start,
        where=f"plan for {data.party}",
    )


class _Maker:
    """The lines of each party and person, as planned or as they stand where they may not change."""

    def __init__(
        self,
        facts: Sequence[Fact],
        outcome: PlanOutcome,
        naming: Naming,
        today: date,
        start: date,
        calendars: PayCalendars,
    ) -> None:
        self._outcome = outcome
        self._today = today
        self._start = start
        self._calendars = calendars
        self._answers = answers_by_flow(facts, naming.member)
        self._known = {(flow.party, flow.person, flow.code) for flow in outcome.flows}
        self._handed = {
            (one.party, one.line.flow)
            for fact in facts
            if isinstance(fact.data, PlanHandover) and fact.record == outcome.household.handover
            for one in fact.data.lines
        }

    def wanted(self, scope: Scope) -> Mapping[tuple[str, str], PlanLine]:
        """The lines that the plan gives, by flow and period."""
        flows = {
            one.flow.id: one for one in self._outcome.flows if (one.party, one.person) == scope
        }
        return {
            (line.flow, line.period): line
            for line in (
                _planned(flows[one.flow], one) for one in self._outcome.plan.lines()
                if one.flow in flows and one.cents > 0
            )
            if line.natural_date >= (self._outcome.household.continues_on or date.min)
        }  # fmt: skip

    def lines(self, scope: Scope, before: Sequence[PlanLine]) -> tuple[PlanLine, ...]:
        """The lines to record."""
        wanted = self.wanted(scope)
        crossing = self._crossing(scope)
        kept = {
            (line.flow, line.period): line
            for line in before
            if min(line.natural_date, line.planned_date) < self._today
            or (line.flow, line.period) in crossing
            or self._may_not_change(scope, line, wanted.get((line.flow, line.period)))
        }
        return tuple(sorted((dict(wanted) | kept).values(), key=in_order))

    def _may_not_change(self, scope: Scope, line: PlanLine, wanted: PlanLine | None) -> bool:
        """Whether a standing line that is still to come stays as it is."""
        if (*scope, line.flow) not in self._known:
            return (scope[0], line.flow) in self._handed  # until its party tells it here too
        if wanted is None:
            return False
        month_end = Month.of(self._today).last_day
        if wanted.amount_cents == line.amount_cents:
            return line.natural_date <= month_end or self._until_it_left(scope, line)
        dearer = line.direction == "out" and wanted.amount_cents > line.amount_cents
        rules = load_timetable().rules_for(Month.of(self._today))
        return dearer and line.planned_date < self._today + rules.notice_days * ONE_DAY

    def _until_it_left(self, scope: Scope, line: PlanLine) -> bool:
        """Whether a party that leaves still keeps this day: until its own transition is over."""
        answer = self._answers.get((*scope, line.flow))
        if answer is None or not answer.left:
            return False
        switch = Month.of(answer.on).plus(1).first_day
        return line.natural_date <= period_from(switch).until

    def _crossing(self, scope: Scope) -> set[tuple[str, str]]:
        """Flow and period of payments due at the end of last month that a weekend moved into this
        one: the plan from this month on does not hold them, and they must not get lost.
        """
        first = Month.of(self._today)
        return {
            (flow.code, one.period)
            for flow in self._outcome.flows
            if (flow.party, flow.person) == scope
            for one in occurrences(flow.flow.rhythm, first.plus(-1), 1, self._calendars)[0]
            if one.natural >= first.first_day
        }


def _planned(flow: HouseholdFlow, line: PlannedLine) -> PlanLine:
    return PlanLine(
        flow=flow.code,
        direction=line.direction,
        period=line.period,
        natural_date=line.natural,
        planned_date=line.planned,
        amount_cents=line.cents,
        channel=flow.channel,
    )


def _advances(outcome: PlanOutcome, naming: Naming) -> dict[Scope, tuple[PlanAdvance, ...]]:
    """What the switch asks of each party: a payer bridges its own income, the municipality the
    charges when the household agreed so. Once told it stands: only flows that join now, or a day
    that the household agreed to anew, ask for another."""
    flows = {one.flow.id: one for one in outcome.flows}
    joined: set[tuple[str, str, str]] = set()
    follows = outcome.request.current_day is not None and not outcome.request.agreed
    if outcome.standing is not None and follows:
        joined = {(one.party, one.person, one.line.flow) for one in outcome.standing.lines}
    found: dict[Scope, tuple[PlanAdvance, ...]] = {}
    for advance in outcome.plan.transition.advances:
        flow = flows[advance.flow]
        if (flow.party, flow.person, flow.code) in joined:
            continue
        party = flow.party if flow.flow.direction == "in" else naming.member
        repaid = tuple(PlanRepayment(day=one.day, cents=one.cents) for one in advance.repaid)
        told = PlanAdvance(flow=flow.code, day=advance.day, cents=advance.cents, repaid=repaid)
        scope = (party, flow.person)
        found[scope] = (*found.get(scope, ()), told)
    return found
