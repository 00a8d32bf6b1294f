"""L3: a sequencer that lies, against mirrors that are real processes.

It forks, goes back, puts entries in another order, leaves one out, tells two mirrors two stories or
records what is inadmissible: no quorum for the lie, the mirrors name it, and keep the two signed
notes that cannot both be true.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from ledger import proofs
from ledger.errors import ForkError, LedgerError, PeerError, PolicyError
from ledger.evidence import UNPROVEN, prove_fork
from ledger.formats.chain import entry_hash
from ledger.formats.checkpoint import open_checkpoint
from ledger.formats.merkle import leaf_hash
from ledger.formats.note import NoteSignature, parse_note
from ledger.peers_http import HttpPeer
from ledger.ports import Answer, Evidence
from ledger.sequencing.push import Pusher
from ledger.verify import verify_log
from ledger.verifying.source_http import HttpSource
from ledger.witness import Submission
from tests import ledger_network as nets
from tests.fault.runner import POLICY, PREFIX, VKEY, Site
from tests.ledger_lies import Story
from tests.ledger_process import TOKEN

Lines = tuple[NoteSignature, ...]


class Liar:
    """Pushes stories to the mirrors over HTTP."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.peers = {m: HttpPeer(site.plan.places[m].url, token=TOKEN) for m in nets.MIRRORS}

    async def push(self, story: Story, *members: str) -> Mapping[str, Lines | LedgerError]:
        """What each mirror gave: its cosignature lines, or why not."""
        answers: dict[str, Lines | LedgerError] = {}
        for member in members or nets.MIRRORS:
            pusher = Pusher(self.peers[member], story.store, nets.ORIGIN)
            try:
                answers[member] = await pusher.mirror(story.head)
            except LedgerError as error:
                answers[member] = error
        return answers

    async def cosigned(self, story: Story) -> None:
        """All four mirrors cosign this story: it is the quorum's."""
        answers = await self.push(story)
        lines = [each for lines in answers.values() if isinstance(lines, tuple) for each in lines]
        POLICY.satisfied(parse_note(story.head.note).with_signatures(lines))
        assert len(lines) == len(nets.MIRRORS)

    async def nobody_cosigns(self, story: Story, *, why: type[LedgerError] | str) -> None:
        """No mirror cosigns it, and each says why."""
        for answer in (await self.push(story)).values():
            assert isinstance(answer, LedgerError)
            if isinstance(why, str):
                assert why in str(answer)
            else:
                assert isinstance(answer, why)

    async def offer(self, story: Story, *, old: int) -> list[Answer]:
        """`add-checkpoint` to all, whatever they hold."""
        proof = await proofs.consistency(story.store, min(old, story.head.size), story.head.size)
        note = parse_note(story.head.note)
        body = Submission(old_size=old, proof=tuple(proof), note=note).encode()
        return [
            await peer.post("add-checkpoint", body, "text/plain") for peer in self.peers.values()
        ]

    async def close(self) -> None:
        for peer in self.peers.values():
            await peer.close()


def contradiction(evidence: Evidence, ours: Sequence[bytes], theirs: bytes) -> None:
    """Both notes are kept, both signed by the log, and a fork proves itself to whoever has its key.

    ours: the heads that may stand on our side.
    """
    keys = [nets.log_signer().verifier]
    mine, other = (open_checkpoint(evidence.parts[part], keys) for part in ("ours", "theirs"))
    assert mine.note.text in [parse_note(each).text for each in ours]
    assert other.note.text == parse_note(theirs).text
    assert evidence.about == nets.ORIGIN
    if evidence.kind != UNPROVEN:
        prove_fork(evidence, keys)


def lied_to(tmp_path: Path, work: object) -> None:
    """Run work(site, liar) with the four mirrors running."""

    async def run() -> None:
        site = Site(tmp_path)
        await site.prepare()
        liar = Liar(site)
        try:
            site.start(*nets.MIRRORS)
            async with asyncio.timeout(60):
                while None in [await answering(peer) for peer in liar.peers.values()]:
                    await asyncio.sleep(0.05)
            await work(site, liar)  # type: ignore[operator]
        finally:
            await liar.close()
            site.close()

    asyncio.run(run())


async def answering(peer: HttpPeer) -> int | None:
    try:
        return (await peer.get(f"{PREFIX}checkpoint")).status
    except PeerError:
        return None


TRUE = [f"{n}" for n in range(1, 20)]
LIES = {
    "fork": [*TRUE[:-1], "another last"],
    "reordering": [*TRUE[:9], TRUE[10], TRUE[9], *TRUE[11:]],
    "omission": [*TRUE[:9], *TRUE[10:], "20"],
    "omission, larger": [*TRUE[:9], *TRUE[10:], "20", "21"],
    "rollback": [*TRUE[:9], "after the rollback"],
}


