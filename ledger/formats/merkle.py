"""The Merkle tree of RFC 6962 section 2.1 = RFC 9162 section 2.1, over SHA-256.

Proofs are made from any reader of node hashes and checked from hashes alone. Where node hashes
are kept is the work of tiles.py. A node (level, index) covers leaves [index * 2^level, ...).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from ledger.errors import ProofError

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
PROOF_HASHES_MAX: Final = 63  # a tree has at most 2^63 leaves here, as in tlog-witness

HashReader = Callable[[int, int], bytes]  # (level, index) -> hash of that complete subtree


# A copy of a hash that has taken its first byte costs two thirds of a new one.
_LEAF: Final = hashlib.sha256(b"\x00")
_NODE: Final = hashlib.sha256(b"\x01")


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 || entry). RFC 6962 2.1: leaves and nodes cannot pass for each other."""
    state = _LEAF.copy()
    state.update(entry)
    return state.digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    state = _NODE.copy()
    state.update(left + right)
    return state.digest()


class Range:
    """A compact range: the roots of the complete subtrees of the first `size` leaves.

    Enough to append and to tell the root; 32 bytes per set bit of size. Largest subtree first.
    """

    __slots__ = ("_nodes", "_size")

    def __init__(self, size: int = 0, nodes: Sequence[bytes] = ()) -> None:
        """Take up a range again; raises ProofError when size and nodes do not fit."""
        if size < 0 or size.bit_count() != len(nodes):
            raise ProofError(f"compact range: {len(nodes)} hashes for size {size}")
        if any(len(node) != HASH_BYTES for node in nodes):
            raise ProofError(f"compact range: a hash that has not {HASH_BYTES} bytes")
        self._size = size
        self._nodes = list(nodes)

    @property
    def size(self) -> int:
        """Number of leaves."""
        return self._size

    @property
    def nodes(self) -> tuple[bytes, ...]:
        """Roots of the complete subtrees, largest first."""
        return tuple(self._nodes)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        node, size, nodes = leaf, self._size, self._nodes
        while size & 1:
            node = node_hash(nodes.pop(), node)
            size >>= 1
        nodes.append(node)
        self._size += 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaf hashes in their order."""
        for leaf in leaves:
            self.append(leaf)

    def append_subtree(self, level: int, root: bytes) -> None:
        """Add a complete subtree of 2^level leaves; raises ProofError when it is not aligned."""
        if self._size % (1 << level):
            raise ProofError(f"size {self._size}: no place for a subtree of 2^{level} leaves")
        node, size = root, self._size >> level
        while size & 1:
            node = node_hash(self._nodes.pop(), node)
            size >>= 1
        self._nodes.append(node)
        self._size += 1 << level

    def root(self) -> bytes:
        """The root of the tree of these leaves."""
        if not self._nodes:
            return EMPTY_ROOT
        return _fold(self._nodes)

    def copy(self) -> Range:
        """Another range with the same leaves."""
        return Range(self._size, self._nodes)


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes."""
    tree = Range()
    tree.extend(leaves)
    return tree.root()


def range_nodes(start: int, end: int) -> list[tuple[int, int]]:
    """The complete subtrees (level, index), left to right, of leaves start to end-1.

    start must be a multiple of the largest power of two below or at end - start.
    """
    nodes: list[tuple[int, int]] = []
    while start < end:
        level = (end - start).bit_length() - 1
        nodes.append((level, start >> level))
        start += 1 << level
    return nodes


def subtree_root(read: HashReader, start: int, end: int) -> bytes:
    """The hash over leaves start to end-1 of an aligned subtree; the empty tree's for none."""
    if start == end:
        return EMPTY_ROOT
    return _fold([read(level, index) for level, index in range_nodes(start, end)])


