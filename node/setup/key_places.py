"""Where a signing key is kept, as one line of text, and how it is opened or made there.

`file:PATH` is a key file (key_files.py), relative to the home. `pkcs11:token=T;object=O?
module-path=P` (RFC 7512) is a key in a token; its PIN comes from `pin-source=file:PATH` (0600) or
from the environment, never from the line itself. What signs with the key is the caller's.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from ledger.errors import KeyAccessError
from ledger.keys import Ed25519Signer
from ledger.ports import Signer
from ledger.signer_pkcs11 import TokenKey, make_signer, open_signer
from node.errors import HomeError
from node.setup.key_files import Mode, create_secret, read_secret

FILE: Final = "file:"
PKCS11: Final = "pkcs11:"
PIN_VARIABLE: Final = "VASTEDAG_PKCS11_PIN"
PIN_BYTES_MAX: Final = 256
_PATH: Final = {"token", "object"}
_QUERY: Final = {"module-path", "pin-source"}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPlace:
    """One place of a key: a file, or a token's key with the file of its PIN (None: environment)."""

    file: Path | None = None
    token: TokenKey | None = None
    pin_file: Path | None = None

    def __str__(self) -> str:
        return str(self.file or self.token)


def parse_place(text: str, directory: Path) -> KeyPlace:
    """The place this line names; relative paths start at directory. Raises HomeError."""
    if text.startswith(FILE) and len(text) > len(FILE):
        return KeyPlace(file=directory / text.removeprefix(FILE))
    if not text.startswith(PKCS11):
        raise HomeError(
            "key: neither file:PATH nor pkcs11:token=T;object=O?module-path=P; correct the setting"
        )
    path, _, query = text.removeprefix(PKCS11).partition("?")
    fields = {**_fields(path, ";", _PATH), **_fields(query, "&", _QUERY)}
    missing = sorted((_PATH | {"module-path"}) - fields.keys())
    if missing:
        raise HomeError(f"key: pkcs11 without {', '.join(missing)}; add it to the setting")
    source = fields.get("pin-source")
    return KeyPlace(
        token=TokenKey(
            module=directory / fields["module-path"],
            token=fields["token"],
            label=fields["object"],
        ),
        pin_file=None if source is None else directory / source.removeprefix(FILE),
    )


def open_key(place: KeyPlace, purpose: str, mode: Mode) -> Signer:
    """The key there, for this purpose; raises HomeError with what to do."""
    if place.file is not None:
        return Ed25519Signer(read_secret(place.file, purpose, mode).value)
    assert place.token is not None  # parse_place gives one of the two
    try:
        return open_signer(place.token, _pin(place))
    except KeyAccessError as error:
        raise HomeError(str(error)) from None


def make_key(place: KeyPlace, purpose: str, mode: Mode) -> Signer:
    """Make a new key there; raises HomeError when one is there already, or with what to do."""
    if place.file is not None:
        return Ed25519Signer(create_secret(place.file, purpose, mode).value)
    assert place.token is not None  # parse_place gives one of the two
    try:
        return make_signer(place.token, _pin(place))
    except KeyAccessError as error:
        raise HomeError(str(error)) from None


def _fields(text: str, separator: str, known: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, text.split(separator)):
        name, equals, value = part.partition("=")
        if name == "pin-value":
            raise HomeError("key: a PIN is no setting; use pin-source=file:PATH, mode 0600")
        if name not in known or not equals or not value or name in found:
            raise HomeError(f"key: pkcs11 takes {', '.join(sorted(known))} there, each once")
        found[name] = unquote(value)
    return found


def _pin(place: KeyPlace) -> str:
    """The PIN; what goes wrong names its source and never what was read."""
    if place.pin_file is None:
        pin = os.environ.get(PIN_VARIABLE, "")
        if not pin:
            raise HomeError(f"{place}: no PIN; set ${PIN_VARIABLE}, or pin-source=file:PATH")
        return pin
    try:
        handle = os.open(place.pin_file, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise HomeError(
            f"{place.pin_file}: the PIN's file cannot be opened ({error.strerror})"
        ) from None
    with os.fdopen(handle, "rb") as file:
        if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
            raise HomeError(
                f"{place.pin_file}: others may read this PIN; chmod 600, then change it"
            )
        content = file.read(PIN_BYTES_MAX + 1)
    try:
        pin = content.decode("ascii").removesuffix("\n")
    except UnicodeDecodeError:
        pin = ""
    if not pin or len(content) > PIN_BYTES_MAX or not pin.isprintable():
        raise HomeError(f"{place.pin_file}: no PIN on one line; write it again")
    return pin
