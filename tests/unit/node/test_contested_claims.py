"""Claims while something is contested: nothing is taken, and nobody is paid what he is then asked.

Outside sources: who objects to a letter about paying back usually need not pay meanwhile, and goes
on paying when he loses (Belastingdienst, «Bezwaar tegen een brief over het terugbetalen van
toeslag»); 24 terms (Uitvoeringsregeling Awir 7). Amounts are invented: what counts is that they add
up.
"""

from __future__ import annotations

from datetime import date

import pytest

from node import claims
from node.claims import standing_terms
from node.households import Circles
from scheduler.folding.contests import cases
from scheduler.folding.facts import Fact
from scheduler.rulebook import Rulebook
from specs.records import (
    ALLOWANCE_SET,
    INCOME_STATED,
    AllowanceDecision,
    BackPayment,
    DecisionMonth,
    IncomeStatement,
    PersonRef,
    Reclaim,
    RecordDraft,
    RepaymentTerms,
)
from tests.contest_book import PAY_CALENDAR, answer_draft, contest_draft
from tests.household_facts import Book

ANNA = PersonRef(bsn="999993653", birth_date=date(1990, 5, 1), surname="Moulin")
WHO = "999993653"


def wage(book: Book) -> Fact:
    data = IncomeStatement(
        person=ANNA, relation="r", payer="De Bakker", kind="wage", source_code="15",
        period_start=date(2026, 1, 1), period_end=date(2026, 1, 31), taxable_cents=250_000,
    )  # fmt: skip
    draft = RecordDraft(
        type=INCOME_STATED, source_event_id="", data=data, valid_from=date(2026, 1, 1)
    )
    return book.add("uwv", [draft])[0]


def decide(
    book: Book, day: date, cents: dict[str, int], inputs: tuple[str, ...] = (),
    contests: tuple[str, ...] = (),
) -> Fact:  # fmt: skip
    data = AllowanceDecision(
        person=ANNA, partner=None, scheme="zorgtoeslag", year=2026, estimate=True,
        award_year_cents=None, rule_digest="0" * 64, confidence="primary", inputs=inputs,
        months=tuple(DecisionMonth(month=m, cents=c) for m, c in sorted(cents.items())),
        decided_on=day, contests=contests,
    )  # fmt: skip
    draft = RecordDraft(
        type=ALLOWANCE_SET, source_event_id="", data=data, valid_from=date(2026, 1, 1)
    )
    return book.add("toeslagen", [draft])[0]


@pytest.fixture(autouse=True)
def _room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "room_above_minimum", lambda *_: (100_000, ("inc-1",)))


def settle(book: Book, today: date) -> list[RecordDraft]:
    made: list[RecordDraft] = []
    for _ in range(5):
        drafts = claims.claims_for(
            Circles(book), [WHO], today=today, calendar=PAY_CALENDAR,
            rulebook=Rulebook(versions={}),
        )  # fmt: skip
        if not drafts:
            return made
        book.add("toeslagen", drafts)
        made += drafts
    raise AssertionError("claims never come to rest")


def the_terms(book: Book) -> RepaymentTerms:
    (terms,) = standing_terms(book.facts, WHO).values()
    return terms


def reclaimed(book: Book) -> tuple[Fact, Fact]:
    """600 euro asked back by a decision that rests on a wage statement: 24 terms of 25."""
    statement = wage(book)
    decide(book, date(2025, 12, 1), {"2026-01": 60_000})
    decision = decide(book, date(2026, 4, 1), {"2026-01": 0}, (statement.record,))
    settle(book, date(2026, 4, 1))
    assert [one.cents for one in the_terms(book).terms] == [2_500] * 24
    return statement, decision


def test_p6_a_contest_stops_the_terms_and_keeps_what_was_paid() -> None:
    book = Book()
    statement, _ = reclaimed(book)
    (contest,) = book.add("gm0344", [contest_draft(statement)])
    settle(book, date(2026, 7, 1))  # the terms of 20 May and 22 June are past
    terms = the_terms(book)
    assert [one.month for one in terms.terms] == ["2026-05", "2026-06"]
    assert terms.contests == (contest.record,)
    assert (terms.open_cents, terms.lifted_cents) == (55_000, 0)


