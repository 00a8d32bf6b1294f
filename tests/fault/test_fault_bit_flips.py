"""L2: flipped bits in what a sequencer, a mirror and a witness have stored: named, never silence.

Every column of every table (every fifth in the short form), and any byte of the database file: fsck
names place and reason, or what the file says is, row for row, what it said before. Exported trees
are flipped in tests/property/test_ledger_l2_flips.py. VASTEDAG_FLIPS: flips in each file.
"""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.errors import LedgerError
from ledger.formats.chain import check_link, entry_hash, parse_entry
from ledger.formats.checkpoint import open_checkpoint
from ledger.formats.merkle import leaf_hash, root_of
from ledger.formats.proof import Receipt, verify_receipt
from ledger.log import Log
from ledger.serve import MirrorDoor
from tests import ledger_faults as faults
from tests import ledger_network as nets
from tests.fault import flips
from tests.fault.runner import POLICY, SEED, runs

ROW_FLIPS = runs(short=1, long=25)
FILE_FLIPS = int(os.environ.get("VASTEDAG_FLIPS", "0")) or runs(short=4, long=1_000)
STORE_FLIPS = runs(short=1, long=20)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The three databases."""
    return asyncio.run(flips.build(tmp_path_factory.mktemp("stored")))


@pytest.mark.timeout(3_600)
def test_l2_a_flipped_bit_in_any_column_is_named(
    stored: dict[str, Path], tmp_path: Path, told: Callable[[str], None]
) -> None:
    columns = flips.columns(stored)
    assert len({(each.table, each.name) for each in columns}) >= 25
    columns = columns[:: runs(short=5, long=1)]
    for member, file in stored.items():
        assert flips.examined(file) == [], member
    for column in columns:
        chance = random.Random(f"{SEED} {column}")
        for _ in range(ROW_FLIPS):
            file = flips.copy_of(stored[column.member], tmp_path)
            what = flips.flip_row(file, column, chance)
            assert flips.examined(file), f"seed {SEED}: nobody is told of {column}, {what}"
    told(f"bit flips in each of {len(columns)} columns, {ROW_FLIPS} each: all named")


@pytest.mark.parametrize("member", flips.MEMBERS)
@pytest.mark.timeout(7_200)
def test_l2_a_flipped_bit_anywhere_in_the_file_is_named_or_changes_nothing(
    member: str, stored: dict[str, Path], tmp_path: Path, told: Callable[[str], None]
) -> None:
    chance = random.Random(f"{SEED} file {member}")
    sound, lease = flips.content(stored[member]), flips.read_lease(stored[member])
    counts = {"named": 0, "the lease only": 0, "without effect": 0}
    for _ in range(FILE_FLIPS):
        file = flips.copy_of(stored[member], tmp_path)
        what = flips.flip_byte(file, chance)
        damaged = flips.damaged_content(file, sound)
        of_lease = flips.read_lease(file) != lease
        answers = flips.examined(file)
        assert answers or not damaged, f"seed {SEED}: {what} damages {damaged}, and none is told"
        kind = "the lease only" if of_lease else "without effect"
        counts["named" if answers else kind] += 1
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
    "lease holder": ("ledger_state", "holder", "1"),
    "lease end": ("ledger_state", "held_until", "1"),
    "fence": ("ledger_state", "fence", "1"),
}  # fmt: skip
ANSWER_SECONDS_MAX = 20.0
LEASES = {"lease holder", "lease end", "fence"}  # a mirror has none


def flip_where(file: Path, damage: str, chance: random.Random) -> None:
    table, column, where = DAMAGES[damage]
    connection = sqlite3.connect(file)
    ((value,),) = connection.execute(f"SELECT {column} FROM {table} WHERE {where}").fetchall()
    changed = flips.flip(value or "a", chance) if column == "holder" else flips.flip(value, chance)
    connection.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (changed,))
    connection.commit()
    connection.close()


def placed(stored: dict[str, Path], folder: Path) -> dict[str, Path]:
    """Copies for a sequencer and four mirrors."""
    folder.mkdir()
    files = {name: folder / f"{name}.sqlite3" for name in ("sequencer", *nets.MIRRORS)}
    for name, file in files.items():
        source = stored["sequencer" if name == "sequencer" else "mirror"]
        file.write_bytes(source.read_bytes())
    return files


def problems(log: Log) -> list[str]:
    """What the sequencer tells an operator: its own problem, and mirrors that refuse it."""
    status = log.status()
    refused = [each for each in status.mirrors.values() if "status 4" in each]
    return refused if status.problem is None else [status.problem, *refused]


async def receipt_or_problem(log: Log, raw: bytes) -> Receipt:
    """The receipt; raises what refuses it, or TimeoutError a second after a problem was told."""
    asked = asyncio.ensure_future(log.append(raw))
    deadline, told = asyncio.get_running_loop().time() + ANSWER_SECONDS_MAX, 0
    while told < 10 and asyncio.get_running_loop().time() < deadline:
        await asyncio.wait({asked}, timeout=0.1)
        if asked.done():
            return asked.result()
        told += 1 if problems(log) else 0
    asked.cancel()
    raise TimeoutError


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.timeout(1_800)
def test_l2_a_sequencer_on_a_damaged_store_signs_nothing_or_nothing_wrong(
    damage: str, stored: dict[str, Path], tmp_path: Path
) -> None:
    chance = random.Random(f"{SEED} {damage}")

    async def work(folder: Path) -> None:
        files = placed(stored, folder)
        flip_where(files["sequencer"], damage, chance)
        async with flips.opened(files) as stores:
            clock, log_id = nets.FixedClock(2 * 10**9), flips.FOUNDED.log
            mirrors = {m: await nets.make_mirror(m, log_id, clock, stores[m]) for m in nets.MIRRORS}
            peers = {m: nets.DoorPeer(MirrorDoor(each)) for m, each in mirrors.items()}
            store = stores["sequencer"]
            before = await store.load()
            log = nets.make_log(store, peers, clock)
            receipt, refusal = None, None
            try:
                await log.start()
                raw = nets.record(log_id, "after the damage")
                receipt = await receipt_or_problem(log, raw)
            except (LedgerError, TimeoutError) as error:
                refusal = error
            told = problems(log)
            await log.stop()
            after = await store.load()
            if receipt is not None:
                sizes = {member: (await stores[member].load()).size for member in nets.MIRRORS}
                holder = max(sizes, key=sizes.__getitem__)  # of the quorum: one may lag behind
                (entry,) = await stores[holder].entries(receipt.index, receipt.index + 1)
                verify_receipt(receipt, entry, POLICY)
                for member in nets.MIRRORS:
                    await faults.check_copy(stores[member])
                return
            assert told or not isinstance(refusal, TimeoutError)
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

    for number in range(STORE_FLIPS):
        asyncio.run(work(tmp_path / str(number)))


@pytest.mark.parametrize("damage", sorted(DAMAGES.keys() - LEASES))
@pytest.mark.timeout(1_800)
def test_l2_a_mirror_on_a_damaged_store_cosigns_nothing_wrong(
    damage: str, stored: dict[str, Path], tmp_path: Path
) -> None:
    chance = random.Random(f"{SEED} {damage} mirror")

    async def work(folder: Path) -> None:
        files = placed(stored, folder)
        flip_where(files["uwv"], damage, chance)
        async with flips.opened(files) as stores:
            clock, log_id = nets.FixedClock(2 * 10**9), flips.FOUNDED.log
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

    for number in range(STORE_FLIPS):
        asyncio.run(work(tmp_path / str(number)))
