"""The whole line on PostgreSQL: the node's own database and its copy of the ledger, both servers'.

The sequencer, a mirror that receives and a municipality that writes have their databases in one
cluster of the tests' own, with a synchronous standby; the primary is killed once on the way.
"""

from __future__ import annotations

import asyncio
import tomllib
from pathlib import Path

import pytest

from node.cli import main
from node.flow import record
from node.replay import replay
from node.setup.founding import found
from node.setup.home import Home, open_home
from node.setup.settings import SETTINGS_FILE, settings_toml
from specs.event import parse_submitted
from tests.e2e.test_cli_node import income_event
from tests.ledger_postgres import Cluster, running_cluster
from tests.node_network import Running, make_homes

MEMBERS = ("belastingdienst", "uwv", "svb", "toeslagen")
ON_POSTGRES = ("belastingdienst", "uwv", "toeslagen")


def move_to_postgres(home: Home, cluster: Cluster) -> Home:
    """The same home, its databases in the cluster and empty but for the genesis."""
    path = home.directory / SETTINGS_FILE
    values = {
        "database_url": cluster.new_database(),
        "ledger_url": cluster.new_database(),
        **tomllib.loads(path.read_text()),
    }
    path.write_text(settings_toml(values))
    genesis = home.genesis_file.read_bytes()
    home.genesis_file.unlink()
    for name in ("node.sqlite3", "ledger.sqlite3"):
        (home.directory / name).unlink()
    found(home.directory, None, genesis)
    return open_home(home.directory)


@pytest.mark.needs("postgresql")
@pytest.mark.timeout(180)
def test_the_whole_line_runs_on_postgresql(tmp_path: Path) -> None:
    homes = make_homes(tmp_path)
    with running_cluster() as cluster:
        for member in ON_POSTGRES:
            homes[member] = move_to_postgres(homes[member], cluster)

        async def work() -> None:
            network = Running(homes=homes, nodes={}, workers={})
            try:
                for member in MEMBERS:
                    await network.start(member)
                uwv = network.nodes["uwv"]
                drafts = [
                    parse_submitted(income_event().replace(b"opgave-1", b"opgave-%d" % n))
                    for n in range(3)
                ]
                first = await record(uwv.desk, drafts[0])
                assert (await record(uwv.desk, drafts[0])).index == first.index
                await network.quiet(MEMBERS)
                # The server is gone in the middle of the work, and comes back.
                await asyncio.to_thread(cluster.kill_primary)
                await asyncio.to_thread(cluster.start_primary)
                second = await surely(network, drafts[1])
                assert second > first.index
                await network.quiet(MEMBERS)
                toeslagen = network.nodes["toeslagen"]
                assert toeslagen.facts.fact("uwv", first.record) is not None
                digests = [await asyncio.to_thread(replay, toeslagen) for _ in range(2)]
                assert digests[0] == digests[1]
                assert digests[0]["facts"] >= 2
            finally:
                for member in list(network.nodes):
                    await network.stop(member)

        asyncio.run(work())
        for member in ON_POSTGRES:
            assert main(["fsck", "--home", str(homes[member].directory), "--json"]) == 0
        assert not list(tmp_path.glob("uwv/*.sqlite3"))
        assert main(["backup", str(tmp_path / "b"), "--home", str(homes["uwv"].directory)]) == 1


async def surely(network: Running, draft: object) -> int:
    """Record it, again while the answer is unknown: the same event is recorded once."""
    for _ in range(60):
        try:
            return (await record(network.nodes["uwv"].desk, draft)).index  # type: ignore[arg-type]
        except Exception as error:
            told = error
            await asyncio.sleep(0.5)
    raise AssertionError(f"never recorded: {told!r}")
