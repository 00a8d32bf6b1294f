"""`vastedag evidence`: the contradictions a member has kept, to be shown to others.

The parts are signed bytes as they came: whoever holds them can check the signatures with the
log's key and sees two statements that cannot both be true (`prove_fork`). What is *unproven* is a
suspicion: a signed head that came without a proof, by whoever sent it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ledger.errors import ProofError
from ledger.export import write_whole
from ledger.formats import canonical
from ledger.formats.checkpoint import Checkpoint, open_checkpoint
from ledger.formats.merkle import HASH_BYTES, verify_consistency
from ledger.formats.note import Verifier
from ledger.ports import Evidence, Store

NAME_DIGITS: Final = 16
UNPROVEN: Final = "unproven"


async def list_evidence(store: Store) -> list[dict[str, Any]]:
    """All that was kept, oldest first, as JSON objects; parts as text."""
    return [as_json(each) for each in await store.evidence()]


def as_json(evidence: Evidence) -> dict[str, Any]:
    """One contradiction as a JSON object."""
    return {
        "name": name_of(evidence),
        "kind": evidence.kind,
        "proven": evidence.kind != UNPROVEN,
        "about": evidence.about,
        "reason": evidence.reason,
        "found_at": datetime.fromtimestamp(evidence.found_at, UTC).isoformat(),
        "parts": {
            name: part.decode("utf-8", "backslashreplace") for name, part in evidence.parts.items()
        },
    }


def name_of(evidence: Evidence) -> str:
    """A short name that is the same wherever the same parts were kept."""
    digest = hashlib.sha256(evidence.kind.encode())
    for name, part in sorted(evidence.parts.items()):
        digest.update(name.encode() + b"\n" + hashlib.sha256(part).digest())
    return f"{evidence.kind}-{digest.hexdigest()[:NAME_DIGITS]}"


def prove_fork(evidence: Evidence, log_keys: Sequence[Verifier]) -> None:
    """Raise LedgerError unless the parts of a fork prove it by themselves to whoever has the key.

    Both notes are signed by the log; they give one size two roots, or `proof` (root_at, then a
    consistency proof, RFC 6962 2.1.2) shows that our tree has another root at their size.
    """
    ours, theirs = (_opened(evidence, part, log_keys) for part in ("ours", "theirs"))
    root = ours.root
    if ours.size != theirs.size:
        root, path = decode_proof(evidence.parts.get("proof", b""))
        verify_consistency(theirs.size, ours.size, path, root, ours.root)
    if root == theirs.root:
        raise ProofError(f"evidence: both notes have root {root.hex()} at size {theirs.size}")


def encode_proof(root: bytes, path: Sequence[bytes]) -> bytes:
    """A root and a consistency proof from it, a line of base64 each."""
    return "".join(f"{canonical.encode_base64(each)}\n" for each in (root, *path)).encode()


def decode_proof(data: bytes) -> tuple[bytes, list[bytes]]:
    """The root and proof of `encode_proof`; raises FormatError or ProofError."""
    hashes = [canonical.decode_base64(line) for line in data.splitlines()]
    if not hashes or any(len(each) != HASH_BYTES for each in hashes):
        raise ProofError("evidence, proof: no lines of 32 bytes in base64")
    return hashes[0], hashes[1:]


def _opened(evidence: Evidence, part: str, log_keys: Sequence[Verifier]) -> Checkpoint:
    if part not in evidence.parts:
        raise ProofError(f"evidence: no part {part!r}")
    return open_checkpoint(evidence.parts[part], log_keys, origin=evidence.about).checkpoint


async def write_evidence(store: Store, directory: Path) -> Sequence[Path]:
    """Each contradiction as a folder with its parts and its reason; answers the folders."""
    folders = []
    for each in await store.evidence():
        folder = directory / name_of(each)
        for name, part in each.parts.items():
            write_whole(folder / name, part)
        write_whole(folder / "reason", f"{each.about}\n{each.reason}\n".encode())
        folders.append(folder)
    return folders
