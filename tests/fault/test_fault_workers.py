"""L1: the sequencer's checking processes are killed under load, now and then the sequencer too.

They hold nothing: what they were asked is asked again elsewhere, and no record is lost, doubled or
let in unchecked. Clients send many records a request, since few never start a process.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ledger.errors import PeerError
from ledger.formats.proof import parse_receipt
from ledger.peers_http import HttpPeer
from ledger.sequencing.checks_processes import PARALLEL_FROM
from tests import ledger_network as nets
from tests.fault.member import SEQUENCER
from tests.fault.processes import Member
from tests.fault.runner import SEED, Site, network, runs
from tests.ledger_process import TOKEN

KILLS = runs(short=2, long=100)
MANY = PARALLEL_FROM + 32
FORGED = 8  # of each request, signed by another member's key


def workers_of(site: Site) -> list[Member]:
    """The checking processes of the sequencer that runs now."""
    pid = site.members[SEQUENCER].pid
    found = []
    for number in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        try:
            found.append(Member(int(number)))
        except ProcessLookupError:
            continue
    return found


async def client(site: Site, number: int) -> None:
    """Requests without end; each is sent again until every record has its answer."""
    peer = HttpPeer(site.plan.places[SEQUENCER].url, token=TOKEN)
    try:
        count = 0
        while True:
            waiting = [site.record(f"{number}/{count}/{n}") for n in range(MANY - FORGED)]
            waiting += [
                site.record(f"forged {number}/{count}/{n}", key=nets.signer("svb", "record"))
                for n in range(FORGED)
            ]
            while waiting:
                waiting = await answered(site, peer, waiting)
            count += 1
    finally:
        await peer.close()


async def answered(site: Site, peer: HttpPeer, raws: Sequence[bytes]) -> list[bytes]:
    """Send these once; those whose outcome is unknown."""
    try:
        answer = await peer.post("submit-many", b"\n".join(raws), "application/x-ndjson")
    except PeerError:
        await asyncio.sleep(0.1)
        return list(raws)
    lines = [json.loads(line) for line in answer.body.splitlines()]
    left = []
    for raw, line in zip(raws, lines, strict=True):
        if "receipt" in line:
            site.journal.ok(raw, parse_receipt(line["receipt"].encode()))
        elif line["status"] == 503:
            site.journal.in_doubt(raw)
            left.append(raw)
        else:
            site.journal.refuse(raw, json.dumps(line).encode())
    return left


@pytest.mark.timeout(3_600)
def test_l1_checking_processes_killed_under_load(
    tmp_path: Path, told: Callable[[str], None]
) -> None:
    chance = random.Random(SEED)
    counts = {"checking processes": 0, "sequencer": 0}

    async def work() -> None:
        async with network(tmp_path) as site:
            await site.surely("first")
            clients = [asyncio.create_task(client(site, number)) for number in range(2)]
            for _ in range(KILLS):
                await site.acknowledged(chance.randrange(1, MANY))
                async with asyncio.timeout(60):
                    while not (workers := workers_of(site)):
                        await asyncio.sleep(0.05)
                for worker in workers if chance.random() < 0.5 else workers[:1]:
                    worker.kill()
                    counts["checking processes"] += 1
                if chance.random() < 0.2:
                    site.kill(SEQUENCER)
                    site.start(SEQUENCER)
                    counts["sequencer"] += 1
            await site.acknowledged(MANY)
            for task in clients:
                task.cancel()
            for ended in await asyncio.gather(*clients, return_exceptions=True):
                if isinstance(ended, Exception):
                    raise ended
            size = await site.check()
            journal = site.journal
            assert all("forged" in journal.invoked[raw] for raw in journal.refused)
            told(
                f"checking processes killed under load ({counts}): {size} entries, "
                f"{len(journal.receipts)} acknowledged, {len(journal.refused)} refused, "
                f"{journal.unknown} unknown outcomes"
            )

    asyncio.run(work())
