"""Ids recorded twice are found exactly, in memory and on disk, and nothing is left behind."""

from __future__ import annotations

import hashlib
import random
import tempfile
from pathlib import Path

import pytest

from ledger.verifying.identities_dir import BUCKETS, Identities


def digest(number: int) -> bytes:
    return hashlib.sha256(number.to_bytes(4, "big")).digest()


@pytest.mark.parametrize(
    ("bucket_bytes_max", "whole_rows_max"), [(40, 200_000), (4_000, 7), (65_536, 200_000)]
)
def test_duplicates_are_exactly_those_a_set_finds(
    bucket_bytes_max: int, whole_rows_max: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    chance = random.Random(3)
    numbers = [chance.randrange(4_000) for _ in range(6_000)]
    expected = [n for n, number in enumerate(numbers) if number in numbers[:n]]
    limits = {"bucket_bytes_max": bucket_bytes_max, "whole_rows_max": whole_rows_max}
    with Identities(**limits) as identities:
        for start in range(0, 6_000, 100):
            part = numbers[start : start + 100]
            identities.add(b"".join(map(digest, part)), range(start, start + 100))
        assert identities.known(digest(numbers[0]))
        assert identities.known(digest(numbers[-1]))
        assert not identities.known(digest(4_000))
        assert sorted(identities.duplicates()) == expected
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert len(files) == (BUCKETS if bucket_bytes_max == 40 else 0)
    assert list(tmp_path.iterdir()) == []


def test_identities_that_share_their_first_bytes_are_told_apart() -> None:
    first, second = bytes(31) + b"\x00", bytes(31) + b"\x01"
    with Identities() as identities:
        identities.add(first + second + second, (5, 6, 7))
        assert list(identities.duplicates()) == [7]
        # The number after an identity never passes for the beginning of one.
        assert not identities.known(bytes(30) + b"\x00\x05")


def test_one_identity_over_and_over_is_found_in_pieces(tmp_path: Path) -> None:
    """What a lying log may hold: its duplicates are told without all of them in memory."""
    one, other = digest(1), digest(2)
    with Identities(bucket_bytes_max=4_000, whole_rows_max=100) as identities:
        for start in range(0, 5_000, 500):
            identities.add(one * 500, range(start, start + 500))
        identities.add(other, (5_000,))
        assert list(identities.duplicates()) == list(range(1, 5_000))
        assert identities.known(one)
        assert identities.known(other)
        assert not identities.known(digest(3))
