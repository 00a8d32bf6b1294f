"""Ids are unique in every store, through sealing and merging, by two processes, after any fault."""

from __future__ import annotations

import asyncio
import hashlib
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from alembic import command
from sqlalchemy import Connection, text

from ledger.errors import HeadMovedError, StoreError
from ledger.fsck_ids import id_problems, rebuild_ids
from ledger.ports import Batch, Row, Store
from ledger.stores import database_sql, id_blocks
from ledger.stores.database_sql import Database, migrate, sqlite_url
from ledger.stores.store_sql import SqlState, SqlStore
from tests.ledger_stores import Opened, head, run

T = TypeVar("T")
RUN = 8  # entries of the smallest run; 8,192 in life
ENTRIES = RUN * 8 * 8 + RUN * 11  # a run of level 2, one of level 1 and some of level 0


@pytest.fixture(autouse=True)
def small_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(id_blocks, "RUN_ENTRIES", RUN)


def identity(n: int) -> bytes:
    return hashlib.sha256(n.to_bytes(8, "big")).digest()


def id_row(n: int) -> Row:
    void = "malformed" if n % 13 == 5 else None
    return Row(n=n, raw=b"entry %d" % n, identity=None if void else identity(n), void=void)


def id_batch(start: int, count: int) -> Batch:
    rows = tuple(id_row(n) for n in range(start, start + count))
    return Batch(start=start, rows=rows, tiles=(), head=head(start + count))


async def check(store: Store, size: int) -> None:
    """Every id is found at its entry, and no other is."""
    there = {identity(n): n for n in range(size) if id_row(n).identity is not None}
    others = [identity(n) for n in range(size, size + 300)]
    assert await store.find([*there, *others]) == there


async def grown(store: Store, size: int, chance: random.Random) -> None:
    stored = await store.load()
    while stored.size < size:
        count = min(size - stored.size, chance.choice([1, 3, 17, 40]))
        await store.commit(id_batch(stored.size, count), after=stored)
        stored = await store.load()


def problems(database: Database) -> list[str]:
    found = asyncio.run(database.read(id_problems))
    return [f"{each.place}: {each.reason}" for each in found]


def test_ids_are_found_through_sealing_and_merging_and_after_opening_again(
    storage: Opened,
) -> None:
    chance = random.Random(7)
    for size in (1, RUN - 1, RUN, 5 * RUN + 3, 9 * RUN, 20 * RUN + 5, 65 * RUN, ENTRIES):

        async def work(store: Store, size: int = size) -> None:
            await grown(store, size, chance)
            await check(store, size)

        run(storage, work)
        run(storage, lambda store, size=size: check(store, size))


def test_a_used_id_is_refused_wherever_it_stands(storage: Opened) -> None:
    async def work(store: Store) -> None:
        await grown(store, ENTRIES, random.Random(8))
        stored = await store.load()
        for n in (0, 1, RUN * 64 - 1, RUN * 64 + 1, RUN * 72, ENTRIES - 2, ENTRIES - 1):
            assert id_row(n).identity is not None
            again = id_row(ENTRIES)._replace(identity=identity(n))
            batch = Batch(start=ENTRIES, rows=(again,), tiles=(), head=head(ENTRIES + 1))
            with pytest.raises(StoreError, match="id is recorded"):
                await store.commit(batch, after=stored)
        twice = (id_row(ENTRIES), id_row(ENTRIES + 1)._replace(identity=identity(ENTRIES)))
        with pytest.raises(StoreError, match="id is recorded"):
            await store.commit(
                Batch(start=ENTRIES, rows=twice, tiles=(), head=head(ENTRIES + 2)), after=stored
            )
        assert await store.load() == stored
        await check(store, ENTRIES)

    run(storage, work)


def test_two_processes_on_one_store_see_each_others_ids(storage: Opened) -> None:
    async def work() -> None:
        async with storage.open() as (one, _, _), storage.open() as (other, _, _):
            chance, size = random.Random(9), 0
            while size < ENTRIES:
                store = chance.choice([one, other])
                stored = await store.load()
                size = min(ENTRIES, stored.size + chance.choice([3, 30, 150]))
                await store.commit(id_batch(stored.size, size - stored.size), after=stored)
                await check(chance.choice([one, other]), size)
                with pytest.raises(HeadMovedError):
                    await other.commit(id_batch(stored.size, 1), after=stored)
            await check(one, ENTRIES)
            await check(other, ENTRIES)

    asyncio.run(work())


def test_a_follower_finds_its_ids_through_merging_and_forgets_them_all(storage: Opened) -> None:
    async def work() -> None:
        async with storage.open() as (_, _, states):
            for start in range(0, ENTRIES, 50):
                await states.save(b"%d" % start, [identity(n) for n in range(start, start + 50)])
        async with storage.open() as (_, _, states):
            asked = [identity(n) for n in range(0, ENTRIES, 7)]
            assert await states.known([*asked, bytes(32)]) == set(asked)
            await states.clear()
            assert await states.known(asked) == set()
            await states.save(b"again", asked)
            assert await states.known(asked) == set(asked)

    asyncio.run(work())


