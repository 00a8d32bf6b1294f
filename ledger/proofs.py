"""Proofs out of a store: which tiles a proof needs is found by making it once on nothing.

Only complete subtrees are read, and those never change, so a tile that has grown since serves any
smaller tree as well.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final, Protocol, TypeVar

from ledger.errors import StoreError
from ledger.formats.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    HashReader,
    consistency_proof,
    inclusion_proof,
    node_hash,
    range_nodes,
    subtree_root,
)
from ledger.formats.note import Note, parse_note
from ledger.formats.proof import Receipt
from ledger.formats.tiles import TILE_HEIGHT, TILE_WIDTH, tile_rows
from ledger.ports import Store

T = TypeVar("T")

PATHS_KEPT: Final = 64  # tiles whose paths are kept: 256 paths of 8 hashes, some 50 KB each
TREES_KEPT: Final = 2_048  # tiles whose inner nodes are kept: some 16 KB each
SHARED_MIN: Final = 4  # from so many entries of one tile on, all its paths are made at once


class TileReader(Protocol):
    """The part of a Store that proofs need."""

    async def tiles(self, wanted: Sequence[tuple[int, int]]) -> list[bytes | None]:
        """For each (level, n) the present hashes of that tile, None when there is none."""
        ...


class NodeReader:
    """Node hashes out of tiles that were fetched; each inner node is computed once."""

    def __init__(self, tiles: dict[tuple[int, int], bytes]) -> None:
        self._tiles = tiles
        self._nodes: dict[tuple[int, int], bytes] = {}

    def __call__(self, level: int, index: int) -> bytes:
        """The hash of the complete subtree; raises StoreError when its tile is too short."""
        found = self._nodes.get((level, index))
        if found is not None:
            return found
        if level % TILE_HEIGHT:
            node = node_hash(self(level - 1, 2 * index), self(level - 1, 2 * index + 1))
        else:
            number, offset = divmod(index, TILE_WIDTH)
            tile = self._tiles[level // TILE_HEIGHT, number]
            node = tile[offset * HASH_BYTES : (offset + 1) * HASH_BYTES]
            if len(node) != HASH_BYTES:
                raise StoreError(f"store: tile {number} of level {level // TILE_HEIGHT} is short")
        self._nodes[level, index] = node
        return node


class _MissingTileError(Exception):
    """A node of this tile was asked for and is not in memory."""

    def __init__(self, level: int, n: int, width: int) -> None:
        self.level, self.n, self.width = level, n, width


class KeptNodes:
    """Proofs out of memory: of each tile all its inner nodes, made once, up to a bound of tiles."""

    def __init__(self, store: TileReader, tiles_max: int = TREES_KEPT) -> None:
        self._store = store
        self._tiles_max = tiles_max
        self._trees: OrderedDict[tuple[int, int], list[bytes]] = OrderedDict()

    def at_once(self, make: Callable[[HashReader], T]) -> T | None:
        """What `make` computes, when all its tiles are in memory; None otherwise."""
        try:
            return make(self._read)
        except _MissingTileError:
            return None

    async def prove(self, make: Callable[[HashReader], T]) -> T:
        """What `make` computes from node hashes; raises StoreError when a tile is missing."""
        while True:
            try:
                made = make(self._read)
            except _MissingTileError as missing:
                await self.tile(missing.level, missing.n, missing.width)
            else:
                self.make_room()  # not before: a proof needs several tiles
                return made

    async def tile(self, level: int, n: int, width: int) -> bytes:
        """The first hashes of a tile, kept from now on; raises StoreError when it lacks some."""
        found = self.tile_at_once(level, n, width)
        if found is not None:
            return found
        (data,) = await self._store.tiles([(level, n)])
        if data is None or len(data) < width * HASH_BYTES:
            raise StoreError(f"store: tile {n} of level {level} is missing or short; run fsck")
        self._trees[level, n] = [data]
        self._trees.move_to_end((level, n))
        return data[: width * HASH_BYTES]

    def tile_at_once(self, level: int, n: int, width: int) -> bytes | None:
        """The first hashes of a tile when they are in memory, None otherwise."""
        tree = self._trees.get((level, n))
        if tree is None or len(tree[0]) < width * HASH_BYTES:
            return None
        self._trees.move_to_end((level, n))
        return tree[0][: width * HASH_BYTES]

    def make_room(self) -> None:
        """Give up the tiles that were used longest ago, past the bound."""
        while len(self._trees) > self._tiles_max:
            self._trees.popitem(last=False)

    def _read(self, level: int, index: int) -> bytes:
        row, height = divmod(level, TILE_HEIGHT)
        number, offset = divmod(index, TILE_WIDTH >> height)
        tree = self._trees.get((row, number))
        at = offset * HASH_BYTES
        if tree is not None and len(tree) == 1 and height:
            tree = self._trees[row, number] = inner_nodes(tree[0])
        if tree is None or height >= len(tree) or len(tree[height]) < at + HASH_BYTES:
            raise _MissingTileError(row, number, (offset + 1) << height)
        self._trees.move_to_end((row, number))
        return tree[height][at : at + HASH_BYTES]


def inner_nodes(tile: bytes) -> list[bytes]:
    """By height 0 to 7 the hashes of the complete subtrees over a tile's hashes, joined."""
    heights = [tile]
    while len(heights) < TILE_HEIGHT and len(tile) >= 2 * HASH_BYTES:
        tile = b"".join(
            node_hash(tile[at : at + HASH_BYTES], tile[at + HASH_BYTES : at + 2 * HASH_BYTES])
            for at in range(0, len(tile) - HASH_BYTES, 2 * HASH_BYTES)
        )
        heights.append(tile)
    return heights


