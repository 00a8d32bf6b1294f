"""`vastedag work`: runs one node: its part of the log, its listener, and the flow, round by round.

One worker per home (a file lock) and one active per database (a lease): others stand by. The alarm
clock is clockwork/ticker_apscheduler.py. A step that fails is named in `problem` and tried again by
the next round.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import time
import traceback
from pathlib import PurePath
from typing import Final, TextIO

from sqlalchemy.exc import SQLAlchemyError

from ledger.errors import LedgerError
from node.calendars_node import calendars_of
from node.clockwork.ticker_apscheduler import Ticker
from node.errors import NodeError, StartError
from node.flow import ask_authors
from node.members.routes_machine import create_machine_app
from node.portal.http_server import Listener
from node.runtime import Node
from node.stored_calendars import StoredCalendars
from node.stores import lease_sql
from node.stores import work_sql as work

LEASE: Final = "worker"
REGISTERED_TRIES: Final = 10  # looks at the log for a key that is not there yet, before refusing
REGISTERED_SECONDS: Final = 0.5  # between two of them
REFRESH_HOUSEHOLDS: Final = 20  # at most a few seconds of work between two looks
LEASE_SECONDS: Final = 30
LEASE_RENEW_SECONDS: Final = 10
FAILED_SECONDS: Final = 2.0  # pause after a round that failed
GATHER_SECONDS: Final = 0.1  # between two rounds: what comes meanwhile goes together
LOOKS: Final = 5  # after something arrived: a head is pushed just before its quorum is complete
LOOK_SECONDS: Final = 0.1
ASK_EVERY_SECONDS: Final = 24 * 3600
_LOG: Final = logging.getLogger("vastedag.work")


class Worker:
    """Runs a node until `stop`."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._holder = node.holder
        self._wake = asyncio.Event()
        self._looks = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._leased_until = 0.0
        self._fence: int | None = None
        self._lock_file: TextIO | None = None
        self._loop_task: asyncio.Task[None] | None = None
        settings = node.home.settings
        self.ticker = Ticker(node.database, node.clockwork(), settings.tick_seconds, self._ring)
        app = create_machine_app(
            node.gate(), node.ledger.doors, node.desk.deliveries, self._wake.set,
            node.looked_answers(),
        )  # fmt: skip
        self.listener = Listener(app, settings.log_host, settings.log_port)
        self._calendars: StoredCalendars | None = None
        self._purged_on = 0  # the day on which the logbook held nothing past its term
        self.problem: str | None = "not started"

    async def start(self) -> None:
        """Start everything; raises StartError with the reason."""
        self._lock_home()
        try:
            await self._node.ledger.start()
            await self._check_registered()
            await self.listener.start()
        except BaseException:
            self._unlock_home()
            raise
        self._loop = asyncio.get_running_loop()
        self.ticker.start()
        await asyncio.to_thread(self.ticker.tick)
        self._loop_task = asyncio.create_task(self._run())

    async def _check_registered(self) -> None:
        """Its record key must be on the ledger, perhaps since an entry it has not read yet.

        What it was away for is read first: the log may be busy, or show the entry in a moment.
        """
        for _ in range(REGISTERED_TRIES):
            with contextlib.suppress(StartError):
                self._node.check_registered()
                return
            with contextlib.suppress(LedgerError):  # nothing more to read now: ask again
                await self._node.desk.reader.note_entries()
            await asyncio.sleep(REGISTERED_SECONDS)
        self._node.check_registered()

    async def stop(self) -> None:
        """Finish the round under way and let go; the node itself stays open."""
        await asyncio.to_thread(self.ticker.stop)
        if self._loop_task is not None:
            self._loop_task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._loop_task
            self._loop_task = None
        await self.listener.stop()
        with self._node.database.write() as connection:
            lease_sql.free(connection, LEASE, self._holder)
        self._unlock_home()
        self.problem = "stopped"

    def wake(self) -> None:
        """Look at once, and a few times soon: something arrived, or is about to be recorded."""
        self._looks = LOOKS
        self._wake.set()

    def _ring(self) -> None:
        """Look at what is due; called on the ticker's own thread."""
        assert self._loop is not None  # start sets it before the alarm can ring
        self._loop.call_soon_threadsafe(self._wake.set)

    async def _run(self) -> None:
        poll = self._node.home.settings.poll_seconds
        while True:
            self._wake.clear()
            wait = FAILED_SECONDS
            try:
                if await asyncio.to_thread(self._lease):
                    await self._rounds()
                    self.problem = None
                    await asyncio.to_thread(self._refresh)
                    wait = min(poll, LOOK_SECONDS) if self._looks else poll
                    self._looks = max(0, self._looks - 1)
                else:
                    self.problem = "standing by: another worker holds the lease"
            except (NodeError, LedgerError, SQLAlchemyError) as error:
                self._failed(error)
            except Exception as error:  # an error of ours must not stop the node for everybody
                self._failed(error)
                _LOG.error("unexpected at=%s", _place_of(error))
            await asyncio.sleep(GATHER_SECONDS)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), wait)

    async def _rounds(self) -> None:
        await self._ask_daily()
        while await self._node.round():
            self.problem = None
            if not await asyncio.to_thread(self._lease):
                return

    def _refresh(self) -> None:
        """With nothing else to do: the pages' months of another day, a few households at a time;
        lines of the logbook past their term, once a day, a few persons at a time.
        """
        if self._calendars is None:
            self._calendars = calendars_of(self._node)
        if self._calendars is not None:
            self._calendars.refresh(REFRESH_HOUSEHOLDS)
        day = int(time.time()) // (24 * 3600)
        if self._purged_on != day and not self._node.logbook.purge():
            self._purged_on = day

    async def _ask_daily(self) -> None:
        now = int(time.time())
        with self._node.database.read() as connection:
            asked = int(work.get_value(connection, "asked_at") or "0")
        if now - asked >= ASK_EVERY_SECONDS:
            await ask_authors(self._node.desk)
            with self._node.database.write() as connection:
                work.set_value(connection, "asked_at", str(now))

    def _lease(self) -> bool:
        """Hold the lease; asked of the database only when a third of it has passed."""
        now = time.monotonic()
        if now < self._leased_until:
            return True
        wall = int(time.time())
        with self._node.database.write() as connection:
            self._fence = lease_sql.take(
                connection,
                LEASE,
                self._holder,
                fence=self._fence,
                now=wall,
                seconds=LEASE_SECONDS,
            )
        held = self._fence is not None
        self._leased_until = now + LEASE_RENEW_SECONDS if held else 0.0
        return held

    def _failed(self, error: Exception) -> None:
        """Say what kind of error; its text stays out of logs unless it is one of ours."""
        ours = isinstance(error, NodeError | LedgerError)
        self.problem = f"{type(error).__name__}: {error}" if ours else type(error).__name__
        _LOG.warning("round failed member=%s kind=%s", self._node.member, type(error).__name__)

    def _lock_home(self) -> None:
        path = self._node.home.directory / "work.lock"
        file = path.open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise StartError(
                f"{path}: a worker runs on this home already (see its log); stop that one first"
            ) from None
        self._lock_file = file
        os.set_inheritable(file.fileno(), False)

    def _unlock_home(self) -> None:
        if self._lock_file is not None:
            self._lock_file.close()
            self._lock_file = None


def _place_of(error: BaseException) -> str:
    """Kind and places in the code of an error, without its text."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    places = [f"{PurePath(frame.filename).name}:{frame.lineno}" for frame in frames]
    return f"{type(error).__name__} {' < '.join(reversed(places))}"
