"""How a plan ends: the household withdraws, dies out, or moves to another municipality.

Pure. A withdrawal is a switch like any other, with its own transition (scheduler/leaving.py); what
runs this month is not torn up. A handover ends the plan here on the day it goes on there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date

from node.access import MUNICIPALITY_PREFIX, municipality_member
from node.flows import Naming
from node.households import Circles, EnrolledHousehold, enrolled, person_ref, withdrawn
from node.paydate.lives import left_for
from node.paydate.party_plans import party_draft
from node.paydate.standing import Scope, StandingPlan, in_order, standing_plan
from scheduler.folding.facts import Fact, SubjectId
from scheduler.folding.known import Text
from scheduler.leaving import Departure, leave
from scheduler.planning.plan_types import MonthPlan, Plan, PlannedLine
from scheduler.transition import no_transition
from specs.records import (
    PLAN_HANDED_OVER,
    PartyPlan,
    PlanAdvance,
    PlanHandover,
    PlanLine,
    RecordDraft,
)
from specs.records_plan import HandedLine
from specs.values import Month

HANDED_LINES_MAX = 300  # of the record


def plans_ended(
    circles: Circles,
    touched: Iterable[SubjectId],
    *,
    naming: Naming,
    today: date,
    members: Collection[str],
) -> tuple[RecordDraft, ...]:
    """What must be known of households that withdrew or moved away. `members`: of the ledger."""
    around, subjects = circles.near(touched)
    drafts: list[RecordDraft] = []
    for household in withdrawn(around):
        if subjects.intersection(household.members):
            facts, _ = circles.near(household.members)
            drafts += way_back(facts, household, naming, today, household.agreed_on)
    for household in enrolled(around):
        gone = moved_to(around, household, naming)
        if gone is not None and subjects.intersection(household.members):
            facts, _ = circles.near(household.members)
            if municipality_member(gone[0]) in members:
                drafts += _handed_over(facts, household, gone[0], today)
            else:  # nobody there goes on with it: the way back
                drafts += way_back(facts, household, naming, today, gone[1])
    return tuple(drafts)


def moved_to(
    facts: Sequence[Fact], household: EnrolledHousehold, naming: Naming
) -> tuple[str, date] | None:
    """The municipality a household moved to, by the move of its applicant, and since when."""
    own = naming.member.removeprefix(MUNICIPALITY_PREFIX)
    return left_for(facts, household.applicant, own)


def way_back(
    facts: Sequence[Fact], household: EnrolledHousehold, naming: Naming, today: date, since: date
) -> Iterator[RecordDraft]:
    """Every party's lines back on their own days, after a transition; nothing after it."""
    standing, start = standing_plan(facts, household), Month.of(today).first_day
    if standing is None:
        return
    switch = Month.of(since).plus(1).first_day
    bridge_by = naming.member if household.bridged else None
    departure = leave(_as_plan(standing), switch, None, bridge_by)
    scopes = {(one.party, one.person) for one in standing.lines}
    advances = _advances(departure, standing, naming)
    for scope in sorted(scopes | advances.keys()):
        before, person = standing.of(scope, start), person_ref(facts, scope[1])
        lines = _back(scope, before, departure, switch)
        told = standing.advances_of(scope)
        if person is None or lines == before:
            continue
        data = PartyPlan(
            person=person, party=scope[0], made_on=today, day=standing.day, lines=lines,
            advances=told + advances.get(scope, ()),
        )  # fmt: skip
        yield party_draft(standing, scope, data, start)


def _flow_id(scope: Scope, flow: str) -> str:
    return "\x1f".join((*scope, flow))


