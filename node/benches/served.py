"""Servers in processes of their own under an open-loop load from another process.

What is served is the caller's; the limit of the machine is a bare asyncio server (`bare`) under the
same load. Latency is the client's, from the moment a request was due. Server time is the wall time
of an answer within the server, from the head that was read to the last byte that was handed to the
kernel; a server tells it when it is `Timed`.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from time import perf_counter
from typing import Any, Final, cast

import uvloop
from starlette.types import ASGIApp, Receive, Scope, Send

from ledger.benches.bench_limits import cpu_seconds
from node.benches.load_open_loop import Load, Measured, percentile, run_load
from node.errors import UnavailableError

HOST: Final = "127.0.0.1"
START_SECONDS_MAX: Final = 60
WARM_SECONDS: Final = 3.0

Request = tuple[bytes, int | None]


def measured(
    context: multiprocessing.context.SpawnContext,
    serve: Any,
    arguments: tuple[Any, ...],
    requests: Sequence[Request],
    keep: Sequence[int],
    per_second: float,
    seconds: float,
    processes: int,
    *,
    timed: bool = False,
) -> tuple[Measured, float]:
    """What the load found, and the processor time of the servers. timed: they tell their times."""
    port, servers, pipes = 0, list[BaseProcess](), list[Connection]()
    try:
        for _ in range(processes):
            ours, theirs = context.Pipe()
            server: BaseProcess = context.Process(
                target=serve, args=(*arguments, port, theirs), daemon=True
            )
            server.start()
            servers.append(server)
            pipes.append(ours)
            port = _heard(ours)
        load = Load(
            host=HOST, ports=(port,), requests=requests, per_second=per_second, seconds=seconds
        )
        pids = [_pid(each) for each in servers]
        found, cpu = _loaded(context, load, keep, pids)
        if timed:
            found.server_seconds = [
                lasted for pipe in pipes for at, lasted in _times(pipe) if at >= found.begun
            ]
        return found, cpu
    finally:
        for server in servers:
            server.terminate()
            server.join()


def _loaded(
    context: multiprocessing.context.SpawnContext,
    load: Load,
    keep: Sequence[int],
    servers: Sequence[int],
) -> tuple[Measured, float]:
    ours, theirs = context.Pipe()
    arguments = (load, frozenset(keep), servers, theirs)
    process = context.Process(target=_load, args=arguments, daemon=True)
    process.start()
    try:
        if not ours.poll(load.seconds + WARM_SECONDS + START_SECONDS_MAX):
            raise UnavailableError("bench: the load did not end in time")
        found: tuple[Measured, float] = ours.recv()
        return found
    finally:
        process.terminate()
        process.join()


def _load(load: Load, keep: frozenset[int], servers: Sequence[int], told: Connection) -> None:
    async def run() -> tuple[Measured, float]:
        # First fill what is kept in memory, as it is at a server that has run for a while.
        await run_load(replace(load, seconds=min(WARM_SECONDS, load.seconds)))
        before = sum(map(cpu_seconds, servers))
        found = await run_load(load, keep)
        return found, sum(map(cpu_seconds, servers)) - before

    told.send(uvloop.run(run()))


class Timed:
    """An ASGI app with the wall time of each of its answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._times: list[tuple[float, float]] = []  # when it began, how long it lasted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = perf_counter()
        try:
            await self._app(scope, receive, send)
        finally:
            self._times.append((begun, perf_counter() - begun))

    def tell_by(self, pipe: Connection) -> None:
        """Send all times whenever the other end asks; call it inside the event loop."""

        def asked() -> None:
            pipe.recv()
            pipe.send(self._times)

        asyncio.get_running_loop().add_reader(pipe.fileno(), asked)


def _times(pipe: Connection) -> list[tuple[float, float]]:
    pipe.send(None)
    if not pipe.poll(START_SECONDS_MAX):
        raise UnavailableError("bench: a server did not tell its times")
    found: list[tuple[float, float]] = pipe.recv()
    return found


def bare(body: bytes, port: int, told: Connection) -> None:
    """The least an asyncio server can do: one answer for whatever ends in an empty line."""
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body

    class Bare(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = cast(asyncio.Transport, transport)

        def data_received(self, data: bytes) -> None:
            if data.endswith(b"\r\n\r\n"):
                self.transport.write(answer)

    async def run() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Bare, HOST, port, reuse_port=True)
        told.send(int(server.sockets[0].getsockname()[1]))
        await asyncio.Event().wait()

    uvloop.run(run())


def _heard(ours: Connection) -> int:
    if not ours.poll(START_SECONDS_MAX):
        raise UnavailableError("bench: a server did not start")
    port: int = ours.recv()
    return port


def _pid(process: BaseProcess) -> int:
    assert process.pid is not None  # it was started
    return process.pid


def figures(found: tuple[Measured, float]) -> dict[str, Any]:
    """Latencies in milliseconds from the moment a request was due; processor time a request."""
    under_load, cpu = found
    ordered = sorted(under_load.latencies)
    answered = len(ordered)
    late = sorted(under_load.late)
    return {
        "answered_per_second": round(answered / under_load.seconds, 1),
        "errors": under_load.errors,
        "p50_ms": round(percentile(ordered, 0.5) * 1000, 3),
        "p95_ms": round(percentile(ordered, 0.95) * 1000, 3),
        "p99_ms": round(percentile(ordered, 0.99) * 1000, 3),
        "max_ms": round(ordered[-1] * 1000, 3),
        "sent_late_p99_ms": round(percentile(late, 0.99) * 1000, 3),
        "server_cpu_microseconds_per_request": round(cpu / answered * 1e6, 1),
    }


def server_figures(found: tuple[Measured, float]) -> dict[str, Any]:
    """The servers' own times of their answers, in milliseconds."""
    ordered = sorted(found[0].server_seconds)
    shares = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99, "max_ms": 1.0}
    return {name: round(percentile(ordered, share) * 1000, 3) for name, share in shares.items()}


def p99_of(found: Measured) -> float:
    """The 99th percentile of the latencies, in seconds."""
    return percentile(sorted(found.latencies), 0.99)
