"""Evidence as a row: its digest keeps the same contradiction from being kept twice.

What the digest leaves out (when, about whom, why) has a sum of its own among the parts, under the
empty name that no part has: a flipped bit anywhere in the row is told by `check_row`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from ledger.errors import LedgerError, StoreError
from ledger.formats import canonical
from ledger.ports import Evidence

SUM: Final = ""


def evidence_row(evidence: Evidence) -> dict[str, Any]:
    """The row of a contradiction; parts may be any bytes and stand in base64."""
    parts = {name: canonical.encode_base64(part) for name, part in sorted(evidence.parts.items())}
    row = {
        "found_at": evidence.found_at,
        "kind": evidence.kind,
        "about": evidence.about,
        "reason": evidence.reason,
    }
    digest = hashlib.sha256(f"{evidence.kind}\n{json.dumps(parts)}".encode()).digest()
    return {"digest": digest, **row, "parts": json.dumps({SUM: _sum(row), **parts})}


def evidence_of(row: Any) -> Evidence:
    """The contradiction of its row."""
    parts = {
        name: canonical.decode_base64(part)
        for name, part in json.loads(row["parts"]).items()
        if name != SUM
    }
    return Evidence(
        kind=row["kind"],
        about=row["about"],
        reason=row["reason"],
        parts=parts,
        found_at=row["found_at"],
    )


def check_row(row: Mapping[str, Any]) -> None:
    """Raise StoreError unless the row is, to the byte, the one of its contradiction."""
    try:
        again = evidence_row(evidence_of(row))
    except (LedgerError, ValueError, AttributeError) as error:
        raise StoreError(f"its parts cannot be read, {type(error).__name__}") from None
    for name, value in again.items():
        if row[name] != value:
            raise StoreError(f"{name} is not what was kept")


def _sum(row: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(row).encode()).hexdigest()
