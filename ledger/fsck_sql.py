"""The operator's check of a database: its file, its tables, and all that stands beside the log.

In order: what SQLite says of its own file, the tables as the migrations make them, the type of
every value, how many rows there may be, the index of ids (fsck_ids.py). A file that fails there is
read no further. Then the log (fsck.py), every note that was shown, cosigned checkpoints, evidence,
and followers' places.
Pages of PostgreSQL are its own checksums' work. The lease has no proof: it decides who may write,
never what, so only an impossible one is named (tests/fault/test_fault_bit_flips.py).
"""

from __future__ import annotations

import asyncio
import tempfile
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Column, Connection, LargeBinary, Numeric, Table, create_engine, func, select
from sqlalchemy.types import Boolean, Integer

from ledger.errors import LedgerError, StoreError
from ledger.follow_place import Place, Seen, load_place
from ledger.formats.note import parse_note
from ledger.formats.tiles import TILE_HEIGHT, TILE_WIDTH
from ledger.fsck import PROBLEMS_MAX, Problem, Progress, check_head, damage, fsck
from ledger.fsck_ids import FOLLOW_AGAIN, id_problems
from ledger.ports import Checks, Head
from ledger.rules.registry import Registry
from ledger.stores import schema_sql
from ledger.stores.database_sql import Database, migrate, sqlite_url
from ledger.stores.evidence_sql import check_row
from ledger.stores.store_sql import SqlStore
from ledger.tail import registry_of

LEASE_SECONDS_MAX: Final = 30 * 86_400
KEEP_OTHERS: Final = "keep what can be read of it; another member may hold the same contradiction"
WITNESS_AGAIN: Final = "stop this witness; it cosigns again under a new key only"

_Made = tuple[str, str, str, str]  # kind, name, table, statement


async def fsck_database(
    url: str,
    checks: Checks,
    *,
    now: int,
    founded: Registry | None = None,
    progress: Progress | None = None,
) -> list[Problem]:
    """Every problem of this database, up to 100; an empty list for a sound one.

    founded: the members by the trusted genesis, for a database without entries (a witness's);
    now: POSIX seconds, against which the lease is held.
    """
    try:
        database = Database(url)
    except LedgerError as error:
        return [damage("database", str(error))]
    try:
        found = await _file_problems(database)
        if not found:
            found = await _row_problems(database, now)
        if not found:
            found = await database.read(id_problems)
        if not found:
            found = await fsck(SqlStore(database), checks, progress)
            found += await _beside_problems(database, founded)
    except LedgerError as error:
        found = [damage("database", str(error))]
    finally:
        await database.close()
    return found[:PROBLEMS_MAX]


async def _file_problems(database: Database) -> list[Problem]:
    """SQLite's own check of pages and indexes, its tables, and the type of every value."""
    if database.dialect != "sqlite":
        return []
    lines = await database.read(lambda connection: _column(connection, "PRAGMA integrity_check"))
    problems = [damage("database file", line) for line in lines if line != "ok"]
    if problems:
        return problems
    wanted = await asyncio.to_thread(_fresh_schema)
    have = await database.read(_schema)
    problems = [
        damage(f"{kind} {name}", "not as the migrations make it")
        for kind, name in sorted({each[:2] for each in wanted ^ have})
    ]
    if problems:
        return problems
    return await database.read(_type_problems)


@cache
def _fresh_schema() -> set[_Made]:
    with tempfile.TemporaryDirectory() as folder:
        url = sqlite_url(Path(folder) / "fresh.sqlite3")
        migrate(url)
        engine = create_engine(url)
        try:
            with engine.connect() as connection:
                return _schema(connection)
        finally:
            engine.dispose()


def _schema(connection: Connection) -> set[_Made]:
    query = (
        "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master "
        "WHERE name LIKE '%ledger_%' OR tbl_name LIKE '%ledger_%'"
    )
    return {(made[0], made[1], made[2], made[3]) for made in connection.exec_driver_sql(query)}


def _type_problems(connection: Connection) -> list[Problem]:
    """A value of another type than its column's is read as something else, or not at all."""
    problems = []
    for table in schema_sql.metadata.sorted_tables:
        for column in table.columns:
            kinds = [_kind(column)] + (["null"] if column.nullable else [])
            of_another: Any = func.typeof(column).not_in(kinds)
            if isinstance(column.type, Boolean):
                of_another = column.not_in([False, True]) | of_another
            count = _count(connection, table, of_another)
            if count:
                problems.append(
                    damage(f"{table.name}.{column.name}", f"{count} values are of another type")
                )
    return problems


def _kind(column: Column[Any]) -> str:
    if isinstance(column.type, LargeBinary):
        return "blob"
    return "integer" if isinstance(column.type, Integer | Numeric | Boolean) else "text"


