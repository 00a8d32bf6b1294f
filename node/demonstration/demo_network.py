"""All members of the demo in one process on one event loop, over loopback HTTP between them.

The same nodes, workers and listeners as on seven machines; only the addresses are all local.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from node.calendars_node import calendars_of
from node.demonstration.published import publish_verifier
from node.errors import NodeError, StartError
from node.portal.app import create_app
from node.portal.http_server import Listener
from node.portal.web import surface_of
from node.runtime import Node
from node.setup.home import Home
from node.setup.network import DEMO_MEMBERS, HOST, NetworkPlan, auditor_token, create_network
from node.stored_calendars import StoredCalendars
from node.worker import Worker

SEQUENCER: Final = "belastingdienst"
MUNICIPALITY: Final = "gm0344"
TOESLAGEN: Final = "toeslagen"
POLL_SECONDS: Final = 1.0
TICK_SECONDS: Final = 60.0
QUIET_LOOKS: Final = 2  # looks in a row at which nobody has anything to do
LOOK_SECONDS: Final = 0.3
QUIET_SECONDS_MAX: Final = 300.0


class StuckError(NodeError):
    """The network did not come to rest; who still has what to do."""


def make_homes(directory: Path, port: int) -> dict[str, Home]:
    """The homes of all members, made or kept; `port` is for the household pages.

    Call it outside an event loop. Raises StartError when a half-made network is there.
    """
    ports = _free_ports(2 * len(DEMO_MEMBERS) - 1)
    pairs = {}
    for member in DEMO_MEMBERS:
        web = port if member.id == MUNICIPALITY else ports.pop()
        pairs[member.id] = (web, ports.pop())
    plan = NetworkPlan(ports=pairs, poll_seconds=POLL_SECONDS, tick_seconds=TICK_SECONDS)
    return create_network(directory, plan)


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.create_server((HOST, 0)) for _ in range(count)]
    try:
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()


@dataclass(slots=True, kw_only=True)
class DemoNetwork:
    """The running members; `start` and `stop` frame its life."""

    directory: Path
    homes: Mapping[str, Home]
    today: Callable[[], date]
    nodes: dict[str, Node] = field(default_factory=dict)
    workers: dict[str, Worker] = field(default_factory=dict)
    pages: Listener | None = None
    _calendars: StoredCalendars | None = None

    @property
    def log_url(self) -> str:
        """Where an auditor reads the log."""
        return str(self.homes[SEQUENCER].settings.log_url).rstrip("/")

    @property
    def token(self) -> str:
        """The auditor's token for entry bundles."""
        return auditor_token(self.directory)

    @property
    def vkey(self) -> str:
        """The log's verifier key, as the genesis names it."""
        return self.nodes[SEQUENCER].view.registry.log_vkey

    @property
    def policy(self) -> str:
        """The tlog-policy of the ledger: whose cosignatures make an entry recorded."""
        return self.nodes[SEQUENCER].view.registry.policy_text()

    @property
    def calendars(self) -> StoredCalendars:
        """The read models of the municipality's pages."""
        if self._calendars is None:
            self._calendars = calendars_of(self.nodes[MUNICIPALITY])
        if self._calendars is None:
            raise StartError(f"{MUNICIPALITY}: its home is no municipality's; remove the state")
        return self._calendars

    async def start(self, started: Callable[[str], None] = lambda _: None) -> None:
        """Open and run every member; raises StartError with the reason."""
        for member, home in self.homes.items():
            node = Node.open(home.directory, today=self.today)
            self.nodes[member] = node
            worker = Worker(node)
            await worker.start()
            self.workers[member] = worker
            started(member)
        await publish_verifier(self.directory, self.nodes[SEQUENCER])

    async def serve(self) -> str:
        """Open the household pages; answers their address."""
        node = self.nodes[MUNICIPALITY]
        surface = surface_of(node, worker=self.workers[MUNICIPALITY], calendars=self.calendars)
        settings = node.home.settings
        pages = Listener(create_app(surface), settings.host, settings.port)
        await pages.start()
        self.pages = pages
        return f"http://{settings.host}:{settings.port}"

    async def quiet(self, look: Callable[[int], None] = lambda _: None) -> None:
        """Wait until all have followed the whole log and have nothing to do.

        `look` is told how much is waiting. Raises StuckError after QUIET_SECONDS_MAX.
        """
        for worker in self.workers.values():
            worker.wake()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + QUIET_SECONDS_MAX
        still = 0
        while still < QUIET_LOOKS:
            waiting = await asyncio.to_thread(self._waiting)
            look(waiting)
            for member, worker in self.workers.items():
                if self.nodes[member].view.size < self._size():
                    worker.wake()
            still = still + 1 if waiting == 0 else 0
            if loop.time() > deadline:
                raise StuckError(f"not at rest after {QUIET_SECONDS_MAX:.0f} s: {self._state()}")
            await asyncio.sleep(LOOK_SECONDS)

    async def stop(self) -> None:
        """Stop pages, workers and nodes, whatever of them runs; the sequencer last."""
        if self.pages is not None:
            await self.pages.stop()
            self.pages = None
        order = sorted(self.nodes, key=lambda member: member == SEQUENCER)
        for member in order:
            worker = self.workers.pop(member, None)
            if worker is not None:
                await worker.stop()
        for member in order:
            await self.nodes.pop(member).close()

    def _waiting(self) -> int:
        """How many entries and pieces of work are still under way, over all members."""
        size = self._size()
        behind = sum(size - node.view.size for node in self.nodes.values())
        if behind:  # the costly question is asked once everybody has followed
            return behind
        return sum(sum(node.backlog().values()) for node in self.nodes.values())

    def _size(self) -> int:
        log = self.nodes[SEQUENCER].ledger.log
        if log is None:
            raise StartError(f"{SEQUENCER}: its home holds no sequencer; remove the state")
        return log.status().size

    def _state(self) -> str:
        parts = []
        for member, node in self.nodes.items():
            backlog = {kind: count for kind, count in node.backlog().items() if count}
            problem = self.workers[member].problem
            if backlog or problem or node.view.size != self._size():
                parts.append(f"{member} at entry {node.view.size}: {backlog or problem}")
        return "; ".join(parts) or "no member has work left"
