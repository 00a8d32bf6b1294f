"""One income statement from UWV's door to the nodes that may read it, over loopback HTTP."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path

from ledger.formats.chain import parse_entry
from ledger.formats.policy import parse_policy
from ledger.formats.proof import parse_receipt, verify_receipt
from node.flow import record
from node.runtime import Node
from scheduler.folding.facts import Fact
from specs.records import (
    INCOME_STATED,
    MOVED_BETWEEN,
    Address,
    IncomeStatement,
    Move,
    PersonRef,
    RecordDraft,
)
from tests.node_network import make_homes, running

PERSON = PersonRef(bsn="999993653", birth_date=date(1990, 5, 1), surname="Moulin")
MOVE = RecordDraft(
    type=MOVED_BETWEEN,
    source_event_id="verhuizing-1",
    data=Move(person=PERSON, address=Address(municipality="0344", street="Oudegracht", number="1")),
    valid_from=date(2025, 3, 1),
)
INCOME = RecordDraft(
    type=INCOME_STATED,
    source_event_id="opgave-1",
    data=IncomeStatement(
        person=PERSON,
        relation="123456789L01-1",
        payer="Bakkerij Halverwege",
        kind="wage",
        source_code="15",
        period_start=date(2026, 10, 1),
        period_end=date(2026, 10, 31),
        taxable_cents=215_032,
    ),
    valid_from=date(2026, 10, 1),
    valid_until=date(2026, 11, 1),
)


def facts_at(node: Node, record_id: str) -> Fact | None:
    return node.facts.fact("uwv", record_id)


def test_an_income_statement_reaches_its_readers_and_nobody_else(tmp_path: Path) -> None:
    homes = make_homes(tmp_path)

    async def work() -> None:
        async with running(homes) as network:
            nodes = network.nodes
            # Before the move is known, UWV cannot tell which municipality reads it.
            recorded = await record(nodes["uwv"].desk, INCOME)
            await network.quiet()
            assert facts_at(nodes["toeslagen"], recorded.record) is not None
            assert facts_at(nodes["gm0344"], recorded.record) is None
            await record(nodes["gm0344"].desk, MOVE)
            await network.quiet()
            for reader in ("uwv", "toeslagen", "belastingdienst", "gm0344"):
                fact = facts_at(nodes[reader], recorded.record)
                assert fact is not None, reader
                assert fact.data == INCOME.data
                assert fact.known == recorded.index
            for stranger in ("svb", "woonstad", "lichtstroom"):
                assert facts_at(nodes[stranger], recorded.record) is None
            subjects = {
                fact.subject()
                for fact in (facts_at(n, recorded.record) for n in nodes.values())
                if fact is not None
            }
            assert len(subjects) == 4  # every node has its own random id of the person

            log = nodes["belastingdienst"].ledger.log
            assert log is not None
            (entry,) = await log.store.entries(recorded.index, recorded.index + 1)
            policy = parse_policy(nodes["gm0344"].view.registry.policy_text().encode())
            opened = verify_receipt(parse_receipt(recorded.receipt), entry, policy)
            assert len(opened.cosigners) >= 3
            assert b"999993653" not in parse_entry(entry).envelope_raw

            again = await record(nodes["uwv"].desk, INCOME)
            assert (again.index, again.repeated) == (recorded.index, True)

    asyncio.run(work())


def test_a_restarted_network_repeats_nothing(tmp_path: Path) -> None:
    homes = make_homes(tmp_path)

    async def first() -> tuple[int, dict[str, int], bytes]:
        async with running(homes) as network:
            await record(network.nodes["gm0344"].desk, MOVE)
            recorded = await record(network.nodes["uwv"].desk, INCOME)
            await network.quiet()
            return recorded.index, _counts(network.nodes), recorded.receipt

    async def second(index: int, before: dict[str, int], receipt: bytes) -> None:
        async with running(homes) as network:
            await network.quiet()
            assert _counts(network.nodes) == before
            again = await record(network.nodes["uwv"].desk, INCOME)
            assert (again.index, again.receipt, again.repeated) == (index, receipt, True)
            await network.quiet()
            assert _counts(network.nodes) == before

    asyncio.run(second(*asyncio.run(first())))


def _counts(nodes: dict[str, Node]) -> dict[str, int]:
    return {
        name: node.view.size * 1000 + len(node.facts.of_type(INCOME_STATED))
        for name, node in nodes.items()
    }
