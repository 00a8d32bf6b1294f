"""The mirror: tlog-mirror's answers, what it refuses and names, what it keeps as evidence."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from ledger import proofs
from ledger.formats.chain import Entry, encode_entry, entry_hash
from ledger.formats.checkpoint import Checkpoint, check_cosignatures, sign_checkpoint
from ledger.formats.merkle import leaf_hash
from ledger.formats.note import Note, parse_note
from ledger.formats.packages import (
    INFO_TYPE,
    Package,
    Upload,
    package_bounds,
    parse_info,
    parse_packages,
)
from ledger.formats.subtree import subtree_proof
from ledger.mirror import Mirror
from ledger.ports import Answer, Batch, Head, Row, Stored
from ledger.rules.admission import identity_of, open_envelope
from ledger.rules.genesis import create_log
from ledger.stores.store_memory import MemoryStore
from ledger.tail import Tail, load_tail, sequence
from ledger.witness import Submission
from tests import ledger_network as nets

Edit = Callable[[list[bytes]], None]


class Sequencer:
    """A sequencer of a test's own making: it signs whatever entries it is told to."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.log_id = ""
        self.raws: list[bytes] = []

    async def found(self) -> None:
        genesis = nets.governance_record(nets.genesis_body(), log="")
        self.log_id = await create_log(self.store, genesis, nets.log_signer())
        self.raws = await self.store.entries(0, 1)

    def records(self, start: int, count: int) -> list[bytes]:
        return [nets.record(self.log_id, f"{n}") for n in range(start, start + count)]

    def chained(self, envelopes: Sequence[bytes]) -> list[bytes]:
        """Entries that follow what there is."""
        prev, raws = entry_hash(self.raws[-1]), []
        for n, envelope in enumerate(envelopes, start=len(self.raws)):
            raws.append(encode_entry(Entry(n=n, prev=prev, envelope_raw=envelope)))
            prev = entry_hash(raws[-1])
        return raws

    async def grow(self, raws: Sequence[bytes]) -> Head:
        """Store these entries, true or not, and sign the head over them."""
        stored = await self.store.load()
        tail = await load_tail(self.store)
        growth = tail.growth.copy()
        tiles = growth.extend([leaf_hash(raw) for raw in raws])
        rows = tuple(Row(n=stored.size + i, raw=raw, identity=None) for i, raw in enumerate(raws))
        head = self.signed(growth.size, growth.root())
        await self.store.commit(
            Batch(start=stored.size, rows=rows, tiles=tuple(tiles), head=head), after=stored
        )
        self.raws.extend(raws)
        return head

    def signed(self, size: int, root: bytes) -> Head:
        checkpoint = Checkpoint(origin=nets.ORIGIN, size=size, root=root)
        return Head(size=size, note=sign_checkpoint(checkpoint, nets.log_signer()).encode())

    async def offer(self, mirror: Mirror, head: Head, *, old: int) -> Answer:
        proof = await proofs.consistency(self.store, old, head.size)
        submission = Submission(old_size=old, proof=tuple(proof), note=parse_note(head.note))
        return await mirror.add_checkpoint(submission.encode())

    async def upload(
        self,
        mirror: Mirror,
        head: Head,
        *,
        start: int,
        packages: int = 32,
        edit: Edit | None = None,
    ) -> Answer:
        bounds = package_bounds(start, head.size)[:packages]
        body = [Upload(origin=nets.ORIGIN, start=start, end=head.size).encode()]
        for first, last in bounds:
            proof = await proofs.prove(
                self.store,
                lambda read, a=first, b=last: subtree_proof(  # type: ignore[misc]
                    read, a - a % 256, b, head.size
                ),
            )
            entries = list(self.raws[first:last])
            if edit is not None:
                edit(entries)
            body.append(Package(entries=tuple(entries), proof=tuple(proof)).encode())
        return await mirror.add_entries(b"".join(body))


async def pair() -> tuple[Sequencer, Mirror]:
    sequencer = Sequencer()
    await sequencer.found()
    mirror = await nets.make_mirror("uwv", sequencer.log_id, nets.FixedClock(), MemoryStore())
    return sequencer, mirror


