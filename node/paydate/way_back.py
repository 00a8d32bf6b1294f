"""What leaving one pay date does to a household: shown before it leaves, by what would be recorded.

Pure. The records are those of endings.py; this lays them beside the plan that stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import TypeAlias

from node.flows import HouseholdFlow, Naming, flows_of
from node.households import EnrolledHousehold
from node.paydate.endings import way_back
from node.paydate.paths import ShownAdvance, ShownLine, shown_advance
from node.paydate.standing import StandingLine, StandingPlan, standing_plan
from scheduler.folding.facts import Fact, SubjectId
from scheduler.folding.known import Text
from scheduler.paydays import PayCalendars
from scheduler.transition import period_from
from specs.canonical import digest_of
from specs.records import PartyPlan, PlanLine
from specs.values import Month

FlowKey: TypeAlias = tuple[str, SubjectId, str]
Payment: TypeAlias = tuple[str, str, str, date, int]  # party, flow, period, own day, cents


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownWayBack:
    """When it ends, what moves back, what bridges that, and what remains to be paid back."""

    ends_on: str
    until: str
    lines: tuple[ShownLine, ...]  # `own_day` is as planned until now, `planned_day` where it comes
    # what keeps its planned day until the transition is over, and its first own day after it
    later: tuple[ShownLine, ...]
    advances: tuple[ShownAdvance, ...]
    to_repay: tuple[tuple[str, str, int], ...]  # to whom, when, cents

    @property
    def digest(self) -> str:
        """What the withdrawal names as `shown`."""
        return digest_of(asdict(self))


def shown_way_back(
    facts: Sequence[Fact],
    household: EnrolledHousehold,
    *,
    naming: Naming,
    today: date,
    since: date,
    calendars: PayCalendars,
) -> ShownWayBack:
    """The way back of a household that withdraws on `since`."""
    standing = standing_plan(facts, household)
    switch = Month.of(since).plus(1).first_day
    flows, _ = flows_of(facts, household, naming, calendars)
    called = {(one.party, one.person, one.code): one for one in flows}
    drafts = [
        draft.data
        for draft in way_back(facts, household, naming, today, since)
        if isinstance(draft.data, PartyPlan)
    ]
    told = () if standing is None else standing.advances
    known = {advance for _, advance in told}
    advances = [
        shown_advance(naming.shown(plan.party), _words(called, advance.flow), advance)
        for plan in drafts
        for advance in plan.advances
        if advance not in known
    ]
    to_repay = sorted(
        (part.day.isoformat(), naming.shown(scope[0]), part.cents)
        for scope, advance in told
        for part in advance.repaid
        if part.day >= today
    )
    return ShownWayBack(
        ends_on=switch.isoformat(),
        until=period_from(switch).until.isoformat(),
        lines=_moved(standing, drafts, called, switch),
        later=_later(standing, drafts, called, switch),
        advances=tuple(sorted(advances, key=lambda one: (one.day, one.by, one.what_nl))),
        to_repay=tuple((who, day, cents) for day, who, cents in to_repay),
    )


def _moved(
    standing: StandingPlan | None,
    drafts: Sequence[PartyPlan],
    called: Mapping[FlowKey, HouseholdFlow],
    switch: date,
) -> tuple[ShownLine, ...]:
    """The lines that come on another day than planned."""
    back = _by_payment(drafts)
    found = []
    for one in () if standing is None else standing.lines:
        line = one.line
        now = back.get(_payment(one.party, line), line)
        if line.planned_date < switch or now.planned_date == line.planned_date:
            continue
        found.append(_line(one, called, line.planned_date, now.planned_date))
    return tuple(sorted(found, key=lambda one: (one.planned_day, one.own_day, one.flow)))


def _later(
    standing: StandingPlan | None,
    drafts: Sequence[PartyPlan],
    called: Mapping[FlowKey, HouseholdFlow],
    switch: date,
) -> tuple[ShownLine, ...]:
    """Charges that would come earlier and that nobody bridges (scheduler/leaving.py)."""
    back, until = _by_payment(drafts), period_from(switch).until
    lines = () if standing is None else standing.lines
    found = {}
    for one in lines:
        now, key = back.get(_payment(one.party, one.line)), (one.party, one.person, one.line.flow)
        if now is None or now.planned_date == now.natural_date or key in found:
            continue
        if now.planned_date != one.line.planned_date or now.planned_date < switch:
            continue
        own = [
            other.line.natural_date
            for other in lines
            if (other.party, other.person, other.line.flow) == key
            and other.line.natural_date > until
        ]
        if own:
            found[key] = _line(one, called, now.planned_date, min(own))
    return tuple(sorted(found.values(), key=lambda one: (one.planned_day, one.flow)))


def _payment(party: str, line: PlanLine) -> Payment:
    return party, line.flow, line.period, line.natural_date, line.amount_cents


def _by_payment(drafts: Sequence[PartyPlan]) -> Mapping[Payment, PlanLine]:
    return {_payment(plan.party, line): line for plan in drafts for line in plan.lines}


def _line(
    one: StandingLine, called: Mapping[FlowKey, HouseholdFlow], was: date, becomes: date
) -> ShownLine:
    line, flow = one.line, called.get((one.party, one.person, one.line.flow))
    what = Text(line.flow, line.flow) if flow is None else flow.what
    return ShownLine(
        flow=line.flow, what_nl=what.nl, what_en=what.en, direction=line.direction,
        own_day=was.isoformat(), planned_day=becomes.isoformat(), cents=line.amount_cents,
        why_nl=None, why_en=None,
    )  # fmt: skip


def _words(called: Mapping[FlowKey, HouseholdFlow], code: str) -> Text | None:
    return next((flow.what for key, flow in called.items() if key[2] == code), None)
