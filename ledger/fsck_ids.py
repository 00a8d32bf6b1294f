"""The check of the indexes of ids in a database, and making them again from what they are of.

Every block by its sums, its place and each of its ids; the steps that led to them; that no id is
left out. That each entry is found by its id is the work of fsck.py.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, func, select

from ledger.errors import StoreError
from ledger.fsck import Problem, damage
from ledger.stores import schema_sql
from ledger.stores.database_sql import Database
from ledger.stores.id_blocks import Keys, Numbers, block_of, decode_ids, keys_of, run_blocks
from ledger.stores.id_index import Known
from ledger.stores.ids_sql import OF_ENTRIES, READ_MAX, EntryIds, FollowIds, Source, SqlIds

MADE_AGAIN: Final = "stop this node and run `vastedag fsck --rebuild-ids`"
FOLLOW_AGAIN: Final = "clear this follower's place and follow from the first entry again"

_blocks = schema_sql.id_blocks
_followed = schema_sql.follow_ids


async def rebuild_ids(database: Database) -> None:
    """Make every index of ids again: of the entries, and of what each follower has seen."""

    def work(connection: Connection) -> None:
        for name, source in _sources(connection).items():
            ids = SqlIds(name, source or FollowIds(name))
            ids.forget(connection)
            ids.ready(connection, _size(connection, name))

    await database.write(work)


def id_problems(connection: Connection) -> list[Problem]:
    """What is wrong with the indexes of ids, one problem for each wrong block."""
    problems = []
    for name, source in _sources(connection).items():
        place = _place(name)
        if source is None:
            problems.append(damage(place, "without the ids they are of", MADE_AGAIN))
            continue
        if name != OF_ENTRIES and _count(connection, name) != _size(connection, name):
            problems.append(damage(place, "not numbered from 0 on", FOLLOW_AGAIN))
            continue
        try:
            known = SqlIds(name, source).loaded(connection)
            problems += _block_problems(connection, name, source, known)
        except StoreError as error:
            problems.append(damage(place, str(error), MADE_AGAIN))
    return problems


def _block_problems(
    connection: Connection, name: str, source: Source, known: Known
) -> list[Problem]:
    problems, count = [], 0
    query = select(_blocks.c.level, _blocks.c.n).where(_blocks.c.name == name)
    for level, n in connection.execute(query.order_by(_blocks.c.level, _blocks.c.n)).all():
        one = select(_blocks.c.ids).where(
            _blocks.c.name == name, _blocks.c.level == level, _blocks.c.n == n
        )
        try:
            raw = bytes(connection.execute(one).scalar_one())
            count += _checked(connection, source, (level, n), decode_ids(name, level, n, raw))
        except StoreError as error:
            place = f"{_place(name)}, block {n} of level {level}"
            problems.append(damage(place, str(error), MADE_AGAIN))
    right = _count(connection, name, known.sealed)
    if not problems and count != right:
        raise StoreError(f"ids: {count} in blocks, {right} entries have one")
    return problems


def _checked(
    connection: Connection,
    source: Source,
    place: tuple[int, int],
    ids: tuple[Keys, Numbers],
) -> int:
    """How many ids this block holds; raises StoreError unless each is that of its entry."""
    keys, numbers = ids
    level, n = place
    if np.any(keys[1:] < keys[:-1]) or np.any(block_of(keys, level) != n % run_blocks(level)):
        raise StoreError("ids: not in their order")
    told: dict[int, bytes] = {}
    wanted = [int(each) for each in numbers]
    for at in range(0, len(wanted), READ_MAX):
        told |= {n: identity for identity, n in source.at(connection, wanted[at : at + READ_MAX])}
    if len(told) != len(keys):
        raise StoreError("ids: of entries that have none")
    if np.any(keys_of(b"".join(told[each] for each in wanted)) != keys):
        raise StoreError("ids: not those of their entries")
    return len(keys)


def _sources(connection: Connection) -> dict[str, Source | None]:
    """What each index is of, by its name; None when there is nothing under that name."""
    sources: dict[str, Source | None] = {OF_ENTRIES: EntryIds()}
    for (name,) in connection.execute(select(_followed.c.name).distinct()):
        sources[name] = FollowIds(name)
    for table in (_blocks, schema_sql.id_steps):
        for (name,) in connection.execute(select(table.c.name).distinct()):
            sources.setdefault(name, None)
    return sources


def _place(name: str) -> str:
    return "ids of the log" if name == OF_ENTRIES else f"ids of follower {name}"


def _size(connection: Connection, name: str) -> int:
    number, mine = _numbers(name)
    last = connection.execute(select(func.max(number)).where(mine)).scalar()
    return 0 if last is None else int(last) + 1


def _count(connection: Connection, name: str, below: int | None = None) -> int:
    number, mine = _numbers(name)
    query = select(func.count()).where(mine)
    query = query if below is None else query.where(number < below)
    return int(connection.execute(query).scalar_one())


def _numbers(name: str) -> tuple[Any, Any]:
    """The column of the numbers of ids, and which rows are this index's."""
    if name == OF_ENTRIES:
        return schema_sql.entries.c.n, schema_sql.entries.c.identity.is_not(None)
    return _followed.c.n, _followed.c.name == name
