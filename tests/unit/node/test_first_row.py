"""One row by one statement: the same on both databases, and a fault is told as SQLAlchemy's."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import DBAPIError

from ledger.benches.bench_postgres import postgres
from node.stores import schema_sql as tables
from node.stores.database_sql import CONNECTIONS_MAX, Database, migrate
from node.stores.ended_sql import EndedSql
from node.stores.sqlite_turn import begin_immediate

ENDED = tables.ended_visits
UNTIL = select(ENDED.c.until).where(ENDED.c.id == bindparam("id"), ENDED.c.until > 5)
KINDS = ("sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgresql")))


@pytest.fixture(params=KINDS, scope="module")
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    if request.param == "postgresql":
        with postgres(1) as (url,):
            yield from opened(url)
    else:
        yield from opened(f"sqlite:///{tmp_path_factory.mktemp('node') / 'node.sqlite3'}")


def opened(url: str) -> Iterator[Database]:
    migrate(url)
    database = Database(url)
    with database.write() as connection:
        connection.execute(insert(ENDED), [{"id": "one", "until": 9}, {"id": "old", "until": 3}])
    yield database
    database.close()


def test_the_row_or_none(database: Database) -> None:
    ask = database.first_row(UNTIL)
    assert ask(id="one") == (9,)
    assert ask(id="old") is None
    assert ask(id="' OR 1=1 --") is None


def test_what_another_connection_wrote_is_seen_at_once(database: Database) -> None:
    ask = database.first_row(UNTIL)
    for until in (20, 30):
        with database.write() as connection:
            connection.execute(update(ENDED).where(ENDED.c.id == "one").values(until=until))
        assert ask(id="one") == (until,)


def test_a_fault_is_told_without_its_values_and_the_next_question_is_answered(
    database: Database,
) -> None:
    gone = select(ENDED.c.id).where(ENDED.c.until == bindparam("number"))
    ask = database.first_row(gone)
    for _ in range(CONNECTIONS_MAX + 1):  # no connection is kept by a fault
        with pytest.raises(DBAPIError) as raised:
            ask(number=object())  # no database takes this
        assert "object at" not in str(raised.value)
    assert database.first_row(UNTIL)(id="one") is not None


def test_an_ended_visit_is_known_at_once(database: Database) -> None:
    ended = EndedSql(database)
    assert not ended.has_ended("visit")
    assert ended.end("visit", until=10, now=0)
    assert ended.has_ended("visit")


def test_a_short_write_is_whole_or_nothing(database: Database) -> None:
    add = database.ready(insert(ENDED))

    def half() -> None:
        with database.short_write() as cursor:
            add.run(cursor, {"id": "half", "until": 9})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert database.first_row(UNTIL)(id="half") is None
    with database.short_write() as cursor:
        add.run(cursor, {"id": "whole", "until": 9})
    assert database.first_row(UNTIL)(id="whole") == (9,)


def test_a_short_write_that_the_database_refuses_leaves_nothing(database: Database) -> None:
    add = database.ready(insert(ENDED))

    def twice() -> None:
        with database.short_write() as cursor:
            add.run(cursor, {"id": "new", "until": 9})
            add.run(cursor, {"id": "new", "until": 9})  # the same key again

    with pytest.raises(DBAPIError):
        twice()
    assert not EndedSql(database).has_ended("new")


def test_who_waits_for_sqlite_gets_his_turn_soon_after_it_is_free(tmp_path: Path) -> None:
    first, second = (sqlite3.connect(tmp_path / "turn", isolation_level=None) for _ in range(2))
    begin_immediate(first)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        begin_immediate(second, wait_seconds_max=0.02)
    first.execute("ROLLBACK")
    begin_immediate(second, wait_seconds_max=0.02)
    assert second.in_transaction
    with pytest.raises(sqlite3.OperationalError, match="within a transaction"):
        begin_immediate(second)
