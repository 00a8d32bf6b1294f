"""Searches bytes for a value in every form in which it could leak."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

SHORTEST = 6  # bytes; anything shorter is found by chance in random bytes


def forms(value: str) -> Iterator[tuple[str, bytes]]:
    """(name of the form, bytes) of a value: plain, reversed, hex, base64, hashed, wide."""
    plain = value.encode()
    yield "plain", plain
    yield "upper case", value.upper().encode()
    yield "reversed", plain[::-1]
    yield "UTF-16", value.encode("utf-16-le")
    for name, raw in (("", plain), ("reversed ", plain[::-1]), ("", value.upper().encode())):
        yield f"{name}hex", raw.hex().encode()
        yield f"{name}HEX", raw.hex().upper().encode()
        for part in _base64(raw):
            yield f"{name}base64", part
    for name in ("sha256", "sha1", "md5", "sha512"):
        for prefix in (b"", b"bsn:", b"bsn=", b"BSN"):
            digest = hashlib.new(name, prefix + plain).digest()
            yield f"{name} raw", digest
            yield f"{name} hex", digest.hex().encode()
            yield f"{name} base64", base64.b64encode(digest).rstrip(b"=")
            yield f"{name} base64url", base64.urlsafe_b64encode(digest).rstrip(b"=")


def _base64(raw: bytes) -> Iterator[bytes]:
    """What stays the same of a value's base64 wherever it stands in a longer text."""
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + raw)
        start = -(-shift * 8 // 6)
        end = (shift + len(raw)) * 8 // 6
        yield encoded[start:end]
        yield encoded[start:end].replace(b"+", b"-").replace(b"/", b"_")


def needles(values: Iterable[str]) -> dict[bytes, str]:
    """Every form of every value that is long enough to mean something."""
    return {
        form: f"{value} ({name})"
        for value in values
        for name, form in forms(value)
        if len(form) >= SHORTEST
    }


def found_in(content: bytes, wanted: dict[bytes, str]) -> list[str]:
    """Which values stand in these bytes."""
    return sorted({name for form, name in wanted.items() if form in content})


def files_with(directory: Path, wanted: dict[bytes, str]) -> dict[str, list[str]]:
    """The files below a directory in which a value stands."""
    hits = {}
    for path in sorted(directory.rglob("*")):
        if path.is_file():
            found = found_in(path.read_bytes(), wanted)
            if found:
                hits[str(path.relative_to(directory))] = found
    return hits
