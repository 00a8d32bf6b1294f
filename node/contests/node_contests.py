"""The contests of a running node behind the port of its pages (surface.ContestPort)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ledger.errors import BusyError, PeerError
from node.claims import CALENDAR
from node.contests.household import HouseholdContests
from node.contests.views import CaseView, ContestItem, ContestPreview
from node.errors import ConflictError, UnavailableError
from node.flow import record
from node.ledger_view import roles_of
from node.portal.calendar_words import AGENCY_WORDS
from node.runtime import Node
from node.worker import Worker
from scheduler.planning.payday_files import load_pay_calendars
from specs.records import RecordDraft


class NodeContests:
    """Contests of a municipality's households, recorded on its node."""

    def __init__(self, node: Node, worker: Worker | None) -> None:
        self._node = node
        self._worker = worker
        members = node.view.registry.members.values()
        self._known = HouseholdContests(
            node.facts,
            today=node.desk.today,
            rulebook=lambda: node.rules.rulebook(node.facts),
            calendar=load_pay_calendars().get(CALENDAR),
            roles=lambda: roles_of(node.view.registry),
            names={**AGENCY_WORDS, **{member.id: member.name for member in members}},
        )

    def items(self, household: str) -> Sequence[ContestItem]:
        """See ContestPort."""
        return self._known.items(household)

    def item(self, household: str, record: str) -> ContestItem:
        """See ContestPort."""
        return self._known.item(household, record)

    def preview(self, household: str, record: str, claimed_cents: int | None) -> ContestPreview:
        """See ContestPort."""
        return self._known.preview(household, record, claimed_cents)

    def cases(self, household: str) -> Sequence[CaseView]:
        """See ContestPort."""
        return self._known.cases(household)

    async def file(
        self, household: str, record: str, reason: str, claimed_cents: int | None
    ) -> None:
        """See ContestPort."""
        draft = await asyncio.to_thread(self._known.draft, household, record, reason, claimed_cents)
        await self._recorded(draft)

    async def withdraw(self, household: str, case: str) -> None:
        """See ContestPort."""
        await self._recorded(await asyncio.to_thread(self._known.withdrawal, household, case))

    async def _recorded(self, draft: RecordDraft) -> None:
        """Stored for good; without the ledger's answer now, the worker sends it again."""
        if self._worker is None:
            await self._node.ledger.refresh()
        try:
            await record(self._node.desk, draft)
        except ConflictError:
            return  # the same case was sent a moment ago with other words: the first one stands
        except (BusyError, PeerError, UnavailableError):
            pass  # it is stored; the worker sends it until the ledger has it
        if self._worker is not None:
            self._worker.wake()


def contests_of(node: Node, worker: Worker | None) -> NodeContests | None:
    """The contests of a municipality's households; None on any other node."""
    return NodeContests(node, worker) if node.role == "municipality" else None
