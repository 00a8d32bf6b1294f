"""The node's tables: migrated as declared, reached by their indexes, safe to write twice."""

from __future__ import annotations

import sqlite3
from datetime import date
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import event, select

from node.errors import MisfitError, StartError
from node.stores import schema_sql as tables
from node.stores import work_sql as work
from node.stores.database_sql import Database, migrate
from node.submit import UNSENT_STATES
from tests import node_drafts as drafts
from tests.node_desk import TestDesk


def test_migrations_make_the_tables_as_declared(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'node.sqlite3'}"
    migrate(url)
    migrate(url)  # again is no harm
    database = Database(url)
    with database.write() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": tables.VERSION_TABLE}
        )
        assert compare_metadata(context, tables.metadata) == []
    database.close()


def test_a_database_that_was_not_migrated_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="tables of version none"):
        Database(f"sqlite:///{tmp_path / 'empty.sqlite3'}")


def test_a_commit_reaches_the_disk_and_a_deletion_overwrites(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "uwv")
    with desk.database.read() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("synchronous", "journal_mode", "secure_delete")
        }
    assert pragmas == {"synchronous": 2, "journal_mode": "wal", "secure_delete": 1}


def test_a_transaction_is_whole_or_nothing(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "uwv")

    def interrupted() -> None:
        with desk.database.write() as connection:
            work.set_value(connection, "a", "1")
            raise OSError("plug pulled")

    with pytest.raises(OSError, match="pulled"):
        interrupted()
    with desk.database.read() as connection:
        assert work.get_value(connection, "a") is None


def test_what_is_written_twice_stands_once(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "uwv")
    for value in ("1", "2"):
        with desk.database.write() as connection:
            work.set_value(connection, "a", value)
            work.to_desk(connection, "uwv", "i", "sealed", value, 0)
            work.mark_changed(connection, ["s"])
    with desk.database.read() as connection:
        assert work.get_value(connection, "a") == "2"
        assert connection.execute(select(tables.desk.c.detail)).scalars().all() == ["2"]
        assert work.changed(connection) == {"s": 2}


def test_a_change_after_the_look_keeps_its_mark(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "uwv")
    with desk.database.write() as connection:
        work.mark_changed(connection, ["a", "b"])
        seen = work.changed(connection)
        work.mark_changed(connection, ["b"])
        work.clear_changed(connection, seen)
        assert set(work.changed(connection)) == {"b"}


def plans(desk: TestDesk, run: object) -> list[str]:
    """The query plans of all SELECTs that run makes."""
    statements: list[tuple[str, object]] = []

    def note(_c: object, _cursor: object, text: str, values: object, *_: object) -> None:
        if text.startswith("SELECT"):
            statements.append((text, values))

    event.listen(desk.database.engine, "before_cursor_execute", note)
    run()  # type: ignore[operator]
    event.remove(desk.database.engine, "before_cursor_execute", note)
    assert statements
    found = []
    with sqlite3.connect(desk.path) as raw:
        for text, values in statements:
            rows = raw.execute(f"EXPLAIN QUERY PLAN {text}", values).fetchall()  # type: ignore[arg-type]
            found += [f"{row[3]}  <- {text[:120]}" for row in rows]
    raw.close()
    return found


def test_no_question_of_the_line_reads_a_whole_table(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "gm0344")
    desk.record(drafts.move())
    desk.record(drafts.birth(drafts.CHILD, drafts.ANNA))
    desk.follow()
    subjects = desk.facts.subjects()

    def line() -> None:
        desk.facts.forget()
        desk.facts.facts_of(subjects)
        desk.prepare(drafts.statement())
        desk.accept()
        with desk.database.read() as connection:
            work.count(connection, tables.records, "pending")
            desk.records.where(
                connection,
                tables.records.c.author == "gm0344",
                tables.records.c.receipt.is_(None),
                tables.records.c.state.in_(UNSENT_STATES),
            )

    scans = [plan for plan in plans(desk, line) if plan.startswith("SCAN")]
    assert not scans


def test_a_person_is_found_by_all_three_or_not_at_all(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "uwv")
    assert desk.subject(drafts.ANNA) is None
    desk.prepare(drafts.income())
    assert desk.subject(drafts.ANNA) is not None
    assert desk.subject(drafts.BRAM) is None
    for change in ({"birth_date": date(1991, 5, 1)}, {"surname": "Moulins"}, {"bsn": None}):
        with pytest.raises(MisfitError):
            desk.subject(drafts.ANNA.model_copy(update=change))
    with desk.opening() as connection:
        subject = desk.subject(drafts.ANNA) or ""
        assert desk.records.subjects.identity(connection, subject) == drafts.ANNA
