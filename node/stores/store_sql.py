"""The records a node holds, whom they name, where those live, and the ledger as followed.

Every method works inside the caller's transaction, so that what belongs together is written
together. Keys and persons are the work of subjects.py; what the steps mean that of submit.py,
follow.py and deliver_http.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Select,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from node.errors import ErasedError
from node.sealing import Content, bound, decrypt, encrypt, new_key
from node.stores import schema_desk_sql as desk_tables
from node.stores import schema_sql as tables
from node.stores.work_sql import put
from node.subjects import Subjects
from scheduler.folding.facts import SubjectId

IN_CHUNK: Final = 500  # values in one IN list; SQLite takes at least 999 parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRecord:
    """One row of records, without its content."""

    author: str
    id: str
    type: str
    record_class: str
    term: int
    state: str
    reason: str
    n: int | None
    content_mac: bytes | None
    envelope: bytes | None
    receipt: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """What the node keeps of one ledger entry."""

    n: int
    author: str
    id: str
    record_class: str
    commitment: str | None
    leaf: bytes
    void: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Residence:
    """Where a subject lives by one record; `municipality` "" means not in the Netherlands."""

    author: str
    record: str
    n: int
    municipality: str
    valid_from: date


_RECORD: Final = (
    tables.records.c.author,
    tables.records.c.id,
    tables.records.c.type,
    tables.records.c.record_class,
    tables.records.c.term,
    tables.records.c.state,
    tables.records.c.reason,
    tables.records.c.n,
    tables.records.c.content_mac,
    tables.records.c.envelope,
    tables.records.c.receipt,
)


# Statements that run for every record are built once: building costs more than running them.
_THIS: Final = (
    tables.records.c.author == bindparam("author"),
    tables.records.c.id == bindparam("id"),
)
_GET: Final = select(*_RECORD).where(*_THIS)
_CONTENT: Final = select(tables.records.c.content).where(*_THIS)
_PERSONS: Final = (
    select(tables.persons.c.path, tables.persons.c.subject)
    .where(tables.persons.c.author == bindparam("author"), tables.persons.c.id == bindparam("id"))
    .order_by(tables.persons.c.path)
)
_ENTRY: Final = (
    select(*(tables.entries.c[name] for name in EntryRow.__slots__))
    .where(tables.entries.c.id == bindparam("id"), tables.entries.c.author == bindparam("author"))
    .order_by(tables.entries.c.void.is_not(None), tables.entries.c.n)
)
_RESIDENCES: Final = (
    select(
        tables.residences.c.author,
        tables.residences.c.id,
        tables.records.c.n,
        tables.residences.c.place,
    )
    .join(
        tables.records,
        (tables.records.c.author == tables.residences.c.author)
        & (tables.records.c.id == tables.residences.c.id),
    )
    .where(tables.residences.c.subject == bindparam("subject"))
    .where(tables.records.c.state == "opened")
    .order_by(tables.records.c.n)
)


class Records:
    """Statements over records, persons, residences and entries."""

    def __init__(self, subjects: Subjects) -> None:
        self.subjects = subjects

    # Records and their content.

    def add(
        self,
        connection: Connection,
        record: StoredRecord,
        content: Content,
        persons: Sequence[tuple[str, SubjectId]],
        main: Sequence[SubjectId],
    ) -> None:
        """Store a record: content under a fresh data key, the key wrapped for `main`."""
        data_key = new_key()
        ciphertext = encrypt(data_key, content.joined(), _binding(record.author, record.id))
        values = {column.name: getattr(record, column.name) for column in _RECORD}
        connection.execute(insert(tables.records), {**values, "content": ciphertext})
        self.subjects.wrap(
            connection,
            data_key,
            author=record.author,
            record=record.id,
            subjects=main,
            term=record.term,
        )
        rows = [
            {"author": record.author, "id": record.id, "path": path, "subject": subject}
            for path, subject in persons
        ]
        if rows:
            connection.execute(insert(tables.persons), rows)

    def get(self, connection: Connection, author: str, record: str) -> StoredRecord | None:
        """One record by author and id."""
        row = connection.execute(_GET, {"author": author, "id": record}).first()
        return None if row is None else _record(row)

    def content(self, connection: Connection, author: str, record: str) -> Content:
        """The content of a record; raises ErasedError, SealError."""
        ciphertext = connection.execute(_CONTENT, {"author": author, "id": record}).scalar()
        if ciphertext is None:
            raise ErasedError(f"record {record}: no content here any more")
        data_key = self.subjects.unwrap(connection, author, record)
        return Content.split(decrypt(data_key, ciphertext, _binding(author, record)))

    def change(self, connection: Connection, author: str, record: str, **values: Any) -> None:
        """Set columns of one record."""
        connection.execute(_change(tuple(values)), {**values, "of": author, "which": record})

    def where(
        self, connection: Connection, *conditions: Any, limit: int | None = None
    ) -> list[StoredRecord]:
        """Records that meet all conditions, by ledger index, then id."""
        query: Select[Any] = select(*_RECORD).where(*conditions)
        query = query.order_by(tables.records.c.n, tables.records.c.id).limit(limit)
        return [_record(row) for row in connection.execute(query)]

    def naming(
        self, connection: Connection, subjects: Iterable[SubjectId], *conditions: Any
    ) -> list[StoredRecord]:
        """Records that name any of these subjects, by ledger index."""
        found: dict[tuple[str, str], StoredRecord] = {}
        for chunk in _chunks(sorted(set(subjects))):
            # From the persons to their records: never over all records.
            query = select(*_RECORD).join(
                tables.persons,
                (tables.persons.c.author == tables.records.c.author)
                & (tables.persons.c.id == tables.records.c.id),
            )
            query = query.where(tables.persons.c.subject.in_(chunk), *conditions)
            for row in connection.execute(query):
                record = _record(row)
                found[record.author, record.id] = record
        return sorted(found.values(), key=lambda record: (record.n or 0, record.author, record.id))

    def persons_in(self, connection: Connection, author: str, record: str) -> dict[str, SubjectId]:
        """The subject at each path of one record."""
        rows = connection.execute(_PERSONS, {"author": author, "id": record})
        return {str(path): SubjectId(subject) for path, subject in rows}

    # Where subjects live.

    def add_residence(
        self,
        connection: Connection,
        author: str,
        record: str,
        subject: SubjectId,
        municipality: str,
        valid_from: date,
    ) -> None:
        """Note where a subject lives according to one record; again is no harm."""
        place = f"{municipality}|{valid_from.isoformat()}"
        put(
            connection,
            tables.residences,
            {"author": author, "id": record, "subject": subject},
            {"place": self.subjects.hide(connection, subject, place)},
        )

    def residences(self, connection: Connection, subject: SubjectId) -> list[Residence]:
        """Residences of a subject by accepted records that are not taken back."""
        rows = connection.execute(_RESIDENCES, {"subject": subject}).all()
        found = []
        for author, record, n, hidden in rows:
            municipality, _, day = self.subjects.show(connection, subject, hidden).partition("|")
            found.append(
                Residence(
                    author=author,
                    record=record,
                    n=n,
                    municipality=municipality,
                    valid_from=date.fromisoformat(day),
                )
            )
        return found

    def drop_residence(self, connection: Connection, author: str, record: str) -> None:
        """Forget the residences of a record that was taken back or no longer counts."""
        table = tables.residences
        connection.execute(delete(table).where(table.c.author == author, table.c.id == record))

    # The ledger as followed.

    def add_entries(self, connection: Connection, rows: Sequence[EntryRow]) -> None:
        """Note entries; those noted before are left as they are."""
        for row in rows:
            values = {name: getattr(row, name) for name in EntryRow.__slots__}
            put(connection, tables.entries, {"n": values.pop("n")}, values)

    def entry(self, connection: Connection, author: str, record: str) -> EntryRow | None:
        """The first entry with this author and id that is not void; else a void one; else None."""
        row = connection.execute(_ENTRY, {"author": author, "id": record}).first()
        return None if row is None else EntryRow(**row._mapping)

    # The end of retention.

    def erase(self, connection: Connection, subject: SubjectId) -> int:
        """Destroy a subject's keys and all rows derived of it; answers how many records went.

        The outbox is included: a record not delivered yet is delivered no more. What other
        members hold is theirs to erase.
        """
        for table in (tables.persons, tables.residences, tables.changed, tables.orders):
            connection.execute(delete(table).where(table.c.subject == subject))
        signals = tables.signals
        connection.execute(delete(signals).where(signals.c.household == subject))
        for table in (desk_tables.proposals, desk_tables.aliases):
            connection.execute(delete(table).where(table.c.subject == subject))
        feeds = tables.feeds
        whose = (feeds.c.household == subject) | (feeds.c.person == subject)
        connection.execute(delete(feeds).where(whose))
        gone = self.subjects.erase(connection, subject)
        for author, record in gone:
            self._forget(connection, author, record)
        return len(gone)

    def erase_record(self, connection: Connection, author: str, record: str) -> None:
        """Destroy the keys of one record, its content and every row derived of it."""
        keys, persons = tables.content_keys, tables.persons
        for table in (keys, persons):
            connection.execute(delete(table).where(table.c.author == author, table.c.id == record))
        self._forget(connection, author, record)

    def _forget(self, connection: Connection, author: str, record: str) -> None:
        self.change(connection, author, record, state="erased", content=None, content_mac=None)
        self.drop_residence(connection, author, record)
        for table in (tables.outbox, tables.unaddressed, tables.tellings):
            connection.execute(delete(table).where(table.c.id == record))


@cache
def _change(names: tuple[str, ...]) -> Any:
    table = tables.records
    return (
        update(table)
        .where(table.c.author == bindparam("of"), table.c.id == bindparam("which"))
        .values({name: bindparam(name) for name in names})
    )


def _record(row: Any) -> StoredRecord:
    return StoredRecord(**row._mapping)


def _binding(author: str, record: str) -> bytes:
    return bound("content", author, record)


def _chunks(values: Sequence[str]) -> Iterable[Sequence[str]]:
    for start in range(0, len(values), IN_CHUNK):
        yield values[start : start + IN_CHUNK]
