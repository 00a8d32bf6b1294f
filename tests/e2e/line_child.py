"""Run as a program: all members on one home directory, UWV and Utrecht submitting until killed.

`python -m tests.e2e.line_child DIRECTORY ACKNOWLEDGED COUNT`: each acknowledged record is one line
`source event id, record id, index` in the file ACKNOWLEDGED, on disk before the next one goes.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from node.flow import record
from node.setup.home import Home, open_home
from node.setup.network import DEMO_MEMBERS
from specs.records import RecordDraft
from tests import node_drafts as drafts
from tests.node_network import Running, running


def all_drafts(count: int) -> list[tuple[str, RecordDraft]]:
    """(author, draft), the same in every run."""
    found: list[tuple[str, RecordDraft]] = [("gm0344", drafts.move())]
    found += [("uwv", drafts.income(n=n, cents=200_000 + n)) for n in range(count)]
    return found


def homes_in(directory: Path) -> dict[str, Home]:
    """The homes made before."""
    return {member.id: open_home(directory / member.id) for member in DEMO_MEMBERS}


async def submit_all(network: Running, acknowledged: Path, count: int) -> None:
    """Submit everything again from the start, as a member's system does after a crash."""
    with acknowledged.open("a", encoding="ascii") as file:
        for author, draft in all_drafts(count):
            found = await record(network.nodes[author].desk, draft)
            file.write(f"{draft.source_event_id},{found.record},{found.index}\n")
            file.flush()
            os.fsync(file.fileno())


async def _main() -> None:
    directory, acknowledged, count = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    async with running(homes_in(directory)) as network:
        await submit_all(network, acknowledged, count)
        await network.quiet()


if __name__ == "__main__":
    asyncio.run(_main())
