"""Registering and ending mandates: two clerks register one, one clerk ends it at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from node.desk import acts_sql, proposals_sql
from node.desk.correction_views import ChangeView
from node.desk.mandate_views import MandateRequest, MandatesView, MandateView
from node.desk.office import Office
from node.desk.proposals_sql import Proposal
from node.errors import RefusedError
from node.mandates import StandingMandate, standing_mandates
from scheduler.folding.known import Text
from specs.records import MANDATE_SET, Mandate, RecordDraft
from specs.values import parse_date

KINDS: Final[Mapping[str, Text]] = {
    "parent": Text("Ouder of voogd (BW 1:245)", "Parent or guardian (BW 1:245)"),
    "administrator": Text("Bewindvoerder (BW 1:431)", "Administrator (BW 1:431)"),
    "authorised": Text("Gemachtigde (Awb 2:1)", "Authorised person (Awb 2:1)"),
}


class Mandates:
    """MandatePort (ports.py), and the work of its proposals, of a municipality's node."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def of_person(self, staff: str, bsn: str) -> MandatesView:
        """See MandatePort."""
        office = self._office
        subject = office.facts.known_as(bsn)
        if subject is None:
            raise LookupError("nobody is known here under this number")
        with office.opened([subject]) as connection:
            surname = office.records.subjects.identity(connection, subject).surname
            found = [one for one in self._standing() if one.person == subject]
        with office.database.write() as connection:
            acts_sql.note(connection, staff, "mandates", office.clock(), subject=subject)
        return MandatesView(
            surname=surname,
            mandates=tuple(
                MandateView(
                    record=one.record, holder=one.data.holder.surname,
                    kind=KINDS[one.data.kind], since=one.since, until=one.until,
                    source=one.data.source, holds=one.holds(office.today()),
                )
                for one in found
            ),
        )  # fmt: skip

    def propose(self, staff: str, request: MandateRequest) -> None:
        """See MandatePort."""
        office = self._office
        subject = office.facts.known_as(request.bsn)
        if subject is None:
            raise LookupError("nobody is known here under this number")
        if request.holder.bsn == request.bsn:
            raise RefusedError("invalid_event", "nobody needs a mandate for himself")
        content = {
            "reason": request.source, "kind": request.kind,
            "holder": request.holder.model_dump(mode="json"),
            "since": request.since.isoformat(),
            "until": None if request.until is None else request.until.isoformat(),
        }  # fmt: skip
        with office.database.write() as connection:
            proposals_sql.add(
                connection, office.records.subjects, kind="mandate", subject=subject, author="",
                record="", content=content, staff=staff, now=office.clock(),
            )  # fmt: skip

    async def end(self, staff: str, record: str, reason: str) -> None:
        """See MandatePort."""
        office = self._office
        found = await asyncio.to_thread(self._standing)
        one = next((each for each in found if each.record == record), None)
        if one is None:
            raise LookupError("no such mandate stands")
        data = one.data.model_copy(update={"withdrawn": True, "reason": reason})
        await asyncio.to_thread(self._note, staff, one)
        await office.send(
            RecordDraft(
                type=MANDATE_SET,
                source_event_id=f"machtiging/{record}/einde",
                data=data,
                valid_from=office.today(),
                where="desk",
            )
        )

    def changes(self, proposal: Proposal) -> tuple[ChangeView, ...]:
        """See Work (proposals.py)."""
        content = proposal.content
        kind = KINDS[str(content["kind"])]
        rows = (
            (Text("Wie mag handelen", "Who may act"), str(content["holder"]["surname"])),
            (Text("Op welke grond", "On what ground"), kind.nl),
            (Text("Vanaf", "From"), str(content["since"])),
            (Text("Tot", "Until"), str(content["until"] or "")),
        )
        return tuple(ChangeView(label=label, before="", after=after) for label, after in rows)

    async def carry_out(self, proposal: Proposal) -> None:
        """See Work (proposals.py)."""
        office, content = self._office, proposal.content
        draft = await asyncio.to_thread(self._draft, proposal.head.id, proposal, content)
        await office.send(draft)

    def _draft(self, identity: str, proposal: Proposal, content: Mapping[str, Any]) -> RecordDraft:
        office = self._office
        with office.opened([proposal.head.subject]) as connection:
            person = office.records.subjects.identity(connection, proposal.head.subject)
        try:
            data = Mandate.model_validate(
                {"person": person, "holder": content["holder"], "kind": content["kind"],
                 "source": content["reason"]}
            )  # fmt: skip
        except ValidationError:
            raise RefusedError("invalid_event", "the mandate does not fit its form") from None
        until = content["until"]
        return RecordDraft(
            type=MANDATE_SET,
            source_event_id=f"machtiging/{identity}",
            data=data,
            valid_from=parse_date(str(content["since"])),
            valid_until=None if until is None else parse_date(str(until)),
            where="desk",
        )

    def _standing(self) -> tuple[StandingMandate, ...]:
        return standing_mandates(self._office.facts.of_type(MANDATE_SET))

    def _note(self, staff: str, one: StandingMandate) -> None:
        office = self._office
        with office.database.write() as connection:
            acts_sql.note(
                connection, staff, "end-mandate", office.clock(), subject=one.person,
                record=one.record,
            )  # fmt: skip
