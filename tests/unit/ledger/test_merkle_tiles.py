"""Tree and tiles at the sizes where they break: around powers of 256 (LEDGER-FORMATS section 6)."""

from __future__ import annotations

import functools
import hashlib

import pytest

from ledger.errors import ProofError
from ledger.formats import merkle, tiles
from ledger.formats.tiles import ENTRIES, Tile, TileHashes, tile_width, tiles_between

SIZES = [1, 2, 3, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537]
LEAVES = [merkle.leaf_hash(number.to_bytes(3, "big")) for number in range(SIZES[-1])]


def reference_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    left, right = reference_root(leaves[:split]), reference_root(leaves[split:])
    return hashlib.sha256(b"\x01" + left + right).digest()


@functools.cache
def all_tiles(size: int) -> dict[Tile, bytes]:
    """The tiles of a tree, each hash by the definition of tlog-tiles."""
    written: dict[Tile, bytes] = {}
    row = LEAVES[:size]
    level = 0
    while row:
        for n in range(0, len(row), 256):
            part = row[n : n + 256]
            written[Tile(level=level, n=n // 256, width=len(part))] = b"".join(part)
        row = [merkle.root_of(row[n : n + 256]) for n in range(0, len(row) - 255, 256)]
        level += 1
    return written


ROOTS = {size: merkle.root_of(LEAVES[:size]) for size in [0, *SIZES]}


@pytest.mark.parametrize("size", [0, *SIZES])
def test_root_is_that_of_the_definition(size: int) -> None:
    assert ROOTS[size] == reference_root(LEAVES[:size])


@pytest.mark.parametrize("size", SIZES)
def test_proofs_out_of_tiles(size: int) -> None:
    written = all_tiles(size)
    read = TileHashes(written.__getitem__, size)
    for index in {0, 1, 254, 255, 256, 511, 512, size // 2, size - 2, size - 1}:
        if not 0 <= index < size:
            continue
        proof = merkle.inclusion_proof(read, index, size)
        merkle.verify_inclusion(LEAVES[index], index, size, proof, ROOTS[size])
        with pytest.raises(ProofError):
            merkle.verify_inclusion(LEAVES[index - 1] + b"", index, size, [*proof, b""], b"")
    for old in [0, *SIZES]:
        if old > size:
            continue
        proof = merkle.consistency_proof(read, old, size)
        merkle.verify_consistency(old, size, proof, ROOTS[old], ROOTS[size])
        if 0 < old < size:
            with pytest.raises(ProofError):
                merkle.verify_consistency(old, size, proof, ROOTS[size], ROOTS[size])
            with pytest.raises(ProofError):
                merkle.verify_consistency(old, size, proof, ROOTS[old], ROOTS[old])


@pytest.mark.parametrize("size", SIZES)
def test_tiles_to_write_are_the_tiles_there_are(size: int) -> None:
    written = all_tiles(size)
    assert set(tiles_between(0, size)) == set(written)
    assert list(tiles.tiles_of(size)) == tiles_between(0, size)
    for old in [0, *SIZES]:
        if old > size:
            continue
        before = all_tiles(old)
        new = {tile for tile in written if written[tile] != before.get(tile)}
        assert set(tiles_between(old, size)) == new
    assert tiles_between(size, size) == []


def test_compact_range_can_be_taken_up_and_copied() -> None:
    tree = merkle.Range()
    for size, leaf in enumerate(LEAVES[:600], start=1):
        tree.append(leaf)
        again = merkle.Range(tree.size, tree.nodes)
        assert (again.size, again.root()) == (size, tree.root())
    copy = tree.copy()
    copy.append(LEAVES[600])
    assert (tree.size, copy.size) == (600, 601)
    grown = merkle.Range()
    for at in range(0, 512, 256):
        grown.append_subtree(8, merkle.root_of(LEAVES[at : at + 256]))
    grown.extend(LEAVES[512:600])
    assert grown.root() == tree.root()
    with pytest.raises(ProofError):
        grown.append_subtree(8, bytes(32))
    with pytest.raises(ProofError):
        merkle.Range(3, [bytes(32)])
    with pytest.raises(ProofError):
        merkle.Range(1, [bytes(31)])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5)])
def test_no_proof_of_what_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ProofError):
        merkle.inclusion_proof(lambda level, n: bytes(32), index, size)
    with pytest.raises(ProofError):
        merkle.verify_inclusion(bytes(32), index, size, [], bytes(32))


