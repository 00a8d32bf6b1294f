"""Governance at work: keys rotated and revoked, mirrors and quorum changed, the log key moved."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from ledger.errors import AdmissionError, CheckpointError
from ledger.follow import Follower
from ledger.formats.checkpoint import parse_checkpoint
from ledger.formats.note import parse_note
from ledger.formats.policy import parse_policy
from ledger.formats.proof import Receipt
from ledger.log import Log
from ledger.mirror import Mirror
from ledger.pages import Pages
from ledger.ports import Answer, StateStore
from ledger.rules import governance
from ledger.rules.genesis import create_log
from ledger.sequencing.checks_threads import InlineChecks
from ledger.serve import MirrorDoor
from ledger.stores.store_memory import MemoryState, MemoryStore
from ledger.tail import registry_of
from ledger.verify import verify_log
from tests import ledger_network as nets


async def govern(
    net: nets.Network, kind: str, *, by: Sequence[str] = nets.MIRRORS, **fields: Any
) -> Receipt:
    """Record a governance entry signed by these members."""
    body = governance.next_body(net.log.registry, kind, **fields)
    signed = governance.with_signers(body, {m: nets.signer(m, "governance") for m in by})
    return await net.log.append(nets.governance_record(signed, log=net.log_id))


class ReadingPeer:
    """A Peer that reads published pages."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def get(self, path: str) -> Answer:
        return await self._pages.get(path, entries_allowed=True)

    async def post(self, path: str, body: bytes, content_type: str) -> Answer:
        raise NotImplementedError


