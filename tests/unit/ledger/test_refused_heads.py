"""What a witness keeps of the heads it refuses: proven forks, a bounded number of suspicions."""

from __future__ import annotations

import asyncio

import pytest

from ledger.errors import ProofError
from ledger.evidence import UNPROVEN, prove_fork
from ledger.formats.checkpoint import Checkpoint, sign_checkpoint
from ledger.formats.note import Note
from ledger.ports import Evidence
from ledger.refused_heads import UNPROVEN_KEPT
from ledger.stores.store_memory import MemoryCosigned, MemoryStore
from ledger.witness import Submission
from tests import ledger_network as nets

LOG_KEYS = [nets.log_signer().verifier]


def signed(size: int, mark: int = 1) -> Note:
    checkpoint = Checkpoint(origin=nets.ORIGIN, size=size, root=mark.to_bytes(32, "big"))
    return sign_checkpoint(checkpoint, nets.log_signer())


def kept_after(*asked: tuple[int, Note]) -> list[Evidence]:
    """The evidence of a witness that cosigned size 8 and was then asked these."""

    async def work() -> list[Evidence]:
        store, state = MemoryStore(), MemoryCosigned()
        door = nets.make_witness("woonstad", nets.FixedClock(), state, store)
        for old, note in ((0, signed(8)), *asked):
            body = Submission(old_size=old, proof=(), note=note).encode()
            await door.post("add-checkpoint", body)
        last = await state.last(nets.ORIGIN)
        assert last is not None
        assert last.checkpoint.size == 8
        return await store.evidence()

    return asyncio.run(work())


@pytest.mark.parametrize("old", [0, 3, 8])
def test_two_roots_at_one_size_are_proven_whatever_size_was_asked_from(old: int) -> None:
    (kept,) = kept_after((old, signed(8, 2)), (old, signed(8, 2)))
    assert kept.kind == "fork"
    prove_fork(kept, LOG_KEYS)


def test_what_proves_nothing_is_told_as_unproven() -> None:
    larger, smaller = kept_after((8, signed(9)), (8, signed(7)))
    assert larger.kind == smaller.kind == UNPROVEN
    assert larger.reason == "no proof that size 9 continues size 8"
    assert smaller.reason == "asked to go back from size 8 to size 7"
    assert smaller.parts["theirs"] == signed(7).encode()
    with pytest.raises(ProofError):
        prove_fork(larger, LOG_KEYS)


def test_what_an_honest_log_or_a_stranger_sends_is_no_contradiction() -> None:
    stranger = Note(text=signed(8, 2).text, signatures=(nets.log_signer().sign("x\n"),))
    assert kept_after((8, signed(8)), (0, signed(8)), (0, signed(9)), (3, signed(5))) == []
    assert kept_after((8, stranger)) == []


def test_suspicion_is_bounded_and_takes_no_room_from_proof() -> None:
    more = [(8, signed(9 + n)) for n in range(UNPROVEN_KEPT + 5)]
    less = [(8, signed(n % 7 + 1, 2 + n)) for n in range(UNPROVEN_KEPT + 5)]
    kept = kept_after(*more, *less, (8, signed(8, 2)))
    assert sum(1 for each in kept if each.kind == UNPROVEN) == 2 * UNPROVEN_KEPT
    assert [each.kind for each in kept].count("fork") == 1
