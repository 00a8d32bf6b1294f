"""L1 on PostgreSQL: an interrupted commit is unknown, never done; a killed server loses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress

import pytest

from ledger.clock_system import SystemClock
from ledger.errors import BusyError, StoreError
from ledger.formats.proof import Receipt
from ledger.log import Log
from ledger.rules.genesis import create_log
from ledger.sequencing.checks_threads import InlineChecks
from ledger.sequencing.intake import Limits
from ledger.stores.database_sql import Database, migrate
from ledger.stores.store_sql import SqlStore
from tests import ledger_faults as faults
from tests import ledger_network as nets
from tests.ledger_postgres import Cluster, running_cluster

pytestmark = pytest.mark.needs("postgresql")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with running_cluster() as running:
        yield running


async def sent(log: Log, raw: bytes) -> Receipt:
    for _ in range(200):
        try:
            return await asyncio.wait_for(log.append(raw), 10)
        except (StoreError, BusyError, TimeoutError):
            await asyncio.sleep(0.2)
    raise AssertionError("no receipt")


async def opened(url: str) -> tuple[Database, Log, str]:
    await asyncio.to_thread(migrate, url)
    database = Database(url)
    store = SqlStore(database)
    genesis = nets.governance_record(nets.genesis_body(mirrors=(), quorum=0), log="")
    log_id = await create_log(store, genesis, nets.log_signer())
    log = Log(
        store=store,
        signer=nets.log_signer(),
        clock=SystemClock(),
        checks=InlineChecks(),
        mirrors={},
        limits=Limits(batch_seconds=0.0, lease_seconds=60),
        holder="test",
    )
    await log.start()
    return database, log, log_id


def test_l1_a_cancelled_wait_for_the_standby_is_unknown_and_found_out(cluster: Cluster) -> None:
    async def work() -> None:
        database, log, log_id = await opened(cluster.new_database())
        first = nets.record(log_id, "first")
        receipts = {first: await sent(log, first)}
        await asyncio.to_thread(cluster.stop_standby)
        raw = nets.record(log_id, "second")
        waiting = asyncio.create_task(sent(log, raw))
        await asyncio.sleep(1.0)
        assert not waiting.done()  # no receipt while no standby has it
        await asyncio.to_thread(
            cluster.execute,
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'",
        )
        await asyncio.sleep(0.5)
        await asyncio.to_thread(cluster.start_standby)
        receipts[raw] = await waiting
        await faults.check_network(log.store, [], receipts)
        await log.stop()
        await database.close()

    asyncio.run(work())


def test_l1_a_warning_at_commit_is_an_unknown_outcome(cluster: Cluster) -> None:
    async def work() -> None:
        url = cluster.new_database()
        database, log, _ = await opened(url)
        await log.stop()
        store = SqlStore(database)
        await asyncio.to_thread(cluster.stop_standby)
        writing = asyncio.create_task(store.acquire("other", now=10**10, until=10**10 + 5))
        await asyncio.sleep(1.0)
        await asyncio.to_thread(
            cluster.execute,
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'",
        )
        with pytest.raises(StoreError, match="perhaps on no standby"):
            await writing
        await asyncio.to_thread(cluster.start_standby)
        await database.close()

    asyncio.run(work())


def test_l1_a_killed_server_loses_nothing_that_was_acknowledged(cluster: Cluster) -> None:
    async def work() -> None:
        database, log, log_id = await opened(cluster.new_database())
        receipts: dict[bytes, Receipt] = {}

        async def client(number: int) -> None:
            for count in range(12):
                raw = nets.record(log_id, f"{number}/{count}")
                receipts[raw] = await sent(log, raw)

        clients = asyncio.gather(*(client(number) for number in range(4)))
        for _ in range(2):
            await asyncio.sleep(0.3)
            await asyncio.to_thread(cluster.kill_primary)
            await asyncio.to_thread(cluster.start_primary)
        await clients
        await readable(log)
        await faults.check_network(log.store, [], receipts)
        await log.stop()
        await database.close()

    asyncio.run(work())


async def readable(log: Log) -> None:
    """Wait until the store answers again: an idle connection learns only now of the kill, and its
    first answer is the honest «load again»."""
    for _ in range(50):
        try:
            await log.store.load()
        except StoreError:
            await asyncio.sleep(0.1)
        else:
            return
    raise AssertionError("the store does not come back after the server did")


def test_a_role_with_weaker_durability_is_refused(cluster: Cluster) -> None:
    url = cluster.new_database()
    migrate(url)
    name = url.rsplit("/", 1)[1]
    cluster.execute(f"ALTER DATABASE {name} SET synchronous_commit = local")
    with suppress(StoreError):
        database = Database(url)
        asyncio.run(database.close())
        raise AssertionError("opened with synchronous_commit = local")
