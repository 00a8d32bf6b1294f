"""L1: kill -9 of sequencer and mirrors at random points under load, then the whole check."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import ledger_network as nets
from tests.fault.member import SEQUENCER
from tests.fault.runner import NAMES, SEED, network, runs

KILLS = runs(short=8, long=300)


@pytest.mark.timeout(7_200)
def test_l1_kill_minus_nine_at_random_points_under_load(
    tmp_path: Path, told: Callable[[str], None]
) -> None:
    chance = random.Random(SEED)
    killed = dict.fromkeys(NAMES, 0)

    async def work() -> None:
        async with network(tmp_path) as site:
            await site.surely("first")
            async with site.load():
                for _ in range(KILLS):
                    await site.acknowledged(chance.randrange(1, 10))
                    await asyncio.sleep(chance.uniform(0.0, 0.15))
                    victims = chance.choice(
                        [
                            (SEQUENCER,),
                            (SEQUENCER,),
                            (chance.choice(nets.MIRRORS),),
                            tuple(chance.sample(nets.MIRRORS, 3)),
                            NAMES,
                        ]
                    )
                    site.kill(*victims)
                    for name in victims:
                        killed[name] += 1
                    await asyncio.sleep(chance.uniform(0.0, 0.1))
                    site.start()
                await site.acknowledged(5)
            size = await site.check()
            journal = site.journal
            told(
                f"kill -9 at {KILLS} points ({killed}): {size} entries, "
                f"{len(journal.receipts)} acknowledged, {journal.unknown} unknown outcomes"
            )

    asyncio.run(work())
