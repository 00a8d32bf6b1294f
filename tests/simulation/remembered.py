"""Pure work that every seed repeats is done once: the same signatures, envelopes and registries.

Only functions of their arguments' bytes are remembered, so that a run is the same with and without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from unittest.mock import patch

from ledger import keys, tail
from ledger.ports import Row
from ledger.rules import admission
from ledger.rules.registry import Registry

KEPT = 4_096


def _by_bytes(
    make: Callable[[Sequence[Row]], Registry | None],
) -> Callable[[Sequence[Row]], Registry | None]:
    """By the raw bytes of the rows, for rows themselves differ in what is known beside them."""
    known: dict[tuple[bytes, ...], Registry | None] = {}

    def registry_of(rows: Sequence[Row]) -> Registry | None:
        key = tuple(row.raw for row in rows)
        if key not in known:
            if len(known) >= KEPT:
                known.clear()
            known[key] = make(rows)
        return known[key]

    return registry_of


_OPEN = lru_cache(KEPT)(admission.open_envelope)
_SIGNED = lru_cache(KEPT)(keys.crypto_sign_open)
_REGISTRY_OF = _by_bytes(tail.registry_of)


@contextmanager
def remembered() -> Iterator[None]:
    """While it lasts these three look first at what they answered before."""
    with (
        patch.object(admission, "open_envelope", _OPEN),
        patch.object(keys, "crypto_sign_open", _SIGNED),
        patch.object(tail, "registry_of", _REGISTRY_OF),
    ):
        yield
