"""What the desk's work needs of a node, and the one way in which it records something.

Made of a running node by `office_of`; of one without network in tests. Every opening of content by
a clerk is a reading under `ACTIVITY`: the household sees it on the page that tells who looked.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection

from ledger.errors import BusyError
from node.errors import UnavailableError
from node.facts import Facts
from node.flow import record
from node.ledger_view import LedgerView
from node.looked.logbook_sql import Logbook
from node.receiving.accept import Acceptance
from node.runtime import Node
from node.stores.database_sql import Database
from node.stores.store_sql import Records
from node.submit import Recorded
from node.worker import Worker
from scheduler.folding.facts import SubjectId
from specs.records import RecordDraft

ACTIVITY: Final = "inzage-balie"  # specs/processing.yaml
_LOG: Final = logging.getLogger("vastedag.desk")


def _nothing() -> None:
    """No worker runs in this process: the one beside it looks by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """One node, as the desk works with it."""

    member: str
    role: str
    database: Database
    records: Records
    facts: Facts
    view: LedgerView
    acceptance: Acceptance
    logbook: Logbook
    clock: Callable[[], datetime]
    record: Callable[[RecordDraft], Awaitable[Recorded]]
    wake: Callable[[], None] = _nothing

    def names(self) -> Mapping[str, str]:
        """The members' names by id."""
        return {one.id: one.name for one in self.view.registry.members.values()}

    def today(self) -> date:
        """The day by this node's clock."""
        return self.clock().date()

    @contextmanager
    def opened(
        self, subjects: Collection[SubjectId] = (), *, activity: str = ACTIVITY
    ) -> Iterator[Connection]:
        """A read transaction in which content may be opened; logged when the block ends."""
        with self.logbook.reading(activity) as reading:
            reading.note(subjects)
            with self.database.read() as connection:
                yield connection

    async def send(self, draft: RecordDraft) -> None:
        """Record a draft. When the ledger cannot be reached it is stored, and sent by itself later.

        Raises RefusedError and ConflictError; then nothing is recorded.
        """
        try:
            await self.record(draft)
        except (BusyError, UnavailableError) as error:
            _LOG.info("stored type=%s, sent later kind=%s", draft.type, type(error).__name__)
        self.wake()


def office_of(node: Node, worker: Worker | None) -> Office:
    """The office of a running node."""

    async def recorded(draft: RecordDraft) -> Recorded:
        if worker is None:  # in a process of its own the place of reading is taken up first
            await node.ledger.refresh()
        return await record(node.desk, draft)

    return Office(
        member=node.member,
        role=node.role,
        database=node.database,
        records=node.records,
        facts=node.facts,
        view=node.view,
        acceptance=node.desk.reader.acceptance,
        logbook=node.logbook,
        clock=node.clock,
        record=recorded,
        wake=_nothing if worker is None else worker.wake,
    )
