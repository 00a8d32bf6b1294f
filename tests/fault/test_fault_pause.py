"""L1: SIGSTOP and SIGCONT. With a quorum of 3 of 4 the log goes on without one mirror, not two."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import ledger_network as nets
from tests.fault.member import SEQUENCER
from tests.fault.runner import SEED, network, runs

ROUNDS = runs(short=1, long=25)


@pytest.mark.timeout(3_600)
def test_l1_stopped_mirrors_and_a_stopped_sequencer(
    tmp_path: Path, told: Callable[[str], None]
) -> None:
    chance = random.Random(SEED)

    async def work() -> None:
        async with network(tmp_path) as site:
            await site.surely("first")
            for number in range(ROUNDS):
                one, two = chance.sample(nets.MIRRORS, 2)
                async with site.load():
                    site.signal(signal.SIGSTOP, one)
                    await site.acknowledged(10)  # three of four are the quorum
                    site.signal(signal.SIGSTOP, SEQUENCER)
                    await asyncio.sleep(chance.uniform(0.1, 0.6))
                    site.signal(signal.SIGCONT, SEQUENCER)
                    await site.acknowledged(10)
                    site.signal(signal.SIGSTOP, two)
                    await asyncio.sleep(0.3)  # what three had cosigned is answered
                lonely = site.record(f"with two mirrors {number}")
                assert await site.submit(lonely, seconds=1.5) is None
                before = await site.checkpoint_size(SEQUENCER)
                site.signal(signal.SIGCONT, two)
                receipt = None
                async with asyncio.timeout(60):
                    while receipt is None:
                        receipt = await site.submit(lonely)
                assert before is not None
                assert receipt.index >= before
                site.signal(signal.SIGCONT, one)
            size = await site.check()
            told(
                f"SIGSTOP of one mirror, the sequencer and two mirrors, {ROUNDS} rounds: "
                f"{size} entries, {len(site.journal.receipts)} acknowledged"
            )

    asyncio.run(work())


@pytest.mark.timeout(600)
def test_l1_a_killed_sequencer_comes_back_while_a_mirror_hangs(
    tmp_path: Path, told: Callable[[str], None]
) -> None:
    async def work() -> None:
        async with network(tmp_path) as site:
            await site.surely("first")
            site.signal(signal.SIGSTOP, nets.MIRRORS[0])
            site.kill(SEQUENCER)
            site.start(SEQUENCER)
            loop = asyncio.get_running_loop()
            begun = loop.time()
            await site.surely("second", seconds=20)
            took = loop.time() - begun
            site.signal(signal.SIGCONT, nets.MIRRORS[0])
            size = await site.check()
            told(f"restart beside a hanging mirror: {took:.1f} s to a receipt, {size} entries")

    asyncio.run(work())
