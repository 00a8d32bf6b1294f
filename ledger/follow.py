"""Reading the log as it grows: every member follows the same entries, verified, in order.

`Follower` trusts nobody but the policy's quorum: it verifies checkpoint, chain, tree, admission
and signatures over a peer's tiles. `CopyReader` reads the copy a sequencer, or a mirror, has
verified when it stored it; a mirror asks the log for the newest checkpoint with the quorum, since
its own head has only its own cosignature. Both show an entry only below such a checkpoint. What an
entry means is for those who read it; they must take the same entry twice in their stride, since a
place is saved only after its effects.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ledger import proofs
from ledger.errors import AdmissionError, ForkError, PeerError, ProofError, StoreError
from ledger.follow_place import Place, first_place, load_place, save_place
from ledger.formats.chain import parse_entry
from ledger.formats.checkpoint import SignedCheckpoint, open_checkpoint, parse_checkpoint
from ledger.formats.envelope import Header
from ledger.formats.merkle import leaf_hash, verify_consistency
from ledger.formats.note import Note, parse_note, parse_vkey
from ledger.formats.policy import Policy, parse_policy
from ledger.formats.tiles import (
    ENTRIES,
    TILE_WIDTH,
    Tile,
    parse_bundle,
    tile_width,
)
from ledger.ports import Checks, Evidence, Peer, Row, StateStore, Store
from ledger.rules.admission import open_envelope
from ledger.rules.registry import Registry
from ledger.tail import Judged, Tail, judge, registry_of

CHUNK_ENTRIES: Final = 16 * TILE_WIDTH

KeepEvidence = Callable[[Evidence], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEntry:
    """An entry below a quorum's checkpoint: void tells why it has no effect, None if it has one.

    header is None only for a void entry that is no record at all.
    """

    n: int
    header: Header | None
    envelope_raw: bytes
    leaf_hash: bytes
    void: str | None


class Following(Protocol):
    """What Follower and CopyReader have in common."""

    @property
    def size(self) -> int:
        """How many entries were read and verified."""
        ...

    @property
    def registry(self) -> Registry:
        """The members after those entries; raises StoreError before the first."""
        ...

    def entries(self, start: int) -> AsyncIterator[RecordedEntry]:
        """All recorded entries from start on, then the end; call again for what came since."""
        ...


class Follower:
    """Verified reading over a peer that serves the log's tiles; `start` loads its place."""

    def __init__(
        self,
        *,
        peer: Peer,
        states: StateStore,
        log_vkey: str,
        policy: Policy,
        checks: Checks,
        prefix: str = "",
        log_id: str | None = None,
        keep_evidence: KeepEvidence | None = None,
    ) -> None:
        """prefix: what stands before `checkpoint` at this peer (a mirror's `<origin hash>/`).

        log_vkey and policy are trusted for the first entries; what the ledger says of them later
        counts from there on. log_id (base64) pins entry 0 when it is known.
        """
        self._peer = peer
        self._states = states
        self._log_vkey = log_vkey
        self._policy = policy
        self._checks = checks
        self._prefix = prefix
        self._log_id = log_id
        self._keep_evidence = keep_evidence
        self._place = first_place()

    @property
    def size(self) -> int:
        """How many entries were verified."""
        return self._tail.size

    @property
    def registry(self) -> Registry:
        """The members after those entries."""
        return self._tail.founded

    @property
    def checkpoint(self) -> Note | None:
        """The last accepted checkpoint."""
        return self._place.checkpoint

    @property
    def _tail(self) -> Tail:
        return self._place.tail

    async def start(self) -> None:
        """Take up the saved place; raises StoreError when the saved state is damaged."""
        saved = await self._states.load()
        self._place = first_place() if saved is None else load_place(saved)

    async def entries(self, start: int) -> AsyncIterator[RecordedEntry]:
        """Entries from start on, each verified under the newest checkpoint; ends when all were.

        The place is saved whenever the reader comes back for the entry after a chunk, so an
        entry may be seen again after a crash. A start before the saved place verifies all again.
        Raises PeerError (try again), or ForkError, PolicyError, ProofError, ChainError for a log
        that is not what it says.
        """
        if start < self._tail.size or self._tail.size == 0:
            await self._states.clear()  # ids without a place would make every record a repeated one
            await self.start()
        head = await self._newest()
        while self._tail.size < head.checkpoint.size:
            judged, tail = await self._next_chunk(head)
            for each in judged:
                if each.row.n >= start:
                    yield recorded(each)
            await self._save(tail, judged, head.note)

    async def _newest(self) -> SignedCheckpoint:
        """The newest checkpoint with the quorum in force at this place."""
        answer = await self._peer.get(f"{self._prefix}checkpoint")
        if answer.status == 404:
            raise PeerError("checkpoint: nothing is published yet; ask again")
        if answer.status != 200:
            raise PeerError(f"checkpoint: status {answer.status}")
        registry = self._tail.registry
        keys = (
            (parse_vkey(self._log_vkey),)
            if registry is None
            else registry.trusted_log_keys(self._log_vkey)
        )
        head = open_checkpoint(answer.body, keys)
        self._policy_in_force(registry).satisfied(head.note)
        if self.checkpoint is not None:
            last = parse_checkpoint(self.checkpoint.text)
            if head.checkpoint.size == last.size and head.checkpoint.root != last.root:
                await self._forked(head, f"two roots signed for size {last.size}")
        return head

    def _policy_in_force(self, registry: Registry | None) -> Policy:
        if registry is None:
            return self._policy
        return parse_policy(registry.policy_text().encode())

    async def _next_chunk(self, head: SignedCheckpoint) -> tuple[list[Judged], Tail]:
        """Up to CHUNK_ENTRIES entries, proven to be the beginning of head's tree."""
        end = min(head.checkpoint.size, self._tail.size + CHUNK_ENTRIES)
        raws = await self._bundles(self._tail.size, end, head.checkpoint.size)
        tail, judged, _ = await judge(self._tail, raws, self._known, self._checks)
        if self._log_id is not None and tail.founded.log != self._log_id:
            raise ForkError("entry 0: not the genesis this member was told to expect")
        await self._prove(tail, head)
        if tail.registry is not self._tail.registry and self._tail.registry is not None:
            # Old and new: a head over a quorum change carries the quorum of both (DESIGN 4).
            self._policy_in_force(tail.registry).satisfied(head.note)
        return judged, tail

    async def _prove(self, tail: Tail, head: SignedCheckpoint) -> None:
        tiles = PeerTiles(self._peer, self._prefix, head.checkpoint.size)
        proof = await proofs.consistency(tiles, tail.size, head.checkpoint.size)
        try:
            verify_consistency(
                tail.size, head.checkpoint.size, proof, tail.growth.root(), head.checkpoint.root
            )
        except ProofError as error:
            if tail.size == head.checkpoint.size:
                await self._forked(head, f"entries and signed root differ: {error}")
            raise

    async def _forked(self, head: SignedCheckpoint, reason: str) -> None:
        if self._keep_evidence is not None and self.checkpoint is not None:
            await self._keep_evidence(
                Evidence(
                    kind="fork",
                    about=head.checkpoint.origin,
                    reason=reason,
                    parts={"ours": self.checkpoint.encode(), "theirs": head.note.encode()},
                    found_at=0,
                )
            )
        raise ForkError(f"{head.checkpoint.origin}: {reason}; both notes are kept")

    async def _bundles(self, start: int, end: int, size: int) -> list[bytes]:
        raws: list[bytes] = []
        for first in range(start - start % TILE_WIDTH, end, TILE_WIDTH):
            number = first // TILE_WIDTH
            tile = Tile(level=ENTRIES, n=number, width=tile_width(ENTRIES, number, size))
            body = await _fetch(self._peer, self._prefix + tile.path)
            raws.extend(parse_bundle(body, tile.width)[max(0, start - first) : end - first])
        return raws

    async def _known(self, identities: Sequence[bytes]) -> set[bytes]:
        return await self._states.known(identities)

    async def _save(self, tail: Tail, judged: Sequence[Judged], note: Note) -> None:
        governance = [each.row for each in judged if each.row.governance and not each.row.void]
        identities = [each.row.identity for each in judged if each.row.identity is not None]
        # A checkpoint counts as accepted once everything below it was verified.
        whole = tail.size == parse_checkpoint(note.text).size
        place = Place(
            tail=tail,
            governance=(*self._place.governance, *governance),
            checkpoint=note if whole else self.checkpoint,
            seen=self._place.seen.more(identities),
        )
        await self._states.save(save_place(place), identities)
        self._place = place


