"""Proofs out of a store: which tiles a proof needs is found by making it once on nothing.

Only complete subtrees are read, and those never change, so a tile that has grown since serves any
smaller tree as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from ledger.errors import StoreError
from ledger.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    HashReader,
    consistency_proof,
    inclusion_proof,
    node_hash,
    subtree_root,
)
from ledger.note import Note, parse_note
from ledger.ports import Head, Store
from ledger.proof import Receipt
from ledger.tiles import TILE_HEIGHT, TILE_WIDTH

T = TypeVar("T")


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


async def prove(store: TileReader, make: Callable[[HashReader], T]) -> T:
    """What `make` computes from node hashes; raises StoreError when a tile is missing."""
    wanted: set[tuple[int, int]] = set()

    def note_down(level: int, index: int) -> bytes:
        row, height = divmod(level, TILE_HEIGHT)
        wanted.add((row, (index << height) // TILE_WIDTH))
        return EMPTY_ROOT

    make(note_down)
    order = sorted(wanted)
    tiles: dict[tuple[int, int], bytes] = {}
    for (level, number), data in zip(order, await store.tiles(order), strict=True):
        if data is None:
            raise StoreError(f"store: tile {number} of level {level} is missing; run fsck")
        tiles[level, number] = data
    return make(NodeReader(tiles))


async def root_at(store: TileReader, size: int) -> bytes:
    """The root of the first `size` entries."""
    return await prove(store, lambda read: whole_root(read, size))


async def consistency(store: TileReader, old_size: int, new_size: int) -> list[bytes]:
    """The consistency proof between two sizes."""
    return await prove(store, lambda read: consistency_proof(read, old_size, new_size))


async def receipts(
    store: TileReader, indices: Sequence[int], size: int, note: Note
) -> list[Receipt]:
    """A receipt under this published checkpoint for each entry number."""

    def make(read: HashReader) -> list[Receipt]:
        return [
            Receipt(index=each, path=tuple(inclusion_proof(read, each, size)), checkpoint=note)
            for each in indices
        ]

    return await prove(store, make)


async def receipts_for(store: Store, indices: Sequence[int]) -> dict[int, Receipt]:
    """A receipt for each entry, under the first remembered published head that covers it.

    Made of what is stored, never of what was asked. Raises StoreError for an entry that is not
    recorded yet.
    """
    by_head: dict[int, tuple[Head, list[int]]] = {}
    heads: list[Head] = []
    for n in sorted(set(indices)):
        head = next((each for each in heads if each.size > n), None)
        if head is None:
            head = await store.published_over(n)
            if head is None:
                raise StoreError(f"entry {n} is not recorded yet; ask again")
            heads.append(head)
        by_head.setdefault(head.size, (head, []))[1].append(n)
    found: dict[int, Receipt] = {}
    for head, covered in by_head.values():
        made = await receipts(store, covered, head.size, parse_note(head.note))
        found.update(zip(covered, made, strict=True))
    return found


def whole_root(read: HashReader, size: int) -> bytes:
    """The root over leaves 0 to size-1."""
    return subtree_root(read, 0, size)
