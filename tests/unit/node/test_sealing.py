"""Commitment, sealing and keys at rest: what opens, and that nothing else does."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.errors import MismatchError, SealError
from node.looked.reading import UnloggedError
from node.sealing import (
    Content,
    SealContext,
    bound,
    check_commitment,
    commitment,
    decrypt,
    encrypt,
    new_content,
    new_key,
    open_sealed,
    record_id,
    seal,
)
from node.setup.hpke_keys import SUITE_NAME, HpkePrivateKey, HpkePublicKey
from tests.reading_log import RecordingLog

KEY = HpkePrivateKey.generate()
OTHER = HpkePrivateKey.generate()
LOG = RecordingLog()
CONTEXT = SealContext(log="L", id="I", author="uwv", record_class="income", recipient="toeslagen")


def opened(*arguments: Any) -> Content:
    """`open_sealed` within a reading."""
    with LOG.reading("gegevens-ontvangen"):
        return open_sealed(*arguments, LOG)


def test_outside_a_reading_nothing_is_opened() -> None:
    sealed = seal(new_content(b"payload"), KEY.public(), CONTEXT)
    with pytest.raises(UnloggedError):
        open_sealed(sealed, SUITE_NAME, KEY, CONTEXT, LOG)


@given(st.binary(min_size=1, max_size=2_000))
@settings(max_examples=50)
def test_what_is_sealed_opens_for_its_recipient(payload: bytes) -> None:
    content = new_content(payload)
    sealed = seal(content, KEY.public(), CONTEXT)
    found = opened(sealed, SUITE_NAME, KEY, CONTEXT)
    assert (found.payload, found.commitment_key) == (payload, content.commitment_key)
    assert payload not in sealed or len(payload) < 4


def test_sealing_adds_what_the_design_says() -> None:
    # DESIGN 5: 1,136 bytes more than the text; the commitment key is part of the text here.
    content = new_content(b"x" * 500)
    assert len(seal(content, KEY.public(), CONTEXT)) == 500 + 32 + 1_136


@pytest.mark.parametrize("field", ["log", "id", "author", "record_class", "recipient"])
def test_it_opens_under_no_other_header(field: str) -> None:
    sealed = seal(new_content(b"payload"), KEY.public(), CONTEXT)
    with pytest.raises(SealError):
        opened(sealed, SUITE_NAME, KEY, replace(CONTEXT, **{field: "x"}))


def test_it_opens_for_nobody_else_and_in_no_other_suite() -> None:
    sealed = seal(new_content(b"payload"), KEY.public(), CONTEXT)
    with pytest.raises(SealError):
        opened(sealed, SUITE_NAME, OTHER, CONTEXT)
    with pytest.raises(SealError, match="suite"):
        opened(sealed, "x25519.hkdf-sha256.aes-128-gcm", KEY, CONTEXT)


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
@settings(max_examples=60)
def test_one_changed_byte_and_it_does_not_open(place: int, change: int) -> None:
    sealed = bytearray(seal(new_content(b"payload"), KEY.public(), CONTEXT))
    sealed[place % len(sealed)] ^= change
    with pytest.raises(SealError):
        opened(bytes(sealed), SUITE_NAME, KEY, CONTEXT)


@given(st.binary(max_size=2_000))
def test_any_bytes_open_to_nothing(sealed: bytes) -> None:
    with pytest.raises(SealError):
        opened(sealed, SUITE_NAME, KEY, CONTEXT)


def test_the_commitment_is_hmac_sha_256_as_written() -> None:
    # RFC 4231, test case 2: key "Jefe", data "what do ya want for nothing?"
    content = Content(commitment_key=b"Jefe", payload=b"what do ya want for nothing?")
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert base64.b64decode(commitment(content)).hex() == expected


def test_a_commitment_to_other_content_is_a_mismatch() -> None:
    content = new_content(b"payload")
    check_commitment(content, commitment(content))
    with pytest.raises(MismatchError):
        check_commitment(replace(content, payload=b"payloae"), commitment(content))
    with pytest.raises(MismatchError):
        check_commitment(new_content(b"payload"), commitment(content))


def test_two_commitments_to_one_payload_look_unrelated() -> None:
    assert commitment(new_content(b"same")) != commitment(new_content(b"same"))


def test_a_record_id_is_the_same_again_and_keyed() -> None:
    first = record_id(b"a" * 32, "event 1")
    assert first == record_id(b"a" * 32, "event 1")
    assert first != record_id(b"b" * 32, "event 1")
    assert first != record_id(b"a" * 32, "event 2")
    assert len(base64.urlsafe_b64decode(first + "=")) == 32
    plain = hashlib.sha256(b"event 1").digest()
    assert base64.urlsafe_b64encode(plain).rstrip(b"=").decode() != first
    assert hmac.new(b"a" * 32, b"event 1", hashlib.sha256).hexdigest() not in first


def test_stored_content_opens_only_where_it_was_put() -> None:
    key = new_key()
    stored = encrypt(key, b"content", bound("content", "uwv", "1"))
    assert decrypt(key, stored, bound("content", "uwv", "1")) == b"content"
    for wrong in (bound("content", "uwv", "2"), bound("content", "uw", "v1"), b""):
        with pytest.raises(SealError):
            decrypt(key, stored, wrong)
    with pytest.raises(SealError):
        decrypt(new_key(), stored, bound("content", "uwv", "1"))
    with pytest.raises(SealError):
        decrypt(key, stored[:20], bound("content", "uwv", "1"))


def test_keys_read_back_and_do_not_print_themselves() -> None:
    again = HpkePrivateKey.from_bytes(KEY.to_bytes())
    assert again.public() == KEY.public()
    assert HpkePublicKey.parse(str(KEY.public())) == KEY.public()
    assert KEY.to_bytes().hex() not in repr(KEY)
    for wrong in ("", "x:AAAA", SUITE_NAME + ":AAAA", SUITE_NAME + ":é"):
        with pytest.raises(SealError):
            HpkePublicKey.parse(wrong)
    with pytest.raises(SealError):
        HpkePrivateKey.from_bytes(b"short")
