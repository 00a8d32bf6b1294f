"""A sequencer and its mirrors as processes, clients with journals, and the check of what is left.

L1 and L3: nothing acknowledged is missing, nothing invented, one order everywhere, every receipt
verifies, and the whole log passes `ledger.verify` at every member. Processes are stopped by their
own handle, never by name.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from ledger.errors import PeerError
from ledger.formats.chain import parse_entry
from ledger.formats.checkpoint import parse_checkpoint
from ledger.formats.note import parse_note
from ledger.formats.policy import parse_policy
from ledger.formats.proof import Receipt, parse_receipt
from ledger.fsck import fsck
from ledger.peers_http import HttpPeer
from ledger.ports import Evidence
from ledger.rules.genesis import create_log
from ledger.sequencing.checks_threads import InlineChecks
from ledger.stores.database_sql import Database, migrate, sqlite_url
from ledger.stores.store_sql import SqlStore
from ledger.verify import verify_log
from ledger.verifying.source_http import HttpSource
from ledger.witness import monitoring_path
from node.ledger_side import genesis_registry
from tests import ledger_faults as faults
from tests import ledger_network as nets
from tests.fault.journal import Journal
from tests.fault.member import SEQUENCER, Place, Plan
from tests.fault.processes import Member, nursery
from tests.ledger_postgres import free_port
from tests.ledger_process import TOKEN

NAMES = (SEQUENCER, *nets.MIRRORS)
LONG = os.environ.get("VASTEDAG_FAULTS") == "long"
# The short run is the same every time; `make faults` draws, and prints what it drew.
SHORT_SEED = 754688816
SEED = int(os.environ.get("VASTEDAG_SEED", "0")) or (
    random.SystemRandom().randrange(1, 2**31)
    if os.environ.get("VASTEDAG_FAULTS") == "long"
    else SHORT_SEED
)
CLIENTS = 4
ANSWER_SECONDS = 5.0
PREFIX = monitoring_path(nets.ORIGIN).removesuffix("checkpoint")
VKEY = nets.log_signer().verifier.vkey
GENESIS = nets.governance_record(nets.genesis_body(), log="")
POLICY = parse_policy(genesis_registry(GENESIS).policy_text().encode())


def runs(*, short: int, long: int) -> int:
    """How often a fault is tried: short in `make test`, long in `make faults`."""
    return long if LONG else short


class Site:
    """The whole network below one directory."""

    def __init__(self, directory: Path, databases: Mapping[str, Path] | None = None) -> None:
        """databases: the folder of each member's database, this directory when not named."""
        self.directory = directory
        self.members: dict[str, Member] = {}
        self.spaces: dict[str, str] = {}  # the network namespace of a member that has its own
        self.journal = Journal(directory / "journal")
        self.log_id = ""
        self._folders = dict(databases or {})
        self._clients = 0

    async def prepare(self, hosts: Mapping[str, str] | None = None) -> None:
        """Databases with their tables, the genesis, and everybody's place."""
        places = {
            name: Place(
                host=(hosts or {}).get(name, "127.0.0.1"),
                port=free_port(),
                database=str(self.folder(name) / f"{name}.sqlite3"),
            )
            for name in NAMES
        }
        first = Path(places[SEQUENCER].database)
        await asyncio.to_thread(migrate, sqlite_url(first))
        for name in nets.MIRRORS:  # the same empty tables
            _put_durably(Path(places[name].database), first.read_bytes())
        database = Database(sqlite_url(first))
        self.log_id = await create_log(SqlStore(database), GENESIS, nets.log_signer())
        await database.close()
        self.plan = Plan(log_id=self.log_id, places=places)
        self.plan.write(self.directory)

    def folder(self, name: str) -> Path:
        """Where a member's database lies."""
        return self._folders.get(name, self.directory)

    def move_databases(self, folder: Path) -> None:
        """From here on all databases are those in this folder."""
        self._folders = dict.fromkeys(NAMES, folder)
        self.plan = Plan(
            log_id=self.log_id,
            places={
                name: Place(
                    host=place.host, port=place.port, database=str(folder / f"{name}.sqlite3")
                )
                for name, place in self.plan.places.items()
            },
        )
        self.plan.write(self.directory)

    def start(self, *names: str) -> None:
        """Start members that do not run; all of them when none is named."""
        for name in names or NAMES:
            if name not in self.members:
                self.members[name] = nursery().fork(
                    name=name,
                    directory=str(self.directory),
                    log=str(self.directory / f"{name}.log"),
                    netns=self.spaces.get(name),
                )

    def kill(self, *names: str) -> None:
        """kill -9 of these, or of all that run."""
        for name in names or tuple(self.members):
            self.members.pop(name).kill()

    def signal(self, number: signal.Signals, *names: str) -> None:
        """Send a signal to these, or to all that run."""
        for name in names or tuple(self.members):
            self.members[name].send(number)

    def close(self) -> None:
        """End everything that was started."""
        self.kill()

    def set_clock(self, name: str, seconds: int) -> None:
        """Move a member's clock."""
        file = self.directory / f"{name}.clock.new"
        file.write_text(str(seconds))
        file.replace(self.directory / f"{name}.clock")

    async def checkpoint_size(self, name: str) -> int | None:
        """The size a member shows; None when it does not answer or has nothing."""
        path = "checkpoint" if name == SEQUENCER else f"{PREFIX}checkpoint"
        try:
            async with httpx.AsyncClient(timeout=2.0) as client:
                answer = await client.get(f"{self.plan.places[name].url}/{path}")
        except httpx.HTTPError:
            return None
        if answer.status_code != 200:
            return None
        return parse_checkpoint(parse_note(answer.content).text).size

    async def submit(self, raw: bytes, *, seconds: float = ANSWER_SECONDS) -> Receipt | None:
        """Send one journalled record once; None when it is unknown what became of it."""
        timeout = httpx.Timeout(seconds)
        async with httpx.AsyncClient(timeout=timeout) as client:
            peer = HttpPeer(self.plan.places[SEQUENCER].url, client=client, token=TOKEN)
            return await self._send(peer, raw)

    def record(self, what: str, **fields: Any) -> bytes:
        """A record, a good one unless fields say otherwise, entered in the journal as invoked."""
        raw = nets.record(self.log_id, what, **fields)
        self.journal.invoke(raw, what)
        return raw

    async def surely(self, what: str, *, seconds: float = 60.0) -> Receipt:
        """Record something, sending it again until there is a receipt."""
        raw = self.record(what)
        async with asyncio.timeout(seconds):
            while True:
                receipt = await self.submit(raw)
                if receipt is not None:
                    return receipt
                await asyncio.sleep(0.1)

    async def _send(self, peer: HttpPeer, raw: bytes) -> Receipt | None:
        try:
            answer = await peer.post("submit", raw, "application/json")
        except PeerError:
            self.journal.in_doubt(raw)
            return None
        if answer.status == 200:
            receipt = parse_receipt(answer.body)
            self.journal.ok(raw, receipt)
            return receipt
        if answer.status in (502, 503):
            self.journal.in_doubt(raw)
        else:
            self.journal.refuse(raw, answer.body)
        return None

    async def _client(self, number: int, chance: random.Random) -> None:
        timeout = httpx.Timeout(ANSWER_SECONDS)
        async with httpx.AsyncClient(timeout=timeout) as client:
            peer = HttpPeer(self.plan.places[SEQUENCER].url, client=client, token=TOKEN)
            count = 0
            while True:
                raw = self.record(f"{number}/{count}")
                while await self._send(peer, raw) is None:
                    await asyncio.sleep(0.05)
                    if chance.random() < 0.2:
                        break  # given up: it may be recorded or not, and is never sent again
                count += 1

    @asynccontextmanager
    async def load(self, clients: int = CLIENTS) -> AsyncIterator[None]:
        """Clients that send without pause inside the block; an error of theirs is raised."""
        self._clients += clients
        first = self._clients - clients
        tasks = [
            asyncio.create_task(self._client(first + n, random.Random(SEED + first + n)))
            for n in range(clients)
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            for task in tasks:
                with suppress(asyncio.CancelledError):
                    await task

    async def acknowledged(self, more: int, *, seconds: float = 60.0) -> None:
        """Wait until so many more records were acknowledged."""
        goal = len(self.journal.receipts) + more
        async with asyncio.timeout(seconds):
            while len(self.journal.receipts) < goal:
                await asyncio.sleep(0.01)

    async def settled(self, members: Sequence[str] = NAMES, *, seconds: float = 90.0) -> int:
        """Wait until these show one and the same size after one more record."""
        last = await self.surely(f"settle {len(self.journal.invoked)}", seconds=seconds)
        async with asyncio.timeout(seconds):
            while True:
                sizes = {await self.checkpoint_size(name) for name in members}
                if len(sizes) == 1 and None not in sizes and min(filter(None, sizes)) > last.index:
                    return int(sizes.pop() or 0)
                await asyncio.sleep(0.1)

    async def check(self) -> int:
        """All of the check: over HTTP as an auditor, then on the stopped stores. The entries."""
        size = await self.settled()
        for name in NAMES:
            prefix = "" if name == SEQUENCER else PREFIX
            source = HttpSource(f"{self.plan.places[name].url}/{prefix}", token=TOKEN)
            demanded = POLICY if name == SEQUENCER else None
            report = await asyncio.to_thread(verify_log, source, VKEY, demanded, workers=0)
            source.close()
            assert (report.size, report.entries, report.void_count) == (size, size, 0)
        self.kill()
        await self.check_stores(size)
        return size

    async def check_stores(self, size: int) -> None:
        """Compare the stopped stores with each other and with the journal."""
        databases = {name: Database(sqlite_url(self.database(name))) for name in NAMES}
        stores = {name: SqlStore(each) for name, each in databases.items()}
        try:
            mirrors = [stores[name] for name in nets.MIRRORS]
            await faults.check_network(stores[SEQUENCER], mirrors, self.journal.receipts)
            for name, store in stores.items():
                assert (await store.load()).size == size, name
                assert await fsck(store, InlineChecks()) == [], name
            raws = await stores[SEQUENCER].entries(1, size)
            recorded = [parse_entry(raw).envelope_raw for raw in raws]
            assert set(recorded) <= self.journal.invoked.keys(), "an entry that nobody sent"
            assert not set(recorded) & self.journal.refused.keys(), "an entry that was refused"
            assert len(set(recorded)) == len(recorded), "an entry recorded twice"
        finally:
            for database in databases.values():
                await database.close()

    def database(self, name: str) -> Path:
        """A member's database file."""
        return Path(self.plan.places[name].database)

    async def evidence(self, name: str) -> list[Evidence]:
        """What a stopped member keeps as evidence."""
        database = Database(sqlite_url(self.database(name)))
        try:
            return await SqlStore(database).evidence()
        finally:
            await database.close()


def _put_durably(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


@asynccontextmanager
async def network(
    directory: Path, databases: Mapping[str, Path] | None = None
) -> AsyncIterator[Site]:
    """A network that runs until the block ends."""
    site = Site(directory, databases)
    await site.prepare()
    try:
        site.start()
        yield site
    finally:
        site.close()
