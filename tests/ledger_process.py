"""One member's log side as a process of its own, to be killed: sequencer or mirror on SQLite.

`python -m tests.ledger_process sequencer|<mirror> DIRECTORY PORTS` where PORTS is a JSON object of
port by name. `app_of` is the routes a node wires.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ledger.clock_system import SystemClock
from ledger.log import Log
from ledger.peers_http import HttpPeer
from ledger.sequencing.checks_threads import ThreadChecks
from ledger.sequencing.intake import Limits
from ledger.serve import LogDoor, MirrorDoor, WitnessDoor
from ledger.stores.database_sql import Database, sqlite_url
from ledger.stores.store_sql import SqlStore
from tests import ledger_network as nets

TOKEN = "auditor-token"
Door = LogDoor | MirrorDoor | WitnessDoor
LIMITS = Limits(batch_seconds=0.005, push_retry_seconds=0.1, lease_seconds=30)


def app_of(door: Door) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """The routes a node wires: /log/<path>, entry bundles behind a token."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        path = request.url.path.removeprefix("/log/")
        if request.method == "POST":
            answer = await door.post(path, await request.body())
        else:
            allowed = request.headers.get("Authorization") == f"Bearer {TOKEN}"
            answer = await door.get(path, entries_allowed=allowed)
        headers = {"Content-Type": answer.content_type}
        if answer.retry_after_seconds is not None:
            headers["Retry-After"] = str(answer.retry_after_seconds)
        await Response(answer.body, answer.status, headers=headers)(scope, receive, send)

    return app


def url_of(port: int) -> str:
    """The prefix of the door on this port."""
    return f"http://127.0.0.1:{port}/log"


async def main(name: str, directory: Path, ports: dict[str, int]) -> None:
    """Serve until killed."""
    async with AsyncExitStack() as stack:
        database = Database(sqlite_url(directory / f"{name}.sqlite3"))
        stack.push_async_callback(database.close)
        checks = ThreadChecks(1)
        store = SqlStore(database)
        door: Door
        if name == "sequencer":
            peers = {m: HttpPeer(url_of(ports[m]), token=TOKEN) for m in nets.MIRRORS if m in ports}
            log = Log(
                store=store,
                signer=nets.log_signer(),
                clock=SystemClock(),
                checks=checks,
                mirrors=peers,
                limits=LIMITS,
                holder="sequencer",
            )
            await log.start()
            stack.push_async_callback(log.stop)
            door = LogDoor(log)
        else:
            log_id = (directory / "log-id").read_text()
            door = MirrorDoor(await nets.make_mirror(name, log_id, SystemClock(), store))
        config = uvicorn.Config(
            app_of(door), host="127.0.0.1", port=ports[name], log_level="error", lifespan="off"
        )
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3])))