def _as_plan(standing: StandingPlan) -> Plan:
    """The recorded lines as the scheduler knows a plan."""
    lines = tuple(
        PlannedLine(
            flow=_flow_id((one.party, one.person), one.line.flow), party=one.party,
            direction=one.line.direction, period=one.line.period, due=one.line.natural_date,
            natural=one.line.natural_date, planned=one.line.planned_date,
            cents=one.line.amount_cents,
            moved_days=(one.line.planned_date - one.line.natural_date).days,
            on_day=False, expected=False, reason=None,
        )
        for one in standing.lines
    )  # fmt: skip
    first = min(line.planned for line in lines)
    month = MonthPlan(
        month=Month.of(first), pay_date=first, left_cents=0, lowest_before_cents=0,
        lowest_after_cents=0, end_cents=0, short_cents=0, lines=lines,
    )  # fmt: skip
    return Plan(
        day=standing.day, why=Text("", ""), on_day_cents=0, total_cents=0, months=(month,),
        transition=no_transition(first), signals=(), not_planned=(),
    )  # fmt: skip


def _back(
    scope: Scope, before: Sequence[PlanLine], departure: Departure, switch: date
) -> tuple[PlanLine, ...]:
    """One party's lines up to the end of the transition, where each now comes."""
    back = {(line.flow, line.period): line.planned for line in departure.lines}
    until = departure.transition.until
    lines = []
    for line in before:
        if line.planned_date < switch:
            lines.append(line)
            continue
        day = back[_flow_id(scope, line.flow), line.period]
        if min(line.natural_date, day) <= until:
            lines.append(line.model_copy(update={"planned_date": day}))
    return tuple(sorted(lines, key=in_order))


def _advances(
    departure: Departure, standing: StandingPlan, naming: Naming
) -> dict[Scope, tuple[PlanAdvance, ...]]:
    """What the way back asks: of a payer for its own income, of the municipality for charges."""
    found: dict[Scope, tuple[PlanAdvance, ...]] = {}
    income = {
        _flow_id((one.party, one.person), one.line.flow)
        for one in standing.lines
        if one.line.direction == "in"
    }
    for advance in departure.transition.advances:
        party, person, flow = advance.flow.split("\x1f")
        scope = (party if advance.flow in income else naming.member, person)
        told = PlanAdvance(flow=flow, day=advance.day, cents=advance.cents)
        found[scope] = (*found.get(scope, ()), told)
    return found


def _handed_over(
    facts: Sequence[Fact], household: EnrolledHousehold, place: str, today: date
) -> Iterator[RecordDraft]:
    """The end of the plan here, and the record by which it goes on there."""
    standing, start = standing_plan(facts, household), Month.of(today).first_day
    applicant = person_ref(facts, household.applicant)
    if standing is None or applicant is None:
        return
    continues_on = Month.of(today).plus(1).first_day
    others = [who for who in household.members if who != household.applicant]
    refs = {who: ref for who in others if (ref := person_ref(facts, who)) is not None}
    places = {household.applicant: 0} | {who: n + 1 for n, who in enumerate(refs)}
    lines = [
        HandedLine(party=one.party, member=places[one.person], line=one.line)
        for one in standing.lines
        if one.line.natural_date >= continues_on and one.person in places
    ]
    lines.sort(key=lambda one: one.line.natural_date)
    handed = lines[:HANDED_LINES_MAX]
    for scope in sorted({(one.party, one.person) for one in standing.lines}):
        before, person = standing.of(scope, start), person_ref(facts, scope[1])
        kept = tuple(line for line in before if line.natural_date < continues_on)
        if kept != before and person is not None:
            data = PartyPlan(
                person=person, party=scope[0], made_on=today, day=standing.day, lines=kept,
                advances=standing.advances_of(scope),
            )  # fmt: skip
            yield party_draft(standing, scope, data, start)
    if not handed:
        return
    data_over = PlanHandover(
        person=applicant, members=tuple(refs.values()), to=municipality_member(place),
        day=standing.day, preferred_day=household.preferred_day, agreed_on=household.agreed_on,
        since=min(one.valid_from for one in facts if isinstance(one.data, PartyPlan)),
        continues_on=continues_on, lines_until=handed[-1].line.natural_date, lines=tuple(handed),
    )  # fmt: skip
    yield RecordDraft(
        type=PLAN_HANDED_OVER,
        source_event_id=f"overdracht/{household.applicant}/{household.record}/{place}",
        data=data_over,
        valid_from=continues_on,
        where=f"handover to {data_over.to}",
    )
