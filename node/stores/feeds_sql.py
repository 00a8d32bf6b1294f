"""Calendar feeds as rows: by the digest of a token, one for each person and household.

The token itself is nowhere. What a feed last told is kept as a digest, so that its number rises
when it tells something else (RFC 5545, SEQUENCE).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from node.feeds import Feed
from node.portal.formatting import DEFAULT_LANGUAGE, as_language
from node.stores import schema_sql as tables
from node.stores.database_sql import Database

_TABLE = tables.feeds


class FeedsSql:
    """FeedsPort (portal/surface.py) over the node's database. Safe from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, household: str, person: str) -> Feed | None:
        """See FeedsPort."""
        with self._database.read() as connection:
            row = connection.execute(select(_TABLE).where(*_whose(household, person))).first()
            return None if row is None else _feed(row)

    def put(self, digest: str, feed: Feed) -> None:
        """See FeedsPort."""
        told = {
            "mandate": feed.mandate,
            "amounts": int(feed.amounts),
            "language": feed.language,
            "made_on": feed.made_on.isoformat(),
        }
        whose = _whose(feed.household, feed.person)
        with self._database.write() as connection:
            renewed = connection.execute(update(_TABLE).where(*whose).values(token=digest, **told))
            if renewed.rowcount == 0:
                first = {"told": "", "sequence": 0, "modified": 0}
                connection.execute(
                    insert(_TABLE).values(
                        token=digest, household=feed.household, person=feed.person, **told, **first
                    )
                )

    def choose(self, household: str, person: str, *, amounts: bool) -> None:
        """See FeedsPort."""
        with self._database.write() as connection:
            connection.execute(
                update(_TABLE).where(*_whose(household, person)).values(amounts=int(amounts))
            )

    def drop(self, household: str, person: str) -> None:
        """See FeedsPort."""
        with self._database.write() as connection:
            connection.execute(delete(_TABLE).where(*_whose(household, person)))

    def find(self, digest: str) -> Feed | None:
        """See FeedsPort."""
        with self._database.read() as connection:
            row = connection.execute(select(_TABLE).where(_TABLE.c.token == digest)).first()
            return None if row is None else _feed(row)

    def number(self, digest: str, told: str, now: int) -> tuple[int, int]:
        """See FeedsPort."""
        query = select(_TABLE.c.told, _TABLE.c.sequence, _TABLE.c.modified)
        query = query.where(_TABLE.c.token == digest)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise LookupError("no such feed any more")
        if row.told == told:
            return int(row.sequence), int(row.modified)
        with self._database.write() as connection:
            row = connection.execute(query).first()
            if row is None:
                raise LookupError("no such feed any more")
            sequence = int(row.sequence) + (1 if row.told else 0)
            connection.execute(
                update(_TABLE)
                .where(_TABLE.c.token == digest)
                .values(told=told, sequence=sequence, modified=now)
            )
        return sequence, now


def _whose(household: str, person: str) -> tuple[Any, ...]:
    return (_TABLE.c.household == household, _TABLE.c.person == person)


def _feed(row: Row[Any]) -> Feed:
    return Feed(
        household=row.household,
        person=row.person,
        mandate=row.mandate,
        amounts=bool(row.amounts),
        language=as_language(row.language) or DEFAULT_LANGUAGE,
        made_on=date.fromisoformat(row.made_on),
    )
