"""Runs the checks of verify_chunk.py on processes: signatures, hashes and JSON fill every core.

Small logs are checked in place, by the same calls. The registry goes to a process once for each
version of it, not with every run.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
from concurrent.futures import Future, ProcessPoolExecutor
from types import TracebackType
from typing import Final, Self, TypeVar

from ledger.rules.registry import Registry
from ledger.verifying.verify_chunk import Admitted, Run, Shape, check_admission, check_run

_T = TypeVar("_T")

PARALLEL_FROM_ENTRIES: Final = 20_000  # below this, starting processes costs more than it gains


class Workers:
    """Checks runs on `count` processes, or in place when count is 0."""

    def __init__(self, count: int) -> None:
        self._registry: Registry | None = None
        self._packed = b""
        self._version = 0
        self._pool = (
            ProcessPoolExecutor(
                count,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_leave_interrupts_to_the_parent,
            )
            if count
            else None
        )
        self.runs_ahead = 2 * count + 2 if count else 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def use(self, registry: Registry) -> None:
        """Admit by this registry from now on."""
        self._registry = registry
        self._version += 1
        if self._pool is not None:
            self._packed = pickle.dumps(registry)

    def shape_and_admission(self, run: Run) -> Future[tuple[Shape, Admitted]]:
        """Both checks of a whole run; entry 0 made the registry and is not admitted by it."""
        if self._pool is not None:
            return self._pool.submit(_both, run, self._version, self._packed)
        return _done(check_run(run, max(1, run.first), self._known()))

    def admission(self, run: Run, start: int) -> Future[Admitted]:
        """Admission again from entry number start on, by the registry in use now."""
        if self._pool is not None:
            return self._pool.submit(_again, run, start, self._version, self._packed)
        return _done(check_admission(run, start, self._known()))

    def _known(self) -> Registry:
        if self._registry is None:
            raise RuntimeError("no registry: entry 0 comes first")
        return self._registry


def workers_for(entries: int) -> int:
    """How many processes a log of this size is worth."""
    return len(os.sched_getaffinity(0)) if entries >= PARALLEL_FROM_ENTRIES else 0


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


_unpacked: dict[int, Registry] = {}  # in a worker process: the newest registry by version


def _registry(version: int, packed: bytes) -> Registry:
    registry = _unpacked.get(version)
    if registry is None:
        # Made by this program's own parent process, never read from outside.
        registry = pickle.loads(packed)  # noqa: S301
        _unpacked.clear()
        _unpacked[version] = registry
    return registry


def _both(run: Run, version: int, packed: bytes) -> tuple[Shape, Admitted]:
    return check_run(run, max(1, run.first), _registry(version, packed))


def _again(run: Run, start: int, version: int, packed: bytes) -> Admitted:
    return check_admission(run, start, _registry(version, packed))


def _done(value: _T) -> Future[_T]:
    future: Future[_T] = Future()
    future.set_result(value)
    return future
