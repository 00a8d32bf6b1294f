"""L1: a power cut. What the disk held at that moment has every acknowledged record.

The loop-image method (LEDGER-FORMATS 5.1): the store lies on its own ext4 image; the process is
stopped, the image is copied (that is what had reached the disk), the process is killed, the copy
is mounted, its journal replayed, and the sequencer started on it.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from ledger.formats.proof import Receipt, parse_receipt
from ledger.rules.genesis import create_log
from ledger.stores.database_sql import Database, migrate, sqlite_url
from ledger.stores.store_sql import SqlStore
from tests import ledger_faults as faults
from tests import ledger_network as nets
from tests.ledger_postgres import free_port
from tests.ledger_process import url_of

LOAD_SECONDS = 3.0
ROOT = Path(__file__).parents[2]
IMAGE_MEBIBYTES = 96


@contextmanager
def mounted(image: Path, at: Path) -> Iterator[Path]:
    at.mkdir()
    subprocess.run(["mount", "-o", "loop", str(image), str(at)], check=True)
    try:
        yield at
    finally:
        subprocess.run(["umount", str(at)], check=True)


async def founded(directory: Path) -> str:
    url = sqlite_url(directory / "sequencer.sqlite3")
    await asyncio.to_thread(migrate, url)
    database = Database(url)
    genesis = nets.governance_record(nets.genesis_body(mirrors=(), quorum=0), log="")
    log_id = await create_log(SqlStore(database), genesis, nets.log_signer())
    await database.close()
    return log_id


def load(log_id: str, port: int) -> dict[bytes, Receipt]:
    """One record after the other; what was acknowledged."""
    receipts: dict[bytes, Receipt] = {}
    end: float | None = None
    count = 0
    with httpx.Client(timeout=10.0) as client:
        while end is None or time.monotonic() < end:
            raw = nets.record(log_id, f"{count}")
            try:
                answer = client.post(f"{url_of(port)}/submit", content=raw)
            except httpx.TransportError:
                time.sleep(0.05)  # not up yet
                continue
            assert answer.status_code == 200, answer.text
            receipts[raw] = parse_receipt(answer.content)
            end = end or time.monotonic() + LOAD_SECONDS
            count += 1
    return receipts


async def checked(directory: Path, receipts: dict[bytes, Receipt]) -> int:
    database = Database(sqlite_url(directory / "sequencer.sqlite3"))
    store = SqlStore(database)
    log = nets.make_log(store, {}, nets.FixedClock(2 * 10**9))
    await log.start()
    for raw, receipt in list(receipts.items())[-20:]:
        assert (await log.append(raw)).index == receipt.index
    await faults.check_network(store, [], receipts)
    size = log.status().size
    await log.stop()
    await database.close()
    return size


@pytest.mark.needs("a loop device")
@pytest.mark.timeout(180)
def test_l1_a_power_cut_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    image, copy = tmp_path / "disk.img", tmp_path / "after-the-cut.img"
    with image.open("wb") as file:
        file.truncate(IMAGE_MEBIBYTES * 1024 * 1024)
    subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)
    port = free_port()
    with mounted(image, tmp_path / "disk") as disk:
        log_id = asyncio.run(founded(disk))
        process = subprocess.Popen(
            [
                sys.executable, "-m", "tests.ledger_process", "sequencer", str(disk),
                json.dumps({"sequencer": port}),
            ],
            cwd=ROOT,
        )  # fmt: skip
        try:
            receipts = load(log_id, port)
            process.send_signal(signal.SIGSTOP)
            shutil.copy(image, copy)
        finally:
            process.kill()
            process.wait()
    assert len(receipts) > 20
    with mounted(copy, tmp_path / "after") as disk:
        size = asyncio.run(checked(disk, receipts))
        assert len(receipts) + 1 <= size <= len(receipts) + 2
