"""Contests as the member that wrote the record sees them, and by when it has to decide.

Terms: specs/decisions/0017, with their sources.
"""

from __future__ import annotations

from datetime import date

import pytest

from node.contests.desk import ContestDesk
from node.contests.terms import decide_by, object_until
from node.errors import RefusedError
from scheduler.folding.facts import Fact
from specs.records import ContestDecision, IncomeStatement, Move, PersonRef
from tests.contest_book import contest_draft
from tests.household_facts import TODAY, Book, demo_book

WIT = "999902003"


class DeskBook(Book):
    """A book that also knows how a person is named; a subject is a BSN here."""

    def person(self, subject: str) -> PersonRef:
        return PersonRef(bsn=subject, birth_date=None, surname="Wit")


def first(book: Book, kind: type) -> Fact:
    return next(
        one for one in book.facts if isinstance(one.data, kind) and WIT in one.subjects.values()
    )


@pytest.fixture
def book() -> DeskBook:
    return DeskBook(demo_book().facts)


def desk(book: DeskBook, member: str) -> ContestDesk:
    return ContestDesk(book, member, lambda: TODAY)


def test_a_contest_waits_with_the_member_that_wrote_the_record(book: DeskBook) -> None:
    wage, move = first(book, IncomeStatement), first(book, Move)
    (one, two) = book.add("gm0344", [contest_draft(wage, 90_000), contest_draft(move)])
    (at_uwv,) = desk(book, "uwv").to_decide()
    assert (at_uwv.contest, at_uwv.contested, at_uwv.subject) == (one.record, wage.record, WIT)
    assert at_uwv.data["taxable_cents"] == wage.data.model_dump()["taxable_cents"]
    assert (at_uwv.claimed_cents, at_uwv.reason) == (90_000, "Dit klopt niet.")
    assert at_uwv.decide_by == date(2026, 4, 10)  # a month after 10 March
    (here,) = desk(book, "gm0344").to_decide()
    assert (here.contest, here.decide_by) == (two.record, date(2026, 4, 7))  # four weeks
    assert here.overdue(date(2026, 4, 8))
    assert not here.overdue(date(2026, 4, 7))
    assert desk(book, "svb").to_decide() == []


def test_a_decision_ends_it_and_a_second_one_is_refused(book: DeskBook) -> None:
    (contest,) = book.add("gm0344", [contest_draft(first(book, IncomeStatement))])
    draft = desk(book, "uwv").draft(contest.record, "rejected", " De werkgever bevestigt het. ")
    assert isinstance(draft.data, ContestDecision)
    assert draft.data.reason == "De werkgever bevestigt het."
    assert draft == desk(book, "uwv").draft(
        contest.record, "rejected", "De werkgever bevestigt het."
    )
    book.add("uwv", [draft])
    assert desk(book, "uwv").to_decide() == []
    (over,) = desk(book, "uwv").decided()
    assert (over.state, over.outcome_reason) == ("rejected", "De werkgever bevestigt het.")
    with pytest.raises(RefusedError, match="nothing to decide on"):
        desk(book, "uwv").draft(contest.record, "upheld", "Toch niet.")


@pytest.mark.parametrize(
    ("outcome", "reason"), [("lost", "Nee."), ("rejected", "  "), ("rejected", "x" * 501)]
)
def test_what_is_no_decision_is_refused(book: DeskBook, outcome: str, reason: str) -> None:
    (contest,) = book.add("gm0344", [contest_draft(first(book, IncomeStatement))])
    with pytest.raises(RefusedError):
        desk(book, "uwv").draft(contest.record, outcome, reason)


def test_another_members_contest_is_not_found(book: DeskBook) -> None:
    (contest,) = book.add("gm0344", [contest_draft(first(book, IncomeStatement))])
    for member in ("svb", "toeslagen", "gm0344"):
        with pytest.raises(LookupError):
            desk(book, member).draft(contest.record, "upheld", "Van een ander.")


def test_a_month_later_is_a_day_that_exists(book: DeskBook) -> None:
    wage = first(book, IncomeStatement)
    assert decide_by(wage, date(2026, 1, 31)) == date(2026, 2, 28)
    assert object_until(wage) is None
