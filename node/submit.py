"""A draft becomes a recorded entry: stored first, then sent until a receipt is held.

A crash between any two steps repeats the step after it, never its effect: the id comes from the
source event, the header and its commitment key are stored before they are sent, and the ledger
answers the same envelope with the same entry.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from node.errors import MismatchError, NodeError, RefusedError, SealError, UnavailableError
from node.members.batches import Batches, on_thread
from node.members.sequencer_http import Held, Sequencer
from node.prepare import RECORDING, Preparer
from node.receipts import check_receipt
from node.stores import schema_sql as tables
from node.stores.database_sql import Database
from node.stores.store_sql import Records, StoredRecord
from specs.records import RecordDraft

SIGN_AGAIN_MAX: Final = 3  # fresh headers for one record in one attempt
PENDING_MAX: Final = 500  # records sent again by one round
# A record without receipt is sent whatever was made of its entry; refused and erased ones are not.
UNSENT_STATES: Final = ("pending", "waiting", "opened", "not_competent")
AGAIN: Final = frozenset({"stale_seen", "future_seen"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A record with its place on the ledger and the bytes of its receipt."""

    record: str
    index: int
    receipt: bytes
    repeated: bool


class Submitter:
    """Stores drafts and sends them to the sequencer; many at once share transactions."""

    def __init__(
        self,
        database: Database,
        records: Records,
        preparer: Preparer,
        sequencer: Sequencer,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._records = records
        self._preparer = preparer
        self._now = now
        self._prepared: Batches[RecordDraft, StoredRecord] = Batches(on_thread(self._prepare_all))
        self._sent: Batches[bytes, Held] = Batches(sequencer.submit)
        self._received: Batches[tuple[str, Held], bool] = Batches(on_thread(self._keep_receipts))

    async def submit(self, draft: RecordDraft) -> Recorded:
        """Record a draft; the same draft again answers the same receipt.

        Raises RefusedError and ConflictError (nothing is recorded), BusyError and
        UnavailableError (it is stored and will be sent again by `send_pending`).
        """
        return await self._send(await self._prepared.do(draft))

    async def store(self, draft: RecordDraft) -> str:
        """Store a draft as pending and answer its record id; sending follows by itself."""
        return (await self._prepared.do(draft)).id

    async def send_pending(self) -> int:
        """Send what is stored without a receipt; answers how many receipts came."""
        pending = await asyncio.to_thread(self._pending)
        answers = await asyncio.gather(*map(self._send, pending), return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, Exception):
                raise answer
        return sum(1 for answer in answers if isinstance(answer, Recorded))

    async def _send(self, record: StoredRecord) -> Recorded:
        """Until a receipt is held, or the ledger refuses for good."""
        if record.state == "refused":
            raise RefusedError(record.reason, "refused before; see the first answer")
        if record.receipt is not None and record.n is not None:
            return Recorded(record=record.id, index=record.n, receipt=record.receipt, repeated=True)
        envelope = record.envelope
        for attempt in range(SIGN_AGAIN_MAX + 1):
            if envelope is None:
                raise UnavailableError(f"record {record.id}: no header to send")
            try:
                held = await self._sent.do(envelope)
            except RefusedError as refusal:
                # `seen` ages while a record waits. It was never recorded, or the answer would
                # have been its receipt, so a fresh header cannot make a second entry.
                if refusal.code in AGAIN and attempt < SIGN_AGAIN_MAX:
                    envelope = await asyncio.to_thread(self._sign_again, record)
                    continue
                await asyncio.to_thread(self._refuse, record, refusal.code)
                raise
            if not await self._received.do((record.id, held)):
                raise UnavailableError(f"record {record.id}: a receipt that proves nothing")
            return Recorded(
                record=record.id, index=held.receipt.index, receipt=held.content, repeated=False
            )
        raise AssertionError("the last attempt returns or raises")

    def _prepare_all(self, drafts: Sequence[RecordDraft]) -> Sequence[StoredRecord | Exception]:
        now = self._now()
        log = self._records.subjects.log
        with self._database.write() as connection, log.reading(RECORDING):
            return [self._prepare(connection, draft, now) for draft in drafts]

    def _prepare(
        self, connection: Connection, draft: RecordDraft, now: datetime
    ) -> StoredRecord | Exception:
        try:
            identity = self._preparer.prepare(connection, draft, now)
        except NodeError as error:
            return error
        record = self._records.get(connection, self._preparer.author.member, identity)
        assert record is not None  # prepare stored it in this very transaction
        return record

    def _keep_receipts(self, receipts: Sequence[tuple[str, Held]]) -> Sequence[bool | Exception]:
        with self._database.write() as connection:
            return [self._keep_receipt(connection, record, held) for record, held in receipts]

    def _keep_receipt(self, connection: Connection, record: str, held: Held) -> bool:
        """Keep it, unless the entry was followed already and the receipt does not prove it."""
        member = self._preparer.author.member
        entry = self._records.entry(connection, member, record)
        if entry is not None and entry.void is None:
            try:
                check_receipt(held.receipt, entry.leaf, self._preparer.view.registry)
            except MismatchError:
                return False
        self._records.change(connection, member, record, receipt=held.content, n=held.receipt.index)
        return True

    def _pending(self) -> list[StoredRecord]:
        table = tables.records
        with self._database.read() as connection:
            return self._records.where(
                connection,
                table.c.author == self._preparer.author.member,
                table.c.receipt.is_(None),
                table.c.state.in_(UNSENT_STATES),
                limit=PENDING_MAX,
            )

    def _sign_again(self, record: StoredRecord) -> bytes:
        with self._database.write() as connection:
            try:
                return self._preparer.sign_again(connection, record, self._now())
            except SealError:
                raise UnavailableError(f"record {record.id}: erased before it was sent") from None

    def _refuse(self, record: StoredRecord, code: str) -> None:
        with self._database.write() as connection:
            self._records.change(connection, record.author, record.id, state="refused", reason=code)
            outbox = tables.outbox
            connection.execute(outbox.delete().where(outbox.c.id == record.id))
