"""Stores that fail on purpose, and the check of a whole log after any fault."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ledger.errors import StoreError
from ledger.formats.chain import GENESIS_PREV, check_link, entry_hash, parse_entry
from ledger.formats.checkpoint import open_checkpoint
from ledger.formats.merkle import leaf_hash, root_of
from ledger.formats.note import parse_note
from ledger.formats.policy import parse_policy
from ledger.formats.proof import Receipt, verify_receipt
from ledger.ports import Batch, Evidence, Head, Row, Store, Stored
from ledger.proofs import root_at
from ledger.tail import registry_of
from tests import ledger_network as nets

WRITES = ("commit", "publish", "set_head", "acquire", "keep_evidence")
READS = ("load", "find", "entries", "tiles", "governance", "published_over")


@dataclass
class Fault:
    """Fail the `after`-th call of `step`: lost (not done) or done but unanswered."""

    step: str
    done: bool
    after: int = 1
    times: int = 1
    hits: int = 0
    _seen: int = field(default=0)

    def strikes(self) -> bool:
        self._seen += 1
        if self._seen < self.after or self.hits >= self.times:
            return False
        self.hits += 1
        return True


class FaultyStore:
    """A Store in front of another that fails as told."""

    def __init__(self, inner: Store) -> None:
        self.inner = inner
        self.fault: Fault | None = None

    async def _through(self, step: str, work: Callable[[], Awaitable[Any]]) -> Any:
        strikes = self.fault is not None and self.fault.step == step and self.fault.strikes()
        if strikes and self.fault is not None and not self.fault.done:
            raise StoreError(f"{step}: lost")
        answer = await work()
        if strikes:
            raise StoreError(f"{step}: done, but the answer was lost")
        return answer

    async def load(self) -> Stored:
        return await self._through("load", self.inner.load)  # type: ignore[no-any-return]

    async def commit(self, batch: Batch, *, after: Stored, fence: int | None = None) -> None:
        await self._through("commit", lambda: self.inner.commit(batch, after=after, fence=fence))

    async def set_head(self, head: Head | None, *, after: Head | None) -> None:
        await self._through("set_head", lambda: self.inner.set_head(head, after=after))

    async def publish(self, head: Head) -> None:
        await self._through("publish", lambda: self.inner.publish(head))

    async def published(self) -> Head | None:
        return await self.inner.published()

    async def published_over(self, n: int) -> Head | None:
        return await self._through(  # type: ignore[no-any-return]
            "published_over", lambda: self.inner.published_over(n)
        )

    async def entries(self, start: int, end: int) -> list[bytes]:
        return await self._through(  # type: ignore[no-any-return]
            "entries", lambda: self.inner.entries(start, end)
        )

    async def rows(self, start: int, end: int) -> list[Row]:
        return await self.inner.rows(start, end)

    async def governance(self) -> list[Row]:
        return await self._through(  # type: ignore[no-any-return]
            "governance", self.inner.governance
        )

    async def find(self, identities: Sequence[bytes]) -> dict[bytes, int]:
        return await self._through(  # type: ignore[no-any-return]
            "find", lambda: self.inner.find(identities)
        )

    async def tiles(self, wanted: Sequence[tuple[int, int]]) -> list[bytes | None]:
        return await self._through(  # type: ignore[no-any-return]
            "tiles", lambda: self.inner.tiles(wanted)
        )

    async def acquire(self, holder: str, *, now: int, until: int) -> int:
        return await self._through(  # type: ignore[no-any-return]
            "acquire", lambda: self.inner.acquire(holder, now=now, until=until)
        )

    async def keep_evidence(self, evidence: Evidence) -> None:
        await self._through("keep_evidence", lambda: self.inner.keep_evidence(evidence))

    async def evidence(self) -> list[Evidence]:
        return await self.inner.evidence()


async def check_copy(store: Store) -> list[bytes]:
    """The entries of one copy, after checking chain, tree, tiles, head and ids (L1, L2)."""
    stored = await store.load()
    raws = await store.entries(0, stored.size)
    assert len(raws) == stored.size
    prev = GENESIS_PREV
    for n, raw in enumerate(raws):
        check_link(parse_entry(raw), index=n, previous_hash=prev)
        prev = entry_hash(raw)
    if raws:
        assert await root_at(store, stored.size) == root_of(leaf_hash(raw) for raw in raws)
    for head in (stored.head, stored.published):
        if head is not None and head.size <= stored.size:
            signed = open_checkpoint(head.note, nets.log_signer().verifier)
            assert signed.checkpoint.root == root_of(leaf_hash(raw) for raw in raws[: head.size])
    if stored.published is not None:
        assert stored.published.size <= stored.size
    return raws


async def check_published(store: Store) -> None:
    """What is published carries the policy's quorum (L3)."""
    published = (await store.load()).published
    registry = registry_of(await store.governance())
    assert published is not None
    assert registry is not None
    parse_policy(registry.policy_text().encode()).satisfied(parse_note(published.note))


async def check_network(
    sequencer: Store, mirrors: Iterable[Store], receipts: dict[bytes, Receipt]
) -> None:
    """One order everywhere; every receipt's record is there, once, at its place."""
    raws = await check_copy(sequencer)
    await check_published(sequencer)
    for mirror in mirrors:
        copy = await check_copy(mirror)
        assert copy == raws[: len(copy)]
    envelopes = [parse_entry(raw).envelope_raw for raw in raws]
    assert len(set(envelopes)) == len(envelopes)
    registry = registry_of(await sequencer.governance())
    assert registry is not None
    policy = parse_policy(registry.policy_text().encode())
    for envelope, receipt in receipts.items():
        assert envelopes[receipt.index] == envelope
        verify_receipt(receipt, raws[receipt.index], policy)
