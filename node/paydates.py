"""One pay date for the pages (PayDatePort): what stands, both paths, agreeing, leaving.

What a household agrees to is what it was shown: the form names the digest, and when facts changed
meanwhile nothing is recorded and the page is shown again with what is new (P3). The same answer
twice is one record: its id comes from what was shown.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Protocol

from ledger.errors import BusyError, PeerError
from node.errors import NotAllowedError, UnavailableError
from node.flows import Naming
from node.fresh_circles import FreshCircles
from node.households import EnrolledHousehold, FactSource
from node.paydate import agreements_sql
from node.paydate.agreements_sql import Agreement
from node.paydate.joining import Joining, joining_of
from node.paydate.outcome import PlanOutcome
from node.paydate.pages import (
    advances_that_stand,
    answer_views,
    new_since,
    next_dates,
    paths_view,
    transition_now,
    way_back_view,
)
from node.paydate.paths import BothPaths, best_day, both_paths, enrolment_of
from node.paydate.way_back import ShownWayBack, shown_way_back
from node.plans import due_plan
from node.portal.paydate_views import Outcome, Pair, PathsView, PayDateView, State, WayBackView
from node.stores import schema_sql as tables
from node.stores.database_sql import Database
from node.stores.store_sql import Records
from node.submit import Recorded
from scheduler.folding.facts import Fact, SubjectId
from scheduler.paydays import PayCalendars
from scheduler.transition import period_from
from specs.records import ENROLLED, RecordDraft
from specs.values import Month

FOLLOW_SECONDS_MAX: Final = 5.0  # waited for a fresh record to become a fact
LOOK_SECONDS: Final = 0.05
UNDER_WAY: Final = ("pending", "waiting")
_LOG: Final = logging.getLogger("vastedag.paydate")

ADMINISTERED: Final = Pair(
    nl="Een bewindvoerder regelt het geld van iemand in uw huishouden. Bel ons. Dan regelen we "
    "het samen met de bewindvoerder.",
    en="An administrator looks after the money of somebody in your household. Call us. We will "
    "arrange it together with the administrator.",
)
NOT_YOURS: Final = Pair(
    nl="U kijkt voor iemand anders. Akkoord geven doet het huishouden zelf.",
    en="You look on behalf of somebody else. The household itself must agree.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """All that is known of one household now."""

    facts: Sequence[Fact]
    joining: Joining
    today: date


class FactsPort(FactSource, Protocol):
    """Where the facts lie, and whether one record is a fact already."""

    def fact(self, author: str, record: str) -> Fact | None:
        """One accepted fact by author and record id, None when there is none."""
        ...

    def reading(self) -> AbstractContextManager[object]:
        """Around one question: what is opened inside is logged once (node/looked)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PayDateDesk:
    """What agreeing needs of a node: its facts, its store, the door of the ledger (flow.record)."""

    facts: FactsPort
    database: Database
    records: Records
    record: Callable[[RecordDraft], Awaitable[Recorded]]
    today: Callable[[], date]
    wake: Callable[[], None]  # the worker that follows the ledger


