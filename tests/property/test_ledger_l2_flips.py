"""Invariant L2 (DESIGN 3): any flipped bit makes verification fail with the place and reason.

A damaged cosignature does not fail the log: it does not count, and is named.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import VerifyError
from ledger.verify import Report, verify_log
from tests.ledger_logs import DictSource, sample_log

_LOG = sample_log(258)
_FILES = _LOG.source().files
_SOUND = verify_log(DictSource(_FILES), _LOG.vkey)
_COSIGNED_FROM = _FILES["checkpoint"].index(b"\xe2\x80\x94 uwv.example")
PLACES = ("entry ", "tile/", "checkpoint")


def flipped(path: str, at: int, bit: int) -> DictSource:
    data = bytearray(_FILES[path])
    data[at] ^= 1 << bit
    return DictSource({**_FILES, path: bytes(data)})


def verify(source: DictSource) -> Report:
    return verify_log(source, _LOG.vkey)


@pytest.mark.parametrize("path", sorted(_FILES))
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_l2_any_flipped_bit_is_found_and_placed(path: str, data: st.DataObject) -> None:
    end = _COSIGNED_FROM if path == "checkpoint" else len(_FILES[path])
    at = data.draw(st.integers(0, end - 1))
    with pytest.raises(VerifyError) as caught:
        verify(flipped(path, at, data.draw(st.integers(0, 7))))
    assert caught.value.place.startswith(PLACES)
    assert caught.value.reason


@settings(max_examples=80, deadline=None)
@given(
    at=st.integers(_COSIGNED_FROM, len(_FILES["checkpoint"]) - 1),
    bit=st.integers(0, 7),
)
def test_l2_a_damaged_cosignature_never_counts(at: int, bit: int) -> None:
    source = flipped("checkpoint", at, bit)
    try:
        report = verify_log(source, _LOG.vkey, _LOG.policy, entries=False)
    except VerifyError as error:  # the line is no signature line any more
        place = error.place
    else:
        place = "checkpoint"
        assert len(report.cosigners) == 2
        assert set(report.cosigners) < set(_SOUND.cosigners)
        assert len(report.damaged_cosignatures) <= 1
    assert place.startswith("checkpoint")


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_l2_any_byte_taken_out_or_put_in_is_found(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(set(_FILES) - {"checkpoint"})))
    at = data.draw(st.integers(0, len(_FILES[path]) - 1))
    good = _FILES[path]
    changed = data.draw(
        st.sampled_from([good[:at] + good[at + 1 :], good[:at] + b"\0" + good[at:], good[:at]])
    )
    with pytest.raises(VerifyError):
        verify(DictSource({**_FILES, path: changed}))
