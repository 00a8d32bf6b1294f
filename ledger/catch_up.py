"""What a mirror on an empty or restored store must hear and hold before it cosigns (DESIGN 4).

It has forgotten what it cosigned before. Any n-q+1 other mirrors include one that cosigned every
recorded head, so the largest of their heads is where it has to be again: with less it could
cosign another tree in the place of what is recorded. One mirror at a time: two that have forgotten
cannot vouch for each other (decision 0014). Asking is the work of watch.py.
"""

from __future__ import annotations

from ledger import proofs
from ledger.formats.checkpoint import Checkpoint, parse_checkpoint
from ledger.formats.note import Note
from ledger.ports import Store
from ledger.rules.registry import Registry


def others_needed(registry: Registry) -> int:
    """How many other mirrors' heads show all that is recorded; all of them where one suffices."""
    mirrors = len(registry.mirrors)
    return max(0, min(mirrors - registry.quorum + 1, mirrors - 1))


class CatchUp:
    """What was heard of the others so far, and whether this copy reaches it."""

    def __init__(self, needed: int) -> None:
        """needed: how many others must have been heard (`others_needed`)."""
        self._needed = needed
        self._heads: dict[str, Note | None] = {}

    @classmethod
    def of(cls, needed: int) -> CatchUp | None:
        """None when nobody else can tell: the only mirror of a log."""
        return cls(needed) if needed else None

    def heard(self, member: str, head: Note | None) -> None:
        """What a member cosigned last, signed by the log; None when it has cosigned nothing."""
        self._heads[member] = head

    @property
    def missing(self) -> int:
        """How many more must be heard."""
        return max(0, self._needed - len(self._heads))

    @property
    def goal(self) -> Note | None:
        """The largest head that was heard; None when nobody has cosigned anything."""
        heads = [head for head in self._heads.values() if head is not None]
        return max(heads, key=lambda head: parse_checkpoint(head.text).size, default=None)

    async def reason(self, store: Store, size: int) -> str | None:
        """Why a copy of this size may not cosign yet, None when it may."""
        if self.missing:
            return f"{self.missing} more mirrors must say what they cosigned last"
        if self.goal is None:
            return None
        goal: Checkpoint = parse_checkpoint(self.goal.text)
        if goal.size > size:
            return f"{size} entries are here, another mirror cosigned {goal.size}"
        if goal.size and await proofs.root_at(store, goal.size) != goal.root:
            return f"another mirror cosigned another tree of {goal.size} entries"
        return None
