"""The Logboek Dataverwerkingen: every opening leaves a line, durable before its content is used."""

from __future__ import annotations

import ast
import threading
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from node.errors import AccessError, RefusedError
from node.looked.logbook_sql import ERROR, Logbook, Looked
from node.looked.reading import Caller, UnloggedError
from node.looked.register import load_register
from node.looked.trace import TraceParent, parse_traceparent
from node.stores import schema_sql as tables
from tests import node_drafts as drafts
from tests.node_desk import Line, TestDesk

ROOT = Path(__file__).parents[3]
NOON = 1_795_348_800_000  # 2026-11-22T12:00:00Z in milliseconds


def lines(desk: TestDesk) -> set[tuple[str, str]]:
    """(activity, subject) of every line."""
    spans, told = tables.processings, tables.processed
    query = select(spans.c.activity, told.c.subject).join(told, told.c.processing == spans.c.id)
    with desk.database.read() as connection:
        return {(str(activity), str(subject)) for activity, subject in connection.execute(query)}


def test_outside_a_reading_nothing_is_opened(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "uwv")
    identity = desk.prepare(drafts.income())
    subject = desk.subject(drafts.ANNA) or ""
    with desk.database.read() as connection:
        hidden = b""
        with pytest.raises(UnloggedError):
            desk.records.content(connection, "uwv", identity)
        with pytest.raises(UnloggedError):
            desk.records.subjects.identity(connection, subject)
        with pytest.raises(UnloggedError):
            desk.records.subjects.show(connection, subject, hidden)
        with pytest.raises(UnloggedError):
            desk.records.subjects.open_with(b"", subject, hidden)


def test_every_step_of_a_record_leaves_a_line_for_its_person(tmp_path: Path) -> None:
    line = Line()
    uwv, toeslagen = (
        TestDesk(tmp_path, "uwv", line=line),
        TestDesk(tmp_path, "toeslagen", line=line),
    )
    identity = uwv.record(drafts.income())
    toeslagen.deliver(uwv.parcel(identity, "toeslagen"))
    uwv.follow()
    toeslagen.follow()
    anna = toeslagen.subject(drafts.ANNA) or ""
    own = uwv.subject(drafts.ANNA) or ""
    assert ("gegevens-versturen", own) in lines(uwv)
    # competence.yaml: toeslagen reads a wage statement on Awir 38.
    lookup = toeslagen.records.subjects.lookup(drafts.ANNA.bsn or "")
    assert ("ontvangen-toeslag", lookup) in lines(toeslagen)  # opened before she was known here
    before = lines(toeslagen)
    assert ("toeslagen-berekenen", anna) not in before
    assert toeslagen.facts.facts_of([anna])
    assert lines(toeslagen) - before == {("toeslagen-berekenen", anna)}


def test_a_fact_from_memory_is_a_reading_too(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "uwv")
    desk.record(drafts.income())
    desk.follow()
    anna = desk.subject(drafts.ANNA) or ""
    for _ in range(3):
        desk.facts.facts_of([anna])
    with desk.database.read() as connection:
        spans = tables.processings
        found = connection.execute(
            select(spans.c.id).where(spans.c.activity == "betaling-uitvoeren")
        ).all()
    assert len(found) == 3


def test_one_task_is_one_line_for_each_person_however_often_it_reads(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "uwv")
    desk.record(drafts.income())
    desk.record(drafts.income(drafts.BRAM))
    desk.follow()
    anna, bram = desk.subject(drafts.ANNA) or "", desk.subject(drafts.BRAM) or ""
    with desk.facts.reading():
        for _ in range(5):
            desk.facts.facts_of([anna, bram])
    looked = desk.log.of([anna])
    mine = [one for one in looked if one.activity == "betaling-uitvoeren"]
    assert [one.count for one in mine] == [1]


def test_a_look_through_all_is_one_processing_a_day(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "uwv")
    desk.record(drafts.income())
    desk.follow()
    record_type = drafts.income().type
    anna = desk.subject(drafts.ANNA) or ""
    for _ in range(4):
        assert len(desk.facts.of_type(record_type)) == 1
    index = [one for one in desk.log.of([anna]) if one.activity == "wegwijzer"]
    assert [one.count for one in index] == [1]
    desk.record(drafts.income(drafts.BRAM))
    desk.follow()
    desk.facts.of_type(record_type)
    bram = desk.subject(drafts.BRAM) or ""
    assert [one.count for one in desk.log.of([bram]) if one.activity == "wegwijzer"] == [1]


def test_lines_share_the_fate_of_the_transaction_they_belong_to(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "uwv")

    def fails() -> None:
        with desk.database.write():
            desk.log.record("inzage-balie", ["somebody"])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert lines(desk) == set()
    with desk.database.write():
        desk.log.record("inzage-balie", ["somebody"])
    assert lines(desk) == {("inzage-balie", "somebody")}


def test_who_cannot_log_does_not_read(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "uwv")
    desk.record(drafts.income())
    desk.follow()
    anna = desk.subject(drafts.ANNA) or ""

    with desk.database.write() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON node_processings "
            "BEGIN SELECT RAISE(FAIL, 'disk full'); END"
        )
    with pytest.raises(DBAPIError, match="disk full"):
        desk.facts.facts_of([anna])
    with desk.database.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER full")
    assert desk.facts.facts_of([anna])


