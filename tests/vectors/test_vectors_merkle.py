"""RFC 6962 vectors: the public test data of transparency-dev/merkle, proofs by Go's x/mod.

Source: LEDGER-FORMATS.md section 1.1.
"""

from __future__ import annotations

import hashlib

import pytest

from ledger.errors import ProofError
from ledger.formats import merkle

# leaf input, leaf hash, root with this leaf added
TREE = [
    (
        "",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    ),
    (
        "00",
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    ),
    (
        "10",
        "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    ),
    (
        "2021",
        "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (
        "3031",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    ),
    (
        "40414243",
        "4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    ),
    (
        "5051525354555657",
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    ),
    (
        "606162636465666768696a6b6c6d6e6f",
        "46f6ffadd3d06a09ff3c5860d2755c8b9819db7df44251788c7d8e3180de8eb1",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ),
]
EMPTY_ROOT = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
NODES = {
    "5f083f0a": "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "0ebc5d34": "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "ca854ea1": "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "6b47aaf2": "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    "837dbb15": "837dbb152e9b079010717e84e865da4ebc0fa198a806d59d31bf15accef22d0e",
}
HASHES = {
    each[:8]: bytes.fromhex(each)
    for each in [*NODES.values(), *(leaf for _, leaf, _ in TREE), *(root for _, _, root in TREE)]
}
INCLUSION = [
    (0, 8, "96a296d2 5f083f0a 6b47aaf2"),
    (5, 8, "bc1a0643 ca854ea1 d37ee418"),
    (2, 3, "fac54203"),
    (1, 5, "6e340b9c 5f083f0a bc1a0643"),
]
CONSISTENCY = [
    (1, 8, "96a296d2 5f083f0a 6b47aaf2"),
    (6, 8, "0ebc5d34 ca854ea1 d37ee418"),
    (2, 5, "5f083f0a bc1a0643"),
    (4, 7, "837dbb15"),
]
LEAVES = [bytes.fromhex(leaf) for _, leaf, _ in TREE]
ROOTS = [bytes.fromhex(EMPTY_ROOT), *(bytes.fromhex(root) for _, _, root in TREE)]


def read(level: int, index: int) -> bytes:
    """A node of the vectors' tree, by the definition of RFC 6962 2.1."""
    if level == 0:
        return LEAVES[index]
    return merkle.node_hash(read(level - 1, 2 * index), read(level - 1, 2 * index + 1))


def proof_of(text: str) -> list[bytes]:
    return [HASHES[each] for each in text.split()]


def test_the_empty_tree_is_the_hash_of_nothing_and_not_zeroes() -> None:
    assert merkle.EMPTY_ROOT.hex() == EMPTY_ROOT
    assert merkle.root_of([]).hex() == EMPTY_ROOT


def test_leaf_hashes_and_every_root() -> None:
    tree = merkle.Range()
    for number, (leaf_input, leaf, root) in enumerate(TREE, start=1):
        assert merkle.leaf_hash(bytes.fromhex(leaf_input)).hex() == leaf
        tree.append(bytes.fromhex(leaf))
        assert (tree.size, tree.root().hex()) == (number, root)


def test_inner_nodes() -> None:
    assert read(1, 1).hex() == NODES["5f083f0a"]
    assert read(1, 2).hex() == NODES["0ebc5d34"]
    assert read(1, 3).hex() == NODES["ca854ea1"]
    assert read(2, 1).hex() == NODES["6b47aaf2"]


@pytest.mark.parametrize(("index", "size", "hashes"), INCLUSION)
def test_inclusion_proofs(index: int, size: int, hashes: str) -> None:
    proof = proof_of(hashes)
    assert merkle.inclusion_proof(read, index, size) == proof
    merkle.verify_inclusion(LEAVES[index], index, size, proof, ROOTS[size])


@pytest.mark.parametrize(("old", "new", "hashes"), CONSISTENCY)
def test_consistency_proofs(old: int, new: int, hashes: str) -> None:
    proof = proof_of(hashes)
    assert merkle.consistency_proof(read, old, new) == proof
    merkle.verify_consistency(old, new, proof, ROOTS[old], ROOTS[new])


def test_all_sizes_below_70_with_each_hash_altered() -> None:
    """No false accept: LEDGER-FORMATS 1.1 says this was checked so; it is checked again here."""
    leaves = [hashlib.sha256(bytes([number])).digest() for number in range(70)]

    def node(level: int, index: int) -> bytes:
        return merkle.root_of(leaves[index << level : (index + 1) << level])

    roots = [merkle.root_of(leaves[:size]) for size in range(71)]
    for size in range(1, 70):
        for index in {0, 1, size // 2, size - 1} & set(range(size)):
            proof = merkle.inclusion_proof(node, index, size)
            merkle.verify_inclusion(leaves[index], index, size, proof, roots[size])
            for at in range(len(proof)):
                bad = [*proof[:at], bytes(32), *proof[at + 1 :]]
                with pytest.raises(ProofError):
                    merkle.verify_inclusion(leaves[index], index, size, bad, roots[size])
            for bad in (proof[1:] if proof else [bytes(32)], [*proof, bytes(32)]):
                with pytest.raises(ProofError):
                    merkle.verify_inclusion(leaves[index], index, size, bad, roots[size])
        for old in range(size + 1):
            proof = merkle.consistency_proof(node, old, size)
            merkle.verify_consistency(old, size, proof, roots[old], roots[size])
            with pytest.raises(ProofError):
                merkle.verify_consistency(old, size, [*proof, bytes(32)], roots[old], roots[size])
            for at in range(len(proof)):
                bad = [*proof[:at], bytes(32), *proof[at + 1 :]]
                with pytest.raises(ProofError):
                    merkle.verify_consistency(old, size, bad, roots[old], roots[size])
