"""Signals as rows: each once, open until it is no longer so; hidden under the household's key.

Every function works inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, select, update

from node.paydate.signals import HouseholdSignal
from node.stores import schema_sql as tables
from node.stores.work_sql import put
from node.subjects import Subjects
from scheduler.folding.facts import SubjectId

SIGNALLING: Final = "betaaldag-plannen"  # the processing activity, unless a page names another
OPEN: Final = "open"
GONE: Final = "gone"
_TABLE: Final = tables.signals


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSignal:
    """A signal with the day it was first seen; `gone_on` when it is no longer so."""

    signal: HouseholdSignal
    first_on: date
    gone_on: date | None


def sync(
    connection: Connection,
    subjects: Subjects,
    household: SubjectId,
    found: Iterable[HouseholdSignal],
    today: date,
) -> int:
    """Open what is new, close what is no longer so, leave the rest; how many rows changed."""
    now = {one.id: one for one in found}
    rows = connection.execute(
        select(_TABLE.c.id, _TABLE.c.state).where(_TABLE.c.household == household)
    ).all()
    states = {str(row.id): str(row.state) for row in rows}
    new = [one for one in now.values() if states.get(one.id) != OPEN]
    for one in new:
        content = subjects.hide(connection, household, one.content())
        first = {"kind": one.kind, "first_on": today.isoformat(), "content": content}
        put(
            connection,
            _TABLE,
            {"household": household, "id": one.id},
            {**first, "state": OPEN, "gone_on": None},
        )
    gone = [known for known, state in states.items() if state == OPEN and known not in now]
    for known in gone:
        connection.execute(
            update(_TABLE)
            .where(_TABLE.c.household == household, _TABLE.c.id == known)
            .values(state=GONE, gone_on=today.isoformat())
        )
    return len(new) + len(gone)


def kept(
    connection: Connection, subjects: Subjects, household: SubjectId, *, gone: bool = False
) -> tuple[KeptSignal, ...]:
    """A household's signals by day, those that are no longer so when asked for."""
    query = select(_TABLE).where(_TABLE.c.household == household)
    if not gone:
        query = query.where(_TABLE.c.state == OPEN)
    with subjects.log.joined(SIGNALLING):
        found = [
            KeptSignal(
                signal=HouseholdSignal.read(subjects.show(connection, household, row.content)),
                first_on=date.fromisoformat(row.first_on),
                gone_on=None if row.gone_on is None else date.fromisoformat(row.gone_on),
            )
            for row in connection.execute(query)
        ]
    return tuple(sorted(found, key=lambda one: (one.signal.when, one.signal.kind, one.signal.id)))


def with_signals(connection: Connection) -> list[SubjectId]:
    """The households that have an open signal, in no order of weight: by their random ids."""
    rows = connection.execute(
        select(_TABLE.c.household)
        .distinct()
        .where(_TABLE.c.state == OPEN)
        .order_by(_TABLE.c.household)
    )
    return [SubjectId(household) for household in rows.scalars()]
