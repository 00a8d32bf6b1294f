"""An export says what is published, and nothing of what is only stored."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from ledger.errors import StoreError
from ledger.export import export
from ledger.rules import governance
from ledger.stores.store_memory import MemoryStore
from tests import ledger_network as nets


def test_governance_above_the_published_size_is_not_exported_yet(tmp_path: Path) -> None:
    async def work() -> None:
        net = await nets.make_network()
        await net.log.append(nets.record(net.log_id, "a"))
        published = await net.store.published()
        assert published is not None
        before = await exported(net, tmp_path / "before")
        for member in nets.MIRRORS[:3]:
            net.peers[member].down = True
        changes = {"mirrors": sorted(nets.MIRRORS), "quorum": 4, "votes_needed": 3}
        body = governance.next_body(net.log.registry, "quorum", **changes)
        voters = {member: nets.signer(member, "governance") for member in nets.MIRRORS}
        raw = nets.governance_record(governance.with_signers(body, voters), log=net.log_id)
        with suppress(TimeoutError):
            await asyncio.wait_for(net.log.append(raw), 0.3)
        assert (await net.store.load()).size == published.size + 1
        assert await exported(net, tmp_path / "stored") == before
        for peer in net.peers.values():
            peer.down = False
        await net.log.append(raw)
        assert await exported(net, tmp_path / "after") != before
        await net.log.stop()

    asyncio.run(work())


async def exported(net: nets.Network, directory: Path) -> str:
    await export(net.store, directory)
    return (directory / "policy").read_text()


def test_nothing_published_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nothing is published"):
        asyncio.run(export(MemoryStore(), tmp_path))
