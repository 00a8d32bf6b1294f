"""The recurring incomes and charges of an enrolled household, out of its facts, for the planner.

Pure. A party states its own flows; allowances come from the standing decisions. What each flow is
called by its party (`Line.code`) is kept beside the planner's own id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from node.decisions import Standing, standing_decision
from node.households import EnrolledHousehold
from node.portal.calendar_words import KIND_WORDS, scheme_words
from scheduler.errors import PlanError
from scheduler.folding.facts import Fact, SubjectId, known_facts
from scheduler.folding.known import Text
from scheduler.paydays import PayCalendars
from scheduler.planning.flows import Flow, Rhythm, Window
from scheduler.planning.periods import Covers
from specs.records import AllowanceDecision, Recurring, Statement
from specs.values import Month

ALLOWANCE_CALENDAR: Final = "toeslagen"
# Dienst Toeslagen publishes one day and no window. This is the window the pilot asks of it: inside
# the month of its own day, and never past the start of the month the allowance is for (Awir 22).
ALLOWANCE_WINDOW: Final = Window(earlier_days=10, later_days=8)
ONE_DAY: Final = timedelta(days=1)
# How many months after the start of the period it pays for a payment falls due.
DUE_MONTHS_AFTER: Final[Mapping[Covers, int]] = {
    "next_month": -1,
    "previous_month": 1,
    "next_quarter": -3,
    "previous_quarter": 3,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholdFlow:
    """A flow with its party's name for it (`code`), whom of the household it concerns, the records
    behind it and what a household calls it.
    """

    flow: Flow
    code: str
    party: str
    person: SubjectId
    what: Text
    scheme: str | None  # of an allowance
    estimate: bool
    records: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A flow that no plan can hold, and why."""

    what: Text
    reason: Text
    records: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """How this node names parties: `member` is its own id (what it recorded for a household is
    named by the payer in the record, not by itself), `names` are the members' names for people.
    """

    member: str
    names: Mapping[str, str]

    def shown(self, party: str) -> str:
        """The party's name for people."""
        return self.names.get(party, party)


def flows_of(
    facts: Sequence[Fact], household: EnrolledHousehold, naming: Naming, calendars: PayCalendars
) -> tuple[tuple[HouseholdFlow, ...], tuple[LeftOut, ...]]:
    """All flows of a household, and those that cannot be planned."""
    every: list[HouseholdFlow | LeftOut] = []
    for versions in _stated(facts, household):
        every += _recurring(versions, household, naming, calendars)
    every += _allowances(facts, household, naming)
    flows = tuple(one for one in every if isinstance(one, HouseholdFlow))
    return flows, tuple(one for one in every if isinstance(one, LeftOut))


def opening_balance(facts: Iterable[Fact], household: EnrolledHousehold) -> int:
    """What the members stated last as their balances, in cents; nothing stated counts as zero."""
    stated = {
        fact.subject(): fact.data.value
        for fact in known_facts(facts, None)  # by date: the latest one stays
        if isinstance(fact.data, Statement)
        and fact.data.fact == "opening_balance"
        and fact.subject() in household.members
    }
    return sum(stated.values())


def _stated(facts: Sequence[Fact], household: EnrolledHousehold) -> list[list[Fact]]:
    """Recurring facts of the members by author, flow and person, each in order of validity."""
    groups: dict[tuple[str, str, str], list[Fact]] = {}
    for fact in known_facts(facts, None):
        who = fact.subject()
        if isinstance(fact.data, Recurring) and who is not None and who in household.members:
            groups.setdefault((fact.author, fact.data.flow, who), []).append(fact)
    for versions in groups.values():
        versions.sort(key=lambda fact: (fact.valid_from, fact.known))
    order = sorted(groups, key=lambda key: (household.members.index(key[2]), key[0], key[1]))
    return [groups[key] for key in order]


def _recurring(
    versions: Sequence[Fact], household: EnrolledHousehold, naming: Naming, calendars: PayCalendars
) -> list[HouseholdFlow | LeftOut]:
    """One flow per version: each holds until the next one, its own end, or for good."""
    flows: list[HouseholdFlow | LeftOut] = []
    for place, fact in enumerate(versions):
        following = versions[place + 1].valid_from if place + 1 < len(versions) else None
        ends = [day for day in (fact.valid_until, following) if day is not None]
        until = min(ends) if ends else None
        data = fact.data
        if not isinstance(data, Recurring) or data.ended:
            continue
        if until is not None and until <= fact.valid_from:
            continue  # replaced on the day it began
        try:
            flows.append(_one(fact, data, until, household, naming, calendars))
        except PlanError as error:
            reason = Text(error.nl, error.en)
            flows.append(LeftOut(what=_called(data, naming), reason=reason, records=(fact.record,)))
    return flows


def _called(data: Recurring, naming: Naming) -> Text:
    words, party = KIND_WORDS[data.kind], naming.shown(data.party)
    return Text(f"{words.nl} ({party})", f"{words.en} ({party})")


