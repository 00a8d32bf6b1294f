"""The facts a node holds: accepted records, decrypted and read, for the scheduler.

A function of the accepted records alone. Parsed facts are kept in memory for a while; whether a
record still counts is asked of the database every time, so an erased one is never shown again.

Every fact given out is a reading of the persons it names, logged before it is used: by the end of
the `reading` around the task, or else of each call. A look through all facts of a type, which is
how the right household is found, is one processing a day (`INDEXING`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from contextlib import AbstractContextManager
from threading import Lock
from typing import Final

from sqlalchemy import Connection, select

from node.looked.reading import Reading
from node.stores import schema_sql as tables
from node.stores.database_sql import Database
from node.stores.store_sql import Records, StoredRecord
from scheduler.folding.facts import Fact, SubjectId
from specs.event import parse_payload
from specs.records import PersonRef

FACTS_KEPT_MAX: Final = 20_000
INDEXING: Final = "wegwijzer"  # the processing activity of a look through all
TASKS: Final = {  # what a member reads facts for, by its role on the ledger
    "toeslagen": "toeslagen-berekenen",
    "municipality": "betaaldag-plannen",
}
DAY_MS: Final = 86_400_000
PAYING: Final = "betaling-uitvoeren"  # every other member's task: its own lines of a plan


class Facts:
    """Reads facts; safe to use from several threads."""

    def __init__(self, database: Database, records: Records, role: str) -> None:
        """role: of this node's member on the ledger."""
        self._database = database
        self._records = records
        self._task = TASKS.get(role, PAYING)
        self._log = records.subjects.log
        self._indexed: set[str] = set()
        self._indexed_day = 0
        self._kept: OrderedDict[tuple[str, str], Fact] = OrderedDict()
        self._lock = Lock()

    def reading(self) -> AbstractContextManager[Reading]:
        """One reading for this member's task: what is read inside is logged when it ends."""
        return self._log.reading(self._task)

    def facts_of(self, subjects: Iterable[SubjectId]) -> list[Fact]:
        """All accepted facts that name any of these subjects, in ledger order."""
        with self._log.joined(self._task), self._database.read() as connection:
            found = self._records.naming(connection, subjects, tables.records.c.state == "opened")
            facts = [self._fact(connection, record) for record in found]
            self._log.note((who for fact in facts for who in fact.subjects.values()), self._task)
            return facts

    def fact(self, author: str, record: str) -> Fact | None:
        """One accepted fact by author and record id, None when there is none."""
        with self._log.joined(self._task), self._database.read() as connection:
            found = self._records.get(connection, author, record)
            if found is None or found.state != "opened":
                return None
            fact = self._fact(connection, found)
            self._log.note(fact.subjects.values(), self._task)
            return fact

    def of_type(self, record_type: str) -> list[Fact]:
        """All accepted facts of one type, in ledger order."""
        with self._log.reading(INDEXING) as index:
            with self._database.read() as connection:
                found = self._records.where(
                    connection,
                    tables.records.c.type == record_type,
                    tables.records.c.state == "opened",
                )
                facts = [self._fact(connection, record) for record in found]
            named = {who for fact in facts for who in fact.subjects.values()}
            self._index(index, named)
        return facts

    def person(self, subject: SubjectId) -> PersonRef:
        """BSN, birth date and surname of a subject; raises ErasedError."""
        with self._log.joined(self._task), self._database.read() as connection:
            return self._records.subjects.identity(connection, subject)

    def known_as(self, bsn: str) -> SubjectId | None:
        """The subject with this BSN; None when this node knows nobody so."""
        with self._database.read() as connection:
            return self._records.subjects.known_as(connection, bsn)

    def subjects(self) -> list[SubjectId]:
        """Every subject this node knows."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(tables.subjects.c.subject).order_by(tables.subjects.c.subject)
            )
            return [SubjectId(subject) for subject in rows.scalars()]

    def forget(self) -> None:
        """Drop what is kept in memory, after an erasure."""
        with self._lock:
            self._kept.clear()

    def _index(self, index: Reading, named: set[SubjectId]) -> None:
        """Note whom a look through all names, each once a day: it is one processing."""
        day = index.begun_ms // DAY_MS
        with self._lock:
            if day != self._indexed_day:
                self._indexed, self._indexed_day = set(), day
            index.noted = {INDEXING: named - self._indexed}
            self._indexed |= named

    def _fact(self, connection: Connection, record: StoredRecord) -> Fact:
        key = (record.author, record.id)
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and kept.known == record.n:
            return kept
        assert record.n is not None  # only recorded records are opened
        event = parse_payload(self._records.content(connection, record.author, record.id).payload)
        fact = Fact(
            record=record.id,
            type=record.type,
            data=event.data,
            subjects=self._records.persons_in(connection, record.author, record.id),
            valid_from=event.valid_from,
            valid_until=event.valid_until,
            known=record.n,
            author=record.author,
        )
        with self._lock:
            self._kept[key] = fact
            while len(self._kept) > FACTS_KEPT_MAX:
                self._kept.popitem(last=False)
        return fact
