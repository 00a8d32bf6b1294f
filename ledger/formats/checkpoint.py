"""C2SP tlog-checkpoint: origin, size and root, signed by the log and cosigned by others.

Extension lines are refused: ML-DSA cosignatures would not cover them (LEDGER-FORMATS 1.4). Which
cosignatures suffice is the work of policy.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger.errors import CheckpointError, FormatError, NoteError, SignatureError
from ledger.formats import canonical, merkle
from ledger.formats.note import (
    COSIGNATURE,
    ED25519,
    Note,
    NoteSignature,
    NoteSigner,
    Verifier,
    check_signatures,
    parse_note,
)

SIZE_MAX: Final = 2**63 - 1
ORIGIN_CHARACTERS_MAX: Final = 500

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The tree of `origin` had this root (32 bytes) at this size; raises CheckpointError."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not self.origin or len(self.origin) > ORIGIN_CHARACTERS_MAX:
            raise CheckpointError("checkpoint, line 1: no origin, or one too long")
        if any(letter < " " for letter in self.origin):
            raise CheckpointError("checkpoint, line 1: a control character in the origin")
        if not 0 <= self.size <= SIZE_MAX:
            raise CheckpointError("checkpoint, line 2: not a tree size")
        if len(self.root) != merkle.HASH_BYTES:
            raise CheckpointError("checkpoint, line 3: the root has not 32 bytes")

    @property
    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{canonical.encode_base64(self.root)}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCheckpoint:
    """A checkpoint whose log signature verified, with the note it came from."""

    checkpoint: Checkpoint
    note: Note


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosignatures:
    """Times (POSIX seconds) of the cosignatures that verify, by key; damaged ones are named."""

    good: dict[Verifier, int]
    damaged: tuple[str, ...]


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint of a note's text; raises CheckpointError naming the line."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] != "":
        raise CheckpointError("checkpoint: not three lines, each with its newline")
    if len(lines) > 4:
        raise CheckpointError("checkpoint, line 4: extension lines are not taken")
    origin, size, root = lines[:3]
    if _SIZE.fullmatch(size) is None:
        raise CheckpointError("checkpoint, line 2: the size is not a plain decimal number")
    try:
        root_bytes = canonical.decode_base64(root)
    except FormatError as error:
        raise CheckpointError(f"checkpoint, line 3: {error}") from None
    return Checkpoint(origin=origin, size=int(size), root=root_bytes)


def sign_checkpoint(checkpoint: Checkpoint, log: NoteSigner) -> Note:
    """The checkpoint as a note with the log's signature; key name and origin are one."""
    if log.key_type != ED25519:
        raise CheckpointError("checkpoint: tlog-tiles wants an Ed25519 signature of the log")
    if log.name != checkpoint.origin:
        raise CheckpointError(f"checkpoint of {checkpoint.origin}: not the log of key {log.name}")
    return Note(text=checkpoint.text, signatures=(log.sign(checkpoint.text),))


def cosign(note: Note, cosigner: NoteSigner, time: int) -> NoteSignature:
    """A cosignature (0x04) over a checkpoint note's text at time, POSIX seconds.

    The caller has checked what the cosignature states (tlog-witness or tlog-mirror).
    """
    if cosigner.key_type != COSIGNATURE:
        raise CheckpointError(f"key {cosigner.name}: not a cosigner's key")
    parse_checkpoint(note.text)
    return cosigner.sign(note.text, time)


def open_checkpoint(
    data: bytes | Note, logs: Verifier | Sequence[Verifier], *, origin: str | None = None
) -> SignedCheckpoint:
    """The checkpoint of a signed note; raises CheckpointError naming the line and the reason.

    It must be of `origin` (default: the first log key's name), signed by at least one of `logs`,
    and carry no log signature that does not verify.
    """
    verifiers = (logs,) if isinstance(logs, Verifier) else tuple(logs)
    try:
        note = data if isinstance(data, Note) else parse_note(data)
    except NoteError as error:
        raise CheckpointError(f"checkpoint: {error}") from None
    checkpoint = parse_checkpoint(note.text)
    expected = verifiers[0].name if origin is None else origin
    if checkpoint.origin != expected:
        raise CheckpointError(
            f"checkpoint, line 1: of origin {checkpoint.origin!r}, expected {expected!r}"
        )
    good, damaged = check_signatures(note, verifiers)
    if damaged:
        raise CheckpointError(f"checkpoint, {damaged[0]}")
    if not good:
        raise CheckpointError("checkpoint: not signed by the log's key")
    if checkpoint.size == 0 and checkpoint.root != merkle.EMPTY_ROOT:
        raise CheckpointError("checkpoint, line 3: not the root of the empty tree")
    return SignedCheckpoint(checkpoint=checkpoint, note=note)


def check_cosignatures(note: Note, cosigners: Sequence[Verifier]) -> Cosignatures:
    """Which of these keys cosigned; a damaged cosignature does not count and is named (L2)."""
    good, damaged = check_signatures(note, cosigners)
    return Cosignatures(
        good={each.verifier: each.time for each in good if each.time is not None},
        damaged=damaged,
    )


def require_cosignature(note: Note, cosigner: Verifier) -> int:
    """The time of this key's cosignature; raises SignatureError when none verifies."""
    found = check_cosignatures(note, (cosigner,))
    if found.damaged:
        raise SignatureError(found.damaged[0])
    if cosigner not in found.good:
        raise SignatureError(f"checkpoint: no cosignature of {cosigner.name}")
    return found.good[cosigner]
