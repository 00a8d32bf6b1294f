"""RFC 8785 and DSSE vectors. Source: LEDGER-FORMATS.md sections 1.9 and 1.10."""

from __future__ import annotations

import json

import pytest
import rfc8785

from ledger.errors import FormatError
from ledger.formats import canonical
from ledger.formats.envelope import pae

INPUT = (
    '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],'
    '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/",'
    '"literals":[null,true,false]}'
)
OUTPUT = bytes.fromhex(
    "7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b333333"
    "3333333333332e333333333333332c31652b33302c342e352c302e3030322c31652d32375d2c22737472696e"
    "67223a22e282ac245c75303030665c6e4127425c225c5c5c5c5c222f227d"
)
WEIRD_KEYS = ["\n", "\r", "1", "</script>", "\u0080", "\u00f6", "\u20ac", "\U0001f602", "\ufb33"]


def test_rfc8785_vector_of_the_library_we_build_on() -> None:
    assert rfc8785.dumps(json.loads(INPUT)).hex() == OUTPUT.hex()


@pytest.mark.parametrize(
    ("number", "printed"),
    [(56.0, b"56"), (1e30, b"1e+30"), (4.5, b"4.5"), (2e-3, b"0.002"), (1e-27, b"1e-27")],
)
def test_numbers_are_printed_as_ecmascript_does(number: float, printed: bytes) -> None:
    assert rfc8785.dumps(number) == printed


def test_our_encoder_agrees_where_it_takes_the_value() -> None:
    value = {key: each for key, each in json.loads(INPUT).items() if key != "numbers"}
    numbers = b'"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
    assert canonical.encode(value) == OUTPUT.replace(numbers, b"")


@pytest.mark.parametrize("number", ["333333333.33333329", "1E30", "4.50", "2e-3", "NaN", "56.0"])
def test_numbers_that_are_not_integers_are_kept_out(number: str) -> None:
    with pytest.raises(FormatError):
        canonical.decode(f"[{number}]".encode())


def test_keys_sort_by_utf16_unit_and_not_by_code_point() -> None:
    written = canonical.encode(dict.fromkeys(reversed(WEIRD_KEYS), 0))
    assert list(json.loads(written)) == WEIRD_KEYS
    assert sorted(WEIRD_KEYS) != WEIRD_KEYS


@pytest.mark.parametrize("value", [2**53, -(2**53), 10**30])
def test_integers_beyond_2_to_the_53_are_refused(value: int) -> None:
    with pytest.raises(FormatError):
        canonical.encode(value)
    with pytest.raises(FormatError):
        canonical.decode(str(value).encode())


def test_lone_surrogates_are_refused() -> None:
    with pytest.raises(FormatError):
        canonical.decode_canonical(b'"\\ud800"')
    with pytest.raises(FormatError):
        canonical.encode("\ud800")


def test_dsse_pae() -> None:
    written = pae("http://example.com/HelloWorld", b"hello world")
    assert written == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
