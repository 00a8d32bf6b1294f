"""The statements that run for every batch, in each database's own fast way.

SQLite: many rows in one statement, since its driver takes and lets go of the interpreter lock once
for each, and a busy sequencer has to wait for it every time. PostgreSQL: COPY, four times as fast
as INSERT (LEDGER-FORMATS 2). What belongs to one transaction is the work of store_sql.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

ROWS_MAX: Final = 128  # rows a statement; a remainder goes in powers of two, so few texts are used
TILES_CHUNK: Final = 64  # SQLite takes 500 terms of a compound SELECT

EntryRow = tuple[int, bytes, bool, str | None, bytes | None]


def insert_entries(connection: Connection, rows: Sequence[EntryRow]) -> None:
    """Rows of ledger_entries."""
    columns = ("n", "raw", "governance", "void", "identity")
    _insert(connection, "ledger_entries", columns, _ENTRY_TYPES, rows)


def insert_follow_ids(connection: Connection, rows: Sequence[tuple[str, int, bytes]]) -> None:
    """Rows of ledger_follow_ids."""
    columns, types = ("name", "n", "identity"), ("varchar", "int8", "bytea")
    _insert(connection, "ledger_follow_ids", columns, types, rows)


def put_tiles(connection: Connection, rows: Sequence[tuple[int, int, bytes]]) -> None:
    """Rows of ledger_tiles (level, n, hashes) in the place of those that stand there."""
    mark = "(%s, %s, %s)" if connection.dialect.name == "postgresql" else "(?, ?, ?)"
    for at in range(0, len(rows), TILES_CHUNK):
        part = rows[at : at + TILES_CHUNK]
        connection.exec_driver_sql(
            f"INSERT INTO ledger_tiles (level, n, hashes) VALUES {', '.join([mark] * len(part))} "  # noqa: S608 - no input
            "ON CONFLICT (level, n) DO UPDATE SET hashes = excluded.hashes",
            tuple(value for row in part for value in row),
        )


def duplicates(connection: Connection) -> tuple[type[Exception], ...]:
    """What an insert raises when a key is there already: by SQLAlchemy, or by the driver itself."""
    driver: Any = connection.dialect.dbapi
    return IntegrityError, driver.IntegrityError


def tiles(
    connection: Connection, wanted: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], bytes]:
    """The present hashes of each of these tiles (level, n) that there is."""
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    one = f"SELECT level, n, hashes FROM ledger_tiles WHERE level = {mark} AND n = {mark}"  # noqa: S608
    found: dict[tuple[int, int], bytes] = {}
    for at in range(0, len(wanted), TILES_CHUNK):
        chunk = wanted[at : at + TILES_CHUNK]
        values = tuple(value for each in chunk for value in each)
        rows = connection.exec_driver_sql(" UNION ALL ".join([one] * len(chunk)), values)
        found.update(((level, n), bytes(hashes)) for level, n, hashes in rows)
    return found


_ENTRY_TYPES: Final = ("int8", "bytea", "bool", "varchar", "bytea")


def _insert(
    connection: Connection,
    table: str,
    columns: Sequence[str],
    types: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
) -> None:
    if connection.dialect.name == "postgresql":
        _copy(connection, table, columns, types, rows)
        return
    one = f"({', '.join('?' * len(columns))})"
    for part in _parts(rows):
        marks = ", ".join([one] * len(part))
        connection.exec_driver_sql(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES {marks}",  # noqa: S608 - no input
            tuple(value for row in part for value in row),
        )


def _copy(
    connection: Connection,
    table: str,
    columns: Sequence[str],
    types: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
) -> None:
    driver_connection: Any = connection.connection
    with (
        driver_connection.cursor() as cursor,
        cursor.copy(
            f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)"  # - no input
        ) as copy,
    ):
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


def _parts(rows: Sequence[tuple[Any, ...]]) -> Iterator[Sequence[tuple[Any, ...]]]:
    at, size = 0, ROWS_MAX
    while at < len(rows):
        while size > len(rows) - at:
            size //= 2
        yield rows[at : at + size]
        at += size
