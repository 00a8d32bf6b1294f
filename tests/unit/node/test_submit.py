"""Sending until a receipt is held: every write lost once, and once done but unanswered."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from ledger.errors import BusyError
from ledger.formats.envelope import parse_envelope
from ledger.formats.note import Note
from ledger.formats.proof import Receipt
from node.errors import NodeError, RefusedError, UnavailableError
from node.members.sequencer_http import Held, refusal_of
from node.submit import Submitter
from tests import node_drafts as drafts
from tests.node_desk import NOW, TestDesk

Answer = Held | NodeError | BusyError


class Sequencer:
    """Orders envelopes by id as the ledger does; faults are named in advance, one a call."""

    def __init__(self, *faults: str) -> None:
        self.faults = list(faults)
        self.entries: list[tuple[str, bytes]] = []
        self.calls = 0

    async def submit(self, envelopes: Sequence[bytes]) -> list[Answer]:
        self.calls += 1
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "lost":
            raise UnavailableError("sequencer: lost")
        if fault == "busy":
            return [BusyError("sequencer: full") for _ in envelopes]
        if fault in ("stale_seen", "class_not_allowed"):
            return [RefusedError(fault, "refused") for _ in envelopes]
        answers = [self._take(envelope) for envelope in envelopes]
        if fault == "done_unanswered":
            raise UnavailableError("sequencer: no answer")
        return answers

    def _take(self, raw: bytes) -> Answer:
        envelope = parse_envelope(raw)
        for index, (known, payload) in enumerate(self.entries):
            if known == envelope.header.id:
                if payload != envelope.payload:
                    return RefusedError("reused_id", "other content")
                return self._held(index)
        self.entries.append((envelope.header.id, envelope.payload))
        return self._held(len(self.entries) - 1)

    def _held(self, index: int) -> Held:
        note = Note(text="x\n", signatures=())
        receipt = Receipt(index=index + 1, path=(), checkpoint=note)
        return Held(receipt=receipt, content=f"receipt {index + 1}".encode())


def submitter(desk: TestDesk, sequencer: Sequencer) -> Submitter:
    return Submitter(desk.database, desk.records, desk.preparer, sequencer, lambda: NOW)


@pytest.mark.parametrize("fault", ["lost", "done_unanswered"])
def test_a_fault_on_the_way_leaves_one_entry_and_its_receipt(tmp_path: Path, fault: str) -> None:
    desk, sequencer = TestDesk(tmp_path, "uwv"), Sequencer(fault)

    async def work() -> None:
        with pytest.raises(UnavailableError):
            await submitter(desk, sequencer).submit(drafts.income())
        again = submitter(desk, sequencer)  # as after a crash: another process, the same database
        assert await again.send_pending() == 1
        recorded = await again.submit(drafts.income())
        assert (recorded.index, recorded.receipt, recorded.repeated) == (1, b"receipt 1", True)
        assert await again.send_pending() == 0

    asyncio.run(work())
    assert len(sequencer.entries) == 1


def test_many_at_once_go_in_few_requests(tmp_path: Path) -> None:
    desk, sequencer = TestDesk(tmp_path, "uwv"), Sequencer()

    async def work() -> None:
        one = submitter(desk, sequencer)
        found = await asyncio.gather(*(one.submit(drafts.income(n=n)) for n in range(100)))
        assert sorted(each.index for each in found) == list(range(1, 101))

    asyncio.run(work())
    assert sequencer.calls <= 3


def test_one_refused_draft_does_not_hide_the_others(tmp_path: Path) -> None:
    desk, sequencer = TestDesk(tmp_path, "uwv"), Sequencer()

    async def work() -> list[object]:
        one = submitter(desk, sequencer)
        return await asyncio.gather(
            one.submit(drafts.income(n=1)),
            one.submit(drafts.income(drafts.NAMELESS)),
            one.submit(drafts.income(n=2)),
            return_exceptions=True,
        )

    first, refused, second = asyncio.run(work())
    assert isinstance(refused, RefusedError)
    assert refused.code == "misfit"
    assert {getattr(first, "index", None), getattr(second, "index", None)} == {1, 2}


def test_a_header_that_grew_too_old_is_signed_again(tmp_path: Path) -> None:
    desk, sequencer = TestDesk(tmp_path, "uwv"), Sequencer("stale_seen")

    async def work() -> None:
        desk.view.size = 7
        identity = desk.prepare(drafts.income())
        desk.view.size = 2_000
        recorded = await submitter(desk, sequencer).submit(drafts.income())
        assert recorded.record == identity
        assert parse_envelope(desk.envelope(identity)).header.seen == 2_000

    asyncio.run(work())
    assert len(sequencer.entries) == 1


def test_a_refusal_for_good_is_remembered(tmp_path: Path) -> None:
    desk, sequencer = TestDesk(tmp_path, "uwv"), Sequencer("class_not_allowed")

    async def work() -> None:
        one = submitter(desk, sequencer)
        for _ in range(2):
            with pytest.raises(RefusedError) as caught:
                await one.submit(drafts.income())
            assert caught.value.code == "class_not_allowed"
        assert await one.send_pending() == 0

    asyncio.run(work())
    assert not sequencer.entries
    assert sequencer.calls == 1


def test_a_full_queue_is_told_and_tried_again(tmp_path: Path) -> None:
    desk, sequencer = TestDesk(tmp_path, "uwv"), Sequencer("busy")

    async def work() -> None:
        one = submitter(desk, sequencer)
        with pytest.raises(BusyError):
            await one.submit(drafts.income())
        assert await one.send_pending() == 1

    asyncio.run(work())
    assert len(sequencer.entries) == 1


def test_a_receipt_that_proves_nothing_is_not_kept(tmp_path: Path) -> None:
    desk, sequencer = TestDesk(tmp_path, "uwv"), Sequencer()
    identity = desk.record(drafts.income())
    desk.follow()  # the entry is known, so the receipt is checked against it

    async def work() -> None:
        with pytest.raises(UnavailableError, match="proves nothing"):
            await submitter(desk, sequencer).submit(drafts.income())

    asyncio.run(work())
    with desk.database.read() as connection:
        stored = desk.records.get(connection, "uwv", identity)
    assert stored is not None
    assert stored.receipt is None


@pytest.mark.parametrize(
    ("body", "status", "kind", "code"),
    [
        (b'{"code":"stale_seen","detail":"x"}', 400, RefusedError, "stale_seen"),
        (b'{"code":"busy"}', 503, BusyError, None),
        (b"", 429, BusyError, None),
        (b'{"code":"unknown_outcome"}', 503, UnavailableError, None),
        (b"[]", 500, UnavailableError, None),
        (b"\xff", 502, UnavailableError, None),
        (b"[" * 100_000, 500, UnavailableError, None),
    ],
)
def test_any_answer_of_a_sequencer_is_one_of_three(
    body: bytes, status: int, kind: type[Exception], code: str | None
) -> None:
    error = refusal_of(body, status)
    assert isinstance(error, kind)
    assert getattr(error, "code", None) == code
