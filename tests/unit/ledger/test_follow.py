"""Followers and sequencers that read others' copies: verified order, saved place, two stories."""

from __future__ import annotations

import asyncio

import pytest

from ledger.errors import ForkError, LedgerError, PeerError, PolicyError, StoreError
from ledger.follow import CopyReader, Follower, RecordedEntry
from ledger.formats.checkpoint import Checkpoint, sign_checkpoint
from ledger.formats.merkle import HASH_BYTES
from ledger.formats.note import parse_note
from ledger.formats.policy import parse_policy
from ledger.formats.tiles import parse_tile_path
from ledger.pages import Pages
from ledger.ports import Answer, Evidence
from ledger.sequencing.checks_threads import InlineChecks
from ledger.serve import LogDoor
from ledger.stores.store_memory import MemoryState, MemoryStore
from tests import ledger_network as nets


class Reading:
    """A Peer that only reads a log's door, and may lie about one path."""

    def __init__(self, pages: Pages | LogDoor) -> None:
        self.pages = pages
        self.lies: dict[str, Answer] = {}
        self.read: list[str] = []

    async def get(self, path: str) -> Answer:
        self.read.append(path)
        if path in self.lies:
            return self.lies[path]
        return await self.pages.get(path, entries_allowed=True)

    async def post(self, path: str, body: bytes, content_type: str) -> Answer:
        raise PeerError("a reader does not post")


def follower_of(net: nets.Network, peer: Reading, states: MemoryState) -> Follower:
    policy = parse_policy(net.log.registry.policy_text().encode())
    return Follower(
        peer=peer,
        states=states,
        log_vkey=nets.log_signer().verifier.vkey,
        policy=policy,
        checks=InlineChecks(),
        log_id=net.log_id,
    )


async def all_of(follower: Follower | CopyReader, start: int) -> list[RecordedEntry]:
    return [each async for each in follower.entries(start)]


async def grown(count: int) -> tuple[nets.Network, Reading]:
    net = await nets.make_network()
    await net.log.append_many([nets.record(net.log_id, f"{n}") for n in range(count)])
    return net, Reading(Pages(net.store))


def test_it_goes_on_where_it_was_also_after_a_restart() -> None:
    async def work() -> None:
        net, peer = await grown(5)
        states = MemoryState()
        follower = follower_of(net, peer, states)
        await follower.start()
        assert [each.n for each in await all_of(follower, 0)] == list(range(6))
        await net.log.append(nets.record(net.log_id, "more"))
        again = follower_of(net, peer, states)
        await again.start()
        assert again.size == 6
        assert [each.n for each in await all_of(again, 6)] == [6]
        assert again.registry == net.log.registry
        assert await all_of(again, 7) == []
        assert [each.n for each in await all_of(again, 3)] == [3, 4, 5, 6]
        await net.log.stop()

    asyncio.run(work())


def test_a_reader_that_stops_in_a_chunk_sees_its_entries_again() -> None:
    async def work() -> None:
        net, peer = await grown(5)
        states = MemoryState()
        follower = follower_of(net, peer, states)
        await follower.start()
        async for each in follower.entries(0):
            if each.n == 2:
                break
        again = follower_of(net, peer, states)
        await again.start()
        assert [each.n for each in await all_of(again, 0)] == list(range(6))
        await net.log.stop()

    asyncio.run(work())


def test_many_chunks_are_each_proven_before_they_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.follow.CHUNK_ENTRIES", 100)

    async def work() -> None:
        net, peer = await grown(620)
        follower = follower_of(net, peer, MemoryState())
        await follower.start()
        assert [each.n for each in await all_of(follower, 0)] == list(range(621))
        await net.log.stop()

    asyncio.run(work())


def test_a_copy_and_a_follower_show_the_same() -> None:
    async def work() -> None:
        net, peer = await grown(9)
        follower = follower_of(net, peer, MemoryState())
        await follower.start()
        for copy in (
            CopyReader(net.store),
            CopyReader(net.mirrors["gm0344"].store, Reading(LogDoor(net.log))),
        ):
            await copy.start()
            assert await all_of(copy, 0) == await all_of(follower, 0)
            assert copy.registry == follower.registry
        await net.log.stop()

    asyncio.run(work())


