"""The body of tlog-mirror `add-entries`: entries in packages of at most 256, each with its proof.

Only the form; what a mirror does with it is mirror.py, what a sequencer sends push.py.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger.errors import FormatError
from ledger.formats import canonical
from ledger.formats.merkle import HASH_BYTES, PROOF_HASHES_MAX
from ledger.formats.tiles import TILE_WIDTH

PACKAGES_MAX: Final = 32  # 8,192 entries a request, as tlog-mirror recommends
REQUEST_BYTES_MAX: Final = 64 * 1024 * 1024
INFO_TYPE: Final = "text/x.tlog.mirror-info"
REQUEST_TYPE: Final = "application/octet-stream"
TICKET_BYTES_MAX: Final = 8_192
ORIGIN_BYTES_MAX: Final = 2_000
_DECIMAL: Final = re.compile(rb"0|[1-9][0-9]{0,18}")  # one spelling a number, below 2^63


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """The beginning of a request: [start, end) of a log, and the mirror's own ticket."""

    origin: str
    start: int
    end: int
    ticket: bytes = b""

    def encode(self) -> bytes:
        """The bytes before the packages."""
        origin = self.origin.encode()
        return b"".join(
            (
                struct.pack(">H", len(origin)),
                origin,
                struct.pack(">QQH", self.start, self.end, len(self.ticket)),
                self.ticket,
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """Entries with the consistency proof of the subtree they end."""

    entries: tuple[bytes, ...]
    proof: tuple[bytes, ...]

    def encode(self) -> bytes:
        """The package as it stands in a request."""
        parts = [b"".join((struct.pack(">H", len(each)), each)) for each in self.entries]
        return b"".join((*parts, bytes([len(self.proof)]), *self.proof))


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorInfo:
    """What a mirror answers with 409 and 202: pending size, next entry, ticket."""

    pending_size: int
    next_entry: int
    ticket: bytes = b""

    def encode(self) -> bytes:
        """Three lines."""
        ticket = canonical.encode_base64(self.ticket)
        return f"{self.pending_size}\n{self.next_entry}\n{ticket}\n".encode()


def package_bounds(start: int, end: int) -> list[tuple[int, int]]:
    """The canonical sequence of packages (first, last + 1) of an upload of [start, end)."""
    first = start - start % TILE_WIDTH
    return [(max(start, at), min(end, at + TILE_WIDTH)) for at in range(first, end, TILE_WIDTH)]


def parse_info(body: bytes) -> MirrorInfo:
    """A mirror's info; raises FormatError."""
    lines = body.split(b"\n")
    if len(lines) != 4 or lines[3] or not all(map(_DECIMAL.fullmatch, lines[:2])):
        raise FormatError("mirror info: not two decimal numbers and a ticket, a line each")
    return MirrorInfo(
        pending_size=int(lines[0]),
        next_entry=int(lines[1]),
        ticket=canonical.decode_base64(lines[2]),
    )


def parse_upload(body: bytes) -> tuple[Upload, int]:
    """The beginning of a request and where its packages start; raises FormatError."""
    try:
        (length,) = struct.unpack_from(">H", body)
        origin = body[2 : 2 + length].decode("utf-8", "strict")
        start, end, ticket_length = struct.unpack_from(">QQH", body, 2 + length)
    except (struct.error, UnicodeDecodeError):
        raise FormatError("add-entries: the request's beginning is cut off") from None
    at = 2 + length + 18
    ticket = body[at : at + ticket_length]
    if len(ticket) != ticket_length or start > end:
        raise FormatError("add-entries: the request's beginning is cut off, or ends before start")
    return Upload(origin=origin, start=start, end=end, ticket=ticket), at + ticket_length


def parse_packages(body: bytes, at: int, bounds: Sequence[tuple[int, int]]) -> list[Package]:
    """As many whole packages of the sequence as the body holds; the rest is left out."""
    packages = []
    for first, last in bounds:
        parsed = _parse_package(body, at, last - first)
        if parsed is None:
            break
        package, at = parsed
        packages.append(package)
    return packages


def _parse_package(body: bytes, at: int, count: int) -> tuple[Package, int] | None:
    entries: list[bytes] = []
    end = len(body)
    for _ in range(count):
        start = at + 2
        if start > end:
            return None
        at = start + int.from_bytes(body[start - 2 : start], "big")
        if at > end:
            return None
        entries.append(body[start:at])
    if at >= end or body[at] > PROOF_HASHES_MAX:
        return None
    hashes = body[at + 1 : at + 1 + body[at] * HASH_BYTES]
    if len(hashes) != body[at] * HASH_BYTES:
        return None
    proof = tuple(hashes[i : i + HASH_BYTES] for i in range(0, len(hashes), HASH_BYTES))
    return Package(entries=tuple(entries), proof=proof), at + 1 + len(hashes)
