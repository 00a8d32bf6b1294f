"""L1: kill -9 of sequencer and mirrors at random moments under load, with a client's journal.

Afterwards: nothing acknowledged is missing, nothing invented, one order everywhere. Real processes
on loopback HTTP and SQLite. VASTEDAG_KILLS=300 is the long form; the seed is printed on failure.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from ledger.errors import PeerError
from ledger.formats.proof import Receipt, parse_receipt
from ledger.peers_http import HttpPeer
from ledger.rules.genesis import create_log
from ledger.stores.database_sql import Database, migrate, sqlite_url
from ledger.stores.store_sql import SqlStore
from tests import ledger_faults as faults
from tests import ledger_network as nets
from tests.ledger_postgres import free_port
from tests.ledger_process import TOKEN, url_of

KILLS = int(os.environ.get("VASTEDAG_KILLS", "5"))
SEED = int(os.environ.get("VASTEDAG_SEED", "20261122"))
CLIENTS = 4
NAMES = ("sequencer", *nets.MIRRORS)
ROOT = Path(__file__).parents[2]


class Processes:
    """The five processes; what was killed is started again on the same files."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.ports = {name: free_port() for name in NAMES}
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        log = (self.directory / f"{name}.log").open("ab")
        self.running[name] = subprocess.Popen(
            [
                sys.executable, "-m", "tests.ledger_process",
                name, str(self.directory), json.dumps(self.ports),
            ],
            cwd=ROOT, stdout=log, stderr=log,
        )  # fmt: skip

    def kill(self, name: str) -> None:
        process = self.running.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def pause(self, name: str, *, on: bool) -> None:
        self.running[name].send_signal(signal.SIGSTOP if on else signal.SIGCONT)

    def end(self) -> None:
        for name in list(self.running):
            self.kill(name)


class Journal:
    """What every client sent, and what it was told: ok with a receipt, or unknown."""

    def __init__(self) -> None:
        self.sent: set[bytes] = set()
        self.receipts: dict[bytes, Receipt] = {}


async def client(
    number: int, log_id: str, port: int, journal: Journal, stop: asyncio.Event
) -> None:
    async with httpx.AsyncClient(timeout=5.0) as connection:
        peer = HttpPeer(url_of(port), client=connection, token=TOKEN)
        count = 0
        while not stop.is_set():
            raw = nets.record(log_id, f"{number}/{count}")
            journal.sent.add(raw)
            while raw not in journal.receipts:
                try:
                    answer = await peer.post("submit", raw, "application/json")
                except PeerError:
                    await asyncio.sleep(0.1)
                    continue
                if answer.status == 200:
                    journal.receipts[raw] = parse_receipt(answer.body)
                else:
                    assert answer.status == 503, answer.body
                    await asyncio.sleep(0.1)
            count += 1


async def prepared(directory: Path) -> str:
    for name in NAMES:
        await asyncio.to_thread(migrate, sqlite_url(directory / f"{name}.sqlite3"))
    database = Database(sqlite_url(directory / "sequencer.sqlite3"))
    genesis = nets.governance_record(nets.genesis_body(), log="")
    log_id = await create_log(SqlStore(database), genesis, nets.log_signer())
    await database.close()
    (directory / "log-id").write_text(log_id)
    return log_id


async def checked(directory: Path, journal: Journal) -> int:
    databases = [Database(sqlite_url(directory / f"{name}.sqlite3")) for name in NAMES]
    stores = [SqlStore(each) for each in databases]
    await faults.check_network(stores[0], stores[1:], journal.receipts)
    raws = await stores[0].entries(1, 10**9)
    for database in databases:
        await database.close()
    assert len(raws) <= len(journal.sent), "an entry nobody sent"
    return len(raws)


@pytest.mark.timeout(7_200)
def test_l1_kill_minus_nine_loses_nothing_and_invents_nothing(tmp_path: Path) -> None:
    chance = random.Random(SEED)

    async def work() -> None:
        log_id = await prepared(tmp_path)
        processes, journal, stop = Processes(tmp_path), Journal(), asyncio.Event()
        try:
            for name in NAMES:
                processes.start(name)
            port = processes.ports["sequencer"]
            clients = [
                asyncio.create_task(client(number, log_id, port, journal, stop))
                for number in range(CLIENTS)
            ]
            for _ in range(KILLS):
                before = len(journal.receipts)
                while len(journal.receipts) < before + 5:
                    for task in clients:
                        if task.done():
                            task.result()
                    await asyncio.sleep(0.02)
                await asyncio.sleep(chance.uniform(0.0, 0.5))
                victims = chance.choice(
                    [("sequencer",), ("sequencer",), (chance.choice(nets.MIRRORS),), NAMES]
                )
                for name in victims:
                    processes.kill(name)
                if chance.random() < 0.2:
                    paused = chance.choice(sorted(processes.running) or [None])
                    if paused is not None:
                        processes.pause(paused, on=True)
                        await asyncio.sleep(chance.uniform(0.1, 1.0))
                        processes.pause(paused, on=False)
                for name in victims:
                    processes.start(name)
            stop.set()
            await asyncio.wait_for(asyncio.gather(*clients), 120)
        finally:
            processes.end()
        assert set(journal.receipts) == journal.sent
        entries = await checked(tmp_path, journal)
        assert entries == len(journal.sent)

    try:
        asyncio.run(work())
    except BaseException as error:
        raise AssertionError(f"seed {SEED}, {KILLS} kills: {error!r}") from error
