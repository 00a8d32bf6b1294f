"""Reads tiles and entry bundles of one tree size, whatever the log still has of them.

A log may drop a partial tile once the full one exists: then the full one is taken and cut
(tlog-tiles). What is read is checked for its length and number only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from ledger.errors import LedgerError, VerifyError
from ledger.formats.merkle import HASH_BYTES
from ledger.formats.tiles import ENTRIES, TILE_WIDTH, Tile, split_bundle, tile_width
from ledger.verifying.verify_chunk import missing_entry

_T = TypeVar("_T", bytes, list[bytes])


class TileSource(Protocol):
    """Reads what a log serves below its prefix; may be called from several threads."""

    def read(self, path: str) -> bytes:
        """The bytes at `checkpoint` or `tile/…`; raises a LedgerError when there are none."""
        ...


class LogReader:
    """The tiles and bundles of a tree of `size`; what cannot be used raises VerifyError."""

    def __init__(self, source: TileSource, size: int) -> None:
        self._source = source
        self._size = size

    def place(self, level: int, number: int) -> Tile:
        """Tile number of a level, as wide as this tree has it."""
        return Tile(level=level, n=number, width=tile_width(level, number, self._size))

    def tile(self, tile: Tile) -> bytes:
        """The hashes of a tile of this tree."""

        def check(data: bytes, width: int) -> bytes:
            if len(data) != width * HASH_BYTES:
                raise VerifyError(tile.path, f"{len(data)} bytes instead of {width * HASH_BYTES}")
            return data[: tile.width * HASH_BYTES]

        return self._either(tile, check)

    def bundle(self, number: int) -> list[bytes]:
        """The entries of bundle number."""
        tile = self.place(ENTRIES, number)

        def check(data: bytes, width: int) -> list[bytes]:
            entries, whole = split_bundle(data)
            if whole and len(entries) == width:
                return entries[: tile.width]
            first = number * TILE_WIDTH
            told = f"{len(entries)} whole entries instead of {width}"
            damage = missing_entry(entries, first)
            if damage is not None:
                raise VerifyError(
                    f"entry {damage.index}",
                    f"{damage.reason}; {tile.path} has {told}",
                    index=damage.index,
                )
            index = first + min(len(entries), width)
            raise VerifyError(f"entry {index}", f"{tile.path} has {told}", index=index)

        return self._either(tile, check)

    def _either(self, tile: Tile, check: Callable[[bytes, int], _T]) -> _T:
        """The tile, or the full one cut when the partial one is no longer there."""
        try:
            data = self._source.read(tile.path)
        except LedgerError as error:
            full = Tile(level=tile.level, n=tile.n)
            if tile == full:
                raise VerifyError(tile.path, str(error)) from error
            try:
                data = self._source.read(full.path)
            except LedgerError:
                raise VerifyError(tile.path, str(error)) from error
            return check(data, TILE_WIDTH)
        return check(data, tile.width)
