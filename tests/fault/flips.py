"""What a sequencer, a mirror and a witness have stored, to have bits flipped in it."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.follow import Follower
from ledger.fsck_sql import fsck_database
from ledger.log import Log
from ledger.ports import Evidence
from ledger.rules import governance
from ledger.sequencing.checks_threads import InlineChecks
from ledger.serve import LogDoor, WitnessDoor, trusted
from ledger.stores.database_sql import Database, migrate, sqlite_url
from ledger.stores.store_sql import SqlCosigned, SqlState, SqlStore
from node.ledger_side import genesis_registry
from tests import ledger_network as nets
from tests.fault.runner import GENESIS, POLICY

RECORDS = 262  # more than one tile
FOUNDED = genesis_registry(GENESIS)
LEASE = ("holder", "held_until", "fence")  # who may write; says nothing of the log
MEMBERS = ("sequencer", "mirror", "witness")


@dataclass(frozen=True)
class Column:
    """Where a value stands that is flipped."""

    member: str
    table: str
    name: str

    def __str__(self) -> str:
        return f"{self.member}-{self.table.removeprefix('ledger_')}.{self.name}"


async def build(folder: Path) -> dict[str, Path]:
    """Databases after one log with a governance entry: the sequencer's, a mirror's, a witness's.

    The mirror keeps evidence, and follows the log as a node does; so does the witness.
    """
    names = ("sequencer", *nets.MIRRORS, "witness")
    files = {name: folder / f"{name}.sqlite3" for name in names}
    migrate(sqlite_url(files["sequencer"]))
    for file in files.values():
        if not file.exists():
            file.write_bytes(files["sequencer"].read_bytes())
    async with opened(files) as stores:
        net = await nets.make_network(store=stores["sequencer"], mirror_stores=stores)
        witness = nets.DoorPeer(
            WitnessDoor(
                state=SqlCosigned(stores["witness"]._database),
                logs=lambda: trusted(nets.ORIGIN, nets.log_signer().verifier.vkey),
                signer=nets.note_signer("woonstad", "witness"),
                clock=net.clock,
                evidence=stores["witness"],
            )
        )
        await net.log.stop()
        net.log = nets.make_log(net.store, net.peers, net.clock, witnesses={"woonstad": witness})
        await net.log.start()
        for start in range(0, RECORDS, 131):
            more = range(start, start + 131)
            await net.log.append_many([nets.record(net.log_id, f"{n}") for n in more])
        await _suspended(net)
        await net.log.append(nets.record(net.log_id, "last"))
        await _cosigned(witness, net)
        for name in ("uwv", "witness"):
            await _followed(stores[name], net.log)
        parts = {"ours": b"one\n", "theirs": b"two\n"}
        for found_at in (1, 2):
            evidence = Evidence(
                kind="fork", about=nets.ORIGIN, reason="two roots", parts=parts, found_at=found_at
            )
            await stores["uwv"].keep_evidence(evidence)
            parts = {**parts, "more": b"three\n"}
        await net.log.stop()
    for file in files.values():
        with sqlite3.connect(file) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
    return {"sequencer": files["sequencer"], "mirror": files["uwv"], "witness": files["witness"]}


async def _suspended(net: nets.Network) -> None:
    body = governance.next_body(net.log.registry, "suspend", member="lichtstroom", suspended=True)
    voters = {member: nets.signer(member, "governance") for member in nets.MIRRORS}
    raw = nets.governance_record(governance.with_signers(body, voters), log=net.log_id)
    await net.log.append(raw)


async def _cosigned(witness: nets.DoorPeer, net: nets.Network) -> None:
    size = net.log.status().size
    for _ in range(2_000):
        states = net.log.status().mirrors
        if states.get("witness woonstad") == f"size {size}":
            return
        await asyncio.sleep(0.002)
    raise AssertionError(f"the witness never cosigned size {size}: {states}, {witness.asked}")


async def _followed(store: SqlStore, log: Log) -> None:
    follower = Follower(
        peer=nets.DoorPeer(LogDoor(log)),  # type: ignore[arg-type]
        states=SqlState(store._database),
        log_vkey=nets.log_signer().verifier.vkey,
        policy=POLICY,
        checks=InlineChecks(),
    )
    await follower.start()
    assert len([each async for each in follower.entries(0)]) == log.status().size


@asynccontextmanager
async def opened(files: Mapping[str, Path]) -> AsyncIterator[dict[str, SqlStore]]:
    """The stores of these files while the block runs."""
    databases = {name: Database(sqlite_url(file)) for name, file in files.items()}
    try:
        yield {name: SqlStore(each) for name, each in databases.items()}
    finally:
        for database in databases.values():
            await database.close()


def columns(files: Mapping[str, Path]) -> list[Column]:
    """Every column with a value in every table of these databases, without the lease's."""
    found = []
    for member, file in files.items():
        connection = sqlite3.connect(file)
        for table in tables(connection):
            for _, name, *_ in connection.execute(f"PRAGMA table_info({table})").fetchall():
                query = f"SELECT count(*) FROM {table} WHERE {name} IS NOT NULL"
                if name not in LEASE and connection.execute(query).fetchone()[0]:
                    found.append(Column(member, table, name))
        connection.close()
    return found


