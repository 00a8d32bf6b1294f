"""A mirror: keeps the whole log, and cosigns only what it has checked and stored (tlog-mirror).

`add-checkpoint` locks it to one pending head; `add-entries` brings entries, each package proven
under that head; chain, tree and signatures are checked, the entries stored durably, and only then
the head is cosigned, with a key for that statement alone. On an empty or restored store it cosigns
nothing before it has caught up with the others (catch_up.py). Void entries are kept and reported;
a broken chain or tree is refused, named, and kept as evidence. Transport is serve.py's.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ledger import cosigner, proofs, witness
from ledger.catch_up import NOBODY, CatchUp, Others
from ledger.contradictions import Contradictions
from ledger.errors import (
    ChainError,
    FormatError,
    HeadMovedError,
    LedgerError,
    ProofError,
    StoreError,
)
from ledger.formats.checkpoint import cosign, parse_checkpoint
from ledger.formats.note import Note, NoteSigner, Verifier, check_signatures, parse_note, parse_vkey
from ledger.formats.packages import (
    INFO_TYPE,
    PACKAGES_MAX,
    MirrorInfo,
    Package,
    Upload,
    package_bounds,
    parse_packages,
    parse_upload,
)
from ledger.formats.tiles import TILE_WIDTH
from ledger.ports import Answer, Batch, Checks, Clock, Evidence, Head, Store, Stored
from ledger.rules.registry import Registry
from ledger.tail import Judged, Tail, empty_tail, judge, load_tail
from ledger.uploads import authenticate
from ledger.witness import SIZE_TYPE, Cosigned

PENDING_KEPT: Final = 16  # earlier pending heads an upload may still end at
EXCESS_MAX: Final = PACKAGES_MAX * TILE_WIDTH


class Mirror:
    """One mirror of one log; call `start` first."""

    def __init__(
        self,
        *,
        store: Store,
        origin: str,
        log_vkey: str,
        signer: NoteSigner,
        clock: Clock,
        checks: Checks,
        log_id: str | None = None,
        others: Others = NOBODY,
        restored: bool = False,
    ) -> None:
        """signer holds the mirror key; log_id, base64, pins entry 0 when it is known.

        others: of how many other mirrors it must hear (`catching`, None when it need not) before
        anything is cosigned on a store that never cosigned, or that is `restored` from a backup.
        """
        self._store = store
        self._origin = origin
        self._log_vkey = log_vkey
        self._signer = signer
        self._clock = clock
        self._checks = checks
        self._log_id = log_id
        self._tail = empty_tail()
        self._stored = Stored(size=0, head=None, published=None)
        self._pending: OrderedDict[int, Cosigned] = OrderedDict()
        self._lock = asyncio.Lock()
        self._contradictions = Contradictions(store, origin, clock)
        self._others = others
        self.catching = CatchUp.of(others, founding=False) if restored else None

    async def start(self) -> None:
        """Take up what is stored; raises LedgerError when it is damaged."""
        self._stored = await self._store.load()
        self._tail = await load_tail(self._store)
        if self._stored.head is not None:
            self._remember(_opened(self._stored.head))
        if self._stored.published is None and self.catching is None:
            self.catching = CatchUp.of(self._others, founding=True)
        await self._contradictions.start()

    @property
    def store(self) -> Store:
        """The copy of the log, for those who serve it."""
        return self._store

    @property
    def origin(self) -> str:
        """The log it mirrors."""
        return self._origin

    @property
    def size(self) -> int:
        """The number of entries stored and checked."""
        return self._tail.size

    @property
    def registry(self) -> Registry | None:
        """The members as of the entries stored."""
        return self._tail.registry

    @property
    def log_keys(self) -> list[Verifier]:
        """The log's keys as the ledger has them now, or as they were configured."""
        registry = self._tail.registry
        if registry is None:
            return [parse_vkey(self._log_vkey)]
        return list(registry.trusted_log_keys(self._log_vkey))

    async def problem(self) -> str | None:
        """Why this mirror cosigns nothing at present; None when it does."""
        if self.catching is None:
            return None
        try:
            reason = await self.catching.reason(self._store, self._tail.size)
        except StoreError as error:
            reason = str(error)
        return None if reason is None else f"catching up before it cosigns: {reason}"

    async def add_checkpoint(self, body: bytes) -> Answer:
        """tlog-mirror `add-checkpoint`: a new pending head, without any cosignature."""
        async with self._lock:
            answer = await cosigner.add_checkpoint(
                body,
                logs={self._origin: self.log_keys},
                cosigners=(),
                state=_Pending(self),
                time=self._clock.now(),
            )
            if answer.status in (400, 409, 422):
                await self._keep_contradiction(body, answer.status)
            if answer.status == 422 and await self._let_go():
                size = self._stored.published.size if self._stored.published else 0
                return Answer(status=409, body=f"{size}\n".encode(), content_type=SIZE_TYPE)
            return Answer(status=answer.status, body=answer.body, content_type=answer.content_type)

    async def add_entries(self, body: bytes) -> Answer:
        """tlog-mirror `add-entries`, its answers in the order of the specification."""
        try:
            upload, at = parse_upload(body)
        except FormatError as error:
            return _told(400, str(error))
        if upload.origin != self._origin:
            return _told(404, "the origin of this log is not known here")
        async with self._lock:
            if self._stored.head is None:
                return _told(422, "no pending checkpoint; send add-checkpoint first")
            head = self._pending.get(upload.end)
            if head is None or not self._acceptable(upload):
                return self._info(409, None if head is None else upload.end)
            bounds = package_bounds(upload.start, upload.end)
            packages = parse_packages(body, at, bounds[:PACKAGES_MAX])
            if bounds and not packages:
                return _told(400, "no whole package of entries in the request")
            return await self._take(upload, head, bounds, packages)

    async def compare(self, note: Note) -> Evidence | None:
        """Compare a head that another member cosigned with this copy (L3).

        Answers the evidence, kept, when its tree is not this one; None when it agrees, or is
        larger than what is cosigned or stored here and has to be asked about again later.
        """
        checkpoint = parse_checkpoint(note.text)
        ours = self._whole_head()
        if checkpoint.origin != self._origin or ours is None or checkpoint.size > ours.size:
            return None
        if await proofs.root_at(self._store, checkpoint.size) == checkpoint.root:
            return None
        return await self._contradictions.keep_fork(ours, note)

    def _whole_head(self) -> Head | None:
        """The largest signed head whose entries are all here."""
        heads = [self._stored.head, self._stored.published]
        whole = [each for each in heads if each is not None and each.size <= self._tail.size]
        return max(whole, key=lambda each: each.size, default=None)

    def _acceptable(self, upload: Upload) -> bool:
        published = self._stored.published
        if published is not None and upload.end < published.size:
            return False
        excess = min(upload.end, self._tail.size) - upload.start
        return upload.start <= self._tail.size and excess <= EXCESS_MAX

    def _info(self, status: int, pending_size: int | None) -> Answer:
        assert self._stored.head is not None
        size = self._stored.head.size if pending_size is None else pending_size
        info = MirrorInfo(pending_size=size, next_entry=self._tail.size)
        return Answer(status=status, body=info.encode(), content_type=INFO_TYPE)

    async def _take(
        self,
        upload: Upload,
        head: Cosigned,
        bounds: Sequence[tuple[int, int]],
        packages: Sequence[Package],
    ) -> Answer:
        """Check and store the packages; cosign when they reach the head."""
        fresh: list[bytes] = []
        refusal: ProofError | None = None
        for (first, last), package in zip(bounds, packages, strict=False):
            try:
                await authenticate(self._store, first, last, package, head.checkpoint)
            except ProofError as error:
                refusal = error
                break
            skip = max(0, self._tail.size + len(fresh) - first)
            fresh.extend(package.entries[skip:])
        if refusal is not None and not fresh:
            return _told(422, str(refusal))
        try:
            tail, judged, batch = await self._judged(fresh, head)
        except (ChainError, ProofError) as error:
            # The packages are proven under the head the log signed: together they are the proof.
            proven = {
                f"package-{first}": package.encode()
                for (first, _), package in zip(bounds, packages, strict=False)
            }
            proven["ours"] = head.note.encode()
            await self._contradictions.keep("broken_chain", str(error), proven)
            return _told(422, str(error))
        if batch.rows or batch.published is not None:
            await self._commit(batch, tail)
        await self._contradictions.keep_void(judged, self._stored.head)
        if refusal is not None or self._tail.size < upload.end:
            return self._info(202, upload.end)
        if self.catching is not None:
            reason = await self.problem()
            if reason is not None:
                return replace(_told(503, reason), retry_after_seconds=1)
            self.catching = None
            tail, _, batch = await self._judged([], head)
            if batch.published is not None:
                await self._commit(batch, tail)
        return await self._cosignature(head)

    async def _judged(
        self, fresh: Sequence[bytes], head: Cosigned
    ) -> tuple[Tail, list[Judged], Batch]:
        async def find(identities: Sequence[bytes]) -> set[bytes]:
            return set(await self._store.find(identities))

        tail, judged, tiles = await judge(self._tail, fresh, find, self._checks)
        if self._log_id is not None and tail.founded.log != self._log_id:
            raise ChainError("entry 0: not the genesis this mirror was told to expect")
        batch = Batch(
            start=self._tail.size, rows=tuple(each.row for each in judged), tiles=tuple(tiles)
        )
        published, size = self._stored.published, head.checkpoint.size
        if tail.size == size and (published is None or published.size < size):
            root = tail.growth.root()
            if root != head.checkpoint.root:
                raise ProofError(
                    f"size {size}: the entries make root {root.hex()}, the log signed "
                    f"{head.checkpoint.root.hex()}"
                )
            if self.catching is not None:
                return tail, judged, batch
            # Signed here, shown to nobody before the commit below has returned.
            line = cosign(head.note, self._signer, self._clock.now())
            signed = Head(size=size, note=head.note.with_signatures([line]).encode())
            batch = replace(batch, published=signed)
        return tail, judged, batch

    async def _commit(self, batch: Batch, tail: Tail) -> None:
        """Store durably; what became of a failed write is looked up before anything else."""
        try:
            await self._store.commit(batch, after=self._stored)
        except StoreError:
            await self.start()
            raise
        published = self._stored.published if batch.published is None else batch.published
        self._stored = replace(self._stored, size=batch.size, published=published)
        self._tail = tail
        whole = self._whole_head()
        for suspect in self._contradictions.within(0 if whole is None else whole.size):
            await self.compare(suspect)

    async def _cosignature(self, head: Cosigned) -> Answer:
        """The mirror's own line over head, which is stored and published here."""
        published = self._stored.published
        if published is None or published.size != head.checkpoint.size:
            return self._info(409, None)
        own = self._signer.verifier
        lines = [
            each.line
            for each in parse_note(published.note).signatures
            if (each.name, each.key_id) == (own.name, own.key_id)
        ]
        return Answer(status=200, body="".join(lines).encode())

    def _remember(self, head: Cosigned) -> None:
        self._pending[head.checkpoint.size] = head
        while len(self._pending) > PENDING_KEPT:
            self._pending.popitem(last=False)

    async def _let_go(self) -> bool:
        """Go back from a pending head that nothing was stored under to the one cosigned here.

        A sequencer whose disk is lost may have shown a head whose entries went with it; nobody
        has cosigned that, and the contradiction was kept. What is cosigned is never let go; a store
        under which nothing was cosigned goes back to no pending head.
        """
        head, published = self._stored.head, self._stored.published
        if head is None or self._tail.size >= head.size:
            return False
        if published is None:
            self._pending.clear()
            return await self._replace_head(None)
        if self._tail.size != published.size:
            return False
        cosigned, own = _opened(published), self._signer.verifier.name
        log_only = tuple(each for each in cosigned.note.signatures if each.name != own)
        back = replace(cosigned, note=Note(text=cosigned.note.text, signatures=log_only))
        self._pending.clear()
        return await _Pending(self).swap(self._origin, None, back)

    async def _replace_head(self, head: Head | None) -> bool:
        """Make this the pending head, durably; False when it is another by now."""
        try:
            await self._store.set_head(head, after=self._stored.head)
        except StoreError as error:
            await self.start()
            if isinstance(error, HeadMovedError):
                return False
            raise
        self._stored = replace(self._stored, head=head)
        return True

    async def _keep_contradiction(self, body: bytes, status: int) -> None:
        """A head signed by the log that is not the continuation of the pending one."""
        try:
            submission = witness.parse_submission(body)
            theirs = parse_checkpoint(submission.note.text)
        except LedgerError:
            return
        if self._stored.head is None:
            return
        if status != 422:  # an older head is no lie, unless it is of another tree
            if check_signatures(submission.note, self.log_keys)[0]:
                await self.compare(submission.note)
            return
        ours = parse_checkpoint(parse_note(self._stored.head.note).text)
        if (ours.size, ours.root) == (theirs.size, theirs.root):
            return  # the same head with a proof that is none
        if ours.size == theirs.size:
            await self._contradictions.keep_fork(self._stored.head, submission.note)
        else:
            await self._contradictions.suspect(self._stored.head, submission.note)


class _Pending:
    """The mirror's pending head as the state of a cosigner that signs nothing."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror

    async def last(self, origin: str) -> Cosigned | None:
        """The pending head."""
        del origin
        head = self._mirror._stored.head
        return None if head is None else _opened(head)

    async def swap(self, origin: str, before: Cosigned | None, after: Cosigned) -> bool:
        """Make after the pending head; False when it is another by now."""
        del origin, before
        head = Head(size=after.checkpoint.size, note=after.note.encode())
        swapped = await self._mirror._replace_head(head)
        if swapped:
            self._mirror._remember(after)
        return swapped


def _opened(head: Head) -> Cosigned:
    note = parse_note(head.note)
    return Cosigned(checkpoint=parse_checkpoint(note.text), note=note)


def _told(status: int, reason: str) -> Answer:
    return Answer(status=status, body=f"{reason}\n".encode())
