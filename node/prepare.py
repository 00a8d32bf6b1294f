"""From a draft to a pending record: checked, committed to, signed and stored, in one transaction.

Payload, signed header and outbox rows are written together or not at all (DESIGN 5); the same
source event again finds what is there. Nothing here waits for the network: sending is submit.py.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, select

from ledger.formats.envelope import Header, sign_record
from ledger.ports import Signer
from node.access import Competence, TypeRule, recipients
from node.errors import AccessError, ConflictError, MisfitError, RefusedError
from node.ledger_view import LedgerView, role_of, roles_of
from node.receiving.competent import residence_at, verdict
from node.sealing import commitment, new_content, record_id
from node.stores import schema_sql as tables
from node.stores import tellings_sql as tellings
from node.stores.store_sql import Records, Residence, StoredRecord
from node.stores.work_sql import add_once, put, to_desk
from node.subjects import OWN, OWN_PATH, main_paths, persons_of
from node.tellings import Repeated, Stale, judge
from scheduler.folding.facts import SubjectId
from specs.canonical import canonical_bytes
from specs.errors import Problem
from specs.event import Event, EventFaultError, payload_bytes, utc_text
from specs.records import RECORD_TYPES, Correction, RecordData, RecordDraft

RECORDING: Final = "gebeurtenis-vastleggen"  # the processing activity of storing a draft
FAR_INDEX: Final = 2**53  # an entry yet to come: everything known counts for it
RETURNED: Final = "returned"
RETURNED_DETAIL: Final = (
    "this value was told before and another one since; it came in another delivery and was taken "
    "as a return to it: if that delivery is an old one, take the record back by a correction"
)
_MAC_CONTEXT: Final = b"vastedag/content/v1\x00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who writes: this node's member, its source system, agreements and record key."""

    member: str
    source: str
    covenants: tuple[str, ...]
    signer: Signer
    id_secret: bytes


