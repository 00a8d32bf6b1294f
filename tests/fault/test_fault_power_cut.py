"""L1: the power of all machines is cut at once; what was acknowledged is on the disks.

LEDGER-FORMATS 5.1: all data on an ext4 image; all processes are stopped, the image is copied (that
is what had reached the disk), the processes are killed, the copy is mounted and they go on on it.
"""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.formats.chain import parse_entry
from ledger.stores.database_sql import Database, sqlite_url
from ledger.stores.store_sql import SqlStore
from tests import ledger_network as nets
from tests.fault.disks import Disk
from tests.fault.member import SEQUENCER
from tests.fault.runner import NAMES, SEED, Site, runs

CUTS = runs(short=2, long=25)


async def there(site: Site, name: str) -> set[bytes]:
    """The records in one member's database."""
    database = Database(sqlite_url(site.database(name)))
    try:
        raws = await SqlStore(database).entries(0, 10**9)
    finally:
        await database.close()
    return {parse_entry(raw).envelope_raw for raw in raws}


async def cut(site: Site, disk: Disk, number: int) -> None:
    """Cut the power of all, and mount what was on the disk."""
    site.signal(signal.SIGSTOP)
    await asyncio.sleep(0.2)  # answers that were on their way are read
    copy = disk.image.with_name(f"disk{number}")
    disk.copy_as_cut(copy)
    site.kill()
    disk.unmount()
    disk.image.unlink()
    disk.image = copy
    disk.mount()


@pytest.mark.needs("a loop device")
@pytest.mark.timeout(3_600)
def test_l1_a_power_cut_of_all_members_loses_nothing_acknowledged(
    tmp_path: Path, told: Callable[[str], None]
) -> None:
    chance = random.Random(SEED)
    counts: list[tuple[int, int]] = []

    async def work(disk: Disk) -> None:
        site = Site(tmp_path, dict.fromkeys(NAMES, disk.folder))
        try:
            await site.prepare()
            site.start()
            for number in range(CUTS):
                async with site.load():
                    await site.acknowledged(chance.randrange(10, 60))
                    await asyncio.sleep(chance.uniform(0.0, 0.1))
                    await cut(site, disk, number)
                acknowledged = set(site.journal.receipts)
                copies = [await there(site, name) for name in nets.MIRRORS]
                ordered = await there(site, SEQUENCER)
                assert acknowledged <= ordered
                for raw in acknowledged:
                    assert sum(raw in each for each in copies) >= 3
                counts.append((len(acknowledged), len(ordered) - 1))
                site.start()
            size = await site.check()
            told(
                f"power cut by loop image, {CUTS} cuts, (acknowledged, there after the cut): "
                f"{counts}; {size} entries in the end"
            )
        finally:
            site.close()

    disk = Disk(tmp_path / "disk", tmp_path / "mounted", mebibytes=64)
    try:
        asyncio.run(work(disk))
    finally:
        disk.unmount()