class CopyReader:
    """Reads this member's own verified copy, up to the newest head with the policy's quorum."""

    def __init__(self, store: Store, quorum_heads: Peer | None = None, prefix: str = "") -> None:
        """A mirror names the peer that serves the log's checkpoint; a sequencer has published it.

        Entries that the mirror has not stored yet are shown once it has.
        """
        self._store = store
        self._peer = quorum_heads
        self._prefix = prefix
        self._size = 0
        self._registry: Registry | None = None
        self._last: Note | None = None

    @property
    def size(self) -> int:
        """How many recorded entries were read."""
        return self._size

    @property
    def registry(self) -> Registry:
        """The members after those entries."""
        if self._registry is None:
            raise StoreError("ledger: nothing was read yet, or there is no genesis here")
        return self._registry

    @property
    def checkpoint(self) -> Note | None:
        """The last checkpoint with the quorum."""
        return self._last

    async def start(self) -> None:
        """Look at what is recorded, without reading its entries."""
        if self._peer is None:
            head = await self._store.published()
            self._size = 0 if head is None else head.size
        await self._read_registry()

    async def entries(self, start: int) -> AsyncIterator[RecordedEntry]:
        """Recorded entries from start on, then the end.

        Raises PeerError (try again), PolicyError for a head without the quorum, ForkError when it
        is of another tree than this copy.
        """
        size = await self._recorded()
        for first in range(start, size, CHUNK_ENTRIES):
            last = min(size, first + CHUNK_ENTRIES)
            rows = await self._store.rows(first, last)
            if len(rows) != last - first:
                raise StoreError(f"ledger store: entries {first} to {last} are not whole; run fsck")
            for row in rows:
                yield _recorded_row(row)

    async def _recorded(self) -> int:
        """The size of the newest quorum head that this copy covers."""
        if self._peer is None:
            published = await self._store.published()
            if published is not None and published.size != self._size:
                self._size, self._last = published.size, parse_note(published.note)
                await self._read_registry()
            return self._size
        answer = await self._peer.get(f"{self._prefix}checkpoint")
        if answer.status != 200:
            raise PeerError(f"checkpoint: status {answer.status}")
        registry = registry_of(await self._store.governance())
        if registry is None:
            return 0
        head = open_checkpoint(answer.body, parse_vkey(registry.log_vkey))
        size = head.checkpoint.size
        if size <= self._size or size > (await self._store.load()).size:
            return self._size
        parse_policy(registry.policy_text().encode()).satisfied(head.note)
        root = await proofs.root_at(self._store, size)
        if root != head.checkpoint.root:
            raise ForkError(
                f"{head.checkpoint.origin}: a quorum cosigned root {head.checkpoint.root.hex()} at "
                f"size {size}, this copy has {root.hex()}"
            )
        self._size, self._last = size, head.note
        await self._read_registry()
        return size

    async def _read_registry(self) -> None:
        rows = [row for row in await self._store.governance() if row.n < self._size]
        self._registry = registry_of(rows)


