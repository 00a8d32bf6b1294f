"""Entries in one byte form, each naming the one before it."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest

from ledger.errors import ChainError
from ledger.formats import canonical
from ledger.formats.chain import (
    ENTRY_BYTES_MAX,
    GENESIS_PREV,
    Entry,
    check_link,
    encode_entry,
    entry_hash,
    parse_entry,
)
from tests.ledger_logs import sample_log

ENTRIES = sample_log(4).entries


def test_an_entry_is_rfc_8785_of_its_three_members() -> None:
    for n, data in enumerate(ENTRIES):
        value = canonical.decode_canonical(data)
        assert value.keys() == {"n", "prev", "envelope"}
        entry = parse_entry(data)
        assert (entry.n, entry.prev) == (n, value["prev"])
        assert json.loads(entry.envelope_raw) == value["envelope"]
        assert encode_entry(entry) == data


def test_links() -> None:
    digest = hashlib.sha256(ENTRIES[0]).digest()
    assert entry_hash(ENTRIES[0]) == base64.b64encode(digest).decode()
    assert parse_entry(ENTRIES[0]).prev == GENESIS_PREV == base64.b64encode(bytes(32)).decode()
    first, second = (parse_entry(data) for data in ENTRIES[:2])
    check_link(first, index=0, previous_hash=GENESIS_PREV)
    check_link(second, index=1, previous_hash=entry_hash(ENTRIES[0]))
    with pytest.raises(ChainError, match="entry 2: carries the number 1"):
        check_link(second, index=2, previous_hash=entry_hash(ENTRIES[0]))
    with pytest.raises(ChainError, match="entry 1: names"):
        check_link(second, index=1, previous_hash=GENESIS_PREV)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        ENTRIES[1] + b" ",
        b" " + ENTRIES[1],
        ENTRIES[1].replace(b'"n":1', b'"n":01'),
        ENTRIES[1].replace(b'"n":1', b'"n":1.0'),
        ENTRIES[1].replace(b'"n":1', b'"n":-1'),
        ENTRIES[1].replace(b'"n":1', b'"n":9007199254740992'),
        ENTRIES[1].replace(b',"n":1', b',"m":0,"n":1'),
        ENTRIES[1][:-3] + b'B"}' if not ENTRIES[1].endswith(b'B"}') else b"x",
        b'{"envelope":{"a":1,"a":2},"n":0,"prev":"' + GENESIS_PREV.encode() + b'"}',
        b'{"envelope":{ },"n":0,"prev":"' + GENESIS_PREV.encode() + b'"}',
        b'{"envelope":{},"envelope":{},"n":0,"prev":"' + GENESIS_PREV.encode() + b'"}',
        b'{"envelope":,"n":0,"prev":"' + GENESIS_PREV.encode() + b'"}',
    ],
)
def test_any_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ChainError):
        parse_entry(data)


def test_an_envelope_that_is_no_record_still_has_its_place() -> None:
    for raw in (b"{}", b"[1,2]", b"null", b'"x"'):
        data = encode_entry(Entry(n=9, prev=GENESIS_PREV, envelope_raw=raw))
        assert parse_entry(data).envelope_raw == raw


def test_the_largest_entry_has_65535_bytes() -> None:
    bare = len(encode_entry(Entry(n=9, prev=GENESIS_PREV, envelope_raw=b'""')))
    fits = Entry(n=9, prev=GENESIS_PREV, envelope_raw=b'"' + b"x" * (ENTRY_BYTES_MAX - bare) + b'"')
    assert len(encode_entry(fits)) == ENTRY_BYTES_MAX
    assert parse_entry(encode_entry(fits)) == fits
    over = Entry(n=99, prev=GENESIS_PREV, envelope_raw=fits.envelope_raw)
    with pytest.raises(ChainError, match="at most"):
        encode_entry(over)
    with pytest.raises(ChainError, match="at most"):
        parse_entry(encode_entry(fits) + b" ")
