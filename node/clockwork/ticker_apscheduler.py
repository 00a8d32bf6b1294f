"""The alarm clock of `vastedag work`: APScheduler with one job in memory, without arguments.

It only rings. What is due is a database query (clockwork.py), so a ring that came late, twice or
not at all changes nothing but the moment. A thread that died shows: `alive`, and the age of the
last tick that `/readyz` and `/metrics` tell. Web workers start none.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from apscheduler.schedulers.background import BackgroundScheduler

from node.clockwork.clockwork import Clockwork
from node.stores import work_sql as work
from node.stores.database_sql import Database

TICK: Final = "tick"
THREAD: Final = "APScheduler"  # the name its scheduler thread has
_LOG: Final = logging.getLogger("vastedag.clockwork")


class Ticker:
    """Rings every so many seconds, on a thread of its own, until stopped."""

    def __init__(
        self,
        database: Database,
        clockwork: Clockwork,
        seconds: float,
        ring: Callable[[], None],
    ) -> None:
        self._database = database
        self._clockwork = clockwork
        self._ring = ring
        self._thread: threading.Thread | None = None
        self.problem: str | None = "not started"
        self._scheduler = BackgroundScheduler(
            timezone="UTC",  # an interval of UTC knows no summer time
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._scheduler.add_job(self.tick, "interval", seconds=seconds)

    def start(self) -> None:
        """Let it ring."""
        before = set(threading.enumerate())
        self._scheduler.start()
        started = (one for one in threading.enumerate() if one not in before)
        self._thread = next((one for one in started if one.name == THREAD), None)

    def stop(self) -> None:
        """Finish the tick under way and let another node's ticker take over."""
        if self._scheduler.running:
            self._scheduler.shutdown()
        self._clockwork.stop()
        self.problem = "stopped"

    @property
    def alive(self) -> bool:
        """Whether the thread that rings still lives."""
        return self._thread is not None and self._thread.is_alive()

    def tick(self) -> None:
        """Do what is due if this is the active ticker, note that it rang, and ring."""
        try:
            done = self._clockwork.tick()
            if done is not None:
                with self._database.write() as connection:
                    work.set_value(connection, TICK, str(int(time.time())))
            self.problem = None if done is not None else "standing by: another ticker is active"
        except Exception as error:  # whatever it is, the next ring tries again
            self.problem = type(error).__name__
            _LOG.error("tick failed kind=%s", type(error).__name__)
        self._ring()