def test_consistency_of_edges() -> None:
    merkle.verify_consistency(0, 5, [], merkle.EMPTY_ROOT, LEAVES[0])
    merkle.verify_consistency(5, 5, [], LEAVES[0], LEAVES[0])
    for old, new, proof, old_root, new_root in [
        (0, 5, [bytes(32)], merkle.EMPTY_ROOT, LEAVES[0]),
        (0, 5, [], LEAVES[1], LEAVES[0]),
        (5, 5, [], LEAVES[1], LEAVES[0]),
        (5, 4, [], LEAVES[1], LEAVES[0]),
        (4, 5, [], LEAVES[1], LEAVES[0]),
    ]:
        with pytest.raises(ProofError):
            merkle.verify_consistency(old, new, proof, old_root, new_root)
    with pytest.raises(ProofError):
        merkle.consistency_proof(lambda level, n: bytes(32), 6, 5)


PATHS = [
    ("tile/0/000", Tile(level=0, n=0)),
    ("tile/63/005.p/1", Tile(level=63, n=5, width=1)),
    ("tile/entries/x001/x234/067.p/255", Tile(level=ENTRIES, n=1234067, width=255)),
    ("tile/2/x001/000", Tile(level=2, n=1000)),
]


@pytest.mark.parametrize(("path", "tile"), PATHS)
def test_paths(path: str, tile: Tile) -> None:
    assert tile.path == path
    assert tiles.parse_tile_path(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0/0",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/x01/000",
        "tile/0/1000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000/",
        "tile/0/000\n",
        "tile/0/٠٠٠",
        "tile/data/000",
        "/tile/0/000",
        "checkpoint",
        "tile/0/" + "x999/" * 7 + "999",
    ],
)
def test_other_paths_are_refused(path: str) -> None:
    with pytest.raises(ProofError):
        tiles.parse_tile_path(path)


def test_widths() -> None:
    assert [tile_width(0, n, 600) for n in range(4)] == [256, 256, 88, 0]
    assert (tile_width(1, 0, 600), tile_width(2, 0, 600)) == (2, 0)
    assert tile_width(ENTRIES, 2, 600) == 88
    for bad in ({"level": 64, "n": 0}, {"level": 0, "n": -1}, {"level": 0, "n": 0, "width": 257}):
        with pytest.raises(ProofError):
            Tile(**bad)


def test_bundles() -> None:
    entries = [b"", b"a", b"x" * 65_535]
    bundle = tiles.encode_bundle(entries)
    assert tiles.parse_bundle(bundle, 3) == entries
    for width in (2, 4):
        with pytest.raises(ProofError):
            tiles.parse_bundle(bundle, width)
    for cut in (1, 3, len(bundle) - 1):
        with pytest.raises(ProofError):
            tiles.parse_bundle(bundle[:cut], 3)
    with pytest.raises(ProofError):
        tiles.encode_bundle([b"x" * 65_536])
    with pytest.raises(ProofError):
        tiles.encode_bundle([b""] * 257)
    assert tiles.encode_bundle([b""] * 256) == bytes(512)


def test_gzip_bundles() -> None:
    bundle = tiles.encode_bundle([b"entry"] * 256)
    packed = tiles.gzip_bundle(bundle)
    assert packed == tiles.gzip_bundle(bundle)
    assert len(packed) < len(bundle)
    assert tiles.gunzip_bundle(packed) == bundle
    bomb = tiles.gzip_bundle(bytes(tiles.BUNDLE_BYTES_MAX + 1))
    for bad in (bundle, packed[:-1], packed + b"x", b"", bomb):
        with pytest.raises(ProofError):
            tiles.gunzip_bundle(bad)


def test_a_tile_of_the_wrong_length_or_outside_the_tree() -> None:
    read = TileHashes(lambda tile: bytes(32 * tile.width - 1), 10)
    with pytest.raises(ProofError):
        read(0, 3)
    with pytest.raises(ProofError):
        TileHashes(lambda tile: bytes(32 * tile.width), 10)(0, 10)
    with pytest.raises(ProofError):
        TileHashes(lambda tile: bytes(32 * tile.width), 10)(2, 2)
    with pytest.raises(ProofError):
        tiles.tile_root([bytes(32)] * 255)


def test_tiles_are_read_once() -> None:
    written = all_tiles(70 * 256)
    asked: list[Tile] = []

    def read_tile(tile: Tile) -> bytes:
        asked.append(tile)
        return written[tile]

    read = TileHashes(read_tile, 70 * 256)
    for _ in range(3):
        merkle.inclusion_proof(read, 5000, 70 * 256)
    assert len(asked) == len(set(asked))
    for n in range(70):
        read(0, n * 256)
    read(0, 69 * 256)
    assert asked[-1] == Tile(level=0, n=69)
