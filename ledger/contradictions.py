"""What a mirror keeps of statements that contradict each other: proven, or bounded suspicion.

A *proven* fork shows itself: two notes signed by the log, of one size with two roots, or of two
sizes with a proof that the larger tree begins otherwise (`evidence.prove_fork`). A head that only
came without a proof accuses nobody, since anybody can send a true head with a false proof:
at most UNPROVEN_KEPT are kept, and each is compared once this copy has grown over it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Final

from ledger import proofs
from ledger.evidence import UNPROVEN, encode_proof, name_of
from ledger.formats.checkpoint import parse_checkpoint
from ledger.formats.note import Note, parse_note
from ledger.ports import Clock, Evidence, Head, Store
from ledger.tail import Judged

UNPROVEN_KEPT: Final = 16


class Contradictions:
    """The evidence of one mirror about one log."""

    def __init__(self, store: Store, origin: str, clock: Clock) -> None:
        self._store = store
        self._origin = origin
        self._clock = clock
        self._unproven: set[str] = set()
        self._suspects: OrderedDict[str, Note] = OrderedDict()

    async def start(self) -> None:
        """Count what is kept already."""
        kept = await self._store.evidence()
        self._unproven = {name_of(each) for each in kept if each.kind == UNPROVEN}

    async def keep(self, kind: str, reason: str, parts: Mapping[str, bytes]) -> Evidence:
        """Keep it; the same parts are kept once."""
        evidence = Evidence(
            kind=kind,
            about=self._origin,
            reason=reason,
            parts=parts,
            found_at=self._clock.now(),
        )
        await self._store.keep_evidence(evidence)
        return evidence

    async def keep_void(self, judged: Sequence[Judged], head: Head | None) -> None:
        """Each inadmissible entry among these, with the head under which it came."""
        ours = {} if head is None else {"ours": head.note}
        for each in judged:
            if each.row.void is not None:
                reason = f"entry {each.row.n} is inadmissible: {each.row.void}"
                await self.keep("void_entry", reason, {"entry": each.row.raw, **ours})

    async def keep_fork(self, ours: Head, theirs: Note) -> Evidence:
        """Two trees of one log; ours is a signed head within this copy, theirs not larger."""
        other = parse_checkpoint(theirs.text)
        parts = {"ours": ours.note, "theirs": theirs.encode()}
        if ours.size == other.size:
            root = parse_checkpoint(parse_note(ours.note).text).root
        else:
            root = await proofs.root_at(self._store, other.size)
            path = await proofs.consistency(self._store, other.size, ours.size)
            parts["proof"] = encode_proof(root, path)
        return await self.keep(
            "fork",
            f"at size {other.size} the log signed root {other.root.hex()}, and stands here with "
            f"root {root.hex()}",
            parts,
        )

    async def suspect(self, ours: Head, theirs: Note) -> None:
        """A larger head that came without a proof; remembered until it can be compared."""
        self._suspects[theirs.text] = theirs
        while len(self._suspects) > UNPROVEN_KEPT:
            self._suspects.popitem(last=False)
        if len(self._unproven) >= UNPROVEN_KEPT:
            return
        size = parse_checkpoint(theirs.text).size
        kept = await self.keep(
            UNPROVEN,
            f"no proof that size {size} continues size {ours.size}",
            {"ours": ours.note, "theirs": theirs.encode()},
        )
        self._unproven.add(name_of(kept))

    def within(self, size: int) -> Sequence[Note]:
        """The suspects that a copy of this size can be compared with; they are let go of."""
        found = [
            text
            for text, note in self._suspects.items()
            if parse_checkpoint(note.text).size <= size
        ]
        return [self._suspects.pop(text) for text in found]
