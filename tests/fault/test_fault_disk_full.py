"""L1: the disk of the sequencer or of a mirror is full: it is told, and nothing is lost."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests import ledger_network as nets
from tests.fault.disks import Disk
from tests.fault.member import SEQUENCER
from tests.fault.runner import SEED, Site, runs

ROUNDS = runs(short=1, long=20)
CODES = {"unknown_outcome", "busy"}


async def told_full(site: Site) -> str:
    """Send until the sequencer tells that it cannot store."""
    async with httpx.AsyncClient(timeout=5.0) as client:
        for number in range(2_000):
            raw = site.record(f"until full {len(site.journal.invoked)}")
            url = f"{site.plan.places[SEQUENCER].url}/submit"
            try:
                answer = await client.post(url, content=raw)
            except httpx.HTTPError:
                continue
            if answer.status_code != 200:
                assert answer.status_code == 503, (number, answer.text)
                code = json.loads(answer.content)["code"]
                assert code in CODES
                return str(json.loads(answer.content)["detail"])
    raise AssertionError("2,000 records on a full disk")


@pytest.mark.needs("a loop device")
@pytest.mark.timeout(3_600)
def test_l1_a_full_disk_is_told_and_loses_nothing(
    tmp_path: Path, told: Callable[[str], None]
) -> None:
    chance = random.Random(SEED)
    victim = nets.MIRRORS[0]
    disks = {
        name: Disk(tmp_path / f"{name}.image", tmp_path / f"{name}-disk", mebibytes=8)
        for name in (SEQUENCER, victim)
    }

    async def work() -> None:
        site = Site(tmp_path, {name: disk.folder for name, disk in disks.items()})
        reasons = set()
        try:
            await site.prepare()
            site.start()
            await site.surely("first")
            for _ in range(ROUNDS):
                filler = disks[victim].fill(chance.randrange(0, 100_000))
                async with site.load():
                    await site.acknowledged(60)  # the other three are the quorum
                filler.unlink()
                await site.settled()  # the mirror has caught up
                filler = disks[SEQUENCER].fill(chance.randrange(0, 200_000))
                reasons.add(await told_full(site))
                if chance.random() < 0.5:
                    site.kill(SEQUENCER)  # it may start on a full disk or refuse to
                    site.start(SEQUENCER)
                    await asyncio.sleep(0.5)
                async with site.load():
                    await asyncio.sleep(0.5)
                filler.unlink()
                if site.members[SEQUENCER].ended(0.1):
                    site.kill(SEQUENCER)
                    site.start(SEQUENCER)
                async with site.load():
                    await site.acknowledged(5)
            size = await site.check()
            told(
                f"disk full, {ROUNDS} rounds on a mirror and on the sequencer: {size} entries, "
                f"{len(site.journal.receipts)} acknowledged, told as {sorted(reasons)}"
            )
        finally:
            site.close()

    try:
        asyncio.run(work())
    finally:
        for disk in disks.values():
            disk.unmount()
