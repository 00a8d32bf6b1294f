"""A consistent copy of one home, and a home out of such a copy.

The copy is made while the node runs, by SQLite's own means: first the node's database, then the
ledger's, so that the node never knows of an entry its copy of the ledger lacks. A restore believes
nothing: each file by its digest, both databases by their own check, the log from its first entry.
A sequencer that was restored adopts what its mirrors have before it signs (ledger/sequencing), a
mirror catches up with the others before it cosigns (ledger/catch_up.py).
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from node.errors import HomeError
from node.setup.home import RESTORED, Home, open_home, write_whole
from node.setup.settings import SETTINGS_FILE

MANIFEST: Final = "backup.json"
VERSION: Final = 1
NODE: Final = "node.sqlite3"
LEDGER: Final = "ledger.sqlite3"
KEYS: Final = "keys"
_LEFT_OUT: Final = (".sqlite3", "-wal", "-shm", "-journal", ".lock", ".part")
# Whoever held a lease when the copy was made holds none on the copy; fencing numbers stay.
_FREE: Final = {
    NODE: "UPDATE node_leases SET until = 0",
    LEDGER: "UPDATE ledger_state SET held_until = 0",
}
_CHUNK: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What a backup holds."""

    member: str
    made_at: str
    files: dict[str, str]  # path -> SHA-256 in hex


def make_backup(home: Home, directory: Path, *, keys: bool) -> Backup:
    """Copy the home to a directory that is not there yet; raises HomeError.

    keys: with the files of `keys/`. Without them the copy opens nothing and signs nothing, and
    the keys are to be kept elsewhere.
    """
    if home.settings.database_url or home.settings.ledger_url:
        raise HomeError(
            f"{home.directory}: its database is a server's; back that up with pg_basebackup or "
            "pg_dump, and the rest of the home as files"
        )
    try:
        directory.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise HomeError(f"{directory}: is there already; name a new directory") from None
    for name in (NODE, LEDGER):
        _copy_database(home.directory / name, directory / name)
    for path in _files(home.directory):
        place = path.relative_to(home.directory)
        if place.name.endswith(_LEFT_OUT) or (place.parts[0] == KEYS and not keys):
            continue
        _copy_file(path, directory / place)
    made = Backup(
        member=home.settings.member,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        files={str(p.relative_to(directory)): _digest(p) for p in _files(directory)},
    )
    write_whole(directory / MANIFEST, json.dumps(_as_json(made), indent=1).encode())
    return made


def read_backup(directory: Path) -> Backup:
    """The backup in this directory, every file by its digest; raises HomeError naming them all."""
    try:
        fields = json.loads((directory / MANIFEST).read_bytes())
        backup = Backup(
            member=str(fields["member"]),
            made_at=str(fields["made_at"]),
            files={str(name): str(digest) for name, digest in fields["files"].items()},
        )
        if fields["version"] != VERSION:
            raise HomeError(f"{directory}: a backup of another version of this program")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise HomeError(f"{directory / MANIFEST}: no backup here, or a damaged one") from None
    found = {str(p.relative_to(directory)): _digest(p) for p in _files(directory)}
    found.pop(MANIFEST, None)
    wrong = [f"{name}: missing" for name in backup.files if name not in found]
    wrong += [f"{name}: not of this backup" for name in found if name not in backup.files]
    wrong += [
        f"{name}: changed since it was made"
        for name, digest in found.items()
        if backup.files.get(name, digest) != digest
    ]
    if wrong:
        raise HomeError(f"{directory}: {'; '.join(sorted(wrong))}; take another backup")
    return backup


def place_backup(directory: Path, home: Path) -> Home:
    """Put a backup that was read where a home shall be; raises HomeError when one is there.

    The settings come last: what was interrupted is no home, and can be removed.
    """
    if home.exists() and any(home.iterdir()):
        raise HomeError(f"{home}: not empty; restore to a new directory")
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    home.chmod(0o700)
    (home / KEYS).mkdir(mode=0o700)  # also when they are to be put there by hand
    for path in _files(directory):
        place = path.relative_to(directory)
        if str(place) in (MANIFEST, SETTINGS_FILE):
            continue
        _copy_file(path, home / place)
    for name, statement in _FREE.items():
        _check_database(home / name)
        _free_leases(home / name, statement)
    write_whole(home / RESTORED, b"")  # a mirror has forgotten what it cosigned since the copy
    write_whole(home / SETTINGS_FILE, (directory / SETTINGS_FILE).read_bytes())
    placed = open_home(home)
    if placed.settings.part != "mirror":
        placed.restored_mark.unlink()
    return placed


def remove_settings(home: Home) -> None:
    """Make what was placed no home again: it did not stand the check."""
    (home.directory / SETTINGS_FILE).unlink()


def _copy_database(source: Path, target: Path) -> None:
    """All that was committed at one moment, while others write (SQLite's backup API)."""
    if not source.exists():
        raise HomeError(f"{source}: missing; run `vastedag fsck`, or restore an older backup")
    uri = f"{source.resolve().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(uri, uri=True, timeout=60)) as reading,
        closing(sqlite3.connect(target)) as writing,
    ):
        reading.backup(writing)
        writing.execute("PRAGMA journal_mode=DELETE")
    _sync(target)
    _check_database(target)


def _check_database(path: Path) -> None:
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as reading:
            told = [str(row[0]) for row in reading.execute("PRAGMA integrity_check")]
    except sqlite3.DatabaseError as error:
        raise HomeError(f"{path}: no sound database ({type(error).__name__})") from None
    if told != ["ok"]:
        raise HomeError(f"{path}: no sound database ({told[0][:80]}); take another backup")


def _free_leases(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)
    _sync(path)


def _copy_file(source: Path, target: Path) -> None:
    """The same bytes, for nobody but the owner to read, as all of a home."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with source.open("rb") as reading, os.fdopen(handle, "wb") as writing:
        while chunk := reading.read(_CHUNK):
            writing.write(chunk)
        writing.flush()
        os.fsync(writing.fileno())


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _files(directory: Path) -> Iterator[Path]:
    return (path for path in sorted(directory.rglob("*")) if path.is_file())


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _as_json(backup: Backup) -> dict[str, Any]:
    return {
        "version": VERSION,
        "member": backup.member,
        "made_at": backup.made_at,
        "files": backup.files,
    }
