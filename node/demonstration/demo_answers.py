"""What parties and households say of their plans in the demo, once everybody has been planned.

Every member confirms the lines that are its own; the energy supplier declines one household's, with
a reason, and one household takes its agreement back. The same when the demo runs again.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from node.demonstration.demo_network import MUNICIPALITY, DemoNetwork
from node.flow import record
from node.paydate.answers import OpenPlan, answer_draft, open_plans
from node.runtime import Node
from specs.records import ENROLLED, PLAN_ANSWERED, PLAN_SET, Enrolment, RecordDraft

DECLINES: Final = "lichtstroom"
DECLINES_HOUSEHOLD: Final = "Koster"
DECLINE_REASON: Final = "Dit contract loopt af. Wij veranderen de incassodag niet meer."
WITHDRAWS: Final = "Hendriks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """How many plans were confirmed and declined, and how many households withdrew."""

    confirmed: int
    declined: int
    withdrawn: int


async def say(network: DemoNetwork) -> Said:
    """Record every answer not given yet."""
    confirmed = declined = 0
    for member, node in network.nodes.items():
        if member == MUNICIPALITY:
            continue
        drafts = await asyncio.to_thread(_answers, node)
        await asyncio.gather(*(record(node.desk, draft) for draft, _ in drafts))
        declined += sum(no for _, no in drafts)
        confirmed += sum(not no for _, no in drafts)
    withdrawals = await asyncio.to_thread(_withdrawals, network.nodes[MUNICIPALITY])
    for draft in withdrawals:
        await record(network.nodes[MUNICIPALITY].desk, draft)
    return Said(confirmed=confirmed, declined=declined, withdrawn=len(withdrawals))


def _answers(node: Node) -> list[tuple[RecordDraft, bool]]:
    """One answer for every plan with a flow that was not answered; True for a refusal."""
    facts = [*node.facts.of_type(PLAN_SET), *node.facts.of_type(PLAN_ANSWERED)]
    found = []
    for plan in open_plans(facts, node.member):
        if all(flow in plan.answers for flow in plan.flows):
            continue
        found.append(_answer(node, plan))
    return found


def _answer(node: Node, plan: OpenPlan) -> tuple[RecordDraft, bool]:
    fact = node.facts.fact(plan.planner, plan.record)
    assert fact is not None  # the list was made of these facts
    person = node.facts.person(plan.person)
    declined = (node.member, person.surname) == (DECLINES, DECLINES_HOUSEHOLD)
    draft = answer_draft(
        fact, person, "declined" if declined else "confirmed", node.desk.today(),
        reason=DECLINE_REASON if declined else None,
    )  # fmt: skip
    return draft, declined


def _withdrawals(node: Node) -> list[RecordDraft]:
    """The enrolment of one household, taken back."""
    today = node.desk.today()
    return [
        RecordDraft(
            type=ENROLLED,
            source_event_id=f"afmelding/{fact.record}",
            data=fact.data.model_copy(update={"withdrawn": True, "agreed_on": today}),
            valid_from=today,
            where="withdrawal",
        )
        for fact in node.facts.of_type(ENROLLED)
        if isinstance(fact.data, Enrolment)
        and fact.data.person.surname == WITHDRAWS
        and not fact.data.withdrawn
    ]
