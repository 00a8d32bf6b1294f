"""One node's core without network: records, preparing and accepting over a database file."""

from __future__ import annotations

import hashlib
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, select

from ledger.formats.envelope import parse_envelope
from ledger.keys import Ed25519Signer
from ledger.rules.registry import Key, Member, Registry, freeze
from node.access import load_competence
from node.facts import Facts
from node.ledger_view import hpke_key_of
from node.looked.logbook_sql import Logbook
from node.looked.register import load_register
from node.members.deliver_http import Parcel
from node.prepare import Author, Preparer
from node.receiving.accept import Acceptance, Reader
from node.receiving.standing import Standing
from node.sealing import SealContext, seal
from node.setup.hpke_keys import HpkePrivateKey
from node.setup.network import DEMO_MEMBERS, MATRIX
from node.stores import schema_sql as tables
from node.stores import work_sql as work
from node.stores.database_sql import Database, migrate
from node.stores.store_sql import EntryRow, Records
from node.subjects import Subjects
from specs.records import PersonRef, RecordDraft

NOW = datetime(2026, 11, 22, 4, 30, tzinfo=UTC)
LOG = "TG9nTG9nTG9nTG9nTG9nTG9nTG9nTG9nTG9nTG9nTG8="
EXTRA_MUNICIPALITY = "gm0363"


def signer(member: str, use: str) -> Ed25519Signer:
    """The same key for the same name, in every run."""
    return Ed25519Signer(hashlib.sha256(f"{member}/{use}".encode()).digest())


HPKE_KEYS: dict[str, HpkePrivateKey] = {}


def hpke_key(member: str) -> HpkePrivateKey:
    """A member's HPKE key, made once a run."""
    return HPKE_KEYS.setdefault(member, HpkePrivateKey.generate())


def registry() -> Registry:
    """The demo's members and one more municipality, without a log around them."""
    roles = {member.id: member.role for member in DEMO_MEMBERS}
    roles[EXTRA_MUNICIPALITY] = "municipality"
    members = {
        member: Member(
            id=member,
            name=member,
            role=role,
            url="",
            votes=role != "creditor",
            keys=(
                Key(use="record", text="", public_key=signer(member, "record").public_key, since=0),
                Key(use="api", text="", public_key=signer(member, "api").public_key, since=0),
                Key(use="hpke", text="", public_key=hpke_key(member).public().raw, since=0),
            ),
        )
        for member, role in roles.items()
    }
    return Registry(
        log=LOG,
        origin="vastedag.example/test",
        log_vkey="",
        members=freeze(members),
        matrix={role: frozenset(classes) for role, classes in MATRIX.items()},
        mirrors=(),
        quorum=0,
        votes_needed=1,
        seen_lag_max=1_000,
        seq=0,
        governance_prev=LOG,
    )


REGISTRY = registry()


