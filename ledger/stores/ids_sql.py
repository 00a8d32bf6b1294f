"""The index of ids in a database: who has used which id, decided in the transaction that writes it.

Identities stand in log order beside their entries; blocks of sorted keys (id_blocks.py) are made
of them and can be made again. Memory (id_index.py) says of a new id that it is new; what it cannot
say is read: a block, then the identity itself. Blocks are written and merged a few at a time, in
the transactions that add entries: there is no step that can fail by itself. Memory follows a
transaction only when that has ended well; after any other end it is read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, Final, Protocol

import numpy as np
from sqlalchemy import Connection, delete, insert, select, update

from ledger.errors import StoreError
from ledger.stores import schema_sql
from ledger.stores.id_blocks import (
    Block,
    Keys,
    Numbers,
    cut,
    decode_filter,
    decode_ids,
    encode_filter,
    encode_ids,
    keys_of,
    run_entries,
    step_entries,
)
from ledger.stores.id_index import Known, Place, Step, inputs, known_of

OF_ENTRIES: Final = "*"  # the index of the log's own entries; no follower has that name
READ_MAX: Final = 500  # blocks or identities a statement

Id = tuple[bytes, int]  # an identity and the number of its entry

_blocks = schema_sql.id_blocks
_steps = schema_sql.id_steps


class Source(Protocol):
    """Where identities stand in the order of their entries."""

    def between(self, connection: Connection, start: int, end: int) -> list[Id]:
        """Those of entries [start, end)."""
        ...

    def at(self, connection: Connection, numbers: Sequence[int]) -> list[Id]:
        """Those of these entries."""
        ...


class SqlIds:
    """One index, by its name. All but `look` belongs to the writer's thread."""

    def __init__(self, name: str, source: Source) -> None:
        self._name = name
        self._source = source
        self._known: Known | None = None
        self._open = False  # a transaction has changed what is not known to be stored
        self._growing: tuple[Sequence[Id], int] | None = None
        self._due = 0

    def look(
        self, connection: Connection, size: int, identities: Sequence[bytes]
    ) -> dict[bytes, int] | None:
        """The number of each that is recorded; None when only the writer's thread can tell."""
        known = self._known
        if known is None or known.size < size:
            return None
        found, doubtful = known.ask(identities)
        blocks = self._read(connection, doubtful)
        if len(blocks) != len(doubtful):
            return None  # one was merged meanwhile
        return found | self._resolved(connection, doubtful, blocks)

    def find(
        self, connection: Connection, size: int, identities: Sequence[bytes]
    ) -> dict[bytes, int]:
        """The number of each that is recorded; the store holds the ids of [0, size)."""
        found, doubtful = self.ready(connection, size).ask(identities)
        blocks = self._read(connection, doubtful)
        if len(blocks) != len(doubtful):
            raise StoreError("ids: a block is missing; run fsck")
        return found | self._resolved(connection, doubtful, blocks)

    def grow(self, connection: Connection, ids: Sequence[Id], size: int, until: int) -> None:
        """Take up the ids of entries [size, until); raises StoreError when one is used."""
        identities = [identity for identity, _ in ids]
        if len(set(identities)) != len(ids) or self.find(connection, size, identities):
            raise StoreError("ledger store: an id is recorded already; nothing was written")
        self._upkeep(connection, until - size)
        self._growing, self._open = (ids, until), True

    def done(self) -> None:
        """The transaction has ended well: memory may follow."""
        if self._growing is not None and self._known is not None:
            self._known = self._known.grown(*self._growing)
        self._growing, self._open = None, False

    def forget(self, connection: Connection) -> None:
        """Remove all blocks; the next use makes them again of what the source holds."""
        self._known = None
        for table in (_blocks, _steps):
            connection.execute(delete(table).where(table.c.name == self._name))

    def ready(self, connection: Connection, size: int) -> Known:
        """Memory as the store is within this transaction; makes the blocks that are missing."""
        if self._open:
            self._known = None
        self._growing, self._open = None, False
        known = self._known
        if known is None or known.size > size or known.steps != self._count(connection):
            self._known = None
            known = self.loaded(connection)
        self._known = known
        while known.size < size:
            end = min(size, known.sealed + run_entries(0))
            known = known.grown(self._source.between(connection, known.size, end), end)
            self._known = known
            if known.size - known.sealed >= run_entries(0) and known.size < size:
                self._upkeep(connection, run_entries(0))
                known = self._known
        return known

    def loaded(self, connection: Connection) -> Known:
        """What the blocks say; raises StoreError when one is missing or damaged."""
        query = select(_blocks.c.level, _blocks.c.n, _blocks.c.filter)
        rows = connection.execute(query.where(_blocks.c.name == self._name))
        filters = {
            (level, n): decode_filter(self._name, level, n, bytes(raw)) for level, n, raw in rows
        }
        known = known_of(filters)
        if known.steps != self._count(connection):
            raise StoreError("ids: not the steps that its blocks tell; run fsck")
        return known

    def _count(self, connection: Connection) -> int:
        query = select(_steps.c.steps).where(_steps.c.name == self._name)
        return connection.execute(query).scalar() or 0

    def _upkeep(self, connection: Connection, entries: int) -> None:
        """The steps that are due for so many new entries: one for a batch, never a long one."""
        self._due += entries
        while self._due >= step_entries():
            assert self._known is not None
            step = self._known.next_step()
            if step is None:
                self._due = 0
                return
            self._due -= step_entries()
            self._open = True
            self._known = self._known.stepped(step, self._write(connection, self._known, step))

    def _write(self, connection: Connection, known: Known, step: Step) -> list[Block]:
        level, group = step
        sources = inputs(step)
        if sources:
            read = self._read(connection, sources)
            if len(read) != len(sources):
                raise StoreError(f"ids: a block below level {level} is missing; run fsck")
            keys = np.concatenate([part for part, _ in read.values()])
            numbers = np.concatenate([part for _, part in read.values()])
            self._delete(connection, sources)
        else:
            keys, numbers = _young(known, group)
        blocks = cut(level, group, keys, numbers)
        connection.execute(
            insert(_blocks),
            [
                {
                    "name": self._name,
                    "level": block.level,
                    "n": block.n,
                    "filter": encode_filter(self._name, block),
                    "ids": encode_ids(self._name, block),
                }
                for block in blocks
            ],
        )
        steps = known.steps + 1
        change = update(_steps).where(_steps.c.name == self._name).values(steps=steps)
        if connection.execute(change).rowcount == 0:
            connection.execute(insert(_steps), {"name": self._name, "steps": steps})
        return blocks

    def _delete(self, connection: Connection, places: Sequence[Place]) -> None:
        numbers = [n for _, n in places]
        connection.execute(
            delete(_blocks).where(
                _blocks.c.name == self._name,
                _blocks.c.level == places[0][0],
                _blocks.c.n.in_(numbers),
            )
        )

    def _read(
        self, connection: Connection, places: Iterable[Place]
    ) -> dict[Place, tuple[Keys, Numbers]]:
        """Those of these blocks that are there."""
        read: dict[Place, tuple[Keys, Numbers]] = {}
        for level, group in groupby(sorted(places), key=lambda place: place[0]):
            wanted = [n for _, n in group]
            for at in range(0, len(wanted), READ_MAX):
                query = select(_blocks.c.n, _blocks.c.ids).where(
                    _blocks.c.name == self._name,
                    _blocks.c.level == level,
                    _blocks.c.n.in_(wanted[at : at + READ_MAX]),
                )
                for n, raw in connection.execute(query):
                    read[level, n] = decode_ids(self._name, level, n, bytes(raw))
        return read

    def _resolved(
        self,
        connection: Connection,
        doubtful: dict[Place, list[bytes]],
        blocks: dict[Place, tuple[Keys, Numbers]],
    ) -> dict[bytes, int]:
        """Of those that may stand in these blocks the ones that do, to the last byte."""
        wanted: set[bytes] = set()
        numbers: list[int] = []
        for place, identities in doubtful.items():
            keys, entries = blocks[place]
            asked = keys_of(b"".join(identities))
            starts, ends = np.searchsorted(keys, asked), np.searchsorted(keys, asked, "right")
            for identity, start, end in zip(identities, starts, ends, strict=True):
                if start < end:
                    wanted.add(identity)
                    numbers.extend(entries[start:end].tolist())
        found: dict[bytes, int] = {}
        for at in range(0, len(numbers), READ_MAX):
            part = self._source.at(connection, numbers[at : at + READ_MAX])
            found.update((identity, n) for identity, n in part if identity in wanted)
        return found