class Preparer:
    """Checks and stores drafts of one member."""

    def __init__(
        self, author: Author, records: Records, competence: Competence, view: LedgerView
    ) -> None:
        self.author = author
        self.records = records
        self.competence = competence
        self.view = view

    def prepare(self, connection: Connection, draft: RecordDraft, now: datetime) -> str:
        """The record id under which the draft is stored, now or before.

        Raises RefusedError (unknown_type, not_competent, misfit, oversize, …) and ConflictError;
        then nothing of the draft is stored.
        """
        with self.records.subjects.log.joined(RECORDING):
            return self._prepare(connection, draft, now)

    def _prepare(self, connection: Connection, draft: RecordDraft, now: datetime) -> str:
        rule = self._rule(draft)
        content_mac = self._mac(draft)
        if draft.told is None:
            return self._record(connection, rule, draft, draft.source_event_id, content_mac, now)
        told = tellings.hidden(self.author.id_secret, draft.told)
        said = tellings.said(connection, told)
        verdict = judge(told, content_mac, said)
        if isinstance(verdict, Stale):
            raise RefusedError("superseded", f"{draft.type}: {verdict.reason}")
        if isinstance(verdict, Repeated):
            tellings.told_again(connection, verdict.said, told)
            earlier = self.records.get(connection, self.author.member, verdict.said.record)
            assert earlier is not None  # its telling was noted with it
            return _same(earlier, content_mac)
        event_id = _numbered(draft.source_event_id, verdict.occurrence)
        identity = self._record(connection, rule, draft, event_id, content_mac, now)
        tellings.add(connection, told, identity, content_mac, utc_text(now), len(said))
        if verdict.returned:
            # Only the order of deliveries says so: a human sees that an old value came back.
            to_desk(
                connection, self.author.member, identity, RETURNED, RETURNED_DETAIL,
                int(now.timestamp()),
            )  # fmt: skip
        return identity

    def _record(
        self,
        connection: Connection,
        rule: TypeRule,
        draft: RecordDraft,
        event_id: str,
        content_mac: bytes,
        now: datetime,
    ) -> str:
        """The record under this event id: what is there, or stored now."""
        identity = record_id(self.author.id_secret, event_id)
        earlier = self.records.get(connection, self.author.member, identity)
        if earlier is not None:
            return _same(earlier, content_mac)
        with connection.begin_nested():  # a refusal below leaves no new person behind
            persons = self._persons(connection, draft)
            self.records.subjects.log.note(who for _, who in persons)
            self._check_author(connection, rule, draft.data, persons)
            self._store(connection, rule, draft, identity, content_mac, persons, now)
            if isinstance(draft.data, Correction):
                tellings.take_back(connection, draft.data.corrects, utc_text(now))
        return identity

    def sign_again(self, connection: Connection, record: StoredRecord, now: datetime) -> bytes:
        """A fresh header over the stored content, when the first one grew too old unrecorded."""
        with self.records.subjects.log.joined(RECORDING):
            content = self.records.content(connection, record.author, record.id)
        envelope = self._envelope(record.id, record.record_class, commitment(content), now)
        self.records.change(connection, record.author, record.id, envelope=envelope)
        return envelope

    def address(self, connection: Connection, record: StoredRecord, data: RecordData) -> None:
        """Write the outbox rows of an own record; ask again later when a residence is unknown."""
        rule = self.competence.rule(record.type)
        persons = self.records.persons_in(connection, record.author, record.id)
        main = [persons[path] for path in main_paths(data) if path in persons]
        found = recipients(
            rule,
            data,
            author=self.author.member,
            roles=roles_of(self.view.registry),
            residences=self._municipalities(connection, main),
            covenants=self.author.covenants,
            of_corrected=self._recipients_of_corrected(connection, data),
        )
        for member in sorted(found.members):
            add_once(
                connection,
                tables.outbox,
                {"id": record.id, "recipient": member, "state": "queued"}
                | {"attempts": 0, "due_at": 0},
                ("id", "recipient"),
            )
        if found.residence_unknown:
            put(connection, tables.unaddressed, {"id": record.id})
        else:
            waiting = tables.unaddressed
            connection.execute(waiting.delete().where(waiting.c.id == record.id))

    def _rule(self, draft: RecordDraft) -> TypeRule:
        if draft.type not in RECORD_TYPES:
            raise RefusedError("unknown_type", "type: no record type has this name")
        role = role_of(self.view.registry, self.author.member)
        try:
            return self.competence.check_writer(draft.type, role)
        except AccessError as error:
            raise RefusedError("unknown_type", str(error)) from None

    def _persons(self, connection: Connection, draft: RecordDraft) -> list[tuple[str, SubjectId]]:
        main = main_paths(draft.data)
        if not main:
            return [(OWN_PATH, OWN)]
        found = []
        for path, person in persons_of(draft.data):
            if person.bsn is None and path not in main:
                continue  # somebody known by name only is joined to nobody
            try:
                found.append((path, self.records.subjects.find_or_add(connection, person)))
            except MisfitError as error:
                raise _misfit(draft, path, str(error)) from None
        return found

    def _check_author(
        self,
        connection: Connection,
        rule: TypeRule,
        data: RecordData,
        persons: Sequence[tuple[str, SubjectId]],
    ) -> None:
        if rule.speaks_for == "own_record":
            self._check_corrected(connection, data)
        if rule.speaks_for not in ("residents", "plan"):
            return
        homes: Mapping[str, Sequence[Residence]] = {
            path: self.records.residences(connection, subject) for path, subject in persons
        }
        answer = verdict(
            rule.speaks_for,
            author=self.author.member,
            data=data,
            n=FAR_INDEX,
            residences=homes,
        )
        if answer == "not_competent":
            raise RefusedError(
                "not_competent", f"{rule.type}: none of its persons is a resident; send it there"
            )

    def _check_corrected(self, connection: Connection, data: RecordData) -> None:
        if not isinstance(data, Correction):
            raise AssertionError("only corrections speak for an own record")
        earlier = self.records.get(connection, self.author.member, data.corrects)
        if earlier is None:
            raise RefusedError("invalid_event", "corrects: no record of this member has this id")
        if earlier.record_class == "correction":
            raise RefusedError("invalid_event", "corrects: a correction is not taken back itself")

    def _store(
        self,
        connection: Connection,
        rule: TypeRule,
        draft: RecordDraft,
        identity: str,
        content_mac: bytes,
        persons: Sequence[tuple[str, SubjectId]],
        now: datetime,
    ) -> None:
        content = new_content(self._payload(rule, draft, identity, now))
        record = StoredRecord(
            author=self.author.member,
            id=identity,
            type=draft.type,
            record_class=rule.record_class,
            term=rule.retention_years,
            state="pending",
            reason="",
            n=None,
            content_mac=content_mac,
            envelope=self._envelope(identity, rule.record_class, commitment(content), now),
            receipt=None,
        )
        main = main_paths(draft.data) or (OWN_PATH,)
        self.records.add(
            connection, record, content, persons, [who for path, who in persons if path in main]
        )
        self.address(connection, record, draft.data)

    def _payload(self, rule: TypeRule, draft: RecordDraft, identity: str, now: datetime) -> bytes:
        event = Event(
            log=self.view.registry.log,
            id=identity,
            author=self.author.member,
            record_class=rule.record_class,
            source=self.author.source,
            type=draft.type,
            time=utc_text(now),
            valid_from=draft.valid_from,
            valid_until=draft.valid_until,
            causes=(),
            data=draft.data,
        )
        try:
            return payload_bytes(event)
        except EventFaultError as fault:
            raise RefusedError(fault.code, str(fault), fault.problems) from None

    def _envelope(self, identity: str, record_class: str, committed: str, now: datetime) -> bytes:
        header = Header(
            log=self.view.registry.log,
            id=identity,
            author=self.author.member,
            record_class=record_class,
            at=now.astimezone(UTC).strftime("%Y-%m-%dT%H:00:00Z"),
            seen=self.view.size,
            commitment=committed,
        )
        return sign_record(header, self.author.signer)

    def _mac(self, draft: RecordDraft) -> bytes:
        until = None if draft.valid_until is None else draft.valid_until.isoformat()
        content = canonical_bytes(
            [draft.type, draft.valid_from.isoformat(), until, draft.data_json()]
        )
        return hmac.digest(self.author.id_secret, _MAC_CONTEXT + content, hashlib.sha256)

    def _municipalities(
        self, connection: Connection, subjects: Collection[SubjectId]
    ) -> set[str] | None:
        found = {
            residence_at(self.records.residences(connection, subject), FAR_INDEX)
            for subject in subjects
        } - {None}
        return {code for code in found if code} if found else None

    def _recipients_of_corrected(self, connection: Connection, data: RecordData) -> frozenset[str]:
        if not isinstance(data, Correction):
            return frozenset()
        rows = connection.execute(
            select(tables.outbox.c.recipient).where(tables.outbox.c.id == data.corrects)
        )
        return frozenset(str(recipient) for recipient in rows.scalars())


def _numbered(event_id: str, occurrence: int) -> str:
    """The event id of the nth telling of the same value; the first has it plain."""
    return event_id if occurrence == 0 else f"{event_id}~{occurrence}"


def _same(earlier: StoredRecord, content_mac: bytes) -> str:
    if earlier.state == "erased":
        raise ConflictError(f"record {earlier.id}: its content was erased; it is not sent again")
    if earlier.content_mac is None or not hmac.compare_digest(earlier.content_mac, content_mac):
        raise ConflictError(
            f"record {earlier.id}: sent before with other content; a correction takes that back, "
            "the right content follows under a new event id"
        )
    return earlier.id


def _misfit(draft: RecordDraft, path: str, reason: str) -> RefusedError:
    problem = Problem(
        source="event",
        where=draft.where or "event",
        field=path,
        reason=reason,
        repair="look up the person at the source; correct whichever is wrong and send again",
    )
    return RefusedError("misfit", f"{path}: {reason}", [problem])
