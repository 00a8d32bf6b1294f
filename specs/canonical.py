"""One byte form for one value: RFC 8785, and the digests made of it."""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785


def canonical_bytes(value: Any) -> bytes:
    """RFC 8785 bytes of a JSON value; raises ValueError for what JSON numbers cannot hold."""
    return rfc8785.dumps(value)


def digest_of(value: Any) -> str:
    """SHA-256 of the canonical bytes, lower-case hex."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()
