"""What a mirror on an empty or restored store must hear and hold before it cosigns (DESIGN 4).

It has forgotten what it cosigned before. Any n-q+1 other mirrors include one that cosigned every
recorded head, so the largest of their heads is where it has to be again: with less it could
cosign another tree in the place of what is recorded. Mirrors that are catching up themselves
cannot vouch for each other: then every other mirror must be heard (decision 0014), unless this may
be the founding of a log, of which nobody has cosigned anything. Asking is the work of watch.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger import proofs
from ledger.formats.checkpoint import Checkpoint, parse_checkpoint
from ledger.formats.note import Note
from ledger.ports import Store
from ledger.rules.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """The other mirrors of a log: how many there are, and how many that remember suffice."""

    count: int
    needed: int

    def __post_init__(self) -> None:
        assert 0 <= self.needed <= self.count


NOBODY = Others(count=0, needed=0)


def others_of(registry: Registry) -> Others:
    """How many other mirrors' heads show all that is recorded; all of them where one suffices."""
    mirrors = len(registry.mirrors)
    needed = max(0, min(mirrors - registry.quorum + 1, mirrors - 1))
    return Others(count=max(0, mirrors - 1), needed=needed)


class CatchUp:
    """What was heard of the others so far, and whether this copy reaches it."""

    def __init__(self, others: Others, *, founding: bool) -> None:
        """founding: this store is empty and not known to be restored; the log may be new."""
        self._others = others
        self._founding = founding
        self._heads: dict[str, Note | None] = {}
        self._remember: set[str] = set()

    @classmethod
    def of(cls, others: Others, *, founding: bool) -> CatchUp | None:
        """None when nobody else can tell: the only mirror of a log."""
        return cls(others, founding=founding) if others.needed else None

    def heard(self, member: str, head: Note | None, *, forgot: bool) -> None:
        """What a member cosigned last, signed by the log; None when it has cosigned nothing.

        forgot: it is catching up itself.
        """
        self._heads[member] = head
        if forgot:
            self._remember.discard(member)
        else:
            self._remember.add(member)

    @property
    def missing(self) -> int:
        """How many more must be heard: enough that remember, or else simply all."""
        counted = self._heads if self._founding and self.goal is None else self._remember
        that_remember = self._others.needed - len(counted)
        at_all = self._others.count - len(self._heads)
        return max(0, min(that_remember, at_all))

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
