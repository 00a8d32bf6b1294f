"""Records on their way in: one bounded queue, one future a record, each id once.

What is asked twice while it is under way is answered by the same future. Whether a record is
admissible is admission.py's to say; when its future is answered, log.py's.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from ledger import admission
from ledger.envelope import GOVERNANCE_CLASS, Envelope
from ledger.errors import AdmissionError, BusyError, LedgerError
from ledger.ports import Clock
from ledger.registry import Registry

Outcome = int | LedgerError  # the entry's number once it is recorded, or why it is not


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The sequencer's named limits; a full queue answers BusyError."""

    batch_entries_max: int = 1_000
    batch_seconds: float = 0.02
    queue_entries_max: int = 20_000
    push_retry_seconds: float = 0.5
    lease_seconds: int = 12


@dataclass(slots=True)
class Waiting:
    """One record on its way: who waits for it, and by which registry its signature was checked."""

    envelope: Envelope
    identity: bytes
    answer: asyncio.Future[Outcome]
    screened_by: Registry | None = None

    @property
    def governance(self) -> bool:
        """Whether it changes what is admitted after it."""
        return self.envelope.header.record_class == GOVERNANCE_CLASS

    def tell(self, outcome: Outcome) -> None:
        """Answer those who wait, once."""
        if not self.answer.done():
            self.answer.set_result(outcome)


class Intake:
    """The queue of a sequencer."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._queue: deque[Waiting] = deque()
        self._under_way: dict[bytes, Waiting] = {}
        self._arrived = asyncio.Event()

    def __len__(self) -> int:
        """How many records wait for their batch."""
        return len(self._queue)

    def take(self, raw: bytes) -> asyncio.Future[Outcome] | LedgerError:
        """Queue one record, or answer at once why not; BusyError when the queue is full."""
        try:
            envelope = admission.open_envelope(raw)
        except AdmissionError as error:
            return error
        identity = admission.identity_of(envelope.header)
        waiting = self._under_way.get(identity)
        if waiting is not None:
            same = waiting.envelope.payload == envelope.payload
            return waiting.answer if same else reused_id()
        if len(self._queue) >= self._limits.queue_entries_max:
            return BusyError("log: the queue is full; send the same record again in a moment")
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        waiting = Waiting(envelope=envelope, identity=identity, answer=answer)
        self._under_way[identity] = waiting
        answer.add_done_callback(lambda _: self._under_way.pop(identity, None))
        self._queue.append(waiting)
        self._arrived.set()
        return answer

    async def next_batch(self) -> list[Waiting]:
        """Up to a batch, waiting a moment for more; governance goes alone."""
        while not self._queue:
            self._arrived.clear()
            await self._arrived.wait()
        if len(self._queue) < self._limits.batch_entries_max:
            await self._clock.sleep(self._limits.batch_seconds)
        batch: list[Waiting] = []
        while self._queue and len(batch) < self._limits.batch_entries_max:
            governance = self._queue[0].governance
            if governance and batch:
                break
            batch.append(self._queue.popleft())
            if governance:
                break
        return batch

    def fail(self, error: LedgerError) -> None:
        """Tell all who wait and forget what was queued."""
        for waiting in list(self._under_way.values()):
            waiting.tell(error)
        self._queue.clear()


def reused_id() -> AdmissionError:
    """The refusal of an id that stands for other content."""
    return AdmissionError(
        "reused_id", "id: recorded before with other content; take a new id for a new event"
    )
