"""The stores over SQL: SQLite by default, PostgreSQL past one machine. One transaction a write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, delete, func, insert, select, update

from ledger.errors import HeadMovedError, LeaseError, StoreError
from ledger.formats.checkpoint import parse_checkpoint
from ledger.formats.note import parse_note
from ledger.ports import Batch, Evidence, Head, Row, Stored
from ledger.stores import schema_sql
from ledger.stores import statements_sql as statements
from ledger.stores.database_sql import Database
from ledger.stores.evidence_sql import evidence_of, evidence_row
from ledger.stores.ids_sql import OF_ENTRIES, EntryIds, FollowIds, SqlIds
from ledger.witness import Cosigned

PUBLISHED_KEPT: Final = 4_096
PRUNE_EVERY: Final = 512

_state = schema_sql.state
_ONE_STATE: Final = _state.c.id == schema_sql.STATE_ROW


class SqlStore:
    """A Store in a migrated database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ids = SqlIds(OF_ENTRIES, EntryIds())
        self._publishes = 0

    async def load(self) -> Stored:
        """What is stored now."""
        # On the writer's thread: an earlier commit whose answer got lost has ended by then.
        return await self._database.write(_load)

    async def commit(self, batch: Batch, *, after: Stored, fence: int | None = None) -> None:
        """Write all of batch or nothing (see ports.Store)."""
        rows = [(row.n, row.raw, row.governance, row.void, row.identity) for row in batch.rows]
        ids = [(row.identity, row.n) for row in batch.rows if row.identity is not None]

        def work(connection: Connection) -> None:
            _swap(connection, batch, after, fence)
            self._ids.grow(connection, ids, batch.start, batch.size)
            try:
                statements.insert_entries(connection, rows)
            except statements.duplicates(connection):
                raise StoreError(
                    "ledger store: an entry is recorded already; nothing was written"
                ) from None
            statements.put_tiles(connection, [(t.level, t.n, t.hashes) for t in batch.tiles])
            if batch.published is not None:
                _publish(connection, batch.published)

        await self._database.write(work, self._ids.done)

    async def set_head(self, head: Head | None, *, after: Head | None) -> None:
        """Replace the pending head, only if it still is `after`."""

        def work(connection: Connection) -> None:
            changed = connection.execute(
                update(_state)
                .where(_ONE_STATE, _same_head(after))
                .values(
                    head_size=None if head is None else head.size,
                    head_note=None if head is None else head.note,
                )
            ).rowcount
            if changed != 1:
                raise HeadMovedError("ledger store: the pending head is another by now")

        await self._database.write(work)

    async def publish(self, head: Head) -> None:
        """Make head the published one unless a larger one is; remember it for its size."""
        self._publishes += 1
        prune = self._publishes % PRUNE_EVERY == 0

        def work(connection: Connection) -> None:
            _publish(connection, head)
            if prune:
                _prune(connection)

        await self._database.write(work)

    async def published(self) -> Head | None:
        """The newest published head, as readers see it: never waits for a writer."""
        return await self._database.read(_published)

    async def published_over(self, n: int) -> Head | None:
        """The first remembered published head that covers entry n."""
        table = schema_sql.published
        query = (
            select(table.c.size, table.c.note)
            .where(table.c.size > n)
            .order_by(table.c.size)
            .limit(1)
        )
        return await self._database.read(lambda connection: _one_head(connection, query))

    async def published_last(self, count: int) -> list[Head]:
        """The remembered published heads, the largest first."""
        table = schema_sql.published
        query = select(table.c.size, table.c.note).order_by(table.c.size.desc()).limit(count)
        return await self._database.read(
            lambda connection: [
                Head(size=size, note=bytes(note)) for size, note in connection.execute(query)
            ]
        )

    async def count_void(self) -> int:
        """How many entries are void."""
        table = schema_sql.entries
        query = select(func.count()).select_from(table).where(table.c.void.is_not(None))
        return await self._database.read(lambda connection: connection.execute(query).scalar_one())

    async def entries(self, start: int, end: int) -> list[bytes]:
        """The entries' bytes, in order; fewer when the store ends before."""
        table = schema_sql.entries
        query = select(table.c.raw).where(_between(start, end)).order_by(table.c.n)
        return await self._database.read(
            lambda connection: [bytes(raw) for (raw,) in connection.execute(query)]
        )

    async def rows(self, start: int, end: int) -> list[Row]:
        """The entries with what is known of them."""
        return await self._rows(_between(start, end))

    async def governance(self) -> list[Row]:
        """The governance entries that are not void, in order."""
        table = schema_sql.entries
        return await self._rows(and_(table.c.governance, table.c.void.is_(None)))

    async def find(self, identities: Sequence[bytes]) -> dict[bytes, int]:
        """The entry number of each identity that is recorded."""

        def look(connection: Connection) -> dict[bytes, int] | None:
            return self._ids.look(connection, _size(connection), identities)

        def find(connection: Connection) -> dict[bytes, int]:
            return self._ids.find(connection, _size(connection, lock=True), identities)

        found = await self._database.read(look)
        return await self._database.write(find, self._ids.done) if found is None else found

    async def tiles(self, wanted: Sequence[tuple[int, int]]) -> list[bytes | None]:
        """For each (level, n) the present hashes of that tile, None when there is none."""

        def work(connection: Connection) -> list[bytes | None]:
            found = statements.tiles(connection, wanted)
            return [found.get(each) for each in wanted]

        return await self._database.read(work)

    async def acquire(self, holder: str, *, now: int, until: int) -> int:
        """Take or prolong the lease and answer its fencing number."""

        def work(connection: Connection) -> int:
            query = select(_state).where(_ONE_STATE).with_for_update()
            state = connection.execute(query).mappings().one()
            held_by, held_until, fence = state["holder"], state["held_until"], state["fence"]
            if held_by not in ("", holder) and held_until > now:
                raise LeaseError("lease: held by another sequencer")
            if held_by != holder:
                fence += 1
            self._ids.ready(connection, state["size"])  # whoever may write knows who used what
            connection.execute(
                update(_state)
                .where(_ONE_STATE)
                .values(holder=holder, held_until=until, fence=fence)
            )
            return int(fence)

        return await self._database.write(work, self._ids.done)

    async def keep_evidence(self, evidence: Evidence) -> None:
        """Keep contradictions; the same parts are kept once."""
        row = evidence_row(evidence)
        table = schema_sql.evidence

        def work(connection: Connection) -> None:
            known = select(table.c.digest).where(table.c.digest == row["digest"])
            if connection.execute(known).first() is None:
                connection.execute(insert(table), row)

        await self._database.write(work)

    async def evidence(self) -> list[Evidence]:
        """All that was kept, oldest first."""
        table = schema_sql.evidence
        query = select(table).order_by(table.c.found_at, table.c.digest)
        return await self._database.read(
            lambda connection: [evidence_of(row) for row in connection.execute(query).mappings()]
        )

    async def _rows(self, condition: Any) -> list[Row]:
        table = schema_sql.entries
        query = select(table).where(condition).order_by(table.c.n)

        def work(connection: Connection) -> list[Row]:
            return [
                Row(
                    n=n,
                    raw=bytes(raw),
                    governance=bool(governance),
                    void=void,
                    identity=None if identity is None else bytes(identity),
                )
                for n, raw, governance, void, identity in connection.execute(query)
            ]

        return await self._database.read(work)


