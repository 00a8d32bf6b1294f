"""The Logboek Dataverwerkingen of this node: a row per span, and one line per data subject.

After the LDV standard of Logius, working version 2026: every line confirmed, no sampling, nothing
of employees, a pseudonym for the person (this node's own random subject id). How the columns are
told to others in the standard's names stands in ldv.py. Lines wait for nobody: those of several
threads go in one transaction.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Integer, bindparam, cast, delete, func, insert, select
from sqlalchemy.exc import SQLAlchemyError

from node.errors import NodeError
from node.looked.reading import Caller, Reading, UnloggedError
from node.looked.register import Register
from node.looked.trace import TraceParent, new_trace
from node.stores import schema_sql as tables
from node.stores import work_sql as work
from node.stores.database_sql import Database

UNSET: Final = 0  # LDV status_code: done, also when the input was wrong
ERROR: Final = 2  # a technical failure
HOUR_MS: Final = 3_600_000
YEAR_MS: Final = 366 * 24 * HOUR_MS  # never a day too short
PURGE: Final = "looked.purge"  # the last span to drop, and the person up to whom that is done
PURGE_SUBJECTS: Final = 500  # in one transaction
NETHERLANDS: Final = ZoneInfo("Europe/Amsterdam")

_SPANS: Final = tables.processings
_LINES: Final = tables.processed
_ADD_SPAN: Final = (
    insert(_SPANS)
    .values({each.name: bindparam(each.name) for each in _SPANS.c if each.name != "id"})
    .returning(_SPANS.c.id)
)
_ADD_LINE: Final = insert(_LINES)
_CURRENT: ContextVar[tuple[object, Reading] | None] = ContextVar("reading", default=None)


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """How often one activity read of a person on one day."""

    activity: str
    day: date
    count: int


@dataclass(slots=True, eq=False)
class _Ticket:
    """The rows of one reading that waits to be confirmed."""

    rows: Sequence[tuple[dict[str, Any], Sequence[str]]]
    done: bool = False


class Logbook:
    """ReadingLog over the node's own database; safe to use from several threads."""

    def __init__(
        self, database: Database, register: Register, now_ms: Callable[[], int] = _milliseconds
    ) -> None:
        self.register = register
        self._database = database
        self._now_ms = now_ms
        self._add_span = database.ready(_ADD_SPAN)
        self._add_line = database.ready(_ADD_LINE)
        self._waiting: list[_Ticket] = []
        self._wait_lock = threading.Lock()
        self._write_lock = threading.Lock()

    # Writing: the openers' side.

    def note(self, subjects: Iterable[str], activity: str | None = None) -> None:
        """See ReadingLog."""
        current = self._current()
        if current is None:
            raise UnloggedError("content opened outside a reading: wrap the task in one")
        if activity is not None:
            self.register.activity(activity)
        current.note(subjects, activity)

    def record(self, activity: str, persons: Iterable[str], *, caller: Caller | None = None) -> str:
        """One line for each of these persons, durable on return; answers the traceparent."""
        with self.reading(activity, caller=caller) as reading:
            reading.note(persons)
        return reading.traceparent

    @contextmanager
    def reading(self, activity: str, *, caller: Caller | None = None) -> Iterator[Reading]:
        """See ReadingLog."""
        reading = self._begun(activity, caller)
        token = _CURRENT.set((self, reading))
        try:
            yield reading
        except BaseException as error:
            self._end_failed(reading, error)
            raise
        else:
            self._end(reading, UNSET)
        finally:
            _CURRENT.reset(token)

    @asynccontextmanager
    async def looking(self, activity: str, persons: Iterable[str]) -> AsyncIterator[Reading]:
        """See ReadingLog."""
        reading = self._begun(activity, None)
        reading.note(persons)
        token = _CURRENT.set((self, reading))
        try:
            yield reading
        except BaseException as error:
            await asyncio.to_thread(self._end_failed, reading, error)
            raise
        else:
            await asyncio.to_thread(self._end, reading, UNSET)
        finally:
            _CURRENT.reset(token)

    def _begun(self, activity: str, caller: Caller | None) -> Reading:
        by_person = self.register.activity(activity).by_person
        outer = self._current()
        if caller is not None:
            begun = TraceParent(trace=caller.span.trace, span=new_trace().span)
        else:
            begun = new_trace() if outer is None else outer.below()
        return Reading(
            activity=activity,
            at=begun,
            begun_ms=self._now_ms(),
            parent=None if outer is None or caller is not None else outer.at.span,
            caller=caller,
            by_person=by_person,
        )

    @contextmanager
    def joined(self, activity: str) -> Iterator[Reading]:
        """See ReadingLog."""
        current = self._current()
        if current is not None:
            yield current
            return
        with self.reading(activity) as reading:
            yield reading

    def _current(self) -> Reading | None:
        held = _CURRENT.get()
        return held[1] if held is not None and held[0] is self else None

    def _end_failed(self, reading: Reading, error: BaseException) -> None:
        """What was read before the failure is logged; that this fails too is told by neither."""
        wrong_input = isinstance(error, NodeError | LookupError | ValueError)
        if self._database.writing() is None:  # else the transaction and all it read is undone
            try:
                self._end(reading, UNSET if wrong_input else ERROR)
            except SQLAlchemyError as failed:
                error.add_note(f"its readings were not logged: {type(failed).__name__}")

    def _end(self, reading: Reading, status: int) -> None:
        reading.ended = True
        rows = [row for row in self._rows(reading, status) if row[1]]
        if not rows:
            return
        connection = self._database.writing()
        if connection is not None:
            self._write(connection.connection.cursor(), rows)
        else:
            self._confirm(_Ticket(rows))

    def _confirm(self, ticket: _Ticket) -> None:
        """Durable on return; whoever writes takes along what others have waiting."""
        with self._wait_lock:
            self._waiting.append(ticket)
        with self._write_lock:
            if ticket.done:
                return
            with self._wait_lock:
                batch, self._waiting = self._waiting, []
            if ticket not in batch:  # taken along by a writer who failed
                batch.append(ticket)
            with self._database.short_write() as cursor:
                for each in batch:
                    self._write(cursor, each.rows)
            for each in batch:
                each.done = True

    def _write(self, cursor: Any, rows: Iterable[tuple[dict[str, Any], Sequence[str]]]) -> None:
        """On the driver's cursor of a transaction: every page writes, and shortly."""
        for span, subjects in rows:
            self._add_span.run(cursor, span)
            (added,) = cursor.fetchone()
            for each in subjects:
                self._add_line.run(cursor, {"subject": each, "processing": added})

    def _rows(
        self, reading: Reading, status: int
    ) -> Iterator[tuple[dict[str, Any], Sequence[str]]]:
        ended = self._now_ms()
        for activity, subjects in sorted(reading.noted.items()):
            own = activity == reading.activity
            caller = reading.caller
            yield (
                {
                    "trace": reading.at.trace,
                    "span": reading.at.span if own else reading.below().span,
                    "parent": reading.parent if own else reading.at.span,
                    "activity": activity,
                    "started": reading.begun_ms,
                    "ended": ended,
                    "status": status,
                    "foreign_member": None if caller is None else caller.member,
                    "foreign_span": None if caller is None else caller.span.span,
                },
                sorted(subjects),
            )

    # Reading the log, and its end.

    def purge(self) -> bool:
        """Drop a piece of what is past its term, person by person; whether more is left to do."""
        years = self.register.retention_years
        before = self._now_ms() - years * YEAR_MS
        with self._database.write() as connection:
            last, cursor = _purge_place(connection)
            if last == 0:
                ended = select(func.max(_SPANS.c.id)).where(_SPANS.c.started < before)
                last = int(connection.execute(ended).scalar() or 0)
            if last == 0:
                return False
            people = select(_LINES.c.subject).where(_LINES.c.subject > cursor).distinct()
            piece = people.order_by(_LINES.c.subject).limit(PURGE_SUBJECTS)
            found = list(connection.execute(piece).scalars())
            if found:
                theirs = _LINES.c.subject.between(found[0], found[-1])
                connection.execute(delete(_LINES).where(theirs, _LINES.c.processing <= last))
                work.set_value(connection, PURGE, f"{last} {found[-1]}")
            else:
                connection.execute(delete(_SPANS).where(_SPANS.c.id <= last))
                work.set_value(connection, PURGE, "0 ")
            return bool(found)

    def of(self, persons: Iterable[str]) -> list[Looked]:
        """How often each activity read of any of these pseudonyms of one person, by day."""
        hour = cast(_SPANS.c.started / HOUR_MS, Integer)
        query = (
            select(_SPANS.c.activity, hour, func.count())
            .join(_LINES, _LINES.c.processing == _SPANS.c.id)
            .where(_LINES.c.subject.in_(list(persons)))
            .group_by(_SPANS.c.activity, hour)
        )
        counts: dict[tuple[str, date], int] = {}
        with self._database.read() as connection:
            for activity, hours, count in connection.execute(query):
                moment = datetime.fromtimestamp(int(hours) * HOUR_MS / 1000, tz=NETHERLANDS)
                key = (str(activity), moment.date())
                counts[key] = counts.get(key, 0) + int(count)
        return [
            Looked(activity=activity, day=day, count=count)
            for (activity, day), count in sorted(counts.items(), key=lambda pair: pair[0][::-1])
        ]


def _purge_place(connection: Connection) -> tuple[int, str]:
    told = (work.get_value(connection, PURGE) or "0 ").split(" ", 1)
    return int(told[0]), told[1]
