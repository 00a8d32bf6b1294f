"""Any bytes to any parser: a value or a LedgerError, never anything else; values write back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import LedgerError
from ledger.formats import canonical
from tests.fuzz import fuzz_ledger
from tests.ledger_parsers import PARSERS, value_or_ledger_error

NOT_GOOD = {"public key", "signature", "subtree proof"}  # their own bytes are refused
SPLICE = st.tuples(st.integers(0, 4000), st.integers(0, 40), st.binary(max_size=12))


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=120, deadline=None)
@given(data=st.binary(max_size=300))
def test_any_bytes(name: str, data: bytes) -> None:
    value_or_ledger_error(PARSERS[name][0], data)


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=250, deadline=None)
@given(splices=st.lists(SPLICE, min_size=1, max_size=3))
def test_good_bytes_with_a_few_of_them_exchanged(
    name: str, splices: list[tuple[int, int, bytes]]
) -> None:
    parse, data = PARSERS[name]
    for at, length, new in splices:
        at %= len(data) + 1
        data = data[:at] + new + data[at + length :]
    value_or_ledger_error(parse, data)


@pytest.mark.parametrize("name", sorted(set(PARSERS) - NOT_GOOD))
def test_the_good_bytes_are_good(name: str) -> None:
    parse, data = PARSERS[name]
    assert value_or_ledger_error(parse, data)


def test_deep_nesting_is_refused_and_not_a_crash() -> None:
    for deep in (b"[" * 60_000, b'{"a":' * 10_000, b"[" * 17 + b"]" * 17):
        with pytest.raises(LedgerError):
            canonical.decode(deep)
    canonical.decode(b"[" * 16 + b"]" * 16)


def test_the_fuzz_target_runs() -> None:
    assert fuzz_ledger.fuzz(seed=20261122, seconds=2) > len(PARSERS)
    for first in range(256):
        fuzz_ledger.one_input(bytes([first]) + b"\n\nx")
