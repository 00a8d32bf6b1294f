"""The operator's check of a store: is what stands on this disk the log it should be?

Reads everything once, in flat memory: every entry's form and link, what was judged of it, its id
in the index, every hash tile, the pending and the published head. It repairs nothing: a damaged
copy is replaced by one from a mirror (`adopt.py` for a sequencer, an empty store for a mirror).
The database under a store, and what else stands in it, is the work of fsck_sql.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.errors import ChainError, LedgerError
from ledger.formats.checkpoint import check_cosignatures, open_checkpoint
from ledger.formats.note import parse_vkey
from ledger.formats.tiles import TILE_WIDTH, Tile
from ledger.growth import Growth
from ledger.ports import Checks, HashTile, Head, Row, Store, Stored
from ledger.rules.registry import Registry
from ledger.tail import Find, Judged, empty_tail, judge

CHUNK_ENTRIES: Final = 16 * TILE_WIDTH
PROBLEMS_MAX: Final = 100
FROM_A_MIRROR: Final = "stop this node; take the copy from a mirror and run fsck again"
SIZE_MIN: Final = -(2**63)  # a damaged size may be below zero

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that does not hold: where, why, and what to do now."""

    place: str
    reason: str
    repair: str


async def fsck(store: Store, checks: Checks, progress: Progress | None = None) -> list[Problem]:
    """Every problem, up to 100; an empty list for a sound store. An unreadable one is a problem."""
    found: list[Problem] = []
    try:
        await _read_all(store, checks, progress, found)
    except LedgerError as error:
        found.append(damage("store", str(error)))
    return found[:PROBLEMS_MAX]


async def _read_all(
    store: Store, checks: Checks, progress: Progress | None, found: list[Problem]
) -> None:
    stored = await store.load()
    heads = await _kept_heads(store, stored)
    tail = empty_tail()
    roots = {head.size: b"" for _, head in heads if head.size <= stored.size}
    tiles: dict[tuple[int, int], HashTile] = {}
    while tail.size < stored.size and len(found) < PROBLEMS_MAX:
        end = min([stored.size, tail.size + CHUNK_ENTRIES, *(r for r in roots if r > tail.size)])
        rows = await store.rows(tail.size, end)
        if [row.n for row in rows] != list(range(tail.size, end)):
            found.append(damage(f"entries {tail.size} to {end - 1}", "some are missing"))
            return
        try:
            tail, judged, changed = await judge(
                tail, [row.raw for row in rows], _within_log(store, tail.size), checks
            )
        except ChainError as error:
            found.append(damage(str(error).split(":")[0], str(error)))
            return
        found.extend(await _index_problems(store, rows, judged))
        tiles.update({(tile.level, tile.n): tile for tile in changed})
        await _compare_tiles(store, tiles, tail.growth, found)
        if tail.size in roots:
            roots[tail.size] = tail.growth.root()
        if progress is not None:
            progress(tail.size, stored.size)
    if tail.registry is not None:
        found.extend(_head_problems(heads, stored.size, tail.registry, roots))


async def _kept_heads(store: Store, stored: Stored) -> list[tuple[str, Head]]:
    """Every signed head in this store by name; receipts are made of the remembered ones."""
    heads = []
    if stored.head is not None:
        heads.append(("pending head", stored.head))
    if stored.published is not None:
        heads.append(("published head", stored.published))
    size = SIZE_MIN
    while (head := await store.published_over(size)) is not None:
        heads.append((f"published head of {head.size} entries", head))
        size = head.size
    return heads


def _within_log(store: Store, start: int) -> Find:
    """Ids count as used when the index names an entry before this chunk."""

    async def find(identities: Sequence[bytes]) -> set[bytes]:
        return {each for each, n in (await store.find(identities)).items() if n < start}

    return find


async def _index_problems(
    store: Store, rows: Sequence[Row], judged: Sequence[Judged]
) -> list[Problem]:
    """What was stored beside an entry must be what admission says of it."""
    problems = []
    identities = [each.row.identity for each in judged if each.row.identity is not None]
    index = await store.find(identities)
    for row, each in zip(rows, judged, strict=True):
        place = f"entry {row.n}"
        if row.void != each.row.void:
            reason = f"stored as {row.void or 'effective'}, admission says {each.row.void}"
            problems.append(damage(place, reason))
        if row.governance != each.row.governance:
            problems.append(damage(place, "its class is not the one stored beside it"))
        if row.identity != each.row.identity:
            problems.append(damage(place, "its id is not the one stored beside it"))
        elif row.identity is not None and index.get(row.identity) != row.n:
            problems.append(damage(place, "its id is not in the index of ids"))
    return problems


async def _compare_tiles(
    store: Store,
    tiles: dict[tuple[int, int], HashTile],
    growth: Growth,
    found: list[Problem],
) -> None:
    """Compare tiles that are full, or the last of the store; keep those that still grow."""
    ready = [key for key, tile in tiles.items() if len(tile.hashes) == TILE_WIDTH * 32]
    size = (await store.load()).size
    if growth.size == size:
        ready = list(tiles)
    for key, data in zip(ready, await store.tiles(ready), strict=True):
        tile = tiles.pop(key)
        path = Tile(level=tile.level, n=tile.n, width=len(tile.hashes) // 32).path
        if data is None:
            found.append(damage(path, "missing"))
        elif data != tile.hashes:
            found.append(damage(path, f"holds other hashes (tree of {growth.size})"))


def _head_problems(
    heads: Sequence[tuple[str, Head]], size: int, registry: Registry, roots: Mapping[int, bytes]
) -> list[Problem]:
    problems = []
    for name, head in heads:
        try:
            check_head(head, registry, roots)
        except LedgerError as error:
            problems.append(damage(name, str(error)))
        if head.size > size and name != "pending head":
            problems.append(damage(name, f"of {head.size} entries, {size} are here"))
    return problems


def check_head(head: Head, registry: Registry, roots: Mapping[int, bytes]) -> None:
    """Raise LedgerError unless the log's signature, the size, the root (of those in `roots`) and
    every cosignature kept with it are good."""
    logs = [parse_vkey(each) for each in (registry.log_vkey, *registry.retired_log_vkeys)]
    signed = open_checkpoint(head.note, logs, origin=registry.origin)
    checkpoint = signed.checkpoint
    if checkpoint.size != head.size:
        raise ChainError(f"signed for {checkpoint.size} entries, stored for {head.size}")
    root = roots.get(head.size)
    if root is not None and root != checkpoint.root:
        raise ChainError(f"signed root {checkpoint.root.hex()}, the entries make {root.hex()}")
    cosigners = [
        parse_vkey(key.text)
        for member in registry.members.values()
        for key in member.keys
        if key.use in ("mirror", "witness")
    ]
    damaged = check_cosignatures(signed.note, cosigners).damaged
    if damaged:
        raise ChainError(damaged[0])
    known = {(each.name, each.key_id) for each in cosigners}
    for line in signed.note.signatures:  # a key the log moves to need not be on the ledger yet
        if line.name != registry.origin and (line.name, line.key_id) not in known:
            raise ChainError(f"a signature of {line.name!r}, whose key is not on the ledger")


def damage(place: str, reason: str, repair: str = FROM_A_MIRROR) -> Problem:
    """A problem whose repair is another copy, unless another repair is named."""
    return Problem(place=place, reason=reason, repair=repair)