def tables(connection: sqlite3.Connection) -> list[str]:
    """The ledger's tables."""
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'ledger_%'"
    return sorted(name for (name,) in connection.execute(query))


def content(file: Path) -> dict[str, list[str]]:
    """All that the file says, table by table, the schema as well and the lease not.

    Raises sqlite3.Error or a decoding error when it cannot be read.
    """
    connection = sqlite3.connect(file)
    try:
        rows = {}
        for table in tables(connection):
            found = connection.execute(f"PRAGMA table_info({table})").fetchall()
            names = ", ".join(name for _, name, *_ in found if name not in LEASE)
            rows[table] = sorted(map(repr, connection.execute(f"SELECT {names} FROM {table}")))
        schema = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master")
        rows["sqlite_master"] = sorted(map(repr, schema))
        return rows
    finally:
        connection.close()


def examined(file: Path) -> list[str]:
    """What the operator is told of this database."""
    found = asyncio.run(
        fsck_database(sqlite_url(file), InlineChecks(), now=2 * 10**9, founded=FOUNDED)
    )
    assert all(each.place and each.reason and each.repair for each in found)
    return [f"{each.place}: {each.reason}" for each in found]


def flip(value: object, chance: random.Random) -> object:
    """The same value with one bit changed."""
    if isinstance(value, bytes):
        at = chance.randrange(len(value))
        return value[:at] + bytes([value[at] ^ 1 << chance.randrange(8)]) + value[at + 1 :]
    if isinstance(value, str):
        at = chance.randrange(len(value))
        return value[:at] + chr(ord(value[at]) ^ 1 << chance.randrange(7)) + value[at + 1 :]
    assert isinstance(value, int)
    return value ^ 1 << chance.randrange(1 if value in (0, 1) else 20)


def flip_row(file: Path, column: Column, chance: random.Random) -> str:
    """Flip one bit of one value of this column; tells which."""
    table, name = column.table, column.name
    with sqlite3.connect(file) as connection:
        rows = connection.execute(f"SELECT * FROM {table} WHERE {name} IS NOT NULL").fetchall()
        names = [each[1] for each in connection.execute(f"PRAGMA table_info({table})")]
        before = chance.choice(rows)
        value = before[names.index(name)]
        changed = flip(value, chance)
        same = " AND ".join(f"{each} IS ?" for each in names)
        changes = connection.execute(
            f"UPDATE OR REPLACE {table} SET {name} = ? WHERE {same}", (changed, *before)
        )
        assert changes.rowcount == 1
    connection.close()
    return f"{table}.{name}: {value!r} to {changed!r}"


def flip_byte(file: Path, chance: random.Random) -> str:
    """Flip one bit of the file; tells which."""
    data = bytearray(file.read_bytes())
    at, bit = chance.randrange(len(data)), chance.randrange(8)
    data[at] ^= 1 << bit
    file.write_bytes(data)
    return f"byte {at}, bit {bit}"


def copy_of(file: Path, folder: Path) -> Path:
    """A fresh copy in this folder, over the last one."""
    copy = folder / "copy.sqlite3"
    for name in ("", "-wal", "-shm", "-journal"):
        copy.with_name(copy.name + name).unlink(missing_ok=True)
    copy.write_bytes(file.read_bytes())
    return copy


def damaged_content(file: Path, sound: Mapping[str, list[str]]) -> list[str]:
    """The tables whose content is another than it was, or why the file cannot be read."""
    try:
        now = content(file)
    except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
        return [repr(error)]
    return [name for name in sound.keys() | now.keys() if sound.get(name) != now.get(name)]


def read_lease(file: Path) -> Any:
    """The lease's row."""
    unreadable = (sqlite3.Error, UnicodeDecodeError)  # also its error messages may be
    with suppress(*unreadable), sqlite3.connect(file) as connection:
        return connection.execute(f"SELECT {', '.join(LEASE)} FROM ledger_state").fetchall()
    return None
