"""Rights derived and not received: listed with the step, counted, nobody ranked.

Amounts: the published tables of zorgtoeslag 2026 (test_decisions ties the demo's to them).
"""

from __future__ import annotations

import json

import pytest

from node.answering import rulebook
from node.decisions import decisions_for
from node.households import Circles
from node.nontakeup import NotReceived, counted, not_received
from specs.records import ENROLLED, KINDERBIJSLAG_SET
from tests.household_facts import TODAY, Book, demo_book

WIT = "999902003"


def of(book: Book, person: str) -> dict[str, NotReceived]:
    facts, _ = Circles(book).near([person])
    found = not_received(facts, person, today=TODAY, rulebook=rulebook())
    return {one.scheme: one for one in found}


def decide_all(book: Book) -> None:
    found = decisions_for(Circles(book), book.subjects(), today=TODAY, rulebook=rulebook())
    for outcomes in found.values():
        book.add("toeslagen", [one.draft for one in outcomes if one.draft is not None])


def test_before_any_decision_who_asked_waits_for_it() -> None:
    book = demo_book()
    missed = of(book, WIT)["zorgtoeslag"]
    assert missed.step == "wait_for_decision"
    # Zorgtoeslag 2026, income below the threshold, no partner: 129 euro a month (table of the
    # leaflet; specs/regulations/zorgtoeslag/cases.yaml).
    assert {cents for _, cents in missed.months} == {12_900}


def test_who_never_asked_is_told_to_apply() -> None:
    book = demo_book()
    book.facts = [fact for fact in book.facts if fact.type != ENROLLED]
    missed = of(book, WIT)["zorgtoeslag"]
    assert missed.step == "apply"
    assert "Vraag deze toeslag aan" in missed.says.nl


def test_what_a_decision_gives_is_received() -> None:
    book = demo_book()
    decide_all(book)
    assert "zorgtoeslag" not in of(book, WIT)
    assert "kindgebonden_budget" not in of(book, WIT)


def test_a_months_decision_for_the_partner_is_received_too() -> None:
    book = demo_book()
    decide_all(book)
    for person in sorted(book.subjects()):
        assert "zorgtoeslag" not in of(book, person) or person not in {
            fact.subject() for fact in book.of_type(ENROLLED)
        }


def test_kinderbijslag_that_the_svb_pays_is_received_and_otherwise_not() -> None:
    book = demo_book()
    assert "kinderbijslag" not in of(book, WIT)
    book.facts = [fact for fact in book.facts if fact.type != KINDERBIJSLAG_SET]
    missed = of(book, WIT)["kinderbijslag"]
    assert missed.step == "apply"
    assert "SVB" in missed.says.nl


def test_the_node_counts_and_ranks_nobody() -> None:
    book = demo_book()
    account = counted(Circles(book), book.subjects(), today=TODAY, rulebook=rulebook())
    subjects = [one["subject"] for one in account["households"]]
    assert subjects == sorted(subjects)
    listed = [one for each in account["households"] for one in each["not_received"]]
    for scheme, counts in account["schemes"].items():
        own = [one for one in listed if one["scheme"] == scheme]
        assert counts["apply"] + counts["wait_for_decision"] == len(own)
        assert counts["cents"] == sum(one["cents"] for one in own)
    text = json.dumps(account)
    assert "score" not in text
    assert "rank" not in text
    assert "Wit" not in text


@pytest.mark.parametrize("scheme", ["zorgtoeslag", "kindgebonden_budget"])
def test_a_couple_is_counted_once(scheme: str) -> None:
    book = demo_book()
    account = counted(Circles(book), book.subjects(), today=TODAY, rulebook=rulebook())
    listed = {
        (one["subject"], month)
        for one in account["households"]
        for each in one["not_received"]
        if each["scheme"] == scheme
        for month in each["months"]
    }
    assert listed
    for person, month in listed:
        missed = of(book, person)[scheme]
        partners = dict(zip((str(m) for m, _ in missed.months), missed.shared_with, strict=True))
        assert (partners[month], month) not in listed
