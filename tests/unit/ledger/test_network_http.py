"""The whole ledger over loopback HTTP and SQLite: genesis to verified export, one mirror down."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest
import uvicorn

from ledger.errors import PeerError, VerifyError
from ledger.export import export
from ledger.follow import CopyReader, Follower
from ledger.formats.policy import parse_policy
from ledger.formats.proof import parse_receipt, verify_receipt
from ledger.peers_http import HttpPeer
from ledger.rules.genesis import create_log
from ledger.sequencing.checks_threads import ThreadChecks
from ledger.serve import LogDoor, MirrorDoor, WitnessDoor, trusted
from ledger.stores.database_sql import Database, migrate, sqlite_url
from ledger.stores.store_memory import MemoryStore
from ledger.stores.store_sql import SqlCosigned, SqlState, SqlStore
from ledger.verify import verify_log
from ledger.verifying.source_dir import DirectorySource
from ledger.verifying.source_http import HttpSource
from tests import ledger_network as nets
from tests.ledger_process import TOKEN, Door, app_of


class Site:
    """One member's door on a free loopback port."""

    def __init__(self, door: Door) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/log"
        config = uvicorn.Config(app_of(door), log_level="error", lifespan="off")
        self.server = uvicorn.Server(config)
        self.task = asyncio.create_task(self.server.serve(sockets=[self.socket]))

    async def close(self) -> None:
        self.server.should_exit = True
        with suppress(asyncio.CancelledError):
            await self.task


async def database(stack: AsyncExitStack, path: Path) -> Database:
    await asyncio.to_thread(migrate, sqlite_url(path))
    opened = Database(sqlite_url(path))
    stack.push_async_callback(opened.close)
    return opened


async def site(stack: AsyncExitStack, door: Door) -> Site:
    opened = Site(door)
    stack.push_async_callback(opened.close)
    return opened


def test_from_genesis_to_a_verified_export(tmp_path: Path) -> None:
    async def work() -> None:
        async with AsyncExitStack() as stack:
            checks = ThreadChecks()
            stack.callback(checks.close)
            clock = nets.FixedClock()
            store = SqlStore(await database(stack, tmp_path / "log.sqlite3"))
            genesis = nets.governance_record(nets.genesis_body(), log="")
            log_id = await create_log(store, genesis, nets.log_signer())
            peers: dict[str, HttpPeer] = {}
            for member in nets.MIRRORS:
                copy = SqlStore(await database(stack, tmp_path / f"{member}.sqlite3"))
                mirror = await nets.make_mirror(member, log_id, clock, copy)
                there = await site(stack, MirrorDoor(mirror))
                peers[member] = HttpPeer(there.url, token=TOKEN)
                stack.push_async_callback(peers[member].close)
                if member == "svb":
                    await there.close()  # one of four is down: three are the quorum
            witness_state = SqlCosigned(await database(stack, tmp_path / "woonstad.sqlite3"))
            witness = WitnessDoor(
                state=witness_state,
                logs=lambda: trusted(nets.ORIGIN, nets.log_signer().verifier.vkey),
                signer=nets.note_signer("woonstad", "witness"),
                clock=clock,
                evidence=MemoryStore(),
            )
            witness_peer = HttpPeer((await site(stack, witness)).url)
            stack.push_async_callback(witness_peer.close)
            log = nets.make_log(store, peers, clock, witnesses={"woonstad": witness_peer})
            await log.start()
            stack.push_async_callback(log.stop)
            there = await site(stack, LogDoor(log))
            reader = HttpPeer(there.url, token=TOKEN)
            stack.push_async_callback(reader.close)
            raws = [nets.record(log_id, f"{n}") for n in range(300)]
            answer = await reader.post("submit", raws[0], "application/json")
            assert answer.status == 200
            await log.append_many(raws)
            (entry,) = await store.entries(1, 2)
            policy = parse_policy(log.registry.policy_text().encode())
            opened = verify_receipt(parse_receipt(answer.body), entry, policy)
            assert set(opened.cosigners) == {"uwv", "toeslagen", "gm0344"}
            refused = await reader.post(
                "submit", nets.record(log_id, "0", content="other"), "application/json"
            )
            assert (refused.status, b'"reused_id"' in refused.body) == (409, True)

            states = SqlState(await database(stack, tmp_path / "follower.sqlite3"))
            follower = Follower(
                peer=reader,
                states=states,
                log_vkey=nets.log_signer().verifier.vkey,
                policy=policy,
                checks=checks,
                log_id=log_id,
            )
            await follower.start()
            followed = [each async for each in follower.entries(0)]
            assert [each.n for each in followed] == list(range(301))
            copy_reader = CopyReader(store)
            assert [each async for each in copy_reader.entries(0)] == followed

            vkey = nets.log_signer().verifier.vkey
            source = HttpSource(there.url, token=TOKEN)
            report = await asyncio.to_thread(verify_log, source, vkey, policy)
            assert (report.size, report.entries, report.void_count) == (301, 301, 0)
            source.close()
            outsider = HttpSource(there.url)
            with pytest.raises(VerifyError, match="token"):
                await asyncio.to_thread(verify_log, outsider, vkey, policy)
            hashes_only = await asyncio.to_thread(verify_log, outsider, vkey, policy, entries=False)
            assert hashes_only.root == report.root
            outsider.close()

            written = await export(store, tmp_path / "tree")
            assert (written.size, written.bundles) == (301, 2)
            exported = await asyncio.to_thread(
                verify_log, DirectorySource(tmp_path / "tree"), vkey, policy
            )
            assert exported.root == report.root
            await export(store, tmp_path / "public", public=True)
            assert not (tmp_path / "public/tile/entries").exists()

    asyncio.run(work())


def test_a_peer_that_is_not_there_is_a_peer_error() -> None:
    async def work() -> None:
        peer = HttpPeer("http://127.0.0.1:9/log")
        with pytest.raises(PeerError):
            await peer.get("checkpoint")
        await peer.close()

    asyncio.run(work())
