"""The node of a municipality: flows of an enrolled household -> one pay date -> a plan per party.

Pure. A plan is recorded per party and person (a party learns of nobody but its own customer), and
only when those lines differ from the standing ones. The agreed day stays until the household agrees
to another (P3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, TypeAlias

from node.decisions import outcomes_of
from node.flows import HouseholdFlow, LeftOut, Naming, flows_of, opening_balance
from node.households import Circles, EnrolledHousehold, enrolled, person_ref, withdrawn
from scheduler.folding.facts import Fact, SubjectId, known_facts
from scheduler.folding.known import Text
from scheduler.paydays import PayCalendars
from scheduler.plan import plan
from scheduler.planning.flows import occurrences
from scheduler.planning.plan_types import Plan, PlanRequest
from scheduler.rulebook import Rulebook
from specs.canonical import digest_of
from specs.records import PLAN_SET, Enrolment, PartyPlan, PlanLine, RecordDraft
from specs.values import Month

PLAN_MONTHS: Final = 12

Scope: TypeAlias = tuple[str, SubjectId]
"""A party and the person it pays or charges."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingLine:
    """One recorded line of a party's plan."""

    party: str
    person: SubjectId
    line: PlanLine
    record: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingPlan:
    """What the recorded plans say together: the day, and every line in force."""

    day: int
    lines: tuple[StandingLine, ...]
    known: int  # ledger index of the latest

    def of(self, scope: Scope, start: date) -> tuple[PlanLine, ...]:
        """The lines of one party and person due from a day on, in order."""
        own = [one.line for one in self.lines if (one.party, one.person) == scope]
        return tuple(sorted((one for one in own if one.natural_date >= start), key=_in_order))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOutcome:
    """One household's plan as the facts give it now, and what of it is to be recorded."""

    household: EnrolledHousehold
    request: PlanRequest
    plan: Plan
    flows: tuple[HouseholdFlow, ...]
    left_out: tuple[LeftOut, ...]
    standing: StandingPlan | None
    drafts: tuple[RecordDraft, ...]


def plans_for(
    circles: Circles,
    touched: Iterable[SubjectId],
    *,
    naming: Naming,
    today: date,
    calendars: PayCalendars,
    rulebook: Rulebook,
) -> dict[SubjectId, PlanOutcome]:
    """The plan of every enrolled household that new facts about `touched` can change.

    A first plan waits for the allowances that are due: the day it chooses stays for years (P3).
    """
    around, subjects = circles.near(touched)
    outcomes = {}
    for household in enrolled(around):
        if subjects.intersection(household.members):
            facts, _ = circles.near(household.members)
            outcome = due_plan(facts, household, naming=naming, today=today, calendars=calendars)
            if outcome.standing is not None or not _awaited(circles, household, today, rulebook):
                outcomes[household.applicant] = outcome
    return outcomes


def plans_ended(
    circles: Circles, touched: Iterable[SubjectId], *, today: date
) -> tuple[RecordDraft, ...]:
    """What the parties must know of households that withdrew: no line after this month."""
    around, subjects = circles.near(touched)
    drafts: list[RecordDraft] = []
    for household in withdrawn(around):
        if subjects.intersection(household.members):
            facts, _ = circles.near(household.members)
            drafts += _ended(facts, household, today)
    return tuple(drafts)


def _ended(
    facts: Sequence[Fact], household: EnrolledHousehold, today: date
) -> Iterator[RecordDraft]:
    standing, start = standing_plan(facts, household), Month.of(today).first_day
    if standing is None:
        return
    last = Month.of(today).last_day
    for scope in sorted({(one.party, one.person) for one in standing.lines}):
        before, person = standing.of(scope, start), person_ref(facts, scope[1])
        kept = tuple(line for line in before if line.natural_date <= last)
        if kept != before and person is not None:
            data = PartyPlan(
                person=person, party=scope[0], made_on=today, day=standing.day, lines=kept
            )
            yield _draft(standing, scope, data, start)


