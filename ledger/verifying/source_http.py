"""A log's tree over HTTP, as verify.py reads it: blocking, from several threads."""

from __future__ import annotations

from typing import Final

import httpx

from ledger.errors import PeerError

ANSWER_SECONDS_MAX: Final = 30.0
TRIES: Final = 4


class HttpSource:
    """A TileSource below a URL prefix; entry bundles need the token of an auditor or member."""

    def __init__(self, prefix: str, *, token: str | None = None) -> None:
        """prefix is what stands before `/checkpoint`."""
        self._prefix = prefix.rstrip("/") + "/"
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        # httpx undoes gzip, which a log may use unasked (tlog-tiles).
        self._client = httpx.Client(
            timeout=ANSWER_SECONDS_MAX, headers=headers, follow_redirects=True
        )

    def read(self, path: str) -> bytes:
        """The bytes at a path; raises PeerError when there are none."""
        for attempt in range(1, TRIES + 1):
            try:
                answer = self._client.get(self._prefix + path)
            except httpx.TransportError as error:
                if attempt == TRIES:
                    raise PeerError(
                        f"{path}: no answer, {type(error).__name__}; is the log running?"
                    ) from error
                continue
            if answer.status_code in (401, 403):
                raise PeerError(f"{path}: status {answer.status_code}; give a token")
            if answer.status_code != 200:
                raise PeerError(f"{path}: status {answer.status_code}")
            return answer.content
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
