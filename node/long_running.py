"""What a process does once it has started and is to run for long."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
from collections.abc import Awaitable, Callable

from ledger.sequencing.process import settle

__all__ = ["settle", "until_stopped"]


async def until_stopped(stop: Callable[[], Awaitable[None]]) -> None:
    """Wait for Ctrl-C or SIGTERM, then stop; one of several also when its parent is gone."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    parent = multiprocessing.parent_process()
    if parent is not None:
        loop.add_reader(parent.sentinel, asked.set)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)
    await asked.wait()
    if parent is not None:
        loop.remove_reader(parent.sentinel)
    await stop()
