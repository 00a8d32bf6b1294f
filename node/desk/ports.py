"""What the desk's pages ask of a node: the ports behind routes_desk.py and its neighbours.

`staff` is the keyed id of an employee (portal/oidc.py): it goes into this node's own audit tables
and nowhere else. What a method opens of a person is logged before it answers. Methods that are not
`async` block: the routes call them in a thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from node.desk.contest_views import ContestRow, ContestView
from node.desk.correction_views import (
    ConsequenceView,
    CorrectionRequest,
    FoundView,
    ProposalRow,
    ProposalView,
    RecordView,
)
from node.desk.mandate_views import MandateRequest, MandatesView
from node.desk.person_views import MisfitView, PersonsView
from node.desk.proposals_sql import Kind
from node.desk.views import HealthView, OpenPlanView, PlansView, PostView, ProblemsView
from node.paydate.answers import Said


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReply:
    """A clerk's answer to the lines of one flow (None: of all flows) of a plan."""

    plan: str
    flow: str | None
    said: Said
    reason: str | None = None
    proposed_day: int | None = None


class PostPort(Protocol):
    """Post, problems, health and plans of one node."""

    def post(self) -> PostView:
        """The inbox and the outbox."""
        ...

    def problems(self) -> ProblemsView:
        """Problems of files and registers, by source."""
        ...

    async def health(self) -> Sequence[HealthView]:
        """Every part of the node, what is wrong first."""
        ...

    def plans(self) -> PlansView:
        """Plans to answer and answers of others, without persons."""
        ...

    def plan(self, record: str) -> OpenPlanView:
        """One plan addressed to this member; raises LookupError."""
        ...

    async def answer(self, staff: str, reply: PlanReply) -> None:
        """Record an answer; raises LookupError, RefusedError, UnavailableError."""
        ...


class CorrectionPort(Protocol):
    """Own records that are wrong."""

    def find(self, staff: str, bsn: str) -> FoundView:
        """What this member recorded about a person; raises LookupError."""
        ...

    def record(self, staff: str, record: str) -> RecordView:
        """One own record with its content; raises LookupError."""
        ...

    async def correct(self, staff: str, request: CorrectionRequest) -> bool:
        """Correct it (True), or propose to when an amount changes (False).

        Raises LookupError, DecidedError (one waits already), RefusedError.
        """
        ...

    def consequences(self, record: str) -> ConsequenceView:
        """What came of the correction of this record; raises LookupError."""
        ...


class ProposalPort(Protocol):
    """What one clerk proposed and another decides; `kinds` are those that a role decides."""

    def waiting(self, staff: str, kinds: tuple[Kind, ...]) -> tuple[ProposalRow, ...]:
        """Proposals to decide, oldest first, without persons."""
        ...

    def proposal(self, staff: str, identity: str, kinds: tuple[Kind, ...]) -> ProposalView:
        """One proposal with what it changes; raises LookupError."""
        ...

    async def agree(self, staff: str, identity: str, kinds: tuple[Kind, ...]) -> None:
        """Agree, and have it done.

        Raises LookupError, SameClerkError, DecidedError, RefusedError.
        """
        ...

    def refuse(self, staff: str, identity: str, why: str, kinds: tuple[Kind, ...]) -> None:
        """Refuse, or take the own proposal back; raises LookupError, DecidedError."""
        ...


class PersonsPort(Protocol):
    """Persons who do not fit whom we know."""

    def waiting(self) -> PersonsView:
        """What waits for a decision and what was joined, without content."""
        ...

    def misfit(self, author: str, record: str) -> MisfitView:
        """One delivery beside whom we know; raises LookupError."""
        ...

    def propose(self, staff: str, author: str, record: str, *, same: bool, reason: str) -> None:
        """Propose that it is the same person, or another.

        Raises LookupError, DecidedError, RefusedError (nobody is known by that BSN).
        """
        ...

    def propose_undoing(self, staff: str, proposal: str, reason: str) -> None:
        """Propose to undo a join; raises LookupError, DecidedError."""
        ...


class ContestsPort(Protocol):
    """Contests of this member's records."""

    def waiting(self) -> Sequence[ContestRow]:
        """Those to decide, the first to decide first, without persons."""
        ...

    def contest(self, contest: str) -> ContestView:
        """One contest; raises LookupError when it is not this member's to decide."""
        ...

    def propose(self, staff: str, contest: str, outcome: str, reason: str) -> None:
        """Propose a decision; raises LookupError, DecidedError, RefusedError."""
        ...


class MandatePort(Protocol):
    """Who may act for whom."""

    def of_person(self, staff: str, bsn: str) -> MandatesView:
        """The mandates about one person; raises LookupError."""
        ...

    def propose(self, staff: str, request: MandateRequest) -> None:
        """Propose a mandate; raises LookupError, RefusedError."""
        ...

    async def end(self, staff: str, record: str, reason: str) -> None:
        """End a mandate now; raises LookupError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskPorts:
    """The desk of one node."""

    post: PostPort
    corrections: CorrectionPort
    proposals: ProposalPort
    persons: PersonsPort
    contests: ContestsPort
    mandates: MandatePort | None = None  # a municipality's
