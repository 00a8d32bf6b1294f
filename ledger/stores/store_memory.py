"""The stores in memory, for simulations and tests: same promises, no disk, no thread.

Every call runs to its end without waiting, so that a simulation decides the order of all steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ledger.errors import HeadMovedError, LeaseError, StoreError
from ledger.ports import Batch, Evidence, Head, Row, Stored
from ledger.witness import Cosigned


class MemoryStore:
    """A Store that lives as long as the object."""

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._identities: dict[bytes, int] = {}
        self._head: Head | None = None
        self._published: dict[int, Head] = {}
        self._shown: dict[int, Head] = {}
        self._lease: tuple[str, int, int] = ("", 0, 0)  # holder, until, fence
        self._evidence: list[Evidence] = []

    async def load(self) -> Stored:
        """What is stored now."""
        return self._stored()

    async def commit(self, batch: Batch, *, after: Stored, fence: int | None = None) -> None:
        """Write all of batch or nothing (see ports.Store)."""
        self._check_fence(fence)
        stored = self._stored()
        if (stored.size, stored.head) != (after.size, after.head) or batch.start != stored.size:
            raise HeadMovedError(f"store: {stored.size} entries, built upon {after.size}")
        identities = [row.identity for row in batch.rows if row.identity is not None]
        if len(set(identities)) != len(identities) or self._used(identities):
            raise StoreError("store: an id is recorded already; nothing was written")
        self._rows.extend(batch.rows)
        for row in batch.rows:
            if row.identity is not None:
                self._identities[row.identity] = row.n
        for tile in batch.tiles:
            self._tiles[tile.level, tile.n] = tile.hashes
        if batch.head is not None:
            self._head = batch.head
        if batch.published is not None:
            self._publish(batch.published)

    async def set_head(self, head: Head | None, *, after: Head | None) -> None:
        """Replace the pending head, only if it still is `after`."""
        if self._head != after:
            raise HeadMovedError("store: the pending head is another by now")
        self._head = head

    async def publish(self, head: Head) -> None:
        """Make head the published one unless a larger one is (see ports.Store)."""
        self._publish(head)

    async def published(self) -> Head | None:
        """The newest published head."""
        return self._stored().published

    async def published_over(self, n: int) -> Head | None:
        """The first remembered published head that covers entry n."""
        sizes = [size for size in self._published if size > n]
        return self._published[min(sizes)] if sizes else None

    async def published_last(self, count: int) -> list[Head]:
        """The remembered published heads, the largest first."""
        return [self._published[size] for size in sorted(self._published, reverse=True)[:count]]

    async def count_void(self) -> int:
        """How many entries are void."""
        return sum(1 for row in self._rows if row.void is not None)

    async def entries(self, start: int, end: int) -> list[bytes]:
        """The entries' bytes, in order."""
        return [row.raw for row in self._rows[start:end]]

    async def rows(self, start: int, end: int) -> list[Row]:
        """The entries with what is known of them."""
        return list(self._rows[start:end])

    async def governance(self) -> list[Row]:
        """The governance entries that are not void, in order."""
        return [row for row in self._rows if row.governance and row.void is None]

    async def find(self, identities: Sequence[bytes]) -> dict[bytes, int]:
        """The entry number of each identity that is recorded."""
        return {each: self._identities[each] for each in identities if each in self._identities}

    async def tiles(self, wanted: Sequence[tuple[int, int]]) -> list[bytes | None]:
        """The present hashes of each tile."""
        return [self._tiles.get(each) for each in wanted]

    async def acquire(self, holder: str, *, now: int, until: int) -> int:
        """Take or prolong the lease and answer its fencing number."""
        held_by, held_until, fence = self._lease
        if held_by not in ("", holder) and held_until > now:
            raise LeaseError("lease: held by another sequencer")
        if held_by != holder:
            fence += 1
        self._lease = (holder, until, fence)
        return fence

    async def keep_evidence(self, evidence: Evidence) -> None:
        """Keep contradictions; the same parts are kept once."""
        if all(
            (each.kind, each.parts) != (evidence.kind, evidence.parts) for each in self._evidence
        ):
            self._evidence.append(evidence)

    async def evidence(self) -> list[Evidence]:
        """All that was kept, oldest first."""
        return list(self._evidence)

    def _stored(self) -> Stored:
        published = self._shown[max(self._shown)] if self._shown else None
        return Stored(size=len(self._rows), head=self._head, published=published)

    def _publish(self, head: Head) -> None:
        self._published.setdefault(head.size, head)
        self._shown[head.size] = head

    def _check_fence(self, fence: int | None) -> None:
        if fence is not None and self._lease[2] != fence:
            raise LeaseError("lease: it changed hands; this sequencer must stop")

    def _used(self, identities: Iterable[bytes]) -> bool:
        return any(each in self._identities for each in identities)


class MemoryCosigned:
    """A cosigner.CosignedState that lives as long as the object."""

    def __init__(self) -> None:
        self._last: dict[str, Cosigned] = {}

    async def last(self, origin: str) -> Cosigned | None:
        """What was last swapped in for this origin; None if never."""
        return self._last.get(origin)

    async def swap(self, origin: str, before: Cosigned | None, after: Cosigned) -> bool:
        """Put after where before stands; False when before no longer stands."""
        if self._last.get(origin) != before:
            return False
        self._last[origin] = after
        return True


class MemoryState:
    """A StateStore that lives as long as the object."""

    def __init__(self) -> None:
        self._state: bytes | None = None
        self._identities: set[bytes] = set()

    async def load(self) -> bytes | None:
        """The last saved state."""
        return self._state

    async def known(self, identities: Sequence[bytes]) -> set[bytes]:
        """Which of these were saved before."""
        return self._identities.intersection(identities)

    async def save(self, state: bytes, identities: Sequence[bytes]) -> None:
        """Replace the state and add identities."""
        self._state = state
        self._identities.update(identities)

    async def clear(self) -> None:
        """Forget all."""
        self._state = None
        self._identities.clear()
