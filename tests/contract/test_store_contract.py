"""One contract for every Store: what is promised in ports.py, on memory, SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ledger.errors import HeadMovedError, LeaseError, StoreError
from ledger.evidence import list_evidence, prove_fork
from ledger.formats.checkpoint import Checkpoint, sign_checkpoint
from ledger.formats.note import Note
from ledger.ports import Evidence, HashTile, Row, Store
from ledger.stores.database_sql import Database, sqlite_url
from ledger.witness import Cosigned, Submission
from tests import ledger_network as nets
from tests.ledger_stores import Opened, batch, head, row, run


def test_an_empty_store_holds_nothing(storage: Opened) -> None:
    async def work(store: Store) -> None:
        stored = await store.load()
        assert (stored.size, stored.head, stored.published) == (0, None, None)
        assert await store.entries(0, 10) == []
        assert await store.tiles([(0, 0), (3, 7)]) == [None, None]
        assert await store.find([bytes(32)]) == {}
        assert await store.published_over(0) is None

    run(storage, work)


def test_a_batch_is_there_after_opening_again(storage: Opened) -> None:
    async def write(store: Store) -> None:
        await store.commit(batch(0, 3), after=await store.load())
        await store.publish(head(3))

    async def read(store: Store) -> None:
        stored = await store.load()
        assert (stored.size, stored.head, stored.published) == (3, head(3), head(3))
        assert await store.entries(1, 9) == [b"entry 1", b"entry 2"]
        assert await store.tiles([(0, 0)]) == [bytes(96)]
        assert await store.find([row(2).identity or b"", bytes(31)]) == {row(2).identity: 2}

    run(storage, write)
    run(storage, read)


def test_a_batch_upon_another_head_writes_nothing(storage: Opened) -> None:
    async def work(store: Store) -> None:
        empty = await store.load()
        await store.commit(batch(0, 2), after=empty)
        with pytest.raises(HeadMovedError):
            await store.commit(batch(0, 1), after=empty)
        stored = await store.load()
        for after in (
            empty,
            type(stored)(size=2, head=head(2, "other"), published=None),
            type(stored)(size=1, head=head(2), published=None),
        ):
            with pytest.raises(HeadMovedError):
                await store.commit(batch(2, 1), after=after)
        assert await store.load() == stored
        assert await store.entries(0, 9) == [b"entry 0", b"entry 1"]
        await store.commit(batch(2, 1), after=stored)

    run(storage, work)


def test_an_id_twice_writes_nothing_of_its_batch(storage: Opened) -> None:
    async def work(store: Store) -> None:
        await store.commit(batch(0, 2), after=await store.load())
        stored = await store.load()
        again = Row(n=3, raw=b"entry 3", identity=row(1).identity)
        with pytest.raises(StoreError):
            await store.commit(batch(2, 2, rows=(row(2), again)), after=stored)
        assert await store.load() == stored
        assert await store.find([row(2).identity or b""]) == {}

    run(storage, work)


def test_void_entries_take_no_id_and_governance_is_listed(storage: Opened) -> None:
    async def work(store: Store) -> None:
        rows = (
            row(0, governance=True),
            row(1, void="bad_signature"),
            row(2, void="malformed", governance=True),
            row(3, governance=True),
        )
        await store.commit(batch(0, 4, rows=rows), after=await store.load())
        assert [each.n for each in await store.governance()] == [0, 3]
        assert [each.void for each in await store.rows(0, 4)] == [
            None, "bad_signature", "malformed", None,
        ]  # fmt: skip
        assert await store.find([(1).to_bytes(32, "big")]) == {}

    run(storage, work)


def test_tiles_keep_their_newest_content(storage: Opened) -> None:
    async def work(store: Store) -> None:
        await store.commit(batch(0, 1), after=await store.load())
        tiles = (HashTile(level=0, n=0, hashes=b"a" * 64), HashTile(level=1, n=0, hashes=b"b" * 32))
        await store.commit(batch(1, 1, tiles=tiles), after=await store.load())
        assert await store.tiles([(1, 0), (0, 0)]) == [b"b" * 32, b"a" * 64]

    run(storage, work)


def test_the_pending_head_is_swapped_only_from_what_it_is(storage: Opened) -> None:
    async def work(store: Store) -> None:
        await store.set_head(head(5), after=None)
        with pytest.raises(HeadMovedError):
            await store.set_head(head(7), after=None)
        with pytest.raises(HeadMovedError):
            await store.set_head(head(7), after=head(5, "other"))
        await store.set_head(head(7), after=head(5))
        assert (await store.load()).head == head(7)
        with pytest.raises(HeadMovedError):
            await store.set_head(None, after=head(5))
        await store.set_head(None, after=head(7))
        assert (await store.load()).head is None

    run(storage, work)


def test_receipts_keep_the_first_published_note_of_a_size(storage: Opened) -> None:
    async def work(store: Store) -> None:
        await store.commit(batch(0, 9), after=await store.load())
        for published in (head(4), head(4, " and more"), head(9)):
            await store.publish(published)
        assert await store.published_over(3) == head(4)
        assert await store.published_over(4) == head(9)
        assert await store.published_over(9) is None
        assert await store.published_last(5) == [head(9), head(4)]
        assert await store.published_last(1) == [head(9)]
        assert await store.count_void() == 0
        await store.publish(head(9, " and more"))
        assert (await store.load()).published == head(9, " and more")

    run(storage, work)


def test_a_batch_may_publish_in_the_same_transaction(storage: Opened) -> None:
    async def work(store: Store) -> None:
        await store.commit(batch(0, 2, published=head(2)), after=await store.load())
        assert (await store.load()).published == head(2)

    run(storage, work)


def test_a_lease_fences_off_who_held_it_before(storage: Opened) -> None:
    async def work(store: Store) -> None:
        first = await store.acquire("a", now=100, until=110)
        assert await store.acquire("a", now=105, until=115) == first
        with pytest.raises(LeaseError):
            await store.acquire("b", now=114, until=130)
        second = await store.acquire("b", now=115, until=130)
        assert second > first
        with pytest.raises(LeaseError):
            await store.commit(batch(0, 1), after=await store.load(), fence=first)
        assert (await store.load()).size == 0
        await store.commit(batch(0, 1), after=await store.load(), fence=second)
        assert (await store.load()).size == 1

    run(storage, work)


def test_a_lease_that_ran_out_is_still_ones_own_if_nobody_took_it(storage: Opened) -> None:
    async def work(store: Store) -> None:
        first = await store.acquire("a", now=100, until=110)
        assert await store.acquire("a", now=150, until=160) == first
        second = await store.acquire("b", now=170, until=180)
        assert await store.acquire("a", now=190, until=200) > second

    run(storage, work)


def test_evidence_is_kept_once(storage: Opened) -> None:
    async def work(store: Store) -> None:
        evidence = Evidence(
            kind="fork", about="o", reason="two roots", parts={"a": b"1", "b": b"\x002"}, found_at=7
        )
        await store.keep_evidence(evidence)
        await store.keep_evidence(evidence)
        assert await store.evidence() == [evidence]

    run(storage, work)


def test_a_witness_keeps_both_signatures_of_a_log_that_contradicts_itself(
    storage: Opened,
) -> None:
    """L3, of a member that keeps one checkpoint and no entries; there again after a restart."""

    def signed(size: int, mark: bytes) -> Note:
        checkpoint = Checkpoint(origin=nets.ORIGIN, size=size, root=mark * 32)
        return sign_checkpoint(checkpoint, nets.log_signer())

    async def work() -> None:
        one, other = signed(3, b"1"), signed(3, b"2")
        for old, note, status in ((0, one, 200), (3, other, 422), (0, other, 409)):
            async with storage.open() as (store, state, _):
                door = nets.make_witness("woonstad", nets.FixedClock(), state, store)
                body = Submission(old_size=old, proof=(), note=note).encode()
                assert (await door.post("add-checkpoint", body)).status == status
        async with storage.open() as (store, _, _):
            (kept,) = await store.evidence()
            (told,) = await list_evidence(store)  # as `vastedag evidence` shows it
        assert (told["kind"], told["proven"], told["about"]) == ("fork", True, nets.ORIGIN)
        prove_fork(kept, [nets.log_signer().verifier])
        assert kept.parts["theirs"] == other.encode()
        assert kept.parts["ours"].startswith(one.encode())  # and the witness's own line

    asyncio.run(work())


def test_cosigned_state_is_one_compare_and_swap(storage: Opened) -> None:
    def cosigned(size: int) -> Cosigned:
        checkpoint = Checkpoint(origin="o", size=size, root=bytes([size]) * 32)
        return Cosigned(checkpoint=checkpoint, note=Note(text=checkpoint.text, signatures=()))

    async def work() -> None:
        async with storage.open() as (_, state, _):
            assert await state.last("o") is None
            assert await state.swap("o", None, cosigned(3))
            assert not await state.swap("o", None, cosigned(4))
            assert not await state.swap("o", cosigned(2), cosigned(4))
            assert await state.swap("o", cosigned(3), cosigned(5))
            assert await state.swap("other", None, cosigned(1))

    asyncio.run(work())


def test_a_followers_place_and_ids_are_saved_together(storage: Opened) -> None:
    async def work() -> None:
        async with storage.open() as (_, _, states):
            assert await states.load() is None
            await states.save(b"one", [b"a" * 32, b"b" * 32])
            await states.save(b"two", [b"c" * 32])
        async with storage.open() as (_, _, states):
            assert await states.load() == b"two"
            assert await states.known([b"b" * 32, b"c" * 32, b"d" * 32]) == {b"b" * 32, b"c" * 32}
            await states.clear()
            assert (await states.load(), await states.known([b"b" * 32])) == (None, set())

    asyncio.run(work())


def test_a_store_without_tables_names_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="vastedag init"):
        Database(sqlite_url(tmp_path / "empty.sqlite3"))
