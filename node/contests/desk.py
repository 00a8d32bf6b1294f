"""Contests that a member has to decide on: the read model and the decision, for desk and CLI.

`ContestDesk.to_decide` is what waits, oldest first; `decided` what is done; `draft` makes the
record of a decision, which flow.record() then records. Blocking; call it in a thread. Every view
holds personal content: who shows it logs that somebody read it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, Protocol, get_args

from node.contests.drafts import decision_draft
from node.contests.terms import decide_by, law_of
from node.errors import RefusedError
from node.households import FactSource
from node.portal.calendar_words import record_words
from scheduler.folding.contests import Case, State, cases
from scheduler.folding.facts import Fact, SubjectId
from scheduler.folding.known import Text
from specs.records import CONTESTED, PersonRef, RecordDraft

Outcome = Literal["upheld", "partly_upheld", "rejected", "inadmissible"]
OUTCOMES: Final[tuple[str, ...]] = get_args(Outcome)


class DeskFacts(FactSource, Protocol):
    """Where a node's facts and persons lie: facts.py."""

    def person(self, subject: SubjectId) -> PersonRef:
        """BSN, birth date and surname; raises ErasedError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ContestToDecide:
    """One contest before the member that wrote the contested record.

    `contest` is the record id by which the case is called; `subject` this node's own id of the
    person, `contested` the record as it is here (None: not here any more). `reason` is the
    household's own text: escape it.
    """

    contest: str
    filed_on: date
    decide_by: date
    state: State
    law: Text
    filed_by: str  # the municipality's member id
    subject: SubjectId
    contested: str
    contested_type: str
    what: Text
    data: Mapping[str, Any]  # of the contested record, as JSON values
    valid_from: date
    reason: str
    claimed_cents: int | None
    outcome_reason: str | None

    def overdue(self, today: date) -> bool:
        """Whether the day to decide by has passed."""
        return self.state == "open" and today > self.decide_by


class ContestDesk:
    """The contests of one member's records."""

    def __init__(self, facts: DeskFacts, member: str, today: Callable[[], date]) -> None:
        self._facts = facts
        self._member = member
        self._today = today

    def to_decide(self) -> Sequence[ContestToDecide]:
        """Every open contest of a record that this member wrote, the first to decide first."""
        found = [_view(case) for case in self._cases() if case.is_open]
        return sorted(found, key=lambda one: (one.decide_by, one.contest))

    def decided(self) -> Sequence[ContestToDecide]:
        """Those that are over, the latest first."""
        found = [_view(case) for case in self._cases() if not case.is_open]
        return sorted(found, key=lambda one: (one.filed_on, one.contest), reverse=True)

    def one(self, contest: str) -> ContestToDecide:
        """One contest; raises LookupError when it is not this member's to decide."""
        return _view(self._case(contest))

    def draft(self, contest: str, outcome: str, reason: str) -> RecordDraft:
        """The record of a decision. Raises LookupError; RefusedError with what is wrong."""
        if outcome not in OUTCOMES:
            raise RefusedError("invalid_event", f"outcome: one of {', '.join(OUTCOMES)}")
        return decision_draft(
            self._case(contest), self._member, outcome=outcome, reason=reason.strip(),
            today=self._today(),
        )  # fmt: skip

    def _case(self, contest: str) -> Case:
        found = next((case for case in self._cases() if case.record == contest), None)
        if found is None:
            raise LookupError("no contest of a record of this member has this id here")
        return found

    def _cases(self) -> list[Case]:
        subjects = {
            who
            for fact in self._facts.of_type(CONTESTED)
            for who in fact.subjects.values()
            if getattr(fact.data, "party", None) == self._member
        }
        found = cases(_distinct(self._facts.facts_of(subjects))) if subjects else ()
        return [case for case in found if case.data.party == self._member]


def _distinct(facts: Iterable[Fact]) -> list[Fact]:
    return list({(fact.author, fact.record): fact for fact in facts}.values())


def _view(case: Case) -> ContestToDecide:
    fact = case.contested or case.contest
    decision = None if case.decision is None else case.decision.data
    return ContestToDecide(
        contest=case.record,
        filed_on=case.contest.valid_from,
        decide_by=decide_by(fact, case.contest.valid_from),
        state=case.state,
        law=law_of(fact),
        filed_by=case.contest.author,
        subject=case.contest.subjects["person"],
        contested=case.data.contested,
        contested_type=fact.type,
        what=record_words(fact),
        data={} if case.contested is None else case.contested.data.model_dump(mode="json"),
        valid_from=fact.valid_from,
        reason=case.data.reason,
        claimed_cents=case.data.claimed_cents,
        outcome_reason=getattr(decision, "reason", None),
    )