def test_a_failure_is_told_by_its_status_and_wrong_input_is_none(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "uwv")

    def fails(error: Exception) -> None:
        with desk.log.reading("inzage-balie") as reading:
            reading.note(["somebody"])
            raise error

    with pytest.raises(ZeroDivisionError):
        fails(ZeroDivisionError())
    with pytest.raises(RefusedError):
        fails(RefusedError("malformed", ""))
    with desk.database.read() as connection:
        found = connection.execute(select(tables.processings.c.status)).scalars().all()
    assert list(found) == [ERROR, 0]  # LDV: wrong input is status 0, a technical failure 2


def test_a_caller_gives_its_trace_and_spans_hang_together(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "uwv")
    # The example of W3C Trace Context, 3.2.3.
    header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    span = parse_traceparent(header)
    assert span is not None
    told = desk.log.record(
        "inzage-logboek", ["somebody"], caller=Caller(member="gm0344", span=span)
    )
    assert told.split("-")[1] == header.split("-")[1]
    with desk.database.read() as connection:
        row = connection.execute(select(tables.processings)).one()
    assert (row.trace, row.foreign_span, row.foreign_member) == (span.trace, span.span, "gm0344")
    assert row.parent is None
    with desk.log.reading("inzage-balie") as outer:
        outer.note(["somebody"])
        with desk.log.reading("betaaldag-plannen") as inner:
            inner.note(["somebody"])
    assert inner.parent == outer.at.span
    assert inner.at.trace == outer.at.trace


@pytest.mark.parametrize(
    "header",
    [
        None, "", "00-" + "0" * 32 + "-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-" + "0" * 16 + "-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
    ],
)  # fmt: skip
def test_a_traceparent_that_the_standard_refuses_is_ignored(header: str | None) -> None:
    assert parse_traceparent(header) is None


def test_a_reading_that_ended_takes_no_more_notes(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "uwv")
    with desk.log.reading("inzage-balie") as reading:
        reading.note(["somebody"])
    with pytest.raises(UnloggedError):
        reading.note(["another"])


def test_an_activity_that_nobody_registered_is_refused(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "uwv")
    with pytest.raises(AccessError):
        desk.log.record("profilering", ["somebody"])
    with pytest.raises(AccessError), desk.log.reading("inzage-balie"):
        desk.log.note(["somebody"], "profilering")


def test_many_threads_at_once_lose_no_line(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "uwv")
    each, threads = 20, 8

    def look(number: int) -> None:
        for n in range(each):
            desk.log.record("inzage-balie", [f"s{number}-{n}"])

    running = [threading.Thread(target=look, args=(n,)) for n in range(threads)]
    for one in running:
        one.start()
    for one in running:
        one.join()
    assert len(lines(desk)) == each * threads


def test_days_are_those_of_the_netherlands(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "uwv")
    moments = iter([NOON, NOON, NOON + 11 * 3_600_000, NOON + 11 * 3_600_000])
    log = Logbook(desk.database, load_register(), lambda: next(moments))
    log.record("inzage-balie", ["somebody"])
    log.record("inzage-balie", ["somebody"])  # 23:00 in UTC is the next day here
    assert log.of(["somebody"]) == [
        Looked(activity="inzage-balie", day=date(2026, 11, 22), count=1),
        Looked(activity="inzage-balie", day=date(2026, 11, 23), count=1),
    ]


# Which functions may call the cipher, and what each must call to be logged. Everything else that
# wants content asks one of these, so nothing opens around the log.
OPENERS = {
    ("node/sealing.py", "open_sealed"): "note",
    ("node/subjects.py", "identity"): "note",
    ("node/subjects.py", "show"): "note",
    ("node/subjects.py", "open_with"): "note",
    ("node/subjects.py", "unwrap"): "note",
    ("node/subjects.py", "_key"): None,  # a key, given to the functions of this file alone
    ("node/stores/store_sql.py", "content"): "unwrap",  # notes, and without it there is no key
    ("node/receiving/accept.py", "_open"): "_note",
    ("node/looked/answers_sql.py", "_open"): None,  # a question; `_asked_of` notes whom it means
}
CIPHER = {"decrypt", "open_sealed", "AESGCM", "unwrap", "_key"}
KEPT_CLOSED = {("node/sealing.py", "encrypt"), ("node/sealing.py", "decrypt")}


def test_nothing_opens_content_around_the_log() -> None:
    found: dict[tuple[str, str], set[str]] = {}
    for path in sorted((ROOT / "node").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                called = {_called(node) for node in ast.walk(function)} - {None}
                if called & CIPHER:
                    found[name, function.name] = {str(each) for each in called}
    # `hide`, `wrap` and the like take a key to seal with; another file's `_key` is another thing.
    sealing = {key for key, called in found.items() if called & CIPHER == {"_key"}}
    openers = {key: called for key, called in found.items() if key not in sealing | KEPT_CLOSED}
    assert openers.keys() == OPENERS.keys()
    for key, needed in OPENERS.items():
        assert needed is None or needed in openers[key], key


def _called(node: ast.AST) -> str | None:
    if not isinstance(node, ast.Call):
        return None
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else None


def test_the_traceparent_reads_back() -> None:
    span = TraceParent(trace=b"\1" * 16, span=b"\2" * 8)
    assert parse_traceparent(span.header) == span
