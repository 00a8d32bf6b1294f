"""PostPort over a node: post, problems, health, and answers to plans; and the whole desk."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from node.access import MUNICIPALITY
from node.desk import acts_sql
from node.desk.contest_desk import Contests
from node.desk.corrections import Corrections
from node.desk.health import health_of
from node.desk.mandate_desk import Mandates
from node.desk.office import Office, office_of
from node.desk.persons import Persons
from node.desk.plan_lines import open_plan, plan_of, plans_view
from node.desk.ports import DeskPorts, PlanReply
from node.desk.post_sql import read_post
from node.desk.proposals import Proposals, Work
from node.desk.proposals_sql import Kind
from node.desk.views import (
    HealthView,
    OpenPlanView,
    PlansView,
    PostView,
    ProblemsView,
    ReportedView,
)
from node.district.district import District
from node.district.ports import DistrictPorts
from node.paydate.answers import answer_draft
from node.portal.surface import OversightPort, StatePort
from node.runtime import Node
from node.stores import problems_sql
from node.worker import Worker
from scheduler.folding.facts import Fact, known_facts
from specs.records import PLAN_ANSWERED, PLAN_SET, REPORTED_BACK, RecordDraft, ReportBack

BATCHES_SHOWN: Final = 50


class NodePost:
    """PostPort (ports.py) over a node."""

    def __init__(
        self, office: Office, state: StatePort, oversight: OversightPort | None = None
    ) -> None:
        self._office = office
        self._state = state
        self._oversight = oversight

    def post(self) -> PostView:
        """See PostPort."""
        with self._office.database.read() as connection:
            return read_post(connection, self._office.member, self._office.names())

    def problems(self) -> ProblemsView:
        """See PostPort."""
        with self._office.database.read() as connection:
            batches = problems_sql.read(connection, BATCHES_SHOWN)
        return ProblemsView(batches=batches, reported=self._reported())

    async def health(self) -> Sequence[HealthView]:
        """See PostPort."""
        quorum = None
        if self._oversight is not None:
            try:
                quorum = (await self._oversight.whole()).head.satisfied
            except LookupError:
                quorum = False  # nothing is recorded under a quorum yet
        return health_of(await self._state.checks(), quorum)

    def plans(self) -> PlansView:
        """See PostPort."""
        return plans_view(self._plan_facts(), self._office.member, self._office.names())

    def plan(self, record: str) -> OpenPlanView:
        """See PostPort."""
        office = self._office
        view = open_plan(self._plan_facts(), office.member, record, office.names())
        with office.opened([view.subject]):  # logged before it is shown
            return view

    async def answer(self, staff: str, reply: PlanReply) -> None:
        """See PostPort."""
        draft = await asyncio.to_thread(self._draft, reply)
        await asyncio.to_thread(self._note, staff, reply)
        await self._office.send(draft)

    def _draft(self, reply: PlanReply) -> RecordDraft:
        plan = plan_of(self._plan_facts(), self._office.member, reply.plan)
        if reply.flow is not None and reply.flow not in plan.flows:
            raise LookupError("the plan has no such flow")
        fact = self._office.facts.fact(plan.planner, plan.record)
        assert fact is not None  # the plan was found among the facts
        with self._office.opened([plan.person]) as connection:
            person = self._office.records.subjects.identity(connection, plan.person)
        return answer_draft(
            fact, person, reply.said, self._office.today(),
            flow=reply.flow, reason=reply.reason, proposed_day=reply.proposed_day,
        )  # fmt: skip

    def _note(self, staff: str, reply: PlanReply) -> None:
        with self._office.database.write() as connection:
            acts_sql.note(connection, staff, reply.said, self._office.clock(), record=reply.plan)

    def _plan_facts(self) -> list[Fact]:
        facts = self._office.facts
        return [*facts.of_type(PLAN_SET), *facts.of_type(PLAN_ANSWERED)]

    def _reported(self) -> tuple[ReportedView, ...]:
        """Reports back to this member that are not over, the newest first."""
        latest: dict[tuple[str, tuple[str, ...], str], Fact] = {}
        for fact in known_facts(self._office.facts.of_type(REPORTED_BACK), None):
            data = fact.data
            if isinstance(data, ReportBack) and data.party == self._office.member:
                key = (data.kind, data.records, fact.author)
                if key not in latest or latest[key].known < fact.known:
                    latest[key] = fact
        names = self._office.names()
        found = []
        for fact in sorted(latest.values(), key=lambda fact: -fact.known):
            assert isinstance(fact.data, ReportBack)  # only such were kept
            if fact.data.ended:
                continue
            own = tuple(
                one
                for one in fact.data.records
                if self._office.facts.fact(self._office.member, one) is not None
            )
            found.append(
                ReportedView(
                    kind=fact.data.kind,
                    article=fact.data.article,
                    author_name=names.get(fact.author, fact.author),
                    on=fact.valid_from,
                    own=own,
                    others=len(fact.data.records) - len(own),
                )
            )
        return tuple(found)


def desk_of(
    node: Node, worker: Worker | None, state: StatePort, oversight: OversightPort | None
) -> DeskPorts:
    """The desk of a node."""
    office = office_of(node, worker)
    corrections, persons, contests = Corrections(office), Persons(office), Contests(office)
    works: dict[Kind, Work] = {
        "correction": corrections, "join": persons, "other_person": persons, "unjoin": persons,
        "contest": contests,
    }  # fmt: skip
    mandates = Mandates(office) if node.role == MUNICIPALITY else None
    if mandates is not None:
        works["mandate"] = mandates
    return DeskPorts(
        post=NodePost(office, state, oversight),
        corrections=corrections,
        proposals=Proposals(office, works),
        persons=persons,
        contests=contests,
        mandates=mandates,
    )


def district_of(node: Node, worker: Worker | None) -> DistrictPorts | None:
    """The social workers' side of a municipality's node; None on any other."""
    if node.role != MUNICIPALITY:
        return None
    office = office_of(node, worker)
    district = District(office)
    return DistrictPorts(households=district, proposals=Proposals(office, {"tailoring": district}))
