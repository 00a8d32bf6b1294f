"""Very many small requests: several processes, many connections each, one request each at a time.

Every answer is looked at: its status must be the expected one. Started by the bad-input test.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import cast
from urllib.parse import urlsplit

import uvloop

PROCESSES = 3  # the fourth core is the server's
CONNECTIONS = 16
_END = b"\r\n\r\n"
_LENGTH = b"content-length: "


def flood(url: str, requests: int, expected: int) -> int:
    """POST the numbers below `requests`, each as a body; how many were answered as expected.

    Raises AssertionError at the first other answer.
    """
    share = -(-requests // PROCESSES)
    shares = [(at, min(requests, at + share)) for at in range(0, requests, share)]
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(len(shares), mp_context=spawn) as pool:
        running = [pool.submit(_sent, url, *each, expected) for each in shares]
        return sum(each.result() for each in running)


def _sent(url: str, first: int, last: int, expected: int) -> int:
    return uvloop.run(_all(url, first, last, expected))


async def _all(url: str, first: int, last: int, expected: int) -> int:
    at = urlsplit(url)
    assert at.hostname is not None
    numbers = iter(range(first, last))
    loop = asyncio.get_running_loop()
    connections = []
    head = f"POST {at.path} HTTP/1.1\r\nHost: {at.netloc}\r\nContent-Length: ".encode()
    for _ in range(min(CONNECTIONS, last - first)):
        ended: asyncio.Future[int] = loop.create_future()
        made = partial(_Connection, head, numbers, expected, ended)
        await loop.create_connection(made, at.hostname, at.port)
        connections.append(ended)
    return sum(await asyncio.gather(*connections))


class _Connection(asyncio.Protocol):
    """Sends the next number as soon as the one before is answered."""

    def __init__(
        self, head: bytes, numbers: Iterator[int], expected: int, ended: asyncio.Future[int]
    ) -> None:
        self._head = head
        self._numbers = numbers
        self._status = b"HTTP/1.1 %d " % expected
        self._ended = ended
        self._buffer = b""
        self._answered = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._next()

    def _next(self) -> None:
        number = next(self._numbers, None)
        if number is None:
            self._transport.close()
            self._ended.set_result(self._answered)
            return
        body = b"%d" % number
        self._transport.write(b"%b%d\r\n\r\n%b" % (self._head, len(body), body))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, rest = self._buffer.partition(_END)
        if not end:
            return
        at = head.lower().index(_LENGTH) + len(_LENGTH)
        if len(rest) < int(head[at:].split(b"\r\n", 1)[0]):
            return
        if not head.startswith(self._status):
            self._fail(head.split(b"\r\n", 1)[0].decode("latin-1"))
            return
        self._buffer = b""
        self._answered += 1
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(f"the connection ended ({exc})")

    def _fail(self, what: str) -> None:
        if not self._ended.done():
            self._ended.set_exception(AssertionError(f"after {self._answered} answers: {what}"))
            self._transport.close()