async def _row_problems(database: Database, now: int) -> list[Problem]:
    """How many rows there are of each kind follows from the size; a lease does not last long."""

    def work(connection: Connection) -> list[Problem]:
        state = schema_sql.state
        rows = connection.execute(select(state.c.id, state.c.size, state.c.held_until)).all()
        if [row[0] for row in rows] != [schema_sql.STATE_ROW]:
            return [damage("state", f"{len(rows)} rows, there is one")]
        ((_, size, held_until),) = rows
        problems = []
        if held_until > now + LEASE_SECONDS_MAX:
            problems.append(damage("lease", "lasts longer than any lease is given for"))
        for table, right in ((schema_sql.entries, size), (schema_sql.tiles, _tiles_count(size))):
            have = _count(connection, table)
            if have != right:
                problems.append(
                    damage(table.name, f"{have} rows, a log of {size} entries has {right}")
                )
        return problems

    return await database.read(work)


def _tiles_count(size: int) -> int:
    """The hash tiles of a tree of this size."""
    count = 0
    while size > 0:
        count += -(-size // TILE_WIDTH)
        size >>= TILE_HEIGHT
    return count


async def _beside_problems(database: Database, founded: Registry | None) -> list[Problem]:
    """What stands beside the log: all of it, one wrong row hides no other."""
    registry = registry_of(await SqlStore(database).governance())
    problems, places = await database.read(_places)
    for place in places:
        registry = registry or place.tail.registry
    registry = registry or founded
    for work in (_shown_problems, _cosigned_problems):
        problems += await database.read(partial(work, registry))
    return problems + await database.read(_evidence_problems)


def _shown_problems(registry: Registry | None, connection: Connection) -> list[Problem]:
    """A note with more cosignatures is of the same checkpoint as the one it stands beside."""
    table, problems = schema_sql.published, []
    query = select(table).where(table.c.shown.is_not(None)).order_by(table.c.size)
    for size, note, shown in connection.execute(query):
        place = f"shown head of {size} entries"
        try:
            if parse_note(bytes(shown)).text != parse_note(bytes(note)).text:
                raise StoreError("of another checkpoint than the published one")
            if registry is not None:
                check_head(Head(size=size, note=bytes(shown)), registry, {})
        except LedgerError as error:
            problems.append(damage(place, str(error)))
    return problems


def _cosigned_problems(registry: Registry | None, connection: Connection) -> list[Problem]:
    """What a witness last cosigned, for each origin."""
    problems = []
    for origin, size, note in connection.execute(select(schema_sql.cosigned)):
        try:
            if registry is None:
                raise StoreError("nobody's keys are known here, so its signatures prove nothing")
            if origin != registry.origin:
                raise StoreError(f"of another log than {registry.origin}")
            check_head(Head(size=size, note=bytes(note)), registry, {})
        except LedgerError as error:
            problems.append(damage(f"cosigned checkpoint of {origin}", str(error), WITNESS_AGAIN))
    return problems


def _evidence_problems(connection: Connection) -> list[Problem]:
    problems = []
    for row in connection.execute(select(schema_sql.evidence)).mappings():
        try:
            check_row(dict(row))
        except StoreError as error:
            place = f"evidence {bytes(row['digest']).hex()[:16]}"
            problems.append(damage(place, str(error), KEEP_OTHERS))
    return problems


def _places(connection: Connection) -> tuple[list[Problem], list[Place]]:
    """Every follower's place, and the ids that belong to it."""
    problems, places = [], []
    ids = schema_sql.follow_ids
    seen = {name: Seen() for (name,) in connection.execute(select(ids.c.name).distinct())}
    query = select(ids.c.name, ids.c.identity).execution_options(yield_per=4_096)
    for name, identity in connection.execute(query):
        seen[name] = seen[name].more([bytes(identity)])
    for name, state in connection.execute(select(schema_sql.follow)):
        try:
            place = load_place(bytes(state))
            if seen.pop(name, Seen()) != place.seen:
                raise StoreError("the ids beside it are not those it was saved with")
            places.append(place)
        except LedgerError as error:
            seen.pop(name, None)
            problems.append(damage(f"place of follower {name}", str(error), FOLLOW_AGAIN))
    problems += [
        damage(f"ids of follower {name}", "without a place they belong to", FOLLOW_AGAIN)
        for name in sorted(seen)
    ]
    return problems, places


def _count(connection: Connection, table: Table, condition: Any = None) -> int:
    query = select(func.count()).select_from(table)
    if condition is not None:
        query = query.where(condition)
    return int(connection.execute(query).scalar_one())


def _column(connection: Connection, statement: str) -> list[str]:
    return [str(row[0]) for row in connection.exec_driver_sql(statement)]
