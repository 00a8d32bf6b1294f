"""What a node accepts of what stands on the ledger: content opened, checked, mapped, made a fact.

In the order of the entries: the commitment, the header, the type within its class, the author's
role, this node's own ground to read, the persons, and the author's competence for them. What fails
waits or goes to the desk, with its reason and without effect. All of it is a function of entries,
payloads and specs: the order of arrival changes nothing in the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, select

from ledger.errors import ProofError
from ledger.formats.proof import parse_receipt
from node.access import Competence, TypeRule
from node.errors import AccessError, MisfitError, MismatchError, RefusedError, SealError
from node.ledger_view import LedgerView, hpke_key_of, role_of
from node.looked.reading import UNIDENTIFIED
from node.looked.register import load_register
from node.receipts import check_receipt
from node.receiving.standing import REASONS, WAITING, Standing
from node.sealing import Content, SealContext, check_commitment, commitment, open_sealed, seal
from node.setup.hpke_keys import HpkePrivateKey
from node.stores import schema_sql as tables
from node.stores import work_sql as work
from node.stores.store_sql import EntryRow, Records, StoredRecord
from node.stores.work_sql import Delivery
from node.subjects import OWN, OWN_PATH, main_paths, persons_of
from scheduler.folding.facts import SubjectId
from specs.event import Event, EventFaultError, parse_payload
from specs.records import PersonRef, RecordData

# What may have lain on the desk for a delivery that is accepted after all.
SOLVED_CODES: Final = ("waiting", "not_competent", "misfit", "sealed", "commitment", "schema")
RECEIVING: Final = "gegevens-ontvangen"  # the processing activity until a ground names its own
OPEN_MAX: Final = 100  # deliveries and own records taken in one transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who opens: this node's member and its HPKE key."""

    member: str
    hpke: HpkePrivateKey


