"""Ed25519 by one library; keys that libraries disagree on never get in, secrets never out."""

from __future__ import annotations

import copy
import pickle

import pytest

from ledger import keys
from ledger.errors import KeyFormatError, LedgerError, SignatureError

SEED = bytes(range(32))
# RFC 8032 section 7.1, test 1
RFC_SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
RFC_KEY = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
RFC_SIGNATURE = bytes.fromhex(
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
    "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
)
# The eight points of low order and encodings of them that are not canonical (C2SP CCTV, ed25519).
LOW_ORDER = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
]
NOT_CANONICAL = [
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
]
NO_POINT = "0200000000000000000000000000000000000000000000000000000000000000"


def test_rfc_8032_test_1() -> None:
    signer = keys.Ed25519Signer(RFC_SEED)
    assert signer.public_key == RFC_KEY
    assert signer.sign(b"") == RFC_SIGNATURE
    keys.verify(RFC_KEY, b"", RFC_SIGNATURE)


@pytest.mark.parametrize("key", [*LOW_ORDER, *NOT_CANONICAL, NO_POINT])
def test_keys_libraries_disagree_on_are_refused(key: str) -> None:
    with pytest.raises(KeyFormatError):
        keys.check_public_key(bytes.fromhex(key))


@pytest.mark.parametrize("length", [0, 31, 33])
def test_other_lengths_are_refused(length: int) -> None:
    with pytest.raises(KeyFormatError):
        keys.check_public_key(bytes(length))
    with pytest.raises(KeyFormatError):
        keys.Ed25519Signer(bytes(length))
    with pytest.raises(SignatureError):
        keys.verify(bytes(length), b"", bytes(64))
    with pytest.raises(SignatureError):
        keys.verify(RFC_KEY, b"", bytes(length))


@pytest.mark.parametrize("at", [0, 31, 32, 63])
def test_an_altered_signature_is_refused(at: int) -> None:
    altered = bytearray(RFC_SIGNATURE)
    altered[at] ^= 1
    with pytest.raises(SignatureError):
        keys.verify(RFC_KEY, b"", bytes(altered))
    with pytest.raises(SignatureError):
        keys.verify(RFC_KEY, b"x", RFC_SIGNATURE)


def test_a_batch_answers_for_each() -> None:
    signer = keys.Ed25519Signer(SEED)
    good = (signer.public_key, b"a", signer.sign(b"a"))
    bad = (signer.public_key, b"b", good[2])
    first, second = keys.verify_batch([good, bad])
    assert first is None
    assert isinstance(second, SignatureError)


def test_a_private_key_shows_nowhere() -> None:
    signer = keys.Ed25519Signer(SEED)
    told = f"{signer!r} {signer!s} {signer.__class__.__slots__}"
    assert SEED.hex() not in told
    assert signer.public_key.hex() in told
    for taking in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            taking(signer)
    with pytest.raises(LedgerError) as caught:
        keys.Ed25519Signer(SEED[:31])
    assert SEED[:31].hex() not in repr(caught.value)
    assert repr(SEED[:31]) not in repr(caught.value)
