"""A reading under way: who opens content does so inside one, and it is logged when it ends.

The current reading travels with the task and its threads, as the current span of OpenTelemetry
does (decision 0019): an opener asks the log to note whose content it opens, and outside a reading
that is refused. Where the lines are written is told in logbook_sql.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field
from typing import Final, Protocol

from node.errors import NodeError
from node.looked.trace import TraceParent, new_span

UNIDENTIFIED: Final = "?"  # content was opened, and named nobody this node can tell
NOBODY: Final = "-"  # node/subjects.OWN: a record about no person has no line


class UnloggedError(NodeError):
    """Content that would be opened outside a reading: an error of this program, and refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The member whose request made this node read, with its span (LDV: foreign_operation)."""

    member: str
    span: TraceParent


@dataclass(slots=True, kw_only=True, eq=False)
class Reading:
    """One processing under one activity; what else it touches gets spans below its own."""

    activity: str
    at: TraceParent
    begun_ms: int
    parent: bytes | None = None
    caller: Caller | None = None
    by_person: bool = False  # somebody looks at a page: what the node works out for it is that look
    noted: dict[str, set[str]] = field(default_factory=dict)  # subjects by activity
    ended: bool = False

    def note(self, subjects: Iterable[str], activity: str | None = None) -> None:
        """Whose content is opened; once per person and activity, however often it is opened."""
        if self.ended:
            raise UnloggedError(f"{self.activity}: this reading has ended; begin another one")
        told = {each for each in subjects if each != NOBODY}
        if self.by_person and activity not in (None, self.activity):
            told -= self.noted.get(self.activity, set())
        self.noted.setdefault(activity or self.activity, set()).update(told)

    @property
    def traceparent(self) -> str:
        """What a request to another member carries, and an audit log of employees may keep."""
        return self.at.header

    def below(self) -> TraceParent:
        """A new span in the same trace."""
        return TraceParent(trace=self.at.trace, span=new_span())


class ReadingLog(Protocol):
    """The port that every opener of content holds (subjects.py)."""

    def note(self, subjects: Iterable[str], activity: str | None = None) -> None:
        """Note whose content is opened in the current reading; UnloggedError outside one."""
        ...

    def reading(
        self, activity: str, *, caller: Caller | None = None
    ) -> AbstractContextManager[Reading]:
        """A reading of its own, below the current one; its lines are durable when it ends.

        Inside a write transaction of this node they are part of that transaction.
        """
        ...

    def looking(
        self, activity: str, persons: Iterable[str]
    ) -> AbstractAsyncContextManager[Reading]:
        """`reading` for a page, with these persons noted; its lines are written off the loop."""
        ...

    def joined(self, activity: str) -> AbstractContextManager[Reading]:
        """The current reading, or one of its own when there is none."""
        ...
