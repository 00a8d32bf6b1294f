"""What of a record can be told before its place is known, for whole runs of records at once.

Form, identity and everything admission asks but `seen`: pure, so that a run can be screened in
place, on a thread or in another process, and its result travels as bytes. The registry is part of
the question: whoever places a record under another registry screens it again (log.py).
"""

from __future__ import annotations

import hashlib
import json
import struct
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ledger.errors import AdmissionError, LedgerError, SignatureError
from ledger.formats.envelope import GOVERNANCE_CLASS, Parts, cut_record, signed_bytes
from ledger.keys import verify
from ledger.ports import Checks
from ledger.rules import admission
from ledger.rules.registry import Registry

IDENTITY_BYTES: Final = 32
_NO_IDENTITY: Final = bytes(IDENTITY_BYTES)
_HEAD: Final = struct.Struct(">I")


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """One answer for each record of a run, by its place in it.

    identities: 32 bytes each, zeros for one that is malformed; seen: a ledger size each; refusals
    tell why a record is inadmissible under the registry it was screened by.
    """

    identities: bytes
    seen: array[int]
    governance: frozenset[int]
    refusals: Mapping[int, AdmissionError]

    def __len__(self) -> int:
        return len(self.seen)

    def identity(self, place: int) -> bytes | None:
        """SHA-256 of author and id; None for what is malformed."""
        identity = self.identities[place * IDENTITY_BYTES : (place + 1) * IDENTITY_BYTES]
        return None if identity == _NO_IDENTITY else identity


class Screener(Checks, Protocol):
    """Checks that can also screen whole records: what a sequencer needs."""

    async def screen(self, raws: Sequence[bytes], registry: Registry) -> Screening:
        """`screen`, wherever it is done."""
        ...


def screen(raws: Sequence[bytes], registry: Registry) -> Screening:
    """Screen each record by itself, in order; the signature is verified here, and only here."""
    identities: list[bytes] = []
    seen = array("Q")
    governance: set[int] = set()
    refusals: dict[int, AdmissionError] = {}
    known: dict[tuple[bytes, bytes, bytes], tuple[bytes, ...]] = {}
    for place, raw in enumerate(raws):
        parts = cut_record(raw)
        if parts is not None and _signed(parts, raw, registry, known):
            identities.append(hashlib.sha256(b"%b\0%b" % (parts.author, parts.id)).digest())
            seen.append(parts.seen)
            continue
        # Governance, or a refusal: worth the long way, which tells the reason.
        identity, size = _NO_IDENTITY, 0
        try:
            envelope = admission.open_envelope(raw)
            header = envelope.header
            identity, size = admission.identity_of(header), header.seen
            if header.record_class == GOVERNANCE_CLASS:
                governance.add(place)
            keys = admission.author_keys(registry, header)
            admission.check_signature(registry, envelope, keys)
        except AdmissionError as error:
            refusals[place] = error
        identities.append(identity)
        seen.append(size)
    return Screening(
        identities=b"".join(identities),
        seen=seen,
        governance=frozenset(governance),
        refusals=refusals,
    )


def _signed(
    parts: Parts,
    raw: bytes,
    registry: Registry,
    known: dict[tuple[bytes, bytes, bytes], tuple[bytes, ...]],
) -> bool:
    """Whether a key that may sign this class here did; the keys of an author are looked up once."""
    author = (parts.author, parts.record_class, parts.log)
    keys = known.get(author)
    if keys is None:
        try:
            keys = admission.author_keys(registry, admission.open_envelope(raw).header)
        except AdmissionError:
            keys = ()
        known[author] = keys
    message = signed_bytes(parts.payload)
    for key in keys:
        try:
            verify(key, message, parts.signature)
        except SignatureError:
            continue
        return True
    return False


def joined(parts: Sequence[Screening]) -> Screening:
    """The screenings of consecutive runs as that of one."""
    if len(parts) == 1:
        return parts[0]
    seen = array("Q")
    governance: set[int] = set()
    refusals: dict[int, AdmissionError] = {}
    for part in parts:
        first = len(seen)
        governance.update(first + place for place in part.governance)
        refusals.update((first + place, error) for place, error in part.refusals.items())
        seen.extend(part.seen)
    return Screening(
        identities=b"".join(part.identities for part in parts),
        seen=seen,
        governance=frozenset(governance),
        refusals=refusals,
    )


def encode_raws(raws: Sequence[bytes]) -> bytes:
    """A run of records as bytes: how many, each length, all of them."""
    lengths = struct.pack(f">{len(raws)}I", *map(len, raws))
    return b"".join((_HEAD.pack(len(raws)), lengths, *raws))


def decode_raws(body: bytes) -> list[bytes]:
    """The records of `encode_raws`; raises LedgerError when the bytes are another number."""
    (count,) = _HEAD.unpack_from(body)
    lengths = struct.unpack_from(f">{count}I", body, _HEAD.size)
    at = _HEAD.size * (1 + count)
    if at + sum(lengths) != len(body):
        raise LedgerError("screening: a run of records that is cut off")
    raws: list[bytes] = []
    for length in lengths:
        raws.append(body[at : at + length])
        at += length
    return raws


def encode_screening(screening: Screening) -> bytes:
    """A screening as bytes, for another process of this machine."""
    rest = {
        "governance": sorted(screening.governance),
        "refusals": [
            [place, error.code, str(error)] for place, error in sorted(screening.refusals.items())
        ],
    }
    return b"".join(
        (
            _HEAD.pack(len(screening)),
            screening.identities,
            screening.seen.tobytes(),
            json.dumps(rest).encode(),
        )
    )


def decode_screening(body: bytes) -> Screening:
    """The screening of its bytes."""
    (count,) = _HEAD.unpack_from(body)
    middle = _HEAD.size + count * IDENTITY_BYTES
    seen = array("Q")
    end = middle + count * seen.itemsize
    seen.frombytes(body[middle:end])
    rest = json.loads(body[end:])
    return Screening(
        identities=body[_HEAD.size : middle],
        seen=seen,
        governance=frozenset(rest["governance"]),
        refusals={place: AdmissionError(code, text) for place, code, text in rest["refusals"]},
    )
