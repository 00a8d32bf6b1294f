"""Evidence as a row: its digest keeps the same contradiction from being kept twice."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from ledger.formats import canonical
from ledger.ports import Evidence


def evidence_row(evidence: Evidence) -> dict[str, Any]:
    """The row of a contradiction; parts may be any bytes and stand in base64."""
    parts = json.dumps(
        {name: canonical.encode_base64(part) for name, part in sorted(evidence.parts.items())}
    )
    return {
        "digest": hashlib.sha256(f"{evidence.kind}\n{parts}".encode()).digest(),
        "found_at": evidence.found_at,
        "kind": evidence.kind,
        "about": evidence.about,
        "reason": evidence.reason,
        "parts": parts,
    }


def evidence_of(row: Any) -> Evidence:
    """The contradiction of its row."""
    parts = {name: canonical.decode_base64(part) for name, part in json.loads(row["parts"]).items()}
    return Evidence(
        kind=row["kind"],
        about=row["about"],
        reason=row["reason"],
        parts=parts,
        found_at=row["found_at"],
    )