class _FaultyDatabase(Database):
    """Every write is lost at first, then done but unanswered, then done."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.hits = 0

    async def write(
        self, work: Callable[[Connection], T], done: Callable[[], None] | None = None
    ) -> T:
        self.hits += 1
        if self.hits % 3 == 0:
            return await super().write(work, done)

        def lost(connection: Connection) -> T:
            work(connection)
            raise StoreError("lost")

        if self.hits % 3 == 1:
            return await super().write(lost, done)
        await super().write(work)
        raise StoreError("done, but the answer was lost")


def test_l1_every_seal_and_merge_fails_lost_and_unanswered(storage: Opened) -> None:
    if storage.kind == "memory":
        return  # writes all of a batch or nothing, without a step between

    async def work() -> None:
        database = _FaultyDatabase(storage.url)
        plain = Database(storage.url)
        store, looking = SqlStore(database), SqlStore(plain)
        chance, size = random.Random(10), 0
        while size < ENTRIES:
            stored = await looking.load()
            size = min(ENTRIES, stored.size + chance.choice([5, 17, 40]))
            for _ in range(3):
                try:
                    await store.commit(id_batch(stored.size, size - stored.size), after=stored)
                except StoreError:
                    await check(looking, (await looking.load()).size)
                if (await looking.load()).size == size:
                    break
        await check(looking, ENTRIES)
        assert await plain.read(id_problems) == []
        assert database.hits > 40
        await database.close()
        await plain.close()

    asyncio.run(work())


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An SQLite log with blocks of three levels, and a follower's."""
    path = tmp_path_factory.mktemp("large") / "ledger.sqlite3"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(id_blocks, "RUN_ENTRIES", RUN)
        migrate(sqlite_url(path))

        async def work() -> None:
            database = Database(sqlite_url(path))
            await grown(SqlStore(database), ENTRIES, random.Random(11))
            for start in (0, 10 * RUN, 20 * RUN):
                ids = [identity(n) for n in range(start, start + 10 * RUN)]
                await SqlState(database).save(b"", ids)
            await database.close()

        asyncio.run(work())
        yield path


DAMAGES = {
    "a filter": "UPDATE ledger_id_blocks SET filter = CAST(substr(filter, 1, 99) || x'ff' ||"
    " substr(filter, 101) AS BLOB) WHERE level = {level}",
    "ids": "UPDATE ledger_id_blocks SET ids = CAST(substr(ids, 1, 34) || x'ff' AS BLOB)"
    " WHERE level = {level}",
    "a missing block": "DELETE FROM ledger_id_blocks WHERE n = (SELECT max(n) FROM ledger_id_blocks"
    " b WHERE b.level = {level} AND b.name = ledger_id_blocks.name) AND level = {level}",
    "another place": "UPDATE ledger_id_blocks SET n = n + 9000 WHERE level = {level} AND n % 8 = 3",
    "another level": "UPDATE ledger_id_blocks SET level = 5 WHERE level = {level}",
    "steps": "UPDATE ledger_id_steps SET steps = steps + {level} + 1",
    "an identity": "UPDATE ledger_entries SET identity = x'{zeros}' WHERE n = {level} + 20",
    "a follower's": "UPDATE ledger_follow_ids SET identity = x'{zeros}' WHERE n = {level} + 20",
}


@pytest.mark.parametrize(
    ("damage", "level"), [(damage, place % 3) for place, damage in enumerate(DAMAGES)]
)
def test_damage_is_named_and_blocks_are_made_again(
    large: Path, tmp_path: Path, damage: str, level: int
) -> None:
    path = tmp_path / "ledger.sqlite3"
    shutil.copy(large, path)
    database = Database(sqlite_url(path))
    assert problems(database) == []

    def harm(connection: Connection) -> None:
        statement = DAMAGES[damage].format(level=level, zeros="00" * 32)
        assert connection.execute(text(statement)).rowcount > 0

    asyncio.run(database.write(harm))
    told = problems(database)
    assert told
    assert all(each.startswith(("ids of the log", "ids of follower main")) for each in told)
    asyncio.run(rebuild_ids(database))
    assert problems(database) == []
    if "identit" not in damage:
        asyncio.run(check(SqlStore(database), ENTRIES))
    asyncio.run(database.close())


@pytest.mark.parametrize(
    "kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgresql"))]
)
def test_a_store_of_the_first_form_is_carried_over(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if kind == "sqlite":
        _carried_over(sqlite_url(tmp_path / "old.sqlite3"))
        return
    _carried_over(request.getfixturevalue("cluster").new_database())


def _carried_over(url: str) -> None:
    engine = database_sql._engine(url, writer=True)
    with engine.begin() as connection:
        config = database_sql._alembic()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for n in range(ENTRIES):
            each = id_row(n)
            connection.execute(
                text("INSERT INTO ledger_entries VALUES (:n, :raw, :governance, :void)"),
                {"n": n, "raw": each.raw, "governance": False, "void": each.void},
            )
            values = {"identity": identity(n), "n": n}
            if each.identity is not None:
                connection.execute(
                    text("INSERT INTO ledger_identities VALUES (:identity, :n)"), values
                )
            connection.execute(
                text("INSERT INTO ledger_follow_identities VALUES ('main', :identity)"), values
            )
        connection.execute(text("UPDATE ledger_state SET size = :size"), {"size": ENTRIES})
    engine.dispose()
    migrate(url)

    async def work() -> None:
        database = Database(url)
        store, states = SqlStore(database), SqlState(database)
        assert await database.read(id_problems) == []
        await check(store, ENTRIES)
        assert await states.known([identity(3), bytes(32)]) == {identity(3)}
        await store.commit(id_batch(ENTRIES, 40), after=await store.load())
        await check(store, ENTRIES + 40)
        assert await database.read(id_problems) == []
        await database.close()

    asyncio.run(work())
