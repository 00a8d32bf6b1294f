"""A node's home: one directory with its settings, keys, trust root and databases.

settings.toml · keys/*.key (0600; a signing key may be in a token instead) · genesis.json (entry 0,
the trust root) · policy (tlog-policy) · node.sqlite3 · ledger.sqlite3. What the keys do is told by
sealing.py, submit.py and runtime.py.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ledger.ports import Signer
from node.errors import HomeError
from node.setup.hpke_keys import HpkePrivateKey
from node.setup.key_files import create_secret, read_secret
from node.setup.key_places import KeyPlace, make_key, open_key, parse_place
from node.setup.settings import (
    SETTINGS_FILE,
    Settings,
    check_settings,
    load_settings,
    settings_toml,
)

# purpose -> what this key alone does. The governance key is offline: it is in no home.
SIGNING_KEYS: Final = {
    "record": "signs the headers of this member's records",
    "api": "signs what this member's systems submit, and its requests to other members",
    "cosign": "cosigns checkpoints as mirror or witness",
    "log": "signs checkpoints of the log (sequencer only)",
}
SECRETS: Final = {
    "id": "keyed HMAC that makes record ids of source event ids",
    "lookup": "keyed HMAC under which a BSN is found",
    "wrap": "wraps the data keys of stored content",
    "session": "signs the session cookies of the household pages",
}
RESTORED: Final = "restored"
HPKE_KEY: Final = "hpke"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Keys:
    """All keys a running node holds; `log` and `cosign` only where its part asks for them.

    log_next is there only while the log's key moves (settings, keys.log-next): heads carry both.
    """

    record: Signer
    api: Signer
    cosign: Signer | None
    log: Signer | None
    log_next: Signer | None
    hpke: HpkePrivateKey
    id_secret: bytes
    lookup_secret: bytes
    wrap_secret: bytes
    session_secret: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A home that exists: where its parts lie, and its settings."""

    directory: Path
    settings: Settings

    @property
    def keys_directory(self) -> Path:
        return self.directory / "keys"

    @property
    def genesis_file(self) -> Path:
        return self.directory / "genesis.json"

    @property
    def policy_file(self) -> Path:
        return self.directory / "policy"

    @property
    def peers(self) -> dict[str, str]:
        """The machine listener of each member."""
        return {member: str(url).rstrip("/") for member, url in self.settings.peers.items()}

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the node's own database."""
        return self.settings.database_url or f"sqlite:///{self.directory / 'node.sqlite3'}"

    @property
    def ledger_url(self) -> str:
        """SQLAlchemy URL of this node's copy of the ledger."""
        return self.settings.ledger_url or f"sqlite:///{self.directory / 'ledger.sqlite3'}"

    @property
    def restored_mark(self) -> Path:
        """A file an operator puts here after restoring a mirror from a backup (catch_up.py)."""
        return self.directory / RESTORED

    def keys(self) -> Keys:
        """Read every key this node's part needs; raises HomeError naming the place at fault."""
        sequencer = self.settings.part == "sequencer"
        return Keys(
            record=self._signer("record"),
            api=self._signer("api"),
            cosign=None if sequencer else self._signer("cosign"),
            log=self._signer("log") if sequencer else None,
            log_next=self._signer("log-next") if "log-next" in self.settings.keys else None,
            hpke=HpkePrivateKey.from_bytes(self._secret(HPKE_KEY)),
            id_secret=self._secret("id"),
            lookup_secret=self._secret("lookup"),
            wrap_secret=self._secret("wrap"),
            session_secret=self._secret("session"),
        )

    def _secret(self, purpose: str) -> bytes:
        path = self.keys_directory / f"{purpose}.key"
        return read_secret(path, purpose, self.settings.mode).value

    def key_place(self, use: str) -> KeyPlace:
        """Where the signing key of this use is: as the settings say, else a file of the home."""
        known = self.settings.keys.get(use, f"file:keys/{use}.key")  # type: ignore[call-overload]
        return parse_place(known, self.directory)

    def _signer(self, use: str) -> Signer:
        purpose = "log" if use == "log-next" else use
        return open_key(self.key_place(use), purpose, self.settings.mode)


def create_home(directory: Path, values: Mapping[str, Any]) -> Home:
    """Make a home: directory 0700, settings, fresh keys 0600. Raises HomeError, StartError.

    `values` are the settings to write. Genesis, policy and databases come after: they need the
    public keys of all members (network.py) or of the log that is joined.
    """
    if (directory / SETTINGS_FILE).exists():
        raise HomeError(f"{directory}: a node is here already; choose an empty directory")
    settings = check_settings(values, str(directory / SETTINGS_FILE))
    keys_directory = directory / "keys"
    keys_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.chmod(0o700)
    unused = "cosign" if settings.part == "sequencer" else "log"
    home = Home(directory=directory, settings=settings)
    for purpose in SIGNING_KEYS:
        if purpose != unused:
            make_key(home.key_place(purpose), purpose, settings.mode)
    for purpose in SECRETS:
        create_secret(keys_directory / f"{purpose}.key", purpose, settings.mode)
    hpke = HpkePrivateKey.generate().to_bytes()
    create_secret(keys_directory / f"{HPKE_KEY}.key", HPKE_KEY, settings.mode, hpke)
    # The settings come last: a home without them is unfinished and is not opened.
    write_whole(directory / SETTINGS_FILE, settings_toml(values).encode())
    return home


def open_home(directory: Path) -> Home:
    """The home in this directory; raises StartError or HomeError with what to do."""
    home = Home(directory=directory, settings=load_settings(directory))
    if directory.stat().st_mode & 0o077:
        raise HomeError(f"{directory}: others may enter this home; chmod 700 {directory}")
    return home


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that after a crash it is the old one or the new one, never half."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
