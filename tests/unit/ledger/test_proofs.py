"""Proofs out of a store: shared paths are the same as single ones, missing tiles are named."""

from __future__ import annotations

import asyncio

import pytest

from ledger import proofs
from ledger.errors import StoreError
from ledger.formats.merkle import leaf_hash, root_of, verify_consistency, verify_inclusion
from ledger.formats.note import Note
from ledger.growth import Growth
from ledger.ports import Batch, Row
from ledger.stores.store_memory import MemoryStore

NOTE = Note(text="text\n", signatures=())


def store_of(size: int) -> tuple[MemoryStore, list[bytes]]:
    store, growth = MemoryStore(), Growth()
    leaves = [leaf_hash(n.to_bytes(4, "big")) for n in range(size)]
    rows = tuple(Row(n=n, raw=b"", identity=None) for n in range(size))
    batch = Batch(start=0, rows=rows, tiles=tuple(growth.extend(leaves)))

    async def fill() -> None:
        await store.commit(batch, after=await store.load())

    asyncio.run(fill())
    return store, leaves


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 513, 700])
def test_every_receipt_of_a_tree_verifies(size: int) -> None:
    store, leaves = store_of(size)
    root = root_of(leaves)
    made = asyncio.run(proofs.receipts(store, range(size), size, NOTE))
    assert sorted(made) == list(range(size))
    for receipt in made.values():
        verify_inclusion(leaves[receipt.index], receipt.index, size, receipt.path, root)
    for n in {0, size // 2, size - 1}:
        single = asyncio.run(proofs.receipts(store, [n], size, NOTE))
        assert single == {n: made[n]}


@pytest.mark.parametrize(("old", "new"), [(1, 700), (256, 257), (255, 512), (511, 513), (3, 700)])
def test_a_store_that_has_grown_proves_smaller_trees(old: int, new: int) -> None:
    store, leaves = store_of(700)
    proof = asyncio.run(proofs.consistency(store, old, new))
    old_root, new_root = root_of(leaves[:old]), root_of(leaves[:new])
    verify_consistency(old, new, proof, old_root, new_root)
    assert asyncio.run(proofs.root_at(store, old)) == old_root


def test_a_missing_tile_is_named() -> None:
    store, _ = store_of(300)
    with pytest.raises(StoreError, match="tile 3 of level 0 is missing; run fsck"):
        asyncio.run(proofs.receipts(store, [900], 1_000, NOTE))
    with pytest.raises(StoreError, match="short"):
        asyncio.run(proofs.receipts(store, [299], 400, NOTE))
