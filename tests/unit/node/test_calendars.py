"""The read models of the pages: the list of a month, its balance, causes, and what is unknown."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest

from node.answering import rulebook
from node.decisions import decisions_for
from node.households import Circles
from node.portal.calendar_views import MonthView
from specs.values import Month
from tests.calendar_book import BAKKER, KOSTER, LOON, OSEI, PETERS, WIT, calendars
from tests.household_facts import TODAY, Book, demo_book


def view(who: str, month: str) -> MonthView:
    return calendars().month_view(who, Month.parse(month))


def test_every_enrolled_household_is_listed_by_name() -> None:
    names = [one.name for one in calendars().households()]
    assert len(names) == 14
    assert names == sorted(names)
    assert "Huishouden Wit" in names


def test_the_list_runs_by_day_and_its_balance_adds_up() -> None:
    month = view(WIT, "2026-04")
    assert [line.day for line in month.lines] == sorted(line.day for line in month.lines)
    signed = [line.cents if line.direction == "in" else -line.cents for line in month.lines]
    assert month.lines[0].running_cents == 12_000 + signed[0]  # the stated opening balance
    for (_, before), (later, after) in pairwise(enumerate(month.lines)):
        assert after.running_cents == before.running_cents + signed[month.lines.index(after)], later
    assert month.left_to_spend_cents == month.income_cents - month.charges_cents == sum(signed)


def test_on_the_pay_date_income_comes_before_charges() -> None:
    """P1: on one day only where the bank books in order, and the list shows that order."""
    month = view(WIT, "2026-04")
    directions = [line.direction for line in month.lines if line.day == month.pay_date]
    assert directions == sorted(directions)  # "in" before "out"
    assert {"in", "out"} <= set(directions)


def test_balance_before_and_after_end_at_the_same_amount() -> None:
    month = view(WIT, "2026-04")
    assert month.balance_before[-1][1] == month.balance_after[-1][1]
    assert min(cents for _, cents in month.balance_after) >= min(
        cents for _, cents in month.balance_before
    )


def test_a_line_says_where_it_was_or_why_it_stayed() -> None:
    lines = {line.flow: line for line in view(WIT, "2026-04").lines}
    rent, energy = lines["huur-1401"], lines["stroom-6000"]
    assert rent.moved_days == (rent.day - rent.natural_day).days > 0
    assert rent.not_moved_reason is None
    assert energy.moved_days == 0
    assert energy.not_moved_reason_nl is not None
    assert energy.not_moved_reason_nl.startswith("Bij Lichtstroom mag het niet eerder")
    assert rent.what_nl == "Huur (Woonstad)"


def test_two_members_with_one_payment_are_told_apart() -> None:
    lines = [one for one in view(BAKKER, "2026-04").lines if one.what_nl.startswith("Zorgverz")]
    assert len({one.whose for one in lines}) == len(lines) == 2
    assert None not in {one.whose for one in lines}
    assert {one.whose for one in view(WIT, "2026-04").lines} == {None}


def test_allowances_lead_to_their_reason_and_the_reason_to_the_amount() -> None:
    """Every allowance on a page is explained by a reckoning that ends in the same cents (A4)."""
    shown = calendars()
    explained = 0
    for household in shown.households():
        for line in shown.month_view(household.id, Month(2026, 4)).lines:
            if line.why is not None:
                why = shown.why(household.id, line.why.scheme, line.why.month)
                trace = shown.trace(household.id, line.why.scheme, line.why.month)
                assert why.cents == line.cents == trace["recomputed_cents"]
                assert why.steps
                assert why.estimate == line.estimate
                explained += 1
    assert explained == 19


def test_a_reason_names_record_agency_date_and_article() -> None:
    why = calendars().why(WIT, "kindgebonden_budget", Month(2026, 4))
    # Toeslagenkaart 2026: 8,576 a year with two under 12, nine months; 724 more from October on.
    assert why.year_cents == (857_600 * 9 + (857_600 + 72_400) * 3) // 12
    assert all(step.article and step.article_url for step in why.steps)
    sources = [source for step in why.steps for source in step.inputs]
    assert {source.agency for source in sources} >= {"UWV", "SVB", "Gemeente Utrecht"}
    assert all(source.record and isinstance(source.day, date) for source in sources)


def test_sentences_are_short_enough_to_read() -> None:
    """Dutch at level B1: at most some fifteen words in a sentence."""
    month, why = view(WIT, "2026-04"), calendars().why(WIT, "zorgtoeslag", Month(2026, 4))
    texts = [month.pay_day_why_nl, *(step.sentence_nl for step in why.steps)]
    sentences = [part for text in texts for part in text.replace("?", ".").split(". ")]
    assert max(len(sentence.split()) for sentence in sentences) <= 18


def test_an_eighteenth_birthday_is_told_as_the_cause_of_less() -> None:
    """WKB 2 lid 1: a child counts up to the month of the 18th birthday, here 20 June."""
    (change,) = [
        one for one in view(OSEI, "2026-06").changes if one.what_nl == "Kindgebonden budget"
    ]
    assert change.after_cents < change.before_cents
    assert "kinderen" in change.cause_nl
    assert change.records


def test_a_month_like_the_one_before_has_no_change() -> None:
    assert view(WIT, "2026-05").changes == ()


def test_what_is_unknown_names_the_missing_record() -> None:
    (unknown,) = view(LOON, "2026-04").unknowns
    assert unknown.what_nl == "Zorgtoeslag"
    assert "zorgverzekering" in unknown.missing_nl


def test_a_household_whose_allowances_are_due_is_told_that_it_waits() -> None:
    month = calendars(demo_book()).month_view(WIT, Month(2026, 4))
    assert month.lines == ()
    assert month.pay_date is None
    assert month.pay_day_why_nl.startswith("Wij wachten op het besluit")


def test_months_lead_to_each_other_inside_the_plan_only() -> None:
    assert view(WIT, "2026-03").previous is None
    assert view(WIT, "2026-03").next == Month(2026, 4)


def test_nobody_elses_household_can_be_asked_for() -> None:
    with pytest.raises(LookupError):
        calendars().month_view("nobody", Month(2026, 4))
    with pytest.raises(LookupError):
        calendars().why(KOSTER, "huurtoeslag", Month(2026, 4))
    with pytest.raises(LookupError):
        calendars().why(LOON, "zorgtoeslag", Month(2026, 4))


def test_a_revised_allowance_is_told_with_the_record_that_caused_it() -> None:
    """UWV corrected a wage upwards after the first decision: the amount goes down, and says why."""
    book = demo_book()
    uwv = [fact for fact in book.facts if fact.author == "uwv" and fact.subject() == PETERS]
    news = [fact for fact in uwv if fact.known > uwv[1].known]
    before = Book(fact for fact in book.facts if fact not in news)

    def decide() -> None:
        found = decisions_for(Circles(before), [PETERS], today=TODAY, rulebook=rulebook())
        drafts = [one.draft for one in found[PETERS] if one.draft]
        before.add("toeslagen", drafts)

    decide()
    late = [replace(fact, known=len(before.facts) + n) for n, fact in enumerate(news)]
    before.facts += late
    decide()
    (change,) = [
        one
        for one in calendars(before).month_view(PETERS, Month(2026, 3)).changes
        if one.what_nl == "Zorgtoeslag: nieuw besluit"
    ]
    assert change.month == Month(2026, 4)  # Awir 22: what is paid in March is for April
    assert change.after_cents < change.before_cents
    assert "inkomen" in change.cause_nl
    assert set(change.records) <= {fact.record for fact in late}
    assert change.records
