"""What follows from a record that lies here: its state, and what it makes acceptable in others.

A municipality's records count for its residents only (competent.py), so a residence that becomes
known, or falls away, may change the state of other records of the same person, both ways.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import Connection, select, update

from node.access import Competence, TypeRule
from node.prepare import Preparer
from node.receiving import competent
from node.receiving.competent import Verdict, stated_municipality
from node.stores import schema_sql as tables
from node.stores import work_sql as work
from node.stores.store_sql import Records, StoredRecord
from scheduler.folding.facts import SubjectId
from specs.event import Event, parse_payload
from specs.records import Correction

WAITING: Final = "waiting"
JUDGED: Final = ("residents", "plan")  # counts by where the persons live
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
        event: Event,
        n: int,
        subjects: Mapping[str, SubjectId],
        persons: int,
    ) -> Verdict:
        """Whether the author may record this at entry n; persons: how many it names by BSN."""
        if rule.speaks_for not in JUDGED:
            return "accepted"
        homes = {path: self._records.residences(connection, who) for path, who in subjects.items()}
        for place in range(persons - len(homes)):
            homes[f"unknown.{place}"] = []  # a person this node has never heard of lives anywhere
        return competent.verdict(
            rule.speaks_for,
            author=event.author,
            data=event.data,
            n=n,
            residences=homes,
            covenants=self._preparer.author.covenants,
        )

    def settle(self, connection: Connection, event: Event, n: int, now: int) -> None:
        """Give a stored record its state, and look again at what it may have changed."""
        subjects = self._records.persons_in(connection, event.author, event.id)
        rule = self._competence.rule(event.type)
        answer = self.verdict(connection, rule, event, n, subjects, len(subjects))
        self._set_state(connection, event, answer, now)
        if answer != "accepted":
            return
        work.mark_changed(connection, subjects.values())
        self._wake(connection, subjects.values())
        if self._note_residence(connection, event, subjects):
            self._look_again(connection, subjects["person"], now)

    def taken_out(
        self,
        connection: Connection,
        author: str,
        record: str,
        subjects: Iterable[SubjectId],
        now: int,
    ) -> None:
        """A record lies here no longer: what rested on it is judged and derived again."""
        named = sorted(set(subjects))
        self._records.drop_residence(connection, author, record)
        work.mark_changed(connection, named)
        for subject in named:
            self._look_again(connection, subject, now)

    def _set_state(self, connection: Connection, event: Event, answer: Verdict, now: int) -> None:
        self._records.change(connection, event.author, event.id, state=STATES[answer])
        if answer != "accepted":
            work.to_desk(connection, event.author, event.id, answer, REASONS[answer], now)
        elif self._competence.rule(event.type).speaks_for in JUDGED:
            work.off_desk(connection, event.author, event.id, ("waiting", "not_competent"))

    def _note_residence(
        self, connection: Connection, event: Event, subjects: Mapping[str, SubjectId]
    ) -> bool:
        """Whether the record says where its person lives, or takes such a saying back."""
        if isinstance(event.data, Correction):
            self._records.drop_residence(connection, event.author, event.data.corrects)
            return True
        municipality = stated_municipality(event.data)
        if municipality is None:
            return False
        if self._taken_back(connection, event, subjects["person"]):
            return False
        self._records.add_residence(
            connection, event.author, event.id, subjects["person"], municipality, event.valid_from
        )
        return True

    def _taken_back(self, connection: Connection, event: Event, subject: SubjectId) -> bool:
        """Whether a correction of this record was accepted before the record itself."""
        table = tables.records
        corrections = self._records.naming(
            connection,
            [subject],
            table.c.author == event.author,
            table.c.record_class == "correction",
            table.c.state == "opened",
        )
        return any(
            isinstance(data, Correction) and data.corrects == event.id
            for data in (self._event(connection, each).data for each in corrections)
        )

    def _event(self, connection: Connection, record: StoredRecord) -> Event:
        return parse_payload(self._records.content(connection, record.author, record.id).payload)

    def _wake(self, connection: Connection, subjects: Iterable[SubjectId]) -> None:
        """Deliveries that wait for news of these persons are looked at again."""
        waits, inbox, persons = tables.inbox_waits, tables.inbox, tables.subjects
        rows = connection.execute(
            select(waits.c.author, waits.c.id)
            .join(persons, persons.c.lookup == waits.c.lookup)
            .where(persons.c.subject.in_(set(subjects)))
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
        table, judged = tables.records, self._judged_types()
        subjects = [start]
        while subjects:
            subject = subjects.pop()
            for record in self._records.naming(
                connection,
                [subject],
                table.c.type.in_(judged),
                table.c.state.in_(tuple(STATES.values())),
                table.c.n.is_not(None),
            ):
                assert record.n is not None  # asked for above
                event = self._event(connection, record)
                named = self._records.persons_in(connection, record.author, record.id)
                rule = self._competence.rule(record.type)
                answer = self.verdict(connection, rule, event, record.n, named, len(named))
                if STATES[answer] == record.state:
                    continue
                self._set_state(connection, event, answer, now)
                self._note_residence(connection, event, named)
                work.mark_changed(connection, named.values())
                if stated_municipality(event.data) is not None:
                    subjects.append(named["person"])
            self._address_again(connection, subject)

    def _judged_types(self) -> tuple[str, ...]:
        """The types that count only by where their persons live."""
        rules = self._competence.rules.values()
        return tuple(rule.type for rule in rules if rule.speaks_for in JUDGED)

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
            self._preparer.address(connection, record, self._event(connection, record).data)