class Source:
    """A TileSource over pages, for verify_log."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def read(self, path: str) -> bytes:
        answer = asyncio.run(self._pages.get(path, entries_allowed=True))
        assert answer.status == 200, path
        return answer.body


def follower(net: nets.Network, states: StateStore, log: Log, vkey: str) -> Follower:
    return Follower(
        peer=ReadingPeer(Pages(log.store)),
        states=states,
        log_vkey=vkey,
        policy=parse_policy(nets_policy(net)),
        checks=InlineChecks(),
    )


def nets_policy(net: nets.Network) -> bytes:
    genesis = governance.genesis(nets.genesis_body(), net.log_id)
    return genesis.policy_text().encode()


def test_a_rotated_key_signs_and_the_old_one_no_more() -> None:
    async def work() -> None:
        net = await nets.make_network()
        new = nets.signer("uwv", "record2")
        await govern(
            net, "rotate", by=("uwv",), member="uwv", use="record", key=nets.b64(new.public_key)
        )
        await net.log.append(nets.record(net.log_id, "a", key=new))
        with pytest.raises(AdmissionError) as refused:
            await net.log.append(nets.record(net.log_id, "b"))
        assert refused.value.code == "key_revoked"
        await net.log.stop()

    asyncio.run(work())


def test_a_refused_governance_entry_leaves_no_entry_and_takes_no_seq() -> None:
    async def work() -> None:
        net = await nets.make_network()
        with pytest.raises(AdmissionError):
            await govern(net, "suspend", by=("uwv",), member="svb", suspended=True)
        assert net.log.status().size == 1
        await govern(net, "suspend", member="woonstad", suspended=True)
        with pytest.raises(AdmissionError) as refused:
            await net.log.append(
                nets.record(net.log_id, "c", author="woonstad", record_class="charge")
            )
        assert refused.value.code == "suspended"
        await net.log.stop()

    asyncio.run(work())


def test_what_was_on_its_way_is_judged_by_the_registry_of_its_place() -> None:
    async def work() -> None:
        net = await nets.make_network()
        body = governance.next_body(net.log.registry, "suspend", member="uwv", suspended=True)
        signers = {m: nets.signer(m, "governance") for m in nets.MIRRORS}
        suspend = nets.governance_record(governance.with_signers(body, signers), log=net.log_id)
        before, after = (nets.record(net.log_id, each) for each in ("before", "after"))
        answers = await net.log.append_many([before, suspend, after])
        assert isinstance(answers[0], Receipt)
        assert isinstance(answers[1], Receipt)
        assert isinstance(answers[2], AdmissionError)
        assert answers[2].code == "suspended"
        await net.log.stop()

    asyncio.run(work())


def test_a_quorum_change_is_covered_by_the_old_and_the_new_quorum() -> None:
    async def work() -> None:
        net = await nets.make_network()
        old = parse_policy(net.log.registry.policy_text().encode())
        net.peers["gm0344"].down = True
        receipt = await govern(
            net, "quorum", mirrors=["uwv", "svb", "toeslagen"], quorum=2, votes_needed=3
        )
        new = parse_policy(net.log.registry.policy_text().encode())
        for policy in (old, new):
            policy.satisfied(receipt.checkpoint)
        net.peers["toeslagen"].down = True  # two of three suffice from here on
        later = await net.log.append(nets.record(net.log_id, "a"))
        new.satisfied(later.checkpoint)
        await net.log.stop()

    asyncio.run(work())


def test_a_quorum_change_waits_while_the_old_quorum_is_not_there() -> None:
    async def work() -> None:
        net = await nets.make_network()
        for member in ("gm0344", "toeslagen"):
            net.peers[member].down = True
        change = asyncio.create_task(
            govern(net, "quorum", mirrors=["uwv", "svb"], quorum=2, votes_needed=3)
        )
        await asyncio.sleep(0.1)
        assert not change.done()
        net.peers["toeslagen"].down = False
        await change
        await net.log.stop()

    asyncio.run(work())


def test_a_new_mirror_catches_up_from_nothing_and_counts() -> None:
    async def work() -> None:
        net = await nets.make_network()
        await net.log.append_many([nets.record(net.log_id, f"{n}") for n in range(300)])
        member = nets.member_body("gm0363", "municipality", votes=True)
        await govern(net, "admit", member=member)
        await net.log.stop()
        mirror = await nets.make_mirror("gm0363", net.log_id, net.clock, MemoryStore())
        net.peers["gm0363"] = nets.DoorPeer(MirrorDoor(mirror))
        net.log = nets.make_log(net.store, net.peers, net.clock)
        await net.log.start()
        await govern(net, "quorum", mirrors=[*nets.MIRRORS, "gm0363"], quorum=4, votes_needed=3)
        net.peers["uwv"].down = True
        await net.log.append(nets.record(net.log_id, "a"))
        assert mirror.size == net.log.status().size
        await net.log.stop()

    asyncio.run(work())


def test_the_log_key_moves_and_everybody_follows() -> None:
    old, new = nets.log_signer(), nets.log_signer(2)
    holder: dict[str, nets.Network] = {}

    async def work() -> None:
        net = holder["net"] = await nets.make_network(start=False)
        net.log = nets.make_log(net.store, net.peers, net.clock, also=(new,))
        await net.log.start()
        states, behind = MemoryState(), MemoryState()
        early = follower(net, states, net.log, old.verifier.vkey)
        await early.start()
        receipt = await govern(net, "move", log_vkey=new.verifier.vkey)
        names = [each.key_id for each in receipt.checkpoint.signatures[:2]]
        assert names == [old.verifier.key_id, new.verifier.key_id]
        assert [each.n async for each in early.entries(0)] == [0, 1]
        await net.log.append(nets.record(net.log_id, "a"))
        await nets.settled(lambda: {m.size for m in net.mirrors.values()} == {3})
        await net.log.stop()

        with_old = nets.make_log(net.store, net.peers, net.clock)
        with pytest.raises(Exception, match="not the log's key"):
            await with_old.start()
        net.log = nets.make_log(net.store, net.peers, net.clock, key=new)
        await net.log.start()
        last = await net.log.append(nets.record(net.log_id, "b"))
        assert last.checkpoint.signatures[0].key_id == new.verifier.key_id
        assert [each.n async for each in early.entries(2)] == [2, 3]
        late = follower(net, behind, net.log, old.verifier.vkey)
        await late.start()
        with pytest.raises(CheckpointError):
            _ = [each async for each in late.entries(0)]
        told = follower(net, behind, net.log, new.verifier.vkey)
        await told.start()
        await net.log.stop()

    asyncio.run(work())
    net = holder["net"]
    published = asyncio.run(net.store.load()).published
    assert published is not None
    assert parse_note(published.note).signatures[0].key_id == new.verifier.key_id
    report = verify_log(Source(Pages(net.store)), new.verifier.vkey, workers=0)
    assert (report.size, report.governance) == (4, 2)


def test_a_mirror_that_was_away_during_a_move_goes_on_once_told_the_next_key() -> None:
    old, new = nets.log_signer(), nets.log_signer(2)

    async def work() -> None:
        net = await nets.make_network(start=False)
        net.log = nets.make_log(net.store, net.peers, net.clock, also=(new,))
        await net.log.start()
        net.peers["uwv"].down = True
        await govern(net, "move", log_vkey=new.verifier.vkey)
        await net.log.stop()
        net.log = nets.make_log(net.store, net.peers, net.clock, key=new)
        await net.log.start()
        net.peers["uwv"].down = False
        await net.log.append(nets.record(net.log_id, "a"))
        await nets.settled(lambda: "403" in net.log.status().mirrors.get("mirror uwv", ""))
        assert net.mirrors["uwv"].size < 3
        told = Mirror(
            store=net.mirrors["uwv"].store,
            origin=nets.ORIGIN,
            log_vkey=new.verifier.vkey,
            signer=nets.note_signer("uwv", "mirror"),
            clock=net.clock,
            checks=InlineChecks(),
            log_id=net.log_id,
        )
        await told.start()
        net.peers["uwv"].door = MirrorDoor(told)
        await nets.settled(lambda: told.size == 3)
        await net.log.stop()
        assert old.verifier.vkey in net.log.registry.retired_log_vkeys

    asyncio.run(work())


def test_break_glass_a_successor_names_its_predecessors_last_checkpoint() -> None:
    """The procedure of DESIGN 4, rehearsed: the quorum is lost for good, the log goes on."""

    async def work() -> None:
        net = await nets.make_network()
        receipt = await net.log.append(nets.record(net.log_id, "a"))
        for member in ("uwv", "svb"):
            net.peers[member].down = True  # two of four are gone for ever
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(net.log.append(nets.record(net.log_id, "b")), 0.2)
        await net.log.stop()
        last = (await net.store.load()).published
        assert last is not None
        body = {
            **nets.genesis_body(mirrors=("toeslagen", "gm0344"), quorum=2, signers=()),
            "log_vkey": nets.log_signer(2).verifier.vkey,
            "predecessor": last.note.decode(),
        }
        body["members"] = [each for each in body["members"] if each["id"] not in ("uwv", "svb")]
        voters = {
            m: nets.signer(m, "governance") for m in ("toeslagen", "gm0344", "belastingdienst")
        }
        genesis = nets.governance_record(governance.with_signers(body, voters), log="")
        store = MemoryStore()
        await create_log(store, genesis, nets.log_signer(2))
        registry = registry_of(await store.governance())
        assert registry is not None
        assert registry.predecessor is not None
        note = parse_note(registry.predecessor.encode())
        parse_policy(nets_policy(net)).satisfied(note)
        assert parse_checkpoint(note.text).size == receipt.index + 1
        broken = governance.with_signers({**body, "predecessor": "no note"}, voters)
        with pytest.raises(AdmissionError):
            governance.genesis(broken, net.log_id)

    asyncio.run(work())
