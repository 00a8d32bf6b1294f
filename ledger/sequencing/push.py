"""The sequencer's side of tlog-mirror: bring one mirror to a head and take its cosignature.

Two requests: `add-checkpoint` makes the head the mirror's pending one, `add-entries` brings what
it lacks; the mirror's answers say where it stands, so nothing needs to be remembered: at first its
last cosigned checkpoint is asked for, so that a restart sends nothing twice. What a
cosignature is worth is the work of policy.py, when to push that of log.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ledger import proofs
from ledger.errors import ForkError, LedgerError, PeerError
from ledger.formats.checkpoint import parse_checkpoint
from ledger.formats.merkle import HashReader
from ledger.formats.note import Note, NoteSignature, parse_note, parse_signature_lines
from ledger.formats.packages import (
    PACKAGES_MAX,
    REQUEST_TYPE,
    Package,
    Upload,
    package_bounds,
    parse_info,
)
from ledger.formats.subtree import subtree_proof
from ledger.formats.tiles import TILE_WIDTH
from ledger.ports import Answer, Head, Peer, Store
from ledger.witness import TEXT_TYPE, Submission, monitoring_path

ROUNDS_MAX: Final = 100_000  # 202 and 409 answers in one push; each 202 brings 8,192 entries
CONFLICTS_MAX: Final = 4


class Pusher:
    """What one mirror or witness was last known to hold, and the requests that bring it further."""

    def __init__(self, peer: Peer, store: Store, origin: str) -> None:
        self._peer = peer
        self._store = store
        self._origin = origin
        self._pending_size = 0
        self._next_entry: int | None = None  # not known before it was asked

    async def witness(self, head: Head) -> tuple[NoteSignature, ...]:
        """Have a witness cosign head; raises PeerError or ForkError as `mirror` does."""
        answer = await self._add_checkpoint(head)
        return _lines(answer)

    async def mirror(self, head: Head) -> tuple[NoteSignature, ...]:
        """Have a mirror store all entries below head and cosign it.

        Raises PeerError when it does not answer in the form agreed, ForkError when it holds a
        tree that this log has not: then nothing more may be signed (DESIGN 4).
        """
        try:
            await self._add_checkpoint(head)
        except ForkError:
            self._pending_size, lines = 0, await self._shown(head)  # asked afresh the next time
            if lines:
                return lines
            raise
        conflicts, start = 0, self._next_entry
        if start is None:
            start = min(await self._reached(), head.size)
        for _ in range(ROUNDS_MAX):
            answer = await self._add_entries(head, start)
            if answer.status == 200:
                self._next_entry = max(start, head.size)
                return _lines(answer)
            if answer.status == 409:
                conflicts += 1
            if answer.status not in (202, 409) or conflicts > CONFLICTS_MAX:
                raise _refused("add-entries", answer)
            start = self._next_entry = _next_entry(answer)
            if start > head.size:
                raise ForkError(
                    f"mirror: stores {start} entries, this head has {head.size}; "
                    "adopt from the mirrors before signing anything"
                )
        raise PeerError("add-entries: no end of partial answers")

    async def _add_checkpoint(self, head: Head) -> Answer:
        note = parse_note(head.note)
        for _ in range(CONFLICTS_MAX):
            old = self._pending_size
            if old > head.size:
                raise ForkError(
                    f"cosigner: last saw size {old}, this head has {head.size}; adopt from the "
                    "mirrors before signing anything"
                )
            proof = await proofs.consistency(self._store, old, head.size)
            submission = Submission(old_size=old, proof=tuple(proof), note=self._log_only(note))
            answer = await self._peer.post("add-checkpoint", submission.encode(), TEXT_TYPE)
            if answer.status == 200:
                self._pending_size = head.size
                return answer
            if answer.status == 422:
                raise ForkError(
                    f"cosigner: holds a tree of {old} entries that is not the beginning of this "
                    "one; compare the notes kept as evidence on both sides"
                )
            if answer.status != 409:
                raise _refused("add-checkpoint", answer)
            size = answer.body.strip()
            if not size.isdigit() or len(size) > 19:
                raise PeerError("add-checkpoint: a 409 without a size")
            self._pending_size = int(size)
        raise PeerError("add-checkpoint: its size changes under our hands")

    async def _shown(self, head: Head) -> tuple[NoteSignature, ...]:
        """The mirror's signatures if it shows this very head: it may be told of a newer one.

        So it is after the sequencer lost its disk: what was pending went with it.
        """
        shown = await self._last_shown()
        if shown is None or shown.text != parse_note(head.note).text:
            return ()
        return shown.signatures

    async def _reached(self) -> int:
        """How many entries the mirror says it stores; believed only as a place to begin."""
        shown = await self._last_shown()
        if shown is None:
            return 0
        try:
            return parse_checkpoint(shown.text).size
        except LedgerError as error:
            raise PeerError(f"mirror: {error}") from None

    async def _last_shown(self) -> Note | None:
        """The checkpoint it cosigned last; None when it shows none."""
        answer = await self._peer.get(monitoring_path(self._origin))
        if answer.status != 200:
            return None
        try:
            return parse_note(answer.body)
        except LedgerError as error:
            raise PeerError(f"mirror: {error}") from None

    def _log_only(self, note: Note) -> Note:
        """The note with the log's own signatures: two while its key moves."""
        own = tuple(each for each in note.signatures if each.name == self._origin)
        return Note(text=note.text, signatures=own)

    async def _add_entries(self, head: Head, start: int) -> Answer:
        start = min(start, head.size)
        bounds = package_bounds(start, head.size)[:PACKAGES_MAX]
        entries: list[bytes] = []
        if bounds:
            entries = await self._store.entries(start, bounds[-1][1])

        def all_proofs(read: HashReader) -> list[list[bytes]]:
            return [
                subtree_proof(read, first - first % TILE_WIDTH, last, head.size)
                for first, last in bounds
            ]

        hashes = await proofs.prove(self._store, all_proofs)
        upload = Upload(origin=self._origin, start=start, end=head.size)
        body = [upload.encode()]
        for (first, last), proof in zip(bounds, hashes, strict=True):
            package = Package(
                entries=tuple(entries[first - start : last - start]), proof=tuple(proof)
            )
            body.append(package.encode())
        return await self._peer.post("add-entries", b"".join(body), REQUEST_TYPE)


def _lines(answer: Answer) -> tuple[NoteSignature, ...]:
    if not answer.body:
        return ()
    try:
        return parse_signature_lines(answer.body.decode("utf-8", "strict"))
    except (LedgerError, UnicodeDecodeError):
        raise PeerError("cosigner: an answer that is no signature lines") from None


def _next_entry(answer: Answer) -> int:
    try:
        return parse_info(answer.body).next_entry
    except LedgerError as error:
        raise PeerError(f"add-entries: {error}") from None


def _refused(what: str, answer: Answer) -> PeerError:
    reason: Sequence[str] = answer.body[:200].decode("utf-8", "replace").splitlines()
    return PeerError(f"{what}: status {answer.status}, {reason[0] if reason else 'no reason'}")
