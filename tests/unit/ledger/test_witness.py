"""tlog-witness `add-checkpoint`: every status in the order of the specification; never back."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from ledger.cosigner import add_checkpoint
from ledger.errors import LedgerError
from ledger.formats import merkle
from ledger.formats.checkpoint import Checkpoint, require_cosignature, sign_checkpoint
from ledger.formats.note import Note, NoteSignature, NoteSigner, parse_signature_lines
from ledger.witness import (
    Answer,
    Cosigned,
    Submission,
    monitoring_path,
    parse_submission,
)
from tests.ledger_logs import LOG_SIGNER, ORIGIN, TIME, mirror_signer, signer

LEAVES = [merkle.leaf_hash(bytes([number])) for number in range(20)]
OTHER = [*LEAVES[:3], *(merkle.leaf_hash(b"other") for _ in range(17))]
WITNESS = mirror_signer("woonstad")
LOGS = {ORIGIN: [LOG_SIGNER.verifier]}


def checkpoint(size: int, leaves: list[bytes] = LEAVES) -> Note:
    root = merkle.root_of(leaves[:size])
    return sign_checkpoint(Checkpoint(origin=ORIGIN, size=size, root=root), LOG_SIGNER)


def proof(old: int, new: int, leaves: list[bytes] = LEAVES) -> tuple[bytes, ...]:
    def read(level: int, number: int) -> bytes:
        return merkle.root_of(leaves[number << level : (number + 1) << level])

    return tuple(merkle.consistency_proof(read, old, new))


def body(old: int, new: int, leaves: list[bytes] = LEAVES, **changes: object) -> bytes:
    fields: dict[str, object] = {
        "old_size": old,
        "proof": proof(old, new, leaves) if old <= new else (),
        "note": checkpoint(new, leaves),
    }
    return Submission(**{**fields, **changes}).encode()  # type: ignore[arg-type]


class Memory:
    """CosignedState in memory; `before_swap` lets a test be faster than the request."""

    def __init__(self) -> None:
        self.records: dict[str, Cosigned] = {}
        self.swaps = 0
        self.before_swap: list[bytes] = []

    async def last(self, origin: str) -> Cosigned | None:
        return self.records.get(origin)

    async def swap(self, origin: str, before: Cosigned | None, after: Cosigned) -> bool:
        if self.before_swap:
            await post(self, self.before_swap.pop())
        if self.records.get(origin) != before:
            return False
        self.records[origin] = after
        self.swaps += 1
        return True


async def post(state: Memory, data: bytes) -> Answer:
    return await add_checkpoint(data, logs=LOGS, cosigners=[WITNESS], state=state, time=TIME)


def run(*bodies: bytes, state: Memory | None = None) -> Answer:
    memory = Memory() if state is None else state

    async def all_of_them() -> Answer:
        answers = [await post(memory, each) for each in bodies]
        return answers[-1]

    return asyncio.run(all_of_them())


def test_growth_is_cosigned_step_by_step() -> None:
    state = Memory()
    for old, new in [(0, 0), (0, 1), (1, 3), (3, 3), (3, 8), (8, 20)]:
        answer = run(body(old, new), state=state)
        assert answer.status == 200, answer
        lines = parse_signature_lines(answer.body.decode())
        note = checkpoint(new).with_signatures(lines)
        assert require_cosignature(note, WITNESS.verifier) == TIME
        assert state.records[ORIGIN].note == note
        assert state.records[ORIGIN].checkpoint.size == new


def test_404_unknown_origin_comes_first() -> None:
    stranger = NoteSigner(name="other.example", signer=signer("stranger"))
    note = sign_checkpoint(
        Checkpoint(origin="other.example", size=0, root=merkle.EMPTY_ROOT), stranger
    )
    assert run(body(9, 3, note=note)).status == 404


def test_403_not_signed_by_a_trusted_key() -> None:
    stranger = NoteSigner(name=ORIGIN, signer=signer("stranger"))
    note = sign_checkpoint(
        Checkpoint(origin=ORIGIN, size=3, root=merkle.root_of(LEAVES[:3])), stranger
    )
    assert run(body(9, 3, note=note)).status == 403
    good = checkpoint(3)
    bad = NoteSignature(name=ORIGIN, key_id=LOG_SIGNER.verifier.key_id, body=bytes(64))
    assert run(body(0, 3, note=good.with_signatures([bad]))).status == 403
    assert run(body(0, 3).replace(b"\xe2\x80\x94", b"--")).status == 403


def test_400_old_size_larger() -> None:
    assert run(body(4, 3)).status == 400


def test_400_malformed() -> None:
    good = body(0, 3)
    for data in (
        b"",
        b"old 0\n",
        good.replace(b"old 0", b"old 00"),
        good.replace(b"old 0", b"old -1"),
        good.replace(b"old 0", b"new 0"),
        good.replace(b"old 0", b"old 9223372036854775808"),
        good.replace(b"old 0", b"old 0\nAAAA"),
        good.replace(b"old 0", b"old 0\n" + b"\n".join([b"A" * 43 + b"="] * 64)),
        good.replace(b"old 0", "öld 0".encode()),
        good + b"x" * 1_100_000,
    ):
        assert run(data).status == 400
    extended = Note(text=checkpoint(3).text + "more\n", signatures=())
    signed = Note(text=extended.text, signatures=(LOG_SIGNER.sign(extended.text),))
    assert run(body(0, 3, note=signed)).status == 400


def test_409_tells_the_size_last_cosigned() -> None:
    answer = run(body(0, 3), body(2, 8))
    assert (answer.status, answer.body) == (409, b"3\n")
    assert answer.content_type == "text/x.tlog.size"
    assert run(body(2, 8)).body == b"0\n"
    assert run(body(0, 3), body(0, 0)).status == 409


def test_422_what_does_not_follow() -> None:
    empty = sign_checkpoint(Checkpoint(origin=ORIGIN, size=0, root=bytes(32)), LOG_SIGNER)
    assert run(body(0, 0, note=empty)).status == 422
    assert run(body(0, 3, proof=(bytes(32),))).status == 422
    assert run(body(0, 3), body(3, 8, proof=())).status == 422
    assert run(body(0, 5), body(5, 8, OTHER)).status == 422
    assert run(body(0, 3), body(3, 3, proof=(bytes(32),))).status == 422


def test_a_head_of_the_log_that_is_refused_tells_for_what_it_was_refused() -> None:
    state = Memory()
    refused = [body(8, 8, OTHER), body(8, 20, proof=()), body(8, 3), body(0, 8, OTHER)]
    for each, status in zip(refused, (422, 422, 400, 409), strict=True):
        answer = run(body(state.swaps * 8, 8), each, state=state)
        assert (answer.status, answer.refused_for) == (status, state.records[ORIGIN])
        assert state.records[ORIGIN].checkpoint.size == 8
        state.swaps = 1
    assert run(body(0, 3, note=unsigned(3))).refused_for is None
    assert run(body(0, 3), body(3, 8)).refused_for is None


def unsigned(size: int) -> Note:
    return Note(text=checkpoint(size).text, signatures=(WITNESS.sign(checkpoint(size).text, TIME),))


def test_a_slower_request_never_rolls_the_witness_back() -> None:
    """The race of tlog-witness: check N, check N+K, store N+K, store N."""
    state = Memory()
    state.before_swap = [body(0, 8)]
    answer = run(body(0, 3), state=state)
    assert (answer.status, answer.body) == (409, b"8\n")
    assert state.records[ORIGIN].checkpoint.size == 8


def test_signatures_of_others_are_not_kept() -> None:
    state = Memory()
    note = checkpoint(3).with_signatures([mirror_signer("x").sign(checkpoint(3).text, TIME)])
    assert run(body(0, 3, note=note), state=state).status == 200
    names = [each.name for each in state.records[ORIGIN].note.signatures]
    assert names == [ORIGIN, WITNESS.name]


def test_submissions_write_back_and_the_monitoring_path() -> None:
    assert parse_submission(body(3, 8)).encode() == body(3, 8)
    assert monitoring_path(ORIGIN) == f"{hashlib.sha256(ORIGIN.encode()).hexdigest()}/checkpoint"
    with pytest.raises(LedgerError):
        parse_submission(b"old 0\n\n")
