"""A life event from door to calendar: read this file from top to bottom.

Each step is one call into one file; a crash between two steps repeats the second, never its effect:
a draft has its id from its source, entries and parcels may come twice, and what changed stays
marked until all that follows from it is stored.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from sqlalchemy import Connection

from ledger.errors import BusyError, PeerError
from node.errors import ConflictError, RefusedError, UnavailableError
from node.facts import Facts
from node.members.deliver_http import Deliveries
from node.receiving.follow import LedgerReader
from node.stores import work_sql as work
from node.stores.database_sql import Database
from node.submit import Recorded, Submitter
from scheduler.folding.facts import SubjectId
from specs.records import RecordDraft

_LOG: Final = logging.getLogger("vastedag.flow")


class Answering(Protocol):
    """What this member's task makes of changed facts: `derive_changes` on the node of Toeslagen,
    `plan_changes` on a municipality's (households.py and what stands behind it).

    Answers the drafts of new decisions or plans, whole and in order, the same for the same facts
    and day. Their source event ids come from their content, so that a repeat makes nothing new.
    """

    def __call__(
        self, facts: Facts, changed: Sequence[SubjectId], today: date
    ) -> Sequence[RecordDraft]:
        """The drafts that follow from the changed facts of these subjects."""
        ...


After = Callable[[Connection, Collection[SubjectId]], None]
"""What this node keeps for itself of changed facts: orders, signals. In the transaction that takes
the mark away, so that neither happens without the other; again is no harm.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything a life event passes on one node, in the order in which it passes."""

    database: Database
    submitter: Submitter
    reader: LedgerReader
    deliveries: Deliveries
    facts: Facts
    answering: Answering | None
    today: Callable[[], date]
    after: After | None = None


async def record(desk: Desk, draft: RecordDraft) -> Recorded:
    """The door: a draft of this member is stored, signed, ordered by the ledger, and proven."""
    return await desk.submitter.submit(draft)


async def follow_through(desk: Desk) -> int:
    """One round: what is recorded becomes facts, facts become decisions and plans.

    Answers how much was done; 0 means that there is nothing to do now.
    """
    done = await _tried(desk.submitter.send_pending())  # author: what a crash or a gap left unsent
    done += await _tried(desk.reader.note_entries())  # ledger: what is recorded under a quorum
    done += await desk.reader.accept_arrived()  # content: opened, checked, mapped, now facts
    done += await _tried(desk.deliveries.send_due())  # author: sealed to each reader
    done += await answer_changes(desk)  # the task of this member: decisions, plans
    return done


async def answer_changes(desk: Desk) -> int:
    """Derive or plan again for everybody whose facts changed, and record what differs."""
    changed = await asyncio.to_thread(_changed, desk)
    if not changed:
        return 0
    drafts: Sequence[RecordDraft] = ()
    if desk.answering is not None:
        drafts = await asyncio.to_thread(_answers, desk, desk.answering, list(changed))
    for draft in drafts:  # all stored before the mark is taken away: then none can be lost
        try:
            await desk.submitter.store(draft)
        except ConflictError:
            # The same answer was stored before, on another day, and a crash asked for it again.
            _LOG.info("answer stands type=%s", draft.type)
        except RefusedError as refusal:
            # Our own rules refused our own draft: an error of this program, never of the person.
            _LOG.error("answer refused type=%s code=%s", draft.type, refusal.code)
    await asyncio.to_thread(_clear, desk, changed)
    return len(changed)


async def ask_authors(desk: Desk) -> int:
    """The daily question to every author: what was addressed to me that I do not have?"""
    return await desk.deliveries.ask_all()


async def _tried(step: Awaitable[int]) -> int:
    """A step that needs another member: when it does not answer, the next round tries again."""
    try:
        return await step
    except (PeerError, BusyError, UnavailableError) as error:
        _LOG.info("waiting for another member kind=%s", type(error).__name__)
        return 0


def _changed(desk: Desk) -> dict[SubjectId, int]:
    with desk.database.read() as connection:
        return work.changed(connection)


def _answers(
    desk: Desk, answering: Answering, changed: Sequence[SubjectId]
) -> Sequence[RecordDraft]:
    """What this member makes of the changes; who was read for it is logged before it is used."""
    with desk.facts.reading():
        return answering(desk.facts, changed, desk.today())


def _clear(desk: Desk, changed: dict[SubjectId, int]) -> None:
    with desk.database.write() as connection:
        if desk.after is not None:
            with desk.facts.reading():
                desk.after(connection, changed)
        work.clear_changed(connection, changed)
