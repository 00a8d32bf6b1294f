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
from dataclasses import replace
from typing import Final

from ledger import proofs
from ledger.errors import (
    BusyError,
    ForkError,
    HeadMovedError,
    LeaseError,
    LedgerError,
    StoreError,
)
from ledger.formats.chain import parse_entry
from ledger.formats.note import NoteSigner
from ledger.formats.proof import Receipt
from ledger.ports import Clock, Head, Peer, Store, Stored
from ledger.rules.policies import PolicyHistory, load_policies
from ledger.rules.registry import Registry
from ledger.sequencing.adopt import adopt
from ledger.sequencing.commit import check_unmoved, commit_surely
from ledger.sequencing.intake import Intake, Limits, Waiting, reused_id, same_payload
from ledger.sequencing.placing import Built, Refused, Screened, build, up_to_governance
from ledger.sequencing.quorum import Quorum
from ledger.sequencing.screening import Screener
from ledger.status import Status
from ledger.tail import empty_tail, load_tail

RETRY_SECONDS: Final = 1.0
SCREENED_AHEAD: Final = 2  # batches that wait, screened, for the one that is being stored


class Log:
    """The one active sequencer of a log: `start`, `append` from many tasks, `stop`."""

    def __init__(
        self,
        *,
        store: Store,
        signer: NoteSigner,
        clock: Clock,
        checks: Screener,
        mirrors: Mapping[str, Peer],
        witnesses: Mapping[str, Peer] | None = None,
        limits: Limits | None = None,
        holder: str,
        also: Sequence[NoteSigner] = (),
    ) -> None:
        """signer is the log key, named as the origin; mirrors and witnesses are by member id.

        holder names this process and no other one, for the lease. While the log key moves
        (governance type move), `also` holds the other key: every head carries both signatures,
        so that members on either side of the move can follow.
        """
        self._store = store
        self._signer = signer
        self._also = tuple(also)
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
        self._intake = Intake(self._limits, clock)
        self._built = self._tail  # with the batches that are being stored
        self._ahead: asyncio.Queue[asyncio.Task[Screened]] = asyncio.Queue(SCREENED_AHEAD)
        self._unpublished: deque[tuple[int, Sequence[Waiting]]] = deque()
        self._again: list[tuple[int, Waiting]] = []
        self._policies = PolicyHistory([])
        self._committed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._problem: str | None = "not started"
        self._ended: LedgerError | None = None

    async def start(self) -> None:
        """Take the lease, adopt and recover, and run until `stop`.

        Returns when the store was read; adopting from the mirrors and publishing what a crash
        left behind go on by themselves. Raises StoreError when there is no genesis.
        """
        self._tail = await load_tail(self._store)
        held = {each.verifier.vkey for each in (self._signer, *self._also)}
        if self._tail.founded.log_vkey not in held:
            raise StoreError("log: this key is not the log's key on the ledger; see `move`")
        self._stored = await self._store.load()
        self._problem, self._ended = "adopting from the mirrors", None
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
        self._end(BusyError("log: not running here; send the same record again later"))
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
        return Status(
            running=self._problem is None,
            size=self._tail.size,
            published_size=self._stored.published_size,
            queued=len(self._intake),
            refused=dict(self._intake.refused),
            waiting=sum(len(records) for _, records in self._unpublished) + len(self._again),
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
        if self._ended is not None:
            raise self._ended
        outcomes = await self._intake.answers(envelopes)
        before = [each for each in outcomes if isinstance(each, int)]
        found = await proofs.receipts_for(self._store, before) if before else {}
        return [found[each] if isinstance(each, int) else each for each in outcomes]

    async def receipt(self, n: int) -> Receipt:
        """The receipt of a recorded entry; StoreError when it is not recorded (yet)."""
        return (await proofs.receipts_for(self._store, [n]))[n]

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
                name = type(_first(errors)).__name__
                self._end(StoreError(f"{name} in the sequencer; it has stopped"))
                raise
            if isinstance(failure, ForkError):
                self._end(StoreError(f"{failure}; this sequencer has stopped"))
                return
            self._problem = f"{failure}; trying again"
            self._fail(StoreError(f"{failure}; send the same record again"))
            await self._clock.sleep(RETRY_SECONDS)

    async def _run_once(self) -> None:
        await self._recover()
        self._problem = None
        self._ahead = asyncio.Queue(SCREENED_AHEAD)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._order(group))
            group.create_task(self._store_all(group))
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
        self._built = self._tail
        self._stored = await self._store.load()
        self._policies = await load_policies(self._store)
        if self._stored.head is None or self._stored.head.size != self._stored.size:
            raise ForkError("ledger store: the pending head is not the one of its entries")
        if self._stored.size != self._tail.size:
            raise HeadMovedError("ledger store: another sequencer wrote while this one recovered")
        self._committed.set()

    async def _acquire(self) -> int:
        now = self._clock.now()
        until = now + self._limits.lease_seconds
        return await self._store.acquire(self._holder, now=now, until=until)

    async def _keep_lease(self) -> None:
        while True:
            await self._clock.sleep(self._limits.lease_seconds / 3)
            if await self._acquire() != self._fence:
                raise LeaseError("lease: another sequencer held it meanwhile")

    async def _order(self, group: asyncio.TaskGroup) -> None:
        """Screen batches ahead, in their order, while those before are being stored."""
        while True:
            batch = await self._intake.next_batch()
            await self._ahead.put(group.create_task(self._screen(batch)))

    async def _screen(self, batch: Sequence[Waiting]) -> Screened:
        """Answer what is recorded already; the others go on, judged but for their place."""
        registry = self._built.founded
        screening = await self._checks.screen([each.raw for each in batch], registry)
        new = self._intake.screened(batch, screening)
        recorded = await self._store.find([each.identity for each in new if each.identity])
        if recorded:
            for each in new:
                if each.identity in recorded:
                    await self._answer_again(each, recorded[each.identity])
            new = [each for each in new if each.identity not in recorded]
        return Screened(registry=registry, records=new)

    async def _answer_again(self, waiting: Waiting, n: int) -> None:
        """A record that is there: the same entry for the same payload, as stored, not as sent."""
        (raw,) = await self._store.entries(n, n + 1)
        if not same_payload(parse_entry(raw).envelope_raw, waiting.raw):
            self._intake.tell(waiting, reused_id())
        elif self._stored.published is not None and n < self._stored.published.size:
            self._intake.tell(waiting, n)
        else:
            self._again.append((n, waiting))

    async def _store_all(self, group: asyncio.TaskGroup) -> None:
        """Build the next batch while the one before is being stored; governance goes alone."""
        storing: asyncio.Task[None] | None = None
        while True:
            screened = await (await self._ahead.get())
            refused: list[Refused] = []  # told with the batch after them, or else by one look
            while screened.records:
                if screened.registry is not self._built.founded:
                    screened = await self._screen(screened.records)
                    continue
                part, rest = up_to_governance(screened.records)
                screened = Screened(registry=screened.registry, records=rest)
                if part[0].governance and storing is not None:
                    await storing  # what changes who may write is built on stored entries only
                built = build(self._built, part, self._signer, self._also)
                refused.extend(built.refused)
                if built.tail is None:
                    continue
                self._built = built.tail
                if storing is not None:
                    await storing
                storing = group.create_task(self._keep(built, refused))
                refused = []
                if part[0].governance:
                    await storing
            if refused:
                if storing is not None:
                    await storing
                storing = group.create_task(self._refuse(refused))

    async def _refuse(self, refused: Sequence[Refused]) -> None:
        """Tell refusals when nothing is stored after them: one look for all of them."""
        await check_unmoved(self._store, self._stored)
        self._intake.refuse(refused)

    async def _keep(self, built: Built, refused: Sequence[Refused]) -> None:
        """Store a batch durably, then tell these refusals.

        A refusal rests on who may write, and lasts: only who stands on the store's own tail may
        give it. That the batch was stored shows it, so that it costs no reading.
        """
        batch, tail = built.batch, built.tail
        assert batch is not None
        assert tail is not None
        stored = await commit_surely(
            self._store, batch, after=self._stored, fence=self._fence, clock=self._clock
        )
        # Published may have grown meanwhile: only size and head are this batch's doing.
        self._stored = replace(self._stored, size=stored.size, head=stored.head)
        if batch.published is not None:
            self._stored = replace(self._stored, published=batch.published)
        if tail.registry is not self._tail.registry:
            self._policies.add(tail.size, tail.founded)
        self._tail = tail
        self._unpublished.append((batch.start, built.records))
        self._intake.refuse(refused)
        self._committed.set()

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
            before = 0 if published is None else published.size
            in_force = self._policies.between(before, head.size)
            note = await self._quorum.collect(head, in_force)
            await self._store.publish(Head(size=head.size, note=note.encode()))
            published = Head(size=head.size, note=note.encode())
            self._stored = replace(self._stored, published=published)
        await self._answer(published.size)
        self._quorum.show(self._stored.published, self._tail.founded)

    async def _answer(self, size: int) -> None:
        """Give receipts to all that wait for an entry below size, made of what is stored."""
        covered = [each for each in self._again if each[0] < size]
        self._again = [each for each in self._again if each[0] >= size]
        while self._unpublished and self._unpublished[0][0] < size:
            start, records = self._unpublished.popleft()
            covered.extend(enumerate(records, start))
        found = await proofs.receipts_for(self._store, [n for n, _ in covered])
        for n, waiting in covered:
            self._intake.tell(waiting, found[n])

    async def _show_late(self) -> None:
        """Cosignatures that come after the quorum are shown too; receipts stay as they were."""
        while True:
            head = await self._quorum.late()
            published = self._stored.published
            if published is not None and published.size == head.size:
                await self._store.publish(head)

    def _end(self, error: LedgerError) -> None:
        """Nothing more is taken until the next start."""
        self._ended, self._problem = error, str(error)
        self._fail(error)

    def _fail(self, error: LedgerError) -> None:
        """Tell all who wait; what became of their records is for the store to say."""
        self._intake.fail(error)
        self._unpublished.clear()
        self._again.clear()


def _first(errors: BaseException) -> BaseException:
    while isinstance(errors, BaseExceptionGroup):
        errors = errors.exceptions[0]
    return errors
