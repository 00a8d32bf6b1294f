"""The decision of C2SP tlog-witness `add-checkpoint`: pure, in the order the specification gives.

The record of what was last cosigned is read before and swapped after by cosigner.py; between the
two nothing is answered. A mirror decides by the same steps for its pending checkpoint.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.errors import (
    CheckpointError,
    FormatError,
    LedgerError,
    NoteError,
    ProofError,
    SignatureLineError,
)
from ledger.formats import canonical, merkle
from ledger.formats.checkpoint import SIZE_MAX, Checkpoint, parse_checkpoint
from ledger.formats.note import (
    NOTE_BYTES_MAX,
    Note,
    NoteSignature,
    Verifier,
    check_signatures,
    parse_note,
)

SUBMISSION_BYTES_MAX: Final = NOTE_BYTES_MAX + 4_000
SIZE_TYPE: Final = "text/x.tlog.size"
TEXT_TYPE: Final = "text/plain; charset=utf-8"

_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")

TrustedLogs = Mapping[str, Sequence[Verifier]]  # origin -> the keys its log may sign with


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """The body of `add-checkpoint`: a checkpoint, and the proof from the size cosigned before."""

    old_size: int
    proof: tuple[bytes, ...]
    note: Note

    @property
    def origin(self) -> str:
        """The origin the checkpoint claims."""
        return self.note.text.partition("\n")[0]

    def encode(self) -> bytes:
        """The request body."""
        lines = [f"old {self.old_size}", *(canonical.encode_base64(each) for each in self.proof)]
        return ("\n".join(lines) + "\n\n").encode() + self.note.encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosigned:
    """The last checkpoint cosigned for an origin, with the note as it is shown to monitors."""

    checkpoint: Checkpoint
    note: Note


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer. refused_for: what was cosigned last, when a head signed by the log was
    refused because of it; if the two contradict each other, keep both."""

    status: int
    body: bytes
    content_type: str = TEXT_TYPE
    refused_for: Cosigned | None = None


def parse_submission(body: bytes) -> Submission:
    """The submission of a request body; raises NoteError or ProofError naming the line."""
    if len(body) > SUBMISSION_BYTES_MAX:
        raise NoteError(f"add-checkpoint: {len(body)} bytes, at most {SUBMISSION_BYTES_MAX}")
    head, empty, rest = body.partition(b"\n\n")
    if not empty:
        raise NoteError("add-checkpoint: no empty line before the checkpoint")
    try:
        first, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise NoteError("add-checkpoint: a character outside ASCII above the note") from None
    old = _OLD.fullmatch(first)
    if old is None or int(old[1]) > SIZE_MAX:
        raise NoteError("add-checkpoint, line 1: not `old` and a plain number")
    if len(lines) > merkle.PROOF_HASHES_MAX:
        raise ProofError(f"add-checkpoint: more than {merkle.PROOF_HASHES_MAX} proof lines")
    proof = tuple(_hash(line, number) for number, line in enumerate(lines, start=2))
    return Submission(old_size=int(old[1]), proof=proof, note=parse_note(rest))


def decide(submission: Submission, logs: TrustedLogs, last: Cosigned | None) -> Cosigned | Answer:
    """What to cosign and record (log signatures only), or the answer that refuses.

    last is what was last cosigned for `submission.origin`, None if never. The checks stand in the
    order of tlog-witness v1.0.0, so that every witness answers alike.
    """
    trusted = logs.get(submission.origin)
    if trusted is None:
        return _refuse(404, "the origin of this checkpoint is not known here")
    good, damaged = check_signatures(submission.note, trusted)
    if damaged or not good:
        return _refuse(403, damaged[0] if damaged else "no trusted key signed this checkpoint")
    try:
        checkpoint = parse_checkpoint(submission.note.text)
    except CheckpointError as error:
        return _refuse(400, str(error))
    if submission.old_size > checkpoint.size:
        return _refuse(400, "the old size is larger than the checkpoint's", last)
    last_size = 0 if last is None else last.checkpoint.size
    if submission.old_size != last_size:
        told = f"{last_size}\n".encode()
        return Answer(status=409, body=told, content_type=SIZE_TYPE, refused_for=last)
    last_root = merkle.EMPTY_ROOT if last is None else last.checkpoint.root
    try:
        merkle.verify_consistency(
            last_size, checkpoint.size, submission.proof, last_root, checkpoint.root
        )
    except ProofError as error:
        return _refuse(422, str(error), last)
    kept = tuple(each for each in submission.note.signatures if _by(each, trusted))
    return Cosigned(checkpoint=checkpoint, note=Note(text=checkpoint.text, signatures=kept))


def cosigned_answer(lines: Sequence[NoteSignature]) -> Answer:
    """The 200 of a witness: its cosignature lines and nothing else."""
    return Answer(status=200, body="".join(each.line for each in lines).encode())


def malformed_answer(error: LedgerError) -> Answer:
    """The answer for a body that parse_submission refused: 400, or 403 for its signatures."""
    return _refuse(403 if isinstance(error, SignatureLineError) else 400, str(error))


def monitoring_path(origin: str) -> str:
    """Where a witness shows its last cosigned checkpoint, below its monitoring prefix."""
    return f"{hashlib.sha256(origin.encode()).hexdigest()}/checkpoint"


def catching_up_path(origin: str) -> str:
    """Where a mirror of ours tells that it has forgotten what it cosigned; 404 when it has not."""
    return monitoring_path(origin).replace("/checkpoint", "/catching-up")


def _by(signature: NoteSignature, trusted: Sequence[Verifier]) -> bool:
    return any((signature.name, signature.key_id) == (each.name, each.key_id) for each in trusted)


def _refuse(status: int, reason: str, last: Cosigned | None = None) -> Answer:
    return Answer(status=status, body=f"{reason}\n".encode(), refused_for=last)


def _hash(line: str, number: int) -> bytes:
    try:
        value = canonical.decode_base64(line)
    except FormatError as error:
        raise ProofError(f"add-checkpoint, line {number}: {error}") from None
    if len(value) != merkle.HASH_BYTES:
        raise ProofError(f"add-checkpoint, line {number}: a hash has 32 bytes")
    return value
