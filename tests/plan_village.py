"""Two municipalities, payers and creditors as real node cores on one line of entries, for tests of
what happens in a life: stores, sealing, competence and acceptance as on a node, without HTTP.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from node.answering import PlanChanges, rulebook
from node.clockwork import orders_sql, steps_sql
from node.clockwork.clockwork import Clockwork
from node.clockwork.orders_sql import Kept
from node.clockwork.steps import Steps
from node.clockwork.timetable import load_timetable
from node.flows import Naming
from node.households import Circles, EnrolledHousehold, enrolled
from node.ledger_view import roles_of
from node.paydate import signals_sql
from node.paydate.answers import answer_draft, open_plans
from node.paydate.keeper import HouseholdKeeper
from node.paydate.outcome import PlanOutcome
from node.paydate.signals_sql import KeptSignal
from node.paydate.standing import StandingLine, StandingPlan, standing_plan
from node.plans import due_plan
from node.stores import schema_sql as tables
from node.stores import work_sql as work
from node.stores.views_sql import ViewStore
from scheduler.folding.facts import Fact, SubjectId
from scheduler.planning.payday_files import load_pay_calendars
from scheduler.rulebook import Rulebook
from specs.records import (
    CHARGE_SET,
    ENROLLED,
    PLAN_ANNOUNCED,
    PLAN_SET,
    Enrolment,
    PartyPlan,
    PersonRef,
    PlanNotice,
    RecordDraft,
    Recurring,
)
from tests.node_desk import EXTRA_MUNICIPALITY, REGISTRY, Line, TestDesk

CALENDARS = load_pay_calendars()
HOME = "gm0344"
MEMBERS = (HOME, EXTRA_MUNICIPALITY, "woonstad", "lichtstroom")
ROUNDS_MAX = 30
NEW_YEAR = date(2026, 1, 1)


class ShippedRules:
    """The rules as shipped: releasing them is tested elsewhere."""

    def rulebook(self, _source: object, _known_on: int | None = None) -> Rulebook:
        return rulebook()


class Village:
    """The members, all on one line; `today` may be set."""

    def __init__(self, directory: Path, today: date) -> None:
        self.today = today
        line = Line()
        covenants = (HOME, EXTRA_MUNICIPALITY)
        self.desks = {
            member: TestDesk(directory, member, line=line, covenants=covenants)
            for member in MEMBERS
        }
        self.steps = {member: self._steps(desk) for member, desk in self.desks.items()}
        roles = roles_of(REGISTRY)
        rules: Any = ShippedRules()
        self._plans = {
            member: PlanChanges(member, CALENDARS, rules, lambda: roles, self._views(member))
            for member in (HOME, EXTRA_MUNICIPALITY)
        }
        self._sent: set[tuple[str, str]] = set()
        self._events = 0

    def _steps(self, desk: TestDesk) -> Steps:
        keeper = None
        if desk.member.startswith("gm"):
            keeper = HouseholdKeeper(desk.facts, desk.preparer, CALENDARS)
        return Steps(
            member=desk.member,
            facts=desk.facts,
            subjects=desk.records.subjects,
            view=desk.view,
            timetable=load_timetable(),
            now=self.now,
            households=keeper,
        )

    def _views(self, member: str) -> ViewStore:
        desk = self.desks[member]
        return ViewStore(desk.database, desk.records.subjects)

    def now(self) -> datetime:
        """Noon of today."""
        day = self.today
        return datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo("Europe/Amsterdam"))

    # What members do.

    def record(self, member: str, *drafts: RecordDraft) -> None:
        """Record drafts, and let all that follows from them follow."""
        for draft in drafts:
            self.desks[member].record(draft)
        self.settle()

    def settle(self) -> None:
        """Until nobody has anything to do."""
        for _ in range(ROUNDS_MAX):
            self._deliver()
            for desk in self.desks.values():
                desk.follow()
            if not sum(self._answer(desk) for desk in self.desks.values()):
                return
        raise AssertionError("the village does not come to rest")

    def tick(self, member: str) -> int | None:
        """One tick of a member's clockwork."""
        clockwork = Clockwork(
            self.desks[member].database,
            load_timetable(),
            self.steps[member].pieces(),
            holder=member,
            now=self.now,
            wall=lambda: int(self.now().timestamp()),
        )
        done = clockwork.tick()
        self._record_pending(self.desks[member])
        self.settle()
        return done

    def answer(self, member: str, said: str, flow: str | None = None, reason: str = "") -> None:
        """A party answers every plan it has, or one flow of it."""
        desk = self.desks[member]
        facts = desk.facts.of_type(PLAN_SET)
        for plan in open_plans(facts, member):
            if flow is not None and flow not in plan.flows:
                continue
            fact = next(one for one in facts if one.record == plan.record)
            draft = answer_draft(
                fact, desk.facts.person(plan.person),
                "declined" if said == "declined" else "confirmed", self.today,
                flow=flow, reason=reason or None,
            )  # fmt: skip
            desk.record(draft)
        self.settle()

    def _answer(self, desk: TestDesk) -> int:
        with desk.database.read() as connection:
            changed = work.changed(connection)
        if changed and desk.member in self._plans:
            for draft in self._plans[desk.member](_facts(desk), list(changed), self.today):
                desk.prepare(draft, self.now())
        self._record_pending(desk)
        with desk.database.write() as connection:
            self.steps[desk.member].follow(connection, changed)
            work.clear_changed(connection, changed)
        return len(changed)

    def _record_pending(self, desk: TestDesk) -> None:
        """Give every stored record its place, in the order in which they were stored."""
        placed = {entry.id for entry in desk.line.entries}
        with desk.database.read() as connection:
            rows = connection.execute(
                select(tables.records.c.id).where(
                    tables.records.c.author == desk.member, tables.records.c.state == "pending"
                )
            )
            pending = [str(one) for one in rows.scalars() if one not in placed]
        # Notices before the plans they announce, plans before a handover: as they are sent.
        for identity in sorted(pending, key=lambda one: _rank(desk, one)):
            desk.line.record(desk.envelope(identity))

    def _deliver(self) -> None:
        table = tables.outbox
        for desk in self.desks.values():
            with desk.database.read() as connection:
                rows = connection.execute(select(table.c.id, table.c.recipient)).all()
            for identity, recipient in rows:
                if recipient in self.desks and (identity, recipient) not in self._sent:
                    self._sent.add((identity, recipient))
                    self.desks[recipient].deliver(desk.parcel(identity, recipient))

    # What is known afterwards.

    def household(self, member: str, person: PersonRef) -> EnrolledHousehold | None:
        """The household of a person at a municipality, None when it has none."""
        desk = self.desks[member]
        who = desk.subject(person)
        if who is None:
            return None
        facts, _ = Circles(desk.facts).near([SubjectId(who)])
        return next((one for one in enrolled(facts) if who in one.members), None)

    def facts(self, member: str, person: PersonRef) -> list[Fact]:
        """The facts around a person at a member."""
        desk = self.desks[member]
        facts, _ = Circles(desk.facts).near([SubjectId(str(desk.subject(person)))])
        return facts

    def outcome(self, member: str, person: PersonRef) -> PlanOutcome:
        """The plan of a person's household as it is now."""
        household = self.household(member, person)
        assert household is not None
        return due_plan(
            self.facts(member, person), household, naming=Naming(member=member, names={}),
            today=self.today, calendars=CALENDARS,
        )  # fmt: skip

    def standing(self, member: str, person: PersonRef) -> StandingPlan:
        """The recorded plan of a person's household."""
        household = self.household(member, person)
        assert household is not None
        found = standing_plan(self.facts(member, person), household)
        assert found is not None
        return found

    def lines(self, member: str, person: PersonRef, flow: str) -> list[StandingLine]:
        """The recorded lines of one flow, by period."""
        found = [one for one in self.standing(member, person).lines if one.line.flow == flow]
        return sorted(found, key=lambda one: one.line.natural_date)

    def plans_at(self, party: str) -> list[PartyPlan]:
        """Every plan that a party holds, in ledger order."""
        facts = self.desks[party].facts.of_type(PLAN_SET)
        return [fact.data for fact in facts if isinstance(fact.data, PartyPlan)]

    def notices(self, member: str) -> list[tuple[int, PlanNotice]]:
        """What a municipality announced, with its entry."""
        facts = self.desks[member].facts.of_type(PLAN_ANNOUNCED)
        return [(one.known, one.data) for one in facts if isinstance(one.data, PlanNotice)]

    def signals(self, member: str, person: PersonRef, *, gone: bool = False) -> list[KeptSignal]:
        """The signals kept of a person's household."""
        desk = self.desks[member]
        household = self.household(member, person)
        assert household is not None
        with desk.database.read() as connection:
            return list(
                signals_sql.kept(connection, desk.records.subjects, household.applicant, gone=gone)
            )

    def orders(self, member: str, person: PersonRef) -> Sequence[Kept]:
        """The live orders of a member about a person."""
        desk = self.desks[member]
        with desk.database.read() as connection:
            subject = SubjectId(str(desk.subject(person)))
            return orders_sql.live(connection, desk.records.subjects, subject)

    def steps_waiting(self, member: str) -> int:
        """How many steps of the clockwork are overdue."""
        with self.desks[member].database.read() as connection:
            return steps_sql.overdue(connection, self.now())

    def close(self) -> None:
        """Close all databases."""
        for desk in self.desks.values():
            desk.close()


