"""Flows of an enrolled household -> one pay date -> a plan per party and person."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from node.answering import rulebook
from node.decisions import decisions_for
from node.flows import Naming, flows_of, opening_balances
from node.households import Circles, EnrolledHousehold, enrolled, withdrawn
from node.paydate.endings import plans_ended
from node.paydate.outcome import PlanOutcome
from node.paydate.standing import standing_plan
from node.plans import due_plan, plans_for
from scheduler.planning.flows import occurrences
from scheduler.planning.payday_files import load_pay_calendars
from specs.records import (
    CHARGE_SET,
    ENROLLED,
    Enrolment,
    PartyPlan,
    PersonRef,
    RecordDraft,
    Recurring,
)
from specs.values import Month
from tests.household_facts import TODAY, Book, demo_book

CALENDARS = load_pay_calendars()
NAMING = Naming(member="gm0344", names={})
WIT, BAKKER, YILDIZ, LOON, AMRANI = (
    "999902003", "999903226", "999903639", "999909745", "999911375",
)  # fmt: skip


def decided(book: Book) -> Book:
    """The book with the decisions of Toeslagen in it."""
    found = decisions_for(Circles(book), book.subjects(), today=TODAY, rulebook=rulebook())
    drafts = [one.draft for outcomes in found.values() for one in outcomes if one.draft]
    book.add("toeslagen", drafts)
    return book


def planned(book: Book, who: str, today: date = TODAY) -> PlanOutcome:
    found = plans_for(
        Circles(book), [who], naming=NAMING, today=today, calendars=CALENDARS, rulebook=rulebook()
    )
    return next(one for one in found.values() if who in one.household.members)


def household_of(book: Book, who: str) -> EnrolledHousehold:
    return next(one for one in enrolled(book.facts) if who in one.members)


def parties(outcome: PlanOutcome) -> dict[tuple[str, str], PartyPlan]:
    found = {}
    for draft in outcome.drafts:
        assert isinstance(draft.data, PartyPlan)
        found[draft.data.party, str(draft.data.person.bsn)] = draft.data
    return found


def recurring(**values: Any) -> RecordDraft:
    shape: dict[str, Any] = {
        "person": PersonRef(bsn=WIT, birth_date=date(1988, 4, 12), surname="Wit"),
        "flow": "krant",
        "kind": "subscription",
        "direction": "out",
        "party": "De Krant",
        "amount_cents": 1_000,
        "every": "month",
        "day": 5,
    }
    until = values.pop("until", None)
    first = values.pop("first", date(2026, 1, 1))
    return RecordDraft(
        type=CHARGE_SET,
        source_event_id=f"{values.get('flow')}{first}",
        data=Recurring(**(shape | values)),
        valid_from=first,
        valid_until=until,
    )


def test_a_first_plan_waits_for_the_allowances_that_are_due() -> None:
    book = demo_book()
    waiting = plans_for(
        Circles(book), [WIT], naming=NAMING, today=TODAY, calendars=CALENDARS, rulebook=rulebook()
    )
    assert waiting == {}
    assert planned(decided(book), WIT).plan.day in range(1, 29)


def test_an_unknown_allowance_does_not_hold_up_the_plan() -> None:
    assert planned(demo_book(), LOON).drafts != ()


def test_every_party_reads_its_own_lines_about_its_own_customer_only() -> None:
    plans = parties(planned(decided(demo_book()), BAKKER))
    assert ("svb", YILDIZ) in plans
    assert ("svb", BAKKER) not in plans
    assert {line.flow for line in plans["woonstad", BAKKER].lines} == {"huur-5201"}
    assert {line.flow for line in plans["toeslagen", BAKKER].lines} == {
        "zorgtoeslag",
        "kindgebonden_budget",
    }
    assert len({plan.day for plan in plans.values()}) == 1


def test_a_recorded_plan_is_not_recorded_again_and_its_day_stays() -> None:
    book = decided(demo_book())
    first = planned(book, BAKKER)
    book.add("gm0344", first.drafts)
    again = planned(book, BAKKER)
    assert again.drafts == ()
    assert again.standing is not None
    assert again.standing.day == again.plan.day == first.plan.day


def test_a_new_charge_is_told_to_its_party_alone_and_moves_no_day() -> None:
    book = decided(demo_book())
    first = planned(book, WIT)
    book.add("gm0344", first.drafts)
    book.add("gm0344", [recurring(first=date(2026, 5, 1))])
    again = planned(book, WIT)
    assert again.plan.day == first.plan.day  # P3
    assert [party for party, _ in parties(again)] == ["De Krant"]


def test_dates_of_a_running_month_do_not_move_and_passed_lines_stay() -> None:
    book = decided(demo_book())
    book.add("gm0344", planned(book, WIT).drafts)
    later = planned(book, WIT, date(2026, 3, 20))
    assert later.standing is not None
    before = later.standing.of(("woonstad", WIT), date(2026, 3, 1))
    after = parties(later).get(("woonstad", WIT))
    march = [line for line in before if line.natural_date < date(2026, 4, 1)]
    assert march
    assert after is None or march == [
        line for line in after.lines if line.natural_date < date(2026, 4, 1)
    ]


def test_the_household_may_agree_to_another_day() -> None:
    book = decided(demo_book())
    first = planned(book, WIT)
    book.add("gm0344", first.drafts)
    enrolment = next(f for f in book.of_type(ENROLLED) if f.subject() == WIT)
    assert isinstance(enrolment.data, Enrolment)
    other_day = 5 if first.plan.day != 5 else 6
    data = enrolment.data.model_copy(
        update={"preferred_day": other_day, "agreed_on": date(2026, 3, 9)}
    )
    draft = RecordDraft(
        type=ENROLLED, source_event_id="again", data=data, valid_from=date(2026, 3, 9)
    )
    book.add("gm0344", [draft])
    outcome = planned(book, WIT)
    assert outcome.request.agreed
    assert outcome.request.preferred_day == other_day


def withdraw(book: Book, who: str) -> None:
    enrolment = next(f for f in book.of_type(ENROLLED) if f.subject() == who)
    data = enrolment.data.model_copy(update={"withdrawn": True, "agreed_on": TODAY})
    draft = RecordDraft(type=ENROLLED, source_event_id="out", data=data, valid_from=TODAY)
    book.add("gm0344", [draft])


def ended_plans(book: Book, who: str, today: date = TODAY) -> list[RecordDraft]:
    return list(plans_ended(Circles(book), [who], naming=NAMING, today=today, members={"gm0344"}))


def test_a_household_that_withdraws_has_its_own_transition_and_then_no_plan() -> None:
    """P3: the agreement is the household's. P2 on the way back too: what runs this month is not
    torn up, incomes come on their own days again, no charge comes earlier before the transition is
    over (the end of the first full month after the month of the switch), and then nothing."""
    book = decided(demo_book())
    book.add("gm0344", planned(book, WIT).drafts)
    withdraw(book, WIT)
    household = next(one for one in withdrawn(book.facts) if one.applicant == WIT)
    before = standing_plan(book.facts, household)
    assert before is not None
    ended = ended_plans(book, WIT)
    assert {draft.data.party for draft in ended if isinstance(draft.data, PartyPlan)} >= {
        "woonstad",
        "toeslagen",
        "lichtstroom",
    }
    book.add("gm0344", ended)
    standing = standing_plan(book.facts, household)
    assert standing is not None
    switch, until = date(2026, 4, 1), date(2026, 5, 31)
    was = {(one.party, one.line.flow, one.line.period): one.line for one in before.lines}
    for one in standing.lines:
        line, old = one.line, was[one.party, one.line.flow, one.line.period]
        assert min(line.natural_date, line.planned_date) <= until
        if old.planned_date < switch:
            assert line == old
        elif line.direction == "in":
            assert line.planned_date == line.natural_date or line.natural_date < switch
        else:
            assert line.planned_date >= min(old.planned_date, line.natural_date)
    assert any(one.line.natural_date >= switch for one in standing.lines)
    assert ended_plans(book, WIT) == []
    assert ended_plans(book, WIT, date(2026, 4, 2)) == []


def test_payment_for_a_quarter_has_the_amount_of_the_quarter_it_is_for() -> None:
    """AKW 14: paid after the quarter. The amounts of the set change on 1 January and 1 July; so
    the payments of April and July are still the amount of the first half of 2026."""
    book = demo_book()
    flows, left_out = flows_of(book.facts, household_of(book, WIT), NAMING, CALENDARS)
    assert left_out == ()
    paid = {}
    for flow in flows:
        if flow.code == "kinderbijslag-1":
            for one in occurrences(flow.flow.rhythm, Month(2026, 1), 12, CALENDARS)[0]:
                paid[one.period] = flow.flow.cents_in(one)
    assert paid == {"2025-Q4": 35_395, "2026-Q1": 35_830, "2026-Q2": 35_830, "2026-Q3": 36_235}


def test_versions_of_one_contract_follow_each_other_without_gap_or_double() -> None:
    book = demo_book()
    flows, _ = flows_of(book.facts, household_of(book, WIT), NAMING, CALENDARS)
    rent = {
        one.due: flow.flow.cents_in(one)
        for flow in flows
        if flow.code == "huur-1401"
        for one in occurrences(flow.flow.rhythm, Month(2026, 1), 12, CALENDARS)[0]
    }
    assert len(rent) == 12
    assert rent[date(2026, 6, 1)] != rent[date(2026, 7, 1)]


def test_a_flow_that_ended_gives_no_line_after_its_end() -> None:
    book = demo_book()
    book.add(
        "gm0344",
        [
            recurring(first=date(2026, 1, 1)),
            recurring(first=date(2026, 6, 1), ended=True),
        ],
    )
    flows, _ = flows_of(book.facts, household_of(book, WIT), NAMING, CALENDARS)
    due = [
        one.due
        for flow in flows
        if flow.code == "krant"
        for one in occurrences(flow.flow.rhythm, Month(2026, 1), 12, CALENDARS)[0]
    ]
    assert max(due) == date(2026, 5, 5)


def test_a_flow_without_its_day_is_left_out_and_named() -> None:
    book = demo_book()
    book.add("gm0344", [recurring(day=None)])
    outcome = planned(decided(book), WIT)
    assert [one.what.nl for one in outcome.left_out] == ["Abonnement (De Krant)"]
    assert outcome.drafts


def test_an_amount_from_a_secondary_source_never_becomes_a_payment_line() -> None:
    """DESIGN A1: it may be shown, it may not be ordered."""
    book = decided(demo_book())
    for place, fact in enumerate(book.facts):
        if fact.author == "toeslagen" and fact.subject() == WIT:
            data = fact.data.model_copy(update={"confidence": "secondary"})
            book.facts[place] = replace(fact, data=data)
    outcome = planned(book, WIT)
    assert ("toeslagen", WIT) not in parties(outcome)
    assert {one.what.nl for one in outcome.left_out} == {"Zorgtoeslag", "Kindgebonden budget"}


def test_no_line_is_lost_or_doubled_between_plan_and_records() -> None:
    """P4: what the plan holds and what the parties read is the same money."""
    for who in (WIT, BAKKER, AMRANI):
        outcome = planned(decided(demo_book()), who)
        lines = [line for plan in parties(outcome).values() for line in plan.lines]
        assert sum(line.amount_cents for line in lines) == sum(
            line.cents for line in outcome.plan.lines()
        )
        assert len(lines) == sum(line.cents > 0 for line in outcome.plan.lines())


def test_opening_balance_is_the_latest_statement_of_every_member() -> None:
    book = demo_book()
    assert opening_balances(book.facts, household_of(book, WIT)) == (12_000, {})
    assert opening_balances(book.facts, household_of(book, BAKKER)) == (-8_000, {})


def test_due_plan_is_the_same_for_the_same_facts() -> None:
    book = decided(demo_book())
    household = household_of(book, WIT)
    facts, _ = Circles(book).near(household.members)
    one, two = (
        due_plan(facts, household, naming=NAMING, today=TODAY, calendars=CALENDARS)
        for _ in range(2)
    )
    assert one.drafts == two.drafts
    assert [draft.source_event_id for draft in one.drafts] == [
        draft.source_event_id for draft in two.drafts
    ]


def test_p2_a_plan_made_again_inside_the_transition_keeps_its_promises() -> None:
    """Until the end of the first full month after the switch no charge comes before its own day,
    also when a new fact has the household planned again."""
    book = decided(demo_book())
    book.add("gm0344", list(planned(book, WIT).drafts))
    book.add("gm0344", [recurring(amount_cents=4_321, first=date(2026, 4, 1))])
    again = planned(book, WIT, date(2026, 4, 2))
    assert again.request.switched_on == date(2026, 3, 1)
    charges = [line for line in again.plan.lines() if line.direction == "out"]
    inside = [line for line in charges if line.natural <= date(2026, 4, 30)]
    assert inside
    assert all(line.planned >= line.natural for line in inside)
