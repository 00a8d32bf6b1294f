"""L1: the sequencer is restored from an old backup; clocks jump.

A restored sequencer adopts what its mirrors have cosigned before it signs anything. What is
admitted is a function of the entries before it, so a clock that jumps changes nothing of it.
"""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.ports import Stored
from ledger.stores.database_sql import Database, sqlite_url
from ledger.stores.store_sql import SqlStore
from tests import ledger_network as nets
from tests.fault.member import SEQUENCER
from tests.fault.runner import NAMES, SEED, Site, network, runs

RESTORES = runs(short=1, long=25)
JUMPS = runs(short=2, long=60)
DAY = 86_400


def copy_database(site: Site, folder: Path, *, back: bool) -> None:
    """The sequencer's database files into the folder, or back from it."""
    here = site.database(SEQUENCER)
    for name in (here.name, f"{here.name}-wal", f"{here.name}-shm"):
        source, target = here.parent / name, folder / name
        if back:
            source, target = target, source
        target.unlink(missing_ok=True)
        if source.exists():
            shutil.copyfile(source, target)


async def stored(site: Site) -> Stored:
    database = Database(sqlite_url(site.database(SEQUENCER)))
    try:
        return await SqlStore(database).load()
    finally:
        await database.close()


@pytest.mark.timeout(3_600)
def test_l1_a_sequencer_restored_from_an_old_backup_adopts_before_it_signs(
    tmp_path: Path, told: Callable[[str], None]
) -> None:
    chance = random.Random(SEED)
    backup = tmp_path / "backup"
    backup.mkdir()
    behind = []

    async def work() -> None:
        async with network(tmp_path) as site:
            await site.surely("first")
            for number in range(RESTORES):
                site.kill(SEQUENCER)
                copy_database(site, backup, back=False)
                site.start(SEQUENCER)
                async with site.load():
                    await site.acknowledged(chance.randrange(5, 60))
                    site.kill(SEQUENCER)
                now = await stored(site)
                copy_database(site, backup, back=True)
                old = await stored(site)
                behind.append(now.size - old.size)
                alone, *others = nets.MIRRORS[number % 4], *nets.MIRRORS
                site.kill(*(each for each in others if each != alone))
                site.start(SEQUENCER)
                raw = site.record(f"with one mirror to adopt from {number}")
                assert await site.submit(raw, seconds=1.5) is None
                site.kill(SEQUENCER)
                lonely = await stored(site)
                assert (lonely.size, lonely.head) == (old.size, old.head), "signed too early"
                site.start()
                async with site.load():
                    await site.acknowledged(10)
                await site.settled()
            size = await site.check()
            for member in NAMES:  # heads that were shown and lost with the disk are remembered
                kept = await site.evidence(member)
                assert {each.kind for each in kept} <= {"unproven", "fork"}
            told(
                f"restore from an old backup, {RESTORES} times, {behind} entries behind: {size} "
                f"entries, {len(site.journal.receipts)} acknowledged"
            )

    asyncio.run(work())


@pytest.mark.timeout(3_600)
def test_l1_clocks_that_jump_change_nothing_of_what_is_admitted(
    tmp_path: Path, told: Callable[[str], None]
) -> None:
    chance = random.Random(SEED)
    jumps = []

    async def work() -> None:
        async with network(tmp_path) as site:
            first = await site.surely("first")
            for number in range(JUMPS):
                victim = chance.choice([SEQUENCER, SEQUENCER, *nets.MIRRORS])
                seconds = chance.choice((-3650 * DAY, -DAY, -30, 30, DAY, 3650 * DAY))
                jumps.append(f"{victim} {seconds}")
                async with site.load():
                    await site.acknowledged(3)
                    site.set_clock(victim, seconds)
                    await site.acknowledged(10)
                    if chance.random() < 0.4:
                        site.kill(victim)
                        site.start(victim)
                        await site.acknowledged(5)
                forged = site.record(f"forged {number}", key=nets.signer("svb", "record"))
                while forged not in site.journal.refused:
                    assert await site.submit(forged) is None
                again = nets.record(site.log_id, "first")
                receipt = await site.submit(again)
                assert receipt is not None
                assert receipt.index == first.index
            size = await site.check()
            told(
                f"clock jumps, {JUMPS} ({'; '.join(jumps[:6])}): {size} entries, "
                f"{len(site.journal.receipts)} acknowledged"
            )

    asyncio.run(work())