@pytest.mark.timeout(600)
def test_l3_a_lie_after_the_truth_gets_no_cosignature_and_is_kept(tmp_path: Path) -> None:
    async def work(site: Site, liar: Liar) -> None:
        truth = await Story.of(*TRUE)
        await liar.cosigned(truth)
        lies = {name: await Story.of(*entries) for name, entries in LIES.items()}
        for lie in lies.values():
            await liar.nobody_cosigns(lie, why=ForkError)
            assert {each.status for each in await liar.offer(lie, old=truth.head.size)} <= {
                400, 422,
            }  # fmt: skip
        foreign = await Story.of(*TRUE, "by another key", key=nets.log_signer(2))
        await liar.nobody_cosigns(foreign, why="403")
        honest = truth.head.note
        await truth.grow([nets.record(truth.log_id, "and on")])
        await liar.cosigned(truth)  # the truth goes on
        site.kill()
        for member in nets.MIRRORS:
            kept = await site.evidence(member)
            for name, lie in lies.items():
                found = [
                    each
                    for each in kept
                    if parse_note(each.parts["theirs"]).text == parse_note(lie.head.note).text
                ]
                # A larger head is a suspicion until this copy has grown over it.
                kinds = {"unproven", "fork"} if name == "omission, larger" else {"fork"}
                assert {each.kind for each in found} == kinds, name
                for each in found:
                    contradiction(each, [honest, truth.head.note], lie.head.note)
            assert len(kept) == len(LIES) + 1  # nothing is kept of what another key signed

    lied_to(tmp_path, work)


@pytest.mark.timeout(600)
def test_l3_an_older_head_of_the_same_tree_is_refused_and_accuses_nobody(tmp_path: Path) -> None:
    async def work(site: Site, liar: Liar) -> None:
        truth, before = await Story.of(*TRUE), await Story.of(*TRUE[:9])
        await liar.cosigned(truth)
        await liar.nobody_cosigns(before, why=ForkError)
        assert {each.status for each in await liar.offer(before, old=20)} == {400}
        assert {each.status for each in await liar.offer(before, old=10)} == {409}
        site.kill()
        for member in nets.MIRRORS:
            assert await site.evidence(member) == []

    lied_to(tmp_path, work)


@pytest.mark.timeout(600)
def test_l3_two_stories_to_two_mirrors_reach_no_quorum_and_are_seen(tmp_path: Path) -> None:
    async def work(site: Site, liar: Liar) -> None:
        one, other = await Story.of(*TRUE), await Story.of(*LIES["fork"])
        told = {
            story: await liar.push(story, *members)
            for story, members in ((one, nets.MIRRORS[:2]), (other, nets.MIRRORS[2:]))
        }
        for story, answers in told.items():
            lines = [
                each for given in answers.values() if isinstance(given, tuple) for each in given
            ]
            assert len(lines) == 2  # each pair believes what it was told
            with pytest.raises(PolicyError):
                POLICY.satisfied(parse_note(story.head.note).with_signatures(lines))
        await liar.push(one, *nets.MIRRORS[2:])
        await asyncio.sleep(2.5)  # they ask each other twice a second
        site.kill()
        for member in nets.MIRRORS:
            ours, theirs = (one, other) if member in nets.MIRRORS[:2] else (other, one)
            forks = [each for each in await site.evidence(member) if each.kind == "fork"]
            assert forks, member
            for each in forks:
                contradiction(each, [ours.head.note], theirs.head.note)

    lied_to(tmp_path, work)


@pytest.mark.timeout(600)
def test_l3_an_inadmissible_entry_is_void_everywhere_and_kept_as_evidence(tmp_path: Path) -> None:
    async def work(site: Site, liar: Liar) -> None:
        story = await Story.of(*TRUE[:3])
        forged = nets.record(story.log_id, "forged", key=nets.signer("svb", "record"))
        wrong_class = nets.record(story.log_id, "class", author="lichtstroom")
        again = nets.record(story.log_id, "1", content="other")
        await story.grow([forged, wrong_class, again, nets.record(story.log_id, "good")])
        await liar.cosigned(story)  # kept, chained, cosigned, without effect (DESIGN 4)
        for member in nets.MIRRORS:
            source = HttpSource(f"{site.plan.places[member].url}/{PREFIX}", token=TOKEN)
            report = await asyncio.to_thread(verify_log, source, VKEY, workers=0)
            source.close()
            assert [each.n for each in report.voids] == [4, 5, 6]
        site.kill()
        for member in nets.MIRRORS:
            kept = await site.evidence(member)
            assert sorted((each.kind, each.reason) for each in kept) == [
                ("void_entry", "entry 4 is inadmissible: wrong_key"),
                ("void_entry", "entry 5 is inadmissible: class_not_allowed"),
                ("void_entry", "entry 6 is inadmissible: reused_id"),
            ]
            for each in kept:
                signed = open_checkpoint(each.parts["ours"], nets.log_signer().verifier)
                assert signed.checkpoint.size == story.head.size
                assert leaf_hash(each.parts["entry"]) in await leaves(story)

    lied_to(tmp_path, work)


async def leaves(story: Story) -> set[bytes]:
    return {leaf_hash(raw) for raw in await story.store.entries(0, story.head.size)}


@pytest.mark.timeout(600)
def test_l3_a_broken_link_under_a_good_tree_is_refused_and_kept(tmp_path: Path) -> None:
    async def work(site: Site, liar: Liar) -> None:
        story = await Story.of(*TRUE[:3])
        await liar.cosigned(story)
        await story.grow([nets.record(story.log_id, "unlinked")], prev=entry_hash(b"elsewhere"))
        await liar.nobody_cosigns(story, why="entry 4")
        site.kill()
        for member in nets.MIRRORS:
            (kept,) = await site.evidence(member)
            assert kept.kind == "broken_chain"
            signed = open_checkpoint(kept.parts["ours"], nets.log_signer().verifier)
            assert signed.checkpoint.size == 5

    lied_to(tmp_path, work)
