"""uvicorn's HTTP/1.1 protocol with the limits it lacks: a head must come whole, soon, and small.

The time for a body, and its size, are the app's to limit (guard.py, routes_machine.py): by then
there is somebody to answer a problem document. Here the answer is one of a few fixed ones. Who is
still sending when he is refused can read why: the connection lingers before it closes. What the
app has in memory (at_once.py) is answered right here.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from node.portal.at_once import AnswersAtOnce
from node.portal.problems import PROBLEM_JSON, plain_problem

HEAD_BYTES_MAX: Final = 32_768  # request line and headers
HEAD_SECONDS_MAX: Final = 10.0  # from the first byte, or from the opening of the connection
LINGER_SECONDS: Final = 2.0  # how long what a refused sender still sends is read and dropped
# A body, another protocol, an answer before the body: all that is the app's to deal with.
HEADERS_OF_MORE: Final = (b"content-length", b"transfer-encoding", b"upgrade", b"expect")
REASONS: Final = {400: b"Bad Request", 408: b"Request Timeout", 431: b"Headers Too Large"}


class LingeringTransport:
    """A transport whose `close` lets the other side read the answer (RFC 9112, 9.6).

    Closing a socket on which unread bytes arrive makes TCP reset it, and the reset may overtake the
    answer. So our side ends first; what still comes is dropped until the other side ends or
    LINGER_SECONDS have passed.
    """

    def __init__(self, transport: asyncio.Transport, is_sending: Callable[[], bool]) -> None:
        """is_sending: whether the other side is in the middle of a request."""
        self._transport = transport
        self._is_sending = is_sending
        self._ending = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        """Whether nothing more is to be read or answered here."""
        return self._ending or self._transport.is_closing()

    def close(self) -> None:
        """End our side now, and the connection when the other side has had time to read."""
        if self.is_closing():
            return
        if not self._is_sending():
            self._transport.close()
            return
        self._ending = True
        self._transport.write_eof()
        self._transport.resume_reading()
        asyncio.get_running_loop().call_later(LINGER_SECONDS, self._transport.close)


class BoundedHttp(HttpToolsProtocol):
    """One connection; ends it with 408 or 431 when a head is too slow or too large."""

    memory: AnswersAtOnce | None = None
    _timer: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _header_bytes = 0
    _in_body = False
    _answered = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Give the first head its time."""
        lingering = LingeringTransport(transport, lambda: self._in_body or self._head_bytes > 0)
        super().connection_made(cast(asyncio.Transport, lingering))
        self._timer = self.loop.call_later(HEAD_SECONDS_MAX, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count and time what belongs to a head; the rest is uvicorn's."""
        if self.transport.is_closing():
            return
        if not self._in_body:
            self._head_bytes += len(data)
            if self._timer is None:
                self._timer = self.loop.call_later(HEAD_SECONDS_MAX, self._too_slow)
        super().data_received(data)
        # What came in one piece with a body or the next request counts for no head.
        if not self._in_body and self._head_bytes > HEAD_BYTES_MAX:
            self._refuse(431)

    def on_message_begin(self) -> None:
        """A new head."""
        self._header_bytes = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Headers, and the trailers of a chunked body, up to the limit."""
        self._header_bytes += len(name) + len(value)
        if self._header_bytes <= HEAD_BYTES_MAX:
            super().on_header(name, value)
        else:
            self._refuse(431)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._stop_timer()
        self._head_bytes, self._in_body = 0, True
        self._answered = self._answer_at_once()
        if not self._answered:
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """What comes next is another head."""
        self._head_bytes, self._in_body = 0, False
        if not self._answered:
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP is refused in the same words as all else."""
        del msg
        self._refuse(400)

    def _answer_at_once(self) -> bool:
        """Answer from memory: a GET without a body, when nothing else is under way here."""
        if self.memory is None or self.parser.get_method() != b"GET" or self.flow.write_paused:
            return False
        if self.cycle is not None and not self.cycle.response_complete:
            return False
        if self.parser.get_http_version() != "1.1" or not self.parser.should_keep_alive():
            return False
        if any(name in HEADERS_OF_MORE for name, _ in self.headers):
            return False
        found = self.memory.at_once(self.url, self.headers)
        if found is None:
            return False
        headers, body = found
        ours = b"".join(b"%b: %b\r\n" % each for each in self.server_state.default_headers)
        self.transport.write(b"".join((b"HTTP/1.1 200 OK\r\n", ours, headers, b"\r\n", body)))
        self.on_response_complete()
        return True

    def _too_slow(self) -> None:
        self._timer = None
        self._refuse(408)

    def _refuse(self, status: int) -> None:
        """Answer and end the connection, unless an answer is under way on it."""
        self._stop_timer()
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:
            body = json.dumps(plain_problem(status).as_json()).encode()
            self.transport.write(
                b"HTTP/1.1 %d %s\r\ncontent-type: %s\r\ncontent-length: %d\r\n"
                b"cache-control: no-store\r\nx-content-type-options: nosniff\r\n"
                b"connection: close\r\n\r\n"
                % (status, REASONS[status], PROBLEM_JSON.encode(), len(body))
                + body
            )
        self.transport.close()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
