"""The record header and its DSSE envelope: what a member signs, in exactly one byte form.

Parsing takes the canonical bytes apart once and never writes them again: what was verified is
what is handed on (DSSE 1.0.2). Who may sign what is the work of admission.py.
"""

from __future__ import annotations

import binascii
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

from ledger import keys
from ledger.errors import EnvelopeError, FormatError, SignatureError
from ledger.formats import canonical
from ledger.ports import Signer

PAYLOAD_TYPE: Final = "application/vnd.vastedag.record+json"
HEADER_VERSION: Final = 1
GOVERNANCE_CLASS: Final = "governance"
ID_BYTES: Final = 32
ENVELOPE_BYTES_MAX: Final = 65_000  # an entry adds its number and its link, and ends at 65,535
AUTHOR_FORM: Final = r"[a-z0-9][a-z0-9-]{0,62}"
CLASS_FORM: Final = r"[a-z][a-z_]{0,31}"

_HOUR = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):00:00Z"
_SAFE_INTEGER = r"0|[1-9][0-9]{0,15}"
# 32 bytes in base64: the last letter's two low bits are zero, or it would not encode again so.
_DIGEST_FORM = r"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="
_ID_FORM = r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]"
# Members in the order of RFC 8785; every value is of a form that needs no escape.
_HEADER = re.compile(
    rf'\{{"at":"({_HOUR})","author":"({AUTHOR_FORM})","class":"({CLASS_FORM})",'
    rf'"commitment":"({_DIGEST_FORM})","id":"({_ID_FORM})",'
    rf'"log":"({_DIGEST_FORM})","seen":({_SAFE_INTEGER}),"v":1\}}'.encode()
)
# 64 bytes in base64: the last letter's four low bits are zero.
_ENVELOPE = re.compile(
    b'\\{"payload":"([A-Za-z0-9+/]+={0,2})","payloadType":"'
    + re.escape(PAYLOAD_TYPE.encode())
    + b'","signatures":\\[\\{"keyid":"","sig":"([A-Za-z0-9+/]{85}[AQgw]==)"\\}\\]\\}'
)
_AUTHOR = re.compile(AUTHOR_FORM)
_CLASS = re.compile(CLASS_FORM)
_AT = re.compile(_HOUR)
_ID = re.compile(_ID_FORM)
_DIGEST = re.compile(_DIGEST_FORM)
_GOVERNANCE: Final = GOVERNANCE_CLASS.encode()
_PAE_HEAD: Final = f"DSSEv1 {len(PAYLOAD_TYPE)} {PAYLOAD_TYPE} ".encode()
_GOVERNANCE_MEMBERS: Final = frozenset({"v", "log", "id", "author", "class", "at", "seen", "body"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the ledger knows of a record. Governance has a body in clear, all else a commitment.

    log: base64 SHA-256 of entry 0, "" in entry 0 itself; id: base64url of 32 bytes, unpadded;
    at: UTC, whole hour; seen: a ledger size the author had verified; commitment: base64 of 32
    bytes (HMAC-SHA-256 over the payload, which the ledger never sees).
    """

    log: str
    id: str
    author: str
    record_class: str
    at: str
    seen: int
    commitment: str | None = None
    body: Mapping[str, Any] | None = None
    v: int = HEADER_VERSION

    def __post_init__(self) -> None:
        _check_header(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A signed header: raw is the canonical envelope, payload the canonical header bytes."""

    raw: bytes
    payload: bytes
    header: Header
    signature: bytes


def header_bytes(header: Header) -> bytes:
    """The canonical bytes that are signed; commitment or body, whichever the header has."""
    members: dict[str, Any] = {
        "v": header.v,
        "log": header.log,
        "id": header.id,
        "author": header.author,
        "class": header.record_class,
        "at": header.at,
        "seen": header.seen,
    }
    if header.body is not None:
        members["body"] = dict(header.body)
    else:
        members["commitment"] = header.commitment
    return canonical.encode(members)


def parse_header(payload: bytes) -> Header:
    """The header of its canonical bytes; raises EnvelopeError."""
    match = _HEADER.fullmatch(payload)
    if match is None:
        return _parse_governance(payload)
    at, author, record_class, commitment, record_id, log, seen = match.groups()
    if record_class == GOVERNANCE_CLASS.encode():
        raise EnvelopeError("header: class governance carries a body in clear, no commitment")
    _check_day(at[:10].decode("ascii"))
    # The pattern has checked every form: a header out of a log is not checked a second time.
    header = object.__new__(Header)
    set_field = object.__setattr__
    set_field(header, "v", HEADER_VERSION)
    set_field(header, "log", log.decode("ascii"))
    set_field(header, "id", record_id.decode("ascii"))
    set_field(header, "author", author.decode("ascii"))
    set_field(header, "record_class", record_class.decode("ascii"))
    set_field(header, "at", at.decode("ascii"))
    set_field(header, "seen", _check_seen(int(seen)))
    set_field(header, "commitment", commitment.decode("ascii"))
    set_field(header, "body", None)
    return header


def pae(payload_type: str, body: bytes) -> bytes:
    """DSSE 1.0.2 pre-authentication encoding: the bytes under the signature."""
    type_bytes = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(type_bytes), type_bytes, len(body), body)


def signed_bytes(payload: bytes) -> bytes:
    """`pae` of a record header: what an author's record key signs."""
    return b"%b%d %b" % (_PAE_HEAD, len(payload), payload)


def sign_record(header: Header, signer: Signer) -> bytes:
    """The canonical DSSE envelope of a header, signed; raises EnvelopeError when too large."""
    payload = header_bytes(header)
    return envelope_bytes(payload, signer.sign(signed_bytes(payload)))


def envelope_bytes(payload: bytes, signature: bytes) -> bytes:
    """The canonical DSSE envelope around header bytes and their signature."""
    raw = canonical.encode(
        {
            "payload": canonical.encode_base64(payload),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"keyid": "", "sig": canonical.encode_base64(signature)}],
        }
    )
    if len(raw) > ENVELOPE_BYTES_MAX:
        raise EnvelopeError(f"envelope: {len(raw)} bytes, at most {ENVELOPE_BYTES_MAX} fit")
    return raw


