"""What a node accepts of what stands on the ledger: content opened, checked, mapped, made a fact.

In the order of the entries: the commitment, the header, the type within its class, the author's
role, this node's own ground to read, the persons, and the author's competence for them. What fails
waits or goes to the desk, with its reason and without effect. All of it is a function of entries,
payloads and specs: the order of arrival changes nothing in the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select, update

from node import schema_sql as tables
from node import work_sql as work
from node.access import Competence, TypeRule
from node.competent import Verdict, stated_municipality, verdict
from node.errors import AccessError, MisfitError, MismatchError, RefusedError, SealError
from node.hpke_keys import HpkePrivateKey
from node.ledger_view import LedgerView, role_of
from node.prepare import Preparer
from node.sealing import Content, SealContext, check_commitment, commitment, open_sealed
from node.store_sql import EntryRow, Records, StoredRecord
from node.subjects import main_paths, persons_of
from node.work_sql import Delivery
from scheduler.facts import SubjectId
from specs.event import Event, EventFaultError, parse_payload
from specs.records import Birth, Correction, Move, PersonRef, RecordData

WAITING: Final = "waiting"
STATES: Final[Mapping[Verdict, str]] = {
    "accepted": "opened",
    "waiting": WAITING,
    "not_competent": "not_competent",
}
OPEN_MAX: Final = 500  # deliveries and own records taken in one transaction


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
        preparer: Preparer,
    ) -> None:
        self._reader = reader
        self._records = records
        self._competence = competence
        self._view = view
        self._preparer = preparer

    def accept_arrived(self, connection: Connection, now: int) -> int:
        """Take what is ready, in ledger order; answers how many records were looked at.

        An accepted record may make others acceptable, so call again until the answer is 0.
        """
        ready: list[tuple[EntryRow, StoredRecord | Delivery]] = []
        ready += self._own_ready(connection)
        ready += self._deliveries_ready(connection)
        ready.sort(key=lambda pair: pair[0].n)
        for entry, arrived in ready[:OPEN_MAX]:
            if isinstance(arrived, StoredRecord):
                self._accept_own(connection, entry, arrived, now)
            else:
                self._accept_delivery(connection, entry, arrived, now)
        return min(len(ready), OPEN_MAX)

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
        data = parse_payload(content.payload).data
        self._records.change(connection, record.author, record.id, n=entry.n)
        self._settle(connection, record.author, record.id, record.type, data, entry.n, now)

    # What another member delivered.

    def _accept_delivery(
        self, connection: Connection, entry: EntryRow, delivery: Delivery, now: int
    ) -> None:
        try:
            content, event, rule = self._open(entry, delivery)
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
        answer = self._verdict(
            connection, rule, entry.author, event.data, entry.n, known, len(lookups)
        )
        if answer != "accepted":
            state = WAITING if answer == "waiting" else "mismatch"
            work.set_delivery(connection, delivery.author, delivery.id, state, lookups)
            work.to_desk(connection, delivery.author, delivery.id, answer, _REASONS[answer], now)
            return
        self._store(connection, entry, event, rule, content, persons)
        work.drop_delivery(connection, delivery.author, delivery.id)
        work.off_desk(
            connection, delivery.author, delivery.id, ("waiting", "not_competent", "misfit")
        )
        if len(lookups) < len(persons):
            detail = "a person in it has no BSN and was joined to nobody"
            work.to_desk(connection, entry.author, entry.id, "unmapped", detail, now)
        self._settle(connection, entry.author, entry.id, event.type, event.data, entry.n, now)

    def _open(self, entry: EntryRow, delivery: Delivery) -> tuple[Content, Event, TypeRule]:
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
            content = open_sealed(delivery.sealed, delivery.suite, self._reader.hpke, context)
        except SealError as error:
            raise MismatchError("sealed", str(error)) from None
        check_commitment(content, entry.commitment)
        try:
            event = parse_payload(content.payload)
        except EventFaultError as fault:
            raise MismatchError("schema", str(fault)) from None
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
        main = main_paths(event.data)
        record = StoredRecord(
            author=entry.author,
            id=entry.id,
            type=event.type,
            record_class=rule.record_class,
            valid_from=event.valid_from,
            valid_until=event.valid_until,
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

    # What follows from a record that lies here.

    def _verdict(
        self,
        connection: Connection,
        rule: TypeRule,
        author: str,
        data: RecordData,
        n: int,
        subjects: Mapping[str, SubjectId],
        persons: int,
    ) -> Verdict:
        homes = {path: self._records.residences(connection, who) for path, who in subjects.items()}
        for place in range(persons - len(homes)):
            homes[f"unknown.{place}"] = []  # a person this node has never heard of lives anywhere
        return verdict(rule.speaks_for, author=author, data=data, n=n, residences=homes)

    def _settle(
        self,
        connection: Connection,
        author: str,
        record: str,
        record_type: str,
        data: RecordData,
        n: int,
        now: int,
    ) -> None:
        """Give a stored record its state, and look again at what it may have changed."""
        subjects = self._records.persons_in(connection, author, record)
        rule = self._competence.rule(record_type)
        answer = self._verdict(connection, rule, author, data, n, subjects, len(subjects))
        self._set_state(connection, author, record, answer, now)
        if answer != "accepted":
            return
        work.mark_changed(connection, subjects.values())
        self._wake(connection, subjects.values())
        if self._note_residence(connection, author, record, data, subjects):
            self._look_again(connection, subjects["person"], now)

    def _set_state(
        self, connection: Connection, author: str, record: str, answer: Verdict, now: int
    ) -> None:
        self._records.change(connection, author, record, state=STATES[answer])
        if answer == "accepted":
            work.off_desk(connection, author, record, ("waiting", "not_competent"))
        else:
            work.to_desk(connection, author, record, answer, _REASONS[answer], now)

    def _note_residence(
        self,
        connection: Connection,
        author: str,
        record: str,
        data: RecordData,
        subjects: Mapping[str, SubjectId],
    ) -> bool:
        """Whether the record says where its person lives, or takes such a saying back."""
        if isinstance(data, Correction):
            self._records.drop_residence(connection, author, data.corrects)
            return True
        municipality = stated_municipality(data)
        if municipality is None or not isinstance(data, Birth | Move):
            return False
        event = self._records.get(connection, author, record)
        assert event is not None  # stored by the caller
        if self._taken_back(connection, author, record, subjects["person"]):
            return False
        self._records.add_residence(
            connection, author, record, subjects["person"], municipality, event.valid_from
        )
        return True

    def _taken_back(
        self, connection: Connection, author: str, record: str, subject: SubjectId
    ) -> bool:
        """Whether a correction of this record was accepted before the record itself."""
        table = tables.records
        corrections = self._records.naming(
            connection,
            [subject],
            table.c.author == author,
            table.c.record_class == "correction",
            table.c.state == "opened",
        )
        return any(
            isinstance(data, Correction) and data.corrects == record
            for data in (self._data(connection, each) for each in corrections)
        )

    def _data(self, connection: Connection, record: StoredRecord) -> RecordData:
        content = self._records.content(connection, record.author, record.id)
        return parse_payload(content.payload).data

    def _wake(self, connection: Connection, subjects: Iterable[SubjectId]) -> None:
        """Deliveries that wait for news of these persons are looked at again."""
        waits, inbox = tables.inbox_waits, tables.inbox
        for subject in set(subjects):
            person = self._records.subjects.identity(connection, subject)
            assert person.bsn is not None  # every subject was made of one
            lookup = self._records.subjects.lookup(person.bsn)
            rows = connection.execute(
                select(waits.c.author, waits.c.id).where(waits.c.lookup == lookup)
            ).all()
            for author, record in rows:
                connection.execute(
                    update(inbox)
                    .where(inbox.c.author == author, inbox.c.id == record)
                    .values(state="received")
                )

    def _look_again(self, connection: Connection, start: SubjectId, now: int) -> None:
        """A residence became known or fell away: judge the records of that person again.

        A verdict rests on lower entries, or on a municipality's own word (competent.py), so this
        ends, and ends the same whatever came first.
        """
        table = tables.records
        subjects = [start]
        while subjects:
            subject = subjects.pop()
            for record in self._records.naming(
                connection, [subject], table.c.state.in_(tuple(STATES.values()))
            ):
                rule = self._competence.rule(record.type)
                if record.n is None or rule.speaks_for != "residents":
                    continue
                data = self._data(connection, record)
                named = self._records.persons_in(connection, record.author, record.id)
                answer = self._verdict(
                    connection, rule, record.author, data, record.n, named, len(named)
                )
                if STATES[answer] == record.state:
                    continue
                self._set_state(connection, record.author, record.id, answer, now)
                self._note_residence(connection, record.author, record.id, data, named)
                work.mark_changed(connection, named.values())
                if stated_municipality(data) is not None:
                    subjects.append(named["person"])
            self._address_again(connection, subject)

    def _address_again(self, connection: Connection, subject: SubjectId) -> None:
        """Own records that waited for a municipality find their recipients now."""
        waiting = tables.unaddressed
        table = tables.records
        for record in self._records.naming(
            connection,
            [subject],
            table.c.author == self._reader.member,
            table.c.id.in_(select(waiting.c.id)),
        ):
            self._preparer.address(connection, record, self._data(connection, record))


_REASONS: Final[Mapping[Verdict, str]] = {
    "waiting": "where its persons live is not known here yet",
    "not_competent": "none of its persons was a resident of the author",
}
