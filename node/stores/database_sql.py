"""The node's database: SQLite that is durable on commit and forgets what it deletes, or PostgreSQL.

A write that fails raises SQLAlchemy's error to the caller, whose work is then repeated by the next
tick: every write of this room may be done twice without harm.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.expression import ClauseElement

from node.errors import StartError
from node.stores.first_row_sql import FirstRow, Ready, short_write
from node.stores.schema_sql import VERSION_TABLE
from node.stores.sqlite_turn import WAIT_SECONDS_MAX, begin_immediate

CONNECTIONS_MAX: Final = 8
_WRITING: ContextVar[tuple[tuple[object, Connection], ...]] = ContextVar("writing", default=())


def migrate(url: str) -> None:
    """Bring the node's tables in this database to the present form."""
    engine = _engine(url)
    try:
        with engine.begin() as connection:
            config = _alembic()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


class Database:
    """A migrated database; transactions are short and never wait for the network."""

    def __init__(self, url: str) -> None:
        """Open it; raises StartError when it lacks the present tables."""
        self.engine = _engine(url)
        self._alone = _alone(self.engine, url)
        wanted = ScriptDirectory.from_config(_alembic()).get_current_head()
        with self.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
            found = context.get_current_revision()
        if found != wanted:
            self.close()
            raise StartError(
                f"node database: tables of version {found or 'none'}, this program wants {wanted}; "
                "run `vastedag init` once, or migrate"
            )

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One write transaction: all of it durable when the block ends, or none."""
        with self.engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                # A read that decides a write must already hold the write lock.
                connection.execution_options(begin_immediate=True)
            with connection.begin():
                token = _WRITING.set(((self, connection), *_WRITING.get()))
                try:
                    yield connection
                finally:
                    _WRITING.reset(token)

    def writing(self) -> Connection | None:
        """The write transaction that this task is in, None outside one.

        What must be durable together with it is written there; another would wait for it for ever.
        """
        return next((held for owner, held in _WRITING.get() if owner is self), None)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One read transaction: everything in it is seen as of one moment."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    def first_row(self, statement: ClauseElement) -> FirstRow:
        """A question that every page asks, made ready once."""
        return FirstRow(self._alone, statement)

    def ready(self, statement: ClauseElement) -> Ready:
        """A statement for `short_write`, or for a cursor of a write transaction."""
        return Ready(self.engine, statement)

    def short_write(self) -> AbstractContextManager[Any]:
        """A write transaction of few statements on the driver's own cursor."""
        return short_write(self.engine)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()
        self._alone.dispose()


def _engine(url: str) -> Engine:
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_size=CONNECTIONS_MAX, hide_parameters=True)
    engine = create_engine(
        url,
        pool_size=CONNECTIONS_MAX,
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": WAIT_SECONDS_MAX},
    )

    def connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin where we say, see `begun`
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "secure_delete=ON",  # a destroyed key is overwritten, not only unlinked
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    def begun(connection: Connection) -> None:
        if connection.get_execution_options().get("begin_immediate", False):
            driver = connection.connection.driver_connection
            assert driver is not None  # it was checked out of the pool
            try:
                begin_immediate(driver)
            except sqlite3.Error as error:
                raise DBAPIError.instance(
                    None, None, error, sqlite3.Error, hide_parameters=True, dialect=engine.dialect
                ) from error
        else:
            connection.exec_driver_sql("BEGIN")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)
    return engine


def _alone(engine: Engine, url: str) -> Engine:
    """Where single statements are asked, each its own transaction; as many, no more, wait in line.

    SQLite's connections are such already: a transaction begins there only where we say so.
    """
    if engine.dialect.name == "sqlite":
        return engine
    return create_engine(
        url,
        pool_size=CONNECTIONS_MAX,
        max_overflow=0,
        pool_use_lifo=True,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
    )


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config
