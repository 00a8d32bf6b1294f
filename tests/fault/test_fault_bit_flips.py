"""L2: flipped bits in what a sequencer and a mirror have stored: refused, or named; never silence.

Every column of every table that carries the log, and any byte of the database file. Exported trees
are flipped bit by bit in tests/property/test_ledger_l2_flips.py.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import LedgerError
from ledger.formats.chain import check_link, entry_hash, parse_entry
from ledger.formats.checkpoint import open_checkpoint
from ledger.formats.merkle import leaf_hash, root_of
from ledger.formats.proof import verify_receipt
from ledger.fsck import fsck
from ledger.ports import Store
from ledger.rules import governance
from ledger.sequencing.checks_threads import InlineChecks
from ledger.serve import MirrorDoor
from ledger.stores.database_sql import Database, migrate, sqlite_url
from ledger.stores.store_sql import SqlStore
from node.ledger_side import genesis_registry
from tests import ledger_faults as faults
from tests import ledger_network as nets
from tests.fault.runner import GENESIS, POLICY, SEED, runs

RECORDS = 270  # more than one tile
ROW_FLIPS = runs(short=1, long=40)
FILE_FLIPS = runs(short=25, long=1_000)
COLUMNS = (
    ("ledger_entries", "n"),
    ("ledger_entries", "raw"),
    ("ledger_entries", "governance"),
    ("ledger_identities", "identity"),
    ("ledger_identities", "n"),
    ("ledger_tiles", "level"),
    ("ledger_tiles", "n"),
    ("ledger_tiles", "hashes"),
    ("ledger_state", "size"),
    ("ledger_state", "head_size"),
    ("ledger_state", "head_note"),
    ("ledger_published", "size"),
    ("ledger_published", "note"),
    ("ledger_published", "shown"),
)
# A mirror's published heads hold its own cosignature only: nothing to show later.
CASES = [("sequencer", *each) for each in COLUMNS] + [
    ("mirror", *each) for each in COLUMNS if each[1] != "shown"
]
USED = {  # a lease says nothing of the log; only the newest published head is ever shown
    "ledger_state": "id, size, head_size, head_note",
    "ledger_published": "size, note, CASE size WHEN (SELECT max(size) FROM ledger_published) "
    "THEN shown END",
}
TABLES = sorted({table for table, _ in COLUMNS})


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The database files of a sequencer and of a mirror after one log with a governance entry."""
    folder = tmp_path_factory.mktemp("stored")
    files = {name: folder / f"{name}.sqlite3" for name in ("sequencer", *nets.MIRRORS)}
    for file in files.values():
        migrate(sqlite_url(file))

    async def work() -> None:
        databases = {name: Database(sqlite_url(file)) for name, file in files.items()}
        stores: dict[str, Store] = {name: SqlStore(each) for name, each in databases.items()}
        net = await nets.make_network(store=stores["sequencer"], mirror_stores=stores)
        for start in range(0, RECORDS, 27):
            await net.log.append_many(
                [nets.record(net.log_id, f"{n}") for n in range(start, start + 27)]
            )
        body = governance.next_body(
            net.log.registry, "suspend", member="lichtstroom", suspended=True
        )
        voters = {member: nets.signer(member, "governance") for member in nets.MIRRORS}
        raw = nets.governance_record(governance.with_signers(body, voters), log=net.log_id)
        await net.log.append(raw)
        await net.log.append(nets.record(net.log_id, "last"))
        await net.log.stop()
        for database in databases.values():
            await database.close()

    asyncio.run(work())
    for file in files.values():
        with sqlite3.connect(file) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
    return {"sequencer": files["sequencer"], "mirror": files["uwv"]}


def content(file: Path) -> list[Any]:
    """All that the file says of the log; raises sqlite3.Error when it cannot be read."""
    connection = sqlite3.connect(file)
    try:
        rows = []
        for table in TABLES:
            columns = USED.get(table, "*")
            rows += sorted(map(repr, connection.execute(f"SELECT {columns} FROM {table}")))
        return rows
    finally:
        connection.close()


async def examined(file: Path) -> list[str]:
    """What the operator is told of this store; opening it may be refused."""
    try:
        database = Database(sqlite_url(file))
    except LedgerError as error:
        return [f"refused: {error}"]
    try:
        return [
            f"{each.place}: {each.reason}"
            for each in await fsck(SqlStore(database), InlineChecks())
        ]
    except LedgerError as error:
        return [f"refused: {error}"]
    finally:
        await database.close()


