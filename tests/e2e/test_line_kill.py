"""L1: a whole network, killed again and again: nothing acknowledged is lost or doubled."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from ledger.formats.chain import parse_entry
from ledger.formats.envelope import parse_envelope
from specs.records import INCOME_STATED
from tests.e2e.line_child import homes_in, submit_all
from tests.node_network import make_homes, running

COUNT = 30
KILLS = 3
STARTED_SECONDS_MAX = 90.0


def lines(path: Path) -> list[tuple[str, str, int]]:
    """Whole lines of the acknowledged file."""
    text = path.read_text(encoding="ascii") if path.exists() else ""
    rows = [line.split(",") for line in text.split("\n")[:-1]]
    return [(event, record, int(index)) for event, record, index in rows]


def killed_run(directory: Path, acknowledged: Path, chance: random.Random) -> None:
    """Start the network, let it acknowledge a little more, kill it without warning."""
    before = len(lines(acknowledged))
    child = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.e2e.line_child",
            str(directory),
            str(acknowledged),
            str(COUNT),
        ]
    )
    try:
        deadline = time.monotonic() + STARTED_SECONDS_MAX
        while len(lines(acknowledged)) <= before and child.poll() is None:
            assert time.monotonic() < deadline, "the network did not start"
            time.sleep(0.05)
        time.sleep(chance.uniform(0.0, 1.5))
    finally:
        child.kill()
        child.wait()


def test_killed_again_and_again_every_record_is_there_once(tmp_path: Path) -> None:
    homes = make_homes(tmp_path / "network")
    acknowledged, chance = tmp_path / "acknowledged", random.Random(7)
    for _ in range(KILLS):
        killed_run(tmp_path / "network", acknowledged, chance)
    killed_with = lines(acknowledged)
    assert killed_with

    async def work() -> None:
        async with running(homes_in(tmp_path / "network")) as network:
            await submit_all(network, acknowledged, COUNT)
            await network.quiet()
            log = network.nodes["belastingdienst"].ledger.log
            assert log is not None
            raws = await log.store.entries(0, log.status().size)
            headers = [parse_envelope(parse_entry(raw).envelope_raw).header for raw in raws]
            written = Counter((header.author, header.id) for header in headers)
            assert set(written.values()) == {1}
            places = {header.id: n for n, header in enumerate(headers)}
            # Every acknowledgement of every run tells one place, and that place holds the record.
            for event, record, index in lines(acknowledged):
                assert places[record] == index, event
            for member in ("uwv", "toeslagen", "belastingdienst", "gm0344"):
                facts = network.nodes[member].facts.of_type(INCOME_STATED)
                assert len(facts) == COUNT, member
                assert {fact.known for fact in facts} <= set(places.values())
            assert not network.nodes["woonstad"].facts.of_type(INCOME_STATED)

    asyncio.run(work())
    assert homes
