"""A recorded decision with everything that its cents were computed from, as a file for others (A4).

The facts are those known when it was decided: what came later changes nothing in it. What the file
holds and how it is computed again is the work of scheduler/reperform.py.
"""

from __future__ import annotations

from typing import Any

from node.errors import NodeError
from node.households import Circles
from scheduler.contested import derive_favourable
from scheduler.derivation import Derivation
from scheduler.folding.facts import Fact
from scheduler.reperform import disclose, signed_off
from scheduler.rulebook import Rulebook
from specs.records import AllowanceDecision
from specs.values import Month


class DisclosureError(NodeError):
    """A decision that this node cannot disclose, and why."""


def disclosed(circles: Circles, decision: Fact | None, rulebook: Rulebook) -> dict[str, Any]:
    """The file of one decision; raises DisclosureError."""
    if decision is None or not isinstance(decision.data, AllowanceDecision):
        raise DisclosureError("no decision of an allowance has this id here; see `vastedag rules`")
    data = decision.data
    derivation = _as_decided(circles, decision, data, rulebook)
    if derivation is None:
        raise DisclosureError(
            f"record {decision.record}: the facts and rules here do not give it any more; it was "
            "decided with a partner's, or by rules that this node does not hold"
        )
    return signed_off(
        disclose(derivation)
        | {
            "decision": {
                "record": decision.record,
                "author": decision.author,
                "index": decision.known,
                "decided_on": data.decided_on.isoformat(),
                "months": {one.month: one.cents for one in data.months},
            }
        }
    )


def _as_decided(
    circles: Circles, decision: Fact, data: AllowanceDecision, rulebook: Rulebook
) -> Derivation | None:
    """The derivation of that moment: with the last input known, else just before the decision."""
    applicant = decision.subject()
    if applicant is None:
        return None
    around, _ = circles.near([applicant])
    facts = [fact for fact in around if not isinstance(fact.data, AllowanceDecision)]
    inputs = [fact.known for fact in facts if fact.record in data.inputs]
    for known_on in (max(inputs, default=0), decision.known - 1):
        found = derive_favourable(facts, applicant, data.scheme, data.year, rulebook, known_on)
        if found.status != "unknown" and _gives(found, data):
            return found
    return None


def _gives(found: Derivation, data: AllowanceDecision) -> bool:
    if found.rule_digest != data.rule_digest:
        return False
    amounts = {one.month: found.months.get(Month.parse(one.month)) for one in data.months}
    return all(
        amount is not None and amount.cents == one.cents
        for one, amount in zip(data.months, amounts.values(), strict=True)
    )
