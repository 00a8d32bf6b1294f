"""SQLite has one writer at a time: who waits for his turn looks often, and for a limited time.

SQLite's own waiting sleeps longer and longer, up to a tenth of a second, while others pass by; with
some hundred short writes a second of several processes that is what the slowest visitors wait for.
"""

from __future__ import annotations

import sqlite3
import time
from typing import Final

WAIT_SECONDS_MAX: Final = 30
LOOK_SECONDS: Final = 0.0005
LOOK_SECONDS_MAX: Final = 0.01
LOOK_GROWTH: Final = 1.1
_PRIMARY: Final = 0xFF  # SQLite's extended result codes have the plain one in their last byte


def begin_immediate(
    connection: sqlite3.Connection, wait_seconds_max: float = WAIT_SECONDS_MAX
) -> None:
    """Begin a write transaction; raises sqlite3.OperationalError when the turn does not come."""
    deadline = time.monotonic() + wait_seconds_max
    pause = LOOK_SECONDS
    connection.execute("PRAGMA busy_timeout = 0").close()
    try:
        while not _begun(connection, last=time.monotonic() > deadline):
            time.sleep(pause)
            pause = min(pause * LOOK_GROWTH, LOOK_SECONDS_MAX)
    finally:
        connection.execute(f"PRAGMA busy_timeout = {WAIT_SECONDS_MAX * 1000}").close()


def _begun(connection: sqlite3.Connection, *, last: bool) -> bool:
    try:
        connection.execute("BEGIN IMMEDIATE").close()
    except sqlite3.OperationalError as error:
        if last or error.sqlite_errorcode & _PRIMARY != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True
