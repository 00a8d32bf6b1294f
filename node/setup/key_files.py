"""Secrets on disk: one file a secret, 0600, which says what it is for and where it was made.

A secret made for one purpose or for development is refused for another, so that no key ever signs
two statements and no development key reaches production (DESIGN 4, 8).
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from node.errors import HomeError

SECRET_BYTES: Final = 32
FILE_BYTES_MAX: Final = 4096
Mode = Literal["development", "production"]

_FORM = re.compile(
    r"vastedag-secret v1\npurpose ([a-z-]+)\nmade-in (development|production)\n([A-Za-z0-9+/=]+)\n"
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Secret:
    """A secret read from its file; it never prints itself."""

    purpose: str
    made_in: Mode
    value: bytes

    def __repr__(self) -> str:
        return f"Secret(purpose={self.purpose!r}, made_in={self.made_in!r})"


def create_secret(path: Path, purpose: str, mode: Mode, value: bytes | None = None) -> Secret:
    """Write a new secret, fresh unless given; raises HomeError if the file is there already."""
    secret = Secret(
        purpose=purpose,
        made_in=mode,
        value=secrets.token_bytes(SECRET_BYTES) if value is None else value,
    )
    text = (
        f"vastedag-secret v1\npurpose {purpose}\nmade-in {mode}\n"
        f"{base64.b64encode(secret.value).decode()}\n"
    )
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise HomeError(f"{path}: a key is there already; it is never overwritten") from None
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return secret


def read_secret(path: Path, purpose: str, mode: Mode) -> Secret:
    """Read a secret for this purpose and mode.

    Raises HomeError when it is missing, open to others, of another purpose, or made in
    development and asked for in production.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise HomeError(f"{path}: key missing; restore it from your key backup") from None
    except OSError as error:
        raise HomeError(f"{path}: cannot be opened ({error.strerror})") from None
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        if stat.S_IMODE(status.st_mode) & 0o077:
            raise HomeError(f"{path}: others may read this key; chmod 600, then replace the key")
        content = file.read(FILE_BYTES_MAX + 1)
    match = _FORM.fullmatch(content.decode("ascii", "replace"))
    if match is None:
        raise HomeError(f"{path}: not a key file; restore it from your key backup")
    try:
        value = base64.b64decode(match[3], validate=True)
    except binascii.Error:
        raise HomeError(f"{path}: damaged key file; restore it from your key backup") from None
    if match[1] != purpose:
        raise HomeError(f"{path}: made for {match[1]}, not for {purpose}; put each key in place")
    made_in: Mode = "development" if match[2] == "development" else "production"
    if made_in == "development" and mode == "production":
        raise HomeError(f"{path}: a development key; make production keys with `vastedag init`")
    return Secret(purpose=purpose, made_in=made_in, value=value)
