"""The inbox, the outbox and the desk as rows, read for a clerk. Content stays sealed here.

Every function works inside the caller's transaction. What a code means stands in words.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, func, select

from ledger.formats.envelope import parse_envelope
from node.desk.views import MatterView, OwnView, PostView, ReceiverView, SenderView
from node.desk.words import advice_of, type_words
from node.stores import schema_sql as tables
from node.submit import UNSENT_STATES

SHOWN_MAX: Final = 100  # of each list; a clerk works from the oldest
ENTRIES_LOOKED_AT: Final = 10_000  # accepted records are counted over the latest entries
REFUSED: Final = ("mismatch", "misfit")
Names = Mapping[str, str]


def read_post(connection: Connection, member: str, names: Names) -> PostView:
    """Everything of the page. names: of the members, by id."""
    matters, count = _matters(connection, member, names)
    return PostView(
        senders=_senders(connection, member, names),
        matters=matters,
        matters_all=count,
        receivers=_receivers(connection, names),
        own=_own(connection, member),
        entries=ENTRIES_LOOKED_AT,
        shown=SHOWN_MAX,
    )


def _senders(connection: Connection, member: str, names: Names) -> tuple[SenderView, ...]:
    inbox, records = tables.inbox, tables.records
    arrived: dict[str, Counter[str]] = {}
    rows = connection.execute(
        select(inbox.c.author, inbox.c.state, func.count()).group_by(inbox.c.author, inbox.c.state)
    )
    for author, state, count in rows:
        arrived.setdefault(author, Counter())["no" if state in REFUSED else "wait"] += count
    newest = connection.execute(select(func.max(records.c.n))).scalar() or 0
    accepted = connection.execute(
        select(records.c.author, func.count())
        .where(
            records.c.n > newest - ENTRIES_LOOKED_AT,
            records.c.author != member,
            records.c.state == "opened",
        )
        .group_by(records.c.author)
    )
    for author, count in accepted:
        arrived.setdefault(author, Counter())["yes"] += count
    return tuple(
        SenderView(
            member=author, name=names.get(author, author), accepted=found["yes"],
            waiting=found["wait"], refused=found["no"],
        )
        for author, found in sorted(arrived.items())
    )  # fmt: skip


def _matters(
    connection: Connection, member: str, names: Names
) -> tuple[tuple[MatterView, ...], int]:
    desk, records = tables.desk, tables.records
    count = connection.execute(select(func.count()).select_from(desk)).scalar_one()
    rows = connection.execute(
        select(desk.c.author, desk.c.id, desk.c.code, desk.c.at, records.c.type)
        .outerjoin(records, (records.c.author == desk.c.author) & (records.c.id == desk.c.id))
        .order_by(desk.c.at, desk.c.id, desk.c.code)
        .limit(SHOWN_MAX)
    )
    return tuple(
        MatterView(
            author=row.author,
            author_name=names.get(row.author, row.author),
            record=row.id,
            own=row.author == member,
            code=row.code,
            kind=None if row.type is None else type_words(row.type),
            why=advice_of(row.code).why,
            now=advice_of(row.code).now,
            since=datetime.fromtimestamp(row.at, UTC),
        )
        for row in rows
    ), count


def _receivers(connection: Connection, names: Names) -> tuple[ReceiverView, ...]:
    outbox, records = tables.outbox, tables.records
    rows = connection.execute(
        select(
            outbox.c.recipient, outbox.c.state, func.count(), func.max(outbox.c.attempts),
            func.min(records.c.n),
        )
        .join(records, records.c.id == outbox.c.id)
        .where(outbox.c.state.in_(("queued", "mismatch")))
        .group_by(outbox.c.recipient, outbox.c.state)
    ).all()  # fmt: skip
    found: dict[str, dict[str, tuple[int, int, int | None]]] = {}
    for recipient, state, count, attempts, oldest in rows:
        found.setdefault(recipient, {})[state] = (count, attempts, oldest)
    none = (0, 0, None)
    return tuple(
        ReceiverView(
            member=recipient, name=names.get(recipient, recipient),
            waiting=states.get("queued", none)[0], not_taken=states.get("mismatch", none)[0],
            attempts=states.get("queued", none)[1],
            since=_hour_of_entry(connection, states.get("queued", none)[2]),
        )
        for recipient, states in sorted(found.items())
    )  # fmt: skip


def _own(connection: Connection, member: str) -> tuple[OwnView, ...]:
    records, unaddressed = tables.records, tables.unaddressed
    columns = (records.c.id, records.c.type, records.c.envelope)
    own = records.c.author == member
    queries = (
        ("refused", "refused", select(*columns).where(own, records.c.state == "refused")),
        ("unsent", "unsent", select(*columns).where(
            own, records.c.receipt.is_(None), records.c.state.in_(UNSENT_STATES))),
        ("unaddressed", "unaddressed", select(*columns).where(
            own, records.c.id.in_(select(unaddressed.c.id)))),
    )  # fmt: skip
    found = []
    for state, code, query in queries:
        for row in connection.execute(query.order_by(records.c.id).limit(SHOWN_MAX)):
            told = advice_of(code)
            found.append(
                OwnView(
                    record=row.id, kind=type_words(row.type), state=state,  # type: ignore[arg-type]
                    why=told.why, now=told.now, since=_hour(row.envelope),
                )
            )  # fmt: skip
    return tuple(found)


def _hour_of_entry(connection: Connection, n: int | None) -> datetime | None:
    """The hour in the header of the own record at this entry."""
    if n is None:
        return None
    records = tables.records
    envelope = connection.execute(select(records.c.envelope).where(records.c.n == n)).scalar()
    return _hour(envelope)


def _hour(envelope: bytes | None) -> datetime | None:
    if envelope is None:
        return None
    return datetime.fromisoformat(parse_envelope(envelope).header.at)
