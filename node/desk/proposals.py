"""Proposals of one clerk, decided and carried out by another: four eyes.

What each kind changes, and how it is carried out, is told by the part of the desk that proposed it
(`Work`). Carrying out may be repeated after a crash: its records have their ids from their content.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final, Protocol

from node.desk import acts_sql, proposals_sql
from node.desk.correction_views import ChangeView, ProposalRow, ProposalView
from node.desk.office import Office
from node.desk.proposals_sql import Head, Kind, Proposal
from scheduler.folding.known import Text

SHOWN_MAX: Final = 100
KINDS: Final[Mapping[Kind, Text]] = {
    "correction": Text("Herstel van een eigen bericht", "Correction of an own record"),
    "join": Text("Dit is dezelfde persoon", "This is the same person"),
    "other_person": Text("Dit is een andere persoon", "This is another person"),
    "unjoin": Text("Een samenvoeging ongedaan maken", "Undo a join of persons"),
    "tailoring": Text("Maatwerk", "Reasoned exception"),
    "contest": Text("Besluit op bezwaar", "Decision on a contest"),
    "mandate": Text("Machtiging", "Mandate"),
}


class Work(Protocol):
    """One kind of proposal."""

    def changes(self, proposal: Proposal) -> tuple[ChangeView, ...]:
        """What it changes, for the second clerk; raises LookupError when that is gone."""
        ...

    async def carry_out(self, proposal: Proposal) -> None:
        """Do it; again is no harm. Raises RefusedError."""
        ...


class Proposals:
    """ProposalPort (ports.py) of one node."""

    def __init__(self, office: Office, works: Mapping[Kind, Work]) -> None:
        self._office = office
        self._works = works

    def waiting(self, staff: str, kinds: tuple[Kind, ...]) -> tuple[ProposalRow, ...]:
        """See ProposalPort."""
        with self._office.database.read() as connection:
            heads = proposals_sql.waiting(connection, SHOWN_MAX)
        return tuple(_row(one, staff) for one in heads if one.kind in kinds)

    def proposal(self, staff: str, identity: str, kinds: tuple[Kind, ...]) -> ProposalView:
        """See ProposalPort."""
        office, proposal = self._office, self._read(identity, kinds)
        with office.opened([proposal.head.subject]) as connection:
            surname = office.records.subjects.identity(connection, proposal.head.subject).surname
            changes = self._works[proposal.head.kind].changes(proposal)
        return ProposalView(
            row=_row(proposal.head, staff),
            surname=surname,
            reason=str(proposal.content["reason"]),
            changes=changes,
        )

    async def agree(self, staff: str, identity: str, kinds: tuple[Kind, ...]) -> None:
        """See ProposalPort."""
        proposal = await asyncio.to_thread(self._agreed, staff, identity, kinds)
        await self._works[proposal.head.kind].carry_out(proposal)
        await asyncio.to_thread(self._done, identity)

    def refuse(self, staff: str, identity: str, why: str, kinds: tuple[Kind, ...]) -> None:
        """See ProposalPort."""
        office, proposal = self._office, self._read(identity, kinds)
        with office.opened([proposal.head.subject]), office.database.write() as connection:
            subjects, now = office.records.subjects, office.clock()
            proposals_sql.refuse(connection, subjects, identity, staff, why, now)
            self._note(connection, staff, "refuse", proposal.head)

    def _read(self, identity: str, kinds: tuple[Kind, ...]) -> Proposal:
        with self._office.opened() as connection:
            found = proposals_sql.read(connection, self._office.records.subjects, identity)
        if found.head.kind not in kinds:
            raise LookupError("no such proposal on this desk")
        return found

    def _agreed(self, staff: str, identity: str, kinds: tuple[Kind, ...]) -> Proposal:
        proposal = self._read(identity, kinds)
        with self._office.database.write() as connection:
            proposals_sql.agree(connection, identity, staff, self._office.clock())
            self._note(connection, staff, "agree", proposal.head)
        return proposal

    def _done(self, identity: str) -> None:
        with self._office.database.write() as connection:
            proposals_sql.carried_out(connection, identity)

    def _note(self, connection: Any, staff: str, act: str, head: Head) -> None:
        now = self._office.clock()
        acts_sql.note(connection, staff, act, now, subject=head.subject, record=head.record)


def _row(head: Head, staff: str) -> ProposalRow:
    return ProposalRow(
        id=head.id,
        kind=KINDS[head.kind],
        mine=head.proposed_by == staff,
        agreed=head.state == "agreed",
        at=head.proposed_at,
    )