def inclusion_proof(read: HashReader, index: int, size: int) -> list[bytes]:
    """PATH(index, D[size]) of RFC 9162 2.1.3.1, from the leaf's sibling up."""
    if not 0 <= index < size:
        raise ProofError(f"entry {index} is not in a tree of {size} entries")
    spans: list[tuple[int, int]] = []
    start, end = 0, size
    while end - start > 1:
        split = start + _largest_power_below(end - start)
        if index < split:
            spans.append((split, end))
            end = split
        else:
            spans.append((start, split))
            start = split
    return [subtree_root(read, first, last) for first, last in reversed(spans)]


def consistency_proof(read: HashReader, old_size: int, new_size: int) -> list[bytes]:
    """PROOF(old, D[new]) of RFC 9162 2.1.4.1; empty when old is 0 or new."""
    if not 0 <= old_size <= new_size:
        raise ProofError(f"no tree of {old_size} entries lies in one of {new_size}")
    if old_size in (0, new_size):
        return []
    spans: list[tuple[int, int]] = []
    start, end = 0, new_size
    while old_size < end:
        split = start + _largest_power_below(end - start)
        if old_size <= split:
            spans.append((split, end))
            end = split
        else:
            spans.append((start, split))
            start = split
    if start > 0:  # the old tree's last subtree is not the whole old tree: it is named too
        spans.append((start, end))
    return [subtree_root(read, first, last) for first, last in reversed(spans)]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """RFC 9162 2.1.3.2; raises ProofError unless leaf is number index under root."""
    computed = root_from_inclusion(leaf, index, size, proof)
    if computed != root:
        raise ProofError(
            f"entry {index}: the proof leads to root {computed.hex()}, not {root.hex()}"
        )


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root an inclusion proof leads to; raises ProofError when it has the wrong length."""
    if not 0 <= index < size:
        raise ProofError(f"entry {index} is not in a tree of {size} entries")
    fn, sn, computed = index, size - 1, leaf
    for sibling in proof:
        if sn == 0:
            raise ProofError(f"entry {index}: the proof has hashes too many")
        if fn & 1 or fn == sn:
            computed = node_hash(sibling, computed)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            computed = node_hash(computed, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise ProofError(f"entry {index}: the proof has hashes too few")
    return computed


def verify_consistency(
    old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    """RFC 9162 2.1.4.2; raises ProofError unless the old tree is the new one's beginning."""
    what = f"sizes {old_size} and {new_size}"
    if not 0 <= old_size <= new_size:
        raise ProofError(f"{what}: the tree went back")
    if old_size in (0, new_size):
        if proof:
            raise ProofError(f"{what}: the proof must be empty")
        if old_size == new_size and old_root != new_root:
            raise ProofError(f"{what}: two roots, {old_root.hex()} and {new_root.hex()}")
        if old_size == 0 and old_root != EMPTY_ROOT:
            raise ProofError(f"{what}: the empty tree has another root")
        return
    if not proof:
        raise ProofError(f"{what}: the proof is empty")
    old_computed, new_computed = _roots_from_consistency(old_size, new_size, proof, old_root, what)
    if old_computed != old_root:
        raise ProofError(f"{what}: the proof leads to old root {old_computed.hex()}")
    if new_computed != new_root:
        raise ProofError(f"{what}: the proof leads to new root {new_computed.hex()}")


def _roots_from_consistency(
    old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes, what: str
) -> tuple[bytes, bytes]:
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    fn, sn = old_size - 1, new_size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if sn == 0:
            raise ProofError(f"{what}: the proof has hashes too many")
        if fn & 1 or fn == sn:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            new = node_hash(new, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise ProofError(f"{what}: the proof has hashes too few")
    return old, new


def _fold(nodes: Sequence[bytes]) -> bytes:
    computed = nodes[-1]
    for node in reversed(nodes[:-1]):
        computed = node_hash(node, computed)
    return computed


def _largest_power_below(count: int) -> int:
    """The largest power of two below count, for count > 1."""
    return 1 << ((count - 1).bit_length() - 1)
