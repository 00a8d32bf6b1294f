"""The operator's check of one store: everything kept is what the entries say it must be.

Reads the log from entry 0 by the same steps as a mirror (tail.py) and compares what was kept
beside it: void marks, the index of ids, hash tiles, signed heads. Nothing is repaired: what is
damaged here comes back from a mirror. Checking a log from outside is the work of verify.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from ledger.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from ledger.errors import AdmissionError, ChainError, LedgerError, VerifyError
from ledger.merkle import HASH_BYTES, leaf_hash
from ledger.note import parse_note, parse_vkey
from ledger.ports import Checks, HashTile, Head, Row, Store
from ledger.registry import Registry
from ledger.tail import Judged, Tail, empty_tail, judge
from ledger.tiles import TILE_WIDTH

BATCH_ENTRIES: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreReport:
    """What was checked: entries, hash tiles, heads by size, and how many entries are void."""

    size: int
    root: bytes
    tiles: int
    void_count: int
    heads: tuple[int, ...]


@dataclass(slots=True, kw_only=True)
class _Progressed:
    tail: Tail = field(default_factory=empty_tail)
    roots: dict[int, bytes] = field(default_factory=dict)
    open_tiles: dict[int, HashTile] = field(default_factory=dict)
    tiles: int = 0
    void_count: int = 0


async def fsck(
    store: Store, checks: Checks, progress: Callable[[int, int], None] | None = None
) -> StoreReport:
    """Check all of a store, or raise VerifyError with the place and the reason.

    Nothing may be written to the store meanwhile.
    """
    stored = await store.load()
    heads = {"pending head": stored.head, "published head": stored.published}
    sizes = {head.size for head in heads.values() if head is not None and head.size <= stored.size}
    done = _Progressed()
    done.roots[0] = done.tail.growth.root()
    for start, end in pairwise(_stops(stored.size, sizes)):
        await _check_batch(store, checks, done, start, end)
        if end in sizes or end == stored.size:
            done.roots[end] = done.tail.growth.root()
        if progress is not None:
            progress(end, stored.size)
    if await store.entries(stored.size, stored.size + 1):
        raise VerifyError(f"entry {stored.size}", f"the store says it holds {stored.size} entries")
    for tile in done.open_tiles.values():
        await _compare_tile(store, tile, whole=True)
    for name, head in heads.items():
        if head is not None:
            _check_head(name, head, stored.size, done)
    return StoreReport(
        size=stored.size,
        root=done.roots[stored.size],
        tiles=done.tiles + len(done.open_tiles),
        void_count=done.void_count,
        heads=tuple(sorted(sizes)),
    )


def _stops(size: int, sizes: set[int]) -> list[int]:
    """Where batches begin and end: every 1,000 entries, and at each head."""
    return sorted({*range(0, size, BATCH_ENTRIES), *sizes, 0, size})


async def _check_batch(
    store: Store, checks: Checks, done: _Progressed, start: int, end: int
) -> None:
    async def used_before(identities: Sequence[bytes]) -> set[bytes]:
        found = await store.find(identities)
        return {identity for identity, n in found.items() if n < start}

    rows = await store.rows(start, end)
    if [row.n for row in rows] != list(range(start, end)):
        missing = next(n for n, row in enumerate([*rows, None], start) if row is None or row.n != n)
        raise VerifyError(f"entry {missing}", "missing in the store", index=missing)
    try:
        done.tail, judged, tiles = await judge(
            done.tail, [row.raw for row in rows], used_before, checks
        )
    except (ChainError, AdmissionError) as error:
        n = await _damaged_entry(store, rows)
        reason = "its bytes are not those of its leaf hash; " if n is not None else ""
        place = f"entries {start} to {end - 1}" if n is None else f"entry {n}"
        raise VerifyError(place, f"{reason}{error}", index=n) from error
    index = await store.find([each.row.identity for each in judged if each.row.identity])
    for row, found in zip(rows, judged, strict=True):
        _compare_row(row, found, index)
        done.void_count += found.row.void is not None
    for tile in tiles:
        whole = len(tile.hashes) == TILE_WIDTH * HASH_BYTES
        await _compare_tile(store, tile, whole=whole)
        if whole:
            done.tiles += 1
            done.open_tiles.pop(tile.level, None)
        else:
            done.open_tiles[tile.level] = tile


async def _damaged_entry(store: Store, rows: Sequence[Row]) -> int | None:
    """The first of these entries whose leaf hash is another in its tile; None if none is."""
    for row in rows:
        number, at = divmod(row.n, TILE_WIDTH)
        (kept,) = await store.tiles([(0, number)])
        if leaf_hash(row.raw) != (kept or b"")[at * HASH_BYTES : (at + 1) * HASH_BYTES]:
            return row.n
    return None


def _compare_row(row: Row, found: Judged, index: dict[bytes, int]) -> None:
    place = f"entry {row.n}"
    if row.void != found.row.void:
        raise VerifyError(
            place,
            f"marked {row.void or 'admitted'}, but it is {found.row.void or 'admitted'}",
            index=row.n,
        )
    if row.governance != found.row.governance:
        raise VerifyError(place, "its mark of governance is wrong", index=row.n)
    if found.row.identity is not None and index.get(found.row.identity) != row.n:
        raise VerifyError(place, "the index of ids does not lead to it", index=row.n)


async def _compare_tile(store: Store, tile: HashTile, *, whole: bool) -> None:
    """The kept tile begins with these hashes, or is exactly these (nothing can come after)."""
    (kept,) = await store.tiles([(tile.level, tile.n)])
    place = f"tile {tile.n} of level {tile.level}"
    if kept is None:
        raise VerifyError(place, "missing in the store")
    cut = kept if whole else kept[: len(tile.hashes)]
    if cut != tile.hashes:
        at = next(
            (
                number
                for number in range(len(tile.hashes) // HASH_BYTES)
                if cut[number * HASH_BYTES : (number + 1) * HASH_BYTES]
                != tile.hashes[number * HASH_BYTES : (number + 1) * HASH_BYTES]
            ),
            len(tile.hashes) // HASH_BYTES,
        )
        raise VerifyError(place, f"hash {at} is not that of the entries")


def _check_head(name: str, head: Head, size: int, done: _Progressed) -> None:
    try:
        checkpoint = _opened(head, done.tail.registry)
    except LedgerError as error:
        raise VerifyError(name, str(error)) from None
    if checkpoint.size != head.size:
        raise VerifyError(name, f"kept as size {head.size}, signed for {checkpoint.size}")
    if head.size > size:
        if name == "pending head":  # a mirror is told the head before it has the entries
            return
        raise VerifyError(name, f"of size {head.size}, but there are {size} entries")
    if checkpoint.root != done.roots[head.size]:
        raise VerifyError(
            name,
            f"signs root {checkpoint.root.hex()}, but the entries have "
            f"{done.roots[head.size].hex()} at size {head.size}",
        )


def _opened(head: Head, registry: Registry | None) -> Checkpoint:
    """The signed checkpoint; without entries there is no key yet to check the signature by."""
    note = parse_note(head.note)
    if registry is None:
        return parse_checkpoint(note.text)
    log_keys = [parse_vkey(each) for each in (registry.log_vkey, *registry.retired_log_vkeys)]
    return open_checkpoint(note, log_keys, origin=registry.origin).checkpoint
