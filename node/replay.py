"""`replay`: everything that follows from a node's facts, made again, and one digest of it.

A node stores facts and nothing derived of them: decisions and plans are records, read models are
made when asked for. So replaying is folding all facts anew; what was erased is in neither run.
"""

from __future__ import annotations

from typing import Any

from node.claims import CALENDAR, claims_for
from node.decisions import Outcome, outcomes_of
from node.flows import Naming
from node.households import Circles, applications, enrolled
from node.plans import due_plan
from node.runtime import Node
from scheduler.documents.calc_answer import derivation_json
from scheduler.documents.plan_document import plan_json
from scheduler.folding.facts import Fact
from scheduler.planning.payday_files import load_pay_calendars
from specs.canonical import digest_of
from specs.records import RECORD_TYPES

ROLES_DERIVING = ("toeslagen", "municipality")


def replay(node: Node) -> dict[str, Any]:
    """Counts and the digest; blocking. The same facts, rules and day give the same digest."""
    facts = [fact for name in sorted(RECORD_TYPES) for fact in node.facts.of_type(name)]
    facts.sort(key=lambda fact: (fact.known, fact.author, fact.record))
    today = node.desk.today()
    circles = Circles(node.facts)
    rulebook = node.rules.rulebook(node.facts)
    derived: dict[str, list[Outcome]] = {}
    if node.role in ROLES_DERIVING:
        for asked in applications(facts):
            around, _ = circles.near([asked.applicant])
            derived[asked.applicant] = list(
                outcomes_of(around, asked.applicant, today=today, rulebook=rulebook)
            )
    plans = {}
    if node.role == "municipality":
        naming, calendars = Naming(member=node.member, names={}), load_pay_calendars()
        for household in enrolled(facts):
            around, _ = circles.near(household.members)
            plans[household.applicant] = due_plan(
                around, household, naming=naming, today=today, calendars=calendars
            )
    outcomes = [outcome for each in derived.values() for outcome in each]
    due = sum(outcome.draft is not None for outcome in outcomes) if not plans else 0
    due += sum(len(plan.drafts) for plan in plans.values())
    if node.role == "toeslagen":
        calendar = load_pay_calendars().get(CALENDAR)
        due += len(claims_for(circles, derived, today=today, calendar=calendar, rulebook=rulebook))
    state = {
        "facts": [_fact(fact) for fact in facts],
        "derived": {
            who: [derivation_json(outcome.derivation) for outcome in each]
            for who, each in derived.items()
        },
        "plans": {who: plan_json(outcome.plan) for who, outcome in plans.items()},
    }
    return {
        "member": node.member,
        "today": today.isoformat(),
        "facts": len(facts),
        "applicants": len(derived),
        "households": len(plans),
        "due": due,
        "rulebook": rulebook.digest,
        "digest": digest_of(state),
    }


def _fact(fact: Fact) -> list[object]:
    """A fact as plain data."""
    until = None if fact.valid_until is None else fact.valid_until.isoformat()
    return [
        fact.known, fact.author, fact.record, fact.type, fact.valid_from.isoformat(), until,
        dict(fact.subjects), fact.data.model_dump(mode="json"),
    ]  # fmt: skip
