"""The steps of the clockwork as rows: what is due is a query, what is done is a state.

A step is walked in pieces of some subjects each; `cursor` tells how far it came. Every function
works inside the caller's transaction, in which the piece's own effect is written too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, func, select, update

from node.clockwork.timetable import STEPS, MonthTable, Step
from node.stores import schema_sql as tables
from node.stores.work_sql import add_once
from specs.values import Month

WAITING: Final = "waiting"
DONE: Final = "done"
_TABLE: Final = tables.clockwork


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A step that is due, and the subject up to which it was done."""

    month: Month
    step: Step
    cursor: str
    due_at: int


def last_month(connection: Connection) -> Month | None:
    """The last month that has its rows; None when there are none."""
    found = connection.execute(select(func.max(_TABLE.c.month))).scalar()
    return None if found is None else Month.parse(found)


def add_month(connection: Connection, month: MonthTable) -> None:
    """The rows of a month, once."""
    for place, step in enumerate(STEPS):
        values: dict[str, Any] = {
            "month": str(month.month),
            "step": step,
            "place": place,
            "state": WAITING,
            "due_at": int(month.due[step].timestamp()),
            "cursor": "",
            "fence": 0,
            "done_at": None,
        }
        add_once(connection, _TABLE, values, ("month", "step"))


def next_due(connection: Connection, now: datetime) -> Due | None:
    """The first step that is due and not done, in order; nobody else takes it meanwhile."""
    row = connection.execute(
        select(_TABLE.c.month, _TABLE.c.step, _TABLE.c.cursor, _TABLE.c.due_at)
        .where(_TABLE.c.state == WAITING, _TABLE.c.due_at <= int(now.timestamp()))
        .order_by(_TABLE.c.month, _TABLE.c.place)
        .limit(1)
        .with_for_update()
    ).first()
    if row is None:
        return None
    step = next(one for one in STEPS if one == row.step)
    return Due(month=Month.parse(row.month), step=step, cursor=row.cursor, due_at=row.due_at)


def advance(
    connection: Connection, due: Due, cursor: str | None, fence: int, now: datetime
) -> bool:
    """One atomic statement: move the cursor (None: the step is done) from where it was read; False
    when somebody else moved it meanwhile."""
    done = cursor is None
    values: dict[str, Any] = {
        "cursor": due.cursor if cursor is None else cursor,
        "state": DONE if done else WAITING,
        "fence": fence,
        "done_at": int(now.timestamp()) if done else None,
    }
    moved = connection.execute(
        update(_TABLE)
        .where(
            _TABLE.c.month == str(due.month),
            _TABLE.c.step == due.step,
            _TABLE.c.state == WAITING,
            _TABLE.c.cursor == due.cursor,
        )
        .values(values)
    )
    return moved.rowcount == 1


def is_done(connection: Connection, month: Month, step: Step) -> bool:
    """Whether a month's step is behind us."""
    state = connection.execute(
        select(_TABLE.c.state).where(_TABLE.c.month == str(month), _TABLE.c.step == step)
    ).scalar()
    return state == DONE


def overdue(connection: Connection, now: datetime) -> int:
    """How many steps are due and not done."""
    return int(
        connection.execute(
            select(func.count())
            .select_from(_TABLE)
            .where(_TABLE.c.state == WAITING, _TABLE.c.due_at <= int(now.timestamp()))
        ).scalar_one()
    )


def rows(connection: Connection, months: Iterable[Month]) -> Sequence[dict[str, Any]]:
    """The steps of some months for an operator."""
    names = [str(month) for month in months]
    found = connection.execute(
        select(_TABLE.c.month, _TABLE.c.step, _TABLE.c.state, _TABLE.c.due_at, _TABLE.c.done_at)
        .where(_TABLE.c.month.in_(names))
        .order_by(_TABLE.c.month, _TABLE.c.place)
    )
    return [dict(row._mapping) for row in found]
