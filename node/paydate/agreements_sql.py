"""Agreements of single adults, kept until all adults of their household agreed to the same.

A row is ciphertext under the key of whom it is about and dies with it. Every function works inside
the caller's transaction. Once all agreed, the enrolment is a record and the rows go.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, select

from node.errors import ErasedError
from node.stores import schema_sql as tables
from node.stores.work_sql import put
from node.subjects import Subjects
from scheduler.folding.facts import SubjectId


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """One adult saw the paths with this digest and agreed to this day."""

    day: int
    shown: str


def keep(
    connection: Connection,
    subjects: Subjects,
    household: SubjectId,
    person: SubjectId,
    agreement: Agreement,
) -> None:
    """Keep a person's agreement in place of an earlier one."""
    content = subjects.hide(connection, person, json.dumps(asdict(agreement)))
    key = {"household": household, "person": person}
    put(connection, tables.agreements, key, {"content": content})


def kept(
    connection: Connection, subjects: Subjects, household: SubjectId
) -> dict[SubjectId, Agreement]:
    """The agreements of a household by person; an erased person has none."""
    table = tables.agreements
    rows = connection.execute(select(table).where(table.c.household == household)).all()
    found = {}
    for row in rows:
        try:
            text = subjects.show(connection, row.person, row.content)
        except ErasedError:
            continue
        found[SubjectId(row.person)] = Agreement(**json.loads(text))
    return found


def drop(connection: Connection, households: Collection[SubjectId]) -> None:
    """Forget the agreements of these households."""
    table = tables.agreements
    connection.execute(delete(table).where(table.c.household.in_(list(households))))
