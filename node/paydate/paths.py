"""Both paths before a household agrees: how the months go without one pay date, and with it.

Pure. The plan shown is the one this node would record at once if the household agreed now. What is
shown has a digest; the enrolment that follows names it (`Enrolment.shown`), so that it is on record
what the household saw when it agreed (P3). Nothing of it is recorded by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Final, TypeAlias

from node.flows import HouseholdFlow, LeftOut, Naming
from node.households import enrolled, person_ref
from node.paydate.outcome import PlanOutcome
from node.plans import due_plan
from scheduler.folding.facts import Fact, SubjectId
from scheduler.folding.known import Text
from scheduler.paydays import PayCalendars
from scheduler.planning.plan_types import PlannedLine
from scheduler.transition import period_from, switch_day
from specs.canonical import digest_of
from specs.records import ENROLLED, Enrolment, PartyPlan, PersonRef, PlanAdvance

NOT_RECORDED: Final = "not-recorded"  # the id of an enrolment that is only thought of
UNSEEN: Final = "0" * 64  # stands for a digest in such an enrolment
_LineKey: TypeAlias = tuple[str, str | None, str, str]  # party, BSN, flow, period


@dataclass(frozen=True, slots=True, kw_only=True)
class PathMonth:
    """One month both ways: the lowest balance on the own days, and on the one day."""

    month: str
    pay_date: str
    lowest_before_cents: int
    lowest_after_cents: int
    left_cents: int
    short_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAdvance:
    """Money that bridges the switch: by whom, when, and how it is paid back (empty: not at all)."""

    by: str
    what_nl: str
    what_en: str
    day: str
    cents: int
    repaid: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLine:
    """One payment on its own day and on the day it would come; `why` it stays, if it stays."""

    flow: str
    what_nl: str
    what_en: str
    direction: str
    own_day: str
    planned_day: str
    cents: int
    why_nl: str | None
    why_en: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BothPaths:
    """What a household sees before it agrees. `assumed` is what nobody promised yet; `percent` of
    all money comes and goes on the day.
    """

    day: int
    percent: int
    switch: str
    transition_until: str
    months: tuple[PathMonth, ...]
    lines: tuple[ShownLine, ...]  # of the transition: from the switch up to its end
    advances: tuple[ShownAdvance, ...]
    assumed: tuple[tuple[str, str], ...]  # Dutch and English
    left_out: tuple[tuple[str, str, str, str], ...]  # what and why, in Dutch and English

    @property
    def digest(self) -> str:
        """What the enrolment names as `shown`."""
        return digest_of(asdict(self))


def enrolment_of(
    facts: Sequence[Fact],
    members: Sequence[SubjectId],
    *,
    today: date,
    day: int | None,
    shown: str | None,
    bridged: bool = False,
    repay_terms: int | None = None,
) -> Enrolment | None:
    """The agreement of a household, the first of the members speaking for it; None when one of
    them cannot be named by BSN."""
    persons = [person_ref(facts, who) for who in members]
    named = [person for person in persons if person is not None]
    if len(named) < len(persons):
        return None
    return Enrolment(
        person=named[0], members=tuple(named[1:]), preferred_day=day, agreed_on=today, shown=shown,
        bridged=bridged, repay_terms=repay_terms,
    )  # fmt: skip


def if_agreed(
    facts: Sequence[Fact],
    members: Sequence[SubjectId],
    agreement: Enrolment,
    *,
    naming: Naming,
    today: date,
    calendars: PayCalendars,
) -> PlanOutcome:
    """The plan and its records as they would be if this agreement were recorded now."""
    paths = ("person", *(f"members.{place}" for place in range(len(members) - 1)))
    thought = Fact(
        record=NOT_RECORDED, type=ENROLLED, data=agreement,
        subjects=dict(zip(paths, members, strict=True)), valid_from=today,
        known=1 + max((fact.known for fact in facts), default=0), author=naming.member,
    )  # fmt: skip
    with_it = [*facts, thought]
    household = next(one for one in enrolled(with_it) if one.record == NOT_RECORDED)
    return due_plan(with_it, household, naming=naming, today=today, calendars=calendars)


def best_day(
    facts: Sequence[Fact],
    members: Sequence[SubjectId],
    *,
    naming: Naming,
    today: date,
    calendars: PayCalendars,
) -> tuple[int, Text] | None:
    """The day the planner would choose for a household without one, and why; None when a member
    cannot be named."""
    open_choice = enrolment_of(facts, members, today=today, day=None, shown=None)
    if open_choice is None:
        return None
    plan = if_agreed(
        facts, members, open_choice, naming=naming, today=today, calendars=calendars
    ).plan
    return plan.day, plan.why


def both_paths(
    facts: Sequence[Fact],
    members: Sequence[SubjectId],
    day: int,
    *,
    naming: Naming,
    today: date,
    calendars: PayCalendars,
    bridged: bool = False,
    repay_terms: int | None = None,
) -> BothPaths | None:
    """Both paths of persons that have not enrolled, or that think of another day; None when a
    member cannot be named."""
    agreement = enrolment_of(
        facts, members, today=today, day=day, shown=UNSEEN, bridged=bridged,
        repay_terms=repay_terms,
    )  # fmt: skip
    if agreement is None:
        return None
    outcome = if_agreed(facts, members, agreement, naming=naming, today=today, calendars=calendars)
    return _shown(facts, outcome, naming, today)


def _shown(facts: Sequence[Fact], outcome: PlanOutcome, naming: Naming, today: date) -> BothPaths:
    plan, flows = outcome.plan, {one.flow.id: one for one in outcome.flows}
    switch = switch_day(outcome.request)
    until = max(plan.transition.until, period_from(switch).until)
    bsn = {who: _bsn(facts, who) for who in outcome.household.members}
    recorded = _recorded(outcome, bsn)
    lines = [
        _line(line, flows[line.flow], recorded, bsn)
        for line in plan.lines()
        if max(line.natural, line.planned) >= today and min(line.natural, line.planned) <= until
    ]
    assumed = {(one.assumed.nl, one.assumed.en): None for one in outcome.flows if one.assumed}
    return BothPaths(
        day=plan.day,
        percent=plan.on_day_cents * 100 // plan.total_cents if plan.total_cents else 0,
        switch=switch.isoformat(),
        transition_until=until.isoformat(),
        months=tuple(
            PathMonth(
                month=str(one.month), pay_date=one.pay_date.isoformat(),
                lowest_before_cents=one.lowest_before_cents,
                lowest_after_cents=one.lowest_after_cents, left_cents=one.left_cents,
                short_cents=one.short_cents,
            )
            for one in plan.months
        ),
        lines=tuple(sorted(lines, key=lambda one: (one.planned_day, one.own_day, one.flow))),
        advances=_advances(outcome, naming),
        assumed=tuple(assumed),
        left_out=_left_out(outcome),
    )  # fmt: skip


def _bsn(facts: Sequence[Fact], who: SubjectId) -> str | None:
    person: PersonRef | None = person_ref(facts, who)
    return None if person is None else person.bsn


def _recorded(outcome: PlanOutcome, bsn: Mapping[SubjectId, str | None]) -> Mapping[_LineKey, date]:
    """The day of each payment as the parties' plans hold it, or will hold it."""
    standing = () if outcome.standing is None else outcome.standing.lines
    found = {
        (one.party, bsn.get(one.person), one.line.flow, one.line.period): one.line.planned_date
        for one in standing
    }
    for draft in outcome.drafts:
        if isinstance(draft.data, PartyPlan):
            found |= {
                (draft.data.party, draft.data.person.bsn, line.flow, line.period): line.planned_date
                for line in draft.data.lines
            }
    return found