class PeerTiles:
    """The hash tiles of a tree of `size` at a peer, as proofs read them."""

    def __init__(self, peer: Peer, prefix: str, size: int) -> None:
        self._peer = peer
        self._prefix = prefix
        self._size = size

    async def tiles(self, wanted: Sequence[tuple[int, int]]) -> list[bytes | None]:
        """The hashes of each tile; raises PeerError when one does not come."""
        return [
            await _fetch(
                self._peer,
                self._prefix + Tile(level=level, n=n, width=tile_width(level, n, self._size)).path,
            )
            for level, n in wanted
        ]


def recorded(judged: Judged) -> RecordedEntry:
    """A judged entry as readers see it."""
    return RecordedEntry(
        n=judged.row.n,
        header=judged.header,
        envelope_raw=judged.envelope_raw,
        leaf_hash=judged.leaf,
        void=judged.row.void,
    )


def _recorded_row(row: Row) -> RecordedEntry:
    envelope_raw = parse_entry(row.raw).envelope_raw
    header: Header | None = None
    try:
        header = open_envelope(envelope_raw).header
    except AdmissionError:
        if row.void is None:
            raise
    return RecordedEntry(
        n=row.n,
        header=header,
        envelope_raw=envelope_raw,
        leaf_hash=leaf_hash(row.raw),
        void=row.void,
    )


async def _fetch(peer: Peer, path: str) -> bytes:
    answer = await peer.get(path)
    if answer.status != 200:
        raise PeerError(f"{path}: status {answer.status}")
    return answer.body
