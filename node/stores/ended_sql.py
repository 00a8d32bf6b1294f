"""Ended sessions and sign-ins as rows, so that every web process of a node refuses them."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.exc import IntegrityError

from node.stores import schema_sql as tables
from node.stores.database_sql import Database


class EndedSql:
    """EndedPort (portal/auth.py) over the node's database. Safe from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        ended = tables.ended_visits
        self._found = database.first_row(select(ended.c.id).where(ended.c.id == bindparam("id")))

    def end(self, identifier: str, until: int, now: int) -> bool:
        """Remember it; False when it had ended before. What is past its time is dropped."""
        ended = tables.ended_visits
        try:
            with self._database.write() as connection:
                connection.execute(delete(ended).where(ended.c.until <= now))
                connection.execute(insert(ended).values(id=identifier, until=until))
        except IntegrityError:
            return False
        return True

    def has_ended(self, identifier: str) -> bool:
        """Whether it was ended."""
        return self._found(id=identifier) is not None
