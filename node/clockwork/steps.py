"""What each step of the clockwork does on a node, in pieces of some persons.

facts_known notes how far the ledger had come; derivation has every enrolled household planned
again; notice announces what the month changes (a municipality's task, paydate/notices.py); cut_off
closes the month: its lines become orders of the member that executes them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Final, Protocol

from sqlalchemy import Connection, select

from node.clockwork import orders_sql, steps_sql
from node.clockwork.clockwork import Piece
from node.clockwork.orders import orders_of
from node.clockwork.steps_sql import Due
from node.clockwork.timetable import Step, Timetable
from node.facts import Facts
from node.ledger_view import LedgerView
from node.stores import schema_sql as tables
from node.stores import work_sql as work
from node.subjects import Subjects
from scheduler.folding.facts import SubjectId
from specs.records import ENROLLED, PLAN_HANDED_OVER, PLAN_SET
from specs.values import Month

PIECE_SUBJECTS: Final = 200
_LOG: Final = logging.getLogger("vastedag.clockwork")


class Households(Protocol):
    """What a municipality does with its households (paydate/keeper.py); again is no harm."""

    def keep_signals(
        self, connection: Connection, changed: Collection[SubjectId], today: date
    ) -> None:
        """Bring the signals around these persons up to date."""
        ...

    def announce(
        self, connection: Connection, persons: Sequence[SubjectId], month: Month, now: datetime
    ) -> None:
        """Store the notices of these applicants for a month."""
        ...


class Steps:
    """The pieces of one member's node."""

    def __init__(
        self,
        *,
        member: str,
        facts: Facts,
        subjects: Subjects,
        view: LedgerView,
        timetable: Timetable,
        now: Callable[[], datetime],
        households: Households | None,
    ) -> None:
        self._member = member
        self._facts = facts
        self._subjects = subjects
        self._view = view
        self._timetable = timetable
        self._now = now
        self._households = households

    def pieces(self) -> Mapping[Step, Piece]:
        """By step."""
        return {
            "facts_known": self.note_facts,
            "derivation": self.derive_again,
            "notice": self.announce,
            "cut_off": self.cut_off,
        }

    def note_facts(self, connection: Connection, due: Due) -> str | None:
        """Note how many entries are verified: facts after them count for the next month."""
        work.set_value(connection, f"facts_known:{due.month}", str(self._view.size))
        return None

    def derive_again(self, connection: Connection, due: Due) -> str | None:
        """Mark the enrolled: the flow then plans them again, as far ahead as a plan reaches."""
        found = named_in(connection, (ENROLLED, PLAN_HANDED_OVER), due.cursor)
        work.mark_changed(connection, found)
        return found[-1] if found else None

    def announce(self, connection: Connection, due: Due) -> str | None:
        """Announce what the month changes."""
        if self._households is None:
            return None
        found = named_in(connection, (ENROLLED, PLAN_HANDED_OVER), due.cursor)
        with self._facts.reading():
            self._households.announce(connection, found, due.month, self._now())
        return found[-1] if found else None

    def cut_off(self, connection: Connection, due: Due) -> str | None:
        """Close the month: its lines become orders."""
        found = named_in(connection, (PLAN_SET,), due.cursor)
        with self._facts.reading():
            self._order(connection, found, [due.month])
        return found[-1] if found else None

    def follow(self, connection: Connection, changed: Collection[SubjectId]) -> None:
        """After new facts: signals, and the orders of months already closed, follow the plan."""
        if self._households is not None:
            self._households.keep_signals(connection, changed, self._now().date())
        present = Month.of(self._now().date())
        closed = [
            month
            for month in (present.plus(-1), present, present.plus(1))
            if steps_sql.is_done(connection, month, "cut_off")
        ]
        if closed:
            self._order(connection, sorted(changed), closed)

    def _order(
        self, connection: Connection, subjects: Sequence[SubjectId], months: Sequence[Month]
    ) -> None:
        for subject in subjects:
            orders = orders_of(self._facts.facts_of([subject]), subject, self._member)
            kept = orders_sql.live(connection, self._subjects, subject)
            others = [one.order for one in kept if Month.of(one.order.day) not in months]
            wanted = [*others, *orders_sql.of_months(orders, months)]
            doubled = orders_sql.sync(connection, self._subjects, subject, wanted, self._timetable)
            for one in doubled:
                detail = "another channel pays this charge already; see its order"
                at = int(self._now().timestamp())
                work.to_desk(connection, self._member, one.by[:43], "double", detail, at)


def named_in(connection: Connection, types: Collection[str], after: str) -> list[SubjectId]:
    """Persons whom opened records of these types name, after a cursor, in order."""
    persons, records = tables.persons, tables.records
    rows = connection.execute(
        select(persons.c.subject)
        .distinct()
        .join(records, (records.c.author == persons.c.author) & (records.c.id == persons.c.id))
        .where(records.c.type.in_(types), records.c.state == "opened", persons.c.subject > after)
        .order_by(persons.c.subject)
        .limit(PIECE_SUBJECTS)
    )
    return [SubjectId(subject) for subject in rows.scalars()]