class EntryIds:
    """The ids of a log's entries, beside them."""

    def between(self, connection: Connection, start: int, end: int) -> list[Id]:
        """Those of entries [start, end) that are not void."""
        table = schema_sql.entries
        return _ids(connection, table, table.c.n >= start, table.c.n < end)

    def at(self, connection: Connection, numbers: Sequence[int]) -> list[Id]:
        """Those of these entries."""
        table = schema_sql.entries
        return _ids(connection, table, table.c.n.in_(numbers))


class FollowIds:
    """The ids that a follower has seen, in the order it saw them."""

    def __init__(self, name: str) -> None:
        self._name = name

    def between(self, connection: Connection, start: int, end: int) -> list[Id]:
        """The start-th to the one before the end-th."""
        table = schema_sql.follow_ids
        mine = table.c.name == self._name
        return _ids(connection, table, mine, table.c.n >= start, table.c.n < end)

    def at(self, connection: Connection, numbers: Sequence[int]) -> list[Id]:
        """The ones of these numbers."""
        table = schema_sql.follow_ids
        return _ids(connection, table, table.c.name == self._name, table.c.n.in_(numbers))


def _ids(connection: Connection, table: Any, *conditions: Any) -> list[Id]:
    query = select(table.c.identity, table.c.n).where(table.c.identity.is_not(None), *conditions)
    return [(bytes(identity), n) for identity, n in connection.execute(query)]


def _young(known: Known, group: int) -> tuple[Keys, Numbers]:
    until = (group + 1) * run_entries(0)
    ids = [(identity, n) for identity, n in known.young.items() if n < until]
    numbers = np.array([n for _, n in ids], dtype=np.int64)
    return keys_of(b"".join(identity for identity, _ in ids)), numbers
