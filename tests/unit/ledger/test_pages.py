"""The published tree as it is read often: kept answers, gzip, proofs out of memory."""

from __future__ import annotations

import asyncio
import gzip
import random

import pytest

from ledger.errors import StoreError
from ledger.formats.merkle import inclusion_proof, leaf_hash, node_hash
from ledger.formats.policy import parse_policy
from ledger.formats.proof import parse_receipt, verify_receipt
from ledger.formats.tiles import bundles_between, parse_bundle, tiles_of
from ledger.pages import KeptAnswers, Pages
from ledger.ports import Answer
from ledger.proofs import KeptNodes, prove
from tests import ledger_network as nets

SIZES = (1, 2, 3, 255, 256, 257, 511, 512, 513)


async def grown(count: int) -> nets.Network:
    net = await nets.make_network()
    await net.log.append_many([nets.record(net.log_id, f"{n}") for n in range(count)])
    return net


class CountedTiles:
    """A tile reader that counts what it is asked."""

    def __init__(self, tiles: dict[tuple[int, int], bytes]) -> None:
        self.tiles_by_key = tiles
        self.asked: list[tuple[int, int]] = []

    async def tiles(self, wanted: list[tuple[int, int]]) -> list[bytes | None]:
        self.asked += wanted
        return [self.tiles_by_key.get(key) for key in wanted]


def tiles_of_leaves(count: int) -> dict[tuple[int, int], bytes]:
    """The present tiles of a tree whose leaf hashes are those of its numbers."""
    return tiles_of_hashes([leaf_hash(b"%d" % n) for n in range(count)])


