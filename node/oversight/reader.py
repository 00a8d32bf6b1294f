"""Reads the ledger of a node for its auditors, and checks what it shows while it reads it.

Works on the node's own copy, sequencer or mirror. Every proof is verified here before it is shown:
a copy that is damaged answers a LedgerError with the place, never a page that looks fine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from ledger.errors import LedgerError, ProofError
from ledger.evidence import name_of
from ledger.formats import canonical
from ledger.formats.chain import parse_entry
from ledger.formats.checkpoint import Checkpoint, check_cosignatures, parse_checkpoint
from ledger.formats.envelope import Header, parse_envelope, verify_envelope
from ledger.formats.merkle import leaf_hash, verify_consistency, verify_inclusion
from ledger.formats.note import Note, parse_note, parse_vkey
from ledger.formats.proof import Receipt
from ledger.ports import Row, Store
from ledger.proofs import consistency, receipts, root_at
from ledger.rules.registry import Member, Registry
from node.ledger_side import LedgerSide
from node.ledger_view import LedgerView
from node.oversight.views import (
    ConsistencyView,
    CosignatureView,
    EntryView,
    EvidenceView,
    GrowthView,
    HeadView,
    KeyView,
    MemberView,
    OversightView,
    SampleView,
)
from node.portal import verifier

GROWTH_DAYS: Final = 31
HEADS_LOOKED_AT: Final = 4_096
SAMPLE_MAX: Final = 200
GOVERNANCE_SHOWN: Final = 400


class Oversight:
    """The auditor's view of one node's copy of the log."""

    def __init__(self, ledger: LedgerSide, view: LedgerView, store: Store) -> None:
        self._ledger = ledger
        self._view = view
        self._store = store

    async def whole(self) -> OversightView:
        """The first page; raises LedgerError when this copy cannot be shown."""
        note = await self._note()
        head = self._head(note)
        governance = [
            await self._entry(row, note)
            for row in (await self._store.governance())[-GOVERNANCE_SHOWN:]
            if row.n < head.size
        ]
        published = self._registry.artefacts.get(verifier.NAME)
        return OversightView(
            head=head,
            members=self._members(head),
            growth=await self._growth(head),
            governance=list(reversed(governance)),
            evidence=[
                EvidenceView(
                    name=name_of(each),
                    kind=each.kind,
                    about=each.about,
                    reason=each.reason,
                    found_at=datetime.fromtimestamp(each.found_at, UTC),
                )
                for each in await self._store.evidence()
            ],
            void=await self._store.count_void(),
            refused=self._refused(),
            verifier_digest=verifier.digest(),
            verifier_published=published is not None and published.sha256 == verifier.digest(),
        )

    async def entry(self, n: int) -> EntryView:
        """One recorded entry with its proof; raises LookupError, LedgerError."""
        note = await self._note()
        rows = await self._store.rows(n, n + 1)
        if not rows or n >= parse_checkpoint(note.text).size:
            raise LookupError("no such entry is recorded here")
        return await self._entry(rows[0], note)

    async def between(self, first: date, last: date) -> ConsistencyView:
        """The proof that the log only grew between the last heads of two days.

        Raises LookupError when no head of that day or before is remembered.
        """
        heads = await self._times()
        old = [size for size, at in heads if at.date() <= first]
        new = [size for size, at in heads if at.date() <= last]
        if not old or not new:
            raise LookupError("no head of that day or before is remembered here")
        return await self.consistency(max(old), max(new))

    async def consistency(self, old_size: int, new_size: int) -> ConsistencyView:
        """The proof between two sizes, verified; raises LookupError, LedgerError."""
        note = await self._note()
        newest = parse_checkpoint(note.text)
        if not 0 < old_size <= new_size <= newest.size:
            raise LookupError("these sizes are not of this log")
        path = await consistency(self._store, old_size, new_size)
        old_root = await root_at(self._store, old_size)
        new_root = await root_at(self._store, new_size)
        verify_consistency(old_size, new_size, path, old_root, new_root)
        times = dict(await self._times())
        return ConsistencyView(
            old_size=old_size,
            new_size=new_size,
            old_root=_b64(old_root),
            new_root=_b64(new_root),
            path=tuple(map(_b64, path)),
            old_at=times.get(old_size),
            new_at=times.get(new_size),
        )

    async def sample(self, count: int, seed: str) -> SampleView:
        """Draw entries by SHA-256 of the seed and check chain, proof and signature of each."""
        note = await self._note()
        checkpoint = parse_checkpoint(note.text)
        chosen = sample_of(seed, min(count, SAMPLE_MAX), checkpoint.size)
        wrong = []
        for n in chosen:
            try:
                await self._check(n, note, checkpoint)
            except LedgerError as error:
                wrong.append(f"{n}: {error}")
        return SampleView(seed=seed, size=checkpoint.size, checked=chosen, wrong=tuple(wrong))

    @property
    def _registry(self) -> Registry:
        return self._view.registry

    async def _note(self) -> Note:
        """The newest head with the quorum that this node knows."""
        await self._ledger.refresh()
        told = self._ledger.quorum_checkpoint()
        if told is not None:
            return parse_note(told)
        published = await self._store.published()
        if published is None:
            raise LookupError("nothing is recorded yet")
        return parse_note(published.note)

    def _head(self, note: Note) -> HeadView:
        checkpoint, registry = parse_checkpoint(note.text), self._registry
        cosigned, damaged = self._cosigned(note)
        return HeadView(
            origin=checkpoint.origin,
            vkey=registry.log_vkey,
            size=checkpoint.size,
            root=_b64(checkpoint.root),
            cosigned=cosigned,
            damaged=damaged,
            quorum=registry.quorum,
            mirrors=len(registry.mirrors),
            satisfied=len({c.member for c in cosigned} & set(registry.mirrors)) >= registry.quorum,
            note=note.encode().decode(),
            policy=registry.policy_text(),
        )

    def _cosigned(self, note: Note) -> tuple[tuple[CosignatureView, ...], tuple[str, ...]]:
        keys = [*self._registry.mirror_keys(), *self._registry.witness_keys()]
        of = {parse_vkey(key.text): member for member, key in keys}
        found = check_cosignatures(note, list(of))
        views = [
            CosignatureView(
                member=of[key],
                name=self._registry.members[of[key]].name,
                at=datetime.fromtimestamp(time, UTC),
            )
            for key, time in found.good.items()
        ]
        return tuple(sorted(views, key=lambda one: one.at)), found.damaged

    def _members(self, head: HeadView) -> list[MemberView]:
        last = {one.member: one.at for one in head.cosigned}
        return [
            _member(member, member.id in self._registry.mirrors, last.get(member.id))
            for member in self._registry.members.values()
        ]

    async def _growth(self, head: HeadView) -> GrowthView:
        by_day: dict[date, int] = {}
        for size, at in await self._times():
            by_day[at.date()] = max(size, by_day.get(at.date(), 0))
        days, before = [], 0
        for day in sorted(by_day):
            days.append((day, min(by_day[day], head.size) - before))
            before = min(by_day[day], head.size)
        shown = days[-GROWTH_DAYS:]
        return GrowthView(days=tuple(shown), before=sum(count for _, count in days[:-GROWTH_DAYS]))

    async def _times(self) -> list[tuple[int, datetime]]:
        """Size and last cosignature time of every remembered head, oldest first."""
        found = []
        for head in await self._store.published_last(HEADS_LOOKED_AT):
            cosigned, _ = self._cosigned(parse_note(head.note))
            if cosigned:
                found.append((head.size, max(one.at for one in cosigned)))
        return sorted(found)

    async def _entry(self, row: Row, note: Note) -> EntryView:
        checkpoint = parse_checkpoint(note.text)
        receipt = await self._proven(row.n, row.raw, note, checkpoint)
        header = _header(row.raw)
        member = self._registry.members.get(header.author)
        return EntryView(
            n=row.n,
            author=header.author,
            author_name=header.author if member is None else member.name,
            record_class=header.record_class,
            at=header.at,
            void=row.void,
            raw=row.raw,
            leaf=_b64(leaf_hash(row.raw)),
            index=row.n,
            size=checkpoint.size,
            root=_b64(checkpoint.root),
            path=tuple(map(_b64, receipt.path)),
            recorded_by=await self._recorded_by(row.n),
            receipt=receipt.encode().decode(),
            governance=header.body,
        )

    async def _recorded_by(self, n: int) -> datetime | None:
        head = await self._store.published_over(n)
        if head is None:
            return None
        cosigned, _ = self._cosigned(parse_note(head.note))
        return max((one.at for one in cosigned), default=None)

    async def _proven(self, n: int, raw: bytes, note: Note, checkpoint: Checkpoint) -> Receipt:
        receipt = (await receipts(self._store, [n], checkpoint.size, note))[n]
        verify_inclusion(leaf_hash(raw), n, checkpoint.size, receipt.path, checkpoint.root)
        return receipt

    async def _check(self, n: int, note: Note, checkpoint: Checkpoint) -> None:
        """Inclusion, the link to the entry before, and the author's signature; raises."""
        first = max(n - 1, 0)
        rows = await self._store.entries(first, n + 1)
        if len(rows) != n + 1 - first:
            raise ProofError(f"entry {n}: missing in this copy")
        entry = parse_entry(rows[-1])
        if n and entry.prev != _b64(hashlib.sha256(rows[0]).digest()):
            raise ProofError(f"entry {n}: does not name the entry before it")
        await self._proven(n, rows[-1], note, checkpoint)
        envelope = parse_envelope(entry.envelope_raw)
        author = self._registry.members.get(envelope.header.author)
        if author is None:
            raise ProofError(f"entry {n}: its author is no member")
        use = "governance" if envelope.header.record_class == "governance" else "record"
        for key in author.keys:
            if key.use == use:
                try:
                    verify_envelope(envelope, key.public_key)
                except LedgerError:
                    continue
                return
        raise ProofError(f"entry {n}: signed by no key its author has had")

    def _refused(self) -> Mapping[str, int]:
        log = self._ledger.log
        return {} if log is None else dict(log.status().refused)


