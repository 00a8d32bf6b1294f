"""One household's plan as the facts give it now, beside what was recorded."""

from __future__ import annotations

from dataclasses import dataclass

from node.flows import HouseholdFlow, LeftOut
from node.households import EnrolledHousehold
from node.paydate.standing import StandingPlan
from scheduler.planning.plan_types import Plan, PlanRequest
from specs.records import RecordDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOutcome:
    """One household's plan as the facts give it now, and what of it is to be recorded: the notice
    of what changes before the plans that change it (P3).
    """

    household: EnrolledHousehold
    request: PlanRequest
    plan: Plan
    flows: tuple[HouseholdFlow, ...]
    left_out: tuple[LeftOut, ...]
    standing: StandingPlan | None
    drafts: tuple[RecordDraft, ...]
    notice: RecordDraft | None = None

    def all_drafts(self) -> tuple[RecordDraft, ...]:
        """In the order in which they are recorded."""
        return self.drafts if self.notice is None else (self.notice, *self.drafts)
