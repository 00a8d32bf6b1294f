"""What every page asks and writes, written out once and handed to the database's driver.

A single SELECT sees one moment of the database by itself, so no transaction is put around it. That
leaves a twelfth of the processor time that SQLAlchemy's layers take; and a write that holds
SQLite's only lock holds it shortly (decision 0018).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.sql.expression import ClauseElement

from node.stores.sqlite_turn import begin_immediate


class Ready:
    """A statement with named parameters in the words of one driver."""

    def __init__(self, engine: Engine, statement: ClauseElement) -> None:
        compiled = statement.compile(dialect=engine.dialect)
        self._text = str(compiled)
        order = getattr(compiled, "positiontup", None)
        self._order = None if order is None else tuple(order)
        self._fixed = dict(compiled.params)  # what stands in the statement as a value

    def run(self, cursor: Any, parameters: Mapping[str, object]) -> None:
        """Execute it on a cursor of the driver."""
        named = {**self._fixed, **parameters}
        given = named if self._order is None else tuple(named[name] for name in self._order)
        cursor.execute(self._text, given)


class FirstRow:
    """A SELECT asked for its first row; safe to ask from several threads."""

    def __init__(self, engine: Engine, statement: ClauseElement) -> None:
        """engine: one whose connections commit by themselves."""
        self._engine = engine
        self._statement = Ready(engine, statement)

    def __call__(self, **parameters: object) -> tuple[Any, ...] | None:
        """The first row, None when there is none; raises SQLAlchemy's DBAPIError."""
        connection = self._engine.raw_connection()
        try:
            with told(self._engine, connection):
                cursor = connection.cursor()
                self._statement.run(cursor, parameters)
                row: tuple[Any, ...] | None = cursor.fetchone()
                cursor.close()
        finally:
            connection.close()
        return row


@contextmanager
def short_write(engine: Engine) -> Iterator[Any]:
    """A write transaction on the driver's cursor; durable when the block ends, or nothing is."""
    connection = engine.raw_connection()
    try:
        with told(engine, connection):
            cursor = connection.cursor()
            if engine.dialect.name == "sqlite":
                begin_immediate(cursor.connection)  # elsewhere a transaction begins by itself
            try:
                yield cursor
            except BaseException:
                connection.rollback()
                raise
            connection.commit()
    finally:
        connection.close()


@contextmanager
def told(engine: Engine, connection: PoolProxiedConnection) -> Iterator[None]:
    """A fault of the driver as SQLAlchemy's, without its values; its connection is not kept."""
    fault: type[Exception] = engine.dialect.loaded_dbapi.Error
    try:
        yield
    except fault as error:
        connection.invalidate(error)  # it may be the connection that is at fault
        raise DBAPIError.instance(
            None, None, error, fault, hide_parameters=True, dialect=engine.dialect
        ) from error
