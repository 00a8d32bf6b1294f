"""Which (author, id) was recorded before, exactly and with bounded memory, however long the log.

Identities are spread over 256 buckets by their first byte (they are hashes, so evenly); a bucket
that grows beyond 64 KB goes to a file in a directory of its own that is removed at the end.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np

BUCKETS: Final = 256
IDENTITY_BYTES: Final = 32
BUCKET_BYTES_MAX: Final = 65_536
_ROW: Final = np.dtype([("head", ">u8"), ("rest", "V24"), ("n", ">u8")])
_ROW_BYTES: Final = 40


class Identities:
    """Takes identities in the order of their entries; tells what was there, and the duplicates."""

    def __init__(self, *, bucket_bytes_max: int = BUCKET_BYTES_MAX) -> None:
        self._buckets = [bytearray() for _ in range(BUCKETS)]
        self._bucket_bytes_max = bucket_bytes_max
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
        for place, n in enumerate(numbers):
            at = place * IDENTITY_BYTES
            bucket = self._buckets[identities[at]]
            bucket += identities[at : at + IDENTITY_BYTES]
            bucket += n.to_bytes(8, "big")
            if len(bucket) >= self._bucket_bytes_max:
                self._spill(identities[at])

    def known(self, identity: bytes) -> bool:
        """Whether this identity was added before."""
        rows = self._rows(identity[0])
        at = rows.find(identity)
        while at >= 0 and at % _ROW_BYTES:
            at = rows.find(identity, at + 1)
        return at >= 0

    def duplicates(self) -> Iterator[int]:
        """The number of every entry whose identity an earlier entry has, bucket by bucket."""
        for number in range(BUCKETS):
            rows = self._rows(number)
            heads = np.sort(np.frombuffer(rows, dtype=_ROW)["head"])
            again = heads[1:][heads[1:] == heads[:-1]]
            if len(again):
                yield from _later(rows, set(again.tolist()))

    def _rows(self, number: int) -> bytes:
        path = self._path(number)
        stored = path.read_bytes() if path is not None and path.exists() else b""
        return stored + bytes(self._buckets[number])

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


def _later(rows: bytes, heads: set[int]) -> Iterator[int]:
    """The later numbers among rows whose first eight bytes occur more than once."""
    seen: set[bytes] = set()
    for at in range(0, len(rows), _ROW_BYTES):
        if int.from_bytes(rows[at : at + 8], "big") in heads:
            identity = rows[at : at + IDENTITY_BYTES]
            if identity in seen:
                yield int.from_bytes(rows[at + IDENTITY_BYTES : at + _ROW_BYTES], "big")
            seen.add(identity)
