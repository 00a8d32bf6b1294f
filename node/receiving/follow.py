"""Ledger entries, verified and in order, into this node's index; then what arrived is accepted.

The ledger's Follower verifies; this file notes what it yields and remembers how far it came. A
crash repeats the last entries, never their effect.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from ledger.errors import StoreError
from ledger.follow import Following, RecordedEntry
from ledger.rules.registry import Registry
from node.receiving.accept import Acceptance
from node.stores import work_sql as work
from node.stores.database_sql import Database
from node.stores.store_sql import EntryRow, Records

CURSOR: Final = "cursor"  # the first entry not noted yet
NOTE_MAX: Final = 500  # entries noted in one transaction


class VerifiedView:
    """A LedgerView over a follower; before the first entry it knows the genesis only."""

    def __init__(self, following: Following, genesis: Registry) -> None:
        self._following = following
        self._genesis = genesis

    @property
    def registry(self) -> Registry:
        """The members after the last verified entry."""
        try:
            return self._following.registry
        except StoreError:
            return self._genesis

    @property
    def size(self) -> int:
        """How many entries this node has verified under a quorum."""
        return self._following.size


class LedgerReader:
    """Keeps the node's index up with the log."""

    def __init__(
        self,
        *,
        database: Database,
        records: Records,
        following: Following,
        acceptance: Acceptance,
        now: Callable[[], int],
    ) -> None:
        self._database = database
        self._records = records
        self._following = following
        self.acceptance = acceptance
        self._now = now

    async def note_entries(self) -> int:
        """Note every entry recorded since; answers how many.

        Raises PeerError (try again), or ForkError, PolicyError, ProofError, ChainError when the
        log is not what it says: then nothing more is noted.
        """
        start = await asyncio.to_thread(self._cursor)
        noted, waiting = 0, []
        async for entry in self._following.entries(start):
            waiting.append(entry)
            if len(waiting) == NOTE_MAX:
                await asyncio.to_thread(self._note, waiting)
                noted, waiting = noted + len(waiting), []
        if waiting:
            await asyncio.to_thread(self._note, waiting)
        return noted + len(waiting)

    async def accept_arrived(self) -> int:
        """Accept what is both recorded and here, until nothing more follows from it."""
        return await asyncio.to_thread(self._accept)

    def _cursor(self) -> int:
        with self._database.read() as connection:
            return int(work.get_value(connection, CURSOR) or "0")

    def _note(self, entries: Sequence[RecordedEntry]) -> None:
        rows = [
            EntryRow(
                n=entry.n,
                author=entry.header.author,
                id=entry.header.id,
                record_class=entry.header.record_class,
                commitment=entry.header.commitment,
                leaf=entry.leaf_hash,
                void=entry.void,
            )
            for entry in entries
            if entry.header is not None
        ]
        with self._database.write() as connection:
            self._records.add_entries(connection, rows)
            work.set_value(connection, CURSOR, str(entries[-1].n + 1))

    def _accept(self) -> int:
        accepted = 0
        while True:
            with self._database.write() as connection:
                looked_at = self.acceptance.accept_arrived(connection, self._now())
            accepted += looked_at
            if not looked_at:
                return accepted
