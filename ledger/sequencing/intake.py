"""Records on their way in: one bounded queue, each id once, one future for each caller.

What is asked twice while it is under way gets one answer. Whether a record is admissible is
admission.py's to say; when it is answered, log.py's.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from ledger.errors import AdmissionError, BusyError, LedgerError
from ledger.formats.envelope import GOVERNANCE_CLASS, Envelope
from ledger.ports import Clock
from ledger.rules import admission
from ledger.rules.registry import Registry

Outcome = int | LedgerError  # the entry's number once it is recorded, or why it is not


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The sequencer's named limits; a full queue answers BusyError."""

    batch_entries_max: int = 1_000
    batch_seconds: float = 0.02
    queue_entries_max: int = 20_000
    push_retry_seconds: float = 0.5
    lease_seconds: int = 12


class Group:
    """The records one caller sent together: one future for all, since one each is what costs."""

    def __init__(self) -> None:
        self._left = 1  # the caller itself, until it has handed in all
        self._all = asyncio.get_running_loop().create_future()

    def add(self) -> None:
        """One more record to wait for."""
        self._left += 1

    def told(self) -> None:
        """One record less to wait for."""
        self._left -= 1
        if self._left == 0 and not self._all.done():
            self._all.set_result(None)

    async def wait(self) -> None:
        """Until every record of the group was answered."""
        self.told()
        await self._all


class Waiting:
    """One record on its way: who waits for it, and by which registry its signature was checked."""

    __slots__ = ("envelope", "groups", "identity", "outcome", "screened_by", "under_way")

    def __init__(self, envelope: Envelope, under_way: dict[bytes, Waiting]) -> None:
        self.envelope = envelope
        self.identity = admission.identity_of(envelope.header)
        self.outcome: Outcome | None = None
        self.screened_by: Registry | None = None
        self.groups: list[Group] = []
        self.under_way = under_way

    @property
    def governance(self) -> bool:
        """Whether it changes what is admitted after it."""
        return self.envelope.header.record_class == GOVERNANCE_CLASS

    def tell(self, outcome: Outcome) -> None:
        """Answer those who wait, once."""
        if self.outcome is None:
            self.outcome = outcome
            self.under_way.pop(self.identity, None)
            for group in self.groups:
                group.told()


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

    async def answers(self, raws: Sequence[bytes]) -> list[Outcome]:
        """Queue these records; the outcome of each, in order, once all have one."""
        group = Group()
        taken = [self._take(raw, group) for raw in raws]
        await group.wait()
        return [_outcome(each) for each in taken]

    def _take(self, raw: bytes, group: Group) -> Waiting | LedgerError:
        """Queue one record, or answer at once why not; BusyError when the queue is full."""
        try:
            waiting = Waiting(admission.open_envelope(raw), self._under_way)
        except AdmissionError as error:
            return error
        same = self._under_way.get(waiting.identity)
        if same is not None:
            if same.envelope.payload != waiting.envelope.payload:
                return reused_id()
            waiting = same
        elif len(self._queue) >= self._limits.queue_entries_max:
            return BusyError("log: the queue is full; send the same record again in a moment")
        else:
            self._under_way[waiting.identity] = waiting
            self._queue.append(waiting)
            self._arrived.set()
        waiting.groups.append(group)
        group.add()
        return waiting

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


def _outcome(taken: Waiting | LedgerError) -> Outcome:
    if isinstance(taken, LedgerError):
        return taken
    assert taken.outcome is not None
    return taken.outcome


def reused_id() -> AdmissionError:
    """The refusal of an id that stands for other content."""
    return AdmissionError(
        "reused_id", "id: recorded before with other content; take a new id for a new event"
    )
