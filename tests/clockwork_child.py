"""Run as a program: a ticker on a database, its clock a file, killed or stopped from outside.

`python -m tests.clockwork_child URL CLOCK HOLDER ROUNDS [KILL_AT]`: every piece of work is a row in
the table `effects`; KILL_AT ends the process without warning at that statement (SIGKILL).
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, event, text

from node.clockwork.clockwork import Clockwork, FencedError
from node.clockwork.steps_sql import Due
from node.clockwork.timetable import STEPS, load_timetable
from node.stores.database_sql import Database

NETHERLANDS = ZoneInfo("Europe/Amsterdam")
PIECES = 3  # of every step


def read_clock(path: Path) -> datetime:
    """The moment that the file tells."""
    return datetime.fromisoformat(path.read_text(encoding="ascii")).astimezone(NETHERLANDS)


def set_clock(path: Path, moment: datetime) -> None:
    """Tell the children another moment, all at once."""
    fresh = path.with_suffix(".new")
    fresh.write_text(moment.isoformat(), encoding="ascii")
    fresh.rename(path)


def work(connection: Connection, due: Due) -> str | None:
    """One piece: a row that may be there once. The last piece finds nothing left."""
    place = int(due.cursor or "0")
    if place == PIECES:
        return None
    time.sleep(0.002)  # real work takes time: then more than one process gets a turn
    connection.execute(
        text("INSERT INTO effects (month, step, place, pid) VALUES (:m, :s, :p, :pid)"),
        {"m": str(due.month), "s": due.step, "p": place, "pid": os.getpid()},
    )
    return str(place + 1)


def make_effects(database: Database) -> None:
    """The table in which doing a thing twice would show."""
    with database.write() as connection:
        connection.execute(text("CREATE TABLE effects (month TEXT, step TEXT, place INT, pid INT)"))


def clockwork(database: Database, clock: Path, holder: str) -> Clockwork:
    """A ticker whose two clocks are the file."""
    return Clockwork(
        database,
        load_timetable(),
        dict.fromkeys(STEPS, work),
        holder=holder,
        now=lambda: read_clock(clock),
        wall=lambda: int(read_clock(clock).timestamp()),
    )


def kill_at(database: Database, statement: int) -> None:
    """End this process without warning just before its nth statement or commit."""
    seen = 0

    def count(*_: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(database.engine, "before_cursor_execute", count)
    event.listen(database.engine, "commit", count)


def main() -> None:
    """Tick so many rounds."""
    url, clock, holder, rounds = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    database = Database(url)
    if len(sys.argv) > 5:
        kill_at(database, int(sys.argv[5]))
    ticker = clockwork(database, clock, holder)
    for _ in range(rounds):
        with contextlib.suppress(FencedError):  # taken over: stand by, or take a turn again
            ticker.tick()
        time.sleep(0.005)


if __name__ == "__main__":
    main()
