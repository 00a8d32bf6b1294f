"""C2SP tlog-tiles: paths, hash tiles and entry bundles, and proofs read out of tiles.

A tile (level L, number N) holds for i in 0..255 the root over entries
[(256N+i) * 256^L, (256N+i+1) * 256^L); level 0 holds leaf hashes. Where tiles are kept, and
whether they are true, is left to stores and to verify.py.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from ledger.errors import ProofError
from ledger.formats import merkle
from ledger.formats.chain import ENTRY_BYTES_MAX

TILE_WIDTH: Final = 256
TILE_HEIGHT: Final = 8  # 2^8 = 256
LEVEL_MAX: Final = 63
ENTRIES: Final = -1  # the "level" of an entry bundle
BUNDLE_BYTES_MAX: Final = TILE_WIDTH * (ENTRY_BYTES_MAX + 2)
CACHED_TILES_MAX: Final = 64
ROWS_KEPT: Final = 16  # tiles whose inner hashes are kept for who asks next: 25 KB each

_PATH = re.compile(
    r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One tile or bundle: level 0-63 or ENTRIES, number, width 1-256; raises ProofError."""

    level: int
    n: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        if not ENTRIES <= self.level <= LEVEL_MAX or self.n < 0:
            raise ProofError("tile: no such level or number")
        if not 1 <= self.width <= TILE_WIDTH:
            raise ProofError(f"tile: a width of {self.width}, not 1 to {TILE_WIDTH}")

    @property
    def path(self) -> str:
        """`tile/<L>/<N>[.p/<W>]`, below the log's prefix."""
        digits = f"{self.n % 1000:03d}"
        rest = self.n // 1000
        while rest:
            digits = f"x{rest % 1000:03d}/{digits}"
            rest //= 1000
        level = "entries" if self.level == ENTRIES else str(self.level)
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{digits}{partial}"


def parse_tile_path(path: str) -> Tile:
    """The tile of its path; raises ProofError for any other spelling of it."""
    match = _PATH.fullmatch(path)
    if match is None:
        raise ProofError("tile path: not tile/<L>/<N>[.p/<W>]")
    level = ENTRIES if match[1] == "entries" else int(match[1])
    number = int(match[2].replace("x", "").replace("/", ""))
    width = TILE_WIDTH if match[3] is None else int(match[3])
    if match[3] is not None and width == TILE_WIDTH:
        raise ProofError("tile path: a full tile has no .p")
    tile = Tile(level=level, n=number, width=width)
    if tile.path != path:
        raise ProofError(f"tile path: its one spelling is {tile.path}")
    return tile


def tile_width(level: int, n: int, size: int) -> int:
    """How many hashes (or entries) tile n of a level has in a tree of size; 0 when none."""
    have = size if level == ENTRIES else size >> (TILE_HEIGHT * level)
    return max(0, min(TILE_WIDTH, have - n * TILE_WIDTH))


def tiles_between(old_size: int, new_size: int) -> list[Tile]:
    """The hash tiles a log of old_size must write to be one of new_size, lowest level first."""
    return [
        tile
        for level in range(LEVEL_MAX + 1)
        if new_size >> (TILE_HEIGHT * level)
        for tile in _level_between(level, old_size, new_size)
    ]


def bundles_between(old_size: int, new_size: int) -> list[Tile]:
    """The entry bundles a log of old_size must write to be one of new_size."""
    return list(_level_between(ENTRIES, old_size, new_size))


def tiles_of(size: int) -> Iterator[Tile]:
    """All hash tiles of a tree, lowest level first."""
    for level in range(LEVEL_MAX + 1):
        if size >> (TILE_HEIGHT * level) == 0:
            return
        yield from _level_between(level, 0, size)


def split_tile(data: bytes, width: int) -> list[bytes]:
    """The hashes of a tile of this width; raises ProofError when its length is another."""
    if len(data) != width * merkle.HASH_BYTES:
        raise ProofError(f"{len(data)} bytes, a tile of width {width} has {width * 32}")
    return [data[at : at + merkle.HASH_BYTES] for at in range(0, len(data), merkle.HASH_BYTES)]


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """Entries as a bundle: each a 16-bit big-endian length and its bytes."""
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > ENTRY_BYTES_MAX:
            raise ProofError(f"an entry of {len(entry)} bytes, at most {ENTRY_BYTES_MAX} fit")
        parts += (len(entry).to_bytes(2, "big"), entry)
    if len(parts) > 2 * TILE_WIDTH:
        raise ProofError(f"a bundle of {len(parts) // 2} entries, at most {TILE_WIDTH} fit")
    return b"".join(parts)


