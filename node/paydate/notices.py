"""What changes in a household's plan, said before it takes effect: day, reason, until when one may
object (P3). Pure; who reads them are the household and its municipality alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from node.clockwork.timetable import banking_days_before
from node.households import EnrolledHousehold, person_ref
from node.paydate.outcome import PlanOutcome
from node.paydate.standing import Scope, StandingPlan
from scheduler.folding.facts import Fact, known_facts
from specs.canonical import digest_of
from specs.records import PLAN_ANNOUNCED, PlanLine, PlanNotice, RecordDraft
from specs.records_plan import NoticeLine
from specs.values import Month

OBJECT_BANKING_DAYS: Final = 3  # before the first change: as long as an order can be held back
LINES_MAX: Final = 200  # of the record
NEW_FACTS: Final = "Nieuwe gegevens veranderen uw plan."
ANSWERED: Final = "Een organisatie antwoordde op uw plan."
AS_PLANNED: Final = "Dit stond al in uw plan en gaat volgende maand in."


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line that becomes another. None: no payment."""

    scope: Scope
    before: PlanLine | None
    after: PlanLine | None
    open_cents: int = 0  # asked for already, but held until it was announced long enough

    @property
    def what(self) -> Literal["amount", "date", "begins", "ends"]:
        """In what they differ."""
        if self.before is None:
            return "begins"
        if self.after is None:
            return "ends"
        return "amount" if self.before.amount_cents != self.after.amount_cents else "date"

    @property
    def line(self) -> PlanLine:
        """The line that comes, or the one that comes no more."""
        found = self.after or self.before
        assert found is not None  # a change has at least one of the two
        return found


def changes_of(
    scope: Scope,
    before: Sequence[PlanLine],
    after: Sequence[PlanLine],
    wanted: Mapping[tuple[str, str], PlanLine],
) -> list[Change]:
    """What differs between two plans of one party; months that merely come into sight do not."""
    old = {(line.flow, line.period): line for line in before}
    new = {(line.flow, line.period): line for line in after}
    horizon: dict[str, date] = {}
    for line in before:
        horizon[line.flow] = max(line.natural_date, horizon.get(line.flow, date.min))
    found = []
    for key, line in new.items():
        was, asked = old.get(key), wanted.get(key, line)
        if was == line and asked.amount_cents == line.amount_cents:
            continue
        if was is None and line.flow in horizon and line.natural_date > horizon[line.flow]:
            continue
        held = 0 if was is None or was != line else asked.amount_cents - line.amount_cents
        found.append(Change(scope=scope, before=was, after=line, open_cents=held))
    found += [Change(scope=scope, before=old[key], after=None) for key in old.keys() - new.keys()]
    return sorted(found, key=lambda one: (one.line.planned_date, one.line.flow, one.line.period))


def notice_draft(
    facts: Sequence[Fact], outcome: PlanOutcome, changes: Sequence[Change], today: date
) -> RecordDraft | None:
    """The notice of a plan that new facts changed; None when nobody can be named."""
    person = person_ref(facts, outcome.household.applicant)
    lines = _lines(changes)
    if person is None or not lines:
        return None
    flows = {(flow.party, flow.person, flow.code): flow for flow in outcome.flows}
    touched = {(*one.scope, one.line.flow) for one in changes}
    declined = any(flows[key].declined for key in touched if key in flows)
    causes = {record for key in touched if key in flows for record in flows[key].records}
    data = PlanNotice(
        person=person, announced_on=today, object_by=_object_by(lines, today),
        reason=ANSWERED if declined else NEW_FACTS, lines=lines, causes=tuple(sorted(causes)),
    )  # fmt: skip
    known = -1 if outcome.standing is None else outcome.standing.known
    return _draft(outcome.household, data, today, str(known))


def monthly_notice(
    facts: Sequence[Fact],
    household: EnrolledHousehold,
    standing: StandingPlan | None,
    month: Month,
    today: date,
) -> RecordDraft | None:
    """The notice of what a month brings that the month before did not: by the plan as it stands,
    as far as no notice said so already. None when there is nothing to say."""
    person = person_ref(facts, household.applicant)
    if standing is None or person is None:
        return None
    said = _said(facts, household)
    changes = []
    for scope in sorted({(one.party, one.person) for one in standing.lines}):
        own = [one.line for one in standing.lines if (one.party, one.person) == scope]
        for flow in sorted({line.flow for line in own}):
            past = _last(own, flow, month.plus(-1))
            now = _last(own, flow, month)
            if now is None or past is None or now.amount_cents == past.amount_cents:
                continue
            if now.planned_date >= today and (scope[0], flow, now.amount_cents) not in said:
                changes.append(Change(scope=scope, before=past, after=now))
    lines = _lines(changes)
    if not lines:
        return None
    data = PlanNotice(
        person=person, announced_on=today, object_by=_object_by(lines, today), reason=AS_PLANNED,
        lines=lines,
    )  # fmt: skip
    return _draft(household, data, today, str(month))


def notices_of(facts: Iterable[Fact], household: EnrolledHousehold) -> tuple[Fact, ...]:
    """What was announced to a household, the newest first."""
    found = [
        fact
        for fact in known_facts(facts, None)
        if isinstance(fact.data, PlanNotice) and fact.subject() == household.applicant
    ]
    return tuple(sorted(found, key=lambda fact: -fact.known))


def _said(facts: Iterable[Fact], household: EnrolledHousehold) -> set[tuple[str, str, int | None]]:
    return {
        (line.party, line.flow, line.after_cents)
        for fact in notices_of(facts, household)
        if isinstance(fact.data, PlanNotice)
        for line in fact.data.lines
    }


def _last(lines: Iterable[PlanLine], flow: str, month: Month) -> PlanLine | None:
    own = [line for line in lines if line.flow == flow and Month.of(line.planned_date) == month]
    return max(own, key=lambda line: line.planned_date, default=None)


def _lines(changes: Sequence[Change]) -> tuple[NoticeLine, ...]:
    """One line for what changes alike from some payment on."""
    found: dict[tuple[object, ...], NoticeLine] = {}
    for one in sorted(changes, key=lambda one: one.line.planned_date):
        before = None if one.before is None else one.before.amount_cents
        after = None if one.after is None else one.after.amount_cents
        key = (one.scope, one.line.flow, one.what, before, after, bool(one.open_cents))
        if key in found:
            known = found[key]
            total = known.open_cents + one.open_cents
            found[key] = known.model_copy(update={"open_cents": total})
            continue
        found[key] = NoticeLine(
            party=one.scope[0], flow=one.line.flow, direction=one.line.direction, what=one.what,
            period=one.line.period, from_day=one.line.planned_date, before_cents=before,
            after_cents=after, open_cents=one.open_cents,
        )  # fmt: skip
    return tuple(found.values())[:LINES_MAX]


def _object_by(lines: Sequence[NoticeLine], today: date) -> date:
    first = min(line.from_day for line in lines)
    return max(today, banking_days_before(first, OBJECT_BANKING_DAYS))


def _draft(household: EnrolledHousehold, data: PlanNotice, today: date, after: str) -> RecordDraft:
    told = data.model_dump(mode="json", exclude={"person", "announced_on", "object_by"})
    return RecordDraft(
        type=PLAN_ANNOUNCED,
        source_event_id=f"aankondiging/{household.applicant}/{digest_of([after, told])}",
        data=data,
        valid_from=today,
        where="notice of changes",
    )
