"""fsck of a database names what is wrong beside the log: the file, its tables, every lone row."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from ledger.errors import StoreError
from ledger.follow_place import Seen, first_place, load_place, save_place
from ledger.formats.note import parse_note
from ledger.fsck import Problem
from ledger.fsck_sql import fsck_database
from ledger.ports import Evidence, Head
from ledger.rules.genesis import create_log
from ledger.sequencing.checks_threads import InlineChecks
from ledger.stores.database_sql import Database, migrate, sqlite_url
from ledger.stores.store_sql import SqlState, SqlStore
from tests import ledger_network as nets

NOW = 1_795_320_000
SCHEMA = "PRAGMA writable_schema = 1; UPDATE sqlite_master SET sql = replace(sql, 'BLOB', 'TEXT')"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of one sequencer, with a follower's place and a contradiction in the same database."""
    path = tmp_path_factory.mktemp("sound") / "log.sqlite3"

    async def work() -> None:
        migrate(sqlite_url(path))
        database = Database(sqlite_url(path))
        store = SqlStore(database)
        genesis = nets.governance_record(nets.genesis_body(mirrors=(), quorum=0), log="")
        log_id = await create_log(store, genesis, nets.log_signer())
        log = nets.make_log(store, {}, nets.FixedClock(NOW))
        await log.start()
        await log.append_many([nets.record(log_id, f"{n}") for n in range(5)])
        await log.stop()
        head = await store.published()
        assert head is not None
        await store.publish(Head(size=head.size, note=parse_note(head.note).encode()))
        await SqlState(database).save(save_place(first_place()), [])
        parts = {"ours": b"1", "theirs": b"2"}
        await store.keep_evidence(
            Evidence(kind="fork", about=nets.ORIGIN, reason="two", parts=parts, found_at=1)
        )
        await database.close()

    asyncio.run(work())
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    assert told(path) == []
    return path


@pytest.fixture
def file(sound: Path, tmp_path: Path) -> Path:
    """A copy to be damaged."""
    path = tmp_path / "log.sqlite3"
    path.write_bytes(sound.read_bytes())
    return path


def told(file: Path) -> list[Problem]:
    return asyncio.run(fsck_database(sqlite_url(file), InlineChecks(), now=NOW))


@pytest.mark.parametrize(
    ("statements", "place"),
    [
        (SCHEMA, "table ledger_"),
        ("DROP INDEX ledger_entries_governance", "index ledger_entries_governance"),
        ("UPDATE ledger_entries SET raw = 10000000000000 WHERE n = 2", "ledger_entries.raw"),
        ("UPDATE ledger_entries SET governance = 3 WHERE n = 2", "ledger_entries.governance"),
        ("UPDATE ledger_entries SET identity = x'00' WHERE n = 2", "entry 2"),
        ("UPDATE ledger_entries SET identity = NULL WHERE n = 2", "entry 2"),
        ("INSERT INTO ledger_id_blocks VALUES ('*', 0, 0, x'00', x'00')", "ids of the log"),
        ("INSERT INTO ledger_id_steps VALUES ('*', 1)", "ids of the log"),
        ("INSERT INTO ledger_id_steps VALUES ('other', 1)", "ids of follower other"),
        ("INSERT INTO ledger_tiles VALUES (3, 0, x'00')", "ledger_tiles"),
        ("INSERT INTO ledger_entries VALUES (77, x'00', 0, NULL, NULL)", "ledger_entries"),
        ("DELETE FROM ledger_state", "state"),
        (f"UPDATE ledger_state SET held_until = {NOW} * 4", "lease"),
        ("UPDATE ledger_published SET shown = x'0a' WHERE size = 6", "published head"),
        ("UPDATE ledger_published SET shown = x'0a' WHERE size = 1", "shown head of 1 entries"),
        ("INSERT INTO ledger_cosigned VALUES ('other', 1, x'00')", "cosigned checkpoint of other"),
        ("UPDATE ledger_evidence SET found_at = 2", "evidence "),
        ("UPDATE ledger_evidence SET reason = 'three'", "evidence "),
        ("UPDATE ledger_evidence SET parts = '['", "evidence "),
        ("UPDATE ledger_follow SET name = 'mbin'", ""),
        ("UPDATE ledger_follow SET state = CAST(state || x'20' AS BLOB)", "place of follower main"),
        ("INSERT INTO ledger_follow_ids VALUES ('main', 0, x'01')", "place of follower main"),
        ("INSERT INTO ledger_follow_ids VALUES ('other', 0, x'01')", "ids of follower other"),
    ],
)
def test_every_damage_is_named(file: Path, statements: str, place: str) -> None:
    with sqlite3.connect(file) as connection:
        connection.executescript(statements)
    connection.close()
    problems = told(file)
    assert bool(problems) == bool(place)  # an empty place under another name says nothing
    for problem in problems[:1]:
        assert problem.place.startswith(place)
        assert problem.repair


def test_a_file_that_sqlite_calls_malformed_is_named_and_read_no_further(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'ledger_tiles'"
        ).fetchone()
    connection.close()
    data = bytearray(file.read_bytes())
    data[(root - 1) * 4_096 + 5] ^= 4  # where the cells of this page begin
    file.write_bytes(data)
    problems = told(file)
    assert problems
    assert {each.place for each in problems} == {"database file"}


@pytest.mark.parametrize("content", [b"", b"not a database, but long enough to be one" * 40])
def test_a_file_that_is_no_store_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log.sqlite3"
    path.write_bytes(content)
    with pytest.raises(StoreError):
        Database(sqlite_url(path))
    (problem,) = told(path)
    assert problem.place == "database"


def test_a_place_with_any_bit_flipped_is_refused() -> None:
    saved = save_place(first_place())
    assert load_place(saved).seen == Seen()
    for at in range(len(saved)):
        with pytest.raises(StoreError):
            load_place(saved[:at] + bytes([saved[at] ^ 1]) + saved[at + 1 :])
