"""One database with its threads: writes on one dedicated thread, reads on a few others.

SQLite runs with a write-ahead log and synchronous=FULL, so that a commit has reached the disk
when it returns; PostgreSQL is asked for synchronous_commit=on and nothing below it. What is
written is the work of store_sql.py.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import SQLAlchemyError

from ledger.errors import StoreError
from ledger.stores.schema_sql import VERSION_TABLE

READ_THREADS: Final = 2
SQLITE_BUSY_MILLISECONDS: Final = 10_000
# Everything is written in the order of the log, so the writer needs few pages; a reader forgets its
# own at every commit of the writer.
SQLITE_WRITER_KIBIBYTES: Final = 65_536
SQLITE_READER_KIBIBYTES: Final = 16_384
# A checkpoint of the write-ahead log holds up the commit that starts it for as long as its pages
# take to the disk. Everything is written in log order, so a page is copied once however often:
# 4 MB, every eleventh batch of 500, is a short pause; 16 MB was the longest wait for a receipt.
SQLITE_WAL_PAGES: Final = 1_000

# What a driver raises for a damaged file besides its own errors: text that is no UTF-8 even in its
# error message, numbers out of range, another type than the column's.
UNREADABLE: Final = (SQLAlchemyError, sqlite3.Error, ValueError, OverflowError, TypeError)

T = TypeVar("T")


def sqlite_url(path: Path) -> str:
    """The database URL of an SQLite file."""
    return f"sqlite:///{path}"


def migrate(url: str) -> None:
    """Bring the ledger's tables in this database to the present form; raises StoreError."""
    engine = _engine(url, writer=True)
    try:
        with engine.begin() as connection:
            config = _alembic()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except UNREADABLE as error:
        raise StoreError(f"ledger store: migration failed, {_name(error)}") from error
    finally:
        engine.dispose()


class Database:
    """A migrated database, open until `close`."""

    def __init__(self, url: str) -> None:
        """Open it; raises StoreError when it lacks the present tables."""
        self.url = url
        self._writer_engine = _engine(url, writer=True)
        self._reader_engine = _engine(url, writer=False)
        self._unreplicated: list[str] = []
        if self.dialect == "postgresql":
            event.listen(self._writer_engine, "connect", self._postgres_connected)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="ledger-write")
        self._readers = ThreadPoolExecutor(READ_THREADS, thread_name_prefix="ledger-read")
        try:
            _check_version(self._writer_engine)
        except (*UNREADABLE, StoreError) as error:
            self._dispose()
            if isinstance(error, StoreError):
                raise
            raise StoreError(f"ledger store: cannot be opened, {_name(error)}") from error

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._writer_engine.dialect.name

    async def write(
        self, work: Callable[[Connection], T], done: Callable[[], None] | None = None
    ) -> T:
        """Run work in one write transaction; raises StoreError: what became of it is unknown.

        done is called on the writer's thread, before any other work, when it ended well.
        """
        return await asyncio.get_running_loop().run_in_executor(
            self._writer, self._run, self._writer_engine, work, done
        )

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run work in one read transaction; raises StoreError."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._run_read, work)

    async def close(self) -> None:
        """Finish what runs and close all connections."""
        await asyncio.get_running_loop().run_in_executor(None, self._dispose)

    def _run_read(self, work: Callable[[Connection], T]) -> T:
        """A read may be done twice: a connection may be of a server that has gone since."""
        try:
            return self._run(self._reader_engine, work)
        except StoreError as error:
            if not getattr(error.__cause__, "connection_invalidated", False):
                raise
        self._reader_engine.dispose()
        return self._run(self._reader_engine, work)

    def _run(
        self,
        engine: Engine,
        work: Callable[[Connection], T],
        done: Callable[[], None] | None = None,
    ) -> T:
        self._unreplicated.clear()
        try:
            with engine.begin() as connection:
                answer = work(connection)
        except UNREADABLE as error:
            raise StoreError(f"ledger store: {_name(error)}; load again and look") from error
        if engine is self._writer_engine and self._unreplicated:
            raise StoreError("ledger store: committed here, perhaps on no standby; load again")
        if done is not None:
            done()
        return answer

    def _postgres_connected(self, connection: Any, _record: Any) -> None:
        """Refuse a weaker durability, and hear the warning that a commit may not be replicated.

        A cancelled wait for a synchronous standby answers success with only a warning
        (LEDGER-FORMATS 5.3): that is an unknown outcome, never a done one.
        """

        def heard(diagnostic: Any) -> None:
            if diagnostic.severity_nonlocalized == "WARNING":
                self._unreplicated.append(str(diagnostic.sqlstate))

        connection.add_notice_handler(heard)
        with connection.cursor() as cursor:
            cursor.execute("SHOW synchronous_commit")
            (setting,) = cursor.fetchone()
        connection.rollback()
        if setting not in ("on", "remote_apply"):
            raise StoreError(
                f"ledger store: synchronous_commit is {setting} for this role; it must be on"
            )

    def _dispose(self) -> None:
        self._writer.shutdown()
        self._readers.shutdown()
        self._writer_engine.dispose()
        self._reader_engine.dispose()


def _engine(url: str, *, writer: bool) -> Engine:
    """An engine whose transactions begin as the database's own do."""
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_size=1 if writer else READ_THREADS, max_overflow=0)
    engine = create_engine(
        url,
        pool_size=1 if writer else READ_THREADS,
        max_overflow=0,
        connect_args={"check_same_thread": False, "timeout": SQLITE_BUSY_MILLISECONDS / 1000},
    )

    cache = SQLITE_WRITER_KIBIBYTES if writer else SQLITE_READER_KIBIBYTES

    def connected(connection: Any, _record: Any) -> None:
        # The driver's own transactions begin too late for a read that a write depends on.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            f"cache_size=-{cache}",
            f"wal_autocheckpoint={SQLITE_WAL_PAGES}",
            f"query_only={0 if writer else 1}",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    def begun(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)
    return engine


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def _check_version(engine: Engine) -> None:
    wanted = ScriptDirectory.from_config(_alembic()).get_current_head()
    with engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        found = context.get_current_revision()
    if found != wanted:
        raise StoreError(
            f"ledger store: tables of version {found or 'none'}, this program wants {wanted}; "
            "run `vastedag init` once, or migrate"
        )


def _name(error: Exception) -> str:
    """The kind of a database error; its text may hold values and stays out of messages."""
    return type(getattr(error, "orig", None) or error).__name__
