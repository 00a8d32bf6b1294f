"""Another member's log-side door over HTTP (a Peer): mirrors, witnesses, a log to read."""

from __future__ import annotations

from typing import Final

import httpx

from ledger.errors import FormatError, PeerError
from ledger.formats.unzip import Unzip
from ledger.ports import Answer

CONNECT_SECONDS_MAX: Final = 5.0
ANSWER_SECONDS_MAX: Final = 30.0
ANSWER_BYTES_MAX: Final = 32 * 1024 * 1024


class HttpPeer:
    """Paths below one prefix; every request carries the bearer token when there is one."""

    def __init__(
        self, prefix: str, *, client: httpx.AsyncClient | None = None, token: str | None = None
    ) -> None:
        """prefix ends where the paths begin, with or without a slash; client may be shared."""
        self._prefix = prefix.rstrip("/") + "/"
        self._own = client is None
        self._client = client or new_client()
        self._headers = {"Accept-Encoding": "gzip"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"

    async def post(self, path: str, body: bytes, content_type: str) -> Answer:
        """Send; raises PeerError when no answer came."""
        headers = {**self._headers, "Content-Type": content_type}
        return await self._ask("POST", path, body, headers)

    async def get(self, path: str) -> Answer:
        """Fetch; raises PeerError when no answer came."""
        return await self._ask("GET", path, None, self._headers)

    async def close(self) -> None:
        """Close the connections, when they are this object's own."""
        if self._own:
            await self._client.aclose()

    async def _ask(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> Answer:
        try:
            async with self._client.stream(
                method, self._prefix + path, content=body, headers=headers
            ) as answer:
                return Answer(
                    status=answer.status_code,
                    body=await _bounded(answer),
                    content_type=answer.headers.get("Content-Type", ""),
                )
        except FormatError as error:
            raise PeerError(f"{method} {path}: {error}") from None
        except httpx.HTTPError as error:
            raise PeerError(f"{method} {path}: no answer, {type(error).__name__}") from error


async def _bounded(answer: httpx.Response) -> bytes:
    """The body, read no further than ANSWER_BYTES_MAX; raises FormatError."""
    encoding = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise FormatError("Content-Encoding is not gzip")
    unzip = Unzip(ANSWER_BYTES_MAX) if encoding == "gzip" else None
    body = bytearray()
    async for chunk in answer.aiter_raw():
        body += chunk if unzip is None else unzip.feed(chunk)
        if len(body) > ANSWER_BYTES_MAX:
            raise FormatError(f"an answer of more than {ANSWER_BYTES_MAX} bytes")
    if unzip is not None:
        unzip.finish()
    return bytes(body)


def new_client() -> httpx.AsyncClient:
    """A client with this project's limits; members are few, so connections stay open."""
    timeout = httpx.Timeout(ANSWER_SECONDS_MAX, connect=CONNECT_SECONDS_MAX)
    return httpx.AsyncClient(timeout=timeout, follow_redirects=False)
