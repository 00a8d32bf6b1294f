"""Reading the log without the framework's layers: what succeeds below `/log/` is answered here.

What is in memory is answered by the connection at once (at_once.py), the rest by this ASGI layer.
The same headers, request id and log line as guard.py gives every answer; a refusal is left to the
route (routes_log.py), so that there is one place that words it.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from ledger.ports import Answer
from node.encodings import takes_gzip
from node.portal import at_once
from node.portal.guard import HEADERS, LOG
from node.portal.surface import LogPort

PREFIX: Final = "/log/"
PREFIX_BYTES: Final = PREFIX.encode()
OK: Final = 200
OPEN_TO_ALL: Final = ("public", "no-cache")  # how the caching of an answer begins that any may read
_RESOURCE_POLICY: Final = b"cross-origin-resource-policy"
_ALWAYS: Final = [
    (name, value.encode())
    for name, value in ((name.lower().encode(), value) for name, value in HEADERS.items())
    if name != _RESOURCE_POLICY
]
# Hashes and signed heads prove things to any browser, on any page.
_FOR_ALL: Final = [(b"access-control-allow-origin", b"*"), (_RESOURCE_POLICY, b"cross-origin")]
_FOR_OURS: Final = [(_RESOURCE_POLICY, HEADERS["Cross-Origin-Resource-Policy"].encode())]
_VARIES: Final = (b"vary", b"Accept-Encoding, Authorization")

RawHeaders = list[tuple[bytes, bytes]]


class LogReads:
    """Wraps the guarded app; GET below `/log/` is answered from the log's port."""

    def __init__(
        self, app: ASGIApp, log: LogPort, may_read_entries: Callable[[str | None], bool]
    ) -> None:
        self._app = app
        self._log = log
        self._may_read_entries = may_read_entries

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        if not path.startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        begun = time.monotonic()
        allowed, gzip = self._asked(scope["headers"])
        path = path.removeprefix(PREFIX)
        answer = await self._log.get(path, entries_allowed=allowed, gzip=gzip)
        if answer.status != OK:
            await self._app(scope, receive, send)
            return
        request_id = _told(begun)
        headers = [*raw_headers(answer), *_ALWAYS, (b"x-request-id", request_id.encode())]
        await send({"type": "http.response.start", "status": OK, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    def at_once(self, target: bytes, headers: at_once.RawHeaders) -> tuple[bytes, bytes] | None:
        """What the log's port has in memory (AnswersAtOnce)."""
        if not target.startswith(PREFIX_BYTES):
            return None
        begun = time.monotonic()
        allowed, gzip = self._asked(headers)
        path = target[len(PREFIX_BYTES) :].decode("latin-1")
        answer = self._log.kept(path, entries_allowed=allowed, gzip=gzip)
        if answer is None or answer.status != OK:
            return None
        lines = b"%bcontent-length: %d\r\nx-request-id: %b\r\n" % (
            _lines(answer.content_type, answer.cache, answer.encoding),
            len(answer.body),
            _told(begun).encode(),
        )
        return lines, answer.body

    def _asked(self, headers: Iterable[tuple[bytes, bytes]]) -> tuple[bool, bool]:
        """Whether entries may be shown, and whether gzip is taken."""
        authorization, gzip = None, False
        for name, value in headers:
            if name == b"authorization":
                authorization = value.decode("latin-1")
            elif name == b"accept-encoding":
                gzip = takes_gzip(value.decode("latin-1"))
        allowed = authorization is not None and self._may_read_entries(authorization)
        return allowed, gzip


def raw_headers(answer: Answer) -> RawHeaders:
    """The headers of one answer of the log."""
    length = (b"content-length", b"%d" % len(answer.body))
    return [length, *_headers(answer.content_type, answer.cache, answer.encoding)]


def _told(begun: float) -> str:
    """The id of an answer that is given now, after its line in the log."""
    request_id = secrets.token_hex(8)
    if LOG.isEnabledFor(logging.INFO):
        LOG.info(
            "answer request=%s method=GET route=/log/{path:path} status=200 milliseconds=%d",
            request_id,
            (time.monotonic() - begun) * 1000,
        )
    return request_id


@lru_cache(32)
def _headers(content_type: str, cache: str, encoding: str | None) -> RawHeaders:
    headers = [(b"content-type", content_type.encode()), (b"cache-control", cache.encode())]
    headers += _FOR_ALL if cache.startswith(OPEN_TO_ALL) else _FOR_OURS
    if cache.startswith("private"):
        headers.append(_VARIES)
    if encoding is not None:
        headers.append((b"content-encoding", encoding.encode()))
    return headers


@lru_cache(32)
def _lines(content_type: str, cache: str, encoding: str | None) -> bytes:
    """All header lines of an answer but its length and its id."""
    headers = [*_headers(content_type, cache, encoding), *_ALWAYS]
    return b"".join(b"%b: %b\r\n" % each for each in headers)
