"""A clerk's office over a node's core without network: what it records is followed at once."""

from __future__ import annotations

from sqlalchemy import select

from node.desk.office import Office
from node.stores import schema_sql as tables
from node.submit import Recorded
from specs.records import RecordDraft
from tests.node_desk import NOW, REGISTRY, TestDesk


def office_of(desk: TestDesk) -> Office:
    """The office of one test node; its ledger is the line that the node shares."""

    async def record(draft: RecordDraft) -> Recorded:
        before = len(desk.line.entries)
        identity = desk.prepare(draft)
        if identity not in {entry.id for entry in desk.line.entries}:
            desk.line.record(desk.envelope(identity))
        desk.follow()
        repeated = len(desk.line.entries) == before
        return Recorded(
            record=identity, index=len(desk.line.entries), receipt=b"", repeated=repeated
        )

    return Office(
        member=desk.member,
        role=REGISTRY.members[desk.member].role,
        database=desk.database,
        records=desk.records,
        facts=desk.facts,
        view=desk.view,
        acceptance=desk.acceptance,
        logbook=desk.log,
        clock=lambda: NOW,
        record=record,
    )


def readings(desk: TestDesk, activity: str) -> set[str]:
    """Whom this activity read here, as the log of readings has it."""
    spans, lines = tables.processings, tables.processed
    with desk.database.read() as connection:
        rows = connection.execute(
            select(lines.c.subject)
            .join(spans, spans.c.id == lines.c.processing)
            .where(spans.c.activity == activity)
        )
        return set(rows.scalars())
