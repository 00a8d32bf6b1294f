"""Plans addressed to this member, line by line, and what other parties answered to its own. Pure.

A party sees and answers its own lines only; answers.py tells whose answer counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, Literal

from node.desk.views import AnsweredView, FlowView, OpenPlanView, PlanLineView, PlansView, PlanView
from node.paydate.answers import Answer, FlowKey, OpenPlan, answers_by_flow, open_plans
from scheduler.folding.facts import Fact
from specs.records import PartyPlan

PLANS_MAX: Final = 100


def plans_view(facts: Iterable[Fact], member: str, names: Mapping[str, str]) -> PlansView:
    """Plans with an open line first; then what others answered to plans of this member."""
    known = list(facts)
    made_on = {fact.record: fact.data.made_on for fact in known if isinstance(fact.data, PartyPlan)}
    plans = [
        PlanView(
            record=one.record,
            planner_name=names.get(one.planner, one.planner),
            made_on=made_on[one.record],
            flows=len(one.flows),
            open=sum(flow not in one.answers for flow in one.flows),
            declined=sum(said == "declined" for said in one.answers.values()),
        )
        for one in open_plans(known, member)
        if one.flows
    ]
    plans.sort(key=lambda one: (one.open == 0, one.made_on, one.record))
    return PlansView(
        to_answer=tuple(plans[:PLANS_MAX]),
        answered=_answered(answers_by_flow(known, member), member, names),
    )


def open_plan(
    facts: Iterable[Fact], member: str, record: str, names: Mapping[str, str]
) -> OpenPlanView:
    """One plan addressed to this member; raises LookupError when it is not, or not the latest."""
    known = list(facts)
    found = next((one for one in open_plans(known, member) if one.record == record), None)
    if found is None:
        raise LookupError("no such plan is addressed to this member, or a newer one replaced it")
    fact = next(fact for fact in known if fact.record == record and fact.author == found.planner)
    assert isinstance(fact.data, PartyPlan)  # open_plans keeps no other
    answers = answers_by_flow(known, found.planner)
    return OpenPlanView(
        record=record,
        planner_name=names.get(found.planner, found.planner),
        subject=found.person,
        surname=fact.data.person.surname,
        day=fact.data.day,
        made_on=fact.data.made_on,
        flows=tuple(
            _flow(fact.data, flow, answers.get((member, found.person, flow)))
            for flow in found.flows
        ),
    )


def plan_of(facts: Iterable[Fact], member: str, record: str) -> OpenPlan:
    """The plan that an answer is about; raises LookupError as `open_plan`."""
    found = next((one for one in open_plans(facts, member) if one.record == record), None)
    if found is None:
        raise LookupError("no such plan is addressed to this member, or a newer one replaced it")
    return found


def _flow(plan: PartyPlan, flow: str, answer: Answer | None) -> FlowView:
    return FlowView(
        flow=flow,
        said=None if answer is None else answer.said,
        reason=None if answer is None else answer.reason,
        proposed_day=None if answer is None else answer.proposed_day,
        lines=tuple(
            PlanLineView(
                natural=line.natural_date, planned=line.planned_date, cents=line.amount_cents,
                direction=line.direction,
            )
            for line in plan.lines
            if line.flow == flow
        ),
    )  # fmt: skip


def _answered(
    answers: Mapping[FlowKey, Answer], member: str, names: Mapping[str, str]
) -> tuple[AnsweredView, ...]:
    counts: Counter[tuple[str, Literal["confirmed", "declined"]]] = Counter()
    days: dict[tuple[str, str], Counter[int]] = {}
    for (party, _person, _flow_name), answer in answers.items():
        if party == member:
            continue
        counts[party, answer.said] += 1
        if answer.proposed_day is not None:
            days.setdefault((party, answer.said), Counter())[answer.proposed_day] += 1
    return tuple(
        AnsweredView(
            party_name=names.get(party, party),
            said=said,
            count=count,
            days=tuple(sorted(days.get((party, said), Counter()).items())),
        )
        for (party, said), count in sorted(counts.items())
    )
