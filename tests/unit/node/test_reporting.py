"""Two addresses at once: reported to the source once, ended when it is settled (BRP 2.34)."""

from __future__ import annotations

import json
from datetime import date

from node.households import Circles
from node.reporting import due_reports, reports_for
from specs.records import (
    BRP_CORRECTED,
    MOVED_BETWEEN,
    Address,
    Correction,
    Move,
    RecordDraft,
    ReportBack,
)
from tests import node_drafts as drafts
from tests.household_facts import Book

ANNA = drafts.ANNA
WHO = "999993653"
TODAY = date(2026, 11, 22)
ROLES = {"gm0344": "municipality", "gm0363": "municipality", "uwv": "uwv", "toeslagen": "toeslagen"}


def home(municipality: str, number: str, n: int = 0, day: date = date(2026, 3, 1)) -> RecordDraft:
    address = Address(
        municipality=municipality, street="Lindehaag", number=number, postcode="3561QA",
        town="Utrecht",
    )  # fmt: skip
    return RecordDraft(
        type=MOVED_BETWEEN,
        source_event_id=f"home {municipality} {number} {n}",
        data=Move(person=ANNA, address=address),
        valid_from=day,
    )


def run(book: Book) -> list[ReportBack]:
    """One round of the node of Toeslagen: reports are recorded; what was."""
    found = reports_for(Circles(book), [WHO], sources=ROLES, author="toeslagen", today=TODAY)
    book.add("toeslagen", found)
    return [one.data for one in found if isinstance(one.data, ReportBack)]


def two_addresses() -> tuple[Book, str]:
    """One first day, two homes; the record of the second."""
    book = Book()
    book.add("gm0344", [home("0344", "14")])
    second = book.add("gm0344", [home("0344", "99")])[0].record
    return book, second


def take_back(book: Book, record: str, author: str = "gm0344") -> None:
    data = Correction(person=ANNA, corrects=record, reason="entered in error")
    book.add(
        author,
        [RecordDraft(type=BRP_CORRECTED, source_event_id=record, data=data, valid_from=TODAY)],
    )


def test_one_address_is_no_contradiction() -> None:
    book = Book()
    book.add("gm0344", [home("0344", "14")])
    assert run(book) == []


def test_a_contradiction_is_reported_once_and_ended_once() -> None:
    book, second = two_addresses()
    (report,) = run(book)
    assert (report.kind, report.party, report.ended) == ("two_addresses", "gm0344", False)
    assert second in report.records
    assert "2.34" in report.article
    assert run(book) == []  # reported: not again
    take_back(book, second)
    (end,) = run(book)
    assert (end.ended, end.records) == (True, report.records)
    assert run(book) == []


def test_a_new_contradiction_is_a_new_report() -> None:
    book, second = two_addresses()
    run(book)
    take_back(book, second)
    run(book)
    third = book.add("gm0344", [home("0344", "77")])[0].record
    (report,) = run(book)
    assert third in report.records
    assert not report.ended


def test_each_source_hears_of_it() -> None:
    book = Book()
    book.add("gm0344", [home("0344", "14")])
    book.add("gm0363", [home("0363", "2")])
    assert {one.party for one in run(book)} == {"gm0344", "gm0363"}


def test_a_crash_repeats_the_same_report() -> None:
    book, _ = two_addresses()
    around, _ = Circles(book).near([WHO])
    first, again = (
        due_reports(around, WHO, sources=ROLES, author="toeslagen", today=day)
        for day in (TODAY, date(2026, 11, 23))
    )
    assert [one.source_event_id for one in first] == [one.source_event_id for one in again]


def test_the_report_holds_no_address() -> None:
    book, _ = two_addresses()
    (report,) = run(book)
    text = json.dumps(report.model_dump(mode="json", exclude={"person"}))
    assert "Lindehaag" not in text
    assert "3561QA" not in text


def test_a_stranger_without_bsn_is_left_to_the_desk() -> None:
    assert due_reports([], "nobody", sources=ROLES, author="toeslagen", today=TODAY) == []
