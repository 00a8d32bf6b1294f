"""The sequencer: records in, one order, receipts out. The steps, in this order and no other:

admit, build the batch, store it with its tiles and swap the signed head in one transaction; push
the head to the mirrors; when the policy's quorum has cosigned, publish it; only then answer with
receipts. Recovery publishes what is stored by the same road. While a batch is stored the next one
is screened, and while a head is being cosigned further batches are stored: mirrors are always
given the newest head, one round at a time, so that they cosign the same size.

Members are pushed to (tlog-mirror), nobody has to poll: `serve.py` shows only published heads.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from ledger import admission, proofs
from ledger.adopt import adopt
from ledger.chain import parse_entry
from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.envelope import GOVERNANCE_CLASS, Envelope, signed_bytes
from ledger.errors import (
    AdmissionError,
    BusyError,
    ForkError,
    HeadMovedError,
    LeaseError,
    LedgerError,
    StoreError,
)
from ledger.note import NoteSigner, parse_note
from ledger.policy import Policy, parse_policy
from ledger.ports import Batch, Checks, Clock, Head, Peer, Store, Stored
from ledger.proof import Receipt
from ledger.quorum import Quorum
from ledger.registry import Registry
from ledger.tail import Tail, empty_tail, load_tail, registry_of, sequence

COMMIT_TRIES: Final = 5
RETRY_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The sequencer's named limits; a full queue answers BusyError."""

    batch_entries_max: int = 1_000
    batch_seconds: float = 0.02
    queue_entries_max: int = 20_000
    push_retry_seconds: float = 0.5
    lease_seconds: int = 12


@dataclass(slots=True)
class _Waiting:
    """One record on its way: who waits for it, and what was found out so far."""

    envelope: Envelope
    identity: bytes
    answer: asyncio.Future[int | LedgerError]
    screened_by: Registry | None = None


@dataclass(slots=True)
class Status:
    """What an operator looks at first; `problem` says why nothing is being signed."""

    running: bool = False
    size: int = 0
    published_size: int = 0
    queued: int = 0
    waiting: int = 0
    problem: str | None = None
    mirrors: dict[str, str] = field(default_factory=dict)


