"""Screening on processes: signatures, base64 and patterns fill every core, not one interpreter.

Started when the first large run comes, and again when one has died. Until they are ready, for a
small run, and for the share of a process that died or does not answer, records are screened on
threads of this process: slower, by the same function, so nothing is lost and nothing waits. A load
of single records never starts a process and pays for none.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from ledger.rules.registry import Registry
from ledger.sequencing import check_worker
from ledger.sequencing.check_worker import READ_BYTES, READY, RECORDS, REGISTRY, Frames, framed
from ledger.sequencing.checks_threads import Check, ThreadChecks
from ledger.sequencing.screening import Screening, decode_screening, encode_raws, joined

PARALLEL_FROM: Final = 128  # records; below, threads are quick enough and processes not worth it
PART_MIN: Final = 32
PART_MAX: Final = 256
ANSWER_SECONDS_MAX: Final = 10.0  # a process that is stopped is ended and its share done here
START_AGAIN_SECONDS: Final = 1.0
IDLE_SECONDS: Final = 120.0  # unused so long they are ended: 30 MB each
END_SECONDS: Final = 1.0


class _WorkerGoneError(Exception):
    """The process died or does not answer; what it was asked is asked elsewhere."""


class ProcessChecks:
    """Screener on `count` processes, one for each core by default, and on threads."""

    def __init__(self, count: int | None = None, *, threads: int = 2) -> None:
        self.count = len(os.sched_getaffinity(0)) if count is None else count
        self._threads = ThreadChecks(threads)
        self._workers: list[_Worker] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._started_at = self._used_at = float("-inf")
        self._idle: asyncio.TimerHandle | None = None
        self._next = 0

    async def verify(self, checks: Sequence[Check]) -> list[bool]:
        """For each (public key, message, signature) whether it verifies, in order; on threads."""
        return await self._threads.verify(checks)

    async def screen(self, raws: Sequence[bytes], registry: Registry) -> Screening:
        """See Screener."""
        if len(raws) < PARALLEL_FROM:
            return await self._threads.screen(raws, registry)
        self._used_at = time.monotonic()
        ready = self._ready()
        if not ready:
            return await self._threads.screen(raws, registry)
        share = min(PART_MAX, max(PART_MIN, -(-len(raws) // len(ready))))
        parts = [raws[at : at + share] for at in range(0, len(raws), share)]
        answers = []
        for part in parts:
            self._next += 1
            answers.append(self._part(ready[self._next % len(ready)], part, registry))
        return joined(await asyncio.gather(*answers))

    async def _part(self, worker: _Worker, raws: Sequence[bytes], registry: Registry) -> Screening:
        try:
            return await worker.screen(raws, registry)
        except _WorkerGoneError:
            return await self._threads.screen(raws, registry)

    def pids(self) -> list[int]:
        """The processes that are ready."""
        return [worker.pid for worker in self._workers if worker.ready]

    def close(self) -> None:
        """End processes and threads."""
        self._end_all()
        self._threads.close()

    def _ready(self) -> list[_Worker]:
        """Those that can be asked now; starts what is missing."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._end_all()
            self._loop = loop
        gone = [worker for worker in self._workers if worker.gone]
        for worker in gone:
            worker.end()
            self._workers.remove(worker)
        missing = self.count - len(self._workers)
        if missing and time.monotonic() - self._started_at > START_AGAIN_SECONDS:
            self._started_at = time.monotonic()
            with suppress(OSError):  # no process to be had now: threads, and tried again
                for _ in range(missing):
                    self._workers.append(_Worker(loop))
            if self._idle is None:
                self._end_when_idle(loop)
        return [worker for worker in self._workers if worker.ready]

    def _end_when_idle(self, loop: asyncio.AbstractEventLoop) -> None:
        left = self._used_at + IDLE_SECONDS - time.monotonic()
        if left > 0:
            self._idle = loop.call_later(left, self._end_when_idle, loop)
        else:
            self._end_all()

    def _end_all(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        workers, self._workers = self._workers, []
        for worker in workers:
            worker.end()


class _Worker:
    """One process and the socket to it; answers come in the order of the questions."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.ready = False
        self.gone = False
        self._loop = loop
        self._registry: Registry | None = None
        self._sending = asyncio.Lock()
        self._asked: deque[asyncio.Future[bytes]] = deque()
        self._wire, theirs = socket.socketpair()
        self._wire.setblocking(False)
        with theirs:
            number = theirs.fileno()
            self._process = subprocess.Popen(  # noqa: S603 - this program, no input
                [sys.executable, "-P", "-m", check_worker.__name__, str(number)],
                pass_fds=[number],
                stdin=subprocess.DEVNULL,
            )
        self._reading = loop.create_task(self._read())

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    async def screen(self, raws: Sequence[bytes], registry: Registry) -> Screening:
        """Raises _WorkerGoneError when there is no answer."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS_MAX):
                answer = await self._ask(RECORDS + encode_raws(raws), registry)
                return decode_screening(await answer)
        except (TimeoutError, OSError):
            self._fail()
            raise _WorkerGoneError from None

    async def _ask(self, question: bytes, registry: Registry) -> asyncio.Future[bytes]:
        answer: asyncio.Future[bytes] = self._loop.create_future()
        async with self._sending:
            if self.gone:
                raise _WorkerGoneError
            request = framed(question)
            if registry is not self._registry:
                request = framed(REGISTRY + pickle.dumps(registry)) + request
                self._registry = registry
            self._asked.append(answer)
            try:
                await self._loop.sock_sendall(self._wire, request)
            except asyncio.CancelledError:
                self._fail()  # half a request may stand on the wire
                raise
        return answer

    async def _read(self) -> None:
        frames = Frames()
        with suppress(OSError):
            while data := await self._loop.sock_recv(self._wire, READ_BYTES):
                for frame in frames.take(data):
                    if not self.ready and frame == READY:
                        self.ready = True
                    else:
                        _set(self._asked.popleft(), frame)
        self._fail()

    def _fail(self) -> None:
        """No more is asked of it; what was asked is answered with the reason."""
        self.ready, self.gone = False, True
        while self._asked:
            answer = self._asked.popleft()
            if not answer.done():
                answer.set_exception(_WorkerGoneError())
                answer.exception()  # may have been given up by its caller

    def end(self) -> None:
        """End the process; it holds nothing that could be lost."""
        self._fail()
        if not self._loop.is_closed():
            self._loop.remove_reader(self._wire)  # before its number can be another's
            self._reading.cancel()
        self._wire.close()
        self._process.kill()
        self._process.wait(END_SECONDS)


def _set(answer: asyncio.Future[bytes], frame: bytes) -> None:
    if not answer.done():
        answer.set_result(frame)
