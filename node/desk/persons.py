"""Persons who do not fit: two clerks decide whether it is the same person, and may undo a join.

Nobody is joined without BSN. A join is kept as the keyed hash of number, name and birth date, so
that later records with the same name fit too. Undoing it puts every record that rested on it back
to where it waits for a decision; what followed from those is derived again by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update

from node.desk import proposals_sql
from node.desk.correction_views import ChangeView
from node.desk.office import ACTIVITY, Office
from node.desk.person_views import JoinRow, MisfitRow, MisfitView, PersonsView
from node.desk.proposals_sql import Kind, Proposal
from node.desk.words import type_words
from node.errors import MisfitError, RefusedError
from node.stores import schema_desk_sql as desk_tables
from node.stores import schema_sql as tables
from node.stores import work_sql as work
from node.subjects import persons_of
from scheduler.folding.facts import SubjectId
from scheduler.folding.known import Text
from specs.event import Event, parse_payload
from specs.records import PersonRef

SHOWN_MAX: Final = 100
NAME: Final = Text("Achternaam", "Surname")
BORN: Final = Text("Geboortedatum", "Birth date")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    subject: SubjectId
    known: PersonRef
    told: PersonRef


class Persons:
    """PersonsPort (ports.py), and the work of its proposals, of one node."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def waiting(self) -> PersonsView:
        """See PersonsPort."""
        office, inbox, names = self._office, tables.inbox, self._office.names()
        proposals, aliases = desk_tables.proposals, desk_tables.aliases
        with office.database.read() as connection:
            rows = connection.execute(
                select(inbox.c.author, inbox.c.id, inbox.c.received_at)
                .where(inbox.c.state == "misfit")
                .order_by(inbox.c.received_at, inbox.c.id)
                .limit(SHOWN_MAX)
            ).all()
            misfits = tuple(
                MisfitRow(
                    author=row.author, author_name=names.get(row.author, row.author),
                    record=row.id, since=datetime.fromtimestamp(row.received_at, UTC),
                    waiting=proposals_sql.waiting_about(connection, row.author, row.id),
                )
                for row in rows
            )  # fmt: skip
            joined = connection.execute(
                select(proposals.c.id, proposals.c.decided_at)
                .where(proposals.c.id.in_(select(aliases.c.proposal)))
                .order_by(proposals.c.decided_at.desc())
                .limit(SHOWN_MAX)
            ).all()
            joins = tuple(
                JoinRow(
                    proposal=row.id, at=datetime.fromtimestamp(row.decided_at, UTC),
                    waiting=proposals_sql.waiting_about(connection, "", row.id, "unjoin"),
                )
                for row in joined
            )  # fmt: skip
        return PersonsView(misfits=misfits, joins=joins)

    def misfit(self, author: str, record: str) -> MisfitView:
        """See PersonsPort."""
        row = self._row(author, record)
        with self._office.opened() as connection:
            event = self._office.acceptance.look(connection, author, record)
            pairs = self._pairs(connection, event)
        return MisfitView(
            row=row,
            kind=type_words(event.type),
            decidable=bool(pairs),
            persons=tuple(_beside(one) for one in pairs),
        )

    def propose(self, staff: str, author: str, record: str, *, same: bool, reason: str) -> None:
        """See PersonsPort."""
        self._row(author, record)
        with self._office.opened() as connection:
            pairs = self._pairs(
                connection, self._office.acceptance.look(connection, author, record)
            )
        if not pairs:
            raise RefusedError("misfit", "nobody in it is known here under the same BSN")
        kind: Kind = "join" if same else "other_person"
        content = {"author": author, "record": record, "reason": reason}
        self._add(staff, kind, pairs[0].subject, author, record, content)

    def propose_undoing(self, staff: str, proposal: str, reason: str) -> None:
        """See PersonsPort."""
        with self._office.opened() as connection:
            joined = proposals_sql.read(connection, self._office.records.subjects, proposal)
        if joined.head.kind != "join":
            raise LookupError("no such join here")
        content = {**joined.content, "join": proposal, "reason": reason}
        self._add(staff, "unjoin", joined.head.subject, "", proposal, content)

    def changes(self, proposal: Proposal) -> tuple[ChangeView, ...]:
        """See Work (proposals.py)."""
        author, record = str(proposal.content["author"]), str(proposal.content["record"])
        if proposal.head.kind == "unjoin":
            return (
                ChangeView(
                    label=Text("Samengevoegd bericht", "Joined record"),
                    before=record, after="wacht weer op een besluit / waits for a decision",
                ),
            )  # fmt: skip
        with self._office.database.read() as connection:
            if not _waits(connection, author, record):
                return ()  # carried out before, by a process that could not say so any more
        return tuple(change for one in self.misfit(author, record).persons for change in one)

    async def carry_out(self, proposal: Proposal) -> None:
        """See Work (proposals.py)."""
        work_of = {"join": self._join, "other_person": self._part, "unjoin": self._undo}
        await asyncio.to_thread(work_of[proposal.head.kind], proposal)
        self._office.facts.forget()
        self._office.wake()

    def _join(self, proposal: Proposal) -> None:
        author, record = str(proposal.content["author"]), str(proposal.content["record"])
        office, aliases = self._office, desk_tables.aliases
        with office.logbook.reading(ACTIVITY), office.database.write() as connection:
            if not _waits(connection, author, record):
                return
            event = office.acceptance.look(connection, author, record)
            for one in self._pairs(connection, event):
                key = {"digest": office.records.subjects.alias(one.told)}
                values = {"subject": one.subject, "proposal": proposal.head.id}
                work.put(connection, aliases, key, values)
            _set_state(connection, author, record, "received")

    def _part(self, proposal: Proposal) -> None:
        author, record = str(proposal.content["author"]), str(proposal.content["record"])
        with self._office.database.write() as connection:
            if not _waits(connection, author, record):
                return
            _set_state(connection, author, record, "mismatch")
            work.off_desk(connection, author, record, ("misfit",))
            detail = "two clerks decided that this is another person than the one known here"
            now = int(self._office.clock().timestamp())
            work.to_desk(connection, author, record, "other_person", detail, now)

    def _undo(self, proposal: Proposal) -> None:
        """The names no longer fit; received records that rested on them wait for a decision."""
        office, aliases = self._office, desk_tables.aliases
        now = int(office.clock().timestamp())
        with office.logbook.reading(ACTIVITY), office.database.write() as connection:
            connection.execute(
                delete(aliases).where(aliases.c.proposal == proposal.content["join"])
            )
            for one in office.records.naming(connection, [proposal.head.subject]):
                if one.state == "erased" or self._fits(connection, one.author, one.id):
                    continue
                if one.author == office.member:
                    detail = "an own record names somebody by a name that two clerks undid"
                    work.to_desk(connection, one.author, one.id, "unjoined", detail, now)
                else:
                    office.acceptance.put_back(connection, one, now)

    def _fits(self, connection: Connection, author: str, record: str) -> bool:
        """Whether every person of a stored record still fits whom it was joined to."""
        data = parse_payload(self._office.records.content(connection, author, record).payload).data
        for _, person in persons_of(data):
            if person.bsn is None:
                continue
            try:
                self._office.records.subjects.find(connection, person)
            except MisfitError:
                return False
        return True

    def _pairs(self, connection: Connection, event: Event) -> list[_Pair]:
        """Those in it who are known here under their BSN by another name or birth date."""
        subjects = self._office.records.subjects
        found = []
        for _, person in persons_of(event.data):
            try:
                subjects.find(connection, person)
            except MisfitError:
                known = None if person.bsn is None else subjects.known_as(connection, person.bsn)
                if known is not None:
                    identity = subjects.identity(connection, known)
                    found.append(_Pair(subject=known, known=identity, told=person))
        return found

    def _row(self, author: str, record: str) -> MisfitRow:
        found = [
            one for one in self.waiting().misfits if (one.author, one.record) == (author, record)
        ]
        if not found:
            raise LookupError("no such delivery waits for a decision")
        return found[0]

    def _add(
        self, staff: str, kind: Kind, subject: SubjectId, author: str, record: str,
        content: Mapping[str, Any],
    ) -> None:  # fmt: skip
        office = self._office
        with office.database.write() as connection:
            proposals_sql.add(
                connection, office.records.subjects, kind=kind, subject=subject, author=author,
                record=record, content=content, staff=staff, now=office.clock(),
            )  # fmt: skip


def _beside(one: _Pair) -> tuple[ChangeView, ...]:
    return (
        ChangeView(label=NAME, before=one.known.surname, after=one.told.surname),
        ChangeView(
            label=BORN,
            before=str(one.known.birth_date or ""),
            after=str(one.told.birth_date or ""),
        ),
    )


def _set_state(connection: Connection, author: str, record: str, state: str) -> None:
    inbox = tables.inbox
    connection.execute(
        update(inbox)
        .where(inbox.c.author == author, inbox.c.id == record, inbox.c.state == "misfit")
        .values(state=state)
    )


def _waits(connection: Connection, author: str, record: str) -> bool:
    inbox = tables.inbox
    query = select(inbox.c.state).where(inbox.c.author == author, inbox.c.id == record)
    return connection.execute(query).scalar() == "misfit"
