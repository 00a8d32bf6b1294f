"""C2SP tlog-proof: a receipt that proves, offline and for ever, that an entry is recorded.

It holds index, inclusion path and cosigned checkpoint; the entry itself is brought by whoever
verifies. Making the path is the work of merkle.py over tiles.py.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from ledger.errors import FormatError, NoteError, ProofError
from ledger.formats import canonical, merkle
from ledger.formats.checkpoint import SIZE_MAX
from ledger.formats.note import NOTE_BYTES_MAX, Note, parse_note
from ledger.formats.policy import Opened, Policy

MAGIC: Final = "c2sp.org/tlog-proof@v1"
RECEIPT_BYTES_MAX: Final = NOTE_BYTES_MAX + 100_000

_INDEX = re.compile(r"0|[1-9][0-9]{0,18}")


class Receipt(NamedTuple):  # one for each entry: made four times as fast as a frozen dataclass
    """Entry number `index` is under the checkpoint; `extra` is hearsay (not authenticated)."""

    index: int  # type: ignore[assignment]
    path: tuple[bytes, ...]
    checkpoint: Note
    extra: bytes | None = None

    def encode(self) -> bytes:
        """The receipt as a `.tlog-proof` file."""
        lines = [MAGIC]
        if self.extra is not None:
            lines.append(f"extra {canonical.encode_base64(self.extra)}")
        lines.append(f"index {self.index}")
        lines.extend(canonical.encode_base64(each) for each in self.path)
        return ("\n".join(lines) + "\n\n").encode() + self.checkpoint.encode()


def parse_receipt(data: bytes) -> Receipt:
    """The receipt of its file; raises ProofError naming the line. Nothing is verified here."""
    if len(data) > RECEIPT_BYTES_MAX:
        raise ProofError(f"receipt: {len(data)} bytes, at most {RECEIPT_BYTES_MAX} are read")
    head, empty, rest = data.partition(b"\n\n")
    if not empty:
        raise ProofError("receipt: no empty line before the checkpoint")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise ProofError("receipt: a character outside ASCII above the checkpoint") from None
    if lines[0] != MAGIC:
        raise ProofError(f"receipt, line 1: not {MAGIC}")
    number = 1
    extra: bytes | None = None
    if len(lines) > number and lines[number].startswith("extra "):
        extra = _base64(lines[number].removeprefix("extra "), number)
        number += 1
    index = _index(lines[number] if len(lines) > number else "", number)
    path = tuple(_hash(line, at) for at, line in enumerate(lines[number + 1 :], number + 1))
    if len(path) > merkle.PROOF_HASHES_MAX:
        raise ProofError(f"receipt: more than {merkle.PROOF_HASHES_MAX} hashes")
    try:
        note = parse_note(rest)
    except NoteError as error:
        raise ProofError(f"receipt, checkpoint: {error}") from None
    return Receipt(index=index, path=path, checkpoint=note, extra=extra)


def verify_receipt(receipt: Receipt, entry: bytes, policy: Policy) -> Opened:
    """The accepted checkpoint above entry; raises CheckpointError, PolicyError or ProofError."""
    opened = policy.open(receipt.checkpoint)
    merkle.verify_inclusion(
        merkle.leaf_hash(entry),
        receipt.index,
        opened.checkpoint.size,
        receipt.path,
        opened.checkpoint.root,
    )
    return opened


def _index(line: str, number: int) -> int:
    digits = line.removeprefix("index ")
    if not line.startswith("index ") or _INDEX.fullmatch(digits) is None:
        raise ProofError(f"receipt, line {number + 1}: not `index` and a plain number")
    index = int(digits)
    if index >= SIZE_MAX:
        raise ProofError(f"receipt, line {number + 1}: an index beyond 2^63")
    return index


def _hash(line: str, number: int) -> bytes:
    value = _base64(line, number)
    if len(value) != merkle.HASH_BYTES:
        raise ProofError(f"receipt, line {number + 1}: a hash has 32 bytes")
    return value


def _base64(text: str, number: int) -> bytes:
    try:
        return canonical.decode_base64(text)
    except FormatError as error:
        raise ProofError(f"receipt, line {number + 1}: {error}") from None
