"""Contests that this member has to decide on: listed, opened, and decided by two clerks (Awb 7:11).

What may be decided, and by when, is told by contests/desk.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from node.contests.desk import OUTCOMES, ContestDesk, ContestToDecide
from node.desk import proposals_sql
from node.desk.contest_views import ContestRow, ContestView
from node.desk.correction_views import ChangeView
from node.desk.office import Office
from node.desk.proposals_sql import Proposal
from node.desk.words import type_words
from node.errors import RefusedError
from scheduler.folding.known import Text

WORDS: Final[Mapping[str, Text]] = {
    "upheld": Text("Het huishouden krijgt gelijk", "The household is right"),
    "partly_upheld": Text("Het huishouden krijgt deels gelijk", "The household is partly right"),
    "rejected": Text("Het huishouden krijgt geen gelijk", "The household is not right"),
    "inadmissible": Text("Het bezwaar telt niet mee (Awb 6:6)", "The contest is inadmissible"),
}


class Contests:
    """ContestsPort (ports.py), and the work of its proposals, of one node."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._desk = ContestDesk(office.facts, office.member, office.today)

    def waiting(self) -> tuple[ContestRow, ...]:
        """See ContestsPort."""
        return tuple(self._row(one) for one in self._desk.to_decide())

    def contest(self, contest: str) -> ContestView:
        """See ContestsPort."""
        found = self._desk.one(contest)
        with self._office.opened([found.subject]) as connection:
            surname = self._office.records.subjects.identity(connection, found.subject).surname
        return ContestView(row=self._row(found), surname=surname, found=found)

    def propose(self, staff: str, contest: str, outcome: str, reason: str) -> None:
        """See ContestsPort."""
        office, found = self._office, self._desk.one(contest)
        if outcome not in OUTCOMES or found.state != "open":
            raise RefusedError("invalid_event", "this contest is not to be decided so")
        self._desk.draft(contest, outcome, reason)  # refuses now what it would refuse later
        with office.database.write() as connection:
            proposals_sql.add(
                connection, office.records.subjects, kind="contest", subject=found.subject,
                author=found.filed_by, record=contest, staff=staff, now=office.clock(),
                content={"outcome": outcome, "reason": reason},
            )  # fmt: skip

    def changes(self, proposal: Proposal) -> tuple[ChangeView, ...]:
        """See Work (proposals.py)."""
        found = self._desk.one(proposal.head.record)
        outcome = WORDS[str(proposal.content["outcome"])]
        return (
            ChangeView(
                label=type_words(found.contested_type), before=found.reason, after=outcome.nl
            ),
        )

    async def carry_out(self, proposal: Proposal) -> None:
        """See Work (proposals.py)."""
        content = proposal.content
        draft = await asyncio.to_thread(
            self._desk.draft, proposal.head.record, content["outcome"], content["reason"]
        )
        await self._office.send(draft)

    def _row(self, one: ContestToDecide) -> ContestRow:
        with self._office.database.read() as connection:
            waits = proposals_sql.waiting_about(connection, one.filed_by, one.contest, "contest")
        return ContestRow(
            contest=one.contest, kind=type_words(one.contested_type), filed_on=one.filed_on,
            decide_by=one.decide_by, overdue=one.overdue(self._office.today()), waiting=waits,
        )  # fmt: skip
