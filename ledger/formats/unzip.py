"""gzip (RFC 1952) undone piece by piece, within a bound: a small body may stand for a huge one.

Used where others send us bodies: answers of a log, uploads to a mirror.
"""

from __future__ import annotations

import zlib
from typing import Final

from ledger.errors import FormatError

GZIP_WINDOW: Final = 31  # zlib: a window of 2^15, with a gzip header and trailer


class Unzip:
    """Feed it a gzip stream; what comes out together is at most bytes_max."""

    def __init__(self, bytes_max: int) -> None:
        self._left = bytes_max
        self._stream = zlib.decompressobj(GZIP_WINDOW)

    def feed(self, data: bytes) -> bytes:
        """What these bytes stand for; raises FormatError for no gzip, too much, or a tail."""
        try:
            plain = self._stream.decompress(data, self._left + 1)
        except zlib.error:
            raise FormatError("gzip: not a gzip stream, or a damaged one") from None
        self._left -= len(plain)
        if self._left < 0 or self._stream.unconsumed_tail:
            raise FormatError("gzip: stands for more bytes than are taken here")
        if self._stream.unused_data:
            raise FormatError("gzip: bytes after the end of the stream")
        return plain

    def finish(self) -> None:
        """Raise FormatError unless the stream was whole, its checksum included."""
        if not self._stream.eof:
            raise FormatError("gzip: cut off")
