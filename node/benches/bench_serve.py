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
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import uvloop

from ledger.benches.bench_limits import machine
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
from node.benches.load_open_loop import Measured, percentile
from node.benches.served import HOST, Request, bare, figures, measured, p99_of
from node.portal.http_server import Listener
from node.portal.log_app import create_log_app

ENTRIES_MADE: Final = 70_000  # a hash tile at level 2, full and partial tiles at 0 and 1
REQUESTS_PER_SECOND: Final = 1_000
SECONDS: Final = 20.0
PROCESSES: Final = 2  # `vastedag serve --log-only`, as many times on one port
MIX: Final = {"tile": 50, "partial tile": 10, "bundle": 10, "proof": 30}  # percent
KINDS_DRAWN: Final = 20_000
PROOFS_VERIFIED: Final = 100
CHUNK: Final = 512


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
        served = measured(
            context, _serve, (url, token), requests, sample, per_second, seconds, processes
        )
        body = bytes(TILE_WIDTH * 32)
        plain = [(_get("tile", token), len(body))]
        limit = measured(context, bare, (body,), plain, [], per_second, seconds, processes)
        asyncio.run(_verify(url, served[0].bodies))
    return {
        "bench": "serve",
        "entries": size,
        "requests_per_second_asked": per_second,
        "seconds": seconds,
        "processes": processes,
        "mix_percent": MIX,
        **figures(served),
        "p99_ms_by_kind": _by_kind(kinds, served[0]),
        "proofs_verified": len(served[0].bodies),
        "limit": {"what": "bare asyncio answers of 8,192 bytes", **figures(limit)},
        "ratio_p99": round(p99_of(limit[0]) / p99_of(served[0]), 3),
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


def _by_kind(kinds: Sequence[str], found: Measured) -> dict[str, float]:
    """The 99th percentile of each kind of request, in milliseconds."""
    latencies: dict[str, list[float]] = {}
    for number, latency in zip(found.answered, found.latencies, strict=True):
        latencies.setdefault(kinds[number % len(kinds)], []).append(latency)
    return {
        kind: round(percentile(sorted(latencies[kind]), 0.99) * 1000, 3)
        for kind in sorted(latencies)
    }


def _get(path: str, token: str, extra: str = "") -> bytes:
    return (
        f"GET /log/{path} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token}\r\n{extra}\r\n"
    ).encode()


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