class PayDates:
    """The pay dates of one municipality's households; reading blocks, agreeing and leaving wait."""

    def __init__(self, desk: PayDateDesk, naming: Naming, calendars: PayCalendars) -> None:
        self._desk = desk
        self._subjects = desk.records.subjects
        self._naming = naming
        self._calendars = calendars
        self._circles = FreshCircles()

    # What is read.

    def joining(self, person: str) -> Joining | None:
        """The household of a person as it stands or would be; None when none can be offered."""
        with self._desk.facts.reading():
            facts, _ = self._circles.of(self._desk.facts).near([SubjectId(person)])
        return joining_of(facts, SubjectId(person), naming=self._naming, today=self._desk.today())

    def page(self, household: str, person: str) -> PayDateView:
        """What stands, and both paths where one can agree; raises LookupError."""
        with self._desk.facts.reading():
            return self._page(household, person)

    def _page(self, household: str, person: str) -> PayDateView:
        known = self._known(household)
        joining, state = known.joining, self._state(known)
        may_act, why_not = self._may(joining, person)
        agreed = self._agreements(joining.applicant)
        waiting = self._waiting(known, agreed, SubjectId(person)) if state != "leaving" else None
        paths = waiting or (self._best(known) if state == "offer" else None)
        view = PayDateView(
            state="closed" if state == "offer" and paths is None else state,
            may_act=may_act,
            why_not=why_not,
            agreed_on=None if joining.enrolment is None else joining.enrolment.agreed_on,
            way_back=self._leaving(known) if state == "leaving" else None,
            paths=paths,
            waiting_day=None if waiting is None else waiting.day,
            waits_for_visitor=waiting is not None and person not in agreed,
            others=len([who for who in joining.adults if who != person]),
        )
        return self._with_plan(view, known) if state in ("agreed", "running") else view

    def _with_plan(self, view: PayDateView, known: _Known) -> PayDateView:
        """The page with what was agreed and, once there is a plan, what it holds."""
        outcome, enrolment = self._outcome(known), known.joining.enrolment
        standing = outcome.standing
        if standing is None:
            return replace(view, day=None if enrolment is None else enrolment.agreed_day)
        return replace(
            view,
            day=standing.day,
            next_dates=next_dates(standing.day, known.today),
            transition=transition_now(outcome.request.switched_on, known.today),
            answers=tuple(answer_views(known.facts, outcome, self._naming)),
            advances=tuple(advances_that_stand(outcome, self._naming, known.today)),
            better_day=_better(outcome),
        )

    def offer(self, household: str, day: int) -> PathsView | None:
        """Both paths for a day of the month; None when it is the day already, or a member cannot
        be named. Raises LookupError."""
        with self._desk.facts.reading():
            known = self._known(household)
        if self._state(known) not in ("offer", "running") or self._day_now(known) == day:
            return None
        paths = self._paths(known, day)
        return None if paths is None else paths_view(paths, known.facts, None)

    def day_now(self, household: str) -> int | None:
        """The day that is agreed now; None when there is none. Raises LookupError."""
        with self._desk.facts.reading():
            return self._day_now(self._known(household))

    def way_back(self, household: str) -> WayBackView | None:
        """What leaving would do; None when nothing is agreed. Raises LookupError."""
        with self._desk.facts.reading():
            known = self._known(household)
        if not known.joining.joined:
            return None
        return way_back_view(self._way_back(known), known.facts)

    # What is agreed.

    async def agree(self, household: str, person: str, day: int, shown: str, seen: int) -> Outcome:
        """Agree to a day as it was shown. Raises LookupError, NotAllowedError, RefusedError."""
        step = await asyncio.to_thread(self._agree, household, person, day, shown, seen)
        return step if isinstance(step, Outcome) else await self._record(household, step)

    async def leave(self, household: str, person: str, shown: str, seen: int) -> Outcome:
        """Leave one pay date as it was shown. Raises LookupError, NotAllowedError, RefusedError."""
        step = await asyncio.to_thread(self._leave, household, person, shown, seen)
        return step if isinstance(step, Outcome) else await self._record(household, step)

    def _agree(
        self, household: str, person: str, day: int, shown: str, seen: int
    ) -> Outcome | RecordDraft:
        with self._desk.facts.reading():
            return self._agreed(household, person, Agreement(day=day, shown=shown), seen)

    def _agreed(
        self, household: str, person: str, asked: Agreement, seen: int
    ) -> Outcome | RecordDraft:
        day, shown = asked.day, asked.shown
        known = self._known(household)
        joining = known.joining
        if not joining.may_act(SubjectId(person)):
            raise NotAllowedError
        stands = joining.enrolment
        if (
            joining.joined
            and stands is not None
            and (stands.shown, stands.agreed_day)
            == (
                shown,
                day,
            )
        ):
            return Outcome(said="recorded")  # the second click
        paths = None if self._state(known) == "leaving" else self._paths(known, day)
        if paths is None or paths.digest != shown:
            return self._changed(known, seen)
        if not self._all_agree(joining, SubjectId(person), asked):
            return Outcome(said="waiting")
        data = enrolment_of(known.facts, joining.members, today=known.today, day=day, shown=shown)
        assert data is not None  # the paths were made of the same members
        return RecordDraft(
            type=ENROLLED, source_event_id=f"betaaldag/{joining.applicant}/{shown}", data=data,
            valid_from=known.today, where="agreement to one pay date",
        )  # fmt: skip

    def _leave(self, household: str, person: str, shown: str, seen: int) -> Outcome | RecordDraft:
        with self._desk.facts.reading():
            known = self._known(household)
        joining = known.joining
        if not joining.may_act(SubjectId(person)):
            raise NotAllowedError
        if not joining.joined:
            return Outcome(said="recorded")  # the second click, or the other adult's
        if self._way_back(known).digest != shown:
            return self._changed(known, seen)
        data = enrolment_of(known.facts, joining.members, today=known.today, day=None, shown=shown)
        if data is None:
            raise NotAllowedError  # a member cannot be named: the desk helps
        return RecordDraft(
            type=ENROLLED, source_event_id=f"betaaldag/stop/{joining.applicant}/{shown}",
            data=data.model_copy(update={"withdrawn": True}), valid_from=known.today,
            where="withdrawal from one pay date",
        )  # fmt: skip

    def _all_agree(self, joining: Joining, person: SubjectId, agreement: Agreement) -> bool:
        """Keep this adult's agreement; whether now every adult agreed to the same."""
        if joining.adults == (person,):
            return True
        with self._desk.database.write() as connection:
            agreements_sql.keep(connection, self._subjects, joining.applicant, person, agreement)
            kept = agreements_sql.kept(connection, self._subjects, joining.applicant)
        return all(kept.get(who) == agreement for who in joining.adults)

    async def _record(self, household: str, draft: RecordDraft) -> Outcome:
        """Through the door, and until it is followed here: the next page shows it."""
        try:
            recorded = await self._desk.record(draft)
        except (BusyError, PeerError, UnavailableError) as error:
            _LOG.info("agreement stored, not yet sent kind=%s", type(error).__name__)
            return Outcome(said="recorded")
        self._desk.wake()
        await asyncio.to_thread(self._forget, SubjectId(household))
        loop = asyncio.get_running_loop()
        until = loop.time() + FOLLOW_SECONDS_MAX
        while loop.time() < until:
            fact = await asyncio.to_thread(
                self._desk.facts.fact, self._naming.member, recorded.record
            )
            if fact is not None:
                break
            await asyncio.sleep(LOOK_SECONDS)
        return Outcome(said="recorded")

    def _forget(self, household: SubjectId) -> None:
        with self._desk.database.write() as connection:
            agreements_sql.drop(connection, [household])

    def _changed(self, known: _Known, seen: int) -> Outcome:
        return Outcome(said="changed", changed=new_since(known.facts, seen, self._naming))

    # What both need.

    def _known(self, household: str) -> _Known:
        today = self._desk.today()
        circles = self._circles.of(self._desk.facts)
        facts, _ = circles.near([SubjectId(household)])
        joining = joining_of(facts, SubjectId(household), naming=self._naming, today=today)
        if joining is None or joining.applicant != household:
            raise LookupError("no such household here")
        facts, _ = circles.near(joining.members)
        return _Known(facts=facts, joining=joining, today=today)

    def _state(self, known: _Known) -> State:
        enrolment = known.joining.enrolment
        if self._under_way(known.joining.applicant):
            return "on_the_way"
        if enrolment is None:
            return "offer"
        if enrolment.withdrawn:
            return "leaving" if known.today <= _left_until(enrolment) else "offer"
        return "agreed" if self._outcome(known).standing is None else "running"

    def _under_way(self, applicant: SubjectId) -> bool:
        """Whether an own enrolment is stored and not yet a fact."""
        table = tables.records
        with self._desk.database.read() as connection:
            return bool(
                self._desk.records.naming(
                    connection, [applicant], table.c.type == ENROLLED,
                    table.c.author == self._naming.member, table.c.state.in_(UNDER_WAY),
                )
            )  # fmt: skip

    def _may(self, joining: Joining, person: str) -> tuple[bool, Pair | None]:
        if joining.administered:
            return False, ADMINISTERED
        if SubjectId(person) not in joining.adults:
            return False, NOT_YOURS
        return True, None

    def _agreements(self, applicant: SubjectId) -> dict[SubjectId, Agreement]:
        with self._desk.database.read() as connection:
            return agreements_sql.kept(connection, self._subjects, applicant)

    def _waiting(
        self, known: _Known, agreed: dict[SubjectId, Agreement], person: SubjectId
    ) -> PathsView | None:
        """The paths an adult agreed to, while they are still the same; the visitor's own first."""
        for who in sorted(agreed, key=lambda who: who != person):
            paths = self._paths(known, agreed[who].day)
            if who not in known.joining.adults or paths is None:
                continue
            if paths.digest == agreed[who].shown:
                return paths_view(paths, known.facts, None)
        return None

    def _best(self, known: _Known) -> PathsView | None:
        found = best_day(
            known.facts, known.joining.members, naming=self._naming, today=known.today,
            calendars=self._calendars,
        )  # fmt: skip
        if found is None:
            return None
        day, why = found
        paths = self._paths(known, day)
        return None if paths is None else paths_view(paths, known.facts, why)

    def _paths(self, known: _Known, day: int) -> BothPaths | None:
        return both_paths(
            known.facts, known.joining.members, day, naming=self._naming, today=known.today,
            calendars=self._calendars,
        )  # fmt: skip

    def _outcome(self, known: _Known) -> PlanOutcome:
        household = known.joining.enrolment
        assert household is not None  # asked only of who joined
        return due_plan(
            known.facts, household, naming=self._naming, today=known.today,
            calendars=self._calendars,
        )  # fmt: skip

    def _day_now(self, known: _Known) -> int | None:
        if not known.joining.joined:
            return None
        standing = self._outcome(known).standing
        return None if standing is None else standing.day

    def _way_back(self, known: _Known) -> ShownWayBack:
        household = known.joining.enrolment
        assert household is not None  # asked only of who joined
        since = household.agreed_on if household.withdrawn else known.today
        return shown_way_back(
            known.facts, household, naming=self._naming, today=known.today, since=since,
            calendars=self._calendars,
        )  # fmt: skip

    def _leaving(self, known: _Known) -> WayBackView:
        return way_back_view(self._way_back(known), known.facts)


def _left_until(household: EnrolledHousehold) -> date:
    """The last day of the transition of a household that withdrew."""
    return period_from(Month.of(household.agreed_on).plus(1).first_day).until


def _better(outcome: PlanOutcome | None) -> int | None:
    """A day that would bring more together than the agreed one."""
    if outcome is None:
        return None
    return next((one.day for one in outcome.plan.signals if one.kind == "better_day"), None)
