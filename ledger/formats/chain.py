"""The hash chain: entry n carries the SHA-256 of entry n-1, and its bytes are the tree's leaf.

An entry is the RFC 8785 form of {"n", "prev", "envelope"}; since the envelope is stored in that
form, an entry is made and taken apart by cutting, never by writing JSON again.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from ledger.errors import ChainError, FormatError
from ledger.formats import canonical

ENTRY_BYTES_MAX: Final = 65_535  # tlog-tiles: a bundle writes an entry's length in 16 bits
HASH_BYTES: Final = 32
GENESIS_PREV: Final = canonical.encode_base64(bytes(HASH_BYTES))

_EMPTY: Final = hashlib.sha256()  # a copy of it costs two thirds of a new one
_HEAD: Final = b'{"envelope":'
_TAIL = re.compile(rb',"n":(0|[1-9][0-9]{0,15}),"prev":"([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)"\}')
_TAIL_BYTES_MAX: Final = 80
# A DSSE envelope as envelope.py writes it: nothing in it needs a second look as JSON.
_PLAIN_ENVELOPE = re.compile(
    rb'\{"payload":"[A-Za-z0-9+/=]*","payloadType":"[A-Za-z0-9./+]*",'
    rb'"signatures":\[\{"keyid":"","sig":"[A-Za-z0-9+/=]*"\}\]\}'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry: its number, base64 SHA-256 of the entry before it, and the envelope's bytes."""

    n: int
    prev: str
    envelope_raw: bytes


def encode_entry(entry: Entry) -> bytes:
    """The entry's one byte form; raises ChainError when it is over 65,535 bytes."""
    return entry_bytes(entry.n, entry.prev, entry.envelope_raw)


def entry_bytes(n: int, prev: str, envelope_raw: bytes) -> bytes:
    """`encode_entry` of its parts; the envelope is canonical, so joining is RFC 8785 too."""
    data = b"".join((_HEAD, envelope_raw, b',"n":%d,"prev":"' % n, prev.encode("ascii"), b'"}'))
    if len(data) > ENTRY_BYTES_MAX:
        raise ChainError(f"entry {n}: {len(data)} bytes, at most {ENTRY_BYTES_MAX} fit")
    return data


def parse_entry(data: bytes) -> Entry:
    """The entry of its one byte form; raises ChainError for any other bytes.

    The envelope is canonical JSON but may be any: an entry whose envelope is no admissible record
    still has its place in the chain, and is void by admission.py.
    """
    n, prev, envelope_raw = cut_entry(data)
    check_envelope_form(n, envelope_raw)
    return Entry(n=n, prev=prev, envelope_raw=envelope_raw)


def cut_entry(data: bytes) -> tuple[int, str, bytes]:
    """Number, link and envelope of an entry; raises ChainError for any other bytes around it.

    For those who parse the envelope next: what envelope.py takes is canonical, for all else call
    `check_envelope_form`.
    """
    if len(data) > ENTRY_BYTES_MAX:
        raise ChainError(f"entry: {len(data)} bytes, at most {ENTRY_BYTES_MAX} fit")
    cut = data.rfind(b',"n":', max(0, len(data) - _TAIL_BYTES_MAX))
    tail = _TAIL.fullmatch(data, cut) if cut >= 0 else None
    if tail is None or not data.startswith(_HEAD):
        raise ChainError("entry: not the canonical JSON of envelope, n and prev")
    n = int(tail[1])
    if n > canonical.INTEGER_MAX:
        raise ChainError("entry: a number beyond 2^53 - 1")
    return n, tail[2].decode("ascii"), data[len(_HEAD) : cut]


def check_envelope_form(n: int, envelope_raw: bytes) -> None:
    """Raise ChainError unless entry n's envelope is canonical JSON, of whatever value."""
    if _PLAIN_ENVELOPE.fullmatch(envelope_raw) is None:
        try:
            canonical.decode_canonical(envelope_raw)
        except FormatError as error:
            raise ChainError(f"entry {n}: {error}") from None


def entry_hash(data: bytes) -> str:
    """Base64 SHA-256 of an entry's bytes: the `prev` of the entry after it."""
    state = _EMPTY.copy()
    state.update(data)
    return canonical.encode_base64(state.digest())


def check_link(entry: Entry, *, index: int, previous_hash: str) -> None:
    """Raise ChainError unless entry has this number and names the entry before it.

    previous_hash is `entry_hash` of entry index-1, or GENESIS_PREV for entry 0.
    """
    if entry.n != index:
        raise ChainError(f"entry {index}: carries the number {entry.n}")
    if entry.prev != previous_hash:
        raise ChainError(
            f"entry {index}: names {entry.prev} as the entry before it, which is {previous_hash}"
        )