class SqlCosigned:
    """A cosigner.CosignedState in a migrated database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def last(self, origin: str) -> Cosigned | None:
        """What was last swapped in for this origin; None if never."""
        table = schema_sql.cosigned
        query = select(table.c.size, table.c.note).where(table.c.origin == origin)
        head = await self._database.write(lambda connection: _one_head(connection, query))
        if head is None:
            return None
        note = parse_note(head.note)
        return Cosigned(checkpoint=parse_checkpoint(note.text), note=note)

    async def swap(self, origin: str, before: Cosigned | None, after: Cosigned) -> bool:
        """Put after where before stands, durable on return; False when before no longer stands."""
        table = schema_sql.cosigned
        new = {"size": after.checkpoint.size, "note": after.note.encode()}

        def work(connection: Connection) -> bool:
            if before is None:
                known = select(table.c.origin).where(table.c.origin == origin)
                if connection.execute(known).first() is not None:
                    return False
                connection.execute(insert(table), {"origin": origin, **new})
                return True
            same = and_(table.c.origin == origin, table.c.note == before.note.encode())
            return connection.execute(update(table).where(same).values(**new)).rowcount == 1

        return await self._database.write(work)


class SqlState:
    """A StateStore in a migrated database; several followers may share one, each by its name."""

    def __init__(self, database: Database, name: str = "main") -> None:
        self._database = database
        self._name = name
        self._ids = SqlIds(name, FollowIds(name))

    async def load(self) -> bytes | None:
        """The last saved state."""
        table = schema_sql.follow
        query = select(table.c.state).where(table.c.name == self._name)

        def work(connection: Connection) -> bytes | None:
            row = connection.execute(query).first()
            return None if row is None else bytes(row[0])

        return await self._database.write(work)

    async def known(self, identities: Sequence[bytes]) -> set[bytes]:
        """Which of these were saved before."""

        def work(connection: Connection) -> set[bytes]:
            return set(self._ids.find(connection, self._count(connection), identities))

        return await self._database.write(work, self._ids.done)

    async def save(self, state: bytes, identities: Sequence[bytes]) -> None:
        """Replace the state and add identities, all or nothing, durably."""

        def work(connection: Connection) -> None:
            table = schema_sql.follow
            change = update(table).where(table.c.name == self._name).values(state=state)
            if connection.execute(change).rowcount == 0:
                connection.execute(insert(table), {"name": self._name, "state": state})
            start = self._count(connection)
            ids = [(identity, n) for n, identity in enumerate(identities, start)]
            self._ids.grow(connection, ids, start, start + len(ids))
            statements.insert_follow_ids(connection, [(self._name, n, each) for each, n in ids])

        await self._database.write(work, self._ids.done)

    async def clear(self) -> None:
        """Forget all, to follow from the first entry again."""

        def work(connection: Connection) -> None:
            for table in (schema_sql.follow, schema_sql.follow_ids):
                connection.execute(delete(table).where(table.c.name == self._name))
            self._ids.forget(connection)

        await self._database.write(work)

    def _count(self, connection: Connection) -> int:
        table = schema_sql.follow_ids
        last = select(func.max(table.c.n)).where(table.c.name == self._name)
        number = connection.execute(last).scalar()
        return 0 if number is None else int(number) + 1


def _load(connection: Connection) -> Stored:
    state = connection.execute(select(_state).where(_ONE_STATE)).mappings().one()
    head = None
    if state["head_note"] is not None:
        head = Head(size=state["head_size"], note=bytes(state["head_note"]))
    return Stored(size=state["size"], head=head, published=_published(connection))


def _size(connection: Connection, *, lock: bool = False) -> int:
    query = select(_state.c.size).where(_ONE_STATE)
    size: int = connection.execute(query.with_for_update() if lock else query).scalar_one()
    return size


def _published(connection: Connection) -> Head | None:
    table = schema_sql.published
    shown = func.coalesce(table.c.shown, table.c.note)
    return _one_head(connection, select(table.c.size, shown).order_by(table.c.size.desc()).limit(1))


def _swap(connection: Connection, batch: Batch, after: Stored, fence: int | None) -> None:
    """The compare-and-swap of the head, first in the transaction: it locks out all others."""
    values: dict[str, Any] = {"size": batch.size}
    if batch.head is not None:
        values |= {"head_size": batch.head.size, "head_note": batch.head.note}
    conditions = [_ONE_STATE, _state.c.size == after.size, _same_head(after.head)]
    if fence is not None:
        conditions.append(_state.c.fence == fence)
    if batch.start != after.size:
        raise HeadMovedError(f"ledger store: a batch from {batch.start} upon {after.size} entries")
    changed = connection.execute(update(_state).where(*conditions).values(**values)).rowcount
    if changed != 1:
        found = connection.execute(select(_state.c.fence, _state.c.size).where(_ONE_STATE)).one()
        if fence is not None and found[0] != fence:
            raise LeaseError("lease: it changed hands; this sequencer must stop")
        raise HeadMovedError(f"ledger store: {found[1]} entries, built upon {after.size}")


def _same_head(head: Head | None) -> Any:
    if head is None:
        return _state.c.head_note.is_(None)
    return and_(_state.c.head_size == head.size, _state.c.head_note == head.note)


def _publish(connection: Connection, head: Head) -> None:
    table = schema_sql.published
    change = update(table).where(table.c.size == head.size).values(shown=head.note)
    if connection.execute(change).rowcount == 0:
        connection.execute(insert(table), {"size": head.size, "note": head.note})


def _prune(connection: Connection) -> None:
    table = schema_sql.published
    oldest = select(table.c.size).order_by(table.c.size.desc()).offset(PUBLISHED_KEPT).limit(1)
    cut = connection.execute(oldest).scalar()
    if cut is not None:
        connection.execute(delete(table).where(table.c.size <= cut))


def _one_head(connection: Connection, query: Select[Any]) -> Head | None:
    row = connection.execute(query).first()
    return None if row is None else Head(size=row[0], note=bytes(row[1]))


def _between(start: int, end: int) -> Any:
    table = schema_sql.entries
    return and_(table.c.n >= start, table.c.n < end)
