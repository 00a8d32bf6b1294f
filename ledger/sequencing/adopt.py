"""Before a sequencer signs anything it adopts the largest head its mirrors have cosigned.

After a restore from a backup, or a move to another machine, the store may be behind what was
recorded: of n mirrors with a quorum of q, any n-q+1 include one that cosigned every recorded head
(DESIGN 4). Entries are taken over with all checks, the head as the log once signed it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from ledger import proofs
from ledger.errors import ForkError, LedgerError, PeerError
from ledger.formats.checkpoint import Checkpoint, SignedCheckpoint, open_checkpoint
from ledger.formats.note import Note, parse_vkey
from ledger.formats.tiles import ENTRIES, TILE_WIDTH, Tile, parse_bundle
from ledger.ports import Batch, Checks, Clock, Evidence, Head, Peer, Store
from ledger.tail import Tail, judge
from ledger.witness import monitoring_path

ADOPT_ENTRIES: Final = 16 * TILE_WIDTH


async def adopt(
    store: Store,
    tail: Tail,
    *,
    peers: Mapping[str, Peer],
    checks: Checks,
    clock: Clock,
    retry_seconds: float,
    fence: int | None = None,
) -> Tail:
    """The tail after adopting; waits until enough mirrors answer.

    Raises ForkError, with the evidence kept, when a mirror cosigned a tree this store has not.
    """
    registry = tail.founded
    enough = len(registry.mirrors) - registry.quorum + 1 if registry.mirrors else 0
    heads = await _heads(peers, tail, enough, clock, retry_seconds)
    for member, head in heads.items():
        if head is not None and head.checkpoint.size <= tail.size:
            await _compare(store, tail, member, head, clock)
    largest = max(
        ((head.checkpoint.size, member) for member, head in heads.items() if head is not None),
        default=(0, ""),
    )
    head = heads.get(largest[1])
    if head is None or head.checkpoint.size <= tail.size:
        return tail
    return await _take_over(store, tail, peers[largest[1]], head, checks, fence)


async def _heads(
    peers: Mapping[str, Peer], tail: Tail, enough: int, clock: Clock, retry_seconds: float
) -> dict[str, SignedCheckpoint | None]:
    """What at least `enough` mirrors cosigned last, and all others that answer meanwhile.

    All are asked at once and each again until it answers: one that hangs holds up nobody.
    """
    heads: dict[str, SignedCheckpoint | None] = {}

    async def ask(member: str, peer: Peer) -> None:
        while member not in heads:
            try:
                heads[member] = await _head_of(peer, tail)
            except PeerError:
                await clock.sleep(retry_seconds)

    asking = {asyncio.create_task(ask(member, peer)) for member, peer in peers.items()}
    try:
        while len(heads) < enough:
            if not asking:  # fewer can be asked than it takes
                await clock.sleep(retry_seconds)
                continue
            done, asking = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        if asking:
            await clock.sleep(retry_seconds)
    finally:
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
    return heads


async def _head_of(peer: Peer, tail: Tail) -> SignedCheckpoint | None:
    answer = await peer.get(monitoring_path(tail.founded.origin))
    if answer.status == 404:
        return None
    if answer.status != 200:
        raise PeerError(f"mirror: status {answer.status} for its checkpoint")
    registry = tail.founded
    logs = [parse_vkey(each) for each in (registry.log_vkey, *registry.retired_log_vkeys)]
    try:
        return open_checkpoint(answer.body, logs, origin=registry.origin)
    except LedgerError as error:
        raise PeerError(f"mirror: {error}") from None


async def _compare(
    store: Store, tail: Tail, member: str, head: SignedCheckpoint, clock: Clock
) -> None:
    checkpoint = head.checkpoint
    if checkpoint.size == 0:
        return
    root = await proofs.root_at(store, checkpoint.size)
    if root != checkpoint.root:
        await _keep_fork(store, tail, checkpoint, head.note, clock)
        raise ForkError(
            f"{member}: cosigned root {checkpoint.root.hex()} at size {checkpoint.size}, which "
            f"stands here with root {root.hex()}; nothing may be signed"
        )


async def _keep_fork(
    store: Store, tail: Tail, theirs: Checkpoint, note: Note, clock: Clock
) -> None:
    stored = await store.load()
    ours = b"" if stored.head is None else stored.head.note
    await store.keep_evidence(
        Evidence(
            kind="fork",
            about=tail.founded.origin,
            reason=f"a mirror cosigned another root at size {theirs.size}",
            parts={"theirs": note.encode(), "ours": ours},
            found_at=clock.now(),
        )
    )


async def _take_over(
    store: Store,
    tail: Tail,
    peer: Peer,
    head: SignedCheckpoint,
    checks: Checks,
    fence: int | None,
) -> Tail:
    """All entries up to head, checked, in one transaction with the head they make."""
    size = head.checkpoint.size
    raws = await _entries(peer, tail.founded.origin, tail.size, size)

    async def find(identities: Sequence[bytes]) -> set[bytes]:
        return set(await store.find(identities))

    grown, judged, tiles = await judge(tail, raws, find, checks)
    root = grown.growth.root()
    if root != head.checkpoint.root:
        raise ForkError(
            f"adopt: the mirror's entries make root {root.hex()} at size {size}, it cosigned "
            f"{head.checkpoint.root.hex()}"
        )
    note = Note(text=head.note.text, signatures=head.note.signatures)
    batch = Batch(
        start=tail.size,
        rows=tuple(each.row for each in judged),
        tiles=tuple(tiles),
        head=Head(size=size, note=note.encode()),
    )
    await store.commit(batch, after=await store.load(), fence=fence)
    return grown


async def _entries(peer: Peer, origin: str, start: int, end: int) -> list[bytes]:
    prefix = monitoring_path(origin).removesuffix("checkpoint")
    raws: list[bytes] = []
    for first in range(start - start % TILE_WIDTH, end, TILE_WIDTH):
        width = min(TILE_WIDTH, end - first)
        tile = Tile(level=ENTRIES, n=first // TILE_WIDTH, width=width)
        answer = await peer.get(prefix + tile.path)
        if answer.status != 200:
            raise PeerError(f"mirror: status {answer.status} for {tile.path}")
        raws.extend(parse_bundle(answer.body, width)[max(0, start - first) :])
    return raws