def _awaited(
    circles: Circles, household: EnrolledHousehold, today: date, rulebook: Rulebook
) -> bool:
    """Whether the facts known here give an allowance about which no decision has come yet."""
    return any(
        outcome.draft is not None
        for who in household.members
        for outcome in outcomes_of(circles.near([who])[0], who, today=today, rulebook=rulebook)
    )


def standing_plan(facts: Iterable[Fact], household: EnrolledHousehold) -> StandingPlan | None:
    """The recorded plans of a household laid over each other in ledger order; None when none.

    A newer plan of the same party and person replaces their lines from the first day it is valid.
    """
    lines: list[StandingLine] = []
    latest: Fact | None = None
    day = 0
    for fact in sorted(known_facts(facts, None), key=lambda fact: fact.known):
        data, person = fact.data, fact.subject()
        if not isinstance(data, PartyPlan) or person not in household.members:
            continue
        lines = [
            one
            for one in lines
            if (one.party, one.person) != (data.party, person)
            or one.line.natural_date < fact.valid_from
        ]
        lines += [
            StandingLine(party=data.party, person=person, line=line, record=fact.record)
            for line in data.lines
        ]
        latest, day = fact, data.day
    if latest is None:
        return None
    lines.sort(key=lambda one: (one.line.planned_date, one.party, one.line.flow))
    return StandingPlan(day=day, lines=tuple(lines), known=latest.known)


def due_plan(
    facts: Sequence[Fact],
    household: EnrolledHousehold,
    *,
    naming: Naming,
    today: date,
    calendars: PayCalendars,
) -> PlanOutcome:
    """Plan a household from the month of `today` on, and draft what its parties must know."""
    flows, left_out = flows_of(facts, household, naming, calendars)
    standing = standing_plan(facts, household)
    current_day = _current_day(facts, household, standing)
    first = Month.of(today)
    request = PlanRequest(
        first=first,
        months=PLAN_MONTHS,
        flows=tuple(
            replace(one.flow, joins=current_day is None or not _follows(one, standing))
            for one in flows
            if one.flow.rhythm.end is None or one.flow.rhythm.end >= first.first_day
        ),
        today=today,
        opening_cents=opening_balance(facts, household),
        preferred_day=household.preferred_day,
        current_day=current_day,
        agreed=_agreed_anew(facts, household, standing),
        switched_on=None if current_day is None else _switched_on(facts, household, current_day),
    )
    outcome = PlanOutcome(
        household=household, request=request, plan=plan(request, calendars), flows=flows,
        left_out=left_out, standing=standing, drafts=(),
    )  # fmt: skip
    return replace(outcome, drafts=_drafts(facts, outcome, today, calendars))


def first_choice(outcome: PlanOutcome, calendars: PayCalendars) -> Text | None:
    """Why the day would be chosen by a household that has none yet; None when it would be another.

    A standing plan says only that its day was agreed; this says what was good about it.
    """
    flows = tuple(replace(flow, joins=True) for flow in outcome.request.flows)
    anew = plan(replace(outcome.request, current_day=None, flows=flows), calendars)
    return anew.why if anew.day == outcome.plan.day else None


def _current_day(
    facts: Sequence[Fact], household: EnrolledHousehold, standing: StandingPlan | None
) -> int | None:
    """The day this household agreed to: a plan from before its first enrolment was another's."""
    first = min(
        fact.known
        for fact in facts
        if isinstance(fact.data, Enrolment) and fact.subject() == household.applicant
    )
    return standing.day if standing is not None and standing.known > first else None


def _switched_on(
    facts: Sequence[Fact], household: EnrolledHousehold, current_day: int
) -> date | None:
    """Since when the household follows this day: its transition keeps its promises when planned
    again (P2). Recorded plans begin on the first of the month of the switch; that is enough.
    """
    return min(
        (
            fact.valid_from
            for fact in facts
            if isinstance(fact.data, PartyPlan)
            and fact.subject() in household.members
            and fact.data.day == current_day
        ),
        default=None,
    )


