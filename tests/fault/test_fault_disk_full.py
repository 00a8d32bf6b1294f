"""L1: the disk of the sequencer or of a mirror is full: it is told at once, and nothing is lost.

A disk of 48 MiB: the write-ahead log of a member may grow to 32 MiB before it is folded in
(database_sql.SQLITE_WAL_PAGES), so that a smaller disk fills up by itself. With SQLite's own limit
of pages the same is played without a loop device.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Connection

from ledger.errors import StoreError
from ledger.formats.proof import Receipt
from ledger.rules.genesis import create_log
from ledger.stores.database_sql import Database, migrate, sqlite_url
from ledger.stores.store_sql import SqlStore
from tests import ledger_faults as faults
from tests import ledger_network as nets
from tests.fault.disks import Disk
from tests.fault.member import SEQUENCER
from tests.fault.runner import SEED, Site, runs

ROUNDS = runs(short=1, long=20)
DISK_MEBIBYTES = runs(short=48, long=96)  # the log of all rounds fits
CODES = {"unknown_outcome", "busy"}
TOLD_SECONDS = 15.0  # five tries to store, then the answer


async def told_full(site: Site) -> str:
    """Send until the sequencer tells that it cannot store; no request is left without an answer."""
    url = f"{site.plan.places[SEQUENCER].url}/submit"
    async with httpx.AsyncClient(timeout=TOLD_SECONDS) as client:
        for number in range(2_000):
            raw = site.record(f"until full {len(site.journal.invoked)}")
            answer = await client.post(url, content=raw)
            if answer.status_code != 200:
                assert answer.status_code == 503, (number, answer.text)
                assert "Retry-After" in answer.headers
                assert json.loads(answer.content)["code"] in CODES
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
        name: Disk(tmp_path / f"{name}.image", tmp_path / f"{name}-disk", mebibytes=DISK_MEBIBYTES)
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


def test_l1_a_full_database_gives_no_receipt_and_loses_none(tmp_path: Path) -> None:
    """SQLITE_FULL by SQLite's own limit of pages, and space again."""
    path = tmp_path / "log.sqlite3"
    migrate(sqlite_url(path))

    async def work() -> None:
        database = Database(sqlite_url(path))
        store = SqlStore(database)
        genesis = nets.governance_record(nets.genesis_body(mirrors=(), quorum=0), log="")
        log_id = await create_log(store, genesis, nets.log_signer())
        log = nets.make_log(store, {}, nets.FixedClock())
        await log.start()
        receipts: dict[bytes, Receipt] = {}

        async def limit(pages: int) -> None:
            def set_limit(connection: Connection) -> None:
                connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

            await database.write(set_limit)

        await limit(80)
        for n in range(400):
            raw = nets.record(log_id, f"{n}")
            try:
                receipts[raw] = await asyncio.wait_for(log.append(raw), 20)
            except (StoreError, TimeoutError):
                break
        assert receipts
        assert raw not in receipts
        await faults.check_network(store, [], receipts)
        await limit(10**6)
        for _ in range(100):
            try:
                receipts[raw] = await asyncio.wait_for(log.append(raw), 20)
                break
            except (StoreError, TimeoutError):
                await asyncio.sleep(0.01)
        assert raw in receipts
        await faults.check_network(store, [], receipts)
        await log.stop()
        await database.close()

    asyncio.run(work())
