"""The machine's own clock."""

from __future__ import annotations

import asyncio
import time


class SystemClock:
    """A Clock by the operating system."""

    def now(self) -> int:
        """POSIX seconds."""
        return int(time.time())

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
