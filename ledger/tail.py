"""One copy of the log, in memory as far as growing it needs: size, last link, tree, registry.

`sequence` adds records that were admitted (the sequencer); `judge` takes entries that exist and
tells which are void (mirrors, followers, a sequencer that adopts). Both are the same function of
the entries before, by admission.py. Nothing is stored here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from ledger.errors import AdmissionError, ChainError, StoreError
from ledger.formats.chain import (
    GENESIS_PREV,
    check_link,
    entry_bytes,
    entry_hash,
    parse_entry,
)
from ledger.formats.checkpoint import parse_checkpoint
from ledger.formats.envelope import GOVERNANCE_CLASS, Envelope, Header, signed_bytes
from ledger.formats.merkle import HASH_BYTES, leaf_hash
from ledger.formats.note import parse_note
from ledger.formats.tiles import TILE_WIDTH
from ledger.growth import Growth, edge_tiles
from ledger.ports import Checks, HashTile, Row, Store, Stored
from ledger.rules import admission
from ledger.rules.registry import Registry

Find = Callable[[Sequence[bytes]], Awaitable[set[bytes]]]
Admitted = tuple[bytes, bytes | None, bool]  # envelope, identity, whether it is governance


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """What the next entry needs of all before: never changed, replaced by the next."""

    size: int
    prev: str
    growth: Growth
    registry: Registry | None

    @property
    def founded(self) -> Registry:
        """The registry of a log that has its genesis; raises StoreError for an empty one."""
        if self.registry is None:
            raise StoreError("ledger: no genesis entry here; create the log with `vastedag init`")
        return self.registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One entry with what admission says of it: header is None when it has none to read."""

    row: Row
    header: Header | None
    envelope_raw: bytes
    leaf: bytes


def empty_tail() -> Tail:
    """Before entry 0."""
    return Tail(size=0, prev=GENESIS_PREV, growth=Growth(), registry=None)


async def load_tail(store: Store, *, until: int | None = None) -> Tail:
    """The tail of what a store holds; raises StoreError or AdmissionError when it is damaged."""
    stored = await store.load()
    size = stored.size if until is None else until
    if size == 0:
        return empty_tail()
    edge = edge_tiles(size)
    tiles = await store.tiles(edge)
    widths = {level: (size >> (8 * level)) % 256 for level, _ in edge}
    found = zip(edge, tiles, strict=True)
    growth = Growth(
        size, {level: (data or b"")[: widths[level] * HASH_BYTES] for (level, _), data in found}
    )
    last = await store.entries(size - 1, size)
    if len(last) != 1:
        raise StoreError(f"ledger store: entry {size - 1} is missing; run fsck")
    rows = [row for row in await store.governance() if row.n < size]
    await _check_leaves(store, [(size - 1, last[0]), *((row.n, row.raw) for row in rows)])
    if until is None:
        _check_heads(stored, growth.root())
    return Tail(size=size, prev=entry_hash(last[0]), growth=growth, registry=registry_of(rows))


