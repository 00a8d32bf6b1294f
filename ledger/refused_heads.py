"""What a witness keeps of the heads that it would not cosign: the log's two signatures (L3).

A witness holds one checkpoint and no entries. Two roots at one size are a *proven* fork. A larger
head without a proof, or a smaller one with which the log asks to go back, is *unproven*: anybody
can send a true head with a false proof, so of each kind a few are kept, for those who hold the
entries to compare (contradictions.py says the same of a mirror).
"""

from __future__ import annotations

from collections import Counter
from typing import Final, Protocol

from ledger.evidence import UNPROVEN
from ledger.formats.checkpoint import parse_checkpoint
from ledger.formats.note import parse_note
from ledger.ports import Clock, Evidence
from ledger.witness import Cosigned, parse_submission

UNPROVEN_KEPT: Final = 16  # of larger heads, and as many of smaller ones, for each log


class KeepsEvidence(Protocol):
    """The part of a Store that a witness needs."""

    async def keep_evidence(self, evidence: Evidence) -> None:
        """Keep it durably; the same parts are kept once."""
        ...

    async def evidence(self) -> list[Evidence]:
        """All that was kept, oldest first."""
        ...


class RefusedHeads:
    """The evidence of one witness about the logs it knows."""

    def __init__(self, store: KeepsEvidence, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def keep(self, body: bytes, last: Cosigned) -> None:
        """Keep what this `add-checkpoint` contradicts of what was cosigned last.

        The log signed its head, and it was refused for last's sake (witness.Answer). Raises
        StoreError: then nothing may be answered as if it were kept.
        """
        submission = parse_submission(body)
        theirs, ours = parse_checkpoint(submission.note.text), last.checkpoint
        if (ours.size, ours.root) == (theirs.size, theirs.root):
            return  # the same head, with an old size or a proof that is none
        if ours.size != theirs.size and submission.old_size != ours.size:
            return  # who does not know what was cosigned last contradicts nothing yet
        kind, reason = UNPROVEN, f"no proof that size {theirs.size} continues size {ours.size}"
        if theirs.size < ours.size:
            reason = f"asked to go back from size {ours.size} to size {theirs.size}"
        elif theirs.size == ours.size:
            kind = "fork"
            reason = (
                f"at size {ours.size} the log signed root {theirs.root.hex()}, and before that "
                f"root {ours.root.hex()}"
            )
        evidence = Evidence(
            kind=kind,
            about=submission.origin,
            reason=reason,
            parts={"ours": last.note.encode(), "theirs": submission.note.encode()},
            found_at=self._clock.now(),
        )
        if kind != UNPROVEN or await self._room_for(evidence):
            await self._store.keep_evidence(evidence)

    async def _room_for(self, evidence: Evidence) -> bool:
        kept = Counter(
            (each.about, _goes_back(each))
            for each in await self._store.evidence()
            if each.kind == UNPROVEN
        )
        return kept[evidence.about, _goes_back(evidence)] < UNPROVEN_KEPT


def _goes_back(evidence: Evidence) -> bool:
    sizes = [
        parse_checkpoint(parse_note(evidence.parts[part]).text).size for part in ("ours", "theirs")
    ]
    return sizes[1] < sizes[0]