def _follows(flow: HouseholdFlow, standing: StandingPlan | None) -> bool:
    """Whether the flow stands in the recorded plan, and so follows the household's day already."""
    return standing is not None and any(
        (one.party, one.person, one.line.flow) == (flow.party, flow.person, flow.code)
        for one in standing.lines
    )


def _agreed_anew(
    facts: Sequence[Fact], household: EnrolledHousehold, standing: StandingPlan | None
) -> bool:
    """Whether the household enrolled again with another day after the plan was made (P3)."""
    if standing is None or household.preferred_day in (None, standing.day):
        return False
    return any(
        fact.record == household.record and fact.known > standing.known
        for fact in facts
        if isinstance(fact.data, Enrolment)
    )


def _drafts(
    facts: Sequence[Fact], outcome: PlanOutcome, today: date, calendars: PayCalendars
) -> tuple[RecordDraft, ...]:
    standing, start = outcome.standing, Month.of(today).first_day
    scopes = {(flow.party, flow.person) for flow in outcome.flows}
    if standing is not None:
        scopes |= {(o.party, o.person) for o in standing.lines if o.line.natural_date >= start}
    drafts = []
    for scope in sorted(scopes):
        person = person_ref(facts, scope[1])
        before = () if standing is None else standing.of(scope, start)
        lines = _lines(outcome, scope, before, today, calendars)
        same_day = standing is not None and standing.day == outcome.plan.day
        if person is None or (lines == before and (same_day or not lines)):
            continue
        data = PartyPlan(
            person=person, party=scope[0], made_on=today, day=outcome.plan.day, lines=lines
        )
        drafts.append(_draft(outcome.standing, scope, data, start))
    return tuple(drafts)


def _lines(
    outcome: PlanOutcome,
    scope: Scope,
    before: Sequence[PlanLine],
    today: date,
    calendars: PayCalendars,
) -> tuple[PlanLine, ...]:
    """The plan's lines of one party and person, but as they stand where they may not change.

    That is: when the day has passed; when last month's plan carried it into this month; and in this
    month as long as the amount is the same (dates of a running month do not move, P3).
    """
    planned = {(line.flow, line.period): line for line in _planned(outcome, scope)}
    crossing = _crossing(outcome, scope, Month.of(today), calendars)
    kept = {
        (line.flow, line.period): line
        for line in before
        if min(line.natural_date, line.planned_date) < today
        or (line.flow, line.period) in crossing
        or (line.natural_date <= Month.of(today).last_day and _same_amount(line, planned))
    }
    return tuple(sorted((planned | kept).values(), key=_in_order))


def _planned(outcome: PlanOutcome, scope: Scope) -> list[PlanLine]:
    codes = {one.flow.id: one.code for one in outcome.flows if (one.party, one.person) == scope}
    return [
        PlanLine(
            flow=codes[line.flow],
            direction=line.direction,
            period=line.period,
            natural_date=line.natural,
            planned_date=line.planned,
            amount_cents=line.cents,
        )
        for line in outcome.plan.lines()
        if line.flow in codes and line.cents > 0
    ]


def _same_amount(line: PlanLine, planned: Mapping[tuple[str, str], PlanLine]) -> bool:
    again = planned.get((line.flow, line.period))
    return again is not None and again.amount_cents == line.amount_cents


def _in_order(line: PlanLine) -> tuple[date, date, str, str]:
    return line.planned_date, line.natural_date, line.flow, line.period


def _crossing(
    outcome: PlanOutcome, scope: Scope, first: Month, calendars: PayCalendars
) -> set[tuple[str, str]]:
    """Flow and period of payments due at the end of last month that a weekend moved into this one:
    the plan from this month on does not hold them, and they must not get lost.
    """
    return {
        (flow.code, one.period)
        for flow in outcome.flows
        if (flow.party, flow.person) == scope
        for one in occurrences(flow.flow.rhythm, first.plus(-1), 1, calendars)[0]
        if one.natural >= first.first_day
    }


def _draft(
    standing: StandingPlan | None, scope: Scope, data: PartyPlan, start: date
) -> RecordDraft:
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
