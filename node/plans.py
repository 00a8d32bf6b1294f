"""The node of a municipality: flows of an enrolled household -> one pay date -> a plan per party.

Pure. What of it is recorded, per party and person, is told in paydate/party_plans.py, how it ends
in paydate/endings.py. The agreed day stays until the household agrees to another (P3).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from node.decisions import outcomes_of
from node.flows import HouseholdFlow, Naming, flows_of, opening_balances
from node.households import Circles, EnrolledHousehold, enrolled
from node.paydate.endings import moved_to
from node.paydate.outcome import PlanOutcome
from node.paydate.party_plans import with_drafts
from node.paydate.standing import StandingPlan, standing_plan
from scheduler.folding.facts import Fact, SubjectId
from scheduler.folding.known import Text
from scheduler.paydays import PayCalendars
from scheduler.plan import plan
from scheduler.planning.plan_types import Plan, PlanRequest
from scheduler.rulebook import Rulebook
from scheduler.settle import repay
from specs.records import Enrolment, PartyPlan, PlanHandover
from specs.values import Month

PLAN_MONTHS: Final = 12


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
        if subjects.intersection(household.members) and not moved_to(around, household, naming):
            facts, _ = circles.near(household.members)
            outcome = due_plan(facts, household, naming=naming, today=today, calendars=calendars)
            if outcome.standing is not None or not _awaited(circles, household, today, rulebook):
                outcomes[household.applicant] = outcome
    return outcomes


def _awaited(
    circles: Circles, household: EnrolledHousehold, today: date, rulebook: Rulebook
) -> bool:
    """Whether the facts known here give an allowance about which no decision has come yet."""
    return any(
        outcome.draft is not None
        for who in household.members
        for outcome in outcomes_of(circles.near([who])[0], who, today=today, rulebook=rulebook)
    )


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
    opening, openings = opening_balances(facts, household)
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
        opening_cents=opening,
        openings=openings,
        preferred_day=household.preferred_day,
        current_day=current_day,
        agreed=_agreed_anew(facts, household, standing),
        chosen_day=household.agreed_day,
        switched_on=None if current_day is None else _switched_on(facts, household, current_day),
        bridge_by=naming.member if household.bridged else None,
    )
    outcome = PlanOutcome(
        household=household, request=request, plan=_repaid(plan(request, calendars), household),
        flows=flows, left_out=left_out, standing=standing, drafts=(),
    )  # fmt: skip
    return with_drafts(facts, outcome, naming, today, calendars)


def _repaid(found: Plan, household: EnrolledHousehold) -> Plan:
    """The plan with its advances repaid as the household agreed: in terms, or not at all."""
    if household.repay_terms is None or not found.transition.advances:
        return found
    return repay(found, household.repay_terms)


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
    """The day this household agreed to: a plan from before its first enrolment, or from before it
    came back after a withdrawal, was another's."""
    own = sorted(
        (fact.known, isinstance(fact.data, Enrolment) and fact.data.withdrawn)
        for fact in facts
        if isinstance(fact.data, Enrolment | PlanHandover)
        and household.applicant in fact.subjects.values()
    )
    left = max((known for known, gone in own if gone), default=-1)
    first = min(known for known, gone in own if known > left and not gone)
    return standing.day if standing is not None and standing.known >= first else None


def _switched_on(
    facts: Sequence[Fact], household: EnrolledHousehold, current_day: int
) -> date | None:
    """Since when the household follows this day: its transition keeps its promises when planned
    again (P2). Recorded plans begin on the first of the month of the switch; that is enough.
    """
    handed = [
        fact.data.since
        for fact in facts
        if isinstance(fact.data, PlanHandover) and fact.record == household.handover
    ]
    own = [
        fact.valid_from
        for fact in facts
        if isinstance(fact.data, PartyPlan)
        and fact.subject() in household.members
        and fact.data.day == current_day
    ]
    return min([*handed, *own], default=None)


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
