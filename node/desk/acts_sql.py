"""What staff did, by the keyed id of an account: this node's own audit, told to nobody else.

Every function works inside the caller's transaction.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, insert, select

from node.stores import schema_desk_sql as tables

_ACTS: Final = tables.acts


def note(
    connection: Connection,
    staff: str,
    act: str,
    now: datetime,
    *,
    subject: str = "",
    record: str = "",
    purpose: str = "",
) -> None:
    """One act of one employee."""
    connection.execute(
        insert(_ACTS).values(
            at=int(now.timestamp()), staff=staff, act=act, subject=subject, record=record,
            purpose=purpose,
        )
    )  # fmt: skip


def purpose_of(
    connection: Connection, staff: str, act: str, subject: str, since: int
) -> str | None:
    """The purpose this employee stated last for this act and subject, at `since` or later."""
    latest = (
        select(func.max(_ACTS.c.seq))
        .where(
            _ACTS.c.staff == staff, _ACTS.c.act == act, _ACTS.c.subject == subject,
            _ACTS.c.at >= since,
        )
        .scalar_subquery()
    )  # fmt: skip
    found = connection.execute(select(_ACTS.c.purpose).where(_ACTS.c.seq == latest)).scalar()
    return None if found is None else str(found)