@pytest.mark.parametrize("level", [0, -1])
def test_a_flipped_bit_in_a_tile_or_bundle_stops_it(
    level: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.follow.CHUNK_ENTRIES", 100)  # so that proofs read hash tiles

    async def work() -> None:
        net, peer = await grown(300)
        path = "tile/0/001.p/45" if level == 0 else "tile/entries/000"
        assert parse_tile_path(path).level == level
        true = await peer.get(path)
        body = bytearray(true.body)
        body[HASH_BYTES + 7] ^= 1
        peer.lies[path] = Answer(status=200, body=bytes(body))
        follower = follower_of(net, peer, MemoryState())
        await follower.start()
        with pytest.raises(LedgerError):
            await all_of(follower, 0)
        assert follower.size == 0
        del peer.lies[path]
        assert len(await all_of(follower, 0)) == 301
        await net.log.stop()

    asyncio.run(work())


def test_a_checkpoint_without_the_quorum_is_not_followed() -> None:
    async def work() -> None:
        net, peer = await grown(3)
        shown = parse_note((await peer.get("checkpoint")).body)
        bare = type(shown)(text=shown.text, signatures=shown.signatures[:3])
        peer.lies["checkpoint"] = Answer(status=200, body=bare.encode())
        follower = follower_of(net, peer, MemoryState())
        await follower.start()
        with pytest.raises(PolicyError):
            await all_of(follower, 0)
        await net.log.stop()

    asyncio.run(work())


def test_another_tree_of_the_same_size_is_a_fork_and_both_notes_are_kept() -> None:
    async def work() -> None:
        net, peer = await grown(3)
        kept: list[Evidence] = []

        async def keep(evidence: Evidence) -> None:
            kept.append(evidence)

        states = MemoryState()
        follower = follower_of(net, peer, states)
        follower._keep_evidence = keep
        await follower.start()
        await all_of(follower, 0)
        forged = sign_checkpoint(
            Checkpoint(origin=nets.ORIGIN, size=follower.size, root=b"\x05" * 32),
            nets.log_signer(),
        )
        lines = [
            nets.note_signer(m, "mirror").sign(forged.text, 1_795_320_000) for m in nets.MIRRORS
        ]
        peer.lies["checkpoint"] = Answer(status=200, body=forged.with_signatures(lines).encode())
        with pytest.raises(ForkError):
            await all_of(follower, follower.size)
        assert set(kept[0].parts) == {"ours", "theirs"}
        await net.log.stop()

    asyncio.run(work())


def test_a_mirror_shows_no_entry_without_the_quorum() -> None:
    async def work() -> None:
        net, peer = await grown(3)
        for member in ("svb", "uwv"):
            net.peers[member].down = True
        waiting = asyncio.create_task(net.log.append(nets.record(net.log_id, "more")))
        while net.mirrors["gm0344"].size < 5:
            await asyncio.sleep(0.002)
        copy = CopyReader(net.mirrors["gm0344"].store, peer)
        assert [each.n for each in await all_of(copy, 0)] == [0, 1, 2, 3]
        net.peers["svb"].down = False
        await waiting
        assert [each.n for each in await all_of(copy, 4)] == [4]
        shown = parse_note((await peer.get("checkpoint")).body)
        bare = type(shown)(text=shown.text, signatures=shown.signatures[:2])
        peer.lies["checkpoint"] = Answer(status=200, body=bare.encode())
        with pytest.raises(PolicyError):
            await all_of(CopyReader(net.mirrors["gm0344"].store, peer), 0)
        await net.log.stop()

    asyncio.run(work())


def test_a_damaged_saved_state_is_named() -> None:
    async def work() -> None:
        net, peer = await grown(3)
        for damaged in (b"{}", b"\xff", b'{"v":1,"size":3}', b'{"v":2}'):
            states = MemoryState()
            await states.save(damaged, [])
            follower = follower_of(net, peer, states)
            with pytest.raises(StoreError, match="follow from the start"):
                await follower.start()
        await net.log.stop()

    asyncio.run(work())


def test_a_sequencer_restored_from_an_old_backup_adopts_what_its_mirrors_hold() -> None:
    async def work() -> None:
        net = await nets.make_network()
        raws = [nets.record(net.log_id, f"{n}") for n in range(300)]
        before = await net.log.append_many(raws[:10])
        backup = MemoryStore()
        backup.__dict__.update(
            {k: v.copy() if hasattr(v, "copy") else v for k, v in net.store.__dict__.items()}
        )
        after = await net.log.append_many(raws[10:])
        await net.log.stop()
        restored = nets.make_log(backup, net.peers, net.clock)
        await restored.start()
        again = await restored.append_many(raws)
        assert [each.index for each in again] == [  # type: ignore[union-attr]
            each.index
            for each in [*before, *after]  # type: ignore[union-attr]
        ]
        assert await backup.entries(0, 301) == await net.store.entries(0, 301)
        await restored.append(nets.record(net.log_id, "new"))
        assert restored.status().size == 302
        await restored.stop()

    asyncio.run(work())


def test_a_sequencer_waits_for_enough_mirrors_before_it_signs() -> None:
    async def work() -> None:
        net = await nets.make_network(start=False)
        for member in ("uwv", "svb", "toeslagen"):
            net.peers[member].down = True
        await net.log.start()
        waiting = asyncio.create_task(net.log.append(nets.record(net.log_id, "a")))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        assert net.log.status().problem == "adopting from the mirrors"
        assert net.log.status().size == 1
        for member in ("uwv", "svb", "toeslagen"):
            net.peers[member].down = False
        assert (await waiting).index == 1
        await net.log.stop()

    asyncio.run(work())


def test_a_sequencer_whose_mirrors_cosigned_another_tree_stops_and_keeps_both_notes() -> None:
    async def work() -> None:
        net = await nets.make_network()
        await net.log.append(nets.record(net.log_id, "a"))
        await net.log.stop()
        other = await nets.make_network(start=False)
        liar = nets.make_log(other.store, net.peers, net.clock)
        # The same genesis, another first record: two stories under one log key.
        alone = nets.make_log(other.store, other.peers, other.clock)
        await alone.start()
        await alone.append(nets.record(other.log_id, "b"))
        await alone.stop()
        await liar.start()
        await nets.settled(lambda: "stopped" in (liar.status().problem or ""))
        assert "nothing may be signed" in (liar.status().problem or "")
        (evidence,) = await other.store.evidence()
        assert evidence.kind == "fork"
        with pytest.raises(StoreError):
            await asyncio.wait_for(liar.append(nets.record(other.log_id, "c")), 2)
        await liar.stop()

    asyncio.run(work())