def sample_of(seed: str, count: int, size: int) -> tuple[int, ...]:
    """Entry numbers below size, drawn by SHA-256 over `seed` and a counter; each once, in order.

    Anyone draws the same: the first eight bytes of SHA-256("<seed>/<i>") modulo size, i = 0, 1, …
    """
    found: set[int] = set()
    counter = 0
    while len(found) < min(count, size):
        digest = hashlib.sha256(f"{seed}/{counter}".encode()).digest()
        found.add(int.from_bytes(digest[:8], "big") % size)
        counter += 1
    return tuple(sorted(found))


def _member(member: Member, mirror: bool, last: datetime | None) -> MemberView:
    return MemberView(
        id=member.id,
        name=member.name,
        role=member.role,
        votes=member.votes,
        mirror=mirror,
        suspended=member.suspended,
        merged_into=member.merged_into,
        keys=tuple(
            KeyView(
                use=key.use,
                text=key.text,
                since=key.since,
                until=key.until,
                compromised_since=key.compromised_since,
            )
            for key in member.keys
        ),
        last_cosigned=last,
    )


def _header(raw: bytes) -> Header:
    return parse_envelope(parse_entry(raw).envelope_raw).header


def proof_file(entry: EntryView, policy: str, **content: Any) -> bytes:
    """What the verifier reads: entry, receipt and policy in one JSON file."""
    value = {"entry": _b64(entry.raw), "receipt": entry.receipt, "policy": policy, **content}
    return json.dumps(value, indent=1).encode()


def _b64(data: bytes) -> str:
    return canonical.encode_base64(data)
