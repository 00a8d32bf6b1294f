"""An open-loop HTTP load: requests leave at their times, whether earlier ones were answered or not.

A latency is counted from the time a request was due, so that a server that stalls pays for all
that had to wait (no coordinated omission). Keep-alive connections in turn, one request each at a
time, so that none stands idle until the server ends it; one that ended all the same is opened anew.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final, cast

CONNECTIONS: Final = 64
DRAIN_SECONDS_MAX: Final = 10.0
_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is sent: request bytes with the number of body bytes expected (None: any)."""

    host: str
    ports: tuple[int, ...]
    requests: Sequence[tuple[bytes, int | None]]
    per_second: float
    seconds: float


@dataclass(slots=True, kw_only=True)
class Measured:
    """What came of it; latencies in seconds, in the order of the answers."""

    sent: int = 0
    errors: int = 0
    begun: float = 0.0  # by `perf_counter`, which all processes of a machine share on Linux
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    answered: list[int] = field(default_factory=list)  # number of the request of each latency
    late: list[float] = field(default_factory=list)  # how long after its time a request was sent
    server_seconds: list[float] = field(default_factory=list)  # as the servers tell, if they do
    bodies: dict[int, bytes] = field(default_factory=dict)  # of the requests that were asked for


class _Connection(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._buffer = bytearray()
        self._wanted: int | None = None  # bytes of the whole answer, once its head was read
        self._ok = False
        self.asked = False
        self.request = -1
        self.due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name

    def send(self, request: int, due: float, content: bytes) -> None:
        """Ask; one request at a time."""
        self.request, self.due, self.asked = request, due, True
        self.transport.write(content)

    def data_received(self, data: bytes) -> None:
        if not self.asked:  # told why the connection ends, without having asked
            self.transport.close()
            return
        self._buffer += data
        if self._wanted is None:
            end = self._buffer.find(_END)
            if end < 0:
                return
            head = bytes(self._buffer[:end]).lower()
            self._ok = head.startswith(b"http/1.1 200 ")
            at = head.index(_LENGTH) + len(_LENGTH)
            self._wanted = end + len(_END) + int(head[at:].split(b"\r\n", 1)[0])
            self._head = end + len(_END)
        if len(self._buffer) >= self._wanted:
            body = bytes(self._buffer[self._head : self._wanted])
            self._buffer.clear()
            self._wanted, self.asked = None, False
            self._run.answered(self, self._ok, body)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._run.lost(self)


class _Run:
    """The state of one load."""

    def __init__(self, load: Load, keep: frozenset[int]) -> None:
        self.load = load
        self.keep = keep
        self.measured = Measured()
        self.idle: deque[_Connection] = deque()
        self.waiting: deque[tuple[int, float]] = deque()
        self.everyone: list[_Connection] = []
        self.opening: set[asyncio.Future[None]] = set()
        self.opened = 0
        self.ended = False

    def answered(self, connection: _Connection, ok: bool, body: bytes) -> None:
        """Count it and let the next one go."""
        measured, request = self.measured, connection.request
        expected = self.load.requests[request % len(self.load.requests)][1]
        if not ok or (expected is not None and len(body) != expected):
            measured.errors += 1
        measured.latencies.append(perf_counter() - connection.due)
        measured.answered.append(request)
        if request in self.keep:
            measured.bodies[request] = body
        if self.waiting:
            self._send(connection, *self.waiting.popleft())
        else:
            self.idle.append(connection)

    def lost(self, connection: _Connection) -> None:
        """A server may close what it was not asked on for long; under way it is an error."""
        if connection in self.idle:
            self.idle.remove(connection)
        if self.ended:
            return
        if connection.asked:
            self.measured.errors += 1
        self.opening.add(asyncio.ensure_future(self.open()))

    def fire(self, request: int, due: float) -> None:
        """This request is due."""
        self.measured.sent += 1
        self.measured.late.append(perf_counter() - due)
        while self.idle:
            connection = self.idle.popleft()
            if not connection.transport.is_closing():
                self._send(connection, request, due)
                return
        self.waiting.append((request, due))

    async def open(self) -> None:
        """One more connection, to the next port in turn; it takes what waits."""
        port = self.load.ports[self.opened % len(self.load.ports)]
        self.opened += 1
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(
            lambda: _Connection(self), self.load.host, port
        )
        self.everyone.append(connection)
        if self.waiting:
            self._send(connection, *self.waiting.popleft())
        else:
            self.idle.append(connection)

    def _send(self, connection: _Connection, request: int, due: float) -> None:
        connection.send(request, due, self.load.requests[request % len(self.load.requests)][0])


async def run_load(load: Load, keep: frozenset[int] = frozenset()) -> Measured:
    """Send it all and wait for the last answers; keep: requests whose bodies are wanted."""
    run = _Run(load, keep)
    for _ in range(CONNECTIONS):
        await run.open()
    count = round(load.per_second * load.seconds)
    begun = run.measured.begun = perf_counter()
    request = 0
    while request < count:
        now = perf_counter()
        while request < count and begun + request / load.per_second <= now:
            run.fire(request, begun + request / load.per_second)
            request += 1
        await asyncio.sleep(max(0.0, begun + request / load.per_second - perf_counter()))
    deadline = perf_counter() + DRAIN_SECONDS_MAX
    while len(run.measured.latencies) < count and perf_counter() < deadline:
        await asyncio.sleep(0.005)
    run.measured.seconds = perf_counter() - begun
    run.measured.errors += count - len(run.measured.latencies)
    run.ended = True
    await asyncio.gather(*run.opening)
    for connection in run.everyone:
        connection.transport.close()
    return run.measured


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all does not exceed; values sorted."""
    return values[max(0, math.ceil(len(values) * share) - 1)]
