"""One tick of the monthly clockwork: whatever is due is done, piece by piece, by one ticker.

Tick twice, or from three processes, or after a week asleep: the same work is done once. Each piece
is one transaction of its own effect, the cursor, and the proof that this ticker still holds the
lease. Nothing here knows what a step does; that is steps.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from node.clockwork import steps_sql
from node.clockwork.steps_sql import Due
from node.clockwork.timetable import Step, Timetable
from node.errors import NodeError
from node.stores import lease_sql
from node.stores.database_sql import Database
from specs.values import Month

LEASE: Final = "ticker"
LEASE_SECONDS: Final = 120
CATCH_UP_MONTHS_MAX: Final = 24

Piece = Callable[[Connection, Due], str | None]
"""Does a piece of a step after the cursor; the subject it came to, or None when all is done."""


class FencedError(NodeError):
    """Another ticker took over; what this one was doing is undone."""


class Clockwork:
    """What is due on one node. `now` tells what is due, `wall` (seconds) how long a lease runs."""

    def __init__(
        self,
        database: Database,
        timetable: Timetable,
        pieces: Mapping[Step, Piece],
        *,
        holder: str,
        now: Callable[[], datetime],
        wall: Callable[[], int],
    ) -> None:
        self._database = database
        self._timetable = timetable
        self._pieces = pieces
        self._holder = holder
        self._now = now
        self._wall = wall
        self._fence: int | None = None

    def tick(self) -> int | None:
        """Do what is due; how many pieces, None while another ticker holds the lease.

        Raises FencedError when it was taken over meanwhile.
        """
        now = self._now()
        with self._database.write() as connection:
            if not self._take(connection):
                return None
            self._add_months(connection, Month.of(now.date()))
        done = 0
        while self._piece(now):
            done += 1
        return done

    def stop(self) -> None:
        """Let another ticker take over at once."""
        with self._database.write() as connection:
            lease_sql.free(connection, LEASE, self._holder)
        self._fence = None

    def _take(self, connection: Connection) -> bool:
        self._fence = lease_sql.take(
            connection,
            LEASE,
            self._holder,
            fence=self._fence,
            now=self._wall(),
            seconds=LEASE_SECONDS,
        )
        return self._fence is not None

    def _add_months(self, connection: Connection, present: Month) -> None:
        """Rows up to the next month, and of every month slept through."""
        last = steps_sql.last_month(connection)
        until = present.plus(1)
        month = present if last is None else max(last.plus(1), until.plus(-CATCH_UP_MONTHS_MAX))
        while month <= until:
            steps_sql.add_month(connection, self._timetable.month(month))
            month = month.plus(1)

    def _piece(self, now: datetime) -> bool:
        """One piece of the first step that is due; False when nothing is."""
        with self._database.write() as connection:
            fence = self._fence
            if fence is None or not lease_sql.holds(connection, LEASE, self._holder, fence):
                raise FencedError("another ticker took over; this one stands by")
            due = steps_sql.next_due(connection, now)
            if due is None:
                return False
            cursor = self._pieces[due.step](connection, due)
            if not steps_sql.advance(connection, due, cursor, fence, now):
                raise FencedError(f"{due.step} for {due.month}: moved by another ticker")
            self._take(connection)  # a long walk keeps its lease
        return True
