"""Claims on a household while it contests something: what is suspended, and what is lifted (P6).

Pure, and a function of the recorded decisions and terms. A reclaim that rests on a contested record
is not collected. A held decision gives months back; what of a claim on those months was not paid
yet is taken off it, the rest is paid out. If the contest is lost the difference is a new claim.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from node.held import decision_behind
from node.repayment import term_date
from scheduler.folding.contests import open_cases
from scheduler.folding.facts import Fact, SubjectId, known_facts
from specs.records import AllowanceDecision, Reclaim, RepaymentTerms
from specs.values import Month


class OpenClaims:
    """What is still to be paid of the claims on one person, month by month, as decisions follow."""

    def __init__(self, facts: Iterable[Fact], applicant: SubjectId) -> None:
        own = [fact for fact in known_facts(facts, None) if fact.subject() == applicant]
        self._claim_of = {
            fact.data.decision: fact.record for fact in own if isinstance(fact.data, Reclaim)
        }
        self._terms = sorted(
            ((fact.known, fact.data) for fact in own if isinstance(fact.data, RepaymentTerms)),
            key=lambda pair: pair[0],
        )
        self._claims: dict[tuple[str, str], dict[Month, int]] = {}  # by decision and scheme

    def add(self, decision: str, scheme: str, down: Mapping[Month, int]) -> None:
        """What a decision asks back."""
        if down:
            self._claims[decision, scheme] = dict(down)

    def lift(
        self, decision: Fact, data: AllowanceDecision, up: Mapping[Month, int]
    ) -> tuple[dict[Month, int], dict[str, int]]:
        """What of the amounts in favour is left to pay out, and by earlier decision what of its
        claim is taken off instead: no more than was not paid when this decision was recorded.
        """
        left, lifted = dict(up), dict[str, int]()
        for (earlier, scheme), months in self._claims.items():
            if scheme != data.scheme:
                continue
            paid = self._paid(earlier, decision, data)
            for month in sorted(months):
                part = min(paid, months[month])  # the first months are paid first
                paid -= part
                cents = min(left.get(month, 0), months[month] - part)
                if cents:
                    left[month] -= cents
                    months[month] -= cents
                    lifted[earlier] = lifted.get(earlier, 0) + cents
        return {month: cents for month, cents in left.items() if cents}, lifted

    def _paid(self, earlier: str, decision: Fact, data: AllowanceDecision) -> int:
        """The terms that had fallen due by the date of this decision, as announced before it."""
        claim = self._claim_of.get(earlier)
        terms = [one for known, one in self._terms if known < decision.known and one.claim == claim]
        if not terms:
            return 0
        return sum(
            one.cents
            for one in terms[-1].terms
            if term_date(Month.parse(one.month)) <= data.decided_on
        )


def suspended_by(facts: Sequence[Fact], record: str, claim: Reclaim) -> tuple[str, ...]:
    """The open contests of what a reclaim rests on: of itself, its decision, or a record behind."""
    behind = {record, claim.decision}
    for fact in facts:
        if fact.record == claim.decision and isinstance(fact.data, AllowanceDecision):
            behind.update(fact.data.inputs)
    return tuple(
        sorted(
            case.record
            for case in open_cases(facts)
            if case.contested is not None
            and (
                case.contested.record in behind
                or decision_behind(facts, case.contested) == claim.decision
            )
        )
    )