class _Wanted:
    """A HashReader that only notes down which tiles it was asked for."""

    def __init__(self) -> None:
        self.tiles: set[tuple[int, int]] = set()

    def __call__(self, level: int, index: int) -> bytes:
        row, height = divmod(level, TILE_HEIGHT)
        self.tiles.add((row, (index << height) // TILE_WIDTH))
        return EMPTY_ROOT


async def prove(store: TileReader, make: Callable[[HashReader], T]) -> T:
    """What `make` computes from node hashes; raises StoreError when a tile is missing."""
    wanted = _Wanted()
    make(wanted)
    return make(NodeReader(await _fetch(store, wanted.tiles)))


async def _fetch(store: TileReader, wanted: set[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
    order = sorted(wanted)
    tiles: dict[tuple[int, int], bytes] = {}
    for (level, number), data in zip(order, await store.tiles(order), strict=True):
        if data is None:
            raise StoreError(f"store: tile {number} of level {level} is missing; run fsck")
        tiles[level, number] = data
    return tiles


async def root_at(store: TileReader, size: int) -> bytes:
    """The root of the first `size` entries."""
    return await prove(store, lambda read: whole_root(read, size))


async def consistency(store: TileReader, old_size: int, new_size: int) -> list[bytes]:
    """The consistency proof between two sizes."""
    return await prove(store, lambda read: consistency_proof(read, old_size, new_size))


async def receipts(
    store: TileReader, indices: Sequence[int], size: int, note: Note
) -> dict[int, Receipt]:
    """A receipt under this published checkpoint for each entry number."""
    groups: dict[int, list[int]] = {}
    for each in indices:
        groups.setdefault(each // TILE_WIDTH, []).append(each)
    alone = [each for group in groups.values() if len(group) < SHARED_MIN for each in group]
    shared = [number for number, group in groups.items() if len(group) >= SHARED_MIN]

    wanted = _Wanted()
    for each in alone:
        inclusion_proof(wanted, each, size)
    for number in shared:
        wanted(0, number * TILE_WIDTH)
        _upper_path(wanted, number, size)
    tiles = await _fetch(store, wanted.tiles)
    read = NodeReader(tiles)
    made = {
        each: Receipt(index=each, path=tuple(inclusion_proof(read, each, size)), checkpoint=note)
        for each in alone
    }
    for number in shared:
        first = number * TILE_WIDTH
        width = min(TILE_WIDTH, size - first)
        inner = _paths(tiles[0, number][: width * HASH_BYTES])
        upper = _upper_path(read, number, size)
        for each in groups[number]:
            made[each] = Receipt(each, inner[each - first] + upper, note)
    return made


def _upper_path(read: HashReader, number: int, size: int) -> tuple[bytes, ...]:
    """The part of PATH(n, D[size]) above tile `number`, the same for every n in it.

    Tiles lie on multiples of a power of two, where RFC 9162 2.1.3.1 splits too.
    """
    first, last = number * TILE_WIDTH, min((number + 1) * TILE_WIDTH, size)
    start, end, path = 0, size, []
    while (start, end) != (first, last):
        split = start + (1 << ((end - start - 1).bit_length() - 1))
        if first < split:
            path.append(subtree_root(read, split, end))
            end = split
        else:
            path.append(subtree_root(read, start, split))
            start = split
    path.reverse()
    return tuple(path)


@lru_cache(PATHS_KEPT)
def _paths(tile: bytes) -> list[tuple[bytes, ...]]:
    """The inclusion path of every leaf in the tree of these leaves, each inner hash made once.

    The tree is a row of complete subtrees, largest first, each joined to the fold of all after it:
    a path goes up inside its subtree, past that fold, and past the subtrees before (RFC 9162 2.1).
    """
    heights = tile_rows(tile)
    subtrees = range_nodes(0, len(heights[0]))
    if len(subtrees) == 1:
        return _inside(heights, *subtrees[0])
    roots = [heights[level][index] for level, index in subtrees]
    folds = roots[-1:]
    for root in reversed(roots[:-1]):
        folds.append(node_hash(root, folds[-1]))
    folds.reverse()
    paths: list[tuple[bytes, ...]] = []
    for place, (level, index) in enumerate(subtrees):
        upper = (*folds[place + 1 : place + 2], *reversed(roots[:place]))
        paths.extend(inner + upper for inner in _inside(heights, level, index))
    return paths


def _inside(heights: list[list[bytes]], level: int, index: int) -> list[tuple[bytes, ...]]:
    """The path of each leaf of a complete subtree up to that subtree's root."""
    leaves = range(index << level, (index + 1) << level)
    siblings = [[heights[up][(leaf >> up) ^ 1] for leaf in leaves] for up in range(level)]
    return list(zip(*siblings, strict=True)) if siblings else [()]


async def receipts_for(store: Store, indices: Sequence[int]) -> dict[int, Receipt]:
    """A receipt for each entry, under the first remembered published head that covers it.

    Made of what is stored, never of what was asked. Raises StoreError for an entry that is not
    recorded yet.
    """
    order = sorted(set(indices))
    found: dict[int, Receipt] = {}
    at = 0
    while at < len(order):
        head = await store.published_over(order[at])
        if head is None:
            raise StoreError(f"entry {order[at]} is not recorded yet; ask again")
        end = bisect_left(order, head.size, at)
        found |= await receipts(store, order[at:end], head.size, parse_note(head.note))
        at = end
    return found


def whole_root(read: HashReader, size: int) -> bytes:
    """The root over leaves 0 to size-1."""
    return subtree_root(read, 0, size)
