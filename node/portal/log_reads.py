"""Reading the log without the framework's layers: what succeeds below `/log/` is answered here.

The same headers, request id and log line as guard.py gives every answer; a refusal is left to the
route (routes_log.py), so that there is one place that words it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from ledger.ports import Answer
from node.encodings import takes_gzip
from node.portal.guard import HEADERS, LOG
from node.portal.surface import LogPort

PREFIX: Final = "/log/"
OK: Final = 200
_ALWAYS: Final = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
_FOR_ALL: Final = (b"access-control-allow-origin", b"*")  # hash tiles prove things to any browser

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
        authorization, gzip = _asked(scope["headers"])
        allowed = authorization is not None and self._may_read_entries(authorization)
        path = path.removeprefix(PREFIX)
        answer = self._log.kept(path, entries_allowed=allowed, gzip=gzip)
        if answer is None:
            answer = await self._log.get(path, entries_allowed=allowed, gzip=gzip)
        if answer.status != OK:
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        headers = [*raw_headers(answer), *_ALWAYS, (b"x-request-id", request_id.encode())]
        await send({"type": "http.response.start", "status": OK, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})
        if LOG.isEnabledFor(20):  # logging.INFO
            LOG.info(
                "answer request=%s method=GET route=/log/{path:path} status=200 milliseconds=%d",
                request_id,
                (time.monotonic() - begun) * 1000,
            )


def raw_headers(answer: Answer) -> RawHeaders:
    """The headers of one answer of the log."""
    headers = [
        (b"content-type", answer.content_type.encode()),
        (b"content-length", b"%d" % len(answer.body)),
        (b"cache-control", answer.cache.encode()),
    ]
    if answer.cache.startswith("public"):
        headers.append(_FOR_ALL)
    elif answer.cache.startswith("private"):
        headers.append((b"vary", b"Accept-Encoding, Authorization"))
    if answer.encoding is not None:
        headers.append((b"content-encoding", answer.encoding.encode()))
    return headers


def _asked(headers: Iterable[tuple[bytes, bytes]]) -> tuple[str | None, bool]:
    authorization, gzip = None, False
    for name, value in headers:
        if name == b"authorization":
            authorization = value.decode("latin-1")
        elif name == b"accept-encoding":
            gzip = takes_gzip(value.decode("latin-1"))
    return authorization, gzip