def parse_envelope(raw: bytes) -> Envelope:
    """An envelope in its one form; raises EnvelopeError. The signature is not verified here."""
    if len(raw) > ENVELOPE_BYTES_MAX:
        raise EnvelopeError(f"envelope: {len(raw)} bytes, at most {ENVELOPE_BYTES_MAX} fit")
    match = _ENVELOPE.fullmatch(raw)
    if match is None:
        raise EnvelopeError(
            "envelope: not the canonical JSON of one DSSE envelope with one signature and an "
            f"empty keyid, of type {PAYLOAD_TYPE}"
        )
    try:
        payload = canonical.decode_base64(match[1])
    except FormatError as error:
        raise EnvelopeError(f"envelope: {error}") from None
    signature = binascii.a2b_base64(match[2])
    return Envelope(raw=raw, payload=payload, header=parse_header(payload), signature=signature)


class Parts(NamedTuple):  # made five times as fast as a frozen dataclass
    """What admission asks of an ordinary record, as bytes: for runs of thousands a second."""

    payload: bytes
    signature: bytes
    author: bytes
    record_class: bytes
    id: bytes
    log: bytes
    seen: int


def cut_record(raw: bytes) -> Parts | None:
    """The parts of a record in its one form; None for governance and for all that is malformed.

    Whoever gets None asks `parse_envelope`, which takes the same bytes and says why.
    """
    match = _ENVELOPE.fullmatch(raw) if len(raw) <= ENVELOPE_BYTES_MAX else None
    if match is None:
        return None
    text, signature = match.groups()
    try:
        payload = canonical.decode_base64(text)
    except FormatError:
        return None
    members = _HEADER.fullmatch(payload)
    if members is None:
        return None
    at, author, record_class, _, record_id, log, seen = members.groups()
    try:
        _check_day(at[:10].decode("ascii"))
        size = _check_seen(int(seen))
    except EnvelopeError:
        return None
    if record_class == _GOVERNANCE:
        return None
    signed = binascii.a2b_base64(signature)
    return Parts(payload, signed, author, record_class, record_id, log, size)


def verify_envelope(envelope: Envelope, public_key: bytes) -> None:
    """Raise SignatureError unless the key signed this header."""
    try:
        keys.verify(public_key, signed_bytes(envelope.payload), envelope.signature)
    except SignatureError:
        raise SignatureError(
            f"record {envelope.header.id}: not signed by the key of {envelope.header.author}"
        ) from None


def _parse_governance(payload: bytes) -> Header:
    try:
        members = canonical.decode_canonical(payload)
    except FormatError as error:
        raise EnvelopeError(f"header: {error}") from None
    if not isinstance(members, dict) or members.keys() != _GOVERNANCE_MEMBERS:
        raise EnvelopeError("header: not the members of a record header in their one form")
    if members["class"] != GOVERNANCE_CLASS or not isinstance(members["body"], dict):
        raise EnvelopeError("header: only class governance carries a body, an object, in clear")
    return Header(
        v=members["v"],
        log=members["log"],
        id=members["id"],
        author=members["author"],
        record_class=members["class"],
        at=members["at"],
        seen=members["seen"],
        body=members["body"],
    )


def _check_header(header: Header) -> None:
    if type(header.v) is not int or header.v != HEADER_VERSION:
        raise EnvelopeError(f"header, v: only version {HEADER_VERSION} is known")
    _check_form("author", header.author, _AUTHOR)
    _check_form("class", header.record_class, _CLASS)
    _check_form("id", header.id, _ID)
    _check_form("at", header.at, _AT)
    _check_day(header.at[:10])
    _check_seen(header.seen)
    if header.log == "":
        if header.record_class != GOVERNANCE_CLASS:
            raise EnvelopeError("header, log: only the genesis entry has none")
    else:
        _check_form("log", header.log, _DIGEST)
    if (header.record_class == GOVERNANCE_CLASS) != (header.body is not None):
        raise EnvelopeError("header: class governance carries a body, every other a commitment")
    if (header.body is None) != (header.commitment is not None):
        raise EnvelopeError("header: one of commitment and body, not both and not neither")
    if header.commitment is not None:
        _check_form("commitment", header.commitment, _DIGEST)


@functools.lru_cache(maxsize=1024)
def _check_day(day: str) -> None:
    try:
        date.fromisoformat(day)
    except ValueError:
        raise EnvelopeError("header, at: no such day in the calendar") from None


def _check_seen(seen: object) -> int:
    if type(seen) is not int or not 0 <= seen <= canonical.INTEGER_MAX:
        raise EnvelopeError("header, seen: not a ledger size")
    return seen


def _check_form(name: str, value: object, form: re.Pattern[str]) -> None:
    if not isinstance(value, str) or form.fullmatch(value) is None:
        raise EnvelopeError(f"header, {name}: not in the form {form.pattern}")
