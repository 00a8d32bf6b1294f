"""A log's tree over HTTP, as verify.py reads it: blocking, from several threads."""

from __future__ import annotations

from typing import Final

import httpx

from ledger.errors import FormatError, PeerError
from ledger.formats.merkle import HASH_BYTES
from ledger.formats.tiles import BUNDLE_BYTES_MAX, TILE_WIDTH
from ledger.formats.unzip import Unzip

ANSWER_SECONDS_MAX: Final = 30.0
TRIES: Final = 4
TEXT_BYTES_MAX: Final = 1024 * 1024  # a checkpoint, vkey or policy
TILE_BYTES_MAX: Final = TILE_WIDTH * HASH_BYTES


class HttpSource:
    """A TileSource below a URL prefix; entry bundles need the token of an auditor or member."""

    def __init__(self, prefix: str, *, token: str | None = None) -> None:
        """prefix is what stands before `/checkpoint`."""
        self._prefix = prefix.rstrip("/") + "/"
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        headers["Accept-Encoding"] = "gzip"  # which a log may also use unasked (tlog-tiles)
        self._client = httpx.Client(
            timeout=ANSWER_SECONDS_MAX, headers=headers, follow_redirects=True
        )

    def read(self, path: str) -> bytes:
        """The bytes at a path; raises PeerError when there are none."""
        for attempt in range(1, TRIES + 1):
            try:
                with self._client.stream("GET", self._prefix + path) as answer:
                    if answer.status_code in (401, 403):
                        raise PeerError(f"{path}: status {answer.status_code}; give a token")
                    if answer.status_code != httpx.codes.OK:
                        raise PeerError(f"{path}: status {answer.status_code}")
                    return _bounded(path, answer)
            except httpx.TransportError as error:
                if attempt == TRIES:
                    raise PeerError(
                        f"{path}: no answer, {type(error).__name__}; is the log running?"
                    ) from error
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _bounded(path: str, answer: httpx.Response) -> bytes:
    """The body, read no further than what may stand at this path; raises PeerError."""
    limit = TEXT_BYTES_MAX
    if path.startswith("tile/"):
        limit = BUNDLE_BYTES_MAX if path.startswith("tile/entries/") else TILE_BYTES_MAX
    encoding = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise PeerError(f"{path}: Content-Encoding is not gzip")
    unzip = Unzip(limit) if encoding == "gzip" else None
    body = bytearray()
    try:
        for chunk in answer.iter_raw():
            body += chunk if unzip is None else unzip.feed(chunk)
            if len(body) > limit:
                raise PeerError(f"{path}: more than {limit} bytes")
        if unzip is not None:
            unzip.finish()
    except FormatError as error:
        raise PeerError(f"{path}: {error}") from None
    return bytes(body)
