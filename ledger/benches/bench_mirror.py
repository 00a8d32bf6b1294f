"""A mirror of the benchmark's log as a process of its own, over HTTP, as members run one.

`python -P -m ledger.benches.bench_mirror NAME DIRECTORY` prints its port and serves until its
standard input ends: so it ends with the benchmark, however that ends.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ledger.benches.bench_records import MIRROR_NAMES, ORIGIN, log_signer, mirror_signer
from ledger.clock_system import SystemClock
from ledger.errors import LedgerError
from ledger.mirror import Mirror
from ledger.sequencing.checks_processes import ProcessChecks
from ledger.sequencing.process import settle
from ledger.serve import MirrorDoor
from ledger.stores.database_sql import Database, migrate, sqlite_url
from ledger.stores.store_sql import SqlStore

END_SECONDS: Final = 10


@contextmanager
def mirrors(count: int, directory: Path) -> Iterator[dict[str, tuple[int, str]]]:
    """That many mirrors: process id and URL by name."""
    started: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name in MIRROR_NAMES[:count]:
            started[name] = subprocess.Popen(  # noqa: S603 - this program, no input
                [sys.executable, "-P", "-m", "ledger.benches.bench_mirror", name, str(directory)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        yield {name: (process.pid, _url(process)) for name, process in started.items()}
    finally:
        for process in started.values():
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.communicate(timeout=END_SECONDS)  # closes its standard input
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def _url(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    port = process.stdout.readline().strip()
    if not port:
        raise LedgerError("bench: a mirror did not start; see its message above")
    return f"http://127.0.0.1:{port.decode()}"


async def _serve(name: str, directory: Path) -> None:
    url = sqlite_url(directory / f"{name}.sqlite3")
    await asyncio.to_thread(migrate, url)
    database, checks = Database(url), ProcessChecks(max(1, (os.cpu_count() or 2) // 2))
    mirror = Mirror(
        store=SqlStore(database),
        origin=ORIGIN,
        log_vkey=log_signer().verifier.vkey,
        signer=mirror_signer(name),
        clock=SystemClock(),
        checks=checks,
    )
    await mirror.start()
    settle()
    door = MirrorDoor(mirror)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        path = request.url.path.removeprefix("/")
        if request.method == "POST":
            answer = await door.post(path, await request.body())
        else:
            answer = await door.get(path, entries_allowed=True)
        headers = {"Content-Type": answer.content_type}
        await Response(answer.body, answer.status, headers=headers)(scope, receive, send)

    wire = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"{wire.getsockname()[1]}\n")
    sys.stdout.flush()
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[wire]))
    await asyncio.to_thread(sys.stdin.read)
    server.should_exit = True
    await serving
    await database.close()
    checks.close()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], Path(sys.argv[2])))
