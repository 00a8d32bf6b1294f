"""What a reader says it takes, for the listeners of both sides."""

from __future__ import annotations


def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header lets gzip through (RFC 9110 12.5.3)."""
    for item in accepted.lower().split(","):
        name, _, weight = item.partition(";")
        if name.strip() in ("gzip", "x-gzip"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
