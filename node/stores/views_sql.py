"""Months of the household pages kept as ciphertext, so that a page is read, not worked out.

A row dies with the keys of its applicant, and goes when a fact near the household changes
(answering.py). What it holds can always be worked out again (calendars.py).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select

from node.stores import schema_sql as tables
from node.stores.database_sql import Database
from node.subjects import IDENTITY_TERM, Subjects
from scheduler.folding.facts import SubjectId

COMPRESSION: Final = 1
DROP_CHUNK: Final = 500
OWN_VIEW: Final = "eigen-inzage"  # the processing activity, unless a page names another

# A month with the key it opens by. A month whose key was destroyed is as if it were not there.
_KEPT: Final = (
    select(tables.views.c.content, tables.subject_keys.c.wrapped)
    .join(
        tables.subject_keys,
        (tables.subject_keys.c.subject == tables.views.c.household)
        & (tables.subject_keys.c.term == IDENTITY_TERM),
    )
    .where(
        tables.views.c.household == bindparam("household"),
        tables.views.c.month == bindparam("month"),
        tables.views.c.made_on >= bindparam("since"),
    )
)


class ViewStore:
    """Kept months; safe to use from several threads and processes."""

    def __init__(self, database: Database, subjects: Subjects) -> None:
        self._database = database
        self._subjects = subjects
        self._kept = database.first_row(_KEPT)

    def get(self, household: str, month: str, since: date) -> bytes | None:
        """The month as kept on that day or later; None when it must be worked out (anew)."""
        with self._subjects.log.joined(OWN_VIEW):
            row = self._kept(household=household, month=month, since=since.isoformat())
            if row is None:
                return None
            content, wrapped = row
            opened = self._subjects.open_with(wrapped, SubjectId(household), content)
        return zlib.decompress(opened)

    def put(self, household: str, months: Mapping[str, bytes], made_on: date) -> None:
        """Keep these months of a household, in place of all it had."""
        with self._database.write() as connection:
            _drop(connection, [household])
            connection.execute(
                insert(tables.views),
                [
                    {
                        "household": household,
                        "month": month,
                        "made_on": made_on.isoformat(),
                        "content": self._subjects.seal_bytes(
                            connection, SubjectId(household), packed(content)
                        ),
                    }
                    for month, content in months.items()
                ],
            )

    def drop(self, households: Iterable[str]) -> None:
        """Forget what is kept of these; who never had a month is no matter."""
        with self._database.write() as connection:
            _drop(connection, list(households))

    def stale(self, today: date, count: int) -> list[str]:
        """Households whose months were worked out before today, at most this many."""
        table = tables.views
        query = (
            select(table.c.household)
            .distinct()
            .where(table.c.made_on < today.isoformat())
            .limit(count)
        )
        with self._database.read() as connection:
            return [str(each) for each in connection.execute(query).scalars()]


def packed(content: bytes) -> bytes:
    """A month as it is sealed: compressed."""
    return zlib.compress(content, COMPRESSION)


def _drop(connection: Connection, households: list[str]) -> None:
    table = tables.views
    for start in range(0, len(households), DROP_CHUNK):
        chunk = households[start : start + DROP_CHUNK]
        connection.execute(delete(table).where(table.c.household.in_(chunk)))