class Log:
    """The one active sequencer of a log: `start`, `append` from many tasks, `stop`."""

    def __init__(
        self,
        *,
        store: Store,
        signer: NoteSigner,
        clock: Clock,
        checks: Checks,
        mirrors: Mapping[str, Peer],
        witnesses: Mapping[str, Peer] | None = None,
        limits: Limits | None = None,
        holder: str,
    ) -> None:
        """signer is the log key, named as the origin; mirrors and witnesses are by member id.

        holder names this process and no other one, for the lease.
        """
        self._store = store
        self._signer = signer
        self._clock = clock
        self._checks = checks
        self._mirrors = dict(mirrors)
        self._limits = limits or Limits()
        self._holder = holder
        self._quorum = Quorum(
            store=store,
            origin=signer.name,
            clock=clock,
            mirrors=mirrors,
            witnesses=witnesses or {},
            retry_seconds=self._limits.push_retry_seconds,
        )
        self._tail = empty_tail()
        self._stored = Stored(size=0, head=None, published=None)
        self._fence: int | None = None
        self._queue: deque[_Waiting] = deque()
        self._under_way: dict[bytes, _Waiting] = {}
        self._unpublished: dict[int, list[asyncio.Future[int | LedgerError]]] = {}
        self._policies: list[tuple[int, Policy]] = []
        self._arrived = asyncio.Event()
        self._committed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._problem: str | None = "not started"

    async def start(self) -> None:
        """Take the lease, adopt and recover, and run until `stop`.

        Returns when the store was read; adopting from the mirrors and publishing what a crash
        left behind go on by themselves. Raises StoreError when there is no genesis.
        """
        self._tail = await load_tail(self._store)
        _ = self._tail.founded
        self._stored = await self._store.load()
        self._problem = "adopting from the mirrors"
        self._tasks = [asyncio.create_task(self._run())]

    async def stop(self) -> None:
        """End; those who wait get BusyError and may send the same bytes again later."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        self._tasks = []
        await self._quorum.stop()
        self._problem = "stopped"
        self._fail(BusyError("log: stopping; send the same record again later"))
        if self._fence is not None:
            with suppress(StoreError):  # the lease runs out by itself
                now = self._clock.now()
                await self._store.acquire(self._holder, now=now, until=now)

    @property
    def store(self) -> Store:
        """The log's store, for those who serve it."""
        return self._store

    @property
    def origin(self) -> str:
        """The log's origin line."""
        return self._signer.name

    @property
    def registry(self) -> Registry:
        """The members as of the last stored entry."""
        return self._tail.founded

    def status(self) -> Status:
        """What an operator looks at first."""
        published = self._stored.published
        return Status(
            running=self._problem is None,
            size=self._tail.size,
            published_size=0 if published is None else published.size,
            queued=len(self._queue),
            waiting=sum(len(each) for each in self._unpublished.values()),
            problem=self._problem,
            mirrors=self._quorum.states(),
        )

    async def append(self, envelope: bytes) -> Receipt:
        """The receipt of this record, once a quorum has stored it.

        The same bytes again: the same entry. Raises AdmissionError (nothing is recorded),
        BusyError (send again later) or StoreError (unknown: send the same bytes again).
        """
        (answer,) = await self.append_many([envelope])
        if isinstance(answer, LedgerError):
            raise answer
        return answer

    async def append_many(self, envelopes: Sequence[bytes]) -> list[Receipt | LedgerError]:
        """For each record its receipt or its refusal, in order; recorded in one go or several."""
        waits = [self._take(each) for each in envelopes]
        futures = [each for each in waits if not isinstance(each, LedgerError)]
        if futures:
            await asyncio.wait(futures)
        outcomes = [each if isinstance(each, LedgerError) else each.result() for each in waits]
        found = await self._receipts([each for each in outcomes if isinstance(each, int)])
        return [found[each] if isinstance(each, int) else each for each in outcomes]

    async def receipt(self, n: int) -> Receipt:
        """The receipt of a recorded entry; StoreError when it is not recorded (yet)."""
        return (await self._receipts([n]))[n]

    def _take(self, raw: bytes) -> asyncio.Future[int | LedgerError] | LedgerError:
        """Queue one record; the future answers its entry number once that is published."""
        try:
            envelope = admission.open_envelope(raw)
        except AdmissionError as error:
            return error
        identity = admission.identity_of(envelope.header)
        waiting = self._under_way.get(identity)
        if waiting is None:
            if len(self._queue) >= self._limits.queue_entries_max:
                return BusyError("log: the queue is full; send the same record again in a moment")
            if self._problem == "stopped":
                return BusyError("log: not running here; send the same record again later")
            answer: asyncio.Future[int | LedgerError] = asyncio.get_running_loop().create_future()
            waiting = _Waiting(envelope=envelope, identity=identity, answer=answer)
            self._under_way[identity] = waiting
            answer.add_done_callback(lambda _: self._under_way.pop(identity, None))
            self._queue.append(waiting)
            self._arrived.set()
        elif waiting.envelope.payload != envelope.payload:
            return _reused()
        return waiting.answer

    async def _run(self) -> None:
        """Recover, then run; after a store's failure both again, by the same road. Stops on a fork.

        Without the lease it is a standby: it tries again until the other one's runs out.
        """
        while True:
            failure: BaseException | None = None
            try:
                await self._run_once()
            except* LedgerError as errors:
                failure = _first(errors)
            except* Exception as errors:
                self._problem = f"{type(_first(errors)).__name__} in the sequencer; it has stopped"
                self._fail(StoreError(self._problem))
                raise
            if isinstance(failure, ForkError):
                self._problem = f"{failure}; this sequencer has stopped"
                self._fail(StoreError(self._problem))
                return
            self._problem = f"{failure}; trying again"
            self._fail(StoreError(f"{failure}; send the same record again"))
            await self._clock.sleep(RETRY_SECONDS)

    async def _run_once(self) -> None:
        await self._recover()
        self._problem = None
        async with asyncio.TaskGroup() as group:
            group.create_task(self._order(group))
            group.create_task(self._publish_all())
            group.create_task(self._show_late())
            group.create_task(self._keep_lease())

    async def _recover(self) -> None:
        """Nothing is signed before the lease is held and the mirrors' largest head adopted."""
        self._fence = await self._acquire()
        self._tail = await load_tail(self._store)
        await self._quorum.reach(self._tail.founded)
        self._tail = await adopt(
            self._store,
            self._tail,
            peers={m: self._mirrors[m] for m in self._tail.founded.mirrors if m in self._mirrors},
            checks=self._checks,
            clock=self._clock,
            retry_seconds=self._limits.push_retry_seconds,
            fence=self._fence,
        )
        self._stored = await self._store.load()
        self._policies = await self._policy_history()
        if self._stored.head is None or self._stored.head.size != self._stored.size:
            raise ForkError("ledger store: the pending head is not the one of its entries")
        self._committed.set()

    async def _acquire(self) -> int:
        now = self._clock.now()
        until = now + self._limits.lease_seconds
        return await self._store.acquire(self._holder, now=now, until=until)

    async def _keep_lease(self) -> None:
        while True:
            await self._clock.sleep(self._limits.lease_seconds / 3)
            if await self._acquire() != self._fence:
                raise LeaseError("lease: it ran out and was taken again; another may have signed")

    async def _order(self, group: asyncio.TaskGroup) -> None:
        """Screen the next batch while the one before is being stored."""
        storing: asyncio.Task[None] | None = None
        while True:
            batch = await self._next_batch()
            screened = await self._screen(batch)
            if storing is not None:
                await storing
            storing = group.create_task(self._store_batch(screened))

    async def _next_batch(self) -> list[_Waiting]:
        """Up to a batch of the queue; governance goes alone, as it changes what is admitted."""
        while not self._queue:
            self._arrived.clear()
            await self._arrived.wait()
        if len(self._queue) < self._limits.batch_entries_max:
            await self._clock.sleep(self._limits.batch_seconds)
        batch: list[_Waiting] = []
        while self._queue and len(batch) < self._limits.batch_entries_max:
            governance = self._queue[0].envelope.header.record_class == GOVERNANCE_CLASS
            if governance and batch:
                break
            batch.append(self._queue.popleft())
            if governance:
                break
        return batch

    async def _screen(self, batch: Sequence[_Waiting]) -> list[_Waiting]:
        """Answer what is recorded already or inadmissible; the others go on."""
        recorded = await self._store.find([each.identity for each in batch])
        new = [each for each in batch if each.identity not in recorded]
        for each in batch:
            if each.identity in recorded:
                await self._answer_again(each, recorded[each.identity])
        registry, jobs, single = self.registry, [], []
        for each in new:
            try:
                keys = admission.candidates(registry, self._tail.size, each.envelope.header)
            except AdmissionError:
                continue  # judged again below, at its own place
            if len(keys) == 1:
                message = signed_bytes(each.envelope.payload)
                jobs.append((keys[0], message, each.envelope.signature))
                single.append(each)
        for each, good in zip(single, await self._checks.verify(jobs), strict=True):
            each.screened_by = registry if good else None
        return new

    async def _answer_again(self, waiting: _Waiting, n: int) -> None:
        """A record that is there: the same entry for the same payload, as stored, not as sent."""
        (raw,) = await self._store.entries(n, n + 1)
        stored = admission.open_envelope(parse_entry(raw).envelope_raw)
        if waiting.answer.done():
            return
        if stored.payload != waiting.envelope.payload:
            waiting.answer.set_result(_reused())
        elif self._stored.published is not None and n < self._stored.published.size:
            waiting.answer.set_result(n)
        else:
            self._unpublished.setdefault(n, []).append(waiting.answer)

    async def _store_batch(self, screened: Sequence[_Waiting]) -> None:
        admitted = self._admit(screened)
        if not admitted:
            return
        try:
            tail, rows, tiles = sequence(self._tail, [each.envelope for each in admitted])
        except AdmissionError as error:  # a governance entry, which is alone in its batch
            _tell(admitted[0], error)
            return
        root = tail.growth.root()
        checkpoint = Checkpoint(origin=self.origin, size=tail.size, root=root)
        head = Head(size=tail.size, note=sign_checkpoint(checkpoint, self._signer).encode())
        await self._commit(
            Batch(start=self._tail.size, rows=rows, tiles=tuple(tiles), head=head), tail
        )
        for row, each in zip(rows, admitted, strict=True):
            self._unpublished.setdefault(row.n, []).append(each.answer)
        self._committed.set()

    def _admit(self, screened: Sequence[_Waiting]) -> list[_Waiting]:
        """Those that are admissible at the place they get; the others are refused."""
        registry, n = self.registry, self._tail.size
        admitted: list[_Waiting] = []
        for each in screened:
            if each.answer.done():
                continue
            try:
                keys = admission.candidates(registry, n + len(admitted), each.envelope.header)
                if each.screened_by is not registry:
                    admission.check_signature(registry, each.envelope, keys)
            except AdmissionError as error:
                _tell(each, error)
            else:
                admitted.append(each)
        return admitted

    async def _commit(self, batch: Batch, tail: Tail) -> None:
        """Store and swap; an unknown outcome is looked up, and tried again with the same bytes."""
        assert batch.head is not None
        for attempt in range(COMMIT_TRIES):
            try:
                await self._store.commit(batch, after=self._stored, fence=self._fence)
            except LeaseError:
                raise
            except StoreError:
                found = await self._look(attempt)
                if found is None or found.head == self._stored.head:
                    continue
                if found.head != batch.head:
                    raise HeadMovedError("ledger store: another head stands there") from None
            break
        else:
            raise StoreError("ledger store: does not take the batch")
        if tail.registry is not self._tail.registry:
            self._policies.append((tail.size, _policy(tail.founded)))
        self._tail = tail
        self._stored = Stored(
            size=batch.size, head=batch.head, published=self._stored.published
        )

    async def _look(self, attempt: int) -> Stored | None:
        try:
            return await self._store.load()
        except StoreError:
            await self._clock.sleep(RETRY_SECONDS * attempt)
            return None

    async def _publish_all(self) -> None:
        while True:
            await self._committed.wait()
            self._committed.clear()
            head = self._stored.head
            if head is not None:
                await self._publish(head)

    async def _publish(self, head: Head) -> None:
        """Collect the quorum for head, publish it durably, answer all it covers."""
        published = self._stored.published
        if published is None or published.size < head.size:
            policies = self._policies_until(head.size)
            note = await self._quorum.collect(head, policies, self._tail.founded)
            await self._store.publish(Head(size=head.size, note=note.encode()))
            self._stored = Stored(
                size=self._stored.size,
                head=self._stored.head,
                published=Head(size=head.size, note=note.encode()),
            )
        for n in [each for each in self._unpublished if each < head.size]:
            for answer in self._unpublished.pop(n):
                if not answer.done():
                    answer.set_result(n)
        self._quorum.show(self._stored.published, self._tail.founded)

    async def _show_late(self) -> None:
        """Cosignatures that come after the quorum are shown too; receipts stay as they were."""
        while True:
            head = await self._quorum.late()
            published = self._stored.published
            if published is not None and published.size == head.size:
                await self._store.publish(head)

    async def _policy_history(self) -> list[tuple[int, Policy]]:
        """(size from which it holds, policy), by governance entry."""
        rows = await self._store.governance()
        history: list[tuple[int, Policy]] = []
        for count in range(1, len(rows) + 1):
            registry = registry_of(rows[:count])
            assert registry is not None
            policy = _policy(registry)
            if not history or history[-1][1] != policy:
                history.append((rows[count - 1].n + 1, policy))
        return history

    def _policies_until(self, size: int) -> list[Policy]:
        """Old and new: every policy in force since the last published head (DESIGN 4)."""
        published = 0 if self._stored.published is None else self._stored.published.size
        kept = [each for each in self._policies if each[0] <= published][-1:]
        self._policies = kept + [each for each in self._policies if each[0] > published]
        return [policy for since, policy in self._policies if since <= size]

    async def _receipts(self, indices: Sequence[int]) -> dict[int, Receipt]:
        """A receipt for each entry, under the first remembered head that covers it."""
        by_head: dict[int, tuple[Head, list[int]]] = {}
        heads: list[Head] = []
        for n in sorted(set(indices)):
            head = next((each for each in heads if each.size > n), None)
            if head is None:
                head = await self._store.published_over(n)
                if head is None:
                    raise StoreError(f"entry {n} is not recorded yet; ask again")
                heads.append(head)
            by_head.setdefault(head.size, (head, []))[1].append(n)
        found: dict[int, Receipt] = {}
        for head, covered in by_head.values():
            note = parse_note(head.note)
            made = await proofs.receipts(self._store, covered, head.size, note)
            found.update(zip(covered, made, strict=True))
        return found

    def _fail(self, error: LedgerError) -> None:
        """Tell all who wait; what became of their records is for the store to say."""
        for waiting in list(self._under_way.values()):
            _tell(waiting, error)
        self._queue.clear()
        self._unpublished.clear()


