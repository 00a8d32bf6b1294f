"""The desk's ports, made of a running node: post, problems, health, and answers to plans."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from node.desk import acts_sql
from node.desk.health import health_of
from node.desk.plan_lines import open_plan, plan_of, plans_view
from node.desk.ports import DeskPorts, PlanReply
from node.desk.post_sql import read_post
from node.desk.views import (
    HealthView,
    OpenPlanView,
    PlansView,
    PostView,
    ProblemsView,
    ReportedView,
)
from node.flow import record
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
        self, node: Node, worker: Worker | None, state: StatePort, oversight: OversightPort | None
    ) -> None:
        self._node = node
        self._worker = worker
        self._state = state
        self._oversight = oversight

    def post(self) -> PostView:
        """See PostPort."""
        with self._node.database.read() as connection:
            return read_post(connection, self._node.member, self._names())

    def problems(self) -> ProblemsView:
        """See PostPort."""
        with self._node.database.read() as connection:
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
        return plans_view(self._plan_facts(), self._node.member, self._names())

    def plan(self, record: str) -> OpenPlanView:
        """See PostPort."""
        return open_plan(self._plan_facts(), self._node.member, record, self._names())

    async def answer(self, staff: str, reply: PlanReply) -> None:
        """See PostPort."""
        draft = await asyncio.to_thread(self._draft, reply)
        await record(self._node.desk, draft)
        await asyncio.to_thread(self._note, staff, reply)
        if self._worker is not None:
            self._worker.wake()

    def _draft(self, reply: PlanReply) -> RecordDraft:
        plan = plan_of(self._plan_facts(), self._node.member, reply.plan)
        if reply.flow is not None and reply.flow not in plan.flows:
            raise LookupError("the plan has no such flow")
        fact = self._node.facts.fact(plan.planner, plan.record)
        assert fact is not None  # the plan was found among the facts
        return answer_draft(
            fact, self._node.facts.person(plan.person), reply.said, self._node.desk.today(),
            flow=reply.flow, reason=reply.reason, proposed_day=reply.proposed_day,
        )  # fmt: skip

    def _note(self, staff: str, reply: PlanReply) -> None:
        with self._node.database.write() as connection:
            acts_sql.note(connection, staff, reply.said, self._node.clock(), record=reply.plan)

    def _plan_facts(self) -> list[Fact]:
        facts = self._node.facts
        return [*facts.of_type(PLAN_SET), *facts.of_type(PLAN_ANSWERED)]

    def _reported(self) -> tuple[ReportedView, ...]:
        """Reports back to this member that are not over, the newest first."""
        latest: dict[tuple[str, tuple[str, ...], str], Fact] = {}
        for fact in known_facts(self._node.facts.of_type(REPORTED_BACK), None):
            data = fact.data
            if isinstance(data, ReportBack) and data.party == self._node.member:
                key = (data.kind, data.records, fact.author)
                if key not in latest or latest[key].known < fact.known:
                    latest[key] = fact
        names = self._names()
        found = []
        for fact in sorted(latest.values(), key=lambda fact: -fact.known):
            assert isinstance(fact.data, ReportBack)  # only such were kept
            if fact.data.ended:
                continue
            own = tuple(
                one
                for one in fact.data.records
                if self._node.facts.fact(self._node.member, one) is not None
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

    def _names(self) -> Mapping[str, str]:
        return {one.id: one.name for one in self._node.view.registry.members.values()}


def desk_of(
    node: Node, worker: Worker | None, state: StatePort, oversight: OversightPort | None
) -> DeskPorts:
    """The desk of a node."""
    return DeskPorts(post=NodePost(node, worker, state, oversight))
