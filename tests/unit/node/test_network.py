"""A network of homes and the worker of one of them: what is made once, and what stops a start."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import stat
import time
from pathlib import Path

import pytest

from ledger.formats.envelope import parse_envelope
from node.errors import StartError
from node.ledger_side import genesis_registry
from node.runtime import Node
from node.setup.home import Home, open_home
from node.setup.network import (
    DEMO_MEMBERS,
    MATRIX,
    NetworkPlan,
    auditor_token,
    create_network,
)
from node.stores import lease_sql
from node.worker import LEASE, Worker
from tests.node_network import free_ports, make_homes


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Homes made once for the tests that only look."""
    made = tmp_path_factory.mktemp("network")
    make_homes(made)
    return made


def plan() -> NetworkPlan:
    ports = iter(free_ports(2 * len(DEMO_MEMBERS)))
    return NetworkPlan(ports={m.id: (next(ports), next(ports)) for m in DEMO_MEMBERS})


def test_the_genesis_names_members_matrix_and_quorum(directory: Path) -> None:
    genesis = (directory / "uwv" / "genesis.json").read_bytes()
    registry = genesis_registry(genesis)
    assert {m.id: m.role for m in registry.members.values()} == {m.id: m.role for m in DEMO_MEMBERS}
    assert registry.mirrors == ("uwv", "svb", "toeslagen", "gm0344")
    assert (registry.quorum, registry.votes_needed) == (3, 3)
    assert registry.matrix == {role: frozenset(classes) for role, classes in MATRIX.items()}
    assert {m.id for m in registry.members.values() if not m.votes} == {"woonstad", "lichtstroom"}
    body = parse_envelope(genesis).header.body
    assert body is not None
    assert len(body["signers"]) == 5  # every agency signed; creditors do not vote


def test_every_home_has_the_same_genesis_and_keys_of_its_own(directory: Path) -> None:
    homes = [open_home(directory / member.id) for member in DEMO_MEMBERS]
    assert len({home.genesis_file.read_bytes() for home in homes}) == 1
    assert len({home.policy_file.read_bytes() for home in homes}) == 1
    assert len({home.keys().record.public_key for home in homes}) == len(homes)


def test_secrets_lie_where_only_their_owner_reads(directory: Path) -> None:
    secrets = [*directory.glob("*/keys/*.key"), *directory.glob("offline/*.key")]
    secrets.append(directory / "auditor.token")
    assert len(secrets) > 7 * 6
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets} == {0o600}
    digest = hashlib.sha256(auditor_token(directory).encode()).hexdigest()
    assert open_home(directory / "uwv").settings.auditors == (digest,)
    assert not list(directory.glob("*/keys/governance*"))


def test_a_kept_network_gets_new_addresses_and_keeps_its_keys(tmp_path: Path) -> None:
    first = make_homes(tmp_path)
    moved = plan()
    second = create_network(tmp_path, moved)
    for member, home in second.items():
        assert home.settings.log_port == moved.ports[member][1]
        assert home.keys().record.public_key == first[member].keys().record.public_key
        assert home.genesis_file.read_bytes() == first[member].genesis_file.read_bytes()


def test_a_half_made_network_is_not_opened(tmp_path: Path) -> None:
    make_homes(tmp_path)
    (tmp_path / "network").unlink()
    with pytest.raises(StartError, match="half made"):
        create_network(tmp_path, plan())


async def start(home: Home) -> tuple[Node, Worker]:
    node = Node.open(home.directory)
    worker = Worker(node)
    try:
        await worker.start()
    except BaseException:
        await node.close()
        raise
    return node, worker


def test_one_worker_runs_on_a_home(tmp_path: Path) -> None:
    home = make_homes(tmp_path)["belastingdienst"]

    async def run() -> None:
        node, worker = await start(home)
        with pytest.raises(StartError, match="runs on this home already"):
            await start(home)
        await worker.stop()
        await node.close()
        node, worker = await start(home)  # and after it stopped, the next one may
        await worker.stop()
        await node.close()

    asyncio.run(run())


def test_a_worker_stands_by_while_another_holds_the_lease(tmp_path: Path) -> None:
    home = make_homes(tmp_path)["belastingdienst"]

    async def run() -> None:
        node = Node.open(home.directory)
        with node.database.write() as connection:
            now = int(time.time())
            assert lease_sql.take(connection, LEASE, "elsewhere", fence=None, now=now, seconds=30)
        worker = Worker(node)
        await worker.start()
        for _ in range(100):
            if worker.problem != "not started":
                break
            await asyncio.sleep(0.05)
        assert worker.problem is not None
        assert worker.problem.startswith("standing by")
        await worker.stop()
        with node.database.read() as connection:  # it did not take what is another's
            assert lease_sql.holder_of(connection, LEASE) == "elsewhere"
        await node.close()

    asyncio.run(run())


def test_a_lease_is_taken_when_it_has_run_out(tmp_path: Path) -> None:
    home = make_homes(tmp_path)["uwv"]

    async def run() -> None:
        node = Node.open(home.directory)
        with node.database.write() as connection:

            def take(who: str, fence: int | None, now: int) -> int | None:
                return lease_sql.take(connection, "x", who, fence=fence, now=now, seconds=30)

            assert take("a", None, 100) == 1
            assert take("b", None, 129) is None
            assert take("a", 1, 129) == 1
            assert take("b", None, 160) == 2
            assert take("a", 1, 161) is None
            assert lease_sql.holds(connection, "x", "b", 2)
            assert not lease_sql.holds(connection, "x", "a", 1)
            assert take("b", None, 162) == 3  # the same holder starts again: a new fence
            assert take("a", None, 50) == 4  # written before the clock went back: it has run out
        await node.close()

    asyncio.run(run())


def test_a_taken_port_stops_the_start_with_its_name(tmp_path: Path) -> None:
    home = make_homes(tmp_path)["belastingdienst"]

    async def run() -> None:
        with (
            socket.create_server(("127.0.0.1", home.settings.log_port)),
            pytest.raises(StartError, match=str(home.settings.log_port)),
        ):
            await start(home)

    asyncio.run(run())


def test_a_record_key_the_ledger_does_not_know_stops_the_start(tmp_path: Path) -> None:
    homes = make_homes(tmp_path)
    other = homes["uwv"].keys_directory / "record.key"
    (homes["belastingdienst"].keys_directory / "record.key").write_bytes(other.read_bytes())

    async def run() -> None:
        with pytest.raises(StartError, match="not an active record key"):
            await start(homes["belastingdienst"])

    asyncio.run(run())


def test_a_genesis_of_another_log_stops_the_start(tmp_path: Path) -> None:
    homes = make_homes(tmp_path / "a")
    homes["uwv"].genesis_file.write_bytes(b"{}")
    with pytest.raises(StartError, match=r"genesis\.json"):
        Node.open(homes["uwv"].directory)
    homes["uwv"].genesis_file.unlink()
    with pytest.raises(StartError, match="missing"):
        Node.open(homes["uwv"].directory)


def test_a_database_without_tables_stops_the_start(tmp_path: Path) -> None:
    home = make_homes(tmp_path)["uwv"]
    (home.directory / "node.sqlite3").unlink()
    with pytest.raises(StartError, match="vastedag init"):
        Node.open(home.directory)
