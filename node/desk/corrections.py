"""Taking back an own record that is wrong, and telling what is right instead (AVG 16; DESIGN 6).

Nothing is overwritten: a correcting record takes the wrong one back, the right one follows as its
own. Where an amount changes, two clerks decide. What followed from it is derived again by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select

from node.desk import acts_sql, proposals_sql
from node.desk.correction_views import (
    ChangeView,
    ConsequenceView,
    CorrectionRequest,
    FoundView,
    OwnRecordView,
    RecordView,
)
from node.desk.fields import Version, fields_of, has_money, rewrite
from node.desk.office import Office
from node.desk.proposals_sql import DecidedError, Proposal
from node.desk.words import type_words
from node.errors import RefusedError
from node.stores import schema_sql as tables
from node.subjects import main_paths
from scheduler.folding.facts import Fact, SubjectId
from specs.records import (
    BRP_CORRECTED,
    CHARGE_CORRECTED,
    INCOME_CORRECTED,
    Correction,
    PersonRef,
    RecordDraft,
)

# What a correction of each register is called; other records are replaced by a newer one.
CORRECTED_BY: Final[Mapping[str, str]] = {
    "nl.brp.": BRP_CORRECTED,
    "nl.polisadministratie.": INCOME_CORRECTED,
    "nl.vastelasten.huur.": CHARGE_CORRECTED,
    "nl.vastelasten.last.": CHARGE_CORRECTED,
    "nl.vastelasten.achterstand.": CHARGE_CORRECTED,
    "nl.vastelasten.betalingsregeling.": CHARGE_CORRECTED,
}
RECORDS_SHOWN: Final = 200
CONSEQUENCES: Final = ("decision", "plan")


def correction_type(record_type: str) -> str | None:
    """The type of the record that takes a record of this type back; None when none does."""
    found = (by for start, by in CORRECTED_BY.items() if record_type.startswith(start))
    by = next(found, None)
    return None if by == record_type or record_type == "nl.brp.terugmelding.gedaan" else by


class Corrections:
    """CorrectionPort (ports.py) of one node."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def find(self, staff: str, bsn: str) -> FoundView:
        """See CorrectionPort."""
        office = self._office
        subject = office.facts.known_as(bsn)
        if subject is None:
            raise LookupError("nobody is known here under this number")
        self._note(staff, "find", subject)
        with office.opened([subject]) as connection:
            surname = office.records.subjects.identity(connection, subject).surname
            table = tables.records
            records = office.records.naming(
                connection, [subject], table.c.author == office.member, table.c.state == "opened"
            )
            facts = {one.id: office.facts.fact(one.author, one.id) for one in records}
        taken = {f.data.corrects for f in facts.values() if f and isinstance(f.data, Correction)}
        found = [
            OwnRecordView(
                record=one.id, kind=type_words(one.type), valid_from=fact.valid_from,
                taken_back=one.id in taken,
            )
            for one in records
            if (fact := facts[one.id]) is not None and correction_type(one.type) is not None
        ]  # fmt: skip
        return FoundView(surname=surname, records=tuple(reversed(found))[:RECORDS_SHOWN])

    def record(self, staff: str, record: str) -> RecordView:
        """See CorrectionPort."""
        fact = self._own(record)
        self._note(staff, "open", _subject(fact), record)
        return self._view(fact)

    async def correct(self, staff: str, request: CorrectionRequest) -> bool:
        """See CorrectionPort."""
        view, fact = await asyncio.to_thread(self._checked, request)
        if view.needs_two(request):
            await asyncio.to_thread(self._propose, staff, fact, request)
            return False
        await asyncio.to_thread(self._note, staff, "correct", _subject(fact), request.record)
        await self._carry_out(_content(request))
        return True

    async def carry_out(self, proposal: Proposal) -> None:
        """See Work (proposals.py)."""
        await self._carry_out(proposal.content)

    async def _carry_out(self, content: Mapping[str, Any]) -> None:
        """Record the correction, then what is right. The same again records nothing new."""
        fact = await asyncio.to_thread(self._own, str(content["record"]))
        by = correction_type(fact.type)
        assert by is not None  # it was proposed as one that can be taken back
        office, person = self._office, _person(fact)
        await office.send(
            RecordDraft(
                type=by,
                source_event_id=f"herstel/{fact.record}",
                data=Correction(person=person, corrects=fact.record, reason=str(content["reason"])),
                valid_from=fact.valid_from,
                where="desk",
            )
        )
        if content["withdraw"]:
            return
        version = rewrite(_version(fact), content["fields"]).version
        assert version is not None  # checked when it was proposed
        await office.send(
            RecordDraft(
                type=fact.type,
                source_event_id=f"herstel/{fact.record}/juist",
                data=version.data,
                valid_from=version.valid_from,
                valid_until=version.valid_until,
                where="desk",
            )
        )

    def consequences(self, record: str) -> ConsequenceView:
        """See CorrectionPort."""
        office = self._office
        fact = self._own(record)
        subjects = sorted(set(fact.subjects.values()))
        with office.opened(subjects) as connection:
            table = tables.records
            later = office.records.naming(
                connection, subjects, table.c.state == "opened", table.c.n > fact.known
            )
            correction = next((one for one in later if self._corrects(one.id, record)), None)
            rows = connection.execute(
                select(tables.outbox.c.recipient, tables.outbox.c.state).where(
                    tables.outbox.c.id == (correction.id if correction else "")
                )
            ).all()
        names = office.names()
        since = None if correction is None else correction.n
        touched = [
            (type_words(one.type), names.get(one.author, one.author))
            for one in later
            if since is not None and (one.n or 0) > since and one.record_class in CONSEQUENCES
        ]
        return ConsequenceView(
            record=record,
            kind=type_words(fact.type),
            recorded=correction is not None,
            told=tuple((names.get(to, to), state == "delivered") for to, state in sorted(rows)),
            touched=tuple(touched),
        )

    def changes(self, proposal: Proposal) -> tuple[ChangeView, ...]:
        """See Work: field by field."""
        content = proposal.content
        fact = self._own(str(content["record"]))
        fields = fields_of(_version(fact))
        if content["withdraw"]:
            return tuple(ChangeView(label=one.label, before=one.value, after="") for one in fields)
        return tuple(
            ChangeView(label=one.label, before=one.value, after=content["fields"][one.name])
            for one in fields
            if one.name in content["fields"]
        )

    def _checked(self, request: CorrectionRequest) -> tuple[RecordView, Fact]:
        fact = self._own(request.record)
        view = self._view(fact)
        if not view.possible or view.taken_back:
            raise RefusedError("invalid_event", "this record cannot be taken back (again)")
        if view.waiting:
            raise DecidedError("a proposal about this record waits already")
        return view, fact

    def _propose(self, staff: str, fact: Fact, request: CorrectionRequest) -> None:
        office = self._office
        with office.database.write() as connection:
            proposals_sql.add(
                connection, office.records.subjects, kind="correction", subject=_subject(fact),
                author=office.member, record=fact.record, content=_content(request), staff=staff,
                now=office.clock(),
            )  # fmt: skip

    def _own(self, record: str) -> Fact:
        with self._office.opened():
            fact = self._office.facts.fact(self._office.member, record)
        if fact is None or isinstance(fact.data, Correction):
            raise LookupError("no own record has this id here")
        return fact

    def _view(self, fact: Fact) -> RecordView:
        office = self._office
        subjects = sorted(set(fact.subjects.values()))
        with office.opened(subjects) as connection:
            waits = proposals_sql.waiting_about(connection, office.member, fact.record)
            corrections = [
                one
                for one in office.facts.facts_of(subjects)
                if isinstance(one.data, Correction) and one.data.corrects == fact.record
            ]
        return RecordView(
            record=fact.record,
            kind=type_words(fact.type),
            surnames=tuple(_surnames(fact)),
            entry=fact.known,
            fields=fields_of(_version(fact)),
            possible=correction_type(fact.type) is not None,
            taken_back=any(one.author == office.member for one in corrections),
            waiting=waits,
            money=has_money(fact.data),
            version=_version(fact),
        )

    def _corrects(self, identity: str, record: str) -> bool:
        fact = self._office.facts.fact(self._office.member, identity)
        return (
            fact is not None
            and isinstance(fact.data, Correction)
            and (fact.data.corrects == record)
        )

    def _note(self, staff: str, act: str, subject: str, record: str = "") -> None:
        office = self._office
        with office.database.write() as connection:
            acts_sql.note(connection, staff, act, office.clock(), subject=subject, record=record)


def _content(request: CorrectionRequest) -> dict[str, Any]:
    return {
        "record": request.record,
        "reason": request.reason,
        "withdraw": request.withdraw,
        "fields": dict(request.fields),
    }


def _version(fact: Fact) -> Version:
    return Version(data=fact.data, valid_from=fact.valid_from, valid_until=fact.valid_until)


def _person(fact: Fact) -> PersonRef:
    """The first person the record is about: whose correction it is."""
    path = main_paths(fact.data)[0]
    name, _, place = path.partition(".")
    value = getattr(fact.data, name)
    person = value[int(place)] if place else value
    assert isinstance(person, PersonRef)  # main_paths names persons only
    return person


def _subject(fact: Fact) -> SubjectId:
    return fact.subjects[main_paths(fact.data)[0]]


def _surnames(fact: Fact) -> list[str]:
    found = []
    for path in main_paths(fact.data):
        name, _, place = path.partition(".")
        value = getattr(fact.data, name)
        found.append((value[int(place)] if place else value).surname)
    return found
