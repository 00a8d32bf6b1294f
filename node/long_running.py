"""What a process does once it has started and is to run for long."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Awaitable, Callable
from typing import Final

# Python looks for circles of garbage after 700 new objects; a page makes some thousands, none of
# them in a circle that matters. A full search of a grown process stops all visitors for its time.
NEW_OBJECTS: Final = 50_000
YOUNG_SEARCHES: Final = 20
MIDDLE_SEARCHES: Final = 50


def settle() -> None:
    """Leave what was made at the start out of all later searches for garbage, and search less."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, YOUNG_SEARCHES, MIDDLE_SEARCHES)


async def until_stopped(stop: Callable[[], Awaitable[None]]) -> None:
    """Wait for Ctrl-C or SIGTERM, then stop."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)
    await asked.wait()
    await stop()
