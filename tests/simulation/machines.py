"""The machines of the simulation: a loop with virtual time, disks that outlive processes, wires.

Every call over a wire may be slow, lost, or done with its answer lost; every write may fail in the
same two ways. What happens when is world.py's.
"""

from __future__ import annotations

import asyncio
import random
import selectors
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from ledger.catch_up import Others
from ledger.errors import PeerError, StoreError
from ledger.mirror import Mirror
from ledger.ports import Answer, Batch, Evidence, Head, Row, Stored
from ledger.sequencing.checks_threads import InlineChecks
from ledger.serve import MirrorDoor
from ledger.stores.store_memory import MemoryStore
from ledger.watch import watch
from tests import ledger_network as nets

OTHERS = Others(count=3, needed=2)  # 4 mirrors, a quorum of 3
WATCH_SECONDS = 15.0


class Around(Protocol):
    """What a machine knows of the world it stands in."""

    random: random.Random
    trouble: float
    clock: VirtualClock
    log_id: str

    @property
    def hosts(self) -> Mapping[str, MirrorHost]:
        """The mirrors' machines."""
        ...

    def saw_published(self, head: Head) -> None:
        """A sequencer made this head the published one."""
        ...


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

    def __init__(self, disk: MemoryStore, process: Process, world: Around) -> None:
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

    async def set_head(self, head: Head | None, *, after: Head | None) -> None:
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

    def __init__(self, member: str, world: Around) -> None:
        self.member = member
        self.world = world
        self.disk = MemoryStore()
        self.backup = MemoryStore()
        self.process = Process()
        self.door: MirrorDoor | None = None
        self.mirror: Mirror | None = None
        self.cut_until = 0.0
        self._restored = False
        self._watching: asyncio.Task[None] | None = None

    async def boot(self, *, restored: bool = False) -> None:
        """Start it; a restore is remembered until it has caught up, as the operator's mark is."""
        if self.mirror is not None and await self.mirror.problem() is None:
            self._restored = False
        self._restored = self._restored or restored
        self.process = Process()
        self.mirror = Mirror(
            store=SimulatedStore(self.disk, self.process, self.world),
            origin=nets.ORIGIN,
            log_vkey=nets.log_signer().verifier.vkey,
            signer=nets.note_signer(self.member, "mirror"),
            clock=self.world.clock,
            checks=InlineChecks(),
            log_id=self.world.log_id,
            others=OTHERS,
            restored=self._restored,
        )
        await self.mirror.start()
        self.door = MirrorDoor(self.mirror)
        others = {name: host for name, host in self.world.hosts.items() if host is not self}
        self._watching = asyncio.ensure_future(
            watch(self.mirror, others, self.world.clock, seconds=WATCH_SECONDS)
        )

    def crash(self) -> None:
        self.process.alive = False
        self.door = None
        if self._watching is not None:
            self._watching.cancel()

    async def cosigns(self) -> bool:
        """Whether it runs and has caught up."""
        return self.door is not None and self.mirror is not None and not await self.mirror.problem()

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
