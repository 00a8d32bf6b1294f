"""What the node has yet to do: the inbox, the desk, what changed, and single values.

Every function works inside the caller's transaction. What is done with it is told in follow.py,
deliver_http.py and flow.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from node.stores import schema_sql as tables
from scheduler.folding.facts import SubjectId


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One sealed payload in the inbox."""

    author: str
    id: str
    record_class: str
    suite: str
    sealed: bytes
    state: str


def deliveries(
    connection: Connection, *conditions: Any, limit: int | None = None
) -> list[Delivery]:
    """Deliveries that meet all conditions, oldest first."""
    columns = [tables.inbox.c[name] for name in Delivery.__slots__]
    query = select(*columns).where(*conditions)
    query = query.order_by(tables.inbox.c.received_at, tables.inbox.c.id).limit(limit)
    return [Delivery(**row._mapping) for row in connection.execute(query)]


def set_delivery(
    connection: Connection, author: str, record: str, state: str, lookups: Collection[str]
) -> None:
    """Keep a delivery in a state, to be looked at again when these persons have new facts."""
    inbox = tables.inbox
    connection.execute(
        update(inbox).where(inbox.c.author == author, inbox.c.id == record).values(state=state)
    )
    for lookup in lookups:
        put(connection, tables.inbox_waits, {"lookup": lookup, "author": author, "id": record})


def drop_delivery(connection: Connection, author: str, record: str) -> None:
    """The delivery was opened: its sealed form and its notes go."""
    for table in (tables.inbox, tables.inbox_waits):
        connection.execute(delete(table).where(table.c.author == author, table.c.id == record))


def to_desk(
    connection: Connection, author: str, record: str, code: str, detail: str, at: int
) -> None:
    """Put a matter before a human; the same matter stands there once."""
    key = {"author": author, "id": record, "code": code}
    put(connection, tables.desk, key, {"detail": detail, "at": at})


def off_desk(connection: Connection, author: str, record: str, codes: Collection[str]) -> None:
    """The matter is no longer one."""
    table = tables.desk
    connection.execute(
        delete(table).where(table.c.author == author, table.c.id == record, table.c.code.in_(codes))
    )


def mark_changed(connection: Connection, subjects: Iterable[SubjectId]) -> None:
    """Let the flow look at these subjects again."""
    version = int(get_value(connection, "changes") or "0")
    for subject in sorted(set(subjects)):
        version += 1
        put(connection, tables.changed, {"subject": subject}, {"version": version})
    set_value(connection, "changes", str(version))


def changed(connection: Connection) -> dict[SubjectId, int]:
    """Subjects to look at, with the version of their last change."""
    rows = connection.execute(
        select(tables.changed.c.subject, tables.changed.c.version).order_by(
            tables.changed.c.version
        )
    )
    return {SubjectId(subject): int(version) for subject, version in rows}


def clear_changed(connection: Connection, done: dict[SubjectId, int]) -> None:
    """These were looked at; a subject that changed meanwhile stays."""
    table = tables.changed
    for subject, version in done.items():
        connection.execute(
            delete(table).where(table.c.subject == subject, table.c.version == version)
        )


def get_value(connection: Connection, name: str) -> str | None:
    """A single value by name."""
    table = tables.meta
    found = connection.execute(select(table.c.value).where(table.c.name == name)).scalar()
    return None if found is None else str(found)


def set_value(connection: Connection, name: str, value: str) -> None:
    """Set a single value."""
    put(connection, tables.meta, {"name": name}, {"value": value})


def count(connection: Connection, table: Table, *states: str) -> int:
    """How many rows are in any of these states, by the index on state."""
    query = select(func.count()).select_from(table).where(table.c.state.in_(states))
    return int(connection.execute(query).scalar_one())


def put(
    connection: Connection,
    table: Table,
    key: dict[str, Any],
    values: dict[str, Any] | None = None,
) -> None:
    """Insert a row, or set `values` on the one with this key; without values leave it."""
    statement = _upsert(connection.dialect.name, table, tuple(key), tuple(values or ()))
    connection.execute(statement, {**key, **(values or {})})


def add_once(
    connection: Connection, table: Table, values: dict[str, Any], key: Sequence[str]
) -> bool:
    """Insert a row unless one with this key is there; answers whether it was added."""
    statement = _upsert(connection.dialect.name, table, tuple(key), ())
    return connection.execute(statement, values).rowcount == 1


@cache
def _upsert(dialect: str, table: Table, key: tuple[str, ...], values: tuple[str, ...]) -> Any:
    """The statement, built once: building costs more than running it."""
    inserted = (postgresql if dialect == "postgresql" else sqlite).insert(table)
    if not values:
        return inserted.on_conflict_do_nothing(index_elements=list(key))
    changed = {name: inserted.excluded[name] for name in values}
    return inserted.on_conflict_do_update(index_elements=list(key), set_=changed)