def test_p6_a_lost_contest_resumes_the_terms() -> None:
    book = Book()
    statement, _ = reclaimed(book)
    (contest,) = book.add("gm0344", [contest_draft(statement)])
    settle(book, date(2026, 7, 1))
    book.add("uwv", [answer_draft(contest, "rejected")])
    settle(book, date(2026, 9, 1))
    terms = the_terms(book)
    assert terms.contests == ()
    assert terms.open_cents == 0
    assert [one.month for one in terms.terms][:3] == ["2026-05", "2026-06", "2026-09"]
    assert sum(one.cents for one in terms.terms) == 60_000


def test_p6_a_withdrawn_contest_resumes_the_terms() -> None:
    book = Book()
    statement, _ = reclaimed(book)
    (contest,) = book.add("gm0344", [contest_draft(statement)])
    settle(book, date(2026, 4, 9))
    assert the_terms(book).terms == ()
    book.add("gm0344", [contest_draft(statement, withdrawn=True)])
    settle(book, date(2026, 4, 9))
    assert [one.cents for one in the_terms(book).terms] == [2_500] * 24
    assert [case.state for case in cases(book.facts)] == ["withdrawn"]
    assert cases(book.facts)[0].record == contest.record


def test_p6_what_a_held_decision_gives_back_is_first_taken_off_the_claim() -> None:
    """50 of 600 was paid in terms: that comes back in cash, the other 550 is not asked any more."""
    book = Book()
    statement, _ = reclaimed(book)
    (contest,) = book.add("gm0344", [contest_draft(statement)])
    decide(book, date(2026, 7, 1), {"2026-01": 60_000}, contests=(contest.record,))
    settle(book, date(2026, 7, 1))
    (back,) = [one.data for one in book.facts if isinstance(one.data, BackPayment)]
    assert back.cents == 5_000
    terms = the_terms(book)
    assert (terms.lifted_cents, terms.open_cents) == (55_000, 0)
    assert sum(one.cents for one in terms.terms) == 5_000


def test_p6_p5_a_lost_contest_asks_anew_announced_and_spread() -> None:
    book = Book()
    statement, _ = reclaimed(book)
    (contest,) = book.add("gm0344", [contest_draft(statement)])
    decide(book, date(2026, 7, 1), {"2026-01": 60_000}, contests=(contest.record,))
    settle(book, date(2026, 7, 1))
    book.add("uwv", [answer_draft(contest, "rejected")])
    decide(book, date(2026, 9, 1), {"2026-01": 0})
    settle(book, date(2026, 9, 1))
    first, second = [one.data for one in book.facts if isinstance(one.data, Reclaim)]
    assert (first.cents, second.cents) == (60_000, 60_000)
    assert second.due_on == second.contest_until == date(2026, 10, 13)  # six weeks
    terms = sorted(standing_terms(book.facts, WHO).values(), key=lambda one: one.lifted_cents)
    assert [one.lifted_cents for one in terms] == [0, 55_000]
    assert [one.cents for one in terms[0].terms] == [2_500] * 24  # spread again
    assert terms[0].terms[0].month == "2026-10"


def test_p6_a_contest_of_the_claim_itself_stops_its_terms() -> None:
    book = Book()
    reclaimed(book)
    reclaim = next(one for one in book.facts if isinstance(one.data, Reclaim))
    (contest,) = book.add("gm0344", [contest_draft(reclaim)])
    settle(book, date(2026, 4, 9))
    assert the_terms(book).contests == (contest.record,)
    assert the_terms(book).open_cents == 60_000


def test_only_who_wrote_the_record_decides_on_its_contest() -> None:
    book = Book()
    statement, _ = reclaimed(book)
    (contest,) = book.add("gm0344", [contest_draft(statement)])
    book.add("toeslagen", [answer_draft(contest, "rejected")])
    book.add("gm0344", [answer_draft(contest, "rejected")])
    assert [case.state for case in cases(book.facts)] == ["open"]
    book.add("uwv", [answer_draft(contest, "rejected")])
    assert [case.state for case in cases(book.facts)] == ["rejected"]


def test_what_was_decided_is_not_held_a_second_time() -> None:
    book = Book()
    statement, _ = reclaimed(book)
    (contest,) = book.add("gm0344", [contest_draft(statement)])
    book.add("uwv", [answer_draft(contest, "rejected")])
    book.add("gm0344", [contest_draft(statement)])
    assert [case.state for case in cases(book.facts)] == ["rejected", "repeated"]


def test_who_is_not_named_in_a_record_contests_nothing_in_it() -> None:
    book = Book()
    statement, _ = reclaimed(book)
    other = PersonRef(bsn="999990482", birth_date=date(1988, 1, 1), surname="Jansen")
    book.add("gm0344", [contest_draft(statement, person=other)])
    assert cases(book.facts) == ()
