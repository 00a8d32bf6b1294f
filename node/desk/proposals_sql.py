"""What one clerk proposed and another decides: four eyes, kept as rows.

Content and answer are ciphertext under the subject's key, so that erasure reaches them. Every
function works inside the caller's transaction, and those that open content inside a reading.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, cast

from sqlalchemy import Connection, insert, select, update

from node.errors import NodeError
from node.stores import schema_desk_sql as tables
from node.subjects import Subjects
from scheduler.folding.facts import SubjectId
from specs.canonical import canonical_bytes

Kind = Literal["correction", "join", "other_person", "unjoin", "tailoring", "contest", "mandate"]
State = Literal["waiting", "agreed", "done", "refused"]
ID_BYTES: Final = 32
_TABLE: Final = tables.proposals


class SameClerkError(NodeError):
    """The second pair of eyes is the first: another clerk decides."""


class DecidedError(NodeError):
    """A proposal that was decided before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A proposal without its content; who proposed it is a keyed id."""

    id: str
    kind: Kind
    subject: SubjectId
    author: str
    record: str
    state: State
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A proposal with what it says."""

    head: Head
    content: Mapping[str, Any]


_HEAD: Final = (
    _TABLE.c.id, _TABLE.c.kind, _TABLE.c.subject, _TABLE.c.author, _TABLE.c.record, _TABLE.c.state,
    _TABLE.c.proposed_by, _TABLE.c.proposed_at, _TABLE.c.decided_by,
)  # fmt: skip


def add(
    connection: Connection,
    subjects: Subjects,
    *,
    kind: Kind,
    subject: SubjectId,
    author: str,
    record: str,
    content: Mapping[str, Any],
    staff: str,
    now: datetime,
) -> str:
    """Propose; raises DecidedError when the same matter waits already. Answers the id."""
    if waiting_about(connection, author, record, kind) is not None:
        raise DecidedError("a proposal about this waits already; decide that one first")
    identity = secrets.token_urlsafe(ID_BYTES)
    connection.execute(
        insert(_TABLE).values(
            id=identity, kind=kind, subject=subject, author=author, record=record,
            content=subjects.hide(connection, subject, _text(content)),
            state="waiting", proposed_by=staff, proposed_at=int(now.timestamp()),
        )
    )  # fmt: skip
    return identity


def waiting_about(
    connection: Connection, author: str, record: str, kind: Kind | None = None
) -> str | None:
    """The proposal about this record that waits, None when none does."""
    if not record:
        return None
    query = select(_TABLE.c.id).where(
        _TABLE.c.author == author, _TABLE.c.record == record,
        _TABLE.c.state.in_(("waiting", "agreed")),
    )  # fmt: skip
    if kind is not None:
        query = query.where(_TABLE.c.kind == kind)
    found = connection.execute(query).scalar()
    return None if found is None else str(found)


def waiting(connection: Connection, count: int) -> Sequence[Head]:
    """Proposals to decide, and agreed ones that a crash left to be carried out; oldest first."""
    rows = connection.execute(
        select(*_HEAD)
        .where(_TABLE.c.state.in_(("waiting", "agreed")))
        .order_by(_TABLE.c.proposed_at, _TABLE.c.id)
        .limit(count)
    )
    return [_head(row) for row in rows]


def read(connection: Connection, subjects: Subjects, identity: str) -> Proposal:
    """One proposal with its content; raises LookupError."""
    row = connection.execute(
        select(*_HEAD, _TABLE.c.content).where(_TABLE.c.id == identity)
    ).first()
    if row is None:
        raise LookupError("no such proposal here")
    head = _head(row)
    content = json.loads(subjects.show(connection, head.subject, row.content))
    return Proposal(head=head, content=cast(Mapping[str, Any], content))


def agree(connection: Connection, identity: str, staff: str, now: datetime) -> None:
    """A second clerk agrees; raises LookupError, SameClerkError, DecidedError.

    One that is agreed but not carried out yet may be agreed to again: a crash came in between.
    """
    row = connection.execute(
        select(_TABLE.c.proposed_by, _TABLE.c.state).where(_TABLE.c.id == identity)
    ).first()
    if row is None:
        raise LookupError("no such proposal here")
    if row.proposed_by == staff:
        raise SameClerkError("whoever proposed it does not decide it; ask a colleague")
    if row.state not in ("waiting", "agreed"):
        raise DecidedError("this proposal was decided before")
    connection.execute(
        update(_TABLE)
        .where(_TABLE.c.id == identity, _TABLE.c.state == "waiting")
        .values(state="agreed", decided_by=staff, decided_at=int(now.timestamp()))
    )


def refuse(
    connection: Connection, subjects: Subjects, identity: str, staff: str, why: str, now: datetime
) -> None:
    """A second clerk refuses, or the first one takes it back; raises DecidedError."""
    head = read(connection, subjects, identity).head
    answer = subjects.hide(connection, head.subject, _text({"why": why}))
    done = connection.execute(
        update(_TABLE)
        .where(_TABLE.c.id == identity, _TABLE.c.state == "waiting")
        .values(state="refused", decided_by=staff, decided_at=int(now.timestamp()), answer=answer)
    )
    if done.rowcount != 1:
        raise DecidedError("this proposal was decided before")


def carried_out(connection: Connection, identity: str) -> None:
    """What was agreed is done."""
    connection.execute(
        update(_TABLE)
        .where(_TABLE.c.id == identity, _TABLE.c.state == "agreed")
        .values(state="done")
    )


def _text(content: Mapping[str, Any]) -> str:
    return canonical_bytes(dict(content)).decode()


def _head(row: Any) -> Head:
    return Head(
        id=row.id, kind=row.kind, subject=SubjectId(row.subject), author=row.author,
        record=row.record, state=row.state, proposed_by=row.proposed_by,
        proposed_at=datetime.fromtimestamp(row.proposed_at, UTC), decided_by=row.decided_by,
    )  # fmt: skip
