"""An amount of money as somebody types it: `1.234,56`, `1234,5`, `1234`, `€ 12`. Pure."""

from __future__ import annotations

import re
from typing import Final

CENTS_TYPED_MAX: Final = 100_000_000  # a million euros: more is a slip of the finger
_TYPED: Final = re.compile(r"(\d{1,3}(?:\.\d{3})+|\d{1,7})(?:,(\d{1,2}))?")
_WITH_POINT: Final = re.compile(r"(\d{1,7})\.(\d{2})")


def typed_cents(text: str) -> int | None:
    """The amount in cents; None when it cannot be read as one."""
    plain = text.replace("€", "").replace("\u00a0", "").replace(" ", "")
    if not plain.isascii():
        return None
    found = _WITH_POINT.fullmatch(plain) or _TYPED.fullmatch(plain)
    if found is None:
        return None
    euros, cents = found.group(1).replace(".", ""), (found.group(2) or "").ljust(2, "0")
    total = int(euros) * 100 + int(cents)
    return total if total <= CENTS_TYPED_MAX else None
