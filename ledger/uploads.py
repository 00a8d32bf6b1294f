"""Whether a package of entries stands under the head a mirror is locked to (tlog-mirror)."""

from __future__ import annotations

from ledger.formats.checkpoint import Checkpoint
from ledger.formats.merkle import HASH_BYTES, leaf_hash, root_of
from ledger.formats.packages import Package
from ledger.formats.subtree import verify_subtree
from ledger.formats.tiles import TILE_WIDTH
from ledger.proofs import TileReader


async def authenticate(
    store: TileReader, first: int, last: int, package: Package, under: Checkpoint
) -> None:
    """Raise ProofError unless the package's subtree, entries first to last-1, stands under a head.

    Packages are cut at whole tiles: only an upload's first one begins within a tile, and what
    stands before it in that tile is in the store.
    """
    begin = first - first % TILE_WIDTH
    before: list[bytes] = []
    if begin < first:
        (tile,) = await store.tiles([(0, begin // TILE_WIDTH)])
        stored = tile or b""
        before = [stored[i * HASH_BYTES : (i + 1) * HASH_BYTES] for i in range(first - begin)]
    leaves = [*before, *(leaf_hash(each) for each in package.entries)]
    verify_subtree(begin, last, under.size, package.proof, root_of(leaves), under.root)