async def create_log(store: Store, genesis: bytes, signer: NoteSigner) -> str:
    """Make entry 0 of an empty store and sign its head; answers the log's id (base64).

    Raises AdmissionError for a genesis that founds nothing, StoreError when there is a log.
    """
    stored = await store.load()
    if stored.size:
        raise StoreError("ledger store: holds a log already; a genesis is made once")
    envelope = admission.open_envelope(genesis)
    tail, rows, tiles = sequence(empty_tail(), [envelope])
    if tail.founded.origin != signer.name or tail.founded.log_vkey != signer.verifier.vkey:
        raise AdmissionError("wrong_key", "genesis: of another origin or log key than this signer")
    checkpoint = Checkpoint(origin=signer.name, size=1, root=tail.growth.root())
    head = Head(size=1, note=sign_checkpoint(checkpoint, signer).encode())
    batch = Batch(start=0, rows=rows, tiles=tuple(tiles), head=head)
    await store.commit(batch, after=stored)
    return tail.founded.log


def _policy(registry: Registry) -> Policy:
    return parse_policy(registry.policy_text().encode())


def _tell(waiting: _Waiting, error: LedgerError) -> None:
    if not waiting.answer.done():
        waiting.answer.set_result(error)


def _reused() -> AdmissionError:
    return AdmissionError(
        "reused_id", "id: recorded before with other content; take a new id for a new event"
    )


def _first(errors: BaseException) -> BaseException:
    while isinstance(errors, BaseExceptionGroup):
        errors = errors.exceptions[0]
    return errors
