"""Many small jobs done together: whoever comes while one batch is under way goes with the next.

One commit reaches the disk as fast as a hundred, and one request carries a hundred records; so jobs
that arrive together are done together, and each caller gets its own answer or its own error.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

BATCH_MAX: Final = 256

Job = TypeVar("Job")
Answer = TypeVar("Answer")


class Batches(Generic[Job, Answer]):
    """`work` gets the waiting jobs and answers one result or exception for each, in order."""

    def __init__(
        self, work: Callable[[Sequence[Job]], Awaitable[Sequence[Answer | Exception]]]
    ) -> None:
        self._work = work
        self._waiting: list[tuple[Job, asyncio.Future[Answer]]] = []
        self._runner: asyncio.Task[None] | None = None

    async def do(self, job: Job) -> Answer:
        """The answer to one job; raises what went wrong with it, or with its whole batch."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((job, future))
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        while self._waiting:
            await asyncio.sleep(0)  # let everybody who is on the way get in
            batch, self._waiting = self._waiting[:BATCH_MAX], self._waiting[BATCH_MAX:]
            try:
                answers = await self._work([job for job, _ in batch])
            except Exception as error:  # handed to every caller: none of the batch was answered
                answers = [error] * len(batch)
            for (_, future), answer in zip(batch, answers, strict=True):
                if future.done():  # its caller gave up
                    continue
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)


def on_thread(
    work: Callable[[Sequence[Job]], Sequence[Answer | Exception]],
) -> Callable[[Sequence[Job]], Awaitable[Sequence[Answer | Exception]]]:
    """Blocking work, done on a thread."""

    async def done(jobs: Sequence[Job]) -> Sequence[Answer | Exception]:
        return await asyncio.to_thread(work, jobs)

    return done
