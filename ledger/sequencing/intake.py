"""Records on their way in: one bounded queue, each id once, one future for each caller.

What is asked twice while it is under way gets one answer. Whether a record is admissible is told
by screening.py and admission.py; when it is answered, by log.py.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass

from ledger.errors import AdmissionError, BusyError, LedgerError
from ledger.formats.envelope import parse_envelope
from ledger.formats.proof import Receipt
from ledger.ports import Clock
from ledger.sequencing.screening import Screening

# A receipt, or the number of an entry that was recorded before, or why there is none.
Outcome = Receipt | int | LedgerError


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

    __slots__ = ("_all", "_left", "taken")

    def __init__(self, taken: list[Waiting]) -> None:
        self.taken = taken
        self._left = len(taken)
        self._all = asyncio.get_running_loop().create_future()
        if not taken:
            self._all.set_result(None)

    def told(self) -> None:
        """One record less to wait for."""
        self._left -= 1
        if self._left == 0 and not self._all.done():
            self._all.set_result(None)

    async def wait(self) -> None:
        """Until every record of the group was answered."""
        await self._all


class Waiting:
    """One record on its way, with what screening told of it; `same` are others of its bytes."""

    __slots__ = ("governance", "group", "identity", "outcome", "raw", "refusal", "same", "seen")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.group: Group | None = None
        self.outcome: Outcome | None = None
        self.identity: bytes | None = None  # None also for what is malformed
        self.seen = 0
        self.governance = False
        self.refusal: AdmissionError | None = None
        self.same: list[Waiting] | None = None

    def tell(self, outcome: Outcome) -> None:
        """Answer those who wait, once; by Intake.tell, which knows the ids under way."""
        if self.outcome is None:
            self.outcome = outcome
            if self.group is not None:
                self.group.told()
            for each in self.same or ():
                each.tell(outcome)


class Intake:
    """The queue of a sequencer."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._queue: deque[Waiting] = deque()
        self._groups: dict[Group, None] = {}  # in the order they came
        self._under_way: dict[bytes, Waiting] = {}
        self._arrived = asyncio.Event()
        self.refused: Counter[str] = Counter()  # by code, since this process began

    def __len__(self) -> int:
        """How many records wait for their batch."""
        return len(self._queue)

    async def answers(self, raws: Sequence[bytes]) -> list[Outcome]:
        """Queue these records; the outcome of each, in order, once all have one."""
        free = self._limits.queue_entries_max - len(self._queue)
        taken = [Waiting(raw) for raw in raws[: max(0, free)]]
        group = Group(taken)
        for each in taken:
            each.group = group
        self._queue.extend(taken)
        self._groups[group] = None
        self._arrived.set()
        try:
            await group.wait()
        finally:
            self._groups.pop(group, None)
        busy = BusyError("log: the queue is full; send the same record again in a moment")
        answers = [*(_outcome(each) for each in taken), *[busy] * (len(raws) - len(taken))]
        self.refused.update(each.code for each in answers if isinstance(each, AdmissionError))
        self.refused.update("busy" for each in answers if isinstance(each, BusyError))
        return answers

    async def next_batch(self) -> list[Waiting]:
        """Up to a batch, waiting a moment for more."""
        while not self._queue:
            self._arrived.clear()
            await self._arrived.wait()
        if len(self._queue) < self._limits.batch_entries_max:
            await self._clock.sleep(self._limits.batch_seconds)
        count = min(len(self._queue), self._limits.batch_entries_max)
        return [self._queue.popleft() for _ in range(count)]

    def screened(self, batch: Sequence[Waiting], screening: Screening) -> list[Waiting]:
        """Note what screening told, and answer no id twice: those that go on.

        A record with the bytes of one under way waits for that one's answer; one with its id and
        other content is refused. What may not be admitted never holds up an id for others, and
        what has no id, being malformed, is answered here.
        """
        going_on: list[Waiting] = []
        under_way, governance, refusals = self._under_way, screening.governance, screening.refusals
        for place, each in enumerate(batch):
            if each.outcome is not None:
                continue
            identity = each.identity = screening.identity(place)
            each.seen = screening.seen[place]
            each.refusal = refusals.get(place)
            if identity is None:
                each.tell(refusals[place])  # it rests on these bytes alone, whoever may write
                continue
            # One that is refused changes nothing, and need not go alone.
            each.governance = place in governance and each.refusal is None
            first = under_way.get(identity)
            if first is None or first is each:
                if each.refusal is None:
                    under_way[identity] = each
                going_on.append(each)
            elif same_payload(first.raw, each.raw):
                first.same = [*(first.same or ()), each]
            elif each.refusal is None:
                each.tell(reused_id())
            else:
                going_on.append(each)
        return going_on

    def tell(self, waiting: Waiting, outcome: Outcome) -> None:
        """Answer a record, which is no longer under way."""
        identity = waiting.identity
        if identity is not None and self._under_way.get(identity) is waiting:
            del self._under_way[identity]
        waiting.tell(outcome)

    def refuse(self, refused: Sequence[tuple[Waiting, AdmissionError]]) -> None:
        """Tell each why it is not admitted."""
        for each, error in refused:
            self.tell(each, error)

    def fail(self, error: LedgerError) -> None:
        """Tell all who wait and forget what was queued."""
        self._queue.clear()
        self._under_way.clear()
        for group in list(self._groups):
            for each in group.taken:
                each.tell(error)


def same_payload(one: bytes, other: bytes) -> bool:
    """Whether two envelopes in their one form carry the same signed header."""
    return one == other or parse_envelope(one).payload == parse_envelope(other).payload


def _outcome(taken: Waiting) -> Outcome:
    assert taken.outcome is not None
    return taken.outcome


def reused_id() -> AdmissionError:
    """The refusal of an id that stands for other content."""
    return AdmissionError(
        "reused_id", "id: recorded before with other content; take a new id for a new event"
    )
