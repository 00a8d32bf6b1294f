"""What a household and its social worker should see: of the plan ahead, and of what was booked.

Pure. A fact about days and amounts, no score and no ranking (H1). Nobody's account is read: only
what a party reports about its own lines counts, and missing is said only up to the day it told.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Final

from node.paydate.outcome import PlanOutcome
from node.paydate.standing import StandingLine
from scheduler.folding.facts import Fact, known_facts
from scheduler.planning.flows import Direction
from scheduler.planning.plan_types import PlannedLine
from scheduler.reconcile import Booking, Finding, compare
from specs.canonical import digest_of
from specs.records import PaymentReport

AHEAD: Final = ("shortfall", "low_point", "possible_double", "expected_day")
BEHIND: Final = ("missing", "double", "deviating", "unexpected")
NO_SIGNAL: Final = "booked"


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholdSignal:
    """One thing to look at: `day` (or month), whose payment, how much was planned and booked."""

    kind: str
    when: str
    party: str | None = None
    flow: str | None = None
    planned_cents: int | None = None
    booked_cents: int | None = None

    @property
    def id(self) -> str:
        """The same thing has the same id: it is not signalled again."""
        return digest_of([self.kind, self.when, self.party, self.flow, self.booked_cents])

    def content(self) -> str:
        """What is kept hidden of it."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def read(cls, content: str) -> HouseholdSignal:
        """The inverse of `content`."""
        return cls(**json.loads(content))


def signals_now(facts: Sequence[Fact], outcome: PlanOutcome) -> tuple[HouseholdSignal, ...]:
    """Every signal of a household, in order of kind and day."""
    found = {one.id: one for one in (*_ahead(outcome), *_behind(facts, outcome))}
    return tuple(sorted(found.values(), key=lambda one: (one.kind, one.when, one.flow or "")))


def _ahead(outcome: PlanOutcome) -> Iterable[HouseholdSignal]:
    """What the plan itself shows: shortages, and charges that may be double."""
    flows = {flow.flow.id: flow for flow in outcome.flows}
    for signal in outcome.plan.signals:
        if signal.kind in AHEAD:
            flow = flows.get(signal.flow or "")
            yield HouseholdSignal(
                kind=signal.kind,
                when=str(signal.month),
                party=None if flow is None else flow.party,
                flow=None if flow is None else flow.code,
                planned_cents=signal.cents,
            )


def _behind(facts: Sequence[Fact], outcome: PlanOutcome) -> Iterable[HouseholdSignal]:
    """What was booked beside what was planned, party by party."""
    bookings: dict[str, list[Booking]] = defaultdict(list)
    until: dict[str, date] = {}
    for fact in known_facts(facts, None):
        data = fact.data
        if not isinstance(data, PaymentReport) or fact.subject() not in outcome.household.members:
            continue
        if data.known_until is not None:
            until[fact.author] = max(data.known_until, until.get(fact.author, date.min))
        if data.booked_on is not None and data.direction and data.amount_cents is not None:
            until.setdefault(fact.author, date.min)
            bookings[fact.author].append(
                Booking(
                    day=data.booked_on, direction=data.direction, party=fact.author,
                    cents=data.amount_cents, flow=data.flow,
                )
            )  # fmt: skip
    standing = () if outcome.standing is None else outcome.standing.lines
    for party, known_until in sorted(until.items()):
        lines = [_planned(one, one.line.direction) for one in standing if one.party == party]
        for finding in compare(lines, bookings[party], known_until):
            if finding.kind != NO_SIGNAL:
                yield _signal(party, finding)


def _planned(one: StandingLine, direction: Direction) -> PlannedLine:
    line = one.line
    return PlannedLine(
        flow=line.flow, party=one.party, direction=direction, period=line.period,
        due=line.natural_date, natural=line.natural_date, planned=line.planned_date,
        cents=line.amount_cents, moved_days=0, on_day=False, expected=False, reason=None,
    )  # fmt: skip


def _signal(party: str, finding: Finding) -> HouseholdSignal:
    line, booking = finding.line, finding.booking
    if booking is not None:
        day, flow = booking.day, booking.flow
    else:
        assert line is not None  # a finding has at least one of the two
        day, flow = line.planned, line.flow
    return HouseholdSignal(
        kind=finding.kind,
        when=day.isoformat(),
        party=party,
        flow=line.flow if line is not None else flow,
        planned_cents=None if line is None else line.cents,
        booked_cents=None if booking is None else booking.cents,
    )
