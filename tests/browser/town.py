"""A whole network of nodes in a thread of its own, for stories that a browser follows.

Every member runs as in `vastedag demo`; the day is the story's. What an agency tells goes through
its own node and the ledger; nothing is put where a page reads it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from node.demonstration.demo_network import DemoNetwork, make_homes
from node.flow import record
from specs.records import RecordDraft
from tests.node_network import free_ports

SECONDS_MAX = 240
Done = TypeVar("Done")


@dataclass(kw_only=True)
class Town:
    """The running network and the day in it."""

    network: DemoNetwork
    loop: asyncio.AbstractEventLoop
    days: list[date]
    address: str = ""
    recorded: dict[str, str] = field(default_factory=dict)  # record ids by source event id

    def tell(self, member: str, *drafts: RecordDraft) -> None:
        """What one member's system sends to its own node, on the day of the story."""
        self.run(self._tell(member, drafts))

    def rest(self) -> None:
        """Wait until everybody has read, derived and planned."""
        self.run(self.network.quiet())

    def on(self, day: date) -> None:
        """It is another day now."""
        self.days.append(day)

    def run(self, work: Coroutine[Any, Any, Done]) -> Done:
        """Do something in the network's own thread."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(SECONDS_MAX)

    async def _tell(self, member: str, drafts: tuple[RecordDraft, ...]) -> None:
        for draft in drafts:
            made = await record(self.network.nodes[member].desk, draft)
            self.recorded[draft.source_event_id] = made.record


@contextmanager
def town(directory: Path, today: date) -> Iterator[Town]:
    """A network that runs until the block ends, with its household pages."""
    with ThreadPoolExecutor(1) as aside:  # the browser's own loop may run in this thread
        homes = aside.submit(make_homes, directory, free_ports(1)[0]).result(SECONDS_MAX)
    days = [today]
    network = DemoNetwork(directory=directory, homes=homes, today=lambda: days[-1])
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    here = Town(network=network, loop=loop, days=days)
    try:
        here.run(network.start())
        here.address = here.run(network.serve())
        yield here
    finally:
        here.run(network.stop())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(SECONDS_MAX)
        loop.close()
