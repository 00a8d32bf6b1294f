"""The end of retention on this node: whose or which content goes, and that it is gone.

Destroyed are the keys that wrap it and every row derived of it (stores/store_sql.py); the ledger
keeps author, class and hour, and verifies as before. What other members hold is theirs to erase. A
backup made before holds the keys still: it is kept no longer than the term either (SECURITY.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import select

from node.access import Competence
from node.errors import ErasedError
from node.stores import schema_sql as tables
from node.stores.database_sql import Database
from node.stores.store_sql import Records, StoredRecord
from specs.event import Event, parse_payload
from specs.records import IncomeStatement

CHECKING: Final = "bewaartermijn-nagaan"  # the processing activity


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """How many records lost their content, by type."""

    types: dict[str, int]

    def as_json(self) -> dict[str, Any]:
        return {"records": sum(self.types.values()), "types": dict(sorted(self.types.items()))}


def erase_ended(
    database: Database, records: Records, competence: Competence, today: date
) -> Erased:
    """Erase every record whose term is over; a record that still holds has no term yet."""
    types: dict[str, int] = {}
    with database.write() as connection, records.subjects.log.reading(CHECKING):
        table = tables.records
        every = records.where(connection, table.c.content.is_not(None), table.c.n.is_not(None))
        for record in every:
            rule = competence.rules.get(record.type)
            try:
                payload = records.content(connection, record.author, record.id).payload
            except ErasedError:
                continue
            over = holds_until(parse_payload(payload))
            if rule is None or over is None or _years_after(over, rule.retention_years) > today:
                continue
            records.erase_record(connection, record.author, record.id)
            types[record.type] = types.get(record.type, 0) + 1
    return Erased(types=types)


def erase_subject(database: Database, records: Records, subject: str) -> Erased:
    """Erase one person: every key of him, and each record that nobody else's key wraps."""
    with database.write() as connection:
        before = {(one.author, one.id): one for one in _of(records, connection, subject)}
        records.erase(connection, subject)
        types: dict[str, int] = {}
        for author, record in before:
            now = records.get(connection, author, record)
            if now is not None and now.state == "erased":
                types[now.type] = types.get(now.type, 0) + 1
    return Erased(types=types)


def holds_until(event: Event) -> date | None:
    """The day from which a record holds no more; None while it does."""
    if event.valid_until is not None:
        return event.valid_until
    return event.data.period_end if isinstance(event.data, IncomeStatement) else None


def _years_after(day: date, years: int) -> date:
    """The same day so many years on; 29 February counts as 1 March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def _of(records: Records, connection: Any, subject: str) -> Iterator[StoredRecord]:
    keys = tables.content_keys
    rows = connection.execute(select(keys.c.author, keys.c.id).where(keys.c.subject == subject))
    for author, record in rows.all():
        found = records.get(connection, str(author), str(record))
        if found is not None:
            yield found
