"""The recurring incomes and charges of an enrolled household, out of its facts, for the planner.

Pure. A party states its own flows; allowances come from the standing decisions. What each flow is
called by its party (`Line.code`) is kept beside the planner's own id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from node.claims import ClaimFlow, claim_flows
from node.decisions import Standing, standing_decision
from node.households import EnrolledHousehold
from node.paydate.answers import Answer, FlowKey, answers_by_flow
from node.paydate.channels import Channels, Version, by_first_known
from node.paydate.lives import account_of, died_on
from node.paydate.terms import payer_window
from node.portal.calendar_words import KIND_WORDS, scheme_words
from scheduler.errors import PlanError
from scheduler.folding.facts import Fact, SubjectId, known_facts
from scheduler.folding.known import Text
from scheduler.paydays import PayCalendars
from scheduler.planning.flows import Flow, Rhythm, Window
from scheduler.planning.periods import Covers
from specs.records import AllowanceDecision, Recurring, Statement
from specs.records_base import Channel
from specs.values import Month

ALLOWANCE_CALENDAR: Final = "toeslagen"
ONE_DAY: Final = timedelta(days=1)
TERM_LATER_DAYS: Final = 27  # of a term to repay: any later day of about that month
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
    behind it and what a household calls it. `declined` is why its party takes no part in the plan,
    `assumed` what of its terms nobody promised.
    """

    flow: Flow
    code: str
    party: str
    person: SubjectId
    what: Text
    scheme: str | None  # of an allowance
    estimate: bool
    records: tuple[str, ...]
    channel: Channel | None = None
    declined: str | None = None
    assumed: Text | None = None


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
    channels = Channels()
    for versions in by_first_known(_stated(facts, household)):
        every += _recurring(versions, household, naming, calendars, channels)
    every.sort(key=lambda one: _place(one, household))
    every += _allowances(facts, household, naming)
    every += [one for who in household.members for one in _claims(facts, who, household, naming)]
    answers = answers_by_flow(facts, naming.member)
    accounts = account_of(facts, household.members)
    dead = died_on(facts)
    flows = tuple(
        _as_it_stands(one, answers, accounts, dead)
        for one in every
        if isinstance(one, HouseholdFlow)
    )
    return flows, tuple(one for one in every if isinstance(one, LeftOut))


def _place(one: HouseholdFlow | LeftOut, household: EnrolledHousehold) -> tuple[int, str]:
    """The order of a household's own list: by member and name, what is left out at its end."""
    if isinstance(one, LeftOut):
        return len(household.members), one.what.en
    return household.members.index(one.person), one.flow.id


def _as_it_stands(
    one: HouseholdFlow,
    answers: Mapping[FlowKey, Answer],
    accounts: Mapping[SubjectId, str],
    dead: Mapping[SubjectId, date],
) -> HouseholdFlow:
    """The flow with what its party, its receiver and death made of it."""
    flow, answer = one.flow, answers.get((one.party, one.person, one.code))
    declined = answer.reason if answer is not None and answer.said == "declined" else None
    if declined is not None:
        flow = replace(flow, window=Window())  # it keeps its own day
    if one.person in accounts:
        flow = replace(flow, account=accounts[one.person])
    if one.person in dead:
        end = min(dead[one.person], flow.rhythm.end or date.max)
        start = flow.rhythm.start
        start = start if start is None or start <= end else None
        flow = replace(flow, rhythm=replace(flow.rhythm, start=start, end=end))
    return replace(one, flow=flow, declined=declined)


def opening_balances(
    facts: Sequence[Fact], household: EnrolledHousehold
) -> tuple[int, Mapping[str, int]]:
    """What the members stated last as their balances, in cents: of the household's own account,
    and by account for members with an account of their own."""
    accounts = account_of(facts, household.members)
    own, others = 0, dict.fromkeys(sorted(set(accounts.values())), 0)
    for who, cents in _stated_balances(facts, household).items():
        if who in accounts:
            others[accounts[who]] += cents
        else:
            own += cents
    return own, others


def _stated_balances(
    facts: Iterable[Fact], household: EnrolledHousehold
) -> Mapping[SubjectId, int]:
    """The last statement of each member; nothing stated counts as zero."""
    return {
        who: fact.data.value
        for fact in known_facts(facts, None)  # by date: the latest one stays
        if isinstance(fact.data, Statement)
        and fact.data.fact == "opening_balance"
        and (who := fact.subject()) is not None
        and who in household.members
    }


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
    versions: Sequence[Fact],
    household: EnrolledHousehold,
    naming: Naming,
    calendars: PayCalendars,
    channels: Channels,
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
        party = data.party if fact.author == naming.member else fact.author
        charge = (party, data.flow, fact.subjects["person"])
        version = Version(fact=fact, data=data, until=until)
        doubled = channels.refuse(charge, fact.author, version)
        if doubled is not None:
            what = _called(data, naming)
            flows.append(LeftOut(what=what, reason=doubled, records=(fact.record,)))
            continue
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
        estimate=False, records=(fact.record,), channel=data.channel,
    )  # fmt: skip


def _claims(
    facts: Sequence[Fact], who: SubjectId, household: EnrolledHousehold, naming: Naming
) -> list[HouseholdFlow]:
    """What a payer pays back or reclaims, each part on its own day (P5)."""
    return [
        HouseholdFlow(
            flow=Flow(
                id=f"{claim.author}:{claim.code}{_whose(household, who)}",
                direction=claim.direction,
                party=naming.shown(claim.author),
                amount_cents=0,
                amounts={day.isoformat(): cents for day, cents in claim.cents_on},
                rhythm=Rhythm(every="dates", dates=tuple(day for day, _ in claim.cents_on)),
                window=Window(later_days=0 if claim.direction == "in" else TERM_LATER_DAYS),
                reference=f"{claim.code}{_whose(household, who)}",
            ),
            code=claim.code, party=claim.author, person=who, what=_claim_words(claim), scheme=None,
            estimate=False, records=(claim.record,),
        )
        for claim in claim_flows(facts, who)
        if claim.cents_on
    ]  # fmt: skip


def _claim_words(claim: ClaimFlow) -> Text:
    words = scheme_words(claim.scheme)
    if claim.direction == "in":
        return Text(f"Nabetaling {words.nl}", f"Back payment of {words.en}")
    return Text(f"Terugbetalen {words.nl}", f"Repaying {words.en}")


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
    terms = payer_window(ALLOWANCE_CALENDAR)
    flow = Flow(
        id=f"{author}:{name}",
        direction="in",
        party=naming.shown(author),
        amount_cents=0,  # a month without a decision pays nothing
        amounts=amounts,
        rhythm=Rhythm(every="calendar", calendar=ALLOWANCE_CALENDAR),
        window=terms.window,
        reference=name,
    )
    return HouseholdFlow(
        flow=flow, code=scheme, party=author, person=who, what=scheme_words(scheme), scheme=scheme,
        estimate=any(standing.estimate for standing in years.values()),
        records=tuple(sorted({r for one in years.values() for r in one.record_of.values()})),
        assumed=terms.assumed,
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
