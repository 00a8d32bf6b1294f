"""What holds for every answer of the web side: headers, limits, a request id, one log line.

A plain ASGI layer outside all routes, so that an answer of the framework itself (404, 405, our own
error) has the headers too. Log lines hold method, route, status and time; never an address that was
filled in, a query, a cookie, a body or an exception's text.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
import traceback
from pathlib import PurePath
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from node.portal.problems import plain_problem, problem_answer

API_VERSION: Final = "1.0.0"
BODY_BYTES_MAX: Final = 1_048_576
BODY_SECONDS_MAX: Final = 30.0
BODY_PAUSE_SECONDS_MAX: Final = 5.0
BODY_BYTES_MAX_BY_PREFIX: Final = (
    ("/mijn", 8_192), ("/balie", 16_384), ("/wijk", 16_384), ("/v1/events", 262_144),
    ("/toezicht", 270_336),  # a disclosed decision and the form around it
)  # fmt: skip
PAGE_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": PAGE_POLICY,
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
LOG: Final = logging.getLogger("vastedag.web")


class BodyTooLargeError(HTTPException):
    """A body past its limit; reading stopped there."""

    def __init__(self) -> None:
        super().__init__(status_code=413)


class BodyTooSlowError(HTTPException):
    """A body that did not come whole in its time; the connection is of no further use."""

    def __init__(self) -> None:
        super().__init__(status_code=408, headers={"Connection": "close"})


class Guard:
    """Wraps an ASGI app. Anything the app lets escape becomes a 500 problem without its text."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id, begun, answered = secrets.token_hex(8), time.monotonic(), [0]

        async def guarded_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered[0] = int(message["status"])
                _complete(MutableHeaders(scope=message), scope["path"], request_id)
            await send(message)

        try:
            await self._app(scope, _limited(receive, scope), guarded_send)
        except Exception as error:  # the edge of the program: told in the log, never to the visitor
            LOG.error("error request=%s kind=%s at=%s", request_id, *_place_of(error))
            if not answered[0]:
                status = 500
                if isinstance(error, BodyTooLargeError | BodyTooSlowError):
                    status = error.status_code
                await problem_answer(plain_problem(status))(scope, receive, guarded_send)
        finally:
            LOG.info(
                "answer request=%s method=%s route=%s status=%d milliseconds=%d",
                request_id,
                scope["method"] if scope["method"].isalpha() else "?",
                _route_of(scope),
                answered[0],
                (time.monotonic() - begun) * 1000,
            )


def body_bytes_max(path: str) -> int:
    """How many bytes a body may have at this address."""
    for prefix, limit in BODY_BYTES_MAX_BY_PREFIX:
        if path == prefix or path.startswith(prefix + "/"):
            return limit
    return BODY_BYTES_MAX


def _limited(receive: Receive, scope: Scope) -> Receive:
    limit, read = body_bytes_max(scope["path"]), [0]
    declared = Headers(scope=scope).get("content-length", "0")
    too_large = declared.isdecimal() and int(declared[:20]) > limit

    whole = asyncio.get_running_loop().time() + BODY_SECONDS_MAX
    ended = [False]

    async def guarded_receive() -> Message:
        if too_large:
            raise BodyTooLargeError
        if ended[0]:  # only the end of the connection is left to wait for
            return await receive()
        left = whole - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(min(left, BODY_PAUSE_SECONDS_MAX)):
                message = await receive()
        except TimeoutError:
            raise BodyTooSlowError from None
        ended[0] = not message.get("more_body", False)
        if message["type"] == "http.request":
            read[0] += len(message.get("body", b""))
            if read[0] > limit:
                raise BodyTooLargeError
        return message

    return guarded_receive


def _complete(headers: MutableHeaders, path: str, request_id: str) -> None:
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    headers.setdefault("Cache-Control", "no-store")
    headers["X-Request-Id"] = request_id
    if path == "/v1" or path.startswith("/v1/"):
        headers["API-Version"] = API_VERSION
    if "server" in headers:
        del headers["server"]


def _route_of(scope: Scope) -> str:
    """The route as it is declared, such as `/mijn/maand/{month}`; never what was filled in."""
    declared = getattr(scope.get("route"), "path", None)
    return f"{scope.get('root_path', '')}{declared}" if declared else "-"


def _place_of(error: BaseException) -> tuple[str, str]:
    """Kind and place in the code of an error, without its text."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    places = [f"{PurePath(frame.filename).name}:{frame.lineno}" for frame in frames]
    return type(error).__name__, " < ".join(reversed(places))
