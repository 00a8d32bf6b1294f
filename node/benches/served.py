"""Servers in processes of their own under an open-loop load from another process.

What is served is the caller's; the limit of the machine is a bare asyncio server (`bare`) under the
same load.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Final, cast

import uvloop

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
) -> tuple[Measured, float]:
    """What the load found, and the processor time of the servers."""
    port, servers = 0, list[BaseProcess]()
    try:
        for _ in range(processes):
            ours, theirs = context.Pipe()
            server: BaseProcess = context.Process(
                target=serve, args=(*arguments, port, theirs), daemon=True
            )
            server.start()
            servers.append(server)
            port = _heard(ours)
        load = Load(
            host=HOST, ports=(port,), requests=requests, per_second=per_second, seconds=seconds
        )
        pids = [_pid(each) for each in servers]
        return _loaded(context, load, keep, pids)
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
        "p99_ms": round(percentile(ordered, 0.99) * 1000, 3),
        "max_ms": round(ordered[-1] * 1000, 3),
        "sent_late_p99_ms": round(percentile(late, 0.99) * 1000, 3),
        "server_cpu_microseconds_per_request": round(cpu / answered * 1e6, 1),
    }


def p99_of(found: Measured) -> float:
    """The 99th percentile of the latencies, in seconds."""
    return percentile(sorted(found.latencies), 0.99)