def tiles_of_hashes(hashes: list[bytes]) -> dict[tuple[int, int], bytes]:
    """The present tiles over these leaf hashes, by the definition of tlog-tiles."""
    found: dict[tuple[int, int], bytes] = {}
    level = 0
    while hashes:
        for n in range(0, len(hashes), 256):
            found[level, n // 256] = b"".join(hashes[n : n + 256])
        full = len(hashes) // 256 * 256
        hashes = hashes[:full]
        for _ in range(8):
            pairs = zip(hashes[::2], hashes[1::2], strict=True)
            hashes = [node_hash(left, right) for left, right in pairs]
        level += 1
    return found


@pytest.mark.parametrize("size", [*SIZES, 65_537])
def test_kept_nodes_prove_what_fetched_tiles_prove(size: int) -> None:
    async def work() -> None:
        reader = CountedTiles(tiles_of_leaves(size))
        kept = KeptNodes(reader)
        for index in sorted({0, 1, size // 2, size - 2, size - 1} & set(range(size))):

            def make(read: object, index: int = index) -> list[bytes]:
                return list(inclusion_proof(read, index, size))  # type: ignore[arg-type]

            assert await kept.prove(make) == await prove(reader, make)
        reader.asked.clear()
        await kept.prove(lambda read: inclusion_proof(read, 0, size))
        assert reader.asked == []  # nothing is fetched twice

    asyncio.run(work())


def test_kept_nodes_take_a_tile_again_when_it_has_grown() -> None:
    async def work() -> None:
        reader = CountedTiles(tiles_of_leaves(300))
        kept = KeptNodes(reader)
        await kept.prove(lambda read: inclusion_proof(read, 299, 300))
        reader.tiles_by_key = tiles_of_leaves(700)
        for index in (299, 511, 699):
            proof = await kept.prove(lambda read, i=index: inclusion_proof(read, i, 700))
            assert proof == await prove(reader, lambda read, i=index: inclusion_proof(read, i, 700))

    asyncio.run(work())


def test_kept_nodes_are_bounded_and_name_what_is_missing() -> None:
    async def work() -> None:
        reader = CountedTiles(tiles_of_leaves(2_000))
        kept = KeptNodes(reader, tiles_max=2)
        draw = random.Random(7)
        for _ in range(40):
            index = draw.randrange(2_000)
            proof = await kept.prove(lambda read, i=index: inclusion_proof(read, i, 2_000))
            assert len(proof) == 11 or index >= 1_024
            assert len(kept._trees) <= 2  # a proof needs more at once, and makes room after
        del reader.tiles_by_key[0, 3]
        with pytest.raises(StoreError, match="tile 3 of level 0"):
            await KeptNodes(reader).prove(lambda read: inclusion_proof(read, 800, 2_000))

    asyncio.run(work())


def test_every_published_size_is_served_to_its_last_tile() -> None:
    async def work() -> None:
        net = await nets.make_network()
        pages, published = Pages(net.store), [1]
        for size in (2, 255, 256, 257, 511, 512, 513):
            more = range(published[-1], size)
            await net.log.append_many([nets.record(net.log_id, f"{n}") for n in more])
            head = await net.store.published()
            assert head is not None
            assert head.size == size
            published.append(size)
        entries = await net.store.entries(0, published[-1])
        everything = tiles_of_hashes([leaf_hash(each) for each in entries])
        for size in published:
            for tile in tiles_of(size):
                answer = await pages.get(tile.path, entries_allowed=False)
                assert answer.status == 200, (size, tile.path)
                assert answer.body == everything[tile.level, tile.n][: 32 * tile.width]
            for bundle in bundles_between(0, size):
                answer = await pages.get(bundle.path, entries_allowed=True)
                first = 256 * bundle.n
                assert (
                    parse_bundle(answer.body, bundle.width) == entries[first : first + bundle.width]
                )
        await net.log.stop()

    asyncio.run(work())


def test_a_proof_is_a_receipt_under_the_published_head() -> None:
    async def work() -> None:
        net = await grown(300)
        pages = Pages(net.store)
        policy = net.log.registry.policy_text()
        for n in (0, 7, 255, 256, 300):
            answer = await pages.get(f"proof/{n}", entries_allowed=False)
            assert (answer.status, answer.cache) == (200, "no-cache")
            receipt = parse_receipt(answer.body)
            (raw,) = await net.store.entries(n, n + 1)
            verify_receipt(receipt, raw, parse_policy(policy.encode()))
        for path in (
            "proof/301",
            "proof/",
            "proof/-1",
            "proof/01",
            "proof/1" + "0" * 30,
            "proof/x",
        ):
            assert (await pages.get(path, entries_allowed=False)).status == 404
        await net.log.stop()

    asyncio.run(work())


def test_a_proof_of_a_new_entry_does_not_wait_for_the_head_to_grow_old() -> None:
    async def work() -> None:
        net = await grown(3)
        pages = Pages(net.store)
        assert (await pages.get("proof/3", entries_allowed=False)).status == 200
        assert (await pages.get("proof/4", entries_allowed=False)).status == 404
        await net.log.append(nets.record(net.log_id, "next"))
        assert (await pages.get("proof/4", entries_allowed=False)).status == 200
        await net.log.stop()

    asyncio.run(work())


def test_a_bundle_is_zipped_for_whom_it_is_allowed_and_who_takes_it() -> None:
    async def work() -> None:
        net = await grown(299)
        pages = Pages(net.store)
        for path, width in (("tile/entries/000", 256), ("tile/entries/001.p/44", 44)):
            plain = await pages.get(path, entries_allowed=True)
            zipped = await pages.get(path, entries_allowed=True, gzip=True)
            assert (plain.encoding, zipped.encoding) == (None, "gzip")
            assert gzip.decompress(zipped.body) == plain.body
            assert len(zipped.body) < len(plain.body)
            assert parse_bundle(plain.body, width)
            # What is kept is shown only to those who may read entries.
            assert pages.kept(path, entries_allowed=True, gzip=True) == zipped
            assert pages.kept(path, entries_allowed=False, gzip=True) is None
            assert (await pages.get(path, entries_allowed=False)).status == 401
        small = await pages.get("tile/entries/001.p/1", entries_allowed=True, gzip=True)
        assert small.encoding is None
        tile = await pages.get("tile/0/000", entries_allowed=False, gzip=True)
        assert tile.encoding is None  # hashes do not get smaller
        await net.log.stop()

    asyncio.run(work())


def test_kept_answers_are_bounded_in_bytes() -> None:
    kept = KeptAnswers(1_000)
    for n in range(50):
        kept.put((f"{n}", False), Answer(status=200, body=bytes(100)))
        assert kept.get(("0", False)) is not None  # the one that is used stays
    present = [n for n in range(50) if kept.get((f"{n}", False)) is not None]
    assert present == [0, *range(41, 50)]
    kept.put(("49", False), Answer(status=200, body=bytes(100)))
    assert kept.get(("0", False)) is not None
