"""The tree under any growth: one root however it is grown, proofs for all, none for others."""

from __future__ import annotations

import hashlib
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import ProofError
from ledger.formats import canonical, merkle, tiles
from tests.ledger_logs import sample_log

LEAVES = [hashlib.sha256(number.to_bytes(2, "big")).digest() for number in range(1200)]
NAMES = st.text(max_size=6)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-canonical.INTEGER_MAX, canonical.INTEGER_MAX)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)


def read(level: int, number: int) -> bytes:
    return merkle.root_of(LEAVES[number << level : (number + 1) << level])


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.integers(1, 300), min_size=1, max_size=4))
def test_grown_in_any_steps(steps: list[int]) -> None:
    tree = merkle.Range()
    sizes = [0]
    written: dict[tuple[int, int], tiles.Tile] = {}
    for step in steps:
        tree.extend(LEAVES[tree.size : tree.size + step])
        sizes.append(tree.size)
        for tile in tiles.tiles_between(sizes[-2], sizes[-1]):
            written[tile.level, tile.n] = tile
    assert tree.root() == merkle.root_of(LEAVES[: tree.size])
    assert set(written.values()) == set(tiles.tiles_of(tree.size))
    for old, new in pairwise(sizes):
        proof = merkle.consistency_proof(read, old, new)
        old_root, new_root = merkle.root_of(LEAVES[:old]), merkle.root_of(LEAVES[:new])
        merkle.verify_consistency(old, new, proof, old_root, new_root)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), size=st.integers(1, 1200))
def test_no_leaf_passes_for_another(data: st.DataObject, size: int) -> None:
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(read, index, size)
    root = merkle.root_of(LEAVES[:size])
    merkle.verify_inclusion(LEAVES[index], index, size, proof, root)
    if other != index:
        with pytest.raises(ProofError):
            merkle.verify_inclusion(LEAVES[other], index, size, proof, root)
        with pytest.raises(ProofError):
            merkle.verify_inclusion(LEAVES[index], other, size, proof, root)


@settings(max_examples=200, deadline=None)
@given(value=JSON)
def test_json_has_one_form(value: object) -> None:
    written = canonical.encode(value)
    assert canonical.decode_canonical(written) == value
    assert canonical.encode(canonical.decode(written)) == written


@settings(max_examples=25, deadline=None)
@given(size=st.integers(1, 40))
def test_tile_paths_are_one_to_one(size: int) -> None:
    source = sample_log(size).source()
    for path in source.files:
        if path != "checkpoint":
            assert tiles.parse_tile_path(path).path == path
