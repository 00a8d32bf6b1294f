"""Facts of an applicant -> decisions: exactly the months that differ, each amount from outside."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date

import pytest

from node.answering import rulebook
from node.decisions import Outcome, decisions_for, standing_decision
from node.households import Circles
from specs.records import (
    INCOME_CORRECTED,
    STATED,
    AllowanceDecision,
    Correction,
    Enrolment,
    IncomeStatement,
    PersonRef,
    RecordDraft,
    Statement,
)
from specs.values import Month, months_of_year
from tests.household_facts import TODAY, Book, demo_book

WIT, LOON, KOSTER, JANSMA, PETERS = (
    "999902003", "999909745", "999905673", "999906082", "999909320",
)  # fmt: skip
BUDGET = "kindgebonden_budget"


def decide(book: Book, *touched: str) -> dict[str, dict[str, Outcome]]:
    """Outcomes by applicant and scheme."""
    found = decisions_for(
        Circles(book), touched or book.subjects(), today=TODAY, rulebook=rulebook()
    )
    return {
        who: {one.derivation.scheme: one for one in outcomes if one.derivation.year == 2026}
        for who, outcomes in found.items()
    }


def record_all(book: Book, decided: dict[str, dict[str, Outcome]]) -> None:
    drafts = [one.draft for each in decided.values() for one in each.values() if one.draft]
    book.add("toeslagen", drafts)


def data_of(outcome: Outcome) -> AllowanceDecision:
    assert outcome.draft is not None
    assert isinstance(outcome.draft.data, AllowanceDecision)
    return outcome.draft.data


def test_single_parent_of_two_gets_what_the_card_of_dienst_toeslagen_says() -> None:
    """Toeslagenkaart 2026 (TG 710-1Z61PL): at most € 8,576 a year for a single parent with two
    children under 12, so € 714 a month; official table of zorgtoeslag 2026: € 129 a month for a
    single person up to € 29,500 (facts/worked-examples.json)."""
    outcomes = decide(demo_book(), WIT)[WIT]
    kgb = {one.month: one.cents for one in data_of(outcomes["kindgebonden_budget"]).months}
    care = {one.month: one.cents for one in data_of(outcomes["zorgtoeslag"]).months}
    # The eldest becomes 12 on 3 September: another amount from October (WKB 2 lid 4).
    assert [kgb[str(month)] for month in months_of_year(2026)[:9]] == [71_400] * 9
    assert set(care.values()) == {12_900}
    assert len(care) == 12


def test_decision_names_its_rules_its_records_and_its_application() -> None:
    book = demo_book()
    decision = data_of(decide(book, WIT)[WIT]["zorgtoeslag"])
    records = {fact.record for fact in book.facts}
    enrolment = next(
        fact.record
        for fact in book.facts
        if fact.type == "nl.vastelasten.betaaldag.aangemeld" and fact.subject() == WIT
    )
    assert set(decision.inputs) <= records
    assert enrolment in decision.inputs
    assert decision.rule_digest == decide(book, WIT)[WIT]["zorgtoeslag"].derivation.rule_digest
    assert decision.estimate
    assert decision.replaces is None


def test_the_same_facts_ask_for_nothing_twice() -> None:
    book = demo_book()
    first = decide(book)
    again = decide(book)
    for who, outcomes in first.items():
        for scheme, outcome in outcomes.items():
            assert again[who][scheme].draft == outcome.draft, "a repeat must have the same id"
    record_all(book, first)
    left = [one for each in decide(book).values() for one in each.values() if one.draft]
    assert left == []


def test_a_new_fact_changes_exactly_the_months_it_touches() -> None:
    """A divorce in January, separate homes in February: alone from March (Awir 3, 5)."""
    book = demo_book()
    later = [
        fact
        for fact in book.facts
        if {KOSTER, JANSMA} & set(fact.subjects.values())
        and (
            fact.type == "nl.brp.verbintenis.ontbonden"
            or ("verhuisd" in fact.type and fact.valid_from.year == 2026)
        )
    ]
    assert later
    before = Book(fact for fact in book.facts if fact not in later)
    record_all(before, {JANSMA: decide(before, JANSMA)[JANSMA]})
    standing = standing_decision(before.facts, JANSMA, "zorgtoeslag", 2026)
    assert standing is not None
    before.facts += later
    decision = data_of(decide(before, JANSMA)[JANSMA]["zorgtoeslag"])
    assert [one.month for one in decision.months] == [
        str(month) for month in months_of_year(2026)[2:]
    ]
    assert decision.replaces == standing.record


def test_months_with_a_partner_who_asked_are_decided_once() -> None:
    """Both enrolled on the same day: the elder is the senior applicant."""
    outcomes = decide(demo_book())
    elder = data_of(outcomes[JANSMA]["zorgtoeslag"])
    younger = data_of(outcomes[KOSTER]["zorgtoeslag"])
    assert [one.month for one in elder.months][:2] == ["2026-01", "2026-02"]
    assert younger.months[0].month == "2026-03"
    assert younger.award_year_cents is None, "the award of the year is not this applicant's alone"


def test_a_month_that_gives_the_senior_partner_nothing_is_not_lost() -> None:
    """In February the child lived with the younger parent already (WKB 2 lid 1)."""
    outcomes = decide(demo_book())
    elder = {one.month: one.cents for one in data_of(outcomes[JANSMA][BUDGET]).months}
    younger = {one.month: one.cents for one in data_of(outcomes[KOSTER][BUDGET]).months}
    assert elder["2026-01"] > 0 == elder["2026-02"]
    assert "2026-01" not in younger
    assert younger["2026-02"] == elder["2026-01"]


def test_a_decision_moves_when_an_elder_partner_turns_out_to_have_asked() -> None:
    """The younger was decided first: those months end there and begin with the senior."""
    book = demo_book()
    enrolled = next(
        fact for fact in book.facts if isinstance(fact.data, Enrolment) and fact.subject() == JANSMA
    )
    alone = Book(fact for fact in book.facts if fact is not enrolled)
    record_all(alone, {KOSTER: decide(alone, KOSTER)[KOSTER]})
    alone.facts.append(enrolled)
    outcomes = decide(alone, KOSTER)
    ended = {one.month: one.cents for one in data_of(outcomes[KOSTER]["zorgtoeslag"]).months}
    assert ended == {"2026-01": 0, "2026-02": 0}
    begun = {one.month: one.cents for one in data_of(outcomes[JANSMA]["zorgtoeslag"]).months}
    assert begun["2026-01"] > 0
    assert begun["2026-02"] > 0


def test_unknown_decides_nothing_and_names_the_missing_record() -> None:
    outcome = decide(demo_book(), LOON)[LOON]["zorgtoeslag"]
    assert outcome.draft is None
    assert outcome.derivation.status == "unknown"
    assert outcome.derivation.because is not None
    assert "zorgverzekering" in outcome.derivation.because.nl


def test_the_missing_statement_arrives_and_the_allowance_follows() -> None:
    book = demo_book()
    person = PersonRef(bsn=LOON, birth_date=date(1969, 9, 17), surname="Loon")
    insured = Statement(person=person, fact="insured", value=1)
    book.add(
        "gm0344",
        [
            RecordDraft(
                type=STATED, source_event_id="x", data=insured, valid_from=date(2026, 1, 1)
            ),
            RecordDraft(
                type=STATED,
                source_event_id="y",
                data=Statement(person=person, fact="assets", value=0, year=2026),
                valid_from=date(2026, 1, 1),
            ),
        ],
    )
    outcome = decide(book, LOON)[LOON]["zorgtoeslag"]
    assert outcome.derivation.status in ("ok", "no_right")


def test_an_unknown_after_a_decision_leaves_the_decision_standing() -> None:
    """What is unknown now is no reason to stop paying what was decided (A1: never a default)."""
    book = demo_book()
    record_all(book, {WIT: decide(book, WIT)[WIT]})
    statements = [
        fact
        for fact in book.facts
        if isinstance(fact.data, IncomeStatement) and fact.subject() == WIT
    ]
    for fact in statements:
        correction = Correction(
            person=PersonRef(bsn=WIT, birth_date=date(1988, 4, 12), surname="Wit"),
            corrects=fact.record,
            reason="taken back",
        )
        draft = RecordDraft(
            type=INCOME_CORRECTED,
            source_event_id=f"c-{fact.record}",
            data=correction,
            valid_from=fact.valid_from,
        )
        book.add("uwv", [draft])
    outcome = decide(book, WIT)[WIT]["zorgtoeslag"]
    assert outcome.derivation.status == "unknown"
    assert outcome.draft is None
    assert outcome.standing is not None
    assert outcome.standing.cents[Month(2026, 4)] == 12_900  # as in the official table above


@pytest.mark.parametrize("nobody", ["999901234", ""])
def test_who_did_not_enrol_gets_no_decision(nobody: str) -> None:
    assert decide(demo_book(), nobody) == {}


@pytest.mark.parametrize("seed", range(6))
def test_a2_facts_in_any_order_end_in_the_same_amounts(seed: int) -> None:
    """A2, through the decisions: whatever was decided on the way, what stands at the end is one."""
    everything = demo_book()
    circle, _ = Circles(everything).near([KOSTER, JANSMA])
    whole = Book(circle)
    record_all(whole, decide(whole))
    chance = random.Random(seed)
    shuffled = chance.sample(circle, len(circle))
    arriving = Book()
    for place, fact in enumerate(shuffled):
        arriving.facts.append(replace(fact, known=len(arriving.facts)))
        if chance.random() < 0.15 or place == len(shuffled) - 1:
            record_all(arriving, decide(arriving))
            record_all(arriving, decide(arriving))  # what one decision asks of another
    for who in (KOSTER, JANSMA):
        for scheme in ("zorgtoeslag", BUDGET):
            direct, late = (
                standing_decision(book.facts, who, scheme, 2026) for book in (whole, arriving)
            )
            assert {m: c for m, c in (direct.cents if direct else {}).items() if c} == {
                m: c for m, c in (late.cents if late else {}).items() if c
            }
