"""The amounts that a contest holds, as a household reads them: paid now, due if lost. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from node.claims import pay_day, standing_terms, term_date
from node.contests.views import HeldRun
from node.decisions import REVISION_YEARS_MAX, SCHEMES, outcomes_of, standing_decision
from node.held_claims import suspended_by
from node.households import Circles
from node.portal.calendar_words import scheme_words
from scheduler.folding.facts import Fact, SubjectId
from scheduler.paydays import PayerCalendar
from scheduler.rulebook import Rulebook
from specs.records import AllowanceDecision, PartyPlan, Reclaim, RepaymentTerms
from specs.values import Month


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """What is held, and what of it was paid by now and would be due."""

    runs: tuple[HeldRun, ...]
    due_if_lost_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Month:
    before: int
    paid: int
    lost: int


def amounts_now(
    facts: Sequence[Fact],
    members: Iterable[SubjectId],
    case: str,
    *,
    today: date,
    calendar: PayerCalendar,
) -> Amounts:
    """What the standing decisions say that this case holds."""
    runs: list[HeldRun] = []
    due = 0
    for who in members:
        planned = _planned(facts, who)
        for scheme in SCHEMES:
            for year in range(today.year - REVISION_YEARS_MAX, today.year + 1):
                standing = standing_decision(facts, who, scheme, year)
                if standing is None or case not in standing.contests:
                    continue
                months = {
                    month: _Month(before=lost, paid=standing.cents[month], lost=lost)
                    for month, lost in standing.if_lost.items()
                    if month in standing.cents
                }
                runs += _runs(scheme, months)
                due += _due(scheme, months, planned, calendar, today)
    return Amounts(runs=tuple(runs), due_if_lost_cents=due)


def amounts_with(
    circles: Circles,
    members: Iterable[SubjectId],
    contest: Fact,
    *,
    today: date,
    rulebook: Rulebook,
    calendar: PayerCalendar,
) -> Amounts:
    """What would be decided if this contest were recorded now."""
    runs: list[HeldRun] = []
    due = 0
    for who in members:
        facts, _ = circles.near([who])
        planned = _planned(facts, who)
        for outcome in outcomes_of([*facts, contest], who, today=today, rulebook=rulebook):
            data = None if outcome.draft is None else outcome.draft.data
            if not isinstance(data, AllowanceDecision) or contest.record not in data.contests:
                continue
            standing = {} if outcome.standing is None else dict(outcome.standing.cents)
            decided = standing | {Month.parse(one.month): one.cents for one in data.months}
            lost = {Month.parse(one.month): one.cents for one in data.if_lost}
            months = {
                month: _Month(
                    before=standing.get(month, 0), paid=cents, lost=lost.get(month, cents)
                )
                for month, cents in decided.items()
                if cents != standing.get(month, 0) or month in lost
            }
            runs += _runs(data.scheme, months)
            due += _due(data.scheme, months, planned, calendar, today)
    return Amounts(runs=tuple(runs), due_if_lost_cents=due)


def suspended_cents(
    facts: Sequence[Fact], members: Collection[SubjectId], case: str, today: date
) -> int:
    """What is not asked meanwhile of the claims that rest on what this case contests."""
    total = 0
    for who in members:
        terms = standing_terms(facts, who)
        for fact in facts:
            data = fact.data
            if not isinstance(data, Reclaim) or fact.subject() != who:
                continue
            if case in suspended_by(facts, fact.record, data):
                total += data.cents - _settled(terms.get(fact.record), today)
    return total


def _settled(terms: RepaymentTerms | None, today: date) -> int:
    """What of a claim was lifted, or asked in terms that are past."""
    if terms is None:
        return 0
    past = [one.cents for one in terms.terms if term_date(Month.parse(one.month)) <= today]
    return terms.lifted_cents + sum(past)


def _planned(facts: Iterable[Fact], who: SubjectId) -> dict[tuple[str, str], date]:
    """The agreed days of the person's payments, by flow and period."""
    return {
        (line.flow, line.period): line.planned_date
        for fact in sorted(facts, key=lambda fact: fact.known)
        if isinstance(fact.data, PartyPlan) and fact.subject() == who
        for line in fact.data.lines
    }


def _due(
    scheme: str,
    months: Mapping[Month, _Month],
    planned: Mapping[tuple[str, str], date],
    calendar: PayerCalendar,
    today: date,
) -> int:
    """What was paid more by now than is due if the contest is lost."""
    return sum(
        max(0, one.paid - one.lost)
        for month, one in months.items()
        if pay_day(scheme, month, planned, calendar) <= today
    )


def _runs(scheme: str, months: Mapping[Month, _Month]) -> list[HeldRun]:
    words = scheme_words(scheme)
    found: list[tuple[Month, Month, _Month]] = []
    for month in sorted(months):
        if found and found[-1][2] == months[month] and found[-1][1].plus(1) == month:
            found[-1] = (found[-1][0], month, months[month])
        else:
            found.append((month, month, months[month]))
    return [
        HeldRun(
            scheme_nl=words.nl, scheme_en=words.en, first=first, last=last,
            before_cents=one.before, paid_cents=one.paid, lost_cents=one.lost,
        )
        for first, last, one in found
    ]  # fmt: skip