def _facts(desk: TestDesk) -> Any:
    return desk.facts


def _rank(desk: TestDesk, identity: str) -> int:
    with desk.database.read() as connection:
        found = desk.records.get(connection, desk.member, identity)
    assert found is not None
    order = {PLAN_ANNOUNCED: 0, PLAN_SET: 1}
    return order.get(found.type, 2)


def enrol(person: PersonRef, *members: PersonRef, on: date, **more: object) -> RecordDraft:
    """A household agrees to one pay date."""
    data = Enrolment.model_validate({"person": person, "members": members, "agreed_on": on} | more)
    return RecordDraft(
        type=ENROLLED, source_event_id=f"enrol {person.bsn} {on} {sorted(more)}", data=data,
        valid_from=on,
    )  # fmt: skip


def stated(
    person: PersonRef, flow: str, cents: int, day: int, *, record_type: str = CHARGE_SET,
    since: date = NEW_YEAR, **more: object,
) -> RecordDraft:  # fmt: skip
    """A recurring charge (or income, with a negative sign turned) of a person."""
    shape: dict[str, object] = {
        "person": person, "flow": flow, "kind": "other", "direction": "out", "party": "woonstad",
        "amount_cents": cents, "every": "month", "day": day,
    }  # fmt: skip
    return RecordDraft(
        type=record_type,
        source_event_id=f"{flow} {person.bsn} {since} {cents} {sorted(more.items(), key=str)}",
        data=Recurring.model_validate(shape | more),
        valid_from=since,
    )
