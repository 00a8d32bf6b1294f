"""A reading log in memory: refuses outside a reading as the real one does, and keeps the lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from node.looked.reading import Caller, Reading, UnloggedError
from node.looked.trace import new_trace


class RecordingLog:
    """ReadingLog for one thread."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []  # activity, subject
        self._current: Reading | None = None

    def note(self, subjects: Iterable[str], activity: str | None = None) -> None:
        """See ReadingLog."""
        if self._current is None:
            raise UnloggedError("outside a reading")
        self._current.note(subjects, activity)

    @contextmanager
    def reading(self, activity: str, *, caller: Caller | None = None) -> Iterator[Reading]:
        """See ReadingLog."""
        before = self._current
        self._current = Reading(activity=activity, at=new_trace(), begun_ms=0, caller=caller)
        try:
            yield self._current
        finally:
            for name, subjects in self._current.noted.items():
                self.lines += [(name, each) for each in sorted(subjects)]
            self._current = before

    @contextmanager
    def joined(self, activity: str) -> Iterator[Reading]:
        """See ReadingLog."""
        if self._current is not None:
            yield self._current
            return
        with self.reading(activity) as reading:
            yield reading