def flip(value: object, chance: random.Random) -> object:
    """The same value with one bit changed."""
    if isinstance(value, bytes):
        at = chance.randrange(len(value))
        return value[:at] + bytes([value[at] ^ 1 << chance.randrange(8)]) + value[at + 1 :]
    assert isinstance(value, int)
    return value ^ 1 << chance.randrange(1 if value in (0, 1) else 20)


def flip_row(file: Path, table: str, column: str, chance: random.Random) -> str:
    """Flip one bit of one value; tells which."""
    connection = sqlite3.connect(file)
    try:
        key = "identity" if table == "ledger_identities" else "rowid"
        if table == "ledger_tiles":
            key = "level * 100000 + n"
        rows = connection.execute(
            f"SELECT {key}, {column} FROM {table} WHERE {column} IS NOT NULL ORDER BY 1"
        ).fetchall()
        row, value = rows[-1] if column == "shown" else chance.choice(rows)  # only the last shows
        changed = flip(value, chance)
        connection.execute(
            f"UPDATE OR REPLACE {table} SET {column} = ? WHERE {key} = ?", (changed, row)
        )
        connection.commit()
    finally:
        connection.close()
    return f"{table}.{column} of row {row!r}: {value!r} to {changed!r}"


def copy_of(file: Path, folder: Path) -> Path:
    copy = folder / "copy.sqlite3"
    for name in (copy, folder / "copy.sqlite3-wal", folder / "copy.sqlite3-shm"):
        name.unlink(missing_ok=True)
    copy.write_bytes(file.read_bytes())
    return copy


@pytest.mark.parametrize(("member", "table", "column"), CASES)
@pytest.mark.timeout(1_800)
def test_l2_a_flipped_bit_in_a_row_is_named(
    member: str, table: str, column: str, stored: dict[str, Path], tmp_path: Path
) -> None:
    chance = random.Random(f"{SEED} {table} {column} {member}")
    for _ in range(ROW_FLIPS):
        file = copy_of(stored[member], tmp_path)
        what = flip_row(file, table, column, chance)
        told = asyncio.run(examined(file))
        assert told, f"seed {SEED}: nobody is told of {what}"


@pytest.mark.parametrize("member", ["sequencer", "mirror"])
@pytest.mark.timeout(3_600)
def test_l2_a_flipped_bit_anywhere_in_the_file_is_told_or_changes_nothing(
    member: str, stored: dict[str, Path], tmp_path: Path, told: Callable[[str], None]
) -> None:
    chance = random.Random(f"{SEED} file {member}")
    sound = content(stored[member])
    counts = {"named": 0, "without effect": 0}
    for _ in range(FILE_FLIPS):
        file = copy_of(stored[member], tmp_path)
        data = bytearray(file.read_bytes())
        at, bit = chance.randrange(len(data)), chance.randrange(8)
        data[at] ^= 1 << bit
        file.write_bytes(data)
        try:
            changed = [row for row in content(file) if row not in sound]
        except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
            changed = [repr(error)]
        answers = asyncio.run(examined(file))
        assert answers or not changed, f"seed {SEED}: byte {at}, bit {bit} makes {changed[:2]}"
        counts["named" if answers else "without effect"] += 1
    told(f"bit flips in the {member}'s database file, {FILE_FLIPS}: {counts}")


LAST = "ORDER BY n DESC LIMIT 1"
DAMAGES = {
    "last entry": ("ledger_entries", "raw", f"n = (SELECT n FROM ledger_entries {LAST})"),
    "genesis": ("ledger_entries", "raw", "n = 0"),
    "governance entry": ("ledger_entries", "raw", "governance AND n > 0"),
    "middle entry": ("ledger_entries", "raw", "n = 100"),
    "last tile": ("ledger_tiles", "hashes", "level = 0 AND n = 1"),
    "full tile": ("ledger_tiles", "hashes", "level = 0 AND n = 0"),
    "upper tile": ("ledger_tiles", "hashes", "level = 1"),
    "size": ("ledger_state", "size", "1"),
    "head size": ("ledger_state", "head_size", "1"),
    "head": ("ledger_state", "head_note", "1"),
    "published": (
        "ledger_published", "note", "size = (SELECT max(size) FROM ledger_published)"
    ),
}  # fmt: skip


def flip_where(file: Path, damage: str, chance: random.Random) -> None:
    table, column, where = DAMAGES[damage]
    connection = sqlite3.connect(file)
    ((value,),) = connection.execute(f"SELECT {column} FROM {table} WHERE {where}").fetchall()
    connection.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (flip(value, chance),))
    connection.commit()
    connection.close()


