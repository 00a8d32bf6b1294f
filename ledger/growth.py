"""The right edge of a log's tree: what a batch of leaves changes in the hash tiles.

Keeps one partial tile a level (at most 8 KB each) and the compact range. Where tiles are kept is
the work of stores; a tile row always holds the whole present content, so that every published
partial tile is a cut of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ledger.errors import ProofError
from ledger.formats.merkle import HASH_BYTES, Range, range_nodes
from ledger.formats.tiles import TILE_HEIGHT, TILE_WIDTH, tile_rows
from ledger.ports import HashTile

TILE_BYTES: Final = TILE_WIDTH * HASH_BYTES


def edge_tiles(size: int) -> list[tuple[int, int]]:
    """(level, n) of the partial tiles that a tree of this size ends in, lowest level first."""
    tiles = []
    level = 0
    while size >> (TILE_HEIGHT * level):
        have = size >> (TILE_HEIGHT * level)
        if have % TILE_WIDTH:
            tiles.append((level, have // TILE_WIDTH))
        level += 1
    return tiles


class Growth:
    """A tree that grows at its right edge; `copy` before a write that may fail."""

    def __init__(self, size: int = 0, edge: dict[int, bytes] | None = None) -> None:
        """Take up a tree of size again; edge holds the partial tile of each level that has one.

        Raises ProofError when an edge tile has not the width that size calls for.
        """
        self._edge = dict(edge or {})
        self._size = size
        for level, number in edge_tiles(size):
            width = (size >> (TILE_HEIGHT * level)) - number * TILE_WIDTH
            if len(self._edge.get(level, b"")) != width * HASH_BYTES:
                raise ProofError(f"tile {number} of level {level}: not the {width} hashes it has")

    @property
    def size(self) -> int:
        """The number of leaves."""
        return self._size

    def edge(self) -> dict[int, bytes]:
        """The partial tile of each level that has one, to take the tree up again."""
        return dict(self._edge)

    def copy(self) -> Growth:
        """Another tree with the same leaves."""
        return Growth(self._size, self._edge)

    def extend(self, leaves: Sequence[bytes]) -> list[HashTile]:
        """Add leaf hashes; answer the tiles that changed, with their whole content."""
        changed: list[HashTile] = []
        level, added, size = 0, b"".join(leaves), self._size
        self._size += len(leaves)
        while added:
            first = (size >> (TILE_HEIGHT * level)) // TILE_WIDTH
            data = self._edge.pop(level, b"") + added
            upward: list[bytes] = []
            for at in range(0, len(data), TILE_BYTES):
                tile = data[at : at + TILE_BYTES]
                number = first + at // TILE_BYTES
                changed.append(HashTile(level=level, n=number, hashes=tile))
                if len(tile) == TILE_BYTES:
                    upward.append(tile_rows(tile)[TILE_HEIGHT][0])
                else:
                    self._edge[level] = tile
            level, added = level + 1, b"".join(upward)
        return changed

    def range(self) -> Range:
        """The compact range: roots of the complete subtrees, largest first."""
        nodes: list[bytes] = []
        for level in sorted(self._edge, reverse=True):
            rows = tile_rows(self._edge[level])
            nodes.extend(rows[height][at] for height, at in range_nodes(0, len(rows[0])))
        return Range(self._size, nodes)

    def root(self) -> bytes:
        """The root of the tree."""
        return self.range().root()
