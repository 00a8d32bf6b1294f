"""A whole network in one thread with time, chance, wire and crashes under one seed.

The event loop's clock is virtual: it jumps to the next thing that is due. Every call over the
wire may be slow, lost, or done with its answer lost; every write may fail in the same two ways;
sequencer and mirrors crash and start again on what they had stored. The same seed gives the same
run.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import selectors
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from ledger.errors import AdmissionError, LedgerError, PeerError, StoreError
from ledger.formats.checkpoint import parse_checkpoint
from ledger.formats.note import parse_note
from ledger.formats.proof import Receipt
from ledger.log import Log
from ledger.mirror import Mirror
from ledger.ports import Answer, Batch, Evidence, Head, Row, Store, Stored
from ledger.rules.genesis import create_log
from ledger.sequencing.intake import Limits
from ledger.serve import MirrorDoor
from ledger.stores.store_memory import MemoryStore
from tests import ledger_faults as faults
from tests import ledger_network as nets

RUN_SECONDS_MAX = 2_000.0  # virtual
LIMITS = Limits(batch_seconds=0.05, batch_entries_max=4, push_retry_seconds=0.3, lease_seconds=9)


class _NoWait(selectors.SelectSelector):
    """Never waits: moves its loop's clock on instead."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise AssertionError("simulation: everybody waits for nothing")
        self.loop.virtual += max(timeout, 0.0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is a number."""

    def __init__(self) -> None:
        selector = _NoWait()
        self.virtual = 0.0
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.virtual


class VirtualClock:
    """A Clock on the loop's virtual time, which may jump."""

    def __init__(self) -> None:
        self.offset = 1_795_320_000

    def now(self) -> int:
        return self.offset + int(asyncio.get_running_loop().time())

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Process:
    """What dies in a crash: after it, nothing of this process reaches the disk or the wire."""

    def __init__(self) -> None:
        self.alive = True


class SimulatedStore:
    """A disk that outlives its process: writes take time and fail in both ways."""

    def __init__(self, disk: MemoryStore, process: Process, world: World) -> None:
        self._disk = disk
        self._process = process
        self._world = world

    async def _do(self, work: Callable[[], Awaitable[Any]], *, write: bool) -> Any:
        random_, trouble = self._world.random, self._world.trouble
        await asyncio.sleep(random_.uniform(0.0, 0.02))
        chance = random_.random()
        if not self._process.alive or (write and chance < 0.02 * trouble):
            raise StoreError("disk: lost")
        answer = await work()
        await asyncio.sleep(random_.uniform(0.0, 0.02))
        if not self._process.alive or (write and chance > 1 - 0.02 * trouble):
            raise StoreError("disk: done, answer lost")
        return answer

    async def load(self) -> Stored:
        return await self._do(self._disk.load, write=False)  # type: ignore[no-any-return]

    async def commit(self, batch: Batch, *, after: Stored, fence: int | None = None) -> None:
        await self._do(lambda: self._disk.commit(batch, after=after, fence=fence), write=True)

    async def set_head(self, head: Head, *, after: Head | None) -> None:
        await self._do(lambda: self._disk.set_head(head, after=after), write=True)

    async def publish(self, head: Head) -> None:
        await self._do(lambda: self._disk.publish(head), write=True)
        self._world.saw_published(head)

    async def published(self) -> Head | None:
        return await self._disk.published()

    async def published_over(self, n: int) -> Head | None:
        return await self._do(  # type: ignore[no-any-return]
            lambda: self._disk.published_over(n), write=False
        )

    async def entries(self, start: int, end: int) -> list[bytes]:
        return await self._do(  # type: ignore[no-any-return]
            lambda: self._disk.entries(start, end), write=False
        )

    async def rows(self, start: int, end: int) -> list[Row]:
        return await self._disk.rows(start, end)

    async def governance(self) -> list[Row]:
        return await self._disk.governance()

    async def find(self, identities: Sequence[bytes]) -> dict[bytes, int]:
        return await self._do(  # type: ignore[no-any-return]
            lambda: self._disk.find(identities), write=False
        )

    async def tiles(self, wanted: Sequence[tuple[int, int]]) -> list[bytes | None]:
        return await self._do(  # type: ignore[no-any-return]
            lambda: self._disk.tiles(wanted), write=False
        )

    async def acquire(self, holder: str, *, now: int, until: int) -> int:
        return await self._do(  # type: ignore[no-any-return]
            lambda: self._disk.acquire(holder, now=now, until=until), write=True
        )

    async def keep_evidence(self, evidence: Evidence) -> None:
        await self._disk.keep_evidence(evidence)

    async def evidence(self) -> list[Evidence]:
        return await self._disk.evidence()


class MirrorHost:
    """A mirror's machine: the disk stays, the process comes and goes; also its wire."""

    def __init__(self, member: str, world: World) -> None:
        self.member = member
        self.world = world
        self.disk = MemoryStore()
        self.process = Process()
        self.door: MirrorDoor | None = None
        self.cut_until = 0.0

    async def boot(self) -> None:
        self.process = Process()
        store = SimulatedStore(self.disk, self.process, self.world)
        mirror: Mirror = await nets.make_mirror(
            self.member, self.world.log_id, self.world.clock, store
        )
        self.door = MirrorDoor(mirror)

    def crash(self) -> None:
        self.process.alive = False
        self.door = None

    async def post(self, path: str, body: bytes, content_type: str) -> Answer:
        del content_type
        return await self._wire(lambda door: door.post(path, body))

    async def get(self, path: str) -> Answer:
        return await self._wire(lambda door: door.get(path, entries_allowed=True))

    async def _wire(self, ask: Callable[[MirrorDoor], Awaitable[Answer]]) -> Answer:
        random_, trouble = self.world.random, self.world.trouble
        await asyncio.sleep(random_.uniform(0.0, 0.1))
        chance = random_.random()
        cut = self.cut_until > asyncio.get_running_loop().time()
        if self.door is None or cut or chance < 0.05 * trouble:
            raise PeerError("wire: request lost")
        # The far side goes on although the near side may die or stop waiting.
        answer = await asyncio.shield(asyncio.ensure_future(ask(self.door)))
        await asyncio.sleep(random_.uniform(0.0, 0.1))
        cut = self.cut_until > asyncio.get_running_loop().time()
        if not self.process.alive or cut or chance > 1 - 0.05 * trouble:
            raise PeerError("wire: answer lost")
        return answer


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
        self._published: dict[int, bytes] = {}
        self._clients = clients
        self._records = records
        self._stopped = False

    async def run(self) -> str:
        """Play it; answers a digest of all that happened."""
        genesis = nets.governance_record(nets.genesis_body(), log="")
        self.log_id = await create_log(self.disk, genesis, nets.log_signer())
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
            raw = nets.record(self.log_id, f"{number}/{count}")
            self.receipts[raw] = await self._sent(raw)
            self.note(f"receipt {self.receipts[raw].index}")
            if self.random.random() < 0.3:
                again = await self._sent(raw)
                assert again.index == self.receipts[raw].index
            if self.random.random() < 0.3:
                other = nets.record(self.log_id, f"{number}/{count}", content="other")
                with_other = await self._refusal(other)
                assert with_other == "reused_id"
            await asyncio.sleep(self.random.uniform(0.0, 2.0))

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

    async def _refusal(self, raw: bytes) -> str:
        try:
            await self._sent(raw)
        except AdmissionError as error:
            return error.code
        return "admitted"

    async def _chaos(self) -> None:
        while not self._stopped:
            await asyncio.sleep(self.random.uniform(0.1, 3.0))
            event = self.random.choice(
                ("crash", "crash", "mirror", "cut", "second", "clock", "calm")
            )
            self.note(event)
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

    async def _calm(self) -> None:
        await asyncio.sleep(self.random.uniform(0.0, 2.0))

    async def _heal(self) -> None:
        """With all well again every mirror ends with every entry."""
        for host in self.hosts.values():
            host.cut_until = 0.0
        if not self.logs:
            await self.boot("one")
        raw = nets.record(self.log_id, "last")
        self.receipts[raw] = await asyncio.wait_for(self._sent(raw), RUN_SECONDS_MAX)
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


def play(seed: int, *, clients: int = 3, records: int = 5) -> str:
    """Run one seed; the digest of its history. An AssertionError tells what broke."""
    loop = VirtualLoop()
    world = World(seed, clients=clients, records=records)
    try:
        return loop.run_until_complete(world.run())
    finally:
        loop.run_until_complete(_end_all())
        loop.close()


async def _end_all() -> None:
    pending = [each for each in asyncio.all_tasks() if each is not asyncio.current_task()]
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