@asynccontextmanager
async def opened(files: dict[str, Path]) -> AsyncIterator[dict[str, SqlStore]]:
    databases = {name: Database(sqlite_url(file)) for name, file in files.items()}
    try:
        yield {name: SqlStore(each) for name, each in databases.items()}
    finally:
        for database in databases.values():
            await database.close()


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.timeout(1_800)
def test_l2_a_sequencer_on_a_damaged_store_signs_nothing_or_nothing_wrong(
    damage: str, stored: dict[str, Path], tmp_path: Path
) -> None:
    chance = random.Random(f"{SEED} {damage}")

    async def work(folder: Path) -> None:
        folder.mkdir()
        files = {"sequencer": copy_of(stored["sequencer"], folder)}
        for member in nets.MIRRORS:
            files[member] = folder / f"{member}.sqlite3"
            files[member].write_bytes(stored["mirror"].read_bytes())
        flip_where(files["sequencer"], damage, chance)
        async with opened(files) as stores:
            clock = nets.FixedClock()
            log_id = genesis_registry(GENESIS).log
            mirrors = {m: await nets.make_mirror(m, log_id, clock, stores[m]) for m in nets.MIRRORS}
            peers = {m: nets.DoorPeer(MirrorDoor(each)) for m, each in mirrors.items()}
            store = stores["sequencer"]
            before = await store.load()
            log = nets.make_log(store, peers, clock)
            receipt, refusal = None, None
            try:
                await log.start()
                raw = nets.record(log_id, "after the damage")
                receipt = await asyncio.wait_for(log.append(raw), 1.5)
            except (LedgerError, TimeoutError) as error:
                refusal = error
            problem = log.status().problem
            why = [each for each in log.status().mirrors.values() if "status 4" in each]
            await log.stop()
            after = await store.load()
            if receipt is not None:
                (entry,) = await stores["svb"].entries(receipt.index, receipt.index + 1)
                verify_receipt(receipt, entry, POLICY)
                for member in nets.MIRRORS:
                    await faults.check_copy(stores[member])
                return
            assert problem is not None or not isinstance(refusal, TimeoutError) or why
            if (after.size, after.head) != (before.size, before.head):
                # Signed, and no mirror cosigns it: at least it must be what an honest log signs.
                raws = await stores["uwv"].entries(0, before.size)
                raws += await store.entries(before.size, after.size)
                check_link(
                    parse_entry(raws[-1]), index=before.size, previous_hash=entry_hash(raws[-2])
                )
                assert after.head is not None
                signed = open_checkpoint(after.head.note, nets.log_signer().verifier)
                assert signed.checkpoint.root == root_of([leaf_hash(raw) for raw in raws])

    for number in range(ROW_FLIPS):
        asyncio.run(work(tmp_path / str(number)))


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.timeout(1_800)
def test_l2_a_mirror_on_a_damaged_store_cosigns_nothing_wrong(
    damage: str, stored: dict[str, Path], tmp_path: Path
) -> None:
    chance = random.Random(f"{SEED} {damage} mirror")

    async def work(folder: Path) -> None:
        folder.mkdir()
        files = {
            "sequencer": folder / "sequencer.sqlite3",
            "uwv": copy_of(stored["mirror"], folder),
        }
        files["sequencer"].write_bytes(stored["sequencer"].read_bytes())
        flip_where(files["uwv"], damage, chance)
        for member in nets.MIRRORS[1:]:
            files[member] = folder / f"{member}.sqlite3"
            files[member].write_bytes(stored["mirror"].read_bytes())
        async with opened(files) as stores:
            clock = nets.FixedClock()
            log_id = genesis_registry(GENESIS).log
            peers: dict[str, nets.DoorPeer] = {}
            for member in nets.MIRRORS:
                try:
                    mirror = await nets.make_mirror(member, log_id, clock, stores[member])
                except LedgerError:
                    assert member == "uwv"  # it refuses to start
                    continue
                peers[member] = nets.DoorPeer(MirrorDoor(mirror))
            log = nets.make_log(stores["sequencer"], peers, clock)
            await log.start()
            receipt = await asyncio.wait_for(
                log.append(nets.record(log_id, "after the damage")), 10
            )
            await asyncio.sleep(0.05)
            await log.stop()
            good = await faults.check_copy(stores["sequencer"])
            verify_receipt(receipt, good[receipt.index], POLICY)
            await faults.check_published(stores["sequencer"])

    for number in range(ROW_FLIPS):
        asyncio.run(work(tmp_path / str(number)))
