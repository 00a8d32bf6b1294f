"""Two stories to two mirrors are seen when the mirrors compare what they cosigned (L3)."""

from __future__ import annotations

import asyncio

from ledger.serve import MirrorDoor
from ledger.watch import compare_with
from ledger.witness import monitoring_path
from tests import ledger_network as nets


def test_l3_two_stories_are_found_by_both_and_both_notes_are_kept() -> None:
    async def work() -> None:
        one = await nets.make_network()
        other = await nets.make_network()
        await one.log.append(nets.record(one.log_id, "for one"))
        await other.log.append(nets.record(other.log_id, "for the other"))
        await one.log.stop()
        await other.log.stop()
        here, there = one.mirrors["gm0344"], other.mirrors["uwv"]
        for mirror, peer in ((here, there), (there, here)):
            found = await compare_with(mirror, {"peer": nets.DoorPeer(MirrorDoor(peer))})
            assert found.agree == ()
            (evidence,) = found.evidence
            assert evidence.kind == "fork"
            assert set(evidence.parts) == {"ours", "theirs"}
            assert await mirror.store.evidence() == [evidence]

    asyncio.run(work())


def test_honest_members_agree_and_the_silent_are_named() -> None:
    async def work() -> None:
        net = await nets.make_network()
        await net.log.append(nets.record(net.log_id, "a"))
        for member in (*net.witness_peers.values(), *net.peers.values()):
            while (await member.get(monitoring_path(nets.ORIGIN))).status != 200:
                await asyncio.sleep(0.002)
        net.peers["svb"].down = True
        peers = {**net.peers, **net.witness_peers}
        found = await compare_with(net.mirrors["uwv"], peers)
        assert set(found.agree) == {"uwv", "toeslagen", "gm0344", "woonstad", "lichtstroom"}
        assert set(found.silent) == {"svb"}
        assert found.evidence == ()
        await net.log.stop()

    asyncio.run(work())
