"""Checks the hash tiles above the leaves, the signed root, and that an older tree is a beginning.

Takes the level 0 hashes from left to right and keeps one open tile a level: flat memory. Reading
tiles is left to the caller's `read`, checking leaf hashes against entries to verify_chunk.py.
"""

from __future__ import annotations

from collections.abc import Callable

from ledger.errors import VerifyError
from ledger.formats.checkpoint import Checkpoint
from ledger.formats.merkle import HASH_BYTES, Range
from ledger.formats.tiles import TILE_HEIGHT, TILE_WIDTH, Tile, split_tile, tile_root, tile_width

ReadTile = Callable[[Tile], bytes]


class TreeCheck:
    """Grows the tree of a checkpoint tile by tile and compares with what the log serves."""

    def __init__(
        self, checkpoint: Checkpoint, read: ReadTile, older: Checkpoint | None = None
    ) -> None:
        self._checkpoint = checkpoint
        self._read = read
        self._older = older
        self._tree = Range()
        self._rows: list[list[bytes]] = []  # open tiles of levels 1, 2, …
        self._numbers: list[int] = []
        self.tiles = 0  # hash tiles above level 0 that were compared

    @property
    def size(self) -> int:
        """Leaves taken so far."""
        return self._tree.size

    def add(self, hashes: bytes, full_roots: tuple[bytes, ...]) -> None:
        """Take the next level 0 hashes, full tiles first, with the root of each full tile."""
        tile_bytes = TILE_WIDTH * HASH_BYTES
        for number, root in enumerate(full_roots):
            self._look_back(hashes[number * tile_bytes : (number + 1) * tile_bytes])
            self._tree.append_subtree(TILE_HEIGHT, root)
            self._push(0, root)
        rest = hashes[len(full_roots) * tile_bytes :]
        if rest:
            self._look_back(rest)
            self._tree.extend(split_tile(rest, len(rest) // HASH_BYTES))

    def finish(self) -> None:
        """Compare the partial tiles and the root; raises VerifyError."""
        for row, hashes in enumerate(self._rows):
            if hashes:
                self._compare(row)
        root = self._tree.root()
        if root != self._checkpoint.root:
            raise VerifyError(
                "checkpoint, line 3",
                f"the log signed root {self._checkpoint.root.hex()}, but its entries and tiles "
                f"have root {root.hex()} at size {self.size}",
            )
        self._look_back(b"")

    def _push(self, row: int, root: bytes) -> None:
        if row == len(self._rows):
            self._rows.append([])
            self._numbers.append(0)
        hashes = self._rows[row]
        hashes.append(root)
        if len(hashes) == TILE_WIDTH:
            self._compare(row)
            self._push(row + 1, tile_root(hashes))
            hashes.clear()
            self._numbers[row] += 1

    def _compare(self, row: int) -> None:
        level, number = row + 1, self._numbers[row]
        hashes = self._rows[row]
        width = tile_width(level, number, self._checkpoint.size)
        tile = Tile(level=level, n=number, width=width)
        served = split_tile(self._read(tile), width)
        for at, (own, other) in enumerate(zip(hashes, served, strict=True)):
            if own != other:
                below = Tile(level=level - 1, n=number * TILE_WIDTH + at)
                raise VerifyError(
                    tile.path, f"hash {at} is {other.hex()}, but {below.path} has {own.hex()}"
                )
        self.tiles += 1

    def _look_back(self, hashes: bytes) -> None:
        """Compare with the older checkpoint when its size lies in the next hashes."""
        older = self._older
        if older is None or older.size > self.size + len(hashes) // HASH_BYTES:
            return
        tree = self._tree.copy()
        cut = (older.size - self.size) * HASH_BYTES
        tree.extend(split_tile(hashes[:cut], cut // HASH_BYTES))
        if tree.root() != older.root:
            raise VerifyError(
                "older checkpoint, line 3",
                f"at size {older.size} it has root {older.root.hex()}, but the log now has "
                f"{tree.root().hex()} there: the log was rewritten. Keep both checkpoints",
            )
        self._older = None
