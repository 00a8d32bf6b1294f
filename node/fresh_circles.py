"""The circles of households.py with a clock: read anew now and then. The only clock behind them."""

from __future__ import annotations

import time
from typing import Final

from node.households import Circles, FactSource

CIRCLES_SECONDS: Final = 60.0


class FreshCircles:
    """Who lives where, read anew now and then: what was erased or moved away is forgotten."""

    def __init__(self) -> None:
        self._kept: Circles | None = None
        self._read_at = 0.0

    def of(self, facts: FactSource) -> Circles:
        """The circles over these facts, at most CIRCLES_SECONDS old."""
        now = time.monotonic()
        if self._kept is None or now - self._read_at > CIRCLES_SECONDS:
            self._kept, self._read_at = Circles(facts), now
        return self._kept
