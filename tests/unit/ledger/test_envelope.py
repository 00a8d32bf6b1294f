"""One header, one envelope, one byte form; everything else is refused."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from ledger.errors import EnvelopeError, SignatureError
from ledger.formats import canonical
from ledger.formats.envelope import (
    ENVELOPE_BYTES_MAX,
    PAYLOAD_TYPE,
    Header,
    envelope_bytes,
    header_bytes,
    pae,
    parse_envelope,
    parse_header,
    sign_record,
    signed_bytes,
    verify_envelope,
)
from tests.ledger_logs import AT, b64, record_id, signer

DIGEST = b64(bytes(range(32)))


def header(**changes: Any) -> Header:
    fields: dict[str, Any] = {
        "log": DIGEST,
        "id": record_id("one"),
        "author": "uwv",
        "record_class": "income",
        "at": AT,
        "seen": 7,
        "commitment": DIGEST,
    }
    return Header(**{**fields, **changes})


RAW = sign_record(header(), signer("uwv record"))


def test_a_record_goes_out_and_comes_back() -> None:
    envelope = parse_envelope(RAW)
    assert envelope.header == header()
    assert (envelope.raw, envelope.payload) == (RAW, header_bytes(header()))
    verify_envelope(envelope, signer("uwv record").public_key)
    with pytest.raises(SignatureError, match="not signed by the key of uwv"):
        verify_envelope(envelope, signer("svb record").public_key)


def test_the_signed_bytes_are_dsse() -> None:
    payload = header_bytes(header())
    assert signed_bytes(payload) == pae(PAYLOAD_TYPE, payload)


def test_the_header_is_rfc_8785_of_the_named_members() -> None:
    assert json.loads(header_bytes(header())) == {
        "v": 1,
        "log": DIGEST,
        "id": record_id("one"),
        "author": "uwv",
        "class": "income",
        "at": AT,
        "seen": 7,
        "commitment": DIGEST,
    }
    assert canonical.decode_canonical(header_bytes(header()))


def test_governance_carries_its_body_in_clear() -> None:
    body = {"type": "genesis", "list": [1, "\u00eb"], "seq": 0}
    governance = header(log="", seen=0, record_class="governance", commitment=None, body=body)
    envelope = parse_envelope(sign_record(governance, signer("uwv record")))
    assert envelope.header.body == body
    assert envelope.header.commitment is None


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"v": True},
        {"author": "UWV"},
        {"author": ""},
        {"author": "u" * 64},
        {"author": "uwv\n"},
        {"record_class": "Income"},
        {"record_class": "governance"},
        {"id": "short"},
        {"id": record_id("one")[:-1] + "B"},  # last two bits not zero
        {"id": record_id("one") + "="},
        {"at": "2026-11-22T04:00:01Z"},
        {"at": "2026-11-22T24:00:00Z"},
        {"at": "2026-02-29T04:00:00Z"},
        {"at": "2026-11-22T04:00:00+01:00"},
        {"seen": -1},
        {"seen": 2**53},
        {"seen": True},
        {"seen": 1.0},
        {"log": ""},
        {"log": "x"},
        {"commitment": None},
        {"commitment": DIGEST[:-1]},
        {"body": {}},
        {"commitment": None, "body": {}},
    ],
)
def test_a_header_that_cannot_be_is_not_born(changes: dict[str, Any]) -> None:
    with pytest.raises(EnvelopeError):
        header(**changes)


def members(raw: bytes = RAW) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(raw)
    return value


def variants() -> dict[str, bytes]:
    value = members()
    signature = value["signatures"][0]
    payload = base64.b64decode(value["payload"])
    backwards = dict(reversed(json.loads(payload).items()))
    unsorted = json.dumps(backwards, separators=(",", ":")).encode()
    text = RAW.decode()
    return {
        "spaces": json.dumps(value).encode(),
        "two signatures": canonical.encode({**value, "signatures": [signature, signature]}),
        "no signature": canonical.encode({**value, "signatures": []}),
        "keyid": canonical.encode({**value, "signatures": [{**signature, "keyid": "uwv"}]}),
        "more members": canonical.encode({**value, "more": 1}),
        "other type": canonical.encode({**value, "payloadType": "application/json"}),
        "member twice": text.replace("{", '{"payload":"e30=",', 1).encode(),
        "url base64": canonical.encode(
            {**value, "payload": base64.urlsafe_b64encode(b"\xff\xfe\xfd").decode()}
        ),
        "unpadded": canonical.encode({**value, "payload": value["payload"].rstrip("=") + "A"}),
        "short signature": canonical.encode(
            {**value, "signatures": [{"keyid": "", "sig": b64(bytes(63))}]}
        ),
        "loose last bits": text.replace('=="}]', '=="}]', 1).replace(
            signature["sig"], signature["sig"][:-3] + "B=="
        ).encode(),
        "unsorted payload": canonical.encode({**value, "payload": b64(unsorted)}),
        "newline after": RAW + b"\n",
        "list": b"[]",
        "nothing": b"",
    }  # fmt: skip


@pytest.mark.parametrize("name", list(variants()))
def test_any_other_envelope_is_refused(name: str) -> None:
    with pytest.raises(EnvelopeError):
        parse_envelope(variants()[name])


@pytest.mark.parametrize(
    "payload",
    [
        b"{}",
        b"[]",
        b'{"class":"income"}',
        header_bytes(header()).replace(b'"seen":7', b'"seen":07'),
        header_bytes(header()).replace(b'"seen":7', b'"seen":7.0'),
        header_bytes(header()).replace(b'"seen":7', b'"seen":9007199254740993'),
        header_bytes(header()).replace(b'"v":1', b'"v":2'),
        header_bytes(header()).replace(b'"seen":7,', b'"seen":7,"type":"x",'),
        header_bytes(header()).replace(b'"author":"uwv"', b'"author":"uwv","author":"svb"'),
        header_bytes(header()).replace(b"income", b"governance"),
    ],
)
def test_any_other_header_is_refused(payload: bytes) -> None:
    with pytest.raises(EnvelopeError):
        parse_header(payload)
    with pytest.raises(EnvelopeError):
        parse_envelope(envelope_bytes(payload, bytes(64)))


def test_oversize_is_refused_on_both_sides() -> None:
    body = {"text": "x" * ENVELOPE_BYTES_MAX}
    large = header(record_class="governance", commitment=None, body=body)
    with pytest.raises(EnvelopeError, match="at most"):
        sign_record(large, signer("uwv record"))
    with pytest.raises(EnvelopeError, match="at most"):
        parse_envelope(RAW + b" " * ENVELOPE_BYTES_MAX)
