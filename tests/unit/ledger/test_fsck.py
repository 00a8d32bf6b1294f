"""fsck: what is damaged in a store is found and placed; a sound one is told as sound."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.checks_threads import InlineChecks
from ledger.database_sql import Database, migrate, sqlite_url
from ledger.errors import VerifyError
from ledger.fsck import StoreReport, fsck
from ledger.ports import Batch, Head
from ledger.store_memory import MemoryStore
from ledger.store_sql import SqlStore
from ledger.tail import empty_tail, judge
from tests.ledger_logs import TestLog, record_id, sample_log

SIZE = 300


def log_with_voids() -> TestLog:
    log = sample_log(SIZE - 3)
    log.add_record("svb", record_class="plan")
    log.add_record("uwv", id=record_id("uwv 3"))  # as entry 3
    log.add_raw(b'"rubbish"')
    return log


LOG = log_with_voids()


async def fill(store: MemoryStore | SqlStore, *, pending: int = SIZE) -> None:
    """Store the log in two batches, as a mirror does, with the published head at 256."""
    tail = empty_tail()
    for start, end in ((0, 256), (256, SIZE)):

        async def find(identities: object) -> set[bytes]:
            return set(await store.find(list(identities)))  # type: ignore[call-overload]

        after = await store.load()
        tail, judged, tiles = await judge(tail, LOG.entries[start:end], find, InlineChecks())
        size = pending if end == SIZE else end
        note = LOG.checkpoint(min(size, SIZE)).encode()
        head = Head(size=size, note=note)
        await store.commit(
            Batch(
                start=start,
                rows=tuple(each.row for each in judged),
                tiles=tuple(tiles),
                head=head,
                published=head if end == 256 else None,
            ),
            after=after,
        )


def test_a_sound_store_in_memory() -> None:
    async def work() -> StoreReport:
        store = MemoryStore()
        assert (await fsck(store, InlineChecks())).size == 0
        await fill(store)
        steps: list[tuple[int, int]] = []
        report = await fsck(store, InlineChecks(), lambda a, b: steps.append((a, b)))
        assert steps == [(256, SIZE), (SIZE, SIZE)]
        return report

    report = asyncio.run(work())
    assert (report.size, report.tiles, report.void_count, report.heads) == (
        SIZE, 3, 3, (256, SIZE)
    )  # fmt: skip


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("fsck") / "ledger.sqlite3"
    migrate(sqlite_url(path))

    async def work() -> None:
        database = Database(sqlite_url(path))
        await fill(SqlStore(database))
        await database.close()

    asyncio.run(work())
    with sqlite3.connect(path) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()
    return path


def checked(filled: Path, tmp_path: Path, *statements: str) -> StoreReport:
    path = tmp_path / "ledger.sqlite3"
    path.write_bytes(filled.read_bytes())
    with sqlite3.connect(path) as connection:
        connection.create_function("flip", 2, flip)
        for statement in statements:
            assert connection.execute(statement).rowcount, statement
    connection.close()

    async def work() -> StoreReport:
        database = Database(sqlite_url(path))
        try:
            return await fsck(SqlStore(database), InlineChecks())
        finally:
            await database.close()

    return asyncio.run(work())


def flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_a_sound_store_in_sqlite(filled: Path, tmp_path: Path) -> None:
    assert checked(filled, tmp_path).size == SIZE


@pytest.mark.parametrize(
    ("statement", "place", "reason"),
    [
        ("update ledger_entries set raw = flip(raw, 150) where n = 7", "entry 7", "entry 8: names"),
        (
            "update ledger_entries set raw = flip(raw, 0) where n = 7",
            "entry 7",
            "not the canonical JSON",
        ),
        ("delete from ledger_entries where n = 299", "entry 299", "missing"),
        ("delete from ledger_entries where n = 100", "entry 100", "missing"),
        ("update ledger_entries set void = null where n = 297", "entry 297", "class_not_allowed"),
        ("update ledger_entries set void = 'wrong_key' where n = 5", "entry 5", "admitted"),
        ("update ledger_entries set governance = 1 where n = 5", "entry 5", "governance"),
        ("update ledger_entries set governance = 0 where n = 0", "entry 0", "governance"),
        ("delete from ledger_identities where n = 9", "entry 9", "index of ids"),
        ("update ledger_identities set n = 10 where n = 9", "entry 9", "index of ids"),
        ("delete from ledger_tiles where level = 0 and n = 1", "tile 1 of level 0", "missing"),
        (
            "update ledger_tiles set hashes = flip(hashes, 70) where level = 0 and n = 0",
            "tile 0 of level 0",
            "hash 2",
        ),
        (
            "update ledger_tiles set hashes = flip(hashes, 31) where level = 1 and n = 0",
            "tile 0 of level 1",
            "hash 0",
        ),
        (
            "update ledger_tiles set hashes = cast(hashes || x'00' as blob) where n = 1",
            "tile 1 of level 0",
            "hash",
        ),
        (
            "update ledger_state set head_note = flip(head_note, 24)",
            "pending head",
            "control character",
        ),
        ("update ledger_state set head_size = 299", "pending head", "signed for 300"),
        ("update ledger_published set note = flip(note, 30)", "published head", "checkpoint"),
    ],
)
def test_what_is_damaged_is_placed(
    filled: Path, tmp_path: Path, statement: str, place: str, reason: str
) -> None:
    with pytest.raises(VerifyError) as caught:
        checked(filled, tmp_path, statement)
    assert caught.value.place == place
    assert reason in caught.value.reason


def test_a_head_that_signs_other_entries(filled: Path, tmp_path: Path) -> None:
    other = TestLog(entries=[*LOG.entries[:-1], b"other"], registry=LOG.registry)
    note = other.checkpoint().encode().hex()
    with pytest.raises(VerifyError, match="pending head: signs root"):
        checked(filled, tmp_path, f"update ledger_state set head_note = x'{note}'")
    longer = TestLog(entries=[*LOG.entries, b"more"], registry=LOG.registry)
    note = longer.checkpoint().encode().hex()
    with pytest.raises(VerifyError, match="published head: of size 301"):
        checked(filled, tmp_path, f"update ledger_published set size = 301, note = x'{note}'")


def test_a_mirror_may_know_a_head_before_it_has_the_entries() -> None:
    async def work(make: Callable[[], MemoryStore]) -> None:
        store = make()
        await fill(store)
        longer = TestLog(entries=[*LOG.entries, b"more"], registry=LOG.registry)
        stored = await store.load()
        head = Head(size=SIZE + 1, note=longer.checkpoint().encode())
        await store.set_head(head, after=stored.head)
        assert (await fsck(store, InlineChecks())).heads == (256,)

    asyncio.run(work(MemoryStore))
