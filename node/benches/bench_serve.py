"""`vastedag bench serve`: tiles, bundles and proofs of a real log at a fixed rate of requests.

The log is read by the app that `vastedag serve --log-only` runs, in processes of its own on one
port; the load comes from another process. The limit is a bare asyncio server that answers bytes of
the same size: the same load against it, in the same run.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final, cast

import uvloop

from ledger.benches.bench_limits import cpu_seconds, machine
from ledger.benches.bench_records import genesis, log_id, log_signer, records
from ledger.clock_system import SystemClock
from ledger.errors import LedgerError
from ledger.formats.policy import parse_policy
from ledger.formats.proof import parse_receipt, verify_receipt
from ledger.formats.tiles import ENTRIES, TILE_WIDTH, Tile, tile_width
from ledger.log import Log
from ledger.pages import Pages
from ledger.rules.genesis import create_log
from ledger.sequencing.checks_threads import ThreadChecks
from ledger.stores.database_sql import Database, migrate, sqlite_url
from ledger.stores.store_sql import SqlStore
from node.benches.load_open_loop import Load, Measured, percentile, run_load
from node.errors import UnavailableError
from node.portal.http_server import Listener
from node.portal.log_app import create_log_app

HOST: Final = "127.0.0.1"
ENTRIES_MADE: Final = 70_000  # a hash tile at level 2, full and partial tiles at 0 and 1
REQUESTS_PER_SECOND: Final = 1_000
SECONDS: Final = 20.0
PROCESSES: Final = 1
MIX: Final = {"tile": 50, "partial tile": 10, "bundle": 10, "proof": 30}  # percent
KINDS_DRAWN: Final = 20_000
PROOFS_VERIFIED: Final = 100
START_SECONDS_MAX: Final = 60
WARM_SECONDS: Final = 3.0
CHUNK: Final = 512

Request = tuple[bytes, int | None]


def bench_serve(
    entries: int = ENTRIES_MADE,
    *,
    per_second: float = REQUESTS_PER_SECOND,
    seconds: float = SECONDS,
    processes: int = PROCESSES,
) -> dict[str, Any]:
    """A JSON object of figures: latencies in milliseconds, from the moment a request was due."""
    context = multiprocessing.get_context("spawn")
    token = secrets.token_urlsafe(16)
    with tempfile.TemporaryDirectory(prefix="vastedag-bench-") as path:
        url = sqlite_url(Path(path) / "log.sqlite3")
        size = asyncio.run(_make_log(url, entries))
        kinds, requests = _requests(size, token)
        sample = [n for n, kind in enumerate(kinds) if kind == "proof"][:PROOFS_VERIFIED]
        served = _measure(
            context, _serve, (url, token), requests, sample, per_second, seconds, processes
        )
        body = bytes(TILE_WIDTH * 32)
        bare = [(_get("tile", token), len(body))]
        limit = _measure(context, _bare, (body,), bare, [], per_second, seconds, processes)
        asyncio.run(_verify(url, served[0].bodies))
    figures = _figures(served)
    return {
        "bench": "serve",
        "entries": size,
        "requests_per_second_asked": per_second,
        "seconds": seconds,
        "processes": processes,
        "mix_percent": MIX,
        **figures,
        "proofs_verified": len(served[0].bodies),
        "limit": {"what": "bare asyncio answers of 8,192 bytes", **_figures(limit)},
        "ratio_p99": round(_p99(limit[0]) / _p99(served[0]), 3),
        "machine": machine(),
    }


async def _make_log(url: str, entries: int) -> int:
    migrate(url)
    database, checks = Database(url), ThreadChecks(4)
    store = SqlStore(database)
    try:
        await create_log(store, genesis(0), log_signer())
        log = Log(
            store=store, signer=log_signer(), clock=SystemClock(), checks=checks, mirrors={},
            holder="bench",
        )  # fmt: skip
        await log.start()
        raws = await asyncio.to_thread(records, log_id(), 0, entries - 1)
        for at in range(0, len(raws), CHUNK):
            for answer in await log.append_many(raws[at : at + CHUNK]):
                if isinstance(answer, LedgerError):
                    raise answer
        await log.stop()
        return (await store.load()).size
    finally:
        await database.close()
        checks.close()


def _requests(size: int, token: str) -> tuple[list[str], list[Request]]:
    """Kinds and requests, drawn with the same seed in every run."""
    draw = random.Random(20261122)  # noqa: S311 (a load, not a secret)
    kinds = draw.choices(list(MIX), list(MIX.values()), k=KINDS_DRAWN)
    tiles = -(-size // TILE_WIDTH)
    requests: list[Request] = []
    for kind in kinds:
        n = draw.randrange(tiles)
        if kind == "proof":
            requests.append((_get(f"proof/{draw.randrange(size)}", token), None))
        elif kind == "bundle":
            width = tile_width(ENTRIES, n, size)
            path = Tile(level=ENTRIES, n=n, width=width).path
            requests.append((_get(path, token, "Accept-Encoding: gzip\r\n"), None))
        else:
            width = tile_width(0, n, size)
            if kind == "partial tile":
                width = draw.randint(1, min(width, TILE_WIDTH - 1))
            path = Tile(level=0, n=n, width=width).path
            requests.append((_get(path, token), width * 32))
    return kinds, requests


def _get(path: str, token: str, extra: str = "") -> bytes:
    return (
        f"GET /log/{path} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token}\r\n{extra}\r\n"
    ).encode()


def _measure(
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
            raise UnavailableError("bench serve: the load did not end in time")
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
        measured = await run_load(load, keep)
        return measured, sum(map(cpu_seconds, servers)) - before

    told.send(uvloop.run(run()))


def _serve(url: str, token: str, port: int, told: Connection) -> None:
    """The log's pages on one listener, until this process is ended."""

    async def run() -> None:
        app = create_log_app(
            Pages(SqlStore(Database(url))), lambda given: given == f"Bearer {token}"
        )
        listener = Listener(app, HOST, port, shared=True)
        await listener.start()
        told.send(listener.port)
        await asyncio.Event().wait()

    uvloop.run(run())


def _bare(body: bytes, port: int, told: Connection) -> None:
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
        raise UnavailableError("bench serve: a server did not start")
    port: int = ours.recv()
    return port


def _pid(process: BaseProcess) -> int:
    assert process.pid is not None  # it was started
    return process.pid


async def _verify(url: str, bodies: Mapping[int, bytes]) -> None:
    """The proofs that were answered under load are proofs; raises LedgerError."""
    database = Database(url)
    policy = parse_policy(f"log {log_signer().verifier.vkey}\nquorum none\n".encode())
    try:
        for body in bodies.values():
            receipt = parse_receipt(body)
            (raw,) = await SqlStore(database).entries(receipt.index, receipt.index + 1)
            verify_receipt(receipt, raw, policy)
    finally:
        await database.close()


def _figures(found: tuple[Measured, float]) -> dict[str, Any]:
    measured, cpu = found
    ordered = sorted(measured.latencies)
    answered = len(ordered)
    return {
        "answered_per_second": round(answered / measured.seconds, 1),
        "errors": measured.errors,
        "p50_ms": round(percentile(ordered, 0.5) * 1000, 3),
        "p99_ms": round(percentile(ordered, 0.99) * 1000, 3),
        "max_ms": round(ordered[-1] * 1000, 3),
        "server_cpu_microseconds_per_request": round(cpu / answered * 1e6, 1),
    }


def _p99(measured: Measured) -> float:
    return percentile(sorted(measured.latencies), 0.99)
