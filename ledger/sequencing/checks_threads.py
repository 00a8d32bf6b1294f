"""Signature checks in place, and on threads: PyNaCl lets go of the interpreter lock."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from ledger.keys import verify_batch
from ledger.rules.registry import Registry
from ledger.sequencing.screening import Screening, joined, screen

THREADS_DEFAULT: Final = 3
INLINE_MAX: Final = 8  # below this a thread costs more than it gives

Check = tuple[bytes, bytes, bytes]


class InlineChecks:
    """Checks where it is called: for simulations, which own the order of all steps."""

    async def verify(self, checks: Sequence[Check]) -> list[bool]:
        """For each (public key, message, signature) whether it verifies."""
        return [error is None for error in verify_batch(checks)]

    async def screen(self, raws: Sequence[bytes], registry: Registry) -> Screening:
        """See Screener."""
        return screen(raws, registry)


class ThreadChecks:
    """Spreads checks over threads."""

    def __init__(self, threads: int = THREADS_DEFAULT) -> None:
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="ledger-check")

    async def verify(self, checks: Sequence[Check]) -> list[bool]:
        """For each (public key, message, signature) whether it verifies, in order."""
        if len(checks) <= INLINE_MAX:
            return [error is None for error in verify_batch(checks)]
        loop = asyncio.get_running_loop()
        share = -(-len(checks) // self._threads)
        parts = await asyncio.gather(
            *(
                loop.run_in_executor(self._pool, verify_batch, checks[at : at + share])
                for at in range(0, len(checks), share)
            )
        )
        return [error is None for part in parts for error in part]

    async def screen(self, raws: Sequence[bytes], registry: Registry) -> Screening:
        """See Screener; a few records are screened in place."""
        if len(raws) <= INLINE_MAX:
            return screen(raws, registry)
        loop = asyncio.get_running_loop()
        share = -(-len(raws) // self._threads)
        parts = await asyncio.gather(
            *(
                loop.run_in_executor(self._pool, screen, raws[at : at + share], registry)
                for at in range(0, len(raws), share)
            )
        )
        return joined(parts)

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()
