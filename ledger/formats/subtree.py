"""Subtree consistency proofs, as tlog-mirror wants them for each package of entries.

A subtree is [start, end) with start a multiple of the smallest power of two that is at least
end - start (draft-ietf-plants-merkle-tree-certs-02, subtrees). Its proof shows that these leaves
stand at that place in the tree of a checkpoint.
"""

from __future__ import annotations

from collections.abc import Sequence

from ledger.errors import ProofError
from ledger.formats.merkle import HashReader, node_hash, subtree_root


def subtree_proof(read: HashReader, start: int, end: int, size: int) -> list[bytes]:
    """SUBTREE_PROOF(start, end, D[size]); raises ProofError for no valid subtree."""
    _check(start, end, size)
    proof: list[bytes] = []
    first, last, known = 0, size, True
    while (start, end) != (first, last):
        split = first + _largest_power_below(last - first)
        if end <= split:
            proof.append(subtree_root(read, split, last))
            last = split
        elif start >= split:
            proof.append(subtree_root(read, first, split))
            first = split
        else:  # start == first: the subtree begins left of the split and ends right of it
            proof.append(subtree_root(read, first, split))
            first = start = split
            known = False
    if not known:
        proof.append(subtree_root(read, first, last))
    proof.reverse()
    return proof


def verify_subtree(
    start: int, end: int, size: int, proof: Sequence[bytes], subtree: bytes, root: bytes
) -> None:
    """Raise ProofError unless leaves start to end-1 with this hash stand under root."""
    _check(start, end, size)
    hashes = list(proof)
    what = f"subtree {start} to {end} of {size}"

    def both(at: tuple[int, int], first: int, last: int, known: bool) -> tuple[bytes, bytes]:
        """The hashes of the subtree's part here and of leaves first to last-1."""
        if at == (first, last):
            node = subtree if known else _pop(hashes, what)
            return node, node
        split = first + _largest_power_below(last - first)
        sibling = _pop(hashes, what)
        if at[1] <= split:
            part, whole = both(at, first, split, known)
            return part, node_hash(whole, sibling)
        if at[0] >= split:
            part, whole = both(at, split, last, known)
            return part, node_hash(sibling, whole)
        part, whole = both((split, at[1]), split, last, False)
        return node_hash(sibling, part), node_hash(sibling, whole)

    computed_subtree, computed_root = both((start, end), 0, size, True)
    if hashes:
        raise ProofError(f"{what}: the proof has hashes too many")
    if computed_subtree != subtree:
        raise ProofError(f"{what}: the proof leads to subtree {computed_subtree.hex()}")
    if computed_root != root:
        raise ProofError(f"{what}: the proof leads to root {computed_root.hex()}")


def _pop(hashes: list[bytes], what: str) -> bytes:
    if not hashes:
        raise ProofError(f"{what}: the proof has hashes too few")
    return hashes.pop()


def _check(start: int, end: int, size: int) -> None:
    if not 0 <= start < end <= size:
        raise ProofError(f"no subtree {start} to {end} in a tree of {size}")
    if start % (1 << (end - start - 1).bit_length()):
        raise ProofError(f"subtree {start} to {end}: not aligned")


def _largest_power_below(count: int) -> int:
    return 1 << ((count - 1).bit_length() - 1)
