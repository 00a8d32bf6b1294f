"""One holder at a time, by a row with an expiry and a fence that rises with every new holder.

An expiry alone is not enough: a process that slept past it still believes in it. So whoever writes
under a lease names its fence in the same transaction (`holds`), and an older one is refused.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, select

from node.stores import schema_sql as tables
from node.stores.work_sql import add_once, put

CLOCK_BACK: Final = 2  # an expiry this many terms ahead was written before the clock went back
_TABLE: Final = tables.leases


def take(
    connection: Connection, name: str, holder: str, *, fence: int | None, now: int, seconds: int
) -> int | None:
    """Take or prolong a lease; its fence, or None while another holder's still runs.

    `fence` is what this process got before; None for a process that starts. The same holder that
    starts again takes over at once: its predecessor's fence is older.
    """
    values = {"holder": holder, "until": 0, "fence": 0}
    add_once(connection, _TABLE, {"name": name, **values}, ("name",))
    row = connection.execute(
        select(_TABLE.c.holder, _TABLE.c.until, _TABLE.c.fence)
        .where(_TABLE.c.name == name)
        .with_for_update()
    ).one()
    running = now < row.until <= now + CLOCK_BACK * seconds
    if running and row.holder != holder:
        return None
    ours = row.holder == holder and row.fence == fence
    found = int(row.fence) if ours else int(row.fence) + 1
    put(
        connection,
        _TABLE,
        {"name": name},
        {"holder": holder, "until": now + seconds, "fence": found},
    )
    return found


def holds(connection: Connection, name: str, holder: str, fence: int) -> bool:
    """Whether this fence is still the latest; the row stays locked until the transaction ends."""
    row = connection.execute(
        select(_TABLE.c.holder, _TABLE.c.fence).where(_TABLE.c.name == name).with_for_update()
    ).first()
    return row is not None and (row.holder, row.fence) == (holder, fence)


def free(connection: Connection, name: str, holder: str) -> None:
    """Let go of a lease, if it is this holder's; the fence stays."""
    connection.execute(
        _TABLE.update()
        .where(_TABLE.c.name == name, _TABLE.c.holder == holder)
        .values(until=0, holder="")
    )


def holder_of(connection: Connection, name: str) -> str | None:
    """Who holds a lease now, None for nobody."""
    found = connection.execute(select(_TABLE.c.holder).where(_TABLE.c.name == name)).scalar()
    return str(found) if found else None