@cache
def migrated() -> bytes:
    """An empty migrated database, made once a run."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "empty.sqlite3"
        migrate(f"sqlite:///{path}")
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("PRAGMA journal_mode=DELETE")
        connection.close()
        return path.read_bytes()


@dataclass
class View:
    """A ledger view a test can move."""

    registry: Registry = REGISTRY
    size: int = 1


@dataclass
class Line:
    """The entries of a log that only tests see, in order."""

    entries: list[EntryRow] = field(default_factory=list)

    def record(self, envelope: bytes, *, void: str | None = None) -> int:
        """Give a signed header the next place."""
        header = parse_envelope(envelope).header
        row = EntryRow(
            n=len(self.entries) + 1,
            author=header.author,
            id=header.id,
            record_class=header.record_class,
            commitment=header.commitment,
            leaf=b"\0" * 32,
            void=void,
        )
        self.entries.append(row)
        return row.n


class TestDesk:
    """One member's records, preparing and accepting."""

    __test__ = False

    def __init__(
        self,
        directory: Path,
        member: str,
        *,
        line: Line | None = None,
        name: str = "",
        covenants: tuple[str, ...] = ("gm0344",),
    ) -> None:
        path = directory / f"{name or member}.sqlite3"
        path.write_bytes(migrated())
        self.path = path
        self.member = member
        self.line = line or Line()
        self.view = View()
        self.database = Database(f"sqlite:///{path}")
        secret = hashlib.sha256(f"{member}/secret".encode()).digest()
        self.log = Logbook(self.database, load_register())
        self.records = Records(Subjects(secret, secret[::-1], self.log))
        competence = load_competence()
        author = Author(
            member=member,
            source="urn:nld:oin:99000000000000000009:systeem:test",
            covenants=covenants,
            signer=signer(member, "record"),
            id_secret=secret,
        )
        self.preparer = Preparer(author, self.records, competence, self.view)
        standing = Standing(member, self.records, competence, self.preparer)
        reader = Reader(member=member, hpke=hpke_key(member))
        self.acceptance = Acceptance(reader, self.records, competence, self.view, standing)
        self.facts = Facts(self.database, self.records, REGISTRY.members[member].role)

    def prepare(self, draft: RecordDraft, now: datetime = NOW) -> str:
        """Store a draft as pending; its record id."""
        with self.database.write() as connection:
            return self.preparer.prepare(connection, draft, now)

    def record(self, draft: RecordDraft) -> str:
        """Store a draft and give it the next place on the line."""
        identity = self.prepare(draft)
        self.line.record(self.envelope(identity))
        return identity

    def envelope(self, identity: str) -> bytes:
        """The signed header of an own record."""
        with self.database.read() as connection:
            found = self.records.get(connection, self.member, identity)
        assert found is not None
        assert found.envelope is not None
        return found.envelope

    def parcel(self, identity: str, recipient: str) -> Parcel:
        """An own record sealed to a recipient."""
        with self.log.reading("gegevens-versturen"), self.database.read() as connection:
            found = self.records.get(connection, self.member, identity)
            content = self.records.content(connection, self.member, identity)
        assert found is not None
        key = hpke_key_of(REGISTRY, recipient)
        context = SealContext(
            log=LOG,
            id=identity,
            author=self.member,
            record_class=found.record_class,
            recipient=recipient,
        )
        return Parcel(
            author=self.member,
            id=identity,
            record_class=found.record_class,
            suite=key.suite_name,
            sealed=seal(content, key, context),
        )

    def deliver(self, *parcels: Parcel) -> None:
        """Put parcels in the inbox."""
        with self.database.write() as connection:
            for parcel in parcels:
                values = {name: getattr(parcel, name) for name in Parcel.__slots__}
                work.add_once(
                    connection,
                    tables.inbox,
                    values | {"state": "received", "received_at": 0},
                    ("author", "id"),
                )

    def follow(self, entries: Sequence[EntryRow] | None = None) -> None:
        """Note the line's entries and accept what is ready."""
        with self.database.write() as connection:
            self.records.add_entries(connection, self.line.entries if entries is None else entries)
        self.accept()

    def accept(self) -> None:
        """Accept until nothing more follows."""
        looked_at = 1
        while looked_at:
            with self.database.write() as connection:
                looked_at = self.acceptance.accept_arrived(connection, 0)

    def state(self, author: str, identity: str) -> str | None:
        """The state of a record, or of its delivery, or None."""
        with self.database.read() as connection:
            found = self.records.get(connection, author, identity)
            if found is not None:
                return found.state
            table = tables.inbox
            return connection.execute(
                select(table.c.state).where(table.c.author == author, table.c.id == identity)
            ).scalar_one_or_none()

    def desk(self) -> set[tuple[str, str]]:
        """(record id, code) of what lies on the desk."""
        with self.database.read() as connection:
            rows = connection.execute(select(tables.desk.c.id, tables.desk.c.code))
            return {(row.id, row.code) for row in rows}

    def outbox(self, identity: str) -> set[str]:
        """To whom an own record goes."""
        table = tables.outbox
        with self.database.read() as connection:
            rows = connection.execute(select(table.c.recipient).where(table.c.id == identity))
            return set(rows.scalars())

    def subject(self, person: PersonRef) -> str | None:
        """The subject of a person, if known."""
        with self.opening() as connection:
            return self.records.subjects.find(connection, person)

    @contextmanager
    def opening(self) -> Iterator[Connection]:
        """A read transaction in which content may be opened."""
        with self.log.reading("besluit-controleren"), self.database.read() as connection:
            yield connection

    def close(self) -> None:
        """Close the database."""
        self.database.close()


def other_event(draft: RecordDraft, source_event_id: str) -> RecordDraft:
    """The same draft under another event id."""
    return replace(draft, source_event_id=source_event_id)


DAY = date(2026, 10, 1)
