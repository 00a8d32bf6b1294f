"""A mirror that forgot cosigns nothing before it has caught up; suspicion is bounded, forks prove
themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from copy import deepcopy
from dataclasses import replace

import pytest

from ledger import proofs
from ledger.catch_up import Others, others_of
from ledger.contradictions import UNPROVEN_KEPT
from ledger.errors import LedgerError
from ledger.evidence import UNPROVEN, list_evidence, prove_fork
from ledger.formats.note import parse_note
from ledger.mirror import Mirror
from ledger.ports import Head
from ledger.rules.registry import Registry
from ledger.sequencing.checks_threads import InlineChecks
from ledger.sequencing.push import Pusher
from ledger.serve import MirrorDoor
from ledger.stores.store_memory import MemoryStore
from ledger.tail import registry_of
from ledger.watch import compare_with
from ledger.witness import Submission, catching_up_path
from tests import ledger_network as nets

LOG_KEYS = [nets.log_signer().verifier]


async def restored(net: nets.Network, store: MemoryStore, *, flag: bool) -> Mirror:
    """The first mirror on this store, told how many others it must hear."""
    mirror = Mirror(
        store=store,
        origin=nets.ORIGIN,
        log_vkey=nets.log_signer().verifier.vkey,
        signer=nets.note_signer("uwv", "mirror"),
        clock=net.clock,
        checks=InlineChecks(),
        log_id=net.log_id,
        others=others_of(await members(net)),
        restored=flag,
    )
    await mirror.start()
    return mirror


async def members(net: nets.Network) -> Registry:
    registry = registry_of(await net.store.governance())
    assert registry is not None
    return registry


async def pushed(mirror: Mirror, net: nets.Network, head: Head) -> str:
    """`cosigned`, or why not."""
    pusher = Pusher(nets.DoorPeer(MirrorDoor(mirror)), net.store, nets.ORIGIN)
    try:
        return "cosigned" if await pusher.mirror(head) else "nothing"
    except LedgerError as error:
        return str(error)


async def head_of(net: nets.Network) -> Head:
    head = (await net.store.load()).head
    assert head is not None
    return head


def others(net: nets.Network) -> Mapping[str, nets.DoorPeer]:
    return {m: net.peers[m] for m in nets.MIRRORS[1:]}


@pytest.mark.parametrize("flag", [False, True], ids=["empty", "restored"])
def test_it_stores_but_cosigns_only_when_it_holds_what_the_others_cosigned(flag: bool) -> None:
    async def work() -> None:
        net = await nets.make_network()
        await net.log.append_many([nets.record(net.log_id, f"{n}") for n in range(5)])
        store = net.mirrors["uwv"].store
        assert isinstance(store, MemoryStore)
        old, small = deepcopy(store) if flag else MemoryStore(), await head_of(net)
        await net.log.append_many([nets.record(net.log_id, f"later {n}") for n in range(300)])
        head = await head_of(net)
        mirror = await restored(net, old, flag=flag)
        peers = others(net)
        assert "2 more mirrors" in await pushed(mirror, net, head)
        assert mirror.size == head.size  # stored all the same
        peers["svb"].down = peers["toeslagen"].down = True
        await compare_with(mirror, peers)
        assert "1 more mirrors" in await pushed(mirror, net, head)
        peers["svb"].down = False
        await compare_with(mirror, peers)
        assert await pushed(mirror, net, head) == "cosigned"
        assert await mirror.problem() is None
        published = (await old.load()).published
        assert published is not None
        assert published.size == head.size > small.size
        await net.log.stop()

    run(work)


def test_a_smaller_head_is_not_cosigned_in_the_place_of_what_was_recorded() -> None:
    async def work() -> None:
        net = await nets.make_network()
        await net.log.append(nets.record(net.log_id, "a"))
        small = await head_of(net)
        await net.log.append(nets.record(net.log_id, "b"))
        mirror = await restored(net, MemoryStore(), flag=True)
        await compare_with(mirror, others(net))
        assert "2 entries are here, another mirror cosigned 3" in await pushed(mirror, net, small)
        assert await pushed(mirror, net, await head_of(net)) == "cosigned"
        await net.log.stop()

    run(work)


def test_after_a_restore_another_story_is_not_cosigned_and_proves_itself() -> None:
    async def work() -> None:
        net, liar = await nets.make_network(), await nets.make_network()
        for log, name in ((net, "true"), (liar, "false")):
            await log.log.append_many([nets.record(net.log_id, f"{name} {n}") for n in range(9)])
        mirror = await restored(net, MemoryStore(), flag=True)
        await compare_with(mirror, others(net))
        for _ in range(2):
            told = await pushed(mirror, liar, await head_of(liar))
            assert "another mirror cosigned another tree of 10 entries" in told
            await compare_with(mirror, others(net))
        assert (await mirror.store.load()).published is None
        kept = [each for each in await mirror.store.evidence() if each.kind == "fork"]
        assert kept
        for each in kept:
            prove_fork(each, LOG_KEYS)
        await net.log.stop()
        await liar.log.stop()

    run(work)


def test_two_that_forgot_at_once_do_not_vouch_for_each_other() -> None:
    """Of four mirrors one was away, two forgot: only the fourth knows all that was recorded."""

    async def work() -> None:
        net, liar = await nets.make_network(), await nets.make_network()
        await net.log.append(nets.record(net.log_id, "old"))
        await nets.settled(lambda: {each.size for each in net.mirrors.values()} == {2})
        backups = [deepcopy(net.mirrors[name].store) for name in ("uwv", "svb")]
        net.peers["gm0344"].down = True
        await net.log.append_many([nets.record(net.log_id, f"true {n}") for n in range(9)])
        await net.log.stop()
        await liar.log.append(nets.record(net.log_id, "old"))
        await liar.log.append_many([nets.record(net.log_id, f"false {n}") for n in range(9)])
        forgot = {
            name: await restored(net, store, flag=True)  # type: ignore[arg-type]
            for name, store in zip(("uwv", "svb"), backups, strict=True)
        }
        peers = {
            **{name: nets.DoorPeer(MirrorDoor(each)) for name, each in forgot.items()},
            **{name: net.peers[name] for name in ("toeslagen", "gm0344")},
        }
        peers["gm0344"].down, peers["toeslagen"].down = False, True

        async def all_hear() -> None:
            for name, each in forgot.items():
                await compare_with(each, {k: v for k, v in peers.items() if k != name})

        await all_hear()
        lie, true = await head_of(liar), await head_of(net)
        for each in forgot.values():
            assert "1 more mirrors must say" in await pushed(each, liar, lie)
        peers["toeslagen"].down = False
        await all_hear()
        for each in forgot.values():
            assert "another mirror cosigned another tree" in await pushed(each, liar, lie)
            assert (await each.store.load()).published.size == 2  # type: ignore[union-attr]
        assert true.size == lie.size == 11
        await liar.log.stop()

    run(work)


def test_two_that_forgot_at_once_catch_up_together_when_all_are_heard() -> None:
    async def work() -> None:
        net = await nets.make_network()
        await net.log.append_many([nets.record(net.log_id, f"{n}") for n in range(300)])
        head = await head_of(net)
        forgot = {name: await restored(net, MemoryStore(), flag=False) for name in ("uwv", "svb")}
        for name, each in forgot.items():
            net.peers[name] = nets.DoorPeer(MirrorDoor(each))
        for name, each in forgot.items():
            await compare_with(each, {k: v for k, v in net.peers.items() if k != name})
            assert await pushed(each, net, head) == "cosigned"
            asked = await net.peers[name].get(catching_up_path(nets.ORIGIN))
            assert (asked.status, await each.problem()) == (404, None)
        await net.log.stop()

    run(work)


def test_the_first_heads_of_a_log_wait_for_nobody_who_has_none() -> None:
    async def work() -> None:
        net = await nets.make_network(start=False)
        mirror = await restored(net, MemoryStore(), flag=False)
        await compare_with(mirror, others(net))  # all answer that they have cosigned nothing
        assert await pushed(mirror, net, await head_of(net)) == "cosigned"

    run(work)


@pytest.mark.parametrize(
    ("mirrors", "quorum", "needed"), [(1, 1, 0), (2, 1, 1), (3, 2, 2), (4, 3, 2), (15, 8, 8)]
)
def test_so_many_others_show_all_that_is_recorded(mirrors: int, quorum: int, needed: int) -> None:
    async def work() -> None:
        registry = await members(await nets.make_network(start=False))
        names = tuple(f"m{n}" for n in range(mirrors))
        found = others_of(replace(registry, mirrors=names, quorum=quorum))
        assert found == Others(count=mirrors - 1, needed=needed)

    run(work)


def test_true_heads_with_false_proofs_accuse_nobody_and_fill_nothing() -> None:
    async def work() -> None:
        net = await nets.make_network()
        mirror, behind = net.mirrors["uwv"], net.peers["uwv"]
        await net.log.append(nets.record(net.log_id, "first"))
        await nets.settled(lambda: mirror.size == 2)
        behind.down = True
        heads = []
        for n in range(3 * UNPROVEN_KEPT):
            await net.log.append(nets.record(net.log_id, f"{n}"))
            heads.append(await head_of(net))
        door = MirrorDoor(mirror)
        for head in heads:
            await door.post("add-checkpoint", false_proof(head, old=2))
        kept = await list_evidence(mirror.store)
        assert {(each["kind"], each["proven"]) for each in kept} == {(UNPROVEN, False)}
        assert len(kept) == UNPROVEN_KEPT
        behind.down = False
        await net.log.append(nets.record(net.log_id, "on"))
        await nets.settled(lambda: mirror.size == heads[-1].size + 1)
        assert await list_evidence(mirror.store) == kept  # grown over them: no fork in it
        await net.log.stop()
        await mirror.start()
        newest = (await net.mirrors["svb"].store.load()).head
        assert newest is not None
        await door.post("add-checkpoint", false_proof(newest, old=mirror.size))
        assert len(await list_evidence(mirror.store)) == UNPROVEN_KEPT

    run(work)


def false_proof(head: Head, *, old: int) -> bytes:
    return Submission(old_size=old, proof=(bytes(32),), note=parse_note(head.note)).encode()


def test_a_fork_of_two_sizes_carries_the_proof_that_nobody_can_make_of_one_log() -> None:
    async def work() -> None:
        net, liar = await nets.make_network(), await nets.make_network()
        await net.log.append_many([nets.record(net.log_id, f"{n}") for n in range(9)])
        await liar.log.append_many([nets.record(net.log_id, f"false {n}") for n in range(4)])
        theirs = await head_of(liar)
        evidence = await net.mirrors["uwv"].compare(parse_note(theirs.note))
        assert evidence is not None
        prove_fork(evidence, LOG_KEYS)
        honest = parse_note((await head_of(net)).note)
        assert await net.mirrors["uwv"].compare(honest) is None
        with pytest.raises(LedgerError):
            prove_fork(replace(evidence, about="another.example/log"), LOG_KEYS)
        for part, raw in evidence.parts.items():
            parts = {**evidence.parts, part: raw[:9] + bytes([raw[9] ^ 1]) + raw[10:]}
            with pytest.raises(LedgerError):
                prove_fork(replace(evidence, parts=parts), LOG_KEYS)
        smaller = await proofs.root_at(net.store, theirs.size)
        assert smaller.hex() in evidence.reason
        assert "adopt from the mirrors" in await pushed(net.mirrors["uwv"], liar, theirs)
        await net.log.stop()
        await liar.log.stop()

    run(work)


def run(work: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(work())  # type: ignore[arg-type]