def _one(
    fact: Fact,
    data: Recurring,
    until: date | None,
    household: EnrolledHousehold,
    naming: Naming,
    calendars: PayCalendars,
) -> HouseholdFlow:
    """One version of a flow; raises PlanError."""
    who = fact.subjects["person"]
    party = data.party if fact.author == naming.member else fact.author
    flow = Flow(
        id=f"{party}:{data.flow}{_whose(household, who)}:{fact.valid_from}",
        direction=data.direction,
        party=naming.shown(party),
        amount_cents=data.amount_cents,
        rhythm=_rhythm(fact, data, until, calendars),
        window=Window(earlier_days=data.earlier_days, later_days=data.later_days),
        # One contract has one channel; its earlier versions are the same contract.
        reference=None if until else f"{data.flow}{_whose(household, who)}",
    )
    return HouseholdFlow(
        flow=flow, code=data.flow, party=party, person=who, what=_called(data, naming), scheme=None,
        estimate=False, records=(fact.record,),
    )  # fmt: skip


def _whose(household: EnrolledHousehold, who: SubjectId) -> str:
    """What tells two members' flows of one name apart: nothing for the applicant, else a place."""
    return "" if who == household.applicant else f"#{household.members.index(who)}"


def _rhythm(fact: Fact, data: Recurring, until: date | None, calendars: PayCalendars) -> Rhythm:
    """A record holds for the periods that begin while it is valid; a rhythm is bounded by days."""
    calendar = calendars.by_payer.get(data.calendar or "")
    covers: Covers = data.covers if calendar is None else calendar.covers
    start = _first_due(fact.valid_from, covers)
    end = None if until is None else _first_due(until, covers) - ONE_DAY
    if data.calendar is not None:
        return Rhythm(every="calendar", calendar=data.calendar, start=start, end=end)
    if data.every == "four_weeks":
        return Rhythm(every="four_weeks", start=_first_of_series(data, fact.valid_from), end=end)
    return Rhythm(
        every=data.every,
        day=data.day,
        months=data.months,
        shift=data.shift,
        covers=covers,
        start=start,
        end=end,
    )


def _first_due(valid: date, covers: Covers) -> date:
    """The first day on which a payment for a period beginning on or after `valid` can fall due."""
    if covers not in DUE_MONTHS_AFTER:
        return valid
    period = Month.of(valid) if valid.day == 1 else Month.of(valid).plus(1)
    if covers.endswith("quarter"):
        period = period.plus(-(period.month - 1) % 3)
    return period.plus(DUE_MONTHS_AFTER[covers]).first_day


def _first_of_series(data: Recurring, valid_from: date) -> date | None:
    """The first four-weekly pay date on or after the day the record holds from."""
    start = data.start
    if start is None or start >= valid_from:
        return start
    return start + timedelta(days=-(-(valid_from - start).days // 28) * 28)


def _allowances(
    facts: Sequence[Fact], household: EnrolledHousehold, naming: Naming
) -> list[HouseholdFlow | LeftOut]:
    """One flow per scheme and person: the months of all standing decisions together."""
    decided: dict[tuple[str, str, str], dict[int, Standing]] = {}
    secondary: set[tuple[str, str, str]] = set()
    for fact in known_facts(facts, None):
        data, who = fact.data, fact.subject()
        if not isinstance(data, AllowanceDecision) or who is None or who not in household.members:
            continue
        key = (fact.author, data.scheme, who)
        standing = standing_decision(facts, who, data.scheme, data.year)
        if standing is not None:
            decided.setdefault(key, {})[data.year] = standing
        if data.confidence == "secondary":
            secondary.add(key)
    return [
        _left_out(scheme, years)
        if (author, scheme, who) in secondary
        else _allowance(author, scheme, who, household, naming, years)
        for (author, scheme, who), years in sorted(decided.items(), key=lambda item: item[0][:2])
    ]


def _allowance(
    author: str,
    scheme: str,
    who: SubjectId,
    household: EnrolledHousehold,
    naming: Naming,
    years: Mapping[int, Standing],
) -> HouseholdFlow:
    amounts = {
        str(month): cents for standing in years.values() for month, cents in standing.cents.items()
    }
    name = f"{scheme}{_whose(household, who)}"
    flow = Flow(
        id=f"{author}:{name}",
        direction="in",
        party=naming.shown(author),
        amount_cents=0,  # a month without a decision pays nothing
        amounts=amounts,
        rhythm=Rhythm(every="calendar", calendar=ALLOWANCE_CALENDAR),
        window=ALLOWANCE_WINDOW,
        reference=name,
    )
    return HouseholdFlow(
        flow=flow, code=scheme, party=author, person=who, what=scheme_words(scheme), scheme=scheme,
        estimate=any(standing.estimate for standing in years.values()),
        records=tuple(sorted({r for one in years.values() for r in one.record_of.values()})),
    )  # fmt: skip


def _left_out(scheme: str, years: Mapping[int, Standing]) -> LeftOut:
    return LeftOut(
        what=scheme_words(scheme),
        reason=Text(
            "Dit bedrag komt nog niet van een officiële bron.",
            "This amount does not yet come from an official source.",
        ),
        records=tuple(sorted({one.record for one in years.values()})),
    )