class Acceptance:
    """Opens what has both arrived and been recorded."""

    def __init__(
        self,
        reader: Reader,
        records: Records,
        competence: Competence,
        view: LedgerView,
        standing: Standing,
    ) -> None:
        self._reader = reader
        self._records = records
        self._competence = competence
        self._view = view
        self._standing = standing

    def accept_arrived(self, connection: Connection, now: int) -> int:
        """Take what is ready, in ledger order; answers how many records were looked at.

        An accepted record may make others acceptable, so call again until the answer is 0.
        """
        ready: list[tuple[EntryRow, StoredRecord | Delivery]] = []
        ready += self._own_ready(connection)
        ready += self._deliveries_ready(connection)
        ready.sort(key=lambda pair: pair[0].n)
        with self._records.subjects.log.reading(RECEIVING):
            for entry, arrived in ready[:OPEN_MAX]:
                if isinstance(arrived, StoredRecord):
                    self._accept_own(connection, entry, arrived, now)
                else:
                    self._accept_delivery(connection, entry, arrived, now)
        return min(len(ready), OPEN_MAX)

    # What two clerks decide about persons (desk/persons.py); inside a reading of theirs.

    def look(self, connection: Connection, author: str, record: str) -> Event:
        """The content of a delivery that lies here unaccepted; nothing changes by it.

        Raises LookupError when there is none, MismatchError when it cannot be opened.
        """
        table = tables.inbox
        found = work.deliveries(connection, table.c.author == author, table.c.id == record)
        entry = self._records.entry(connection, author, record)
        if not found or entry is None:
            raise LookupError("no such delivery lies here, or its entry is not recorded yet")
        _, event, _ = self._open(connection, entry, found[0])
        return event

    def put_back(self, connection: Connection, record: StoredRecord, now: int) -> None:
        """An accepted delivery becomes one that waits for a decision again, sealed to this node."""
        content = self._records.content(connection, record.author, record.id)
        persons = self._records.persons_in(connection, record.author, record.id)
        registry, member = self._view.registry, self._reader.member
        key = hpke_key_of(registry, member)
        context = SealContext(
            log=registry.log, id=record.id, author=record.author,
            record_class=record.record_class, recipient=member,
        )  # fmt: skip
        values = {
            "author": record.author, "id": record.id, "record_class": record.record_class,
            "suite": key.suite_name, "sealed": seal(content, key, context), "state": "misfit",
            "received_at": now,
        }  # fmt: skip
        self._records.erase_record(connection, record.author, record.id)
        table = tables.records
        connection.execute(
            delete(table).where(table.c.author == record.author, table.c.id == record.id)
        )
        work.add_once(connection, tables.inbox, values, ("author", "id"))
        detail = "two clerks decided that it was joined to the wrong person"
        work.to_desk(connection, record.author, record.id, "misfit", detail, now)
        self._standing.taken_out(connection, record.author, record.id, persons.values(), now)

    def _own_ready(self, connection: Connection) -> list[tuple[EntryRow, StoredRecord]]:
        records, entries = tables.records, tables.entries
        noted = select(entries.c.n).where(
            entries.c.author == records.c.author,
            entries.c.id == records.c.id,
            entries.c.void.is_(None),
        )
        pending = self._records.where(
            connection, records.c.state == "pending", noted.exists(), limit=OPEN_MAX
        )
        return [(self._entry(connection, each.author, each.id), each) for each in pending]

    def _deliveries_ready(self, connection: Connection) -> list[tuple[EntryRow, Delivery]]:
        inbox, entries = tables.inbox, tables.entries
        noted = select(entries.c.n).where(
            entries.c.author == inbox.c.author, entries.c.id == inbox.c.id
        )
        arrived = work.deliveries(
            connection, inbox.c.state == "received", noted.exists(), limit=OPEN_MAX
        )
        return [(self._entry(connection, each.author, each.id), each) for each in arrived]

    def _entry(self, connection: Connection, author: str, record: str) -> EntryRow:
        entry = self._records.entry(connection, author, record)
        assert entry is not None  # the query asked for an entry to exist
        return entry

    # An own record: its content lies here already.

    def _accept_own(
        self, connection: Connection, entry: EntryRow, record: StoredRecord, now: int
    ) -> None:
        try:
            content = self._records.content(connection, record.author, record.id)
        except SealError:
            return  # erased meanwhile: nothing to make a fact of
        if commitment(content) != entry.commitment:
            # Recorded with other content under our own key: a restored copy, or a stolen key.
            self._records.change(connection, record.author, record.id, state="mismatch", n=entry.n)
            detail = "the ledger holds another commitment under this id; check the record key"
            work.to_desk(connection, record.author, record.id, "commitment", detail, now)
            return
        if record.receipt is not None:
            self._check_receipt(connection, record.id, record.receipt, entry, now)
        self._records.change(connection, record.author, record.id, n=entry.n)
        self._standing.settle(connection, parse_payload(content.payload), entry.n, now)

    def _check_receipt(
        self, connection: Connection, record: str, receipt: bytes, entry: EntryRow, now: int
    ) -> None:
        """Keep a receipt only if it proves this entry; without one it is asked for again."""
        try:
            check_receipt(parse_receipt(receipt), entry.leaf, self._view.registry)
        except (MismatchError, ProofError) as fault:
            self._records.change(connection, entry.author, record, receipt=None)
            work.to_desk(connection, entry.author, record, "receipt", str(fault), now)

    # What another member delivered.

    def _accept_delivery(
        self, connection: Connection, entry: EntryRow, delivery: Delivery, now: int
    ) -> None:
        try:
            content, event, rule = self._open(connection, entry, delivery)
        except MismatchError as fault:
            work.set_delivery(connection, delivery.author, delivery.id, "mismatch", ())
            work.to_desk(connection, delivery.author, delivery.id, fault.code, fault.detail, now)
            return
        persons = persons_of(event.data)
        lookups = [self._records.subjects.lookup(person.bsn) for _, person in persons if person.bsn]
        try:
            known = self._known(connection, event.data, persons)
        except MisfitError as fault:
            work.set_delivery(connection, delivery.author, delivery.id, "misfit", lookups)
            work.to_desk(connection, delivery.author, delivery.id, "misfit", str(fault), now)
            return
        answer = self._standing.verdict(connection, rule, event, entry.n, known, len(lookups))
        if answer != "accepted":
            state = WAITING if answer == "waiting" else "mismatch"
            work.set_delivery(connection, delivery.author, delivery.id, state, lookups)
            work.to_desk(connection, delivery.author, delivery.id, answer, REASONS[answer], now)
            return
        self._store(connection, entry, event, rule, content, persons)
        work.drop_delivery(connection, delivery.author, delivery.id)
        work.off_desk(connection, delivery.author, delivery.id, SOLVED_CODES)
        if len(lookups) < len(persons):
            detail = "a person in it has no BSN and was joined to nobody"
            work.to_desk(connection, entry.author, entry.id, "unmapped", detail, now)
        self._standing.settle(connection, event, entry.n, now)

    def _open(
        self, connection: Connection, entry: EntryRow, delivery: Delivery
    ) -> tuple[Content, Event, TypeRule]:
        """The content, if it is what the entry promises; raises MismatchError."""
        if entry.void is not None or entry.commitment is None:
            raise MismatchError("void", "the ledger's entry is void or carries no content")
        registry = self._view.registry
        context = SealContext(
            log=registry.log,
            id=entry.id,
            author=entry.author,
            record_class=entry.record_class,
            recipient=self._reader.member,
        )
        try:
            log = self._records.subjects.log
            content = open_sealed(delivery.sealed, delivery.suite, self._reader.hpke, context, log)
        except SealError as error:
            raise MismatchError("sealed", str(error)) from None
        check_commitment(content, entry.commitment)
        try:
            event = parse_payload(content.payload)
        except EventFaultError as fault:
            log.note((UNIDENTIFIED,))
            raise MismatchError("schema", str(fault)) from None
        self._note(connection, event)
        repeated = (event.log, event.id, event.author, event.record_class)
        if repeated != (registry.log, entry.id, entry.author, entry.record_class):
            raise MismatchError("header", "the payload repeats another header than the entry's")
        try:
            rule = self._competence.check_writer(event.type, role_of(registry, entry.author))
            own_role = role_of(registry, self._reader.member)
        except (AccessError, RefusedError) as error:
            raise MismatchError("writer", str(error)) from None
        if self._competence.reader(event.type, own_role, event.data) is None:
            raise MismatchError("no_ground", "this member has no legal ground to read the type")
        return content, event, rule

    def _note(self, connection: Connection, event: Event) -> None:
        """Log whom the opened content names: the subject, or the lookup of somebody unknown yet."""
        subjects, registry = self._records.subjects, self._view.registry
        numbers = [person.bsn for _, person in persons_of(event.data) if person.bsn]
        named = [subjects.known_as(connection, bsn) or subjects.lookup(bsn) for bsn in numbers]
        role = role_of(registry, self._reader.member)
        reader = self._competence.reader(event.type, role, event.data)
        activity = None if reader is None else load_register().receiving(reader.ground)
        about_persons = bool(main_paths(event.data))
        subjects.log.note(named or ((UNIDENTIFIED,) if about_persons else ()), activity)

    def _known(
        self,
        connection: Connection,
        data: RecordData,
        persons: Iterable[tuple[str, PersonRef]],
    ) -> dict[str, SubjectId]:
        """Subjects of the persons already known here, by path; raises MisfitError."""
        main = main_paths(data)
        found = {}
        for path, person in persons:
            if person.bsn is None and path not in main:
                continue
            subject = self._records.subjects.find(connection, person)
            if subject is not None:
                found[path] = subject
        return found

    def _store(
        self,
        connection: Connection,
        entry: EntryRow,
        event: Event,
        rule: TypeRule,
        content: Content,
        persons: Iterable[tuple[str, PersonRef]],
    ) -> None:
        mapped = [
            (path, self._records.subjects.find_or_add(connection, person))
            for path, person in persons
            if person.bsn is not None
        ]
        main = main_paths(event.data) or (OWN_PATH,)
        mapped = mapped or [(OWN_PATH, OWN)]
        record = StoredRecord(
            author=entry.author,
            id=entry.id,
            type=event.type,
            record_class=rule.record_class,
            term=rule.retention_years,
            state=WAITING,
            reason="",
            n=entry.n,
            content_mac=None,
            envelope=None,
            receipt=None,
        )
        self._records.add(
            connection, record, content, mapped, [who for path, who in mapped if path in main]
        )
