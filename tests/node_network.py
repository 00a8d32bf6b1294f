"""A network of all seven members on free loopback ports, in one event loop, for tests."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from node.runtime import Node
from node.setup.home import Home
from node.setup.network import DEMO_MEMBERS, NetworkPlan, create_network
from node.worker import Worker

TODAY = date(2026, 11, 22)
QUIET_SECONDS_MAX = 60.0


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


def make_homes(directory: Path, **changes: object) -> dict[str, Home]:
    """Homes of the demo's seven members; call it outside an event loop."""
    ports = free_ports(2 * len(DEMO_MEMBERS))
    pairs = dict(
        zip((m.id for m in DEMO_MEMBERS), zip(ports[::2], ports[1::2], strict=True), strict=True)
    )
    plan = NetworkPlan(ports=pairs, poll_seconds=1.0, tick_seconds=1.0, **changes)
    return create_network(directory, plan)


@dataclass
class Running:
    """The nodes that run, with their workers."""

    homes: dict[str, Home]
    nodes: dict[str, Node]
    workers: dict[str, Worker]

    async def start(self, member: str) -> Node:
        """Open and run one member's node."""
        node = Node.open(self.homes[member].directory, today=lambda: TODAY)
        worker = Worker(node)
        try:
            await worker.start()
        except BaseException:
            await node.close()
            raise
        self.nodes[member], self.workers[member] = node, worker
        return node

    async def stop(self, member: str) -> None:
        """Stop one member's node."""
        await self.workers.pop(member).stop()
        await self.nodes.pop(member).close()

    async def quiet(self, members: Sequence[str] = ()) -> None:
        """Wait until all have followed the whole log and have nothing to do."""
        deadline = asyncio.get_running_loop().time() + QUIET_SECONDS_MAX
        still = 0
        while still < 3:
            still = still + 1 if self._is_quiet(members or list(self.nodes)) else 0
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(f"not quiet: {self.state()}")
            await asyncio.sleep(0.05)

    def state(self) -> dict[str, object]:
        """What every node has yet to do, and its problem."""
        return {
            name: (node.view.size, node.backlog(), self.workers[name].problem)
            for name, node in self.nodes.items()
        }

    def _is_quiet(self, members: Sequence[str]) -> bool:
        sizes = {self.nodes[member].view.size for member in members}
        log = self.nodes["belastingdienst"].ledger.log if "belastingdienst" in self.nodes else None
        if log is not None:
            sizes.add(log.status().size)
        busy = any(any(self.nodes[member].backlog().values()) for member in members)
        return len(sizes) == 1 and not busy


@asynccontextmanager
async def running(homes: dict[str, Home]) -> AsyncIterator[Running]:
    """All members, running until the block ends."""
    network = Running(homes=homes, nodes={}, workers={})
    try:
        for member in homes:
            await network.start(member)
        yield network
    finally:
        for member in list(network.nodes):
            await network.stop(member)
