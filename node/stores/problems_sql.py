"""What became of each file, kept for the desk: its counts and its problems, by source.

Every function works inside the caller's transaction. A file read again replaces what was told of it
before. Problems name places, never values (specs/errors.py), so they are kept in clear.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from node.desk.views import BatchView, ProblemView
from node.ingest import Loaded
from node.stores import schema_desk_sql as tables

BATCHES_MAX: Final = 500  # files told of; the oldest go
PROBLEMS_MAX: Final = 1_000  # of one file; `wrong` counts them all
SOURCE_CHARACTERS: Final = 200
_BATCHES: Final = tables.batches
_PROBLEMS: Final = tables.problems


def keep(connection: Connection, account: Loaded, now: datetime) -> None:
    """Note what became of a file."""
    source = account.source[-SOURCE_CHARACTERS:]
    _forget(connection, [source])
    told = [("refused", one) for one in account.refused]
    told += [(one.severity, one) for one in account.problems]
    connection.execute(
        insert(_BATCHES).values(
            source=source, format=account.format, at=int(now.timestamp()),
            records=account.records, repeated=account.repeated,
            wrong=sum(kind != "tolerated" for kind, _ in told),
        )
    )  # fmt: skip
    told.sort(key=lambda pair: pair[0] == "tolerated")
    rows = [
        {"source": source, "place": place, "kind": kind, "where_told": one.where,
         "field": one.field, "reason": one.reason, "repair": one.repair}
        for place, (kind, one) in enumerate(told[:PROBLEMS_MAX])
    ]  # fmt: skip
    if rows:
        connection.execute(insert(_PROBLEMS), rows)
    old = select(_BATCHES.c.source).order_by(_BATCHES.c.at.desc()).offset(BATCHES_MAX)
    _forget(connection, list(connection.execute(old).scalars()))


def read(connection: Connection, count: int) -> tuple[BatchView, ...]:
    """The latest files, those with something wrong before the others of the same moment."""
    rows = connection.execute(
        select(_BATCHES)
        .order_by(_BATCHES.c.at.desc(), _BATCHES.c.wrong.desc(), _BATCHES.c.source)
        .limit(count)
    ).all()
    return tuple(
        BatchView(
            source=row.source, format=row.format, at=datetime.fromtimestamp(row.at, UTC),
            records=row.records, repeated=row.repeated, wrong=row.wrong,
            problems=_problems(connection, row.source),
        )
        for row in rows
    )  # fmt: skip


def _problems(connection: Connection, source: str) -> tuple[ProblemView, ...]:
    rows = connection.execute(
        select(_PROBLEMS).where(_PROBLEMS.c.source == source).order_by(_PROBLEMS.c.place)
    )
    return tuple(
        ProblemView(
            where=row.where_told, field=row.field, reason=row.reason, repair=row.repair,
            kind=row.kind,
        )
        for row in rows
    )  # fmt: skip


def _forget(connection: Connection, sources: list[str]) -> None:
    for table in (_PROBLEMS, _BATCHES):
        connection.execute(delete(table).where(table.c.source.in_(sources)))
