"""What follows from a record that lies here: its state, and what it makes acceptable in others.

A municipality's records count for its residents only (competent.py), so a residence that becomes
known, or falls away, may change the state of other records of the same person, both ways.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import Connection, select, update

from node import competent
from node import schema_sql as tables
from node import work_sql as work
from node.access import Competence, TypeRule
from node.competent import Verdict, stated_municipality
from node.prepare import Preparer
from node.store_sql import Records, StoredRecord
from scheduler.facts import SubjectId
from specs.event import parse_payload
from specs.records import Birth, Correction, Move, RecordData

WAITING: Final = "waiting"
STATES: Final[Mapping[Verdict, str]] = {
    "accepted": "opened",
    "waiting": WAITING,
    "not_competent": "not_competent",
}
REASONS: Final[Mapping[Verdict, str]] = {
    "waiting": "where its persons live is not known here yet",
    "not_competent": "none of its persons was a resident of the author",
}


class Standing:
    """Judges stored records, and judges again."""

    def __init__(
        self, member: str, records: Records, competence: Competence, preparer: Preparer
    ) -> None:
        self._member = member
        self._records = records
        self._competence = competence
        self._preparer = preparer

    def verdict(
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
        return competent.verdict(rule.speaks_for, author=author, data=data, n=n, residences=homes)

    def settle(
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
        answer = self.verdict(connection, rule, author, data, n, subjects, len(subjects))
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
            work.to_desk(connection, author, record, answer, REASONS[answer], now)

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
                answer = self.verdict(
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
            table.c.author == self._member,
            table.c.id.in_(select(waiting.c.id)),
        ):
            self._preparer.address(connection, record, self._data(connection, record))