def run(work: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(work())  # type: ignore[arg-type]


def cosigned(answer: Answer, head: Head) -> bool:
    note = parse_note(head.note + answer.body)
    own = nets.note_signer("uwv", "mirror").verifier
    return own in check_cosignatures(note, (own,)).good


def test_it_catches_up_from_nothing_and_cosigns_what_it_stored() -> None:
    async def work() -> None:
        sequencer, mirror = await pair()
        head = await sequencer.grow(sequencer.chained(sequencer.records(1, 299)))
        offered = await sequencer.offer(mirror, head, old=0)
        assert (offered.status, offered.body) == (200, b"")
        assert mirror.size == 0
        answer = await sequencer.upload(mirror, head, start=0)
        assert answer.status == 200
        assert cosigned(answer, head)
        assert await mirror.store.entries(0, 300) == sequencer.raws
        published = (await mirror.store.load()).published
        assert published is not None
        assert published.size == 300

    run(work)


def test_a_prefix_is_taken_and_told_with_202() -> None:
    async def work() -> None:
        sequencer, mirror = await pair()
        head = await sequencer.grow(sequencer.chained(sequencer.records(1, 599)))
        await sequencer.offer(mirror, head, old=0)
        answer = await sequencer.upload(mirror, head, start=0, packages=1)
        assert (answer.status, answer.content_type) == (202, INFO_TYPE)
        assert parse_info(answer.body).next_entry == 256
        late = await sequencer.upload(mirror, head, start=300)
        assert late.status == 409
        done = await sequencer.upload(mirror, head, start=200)
        assert done.status == 200
        assert mirror.size == 600

    run(work)


def test_answers_stand_in_the_order_of_the_specification() -> None:
    async def work() -> None:
        sequencer, mirror = await pair()
        head = await sequencer.grow(sequencer.chained(sequencer.records(1, 9)))
        other = Upload(origin="other.example/log", start=0, end=10).encode()
        assert (await mirror.add_entries(b"\x00")).status == 400
        assert (await mirror.add_entries(other)).status == 404
        assert (await sequencer.upload(mirror, head, start=0)).status == 422
        await sequencer.offer(mirror, head, old=0)
        wrong_end = Upload(origin=nets.ORIGIN, start=0, end=9).encode()
        assert (await mirror.add_entries(wrong_end)).status == 409
        cut = Upload(origin=nets.ORIGIN, start=0, end=10).encode() + b"\x00"
        assert (await mirror.add_entries(cut)).status == 400
        assert (await sequencer.upload(mirror, head, start=0)).status == 200
        again = await sequencer.upload(mirror, head, start=10)
        assert (again.status, cosigned(again, head)) == (200, True)

    run(work)


def test_an_entry_that_is_not_under_the_head_is_refused() -> None:
    async def work() -> None:
        sequencer, mirror = await pair()
        head = await sequencer.grow(sequencer.chained(sequencer.records(1, 9)))
        await sequencer.offer(mirror, head, old=0)

        def swap(entries: list[bytes]) -> None:
            entries[3], entries[4] = entries[4], entries[3]

        answer = await sequencer.upload(mirror, head, start=0, edit=swap)
        assert answer.status == 422
        assert mirror.size == 0

    run(work)


@pytest.mark.parametrize("kind", ["number", "link", "form"])
def test_a_broken_chain_under_a_signed_head_is_refused_named_and_kept(kind: str) -> None:
    async def work() -> None:
        sequencer, mirror = await pair()
        raws = sequencer.chained(sequencer.records(1, 9))
        if kind == "link":
            raws[4] = encode_entry(
                Entry(n=5, prev=entry_hash(b"other"), envelope_raw=sequencer.records(5, 1)[0])
            )
        elif kind == "number":
            raws[4] = raws[4].replace(b'"n":5', b'"n":6')
        else:
            raws[4] = b"no entry"
        head = await sequencer.grow(raws)
        await sequencer.offer(mirror, head, old=0)
        answer = await sequencer.upload(mirror, head, start=0)
        assert answer.status == 422
        assert mirror.size == 0
        (evidence,) = await mirror.store.evidence()
        assert evidence.kind == "broken_chain"
        assert evidence.parts["ours"] == head.note
        (package,) = parse_packages(evidence.parts["package-0"], 0, [(0, 10)])
        assert package.entries == tuple(sequencer.raws)

    run(work)


def test_an_inadmissible_entry_is_void_kept_and_cosigned() -> None:
    async def work() -> None:
        sequencer, mirror = await pair()
        raws = sequencer.chained(
            [
                nets.record(sequencer.log_id, "1"),
                nets.record(sequencer.log_id, "2", key=nets.signer("stranger", "record")),
                nets.record(sequencer.log_id, "1", content="other"),
                nets.record(sequencer.log_id, "3", author="woonstad", record_class="income"),
                b'{"no":"envelope"}',
                nets.record(sequencer.log_id, "2"),
            ]
        )
        head = await sequencer.grow(raws)
        await sequencer.offer(mirror, head, old=0)
        answer = await sequencer.upload(mirror, head, start=0)
        assert (answer.status, cosigned(answer, head)) == (200, True)
        voids = [row.void for row in await mirror.store.rows(0, 7)]
        assert voids == [
            None, None, "bad_signature", "reused_id", "class_not_allowed", "malformed", None,
        ]  # fmt: skip
        kept = await mirror.store.evidence()
        assert sorted(each.reason for each in kept) == [
            "entry 2 is inadmissible: bad_signature",
            "entry 3 is inadmissible: reused_id",
            "entry 4 is inadmissible: class_not_allowed",
            "entry 5 is inadmissible: malformed",
        ]

    run(work)


def test_a_fork_at_the_same_size_is_refused_and_both_notes_are_kept() -> None:
    async def work() -> None:
        sequencer, mirror = await pair()
        head = await sequencer.grow(sequencer.chained(sequencer.records(1, 9)))
        await sequencer.offer(mirror, head, old=0)
        await sequencer.upload(mirror, head, start=0)
        other = sequencer.signed(10, b"\x01" * 32)
        answer = await sequencer.offer(mirror, other, old=10)
        assert answer.status == 422
        (evidence,) = await mirror.store.evidence()
        assert evidence.kind == "fork"
        assert (evidence.parts["ours"], evidence.parts["theirs"]) == (head.note, other.note)

    run(work)


def test_a_head_that_is_no_continuation_is_refused_and_kept() -> None:
    async def work() -> None:
        sequencer, mirror = await pair()
        head = await sequencer.grow(sequencer.chained(sequencer.records(1, 9)))
        await sequencer.offer(mirror, head, old=0)
        liar = Sequencer()
        await liar.found()
        other = await liar.grow(liar.chained(liar.records(50, 19)))
        answer = await liar.offer(mirror, other, old=10)
        # Nothing was cosigned under the pending head: it is let go, and the contradiction kept.
        assert (answer.status, answer.body) == (409, b"0\n")
        assert [each.kind for each in await mirror.store.evidence()] == ["unproven"]
        assert (await mirror.store.load()).head is None
        assert (await sequencer.offer(mirror, head, old=0)).status == 200

    run(work)


def test_a_wrong_log_signature_is_403() -> None:
    async def work() -> None:
        _, mirror = await pair()
        checkpoint = Checkpoint(origin=nets.ORIGIN, size=1, root=bytes(32))
        note = sign_checkpoint(checkpoint, nets.log_signer(2))
        submission = Submission(old_size=0, proof=(), note=note)
        assert (await mirror.add_checkpoint(submission.encode())).status == 403

    run(work)


def test_another_genesis_than_the_expected_one_is_refused() -> None:
    async def work() -> None:
        sequencer = Sequencer()
        await sequencer.found()
        mirror = await nets.make_mirror(
            "uwv", nets.b64(bytes(32)), nets.FixedClock(), MemoryStore()
        )
        head = await sequencer.grow(sequencer.chained(sequencer.records(1, 3)))
        await sequencer.offer(mirror, head, old=0)
        assert (await sequencer.upload(mirror, head, start=0)).status == 422
        assert mirror.size == 0

    run(work)


def test_after_a_restart_it_goes_on_where_it_stored() -> None:
    async def work() -> None:
        sequencer, mirror = await pair()
        head = await sequencer.grow(sequencer.chained(sequencer.records(1, 299)))
        await sequencer.offer(mirror, head, old=0)
        await sequencer.upload(mirror, head, start=0, packages=1)
        again = await nets.make_mirror("uwv", sequencer.log_id, nets.FixedClock(), mirror.store)
        assert again.size == 256
        answer = await sequencer.upload(again, head, start=256)
        assert (answer.status, cosigned(answer, head)) == (200, True)

    run(work)


def test_comparing_with_another_members_head_finds_two_stories() -> None:
    async def work() -> None:
        sequencer, mirror = await pair()
        head = await sequencer.grow(sequencer.chained(sequencer.records(1, 9)))
        await sequencer.offer(mirror, head, old=0)
        await sequencer.upload(mirror, head, start=0)
        assert await mirror.compare(parse_note(head.note)) is None
        story: Note = parse_note(sequencer.signed(7, b"\x07" * 32).note)
        evidence = await mirror.compare(story)
        assert evidence is not None
        assert evidence.kind == "fork"
        assert await mirror.store.evidence() == [evidence]
        larger = parse_note(sequencer.signed(99, b"\x07" * 32).note)
        assert await mirror.compare(larger) is None

    run(work)


def test_the_sequencers_own_function_and_the_mirrors_agree() -> None:
    async def work() -> None:
        sequencer, mirror = await pair()
        tail: Tail = await load_tail(sequencer.store)
        envelopes = [open_envelope(raw) for raw in sequencer.records(1, 4)]
        admitted = [(each.raw, identity_of(each.header), False) for each in envelopes]
        after, rows, _ = sequence(tail, admitted)
        head = await sequencer.grow([row.raw for row in rows])
        await sequencer.offer(mirror, head, old=0)
        await sequencer.upload(mirror, head, start=0)
        assert (await load_tail(mirror.store)).prev == after.prev
        assert isinstance(await mirror.store.load(), Stored)

    run(work)
