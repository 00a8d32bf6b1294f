"""What the parties of a plan answered: confirmed, or declined with a reason the household reads.

Pure. An answer counts for the lines of its own author only; the last one about a flow stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from scheduler.folding.facts import Fact, SubjectId, known_facts
from specs.canonical import digest_of
from specs.records import PLAN_ANSWERED, PartyPlan, PersonRef, PlanAnswer, RecordDraft

FlowKey: TypeAlias = tuple[str, SubjectId, str]
"""Party, person and the party's own name of a flow."""

Said: TypeAlias = Literal["confirmed", "declined"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One party's answer about one flow; `left`: it declined what it had confirmed before.

    `proposed_day`: the day of the month that it names instead.
    """

    said: Said
    reason: str | None
    record: str
    on: date
    left: bool
    proposed_day: int | None = None


def answers_by_flow(facts: Iterable[Fact], planner: str) -> Mapping[FlowKey, Answer]:
    """The standing answer to one planner about each flow."""
    plans = {fact.record: fact for fact in facts if isinstance(fact.data, PartyPlan)}
    found: dict[FlowKey, Answer] = {}
    for fact in sorted(known_facts(facts, None), key=lambda fact: fact.known):
        data, person = fact.data, fact.subject()
        if not isinstance(data, PlanAnswer) or data.to != planner or person is None:
            continue
        plan = plans.get(data.plan)
        if plan is None or not isinstance(plan.data, PartyPlan) or plan.data.party != fact.author:
            continue  # nobody answers for another
        flows = {line.flow for line in plan.data.lines} if data.flow is None else {data.flow}
        for flow in flows:
            before = found.get((fact.author, person, flow))
            found[fact.author, person, flow] = Answer(
                said=data.answer,
                reason=data.reason,
                record=fact.record,
                on=data.answered_on,
                left=data.answer == "declined"
                and before is not None
                and (before.said == "confirmed" or before.left),
                proposed_day=data.proposed_day,
            )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPlan:
    """A plan addressed to this member, as its own system answers it."""

    record: str
    planner: str
    person: SubjectId
    flows: tuple[str, ...]
    answers: Mapping[str, Said]


def open_plans(facts: Iterable[Fact], member: str) -> tuple[OpenPlan, ...]:
    """The latest plan of every planner and person with lines of this member, in ledger order."""
    known = list(facts)
    latest: dict[tuple[str, SubjectId], Fact] = {}
    for fact in sorted(known_facts(known, None), key=lambda fact: fact.known):
        person = fact.subject()
        if isinstance(fact.data, PartyPlan) and fact.data.party == member and person is not None:
            latest[fact.author, person] = fact
    found = []
    for (planner, person), fact in latest.items():
        assert isinstance(fact.data, PartyPlan)  # only such were kept
        said = answers_by_flow(known, planner)
        flows = tuple(dict.fromkeys(line.flow for line in fact.data.lines))
        found.append(
            OpenPlan(
                record=fact.record,
                planner=planner,
                person=person,
                flows=flows,
                answers={
                    flow: said[member, person, flow].said
                    for flow in flows
                    if (member, person, flow) in said
                },
            )
        )
    return tuple(found)


def answer_draft(
    plan: Fact,
    person: PersonRef,
    said: Said,
    today: date,
    *,
    flow: str | None = None,
    reason: str | None = None,
    proposed_day: int | None = None,
) -> RecordDraft:
    """The record of an answer; the same answer about the same plan is the same record."""
    data = PlanAnswer(
        person=person, to=plan.author, plan=plan.record, flow=flow, answered_on=today, answer=said,
        reason=reason, proposed_day=proposed_day,
    )  # fmt: skip
    content = digest_of(data.model_dump(mode="json", exclude={"person", "answered_on"}))
    return RecordDraft(
        type=PLAN_ANSWERED,
        source_event_id=f"antwoord/{plan.record}/{content}",
        data=data,
        valid_from=plan.valid_from,
        where=f"answer to {plan.author}",
    )
