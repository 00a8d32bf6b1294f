"""A backup is believed in nothing: what a restore refuses, and what it puts where."""

from __future__ import annotations

import json
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from node.cli import main
from node.errors import HomeError
from node.setup import backup_sqlite
from node.setup.backup_sqlite import MANIFEST, make_backup, place_backup, read_backup
from node.setup.home import Home, open_home
from node.setup.settings import SETTINGS_FILE
from tests.node_network import make_homes


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Home]:
    return make_homes(tmp_path_factory.mktemp("network"))


@pytest.fixture
def backup(homes: dict[str, Home], tmp_path: Path) -> Path:
    """A sequencer's backup: its log holds the genesis."""
    make_backup(homes["belastingdienst"], tmp_path / "backup", keys=True)
    return tmp_path / "backup"


def contents(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and path.suffix != ".sqlite3"
    }


def test_what_is_restored_is_what_was_backed_up(
    homes: dict[str, Home], backup: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["restore", str(backup), "--home", str(tmp_path / "new"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["restored"], told["member"]) == (True, "belastingdienst")
    new, old = open_home(tmp_path / "new"), homes["belastingdienst"]
    assert new.keys().record.public_key == old.keys().record.public_key
    was = {n: c for n, c in contents(old.directory).items() if not n.endswith((".lock", "-shm"))}
    assert contents(new.directory) == {n: c for n, c in was.items() if "-wal" not in n}
    modes = {stat.S_IMODE(path.stat().st_mode) for path in new.keys_directory.iterdir()}
    assert modes == {0o600}
    assert main(["restore", str(backup), "--home", str(tmp_path / "new")]) == 1


def test_keys_may_stay_out(homes: dict[str, Home], tmp_path: Path) -> None:
    made = make_backup(homes["uwv"], tmp_path / "backup", keys=False)
    assert not any(name.startswith("keys/") for name in made.files)
    home = place_backup(tmp_path / "backup", tmp_path / "new")
    with pytest.raises(HomeError, match="key missing"):
        home.keys()


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


FAULTS: dict[str, Callable[[Path], object]] = {
    "a flipped bit in the log": lambda at: flip(at / "ledger.sqlite3"),
    "a flipped bit in a key": lambda at: flip(at / "keys/log.key"),
    "a missing file": lambda at: (at / "genesis.json").unlink(),
    "a file too many": lambda at: (at / "keys/other.key").write_text("x"),
    "no account of it": lambda at: (at / MANIFEST).unlink(),
    "an account that is no JSON": lambda at: (at / MANIFEST).write_text("{"),
    "an account of another form": lambda at: (at / MANIFEST).write_text('{"files": 3}'),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_damaged_backup_is_refused(backup: Path, tmp_path: Path, fault: str) -> None:
    read_backup(backup)
    FAULTS[fault](backup)
    assert main(["restore", str(backup), "--home", str(tmp_path / "new")]) == 1
    assert not (tmp_path / "new").exists()


def test_a_log_that_does_not_hold_is_refused_though_every_digest_fits(
    backup: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever makes a damaged copy makes its account too: the log itself is checked."""
    with closing(sqlite3.connect(backup / "ledger.sqlite3")) as connection, connection:
        connection.execute("UPDATE ledger_tiles SET hashes = zeroblob(32)")
    (backup / MANIFEST).unlink()
    account = {
        "version": 1, "member": "belastingdienst", "made_at": "2026-11-22T08:00:00+00:00",
        "files": {
            str(path.relative_to(backup)): backup_sqlite._digest(path)
            for path in backup_sqlite._files(backup)
        },
    }  # fmt: skip
    (backup / MANIFEST).write_text(json.dumps(account))
    assert main(["restore", str(backup), "--home", str(tmp_path / "new"), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["restored"] is False
    assert any("tile/0/000" in problem for problem in told["problems"])
    assert not (tmp_path / "new" / SETTINGS_FILE).exists()  # it is no home


def test_a_lease_does_not_come_back(homes: dict[str, Home], tmp_path: Path) -> None:
    with closing(sqlite3.connect(homes["svb"].directory / "node.sqlite3")) as connection:
        connection.execute("INSERT INTO node_leases VALUES ('worker', 'svb', 4102444800, 7)")
        connection.commit()
    make_backup(homes["svb"], tmp_path / "backup", keys=True)
    home = place_backup(tmp_path / "backup", tmp_path / "new")
    with closing(sqlite3.connect(home.directory / "node.sqlite3")) as connection:
        rows = connection.execute("SELECT name, until, fence FROM node_leases").fetchall()
    assert rows == [("worker", 0, 7)]


def test_a_backup_is_not_written_over(homes: dict[str, Home], tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(HomeError, match="is there already"):
        make_backup(homes["uwv"], tmp_path / "there", keys=True)


@pytest.mark.parametrize(("member", "marked"), [("uwv", True), ("belastingdienst", False)])
def test_a_restored_mirror_is_told_to_catch_up_first(
    member: str, marked: bool, homes: dict[str, Home], tmp_path: Path
) -> None:
    make_backup(homes[member], tmp_path / "backup", keys=True)
    placed = place_backup(tmp_path / "backup", tmp_path / "again")
    assert placed.restored_mark.exists() is marked
    assert not homes[member].restored_mark.exists()
