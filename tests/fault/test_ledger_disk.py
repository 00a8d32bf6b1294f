"""L1, L2: a full disk and flipped bits under an SQLite store: no false receipt, none unseen."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Connection

from ledger.errors import LedgerError, StoreError
from ledger.formats.proof import Receipt
from ledger.fsck import fsck
from ledger.rules.genesis import create_log
from ledger.sequencing.checks_threads import InlineChecks
from ledger.stores.database_sql import Database, migrate, sqlite_url
from ledger.stores.store_sql import SqlStore
from tests import ledger_faults as faults
from tests import ledger_network as nets

FLIPS = int(os.environ.get("VASTEDAG_FLIPS", "60"))
SEED = int(os.environ.get("VASTEDAG_SEED", "20261122"))


async def founded(path: Path) -> tuple[Database, SqlStore, str]:
    await asyncio.to_thread(migrate, sqlite_url(path))
    database = Database(sqlite_url(path))
    store = SqlStore(database)
    genesis = nets.governance_record(nets.genesis_body(mirrors=(), quorum=0), log="")
    return database, store, await create_log(store, genesis, nets.log_signer())


def test_l1_a_full_disk_gives_no_receipt_and_loses_none(tmp_path: Path) -> None:
    async def work() -> None:
        database, store, log_id = await founded(tmp_path / "log.sqlite3")
        log = nets.make_log(store, {}, nets.FixedClock())
        await log.start()
        receipts: dict[bytes, Receipt] = {}

        async def limit(pages: int) -> None:
            # SQLite answers SQLITE_FULL at this size of its file, as it does on a full disk.
            def work(connection: Connection) -> None:
                connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

            await database.write(work)

        await limit(80)
        failed = 0
        for n in range(400):
            raw = nets.record(log_id, f"{n}")
            try:
                receipts[raw] = await asyncio.wait_for(log.append(raw), 20)
            except (StoreError, TimeoutError):
                failed += 1
                break
        assert failed == 1
        assert receipts
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


def test_l2_a_flipped_bit_in_the_database_is_found_or_changes_nothing(tmp_path: Path) -> None:
    """Free space of the file may flip unseen; then every entry and head must be as before."""
    path = tmp_path / "log.sqlite3"

    async def filled() -> tuple[list[bytes], bytes]:
        database, store, log_id = await founded(path)
        log = nets.make_log(store, {}, nets.FixedClock())
        await log.start()
        await log.append_many([nets.record(log_id, f"{n}") for n in range(300)])
        await log.stop()
        raws = await store.entries(0, 301)
        published = await store.published()
        await database.close()
        assert published is not None
        return raws, published.note

    async def look(copy: Path) -> tuple[bool, list[bytes], bytes | None]:
        try:
            database = Database(sqlite_url(copy))
        except StoreError:
            return True, [], None
        try:
            store = SqlStore(database)
            problems = await fsck(store, InlineChecks())
            published = await store.published()
            raws = await store.entries(0, 10**6)
            return bool(problems), raws, None if published is None else published.note
        except LedgerError:
            return True, [], None
        finally:
            await database.close()

    raws, note = asyncio.run(filled())
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = path.stat().st_size
    chance, seen = random.Random(SEED), 0
    for number in range(FLIPS):
        copy = tmp_path / f"copy{number}.sqlite3"
        shutil.copy(path, copy)
        at, bit = chance.randrange(size), 1 << chance.randrange(8)
        with copy.open("r+b") as file:
            file.seek(at)
            byte = file.read(1)[0]
            file.seek(at)
            file.write(bytes([byte ^ bit]))
        found, after, shown = asyncio.run(look(copy))
        seen += found
        if not found:
            assert (after, shown) == (raws, note), f"seed {SEED}: bit {bit} of byte {at} unseen"
        copy.unlink()
    assert seen > FLIPS // 3


@pytest.mark.parametrize("content", [b"", b"not a database, but long enough to be one" * 40])
def test_a_file_that_is_no_store_is_a_store_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log.sqlite3"
    path.write_bytes(content)
    with pytest.raises(StoreError):
        Database(sqlite_url(path))
