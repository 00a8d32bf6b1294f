"""A demo household that contests records: facts, contests, decisions and claims in one book.

Subject ids are BSNs, as in household_facts.py. `Life` plays the node of Toeslagen and of whoever
decides a contest, day after day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from node.answering import rulebook
from node.claims import CALENDAR, claims_for
from node.decisions import outcomes_of
from node.households import Circles, ref_at
from scheduler.folding.facts import Fact
from scheduler.planning.payday_files import load_pay_calendars
from specs.records import (
    CONTEST_DECIDED,
    CONTESTED,
    AllowanceDecision,
    Contest,
    ContestDecision,
    RecordDraft,
)
from tests.household_facts import TODAY, Book, demo_book

PAY_CALENDAR = load_pay_calendars().get(CALENDAR)
Paid = dict[tuple[str, str], int]  # by scheme and month, cents


def around(applicant: str) -> list[Fact]:
    """The demo set's facts around one applicant, under ids that no later record has."""
    found, _ = Circles(demo_book()).near([applicant])
    return [replace(fact, record=f"demo-{fact.record}") for fact in found]


def contest_draft(fact: Fact, claimed_cents: int | None = None, **changes: object) -> RecordDraft:
    """A contest of one record by the first person it names."""
    path = min(fact.subjects)
    data = Contest(
        person=ref_at(fact.data, path), contested=fact.record, party=fact.author,
        reason="Dit klopt niet.", claimed_cents=claimed_cents,
    )  # fmt: skip
    data = data.model_copy(update=changes)
    return RecordDraft(type=CONTESTED, source_event_id="", data=data, valid_from=TODAY)


def answer_draft(contest: Fact, outcome: str) -> RecordDraft:
    """A decision on a contest."""
    assert isinstance(contest.data, Contest)
    data = ContestDecision.model_validate(
        {"person": contest.data.person.model_dump(), "contest": contest.record,
         "outcome": outcome, "reason": "Nagekeken bij de bron."}
    )  # fmt: skip
    return RecordDraft(type=CONTEST_DECIDED, source_event_id="", data=data, valid_from=TODAY)


def paid_by(facts: Iterable[Fact], applicant: str) -> Paid:
    """What Toeslagen would decide by these facts if it had decided nothing yet."""
    told = [fact for fact in facts if not isinstance(fact.data, AllowanceDecision)]
    found: Paid = {}
    for outcome in outcomes_of(told, applicant, today=TODAY, rulebook=rulebook()):
        if outcome.draft is not None:
            assert isinstance(outcome.draft.data, AllowanceDecision)
            scheme = outcome.draft.data.scheme
            found |= {(scheme, one.month): one.cents for one in outcome.draft.data.months}
    return found


def unknown_by(facts: Iterable[Fact], applicant: str) -> set[tuple[str, str]]:
    """The scheme and months that these facts leave open."""
    told = [fact for fact in facts if not isinstance(fact.data, AllowanceDecision)]
    return {
        (outcome.derivation.scheme, str(month))
        for outcome in outcomes_of(told, applicant, today=TODAY, rulebook=rulebook())
        for month, amount in outcome.derivation.months.items()
        if amount.status == "unknown"
    }


@dataclass
class Life:
    """One applicant's records as they come in, and what Toeslagen makes of them."""

    applicant: str
    book: Book = field(default_factory=Book)

    def arrive(self, facts: Iterable[Fact]) -> None:
        """Records of others, in this order."""
        for fact in facts:
            self.book.facts.append(replace(fact, known=len(self.book.facts)))

    def decide(self, today: date) -> list[AllowanceDecision]:
        """The decisions that are due on a day, recorded; then their claims, until none is due."""
        made: list[AllowanceDecision] = []
        for _ in range(6):
            outcomes = outcomes_of(
                self.book.facts, self.applicant, today=today, rulebook=rulebook()
            )
            drafts = [one.draft for one in outcomes if one.draft is not None]
            made += [one.data for one in drafts if isinstance(one.data, AllowanceDecision)]
            self.book.add("toeslagen", drafts)
            claims = claims_for(
                Circles(self.book), [self.applicant], today=today, calendar=PAY_CALENDAR,
                rulebook=rulebook(),
            )  # fmt: skip
            self.book.add("toeslagen", claims)
            if not drafts and not claims:
                return made
        raise AssertionError("decisions and claims never come to rest")

    def contest(self, facts: Sequence[tuple[Fact, int | None]]) -> list[Fact]:
        return self.book.add("gm0344", [contest_draft(fact, cents) for fact, cents in facts])

    def answer(self, contest: Fact, outcome: str) -> None:
        assert isinstance(contest.data, Contest)
        self.book.add(contest.data.party, [answer_draft(contest, outcome)])

    def standing(self) -> Paid:
        """The decisions laid over each other."""
        found: Paid = {}
        for fact in self.book.facts:
            if isinstance(fact.data, AllowanceDecision) and fact.subject() == self.applicant:
                scheme = fact.data.scheme
                found |= {(scheme, one.month): one.cents for one in fact.data.months}
        return found
