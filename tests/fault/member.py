"""One member's log side as a process of its own on SQLite: to be killed, stopped, cut off.

Run as `python -m tests.fault.member` it is a *nursery*: it imports everything once, forks one
process for each JSON line on standard input ({"name", "directory"} for a sequencer or mirror,
{"argv"} for the `vastedag` command line) and answers with its number. Its children end with it.
`netns` in a line moves the child into that network namespace.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import signal
import sys
import traceback
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from ledger.clock_system import SystemClock
from ledger.log import Log
from ledger.peers_http import HttpPeer
from ledger.sequencing.checks_processes import ProcessChecks
from ledger.sequencing.intake import Limits
from ledger.serve import LogDoor, MirrorDoor
from ledger.stores import id_blocks
from ledger.stores.database_sql import Database, sqlite_url
from ledger.stores.store_sql import SqlStore
from ledger.watch import watch
from node import cli
from tests import ledger_network as nets
from tests.ledger_process import TOKEN, Door, app_of

SEQUENCER = "sequencer"
WATCH_SECONDS = 0.5
CHECK_PROCESSES = 2
RUN_ENTRIES = 16  # ids are sealed and merged often enough to be hit by a fault
LIMITS = Limits(batch_seconds=0.005, push_retry_seconds=0.1, lease_seconds=30)
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG
CLONE_NEWNET = 0x40000000


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where one member listens and keeps its database."""

    host: str
    port: int
    database: str

    @property
    def url(self) -> str:
        """What stands before the door's paths."""
        return f"http://{self.host}:{self.port}/log"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All members' places and the log they keep; written to `network.json`."""

    log_id: str
    places: Mapping[str, Place]

    def write(self, directory: Path) -> None:
        """Keep it where the members look."""
        places = {name: vars(place) for name, place in self.places.items()}
        text = json.dumps({"log_id": self.log_id, "places": places})
        (directory / "network.json").write_text(text)

    @classmethod
    def read(cls, directory: Path) -> Plan:
        """The plan of this directory."""
        value = json.loads((directory / "network.json").read_text())
        places = {name: Place(**place) for name, place in value["places"].items()}
        return cls(log_id=value["log_id"], places=places)


class ShiftedClock(SystemClock):
    """The machine's clock, moved by the seconds in a file: a clock that was set wrong."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def now(self) -> int:
        """POSIX seconds, moved."""
        return super().now() + (int(self._file.read_text()) if self._file.exists() else 0)


async def serve(name: str, directory: Path) -> None:
    """Run one member until killed."""
    plan = Plan.read(directory)
    place = plan.places[name]
    clock = ShiftedClock(directory / f"{name}.clock")
    async with AsyncExitStack() as stack:
        database = Database(sqlite_url(Path(place.database)))
        stack.push_async_callback(database.close)
        store = SqlStore(database)
        door: Door
        if name == SEQUENCER:
            checks = ProcessChecks(CHECK_PROCESSES, threads=1)
            stack.callback(checks.close)
            log = Log(
                store=store,
                signer=nets.log_signer(),
                clock=clock,
                checks=checks,
                mirrors={m: HttpPeer(plan.places[m].url, token=TOKEN) for m in nets.MIRRORS},
                limits=LIMITS,
                holder=SEQUENCER,
            )
            await log.start()
            stack.push_async_callback(log.stop)
            door = LogDoor(log)
        else:
            mirror = await nets.make_mirror(name, plan.log_id, clock, store)
            others = {
                m: HttpPeer(plan.places[m].url, token=TOKEN) for m in nets.MIRRORS if m != name
            }
            watching = asyncio.create_task(watch(mirror, others, clock, seconds=WATCH_SECONDS))
            stack.callback(watching.cancel)
            door = MirrorDoor(mirror)
        config = uvicorn.Config(
            app_of(door), host=place.host, port=place.port, log_level="error", lifespan="off"
        )
        await uvicorn.Server(config).serve()


def _child(order: Mapping[str, Any]) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(DIE_WITH_PARENT, signal.SIGKILL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    status = 1
    try:
        if order.get("netns"):
            space = os.open(f"/run/netns/{order['netns']}", os.O_RDONLY)
            if libc.setns(space, CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")
            os.close(space)
        if "argv" in order:
            status = cli.main(order["argv"])
        else:
            asyncio.run(serve(order["name"], Path(order["directory"])))
            status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status or 0)


def nursery() -> None:
    """Fork as told until standard input ends."""
    id_blocks.RUN_ENTRIES = RUN_ENTRIES  # type: ignore[misc]
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children here
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _child(json.loads(line))
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    nursery()
