"""A whole network in one thread with time, chance, wire and crashes under one seed.

The event loop's clock is virtual: it jumps to the next thing that is due. Every call over the
wire may be slow, lost, or done with its answer lost; every write may fail in the same two ways;
sequencer and mirrors crash and start again on what they had stored; the sequencer is restored from
an old backup, a mirror from one of its own or from nothing; an author's key is rotated; a liar with
the log's key tells mirrors another story. The same seed gives the same run.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections import Counter
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass

from ledger.errors import AdmissionError, LedgerError, StoreError
from ledger.evidence import prove_fork
from ledger.formats.checkpoint import parse_checkpoint
from ledger.formats.note import parse_note
from ledger.formats.proof import Receipt
from ledger.keys import Ed25519Signer
from ledger.log import Log
from ledger.ports import Head, Store
from ledger.rules import governance
from ledger.rules.genesis import create_log
from ledger.sequencing.intake import Limits
from ledger.sequencing.push import Pusher
from ledger.stores.store_memory import MemoryStore
from tests import ledger_faults as faults
from tests import ledger_network as nets
from tests.ledger_lies import Story
from tests.simulation.machines import (
    MirrorHost,
    Process,
    SimulatedStore,
    VirtualClock,
    VirtualLoop,
)
from tests.simulation.remembered import remembered

RUN_SECONDS_MAX = 2_000.0  # virtual
CHAOS = (
    "crash", "crash", "mirror", "cut", "second", "clock", "calm",
    "backup", "restore", "forget", "rotate", "lie",
)  # fmt: skip
FORGET_AT_ONCE = 2  # of four mirrors; a third would leave nobody of a quorum of three
KEY_ENDED = ("wrong_key", "key_revoked")
LIMITS = Limits(batch_seconds=0.05, batch_entries_max=4, push_retry_seconds=0.3, lease_seconds=9)


class World:
    """One seeded run: `await run()`, then everything was checked."""

    def __init__(self, seed: int, *, clients: int = 3, records: int = 5) -> None:
        self.random = random.Random(seed)
        self.clock = VirtualClock()
        self.trouble = 1.0
        self.log_id = ""
        self.disk = MemoryStore()
        self.hosts = {member: MirrorHost(member, self) for member in nets.MIRRORS}
        self.logs: dict[str, tuple[Log, Process]] = {}
        self.receipts: dict[bytes, Receipt] = {}
        self.refused: list[str] = []
        self.history = hashlib.sha256()
        self.counts: Counter[str] = Counter()
        self.backup = MemoryStore()
        self._version = 1  # of the record key of the member whose records the clients send
        self._published: dict[int, bytes] = {}
        self._clients = clients
        self._records = records
        self._stopped = False

    async def run(self) -> str:
        """Play it; answers a digest of all that happened."""
        genesis = nets.governance_record(nets.genesis_body(), log="")
        self.log_id = await create_log(self.disk, genesis, nets.log_signer())
        self.backup = deepcopy(self.disk)
        for host in self.hosts.values():
            await host.boot()
        await self.boot("one")
        chaos = asyncio.ensure_future(self._chaos())
        clients = [self._client(number) for number in range(self._clients)]
        await asyncio.wait_for(asyncio.gather(*clients), RUN_SECONDS_MAX)
        self._stopped = True
        await chaos
        self.trouble = 0.0
        await self._heal()
        await self._check()
        for log, _ in self.logs.values():
            await log.stop()
        return self.history.hexdigest()

    def saw_published(self, head: Head) -> None:
        """L3: one size has one root, whoever publishes it, in every run of the sequencer."""
        checkpoint = parse_checkpoint(parse_note(head.note).text)
        root = self._published.setdefault(head.size, checkpoint.root)
        assert root == checkpoint.root, f"two trees published at size {head.size}"

    async def boot(self, name: str) -> None:
        """Start a sequencer process under this name on the one disk."""
        process = Process()
        log = nets.make_log(
            SimulatedStore(self.disk, process, self),
            dict(self.hosts),
            self.clock,
            limits=LIMITS,
            holder=name,
        )
        for _ in range(50):
            try:
                await log.start()
            except StoreError:
                await asyncio.sleep(0.1)
            else:
                self.logs[name] = (log, process)
                return
        raise AssertionError("simulation: a sequencer that never starts")

    def crash(self, name: str) -> None:
        """The process is gone between two steps; nothing is tidied up."""
        log, process = self.logs.pop(name)
        process.alive = False
        for task in [*log._tasks, *log._quorum._tasks.values()]:
            task.cancel()
        log._end(StoreError("crashed"))

    def note(self, what: str) -> None:
        now = asyncio.get_running_loop().time()
        self.history.update(f"{now:.6f} {what}\n".encode())

    async def _client(self, number: int) -> None:
        """Send until there is a receipt; now and then another content under a used id."""
        for count in range(self._records):
            raw = await self._recorded(f"{number}/{count}")
            self.note(f"receipt {self.receipts[raw].index}")
            if self.random.random() < 0.3:
                again = await self._sent(raw)
                assert again.index == self.receipts[raw].index
            if self.random.random() < 0.3:
                assert await self._refusal(f"{number}/{count}", content="other") == "reused_id"
            await asyncio.sleep(self.random.uniform(0.0, 2.0))

    async def _recorded(self, name: str) -> bytes:
        """Record it, signed again whenever its key has ended; the bytes that are recorded."""
        while True:
            raw = nets.record(self.log_id, name, key=self._key())
            try:
                self.receipts[raw] = await self._sent(raw)
            except AdmissionError as error:
                if error.code not in KEY_ENDED:
                    raise
            else:
                return raw

    def _key(self) -> Ed25519Signer:
        return record_key(self._version)

    async def _sent(self, raw: bytes) -> Receipt:
        while True:
            await asyncio.sleep(self.random.uniform(0.01, 0.3))
            if not self.logs:
                continue
            log, _ = self.random.choice(list(self.logs.values()))
            try:
                return await asyncio.wait_for(log.append(raw), self.random.uniform(0.5, 8.0))
            except AdmissionError:
                raise
            except (TimeoutError, LedgerError):
                continue

    async def _refusal(self, name: str, *, content: str) -> str:
        code = "key_revoked"
        while code in KEY_ENDED:
            raw = nets.record(self.log_id, name, content=content, key=self._key())
            try:
                await self._sent(raw)
            except AdmissionError as error:
                code = error.code
            else:
                return "admitted"
        return code

    async def _chaos(self) -> None:
        while not self._stopped:
            await asyncio.sleep(self.random.uniform(0.1, 3.0))
            event = self.random.choice(CHAOS)
            self.note(event)
            self.counts[event] += 1
            await getattr(self, f"_{event}")()

    async def _crash(self) -> None:
        if self.logs:
            self.crash(self.random.choice(sorted(self.logs)))
        await asyncio.sleep(self.random.uniform(0.0, 1.0))
        if not self.logs:
            await self.boot(self.random.choice(("one", "two")))

    async def _mirror(self) -> None:
        host = self.hosts[self.random.choice(nets.MIRRORS)]
        host.crash()
        await asyncio.sleep(self.random.uniform(0.0, 2.0))
        await host.boot()

    async def _cut(self) -> None:
        now = asyncio.get_running_loop().time()
        for host in self.random.sample(list(self.hosts.values()), self.random.randint(1, 4)):
            host.cut_until = now + self.random.uniform(0.1, 6.0)

    async def _second(self) -> None:
        """Two sequencers at once: lease and fence have to keep them apart."""
        if len(self.logs) == 1:
            await self.boot("two" if "one" in self.logs else "one")

    async def _clock(self) -> None:
        self.clock.offset += self.random.randint(-40, 40)

    async def _backup(self) -> None:
        self.backup = deepcopy(self.disk)
        host = self.hosts[self.random.choice(nets.MIRRORS)]
        host.backup = deepcopy(host.disk)

    async def _restore(self) -> None:
        """The sequencer's disk is lost; it goes on from a backup, with all mirrors reachable."""
        for name in sorted(self.logs):
            self.crash(name)
        self.disk = deepcopy(self.backup)
        before, self.trouble = self.trouble, 0.0
        for host in self.hosts.values():
            host.cut_until = 0.0
        await self.boot("one")
        while "one" in self.logs and not self.logs["one"][0].status().running:
            await asyncio.sleep(0.1)
        self.trouble = before

    async def _forget(self) -> None:
        """A mirror loses what it stored since its backup, or all of it: at most two at once."""
        if [await host.cosigns() for host in self.hosts.values()].count(False) >= FORGET_AT_ONCE:
            return
        host = self.hosts[self.random.choice(nets.MIRRORS)]
        host.crash()
        host.disk = deepcopy(host.backup)
        await host.boot(restored=True)

    async def _rotate(self) -> None:
        """The author's record key ends and another begins."""
        if not self.logs:
            return
        registry = next(iter(self.logs.values()))[0].registry
        new = {"use": "record", "key": nets.b64(record_key(self._version + 1).public_key)}
        body = governance.next_body(registry, "rotate", member="uwv", **new)
        signed = governance.with_signers(body, {"uwv": nets.signer("uwv", "governance")})
        raw = nets.governance_record(signed, log=self.log_id)
        try:
            self.receipts[raw] = await self._sent(raw)
        except AdmissionError:
            return  # prepared upon what a standby knew: the next one is
        self._version += 1

    async def _lie(self) -> None:
        """Somebody with the log's key tells a mirror another story of what it cosigned."""
        host = self.hosts[self.random.choice(nets.MIRRORS)]
        published = (await host.disk.load()).published
        if published is None or published.size < 2:
            return
        count = self.random.randint(1, published.size)
        story = await Story.of(*(f"lie {n}" for n in range(count)))
        try:
            lines = await Pusher(host, story.store, nets.ORIGIN).mirror(story.head)
        except LedgerError:
            return
        raise AssertionError(f"{host.member} cosigned a lie: {lines}")

    async def _calm(self) -> None:
        await asyncio.sleep(self.random.uniform(0.0, 2.0))

    async def _heal(self) -> None:
        """With all well again every mirror ends with every entry."""
        for host in self.hosts.values():
            host.cut_until = 0.0
        if not self.logs:
            await self.boot("one")
        await asyncio.wait_for(self._recorded("last"), RUN_SECONDS_MAX)
        size = (await self.disk.load()).size
        for _ in range(400):
            held = [(await host.disk.load()).size for host in self.hosts.values()]
            if set(held) == {size}:
                return
            await asyncio.sleep(0.5)
        raise AssertionError(f"simulation: mirrors hold {held} of {size} entries")

    async def _check(self) -> None:
        copies: list[Store] = [host.disk for host in self.hosts.values()]
        await faults.check_network(self.disk, copies, self.receipts)
        raws = await self.disk.entries(0, 10**6)
        assert len(raws) == len(self.receipts) + 1, "an entry nobody holds a receipt for"
        for raw in raws:
            self.history.update(raw)
        for copy in copies:
            for each in await copy.evidence():
                if each.kind == "fork":
                    prove_fork(each, [nets.log_signer().verifier])
        self.counts["entries"] = len(raws)


def record_key(version: int) -> Ed25519Signer:
    """The record key of the clients' member."""
    return nets.signer("uwv", "record" if version == 1 else f"record{version}")


@dataclass(frozen=True, kw_only=True)
class Played:
    """A run that held: the digest of its history, and how often what happened in it."""

    digest: str
    counts: Mapping[str, int]


def play(seed: int, *, clients: int = 3, records: int = 5) -> Played:
    """Run one seed. An AssertionError tells what broke."""
    loop = VirtualLoop()
    world = World(seed, clients=clients, records=records)
    try:
        with remembered():
            digest = loop.run_until_complete(world.run())
        return Played(digest=digest, counts=dict(world.counts))
    finally:
        loop.run_until_complete(_end_all())
        loop.close()


async def _end_all() -> None:
    pending = [each for each in asyncio.all_tasks() if each is not asyncio.current_task()]
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
