"""Agreeing to one pay date: what was shown is what is recorded, once, by whoever may agree (P3).

Over the demo's facts; a subject id is a BSN here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from node.errors import NotAllowedError
from node.paydate.joining import joining_of
from node.portal.paydate_views import Outcome, PathsView
from specs.records import CHARGE_SET, RECEIVER_SET, Enrolment, Receiver, RecordDraft, Recurring
from tests.calendar_book import OSEI, WIT
from tests.household_facts import TODAY
from tests.paydate_book import BAKKER, DEKKER, NAMING, VISSER, YILDIZ, PayDateBook

SON = "999908522"  # of Osei, turns 18 on 20 June 2026
DAUGHTER = "999908935"


@pytest.fixture
def book(tmp_path: Path) -> Iterator[PayDateBook]:
    made = PayDateBook(tmp_path, outside=(OSEI, VISSER))
    yield made
    made.close()


def agree(book: PayDateBook, who: str, paths: PathsView, household: str = "") -> Outcome:
    return asyncio.run(
        book.paydates.agree(household or who, who, paths.day, paths.digest, paths.seen)
    )


def offered(book: PayDateBook, who: str) -> PathsView:
    paths = book.paydates.page(who, who).paths
    assert paths is not None
    return paths


def test_who_never_enrolled_is_offered_the_day_the_planner_would_choose(book: PayDateBook) -> None:
    view = book.paydates.page(OSEI, OSEI)
    assert (view.state, view.may_act, view.others) == ("offer", True, 0)
    paths = offered(book, OSEI)
    assert paths.why is not None
    assert paths.days_after < paths.days_before
    assert len(paths.months) == 12
    assert paths.moves


def test_the_household_is_the_adults_and_the_children_who_live_with_them(
    book: PayDateBook,
) -> None:
    facts = book.book.facts
    alone = joining_of(facts, OSEI, naming=NAMING, today=TODAY)
    assert alone is not None
    assert alone.members == (OSEI, SON, DAUGHTER)
    assert alone.adults == (OSEI,)
    couple = joining_of(facts, DEKKER, naming=NAMING, today=TODAY)
    assert couple is not None
    assert couple.members == (DEKKER, VISSER)  # the elder first, whoever asks
    assert couple == joining_of(facts, VISSER, naming=NAMING, today=TODAY)
    assert joining_of(facts, SON, naming=NAMING, today=TODAY) is None  # no adult


def test_agreeing_records_what_was_shown_and_the_plan_follows_it(book: PayDateBook) -> None:
    paths = book.paydates.offer(OSEI, 12)
    assert paths is not None
    assert agree(book, OSEI, paths) == Outcome(said="recorded")
    (draft,) = book.door.drafts
    assert isinstance(draft.data, Enrolment)
    assert (draft.data.preferred_day, draft.data.shown) == (12, paths.digest)
    assert draft.data.person.bsn == OSEI
    assert [one.bsn for one in draft.data.members] == [SON, DAUGHTER]
    assert book.woken == 1
    view = book.paydates.page(OSEI, OSEI)
    assert view.state in ("agreed", "running")
    assert view.day == 12


def test_a_double_click_makes_one_record(book: PayDateBook) -> None:
    paths = offered(book, OSEI)
    both = [agree(book, OSEI, paths), agree(book, OSEI, paths)]
    assert both == [Outcome(said="recorded")] * 2
    assert len(book.door.drafts) == 1


def test_when_facts_changed_meanwhile_nothing_is_recorded_and_it_says_what(
    book: PayDateBook,
) -> None:
    paths = offered(book, OSEI)
    rent = next(
        fact
        for fact in book.book.facts
        if isinstance(fact.data, Recurring) and fact.subject() == OSEI and fact.author == "woonstad"
    )
    assert isinstance(rent.data, Recurring)
    dearer = rent.data.model_copy(update={"amount_cents": rent.data.amount_cents + 5_000})
    book.book.add(
        "woonstad",
        [RecordDraft(type=rent.type, source_event_id="dearer", data=dearer, valid_from=TODAY)],
    )
    outcome = agree(book, OSEI, paths)
    assert outcome.said == "changed"
    assert any("Woonstad" in one.nl for one in outcome.changed)
    assert book.door.drafts == []
    again = book.paydates.offer(OSEI, paths.day)
    assert again is not None
    assert again.digest != paths.digest
    assert agree(book, OSEI, again).said == "recorded"


def test_a_page_of_yesterday_is_shown_again(book: PayDateBook) -> None:
    paths = offered(book, OSEI)
    book.day = TODAY + timedelta(days=1)
    assert agree(book, OSEI, paths) == Outcome(said="changed")
    assert book.door.drafts == []


def test_what_another_household_was_shown_counts_for_nobody_else(book: PayDateBook) -> None:
    paths = offered(book, OSEI)
    assert agree(book, DEKKER, paths).said == "changed"
    with pytest.raises(LookupError):
        agree(book, "999990000", paths)
    assert book.door.drafts == []


def test_every_adult_agrees_himself_before_anything_is_recorded(book: PayDateBook) -> None:
    paths = book.paydates.page(DEKKER, VISSER).paths
    assert paths is not None
    assert agree(book, VISSER, paths, DEKKER) == Outcome(said="waiting")
    assert agree(book, VISSER, paths, DEKKER) == Outcome(said="waiting")  # twice is not two adults
    assert book.door.drafts == []
    mine, theirs = book.paydates.page(DEKKER, VISSER), book.paydates.page(DEKKER, DEKKER)
    assert (mine.waiting_day, mine.waits_for_visitor) == (paths.day, False)
    assert (theirs.waiting_day, theirs.waits_for_visitor) == (paths.day, True)
    assert theirs.paths is not None
    assert theirs.paths.digest == paths.digest
    assert agree(book, DEKKER, theirs.paths) == Outcome(said="recorded")
    (draft,) = book.door.drafts
    assert draft.data.shown == paths.digest  # type: ignore[attr-defined]
    assert book.paydates.page(DEKKER, VISSER).waiting_day is None


def test_two_adults_who_want_different_days_agree_to_neither(book: PayDateBook) -> None:
    first, second = book.paydates.offer(DEKKER, 5), book.paydates.offer(DEKKER, 20)
    assert first is not None
    assert second is not None
    assert agree(book, VISSER, first, DEKKER).said == "waiting"
    assert agree(book, DEKKER, second).said == "waiting"
    assert book.door.drafts == []


def test_nobody_agrees_for_a_household_that_is_not_his(book: PayDateBook) -> None:
    paths = offered(book, OSEI)
    for stranger in (WIT, SON):
        with pytest.raises(NotAllowedError):
            agree(book, stranger, paths, OSEI)
        assert book.paydates.page(OSEI, stranger).may_act is False
    with pytest.raises(NotAllowedError):
        asyncio.run(book.paydates.leave(WIT, OSEI, "0" * 64, 0))


def test_under_administration_only_the_desk_helps(book: PayDateBook) -> None:
    """BW 1:438: he disposes of his money only together with the administrator."""
    enrolled = next(one.data for one in book.book.facts if one.subject() == WIT)
    person = enrolled.person  # type: ignore[attr-defined]
    receiver = Receiver(
        person=person, account="beheer", held_by="administrator", name="Bewindvoerder BV"
    )
    draft = RecordDraft(
        type=RECEIVER_SET, source_event_id="bewind", data=receiver, valid_from=TODAY
    )
    book.book.add("gm0344", [draft])
    view = book.paydates.page(WIT, WIT)
    assert not view.may_act
    assert view.why_not is not None
    assert "bewindvoerder" in view.why_not.nl
    back = book.paydates.way_back(WIT)
    assert back is not None
    with pytest.raises(NotAllowedError):
        asyncio.run(book.paydates.leave(WIT, WIT, back.digest, back.seen))


def test_another_day_is_shown_before_it_is_agreed_and_then_it_is_the_day(
    book: PayDateBook,
) -> None:
    now = book.paydates.day_now(WIT)
    assert now is not None
    assert book.paydates.offer(WIT, now) is None  # it is the day already
    other = 9 if now != 9 else 10
    paths = book.paydates.offer(WIT, other)
    assert paths is not None
    assert agree(book, WIT, paths).said == "recorded"
    view = book.paydates.page(WIT, WIT)
    assert (view.state, view.day) == ("running", other)
    assert view.next_dates[0].month in (3, 4)


def test_leaving_says_when_it_ends_and_what_moves_back_and_takes_one_adult(
    book: PayDateBook,
) -> None:
    back = book.paydates.way_back(BAKKER)
    assert back is not None
    assert (back.ends_on, back.until) == (date(2026, 4, 1), date(2026, 5, 31))
    assert back.moves
    assert all(one.own_day >= back.ends_on for one in (*back.moves, *back.later))
    assert all(one.new_day > back.until for one in back.later)
    leaving = book.paydates.leave(BAKKER, YILDIZ, back.digest, back.seen)
    assert asyncio.run(leaving) == Outcome(said="recorded")
    again = book.paydates.leave(BAKKER, BAKKER, back.digest, back.seen)
    assert asyncio.run(again) == Outcome(said="recorded")
    (draft,) = book.door.drafts
    assert isinstance(draft.data, Enrolment)
    assert draft.data.withdrawn
    assert draft.data.shown == back.digest
    view = book.paydates.page(BAKKER, BAKKER)
    assert view.state == "leaving"
    assert view.way_back is not None
    assert view.way_back.until == back.until
    assert book.paydates.way_back(BAKKER) is None
    book.day = date(2026, 6, 1)  # the transition is over: one may come back
    assert book.paydates.page(BAKKER, BAKKER).state == "offer"


def test_an_old_page_of_leaving_is_shown_again(book: PayDateBook) -> None:
    back = book.paydates.way_back(WIT)
    assert back is not None
    forged = asyncio.run(book.paydates.leave(WIT, WIT, "1" * 64, back.seen))
    assert forged.said == "changed"
    assert book.door.drafts == []


def test_who_comes_back_gets_the_day_he_agreed_to_with_a_switch_of_its_own(
    book: PayDateBook,
) -> None:
    back = book.paydates.way_back(WIT)
    assert back is not None
    asyncio.run(book.paydates.leave(WIT, WIT, back.digest, back.seen))
    book.day = date(2026, 6, 2)
    paths = book.paydates.offer(WIT, 15)
    assert paths is not None
    assert paths.switch == book.day
    assert agree(book, WIT, paths).said == "recorded"
    view = book.paydates.page(WIT, WIT)
    assert (view.state, view.day) == ("running", 15)


def test_when_the_ledger_is_away_the_agreement_is_stored_and_sent_later(book: PayDateBook) -> None:
    """Nothing is lost: the door keeps a draft before it sends (node/submit.py)."""
    book.door.away = True
    assert agree(book, OSEI, offered(book, OSEI)) == Outcome(said="recorded")


def test_a_page_for_somebody_without_bsn_or_home_here_is_not_offered(book: PayDateBook) -> None:
    moved = [
        replace(fact, subjects={})
        if (fact.subject() == OSEI and "verhuisd" in fact.type)
        or (fact.subject() == OSEI and "geboorte" in fact.type)
        else fact
        for fact in book.book.facts
    ]
    assert joining_of(moved, OSEI, naming=NAMING, today=TODAY) is None
    assert CHARGE_SET
