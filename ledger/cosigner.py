"""A witness at work: read the record, decide, swap it durably, and only then cosign.

The decision itself is witness.py. A lost swap means another request was faster: the decision is
made again on what is recorded now, so a witness never goes back (tlog-witness, the race).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ledger.errors import LedgerError
from ledger.formats.checkpoint import cosign
from ledger.formats.note import NoteSigner
from ledger.witness import (
    Answer,
    Cosigned,
    TrustedLogs,
    cosigned_answer,
    decide,
    malformed_answer,
    parse_submission,
)


class CosignedState(Protocol):
    """The last cosigned checkpoint of each origin, kept durably."""

    async def last(self, origin: str) -> Cosigned | None:
        """What was last swapped in for this origin; None if never."""
        ...

    async def swap(self, origin: str, before: Cosigned | None, after: Cosigned) -> bool:
        """Put after where before stands, durable on return; False when before no longer stands."""
        ...


async def add_checkpoint(
    body: bytes,
    *,
    logs: TrustedLogs,
    cosigners: Sequence[NoteSigner],
    state: CosignedState,
    time: int,
) -> Answer:
    """The answer to one `add-checkpoint` at time (POSIX seconds)."""
    try:
        submission = parse_submission(body)
    except LedgerError as error:
        return malformed_answer(error)
    while True:
        last = await state.last(submission.origin)
        decision = decide(submission, logs, last)
        if isinstance(decision, Answer):
            return decision
        lines = tuple(cosign(decision.note, each, time) for each in cosigners)
        shown = Cosigned(checkpoint=decision.checkpoint, note=decision.note.with_signatures(lines))
        # The signatures exist only in this process until the record of them is durable.
        if await state.swap(submission.origin, last, shown):
            return cosigned_answer(lines)
