"""What a municipality keeps of its households beside the ledger: signals, and monthly notices.

Blocking; called inside the transaction that takes the marks of changed facts away, or that moves
the clockwork on. One household that fails does not stop the others: it goes to the desk.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from typing import Final

from sqlalchemy import Connection

from node.errors import NodeError, RefusedError
from node.facts import Facts
from node.flows import Naming
from node.fresh_circles import FreshCircles
from node.households import EnrolledHousehold, enrolled, withdrawn
from node.paydate import signals_sql
from node.paydate.notices import monthly_notice
from node.paydate.signals import signals_now
from node.paydate.standing import standing_plan
from node.plans import due_plan
from node.prepare import Preparer
from node.stores import work_sql as work
from scheduler.errors import SchedulerError
from scheduler.folding.facts import Fact, SubjectId
from scheduler.paydays import PayCalendars
from specs.values import Month

_LOG: Final = logging.getLogger("vastedag.paydate")


class HouseholdKeeper:
    """The households of one municipality's node."""

    def __init__(self, facts: Facts, preparer: Preparer, calendars: PayCalendars) -> None:
        self._facts = facts
        self._preparer = preparer
        self._calendars = calendars
        self._circles = FreshCircles()
        self._naming = Naming(member=preparer.author.member, names={})

    def keep_signals(
        self, connection: Connection, changed: Collection[SubjectId], today: date
    ) -> None:
        """Bring the signals of everybody around the changed persons up to date."""
        circles = self._circles.of(self._facts)
        around, subjects = circles.near(changed)
        for household in enrolled(around):
            if subjects.intersection(household.members):
                facts, _ = circles.near(household.members)
                self._keep(connection, household, facts, today)
        for household in withdrawn(around):
            signals_sql.sync(
                connection, self._preparer.records.subjects, household.applicant, (), today
            )

    def _keep(
        self,
        connection: Connection,
        household: EnrolledHousehold,
        facts: Sequence[Fact],
        today: date,
    ) -> None:
        subjects = self._preparer.records.subjects
        try:
            outcome = due_plan(
                facts, household, naming=self._naming, today=today, calendars=self._calendars
            )
            found = signals_now(facts, outcome)
        except (SchedulerError, NodeError) as error:
            _LOG.error("signals failed kind=%s", type(error).__name__)
            detail = f"signals of a household could not be made: {type(error).__name__}"
            at = int(datetime.now(UTC).timestamp())
            work.to_desk(connection, self._naming.member, household.record, "signals", detail, at)
            return
        signals_sql.sync(connection, subjects, household.applicant, found, today)

    def announce(
        self, connection: Connection, persons: Sequence[SubjectId], month: Month, now: datetime
    ) -> None:
        """Store the notices of what a month changes, for the applicants among these persons."""
        circles = self._circles.of(self._facts)
        around, _ = circles.near(persons)
        for household in enrolled(around):
            if household.applicant not in persons:
                continue
            facts, _ = circles.near(household.members)
            standing = standing_plan(facts, household)
            draft = monthly_notice(facts, household, standing, month, now.date())
            if draft is None:
                continue
            try:
                self._preparer.prepare(connection, draft, now)
            except RefusedError as refusal:
                _LOG.error("notice refused code=%s", refusal.code)
