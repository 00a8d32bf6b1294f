"""`vastedag evidence`: the contradictions a member has kept, to be shown to others.

The parts are signed bytes as they came: whoever holds them can check the signatures with the
log's key and sees two statements that cannot both be true.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ledger.export import write_whole
from ledger.ports import Evidence, Store

NAME_DIGITS = 16


async def list_evidence(store: Store) -> list[dict[str, Any]]:
    """All that was kept, oldest first, as JSON objects; parts as text."""
    return [as_json(each) for each in await store.evidence()]


def as_json(evidence: Evidence) -> dict[str, Any]:
    """One contradiction as a JSON object."""
    return {
        "name": name_of(evidence),
        "kind": evidence.kind,
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