def _line(
    line: PlannedLine,
    flow: HouseholdFlow,
    recorded: Mapping[_LineKey, date],
    bsn: Mapping[SubjectId, str | None],
) -> ShownLine:
    planned = recorded.get((flow.party, bsn[flow.person], flow.code, line.period), line.planned)
    why = line.reason if planned == line.natural and not line.on_day else None
    return ShownLine(
        flow=line.flow, what_nl=flow.what.nl, what_en=flow.what.en, direction=line.direction,
        own_day=line.natural.isoformat(), planned_day=planned.isoformat(), cents=line.cents,
        why_nl=None if why is None else why.nl, why_en=None if why is None else why.en,
    )  # fmt: skip


def _advances(outcome: PlanOutcome, naming: Naming) -> tuple[ShownAdvance, ...]:
    """The advances that would be told to their payers now, and were not told before."""
    told = set() if outcome.standing is None else {one for _, one in outcome.standing.advances}
    called = {one.code: one.what for one in outcome.flows}
    found = [
        (draft.data.party, advance)
        for draft in outcome.drafts
        if isinstance(draft.data, PartyPlan)
        for advance in draft.data.advances
        if advance not in told
    ]
    found.sort(key=lambda one: (one[1].day, one[0], one[1].flow))
    return tuple(
        shown_advance(naming.shown(party), called.get(advance.flow), advance)
        for party, advance in found
    )


def shown_advance(by: str, what: Text | None, advance: PlanAdvance) -> ShownAdvance:
    """An advance in words: `what` it bridges."""
    called = what or Text(advance.flow, advance.flow)
    return ShownAdvance(
        by=by, what_nl=called.nl, what_en=called.en, day=advance.day.isoformat(),
        cents=advance.cents,
        repaid=tuple((part.day.isoformat(), part.cents) for part in advance.repaid),
    )  # fmt: skip


def _left_out(outcome: PlanOutcome) -> tuple[tuple[str, str, str, str], ...]:
    """What no plan can hold, and why."""
    called = {one.flow.id: one.what for one in outcome.flows}
    every: list[LeftOut] = list(outcome.left_out)
    every += [
        LeftOut(what=called[one.flow], reason=one.problem, records=())
        for one in outcome.plan.not_planned
        if one.flow in called
    ]
    return tuple((one.what.nl, one.what.en, one.reason.nl, one.reason.en) for one in every)
