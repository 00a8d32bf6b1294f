"""Both paths before a household agrees, and what nobody promised yet."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from node.households import Circles, enrolled
from node.paydate.lives import left_for
from node.paydate.paths import BothPaths, best_day, both_paths, enrolment_of
from node.paydate.terms import WINDOWS, payer_window
from node.plans import due_plan
from scheduler.folding.facts import SubjectId
from scheduler.planning.flows import Window
from specs.errors import SpecFileError
from specs.records import (
    ENROLLED,
    MOVED_BETWEEN,
    Address,
    Move,
    PartyPlan,
    PersonRef,
    RecordDraft,
)
from tests.household_facts import TODAY, Book, demo_book
from tests.unit.node.test_plans import CALENDARS, NAMING, WIT, decided


def shown(book: Book, day: int = 24, **choice: object) -> BothPaths:
    facts, _ = Circles(book).near([SubjectId(WIT)])
    found = both_paths(
        facts, [SubjectId(WIT)], day, naming=NAMING, today=TODAY, calendars=CALENDARS, **choice
    )  # type: ignore[arg-type]
    assert found is not None
    return found


def best(book: Book) -> int:
    facts, _ = Circles(book).near([SubjectId(WIT)])
    found = best_day(facts, [SubjectId(WIT)], naming=NAMING, today=TODAY, calendars=CALENDARS)
    assert found is not None
    return found[0]


def test_both_paths_are_shown_and_nothing_is_recorded() -> None:
    book = decided(demo_book())
    count = len(book.facts)
    found = shown(book, best(book))
    assert len(book.facts) == count
    assert len(found.months) == 12
    assert any(line.own_day != line.planned_day for line in found.lines)
    for month in found.months[1:]:  # P1, P2: no month ends lower than unmoved
        assert min(month.lowest_after_cents, 0) >= min(month.lowest_before_cents, 0)
    assert found.switch == TODAY.isoformat()
    assert found.transition_until == "2026-04-30"  # the first full month after March (P2)


@pytest.mark.parametrize("day", [1, 7, 15, 24, 28])
def test_the_day_that_is_asked_for_is_the_day_that_is_shown(day: int) -> None:
    """P3: whoever chooses a day gets that day, not one that the planner likes better."""
    found = shown(decided(demo_book()), day)
    assert found.day == day
    assert [date.fromisoformat(one.pay_date).month for one in found.months] == [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 2,
    ]  # fmt: skip


@pytest.mark.parametrize("day", [5, 24])
def test_what_was_shown_is_what_is_planned_once_it_is_recorded(day: int) -> None:
    """P3: dates and advances of the records are those that the household saw."""
    book = decided(demo_book())
    facts, _ = Circles(book).near([SubjectId(WIT)])
    found = shown(book, day)
    agreement = enrolment_of(facts, [SubjectId(WIT)], today=TODAY, day=day, shown=found.digest)
    assert agreement is not None
    draft = RecordDraft(type=ENROLLED, source_event_id="akkoord", data=agreement, valid_from=TODAY)
    book.add("gm0344", [draft])
    facts, _ = Circles(book).near([SubjectId(WIT)])
    household = next(one for one in enrolled(facts) if one.applicant == WIT)
    outcome = due_plan(facts, household, naming=NAMING, today=TODAY, calendars=CALENDARS)
    plans = [draft.data for draft in outcome.drafts if isinstance(draft.data, PartyPlan)]
    planned = {
        (line.natural_date.isoformat(), line.planned_date.isoformat(), line.amount_cents)
        for plan in plans
        for line in plan.lines
    }
    assert {(one.own_day, one.planned_day, one.cents) for one in found.lines} <= planned
    assert sorted((one.day, one.cents) for one in found.advances) == sorted(
        (one.day.isoformat(), one.cents) for plan in plans for one in plan.advances
    )
    assert {plan.day for plan in plans} == {day}


def test_what_was_shown_has_one_digest_and_another_choice_another() -> None:
    book = decided(demo_book())
    assert shown(book).digest == shown(book).digest
    assert shown(book).digest != shown(book, 23).digest
    assert shown(book, repay_terms=6).digest != shown(book).digest


def test_advances_name_who_bridges_and_how_they_are_repaid_or_not() -> None:
    """P2: nothing is repaid inside the transition."""
    book = decided(demo_book())
    day = best(book)
    gift, loan = shown(book, day), shown(book, day, repay_terms=6)
    assert gift.advances
    assert all(one.repaid == () for one in gift.advances)
    assert any(one.repaid for one in loan.advances)
    for one in loan.advances:
        assert all(day > loan.transition_until for day, _ in one.repaid)
        assert sum(cents for _, cents in one.repaid) <= one.cents
        assert one.by


def test_the_window_of_toeslagen_is_told_as_our_assumption() -> None:
    """Dienst Toeslagen publishes one day and no window (facts/allowances-nl.md 14)."""
    assert payer_window("toeslagen").window == Window(earlier_days=10, later_days=8)
    ((nl, en),) = shown(decided(demo_book())).assumed
    assert "nog niet toegezegd" in nl
    assert "not yet agreed" in en


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ("confidence: assumption", "confidence: certain", "assumption, or agreed"),
        ("calendar: toeslagen", "calendar: uwv", "same name"),
        ("later_days: 8", "later_days: soon", "whole number"),
    ],
)
def test_a_wrong_window_is_refused_with_its_line(
    tmp_path: Path, was: str, becomes: str, says: str
) -> None:
    content = (WINDOWS / "toeslagen.yaml").read_text(encoding="utf-8")
    assert was in content
    (tmp_path / "toeslagen.yaml").write_text(content.replace(was, becomes), encoding="utf-8")
    with pytest.raises(SpecFileError, match=says):
        payer_window("toeslagen", tmp_path)


def test_once_the_payer_agreed_there_is_nothing_to_tell(tmp_path: Path) -> None:
    content = (WINDOWS / "toeslagen.yaml").read_text(encoding="utf-8")
    agreed = content.replace("confidence: assumption", "confidence: agreed")
    (tmp_path / "toeslagen.yaml").write_text(agreed, encoding="utf-8")
    assert payer_window("toeslagen", tmp_path).assumed is None


def test_the_last_move_tells_where_a_household_went() -> None:
    who = PersonRef(bsn=WIT, birth_date=date(1988, 4, 12), surname="Wit")

    def moved(to: str | None, day: date) -> RecordDraft:
        address = Address(country="5010") if to is None else Address(municipality=to)
        return RecordDraft(
            type=MOVED_BETWEEN, source_event_id=f"{to}{day}",
            data=Move(person=who, address=address), valid_from=day,
        )  # fmt: skip

    book = Book()
    assert left_for(book.facts, SubjectId(WIT), "0344") is None
    book.add("gm0344", [moved("0344", date(2026, 1, 1))])
    assert left_for(book.facts, SubjectId(WIT), "0344") is None
    book.add("gm0363", [moved("0363", date(2026, 5, 1))])
    assert left_for(book.facts, SubjectId(WIT), "0344") == ("0363", date(2026, 5, 1))
    book.add("gm0363", [moved(None, date(2026, 6, 1))])
    assert left_for(book.facts, SubjectId(WIT), "0344") is None
