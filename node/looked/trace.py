"""W3C Trace Context: the `traceparent` header by which readings of several members hang together.

Level 1, version 00: `00-<trace, 32 hex>-<span, 16 hex>-<flags, 2 hex>`; ids of zeros are invalid.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Final

TRACE_BYTES: Final = 16
SPAN_BYTES: Final = 8
HEADER: Final = "traceparent"
_FORM: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceParent:
    """One span of one trace."""

    trace: bytes
    span: bytes

    @property
    def header(self) -> str:
        """Its `traceparent`; the flag says that it is recorded: nothing here is sampled."""
        return f"00-{self.trace.hex()}-{self.span.hex()}-01"


def new_trace() -> TraceParent:
    """A trace that begins here."""
    return TraceParent(trace=secrets.token_bytes(TRACE_BYTES), span=new_span())


def new_span() -> bytes:
    """The id of one more span."""
    return secrets.token_bytes(SPAN_BYTES)


def parse_traceparent(header: str | None) -> TraceParent | None:
    """The caller's span; None for no header, or one that the standard says to ignore."""
    found = None if header is None else _FORM.fullmatch(header.strip())
    if found is None or found[1] == "ff" or (found[1] == "00" and found[4]):
        return None
    trace, span = bytes.fromhex(found[2]), bytes.fromhex(found[3])
    return TraceParent(trace=trace, span=span) if any(trace) and any(span) else None
