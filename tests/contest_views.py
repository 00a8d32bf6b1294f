"""The contest pages' port over a book of facts: the real read models, recorded in memory.

The household of the sample pages is one of the demo set, with its allowances decided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from node.answering import rulebook
from node.contests.household import HouseholdContests
from node.contests.views import CaseView, ContestItem, ContestPreview
from node.decisions import outcomes_of
from node.households import Circles
from node.portal.calendar_words import AGENCY_WORDS
from specs.records import Contest, RecordDraft
from tests.browser.household_views import DE_VRIES, YILMAZ
from tests.calendar_book import recorded_book
from tests.contest_book import PAY_CALENDAR, answer_draft
from tests.household_facts import TODAY, Book

WIT, LOON, PETERS = "999902003", "999909745", "999909320"
OF: Mapping[str, str] = {DE_VRIES: WIT, YILMAZ: LOON}
ROLES = {"gm0344": "municipality", "uwv": "uwv", "svb": "svb", "toeslagen": "toeslagen",
         "woonstad": "creditor", "lichtstroom": "creditor"}  # fmt: skip


class BookContests:
    """See surface.ContestPort. What is recorded counts at once; an event id is recorded once."""

    def __init__(self, of: Mapping[str, str] = OF) -> None:
        """of: the applicant of each household of the sample pages."""
        self.book = Book(recorded_book().facts)
        self.today = TODAY
        self.of = of
        self.recorded: dict[str, RecordDraft] = {}
        self._known = HouseholdContests(
            self.book, today=lambda: self.today, rulebook=rulebook, calendar=PAY_CALENDAR,
            roles=lambda: ROLES, names={**AGENCY_WORDS, "gm0344": "Gemeente Utrecht"},
        )  # fmt: skip

    def reset(self) -> None:
        """Nothing contested yet, on the first day."""
        self.book.facts = list(recorded_book().facts)
        self.today = TODAY
        self.recorded.clear()

    def items(self, household: str) -> Sequence[ContestItem]:
        return self._known.items(self.of[household])

    def item(self, household: str, record: str) -> ContestItem:
        return self._known.item(self.of[household], record)

    def preview(self, household: str, record: str, claimed_cents: int | None) -> ContestPreview:
        return self._known.preview(self.of[household], record, claimed_cents)

    def cases(self, household: str) -> Sequence[CaseView]:
        return self._known.cases(self.of[household])

    async def file(
        self, household: str, record: str, reason: str, claimed_cents: int | None
    ) -> None:
        self._record(self._known.draft(self.of[household], record, reason, claimed_cents))

    async def withdraw(self, household: str, case: str) -> None:
        self._record(self._known.withdrawal(self.of[household], case))

    def answer(self, case: str, outcome: str) -> None:
        """The member that wrote the record decides."""
        contest = next(fact for fact in self.book.facts if fact.record == case)
        assert isinstance(contest.data, Contest)
        self.book.add(contest.data.party, [answer_draft(contest, outcome)])
        self._decide()

    def _record(self, draft: RecordDraft) -> None:
        if draft.source_event_id not in self.recorded:
            self.recorded[draft.source_event_id] = draft
            self.book.add("gm0344", [draft])
            self._decide()

    def _decide(self) -> None:
        """What Toeslagen makes of it: the held amounts stand in its decisions."""
        for who in self.of.values():
            facts, _ = Circles(self.book).near([who])
            outcomes = outcomes_of(facts, who, today=self.today, rulebook=rulebook())
            self.book.add("toeslagen", [one.draft for one in outcomes if one.draft is not None])
