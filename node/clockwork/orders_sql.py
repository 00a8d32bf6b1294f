"""Orders as rows: each identity once, at most one live, one channel per charge; what is due.

States: ready -> in_file -> offered -> accepted -> booked -> returned, and unknown after a crash at
the bank's door: nothing is sent again before the bank was asked (DESIGN 7). replaced and withdrawn
are the two that are not live. Every function works inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, func, insert, select, update

from node.clockwork.orders import Order
from node.clockwork.timetable import Timetable
from node.stores import schema_sql as tables
from node.subjects import Subjects
from scheduler.folding.facts import SubjectId
from specs.canonical import digest_of
from specs.values import Month

PAYING: Final = "betaling-uitvoeren"  # the processing activity
READY: Final = "ready"
IN_FILE: Final = "in_file"
REPLACED: Final = "replaced"
WITHDRAWN: Final = "withdrawn"
TAKE_MAX: Final = 1_000
_TABLE: Final = tables.orders
_LIVE: Final = _TABLE.c.state.not_in((REPLACED, WITHDRAWN))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An order as it is kept."""

    id: str
    version: int
    state: str
    due_at: int
    batch: str | None
    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubled:
    """A payment that another channel, or another plan, executes already; it was not ordered."""

    order: Order
    by: str  # id of the order that stands


def sync(
    connection: Connection,
    subjects: Subjects,
    subject: SubjectId,
    wanted: Sequence[Order],
    timetable: Timetable,
) -> list[Doubled]:
    """Bring one person's orders in line with the plan; what left the house stays as it is.

    `wanted` are the orders of months whose cut-off has passed. Again is no harm.
    """
    kept = {one.order.slot: one for one in live(connection, subjects, subject)}
    slots = {order.slot for order in wanted}
    for slot, one in kept.items():
        if one.state == READY and slot not in slots:
            _set_state(connection, one.id, WITHDRAWN)
    doubled = []
    for order in wanted:
        standing = kept.get(order.slot)
        if standing is not None and (standing.state != READY or standing.order == order):
            continue
        if standing is not None:
            _set_state(connection, standing.id, REPLACED)
        by = _same_charge(connection, order)
        if by is not None:
            doubled.append(Doubled(order=order, by=by))
            continue
        _add(connection, subjects, order, timetable)
    return doubled


def live(connection: Connection, subjects: Subjects, subject: SubjectId) -> list[Kept]:
    """The live orders about one person, by due moment."""
    rows = connection.execute(
        select(_TABLE).where(_TABLE.c.subject == subject, _LIVE).order_by(_TABLE.c.due_at)
    )
    return _all_kept(connection, subjects, rows)


def due(connection: Connection, subjects: Subjects, now: datetime) -> list[Kept]:
    """`orders due`: ready and due, the oldest first."""
    rows = connection.execute(
        select(_TABLE)
        .where(_TABLE.c.state == READY, _TABLE.c.due_at <= int(now.timestamp()))
        .order_by(_TABLE.c.due_at, _TABLE.c.id)
        .limit(TAKE_MAX)
    )
    return _all_kept(connection, subjects, rows)


def take(connection: Connection, subjects: Subjects, now: datetime, limit: int) -> list[Kept]:
    """Claim what is due for one batch by one atomic statement: no order is ever in two batches."""
    ready = (
        select(_TABLE.c.id)
        .where(_TABLE.c.state == READY, _TABLE.c.due_at <= int(now.timestamp()))
        .order_by(_TABLE.c.due_at, _TABLE.c.id)
        .limit(min(limit, TAKE_MAX))
        .with_for_update(skip_locked=True)
    )
    ids = list(connection.execute(ready).scalars())
    if not ids:
        return []
    batch = digest_of(ids)[:32]  # of its content: the same orders are the same batch
    claimed = connection.execute(
        update(_TABLE)
        .where(_TABLE.c.id.in_(ids), _TABLE.c.state == READY)
        .values(state=IN_FILE, batch=batch)
        .returning(*_TABLE.c)
    ).all()
    found = _all_kept(connection, subjects, claimed)
    return sorted(found, key=lambda one: (one.due_at, one.id))


def counts(connection: Connection) -> dict[str, int]:
    """How many orders are in each state."""
    rows = connection.execute(
        select(_TABLE.c.state, func.count()).group_by(_TABLE.c.state).order_by(_TABLE.c.state)
    )
    return {str(state): int(count) for state, count in rows}


def of_months(orders: Iterable[Order], closed: Iterable[Month]) -> list[Order]:
    """The orders of months whose cut-off has passed."""
    months = set(closed)
    return [order for order in orders if Month.of(order.day) in months]


def due_at(timetable: Timetable, day: date) -> int:
    """When the order of a payment on that day is due, in seconds."""
    return int(timetable.rules_for(Month.of(day)).order_due(day).timestamp())


def _add(connection: Connection, subjects: Subjects, order: Order, timetable: Timetable) -> None:
    versions = select(func.coalesce(func.max(_TABLE.c.version), 0)).where(
        _TABLE.c.slot == order.slot
    )
    version = int(connection.execute(versions).scalar_one()) + 1
    values: dict[str, Any] = {
        "id": digest_of([order.slot, version]),
        "slot": order.slot,
        "version": version,
        "charge": order.charge,
        "subject": order.subject,
        "state": READY,
        "due_at": due_at(timetable, order.day),
        "batch": None,
        "content": subjects.hide(connection, order.subject, order.content()),
    }
    connection.execute(insert(_TABLE), values)


def _same_charge(connection: Connection, order: Order) -> str | None:
    """The live order that pays this charge already, by whatever channel."""
    found = connection.execute(
        select(_TABLE.c.id).where(_TABLE.c.charge == order.charge, _LIVE)
    ).scalar()
    return None if found is None else str(found)


def _set_state(connection: Connection, order: str, state: str) -> None:
    connection.execute(update(_TABLE).where(_TABLE.c.id == order).values(state=state))


def _all_kept(connection: Connection, subjects: Subjects, rows: Iterable[Row[Any]]) -> list[Kept]:
    """The orders with their content, opened in one reading."""
    with subjects.log.joined(PAYING):
        return [_kept(connection, subjects, row) for row in rows]


def _kept(connection: Connection, subjects: Subjects, row: Row[Any]) -> Kept:
    content = subjects.show(connection, SubjectId(row.subject), row.content)
    return Kept(
        id=row.id,
        version=row.version,
        state=row.state,
        due_at=row.due_at,
        batch=row.batch,
        order=Order.read(content),
    )