def split_bundle(data: bytes) -> tuple[list[bytes], bool]:
    """The entries a bundle begins with, and whether they are all of it (else it is cut off)."""
    entries: list[bytes] = []
    at, end = 0, len(data)
    while at < end:
        start = at + 2
        stop = start + int.from_bytes(data[at:start], "big")
        if stop > end:
            return entries, False
        entries.append(data[start:stop])
        at = stop
    return entries, True


def parse_bundle(data: bytes, width: int) -> list[bytes]:
    """The entries of a bundle of this width; raises ProofError when it holds more or less."""
    entries, whole = split_bundle(data)
    if not whole:
        raise ProofError(f"cut off in the middle of its entry {len(entries)}")
    if len(entries) != width:
        raise ProofError(f"{len(entries)} entries, a bundle of width {width} has {width}")
    return entries


def gzip_bundle(data: bytes) -> bytes:
    """A bundle as `Content-Encoding: gzip` carries it; the same bytes for the same bundle."""
    return gzip.compress(data, compresslevel=6, mtime=0)


def gunzip_bundle(data: bytes) -> bytes:
    """The bundle of its gzip form, bounded; raises ProofError for other bytes."""
    inflater = zlib.decompressobj(wbits=31)
    try:
        bundle = inflater.decompress(data, BUNDLE_BYTES_MAX)
    except zlib.error:
        raise ProofError("bundle: not gzip") from None
    if not inflater.eof or inflater.unused_data:
        raise ProofError("bundle: gzip that is cut off, or larger than a bundle can be")
    return bundle


class TileHashes:
    """Reads node hashes out of the tiles of a tree of `size`, for proofs of merkle.py.

    `read_tile` answers a Tile's bytes. What it answers is checked for length only: a proof made of
    false tiles does not verify. Keeps the last 64 tiles.
    """

    def __init__(self, read_tile: Callable[[Tile], bytes], size: int) -> None:
        self._read_tile = read_tile
        self._size = size
        self._cache: OrderedDict[Tile, bytes] = OrderedDict()

    def __call__(self, level: int, index: int) -> bytes:
        """The hash of the complete subtree of 2^level entries number index."""
        if (index + 1) << level > self._size:
            raise ProofError(f"subtree {index} of level {level} is not whole at {self._size}")
        row, height = divmod(level, TILE_HEIGHT)
        first = index << height
        number, offset = divmod(first, TILE_WIDTH)
        tile = Tile(level=row, n=number, width=tile_width(row, number, self._size))
        data = self._tile(tile)
        start, count = offset * merkle.HASH_BYTES, 1 << height
        return _subtree(split_tile(data[start : start + count * merkle.HASH_BYTES], count))

    def _tile(self, tile: Tile) -> bytes:
        data = self._cache.get(tile)
        if data is None:
            data = self._read_tile(tile)
            if len(data) != tile.width * merkle.HASH_BYTES:
                raise ProofError(f"{tile.path}: {len(data)} bytes, not {tile.width * 32}")
            self._cache[tile] = data
            if len(self._cache) > CACHED_TILES_MAX:
                self._cache.popitem(last=False)
        else:
            self._cache.move_to_end(tile)
        return data


@lru_cache(ROWS_KEPT)
def tile_rows(tile: bytes) -> list[list[bytes]]:
    """By height the hashes of the complete subtrees over a tile's hashes, itself the first row.

    A full or partial tile is asked for its root and for the paths in it soon after each other.
    """
    row = split_tile(tile, len(tile) // merkle.HASH_BYTES)
    rows = [row]
    while len(row) > 1:
        row = [merkle.node_hash(row[at], row[at + 1]) for at in range(0, len(row) - 1, 2)]
        rows.append(row)
    return rows


def tile_root(hashes: Sequence[bytes]) -> bytes:
    """The hash a full tile has in the level above it; raises ProofError for a partial tile."""
    if len(hashes) != TILE_WIDTH:
        raise ProofError("a partial tile is never hashed upward")
    return _subtree(hashes)


def _subtree(hashes: Sequence[bytes]) -> bytes:
    row = list(hashes)
    while len(row) > 1:
        row = [merkle.node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


def _level_between(level: int, old_size: int, new_size: int) -> Iterator[Tile]:
    shift = 0 if level == ENTRIES else TILE_HEIGHT * level
    old, new = old_size >> shift, new_size >> shift
    if old == new:
        return
    for number in range(old // TILE_WIDTH, (new + TILE_WIDTH - 1) // TILE_WIDTH):
        yield Tile(level=level, n=number, width=tile_width(level, number, new_size))
