"""Which (author, id) was recorded before, exactly and with bounded memory, however long the log.

Identities are spread over 256 buckets by a multiplication with a number drawn anew each time, so
that nobody can write a log whose ids all fall in one; a bucket that grows beyond 64 KB goes to a
file in a directory of its own that is removed at the end.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
import numpy.typing as npt

BUCKETS: Final = 256
IDENTITY_BYTES: Final = 32
BUCKET_BYTES_MAX: Final = 65_536
WHOLE_ROWS_MAX: Final = 200_000  # a larger bucket (one id, over and over) is read in pieces
_ROW: Final = np.dtype([("head", ">u8"), ("rest", "V24"), ("n", ">u8")])
_ROW_BYTES: Final = 40


class Identities:
    """Takes identities in the order of their entries; tells what was there, and the duplicates."""

    def __init__(
        self,
        *,
        bucket_bytes_max: int = BUCKET_BYTES_MAX,
        whole_rows_max: int = WHOLE_ROWS_MAX,
    ) -> None:
        self._buckets = [bytearray() for _ in range(BUCKETS)]
        self._bucket_bytes_max = bucket_bytes_max
        self._whole_bytes_max = whole_rows_max * _ROW_BYTES
        self._factor = np.uint64(secrets.randbits(64) | 1)
        self._directory: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove the files."""
        if self._directory is not None:
            self._directory.cleanup()
            self._directory = None

    def add(self, identities: bytes, numbers: Sequence[int]) -> None:
        """Take 32 bytes for each entry number."""
        rows = np.zeros(len(numbers), dtype=[("identity", "V32"), ("n", ">u8")])
        rows["identity"] = np.frombuffer(identities, dtype="V32")
        rows["n"] = numbers
        buckets = self._buckets_of(identities)
        order = np.argsort(buckets, kind="stable")
        data = rows[order].tobytes()
        ends = np.searchsorted(buckets[order], np.arange(BUCKETS), side="right").tolist()
        start = 0
        for number, end in enumerate(ends):
            if end > start:
                bucket = self._buckets[number]
                bucket += data[start * _ROW_BYTES : end * _ROW_BYTES]
                if len(bucket) >= self._bucket_bytes_max:
                    self._spill(number)
            start = end

    def known(self, identity: bytes) -> bool:
        """Whether this identity was added before."""
        return any(
            _found(piece, identity) for piece in self._pieces(int(self._buckets_of(identity)[0]))
        )

    def duplicates(self) -> Iterator[int]:
        """The number of every entry whose identity an earlier entry has, bucket by bucket."""
        for number in range(BUCKETS):
            if self._bytes_in(number) > self._whole_bytes_max:
                yield from _repeated(self._pieces(number))
                continue
            rows = b"".join(self._pieces(number))
            heads = np.sort(np.frombuffer(rows, dtype=_ROW)["head"])
            again = heads[1:][heads[1:] == heads[:-1]]
            if len(again):
                yield from _repeated([rows], set(again.tolist()))

    def _buckets_of(self, identities: bytes) -> npt.NDArray[np.uint64]:
        """By multiply-shift hashing: two that differ meet with a chance of 2 in BUCKETS."""
        words = np.frombuffer(identities, dtype=">u8")[:: IDENTITY_BYTES // 8].astype(np.uint64)
        return (words * self._factor) >> np.uint64(56)

    def _bytes_in(self, number: int) -> int:
        path = self._path(number)
        stored = path.stat().st_size if path is not None and path.exists() else 0
        return stored + len(self._buckets[number])

    def _pieces(self, number: int) -> Iterator[bytes]:
        """The rows of a bucket, in the order they came, some at a time."""
        path = self._path(number)
        if path is not None and path.exists():
            with path.open("rb") as file:
                while piece := file.read(self._whole_bytes_max):
                    yield piece
        yield bytes(self._buckets[number])

    def _path(self, number: int) -> Path | None:
        if self._directory is None:
            return None
        return Path(self._directory.name) / f"{number:02x}"

    def _spill(self, number: int) -> None:
        if self._directory is None:
            self._directory = tempfile.TemporaryDirectory(prefix="vastedag-identities-")
        with (Path(self._directory.name) / f"{number:02x}").open("ab") as file:
            file.write(self._buckets[number])
        self._buckets[number].clear()


def _found(rows: bytes, identity: bytes) -> bool:
    at = rows.find(identity)
    while at >= 0 and at % _ROW_BYTES:
        at = rows.find(identity, at + 1)
    return at >= 0


def _repeated(
    pieces: Iterator[bytes] | Sequence[bytes], heads: set[int] | None = None
) -> Iterator[int]:
    """The later numbers of rows with one identity; heads: only rows that begin so are looked at."""
    seen: set[bytes] = set()
    for rows in pieces:
        for at in range(0, len(rows), _ROW_BYTES):
            if heads is None or int.from_bytes(rows[at : at + 8], "big") in heads:
                identity = rows[at : at + IDENTITY_BYTES]
                if identity in seen:
                    yield int.from_bytes(rows[at + IDENTITY_BYTES : at + _ROW_BYTES], "big")
                seen.add(identity)