async def _check_leaves(store: Store, entries: Sequence[tuple[int, bytes]]) -> None:
    """The entries that all that follows is built upon are those of their tiles."""
    numbers = sorted({n // TILE_WIDTH for n, _ in entries})
    found = await store.tiles([(0, number) for number in numbers])
    tiles = dict(zip(numbers, found, strict=True))
    for n, raw in entries:
        at = n % TILE_WIDTH * HASH_BYTES
        if leaf_hash(raw) != (tiles[n // TILE_WIDTH] or b"")[at : at + HASH_BYTES]:
            raise StoreError(
                f"ledger store: entry {n} and its hash tile differ; run fsck, nothing may be "
                "signed upon this copy"
            )


def _check_heads(stored: Stored, root: bytes) -> None:
    """A head of this size signs the root that the tiles make."""
    for head in (stored.head, stored.published):
        if head is None or head.size != stored.size:
            continue
        checkpoint = parse_checkpoint(parse_note(head.note).text)
        if (checkpoint.size, checkpoint.root) != (stored.size, root):
            raise StoreError(
                f"ledger store: the signed head of size {head.size} is not that of its tiles; run "
                "fsck, nothing may be signed upon this copy"
            )


def registry_of(rows: Sequence[Row]) -> Registry | None:
    """The registry that these governance entries (not void, in order) make."""
    registry: Registry | None = None
    for row in rows:
        envelope = admission.open_envelope(parse_entry(row.raw).envelope_raw)
        if registry is None:
            registry = admission.found(envelope, entry_hash(row.raw))
        else:
            registry = admission.after(registry, row.n, entry_hash(row.raw), envelope.header)
    return registry


def sequence(
    tail: Tail, admitted: Sequence[Admitted]
) -> tuple[Tail, tuple[Row, ...], list[HashTile]]:
    """The admitted records as entries in this order, and the tail after them.

    Raises AdmissionError when a governance entry, alone in its batch, has no effect.
    """
    n, prev, registry = tail.size, tail.prev, tail.registry
    rows: list[Row] = []
    leaves: list[bytes] = []
    for envelope_raw, identity, governance in admitted:
        raw = entry_bytes(n, prev, envelope_raw)
        prev = entry_hash(raw)
        if governance:
            envelope = admission.open_envelope(envelope_raw)
            registry = (
                admission.found(envelope, prev)
                if registry is None
                else admission.after(registry, n, prev, envelope.header)
            )
        rows.append(Row(n, raw, identity, governance))
        leaves.append(leaf_hash(raw))
        n += 1
    growth = tail.growth.copy()
    tiles = growth.extend(leaves)
    return Tail(size=n, prev=prev, growth=growth, registry=registry), tuple(rows), tiles


async def judge(
    tail: Tail, raws: Sequence[bytes], find: Find, checks: Checks
) -> tuple[Tail, list[Judged], list[HashTile]]:
    """Existing entries with what admission says of each, and the tail after them.

    Raises ChainError, naming the entry, when one is not in its form or breaks the chain.
    """
    links, prev = _linked(tail, raws)
    known = await find([each.identity for each in links if each.identity is not None])
    registry, start = tail.registry, 0
    judged: list[Judged] = []
    while start < len(links):
        # The registry changes only after a governance entry: judge up to it with the one before.
        end = start + 1
        while end < len(links) and not links[end - 1].governance:
            end += 1
        segment = links[start:end]
        signed = await _signed(registry, segment, checks)
        for link, verified in zip(segment, signed, strict=True):
            registry, void = _judge_one(registry, link, verified, known)
            judged.append(_judged(link, void))
        start = end
    growth = tail.growth.copy()
    tiles = growth.extend([each.leaf for each in judged])
    size = tail.size + len(raws)
    return Tail(size=size, prev=prev, growth=growth, registry=registry), judged, tiles


@dataclass(frozen=True, slots=True, kw_only=True)
class _Link:
    """An entry whose link is good; envelope or the reason why it has none."""

    n: int
    raw: bytes
    hash: str
    envelope_raw: bytes
    envelope: Envelope | None
    malformed: AdmissionError | None
    identity: bytes | None

    @property
    def governance(self) -> bool:
        return self.envelope is not None and (self.envelope.header.record_class == GOVERNANCE_CLASS)


def _linked(tail: Tail, raws: Sequence[bytes]) -> tuple[list[_Link], str]:
    n, prev = tail.size, tail.prev
    links: list[_Link] = []
    for raw in raws:
        entry = parse_entry(raw)
        check_link(entry, index=n, previous_hash=prev)
        envelope, malformed = None, None
        try:
            envelope = admission.open_envelope(entry.envelope_raw)
        except AdmissionError as error:
            malformed = error
        prev = entry_hash(raw)
        links.append(
            _Link(
                n=n,
                raw=raw,
                hash=prev,
                envelope_raw=entry.envelope_raw,
                envelope=envelope,
                malformed=malformed,
                identity=None if envelope is None else admission.identity_of(envelope.header),
            )
        )
        n += 1
    return links, prev


async def _signed(
    registry: Registry | None, links: Sequence[_Link], checks: Checks
) -> list[bool | None]:
    """True when the author's only active key signed; None when that has to be looked at alone."""
    jobs: list[tuple[bytes, bytes, bytes]] = []
    places: list[int] = []
    for place, link in enumerate(links):
        if registry is None or link.envelope is None:
            continue
        try:
            author_keys = admission.candidates(registry, link.n, link.envelope.header)
        except AdmissionError:
            continue
        if len(author_keys) == 1:
            message = signed_bytes(link.envelope.payload)
            jobs.append((author_keys[0], message, link.envelope.signature))
            places.append(place)
    answers: list[bool | None] = [None] * len(links)
    for place, good in zip(places, await checks.verify(jobs), strict=True):
        answers[place] = good or None
    return answers


def _judge_one(
    registry: Registry | None, link: _Link, verified: bool | None, known: set[bytes]
) -> tuple[Registry | None, AdmissionError | None]:
    if link.envelope is None or link.identity is None:
        if link.n == 0:
            raise ChainError(f"entry 0: no genesis, {link.malformed}")
        return registry, link.malformed
    try:
        if registry is None:
            registry = admission.found(link.envelope, link.hash)
        else:
            author_keys = admission.candidates(registry, link.n, link.envelope.header)
            if verified is None:
                admission.check_signature(registry, link.envelope, author_keys)
            admission.check_new(link.identity in known)
            registry = admission.after(registry, link.n, link.hash, link.envelope.header)
    except AdmissionError as error:
        if link.n == 0:
            raise ChainError(f"entry 0: no genesis, {error}") from error
        return registry, error
    known.add(link.identity)
    return registry, None


def _judged(link: _Link, void: AdmissionError | None) -> Judged:
    return Judged(
        row=Row(
            n=link.n,
            raw=link.raw,
            identity=link.identity if void is None else None,
            governance=link.governance,
            void=None if void is None else void.code,
        ),
        header=None if link.envelope is None else link.envelope.header,
        envelope_raw=link.envelope_raw,
        leaf=leaf_hash(link.raw),
    )
