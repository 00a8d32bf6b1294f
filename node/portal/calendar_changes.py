"""What changed since last month, and because of which record. Pure.

Two kinds: an amount that differs from the one before it, and an allowance of this month that a
later decision revised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from node.decisions import Outcome
from node.flows import HouseholdFlow
from node.paydate.outcome import PlanOutcome
from node.portal.calendar_lines import flows_by_key
from node.portal.calendar_views import ChangeView
from node.portal.calendar_words import cause_words, scheme_words
from scheduler.derivation import Derivation, TraceStep
from scheduler.explain import explain
from scheduler.folding.facts import Fact, known_facts
from scheduler.folding.known import Text
from scheduler.paydays import PayCalendars
from scheduler.planning.flows import Occurrence, occurrences
from specs.records import (
    AllowanceDecision,
    Birth,
    Death,
    IncomeRelation,
    IncomeStatement,
    Move,
    Statement,
    Union,
)
from specs.values import Month

NEW_YEAR: Final = Text("Op 1 januari gelden nieuwe bedragen.", "New amounts apply from 1 January.")
NEW_DECISION: Final = Text(
    "Dienst Toeslagen heeft een besluit genomen.", "Dienst Toeslagen took a decision."
)
NEW_AMOUNT: Final = Text("{party} gaf een nieuw bedrag door.", "{party} passed on a new amount.")
BEGUN: Final = Text("Dit is nieuw vanaf deze maand.", "This is new from this month.")
STOPPED: Final = Text("Dit is gestopt.", "This has stopped.")
TWICE: Final = Text(
    "Deze betaling valt deze maand {count} keer.", "This payment falls {count} times this month."
)
FEWER: Final = Text(
    "Deze betaling viel vorige maand {count} keer.", "This payment fell {count} times last month."
)
EVERY_MONTH: Final = ("month", "calendar", "four_weeks")
# The records that tell most about a change come first.
TELLING: Final = (Union, Birth, Death, IncomeRelation, Move, IncomeStatement, Statement)
RECORDS_SHOWN_MAX: Final = 12


def changes_of(
    facts: Sequence[Fact],
    outcome: PlanOutcome,
    derived: Mapping[str, Sequence[Outcome]],
    month: Month,
    current: Month,
    calendars: PayCalendars,
) -> tuple[ChangeView, ...]:
    """Every change of a month. `derived` holds, by person, what the law gives; revisions are shown
    in the `current` month only.
    """
    found: list[ChangeView] = []
    for versions in flows_by_key(outcome.flows).values():
        flow = versions[-1]
        change = _of_flow(versions, derived.get(flow.person, ()), month, calendars)
        if change is not None:
            found.append(change)
        if month == current and flow.scheme is not None:
            found += _revisions(facts, flow, month)
    return tuple(found)


def _of_flow(
    versions: Sequence[HouseholdFlow],
    derived: Sequence[Outcome],
    month: Month,
    calendars: PayCalendars,
) -> ChangeView | None:
    """This month's payments of one flow beside last month's."""
    flow = versions[-1]
    if any(one.flow.rhythm.every not in EVERY_MONTH for one in versions):
        return None
    before, now = (
        [
            (one, paid)
            for one in versions
            for paid in occurrences(one.flow.rhythm, of_month, 1, calendars)[0]
        ]
        for of_month in (month.plus(-1), month)
    )
    was, becomes = (sum(one.flow.cents_in(paid) for one, paid in each) for each in (before, now))
    if was == becomes or _by_the_quarter(before, now):
        return None
    cause, records = _cause(flow, before, now, derived)
    return ChangeView(
        what_nl=flow.what.nl,
        what_en=flow.what.en,
        month=month,
        before_cents=was,
        after_cents=becomes,
        cause_nl=cause.nl,
        cause_en=cause.en,
        records=records,
    )


Paid = Sequence[tuple[HouseholdFlow, Occurrence]]


def _by_the_quarter(before: Paid, now: Paid) -> bool:
    """A payment for a quarter comes and goes; that it does is no change."""
    return any("Q" in paid.period for _, paid in (*before, *now))


def _cause(
    flow: HouseholdFlow, before: Paid, now: Paid, derived: Sequence[Outcome]
) -> tuple[Text, tuple[str, ...]]:
    if flow.scheme is not None:
        periods = [Month.parse(paid.period) for _, paid in (*before, *now)]
        return _allowance_cause(flow, derived, min(periods), max(periods))
    if not before:
        return BEGUN, now[0][0].records
    if not now:
        return STOPPED, before[-1][0].records
    if len(now) > len(before):
        return _counted(TWICE, len(now)), ()
    if len(now) < len(before):
        return _counted(FEWER, len(before)), ()
    party = flow.flow.party
    text = Text(NEW_AMOUNT.nl.format(party=party), NEW_AMOUNT.en.format(party=party))
    return text, now[-1][0].records


def _counted(text: Text, count: int) -> Text:
    return Text(text.nl.format(count=count), text.en.format(count=count))


def _allowance_cause(
    flow: HouseholdFlow, derived: Sequence[Outcome], was: Month, becomes: Month
) -> tuple[Text, tuple[str, ...]]:
    """The first input of the reckoning that differs between the two months, in its own sentence."""
    if was.year != becomes.year:
        return NEW_YEAR, ()
    for outcome in derived:
        derivation = outcome.derivation
        if derivation.scheme == flow.scheme and derivation.year == becomes.year:
            step = _first_difference(derivation, was, becomes)
            if step is not None:
                return explain(step).sentence, step.records[:RECORDS_SHOWN_MAX]
    return NEW_DECISION, flow.records


def _first_difference(derivation: Derivation, was: Month, becomes: Month) -> TraceStep | None:
    old = {step.name: (step.value, step.says) for step in derivation.steps_for(was)}
    for step in derivation.steps_for(becomes):
        if step.kind in ("input", "condition") and old.get(step.name) != (step.value, step.says):
            return step
    return None


def _revisions(facts: Sequence[Fact], flow: HouseholdFlow, month: Month) -> list[ChangeView]:
    """What a later decision made of this month's allowance, when it replaced another amount."""
    period = str(month.plus(1))  # Awir 22: paid in the month before
    decided = [
        (fact, fact.data, cents)
        for fact in sorted(known_facts(facts, None), key=lambda fact: fact.known)
        if isinstance(fact.data, AllowanceDecision)
        and fact.subject() == flow.person
        and fact.data.scheme == flow.scheme
        for cents in [one.cents for one in fact.data.months if one.month == period]
    ]
    if len(decided) < 2 or decided[-2][2] == decided[-1][2]:
        return []
    (_, before, was), (_, after, becomes) = decided[-2:]
    new = [fact for fact in facts if fact.record in set(after.inputs) - set(before.inputs)]
    words = scheme_words(after.scheme)
    cause = _told_by(new)
    return [
        ChangeView(
            what_nl=f"{words.nl}: nieuw besluit",
            what_en=f"{words.en}: new decision",
            month=month.plus(1),
            before_cents=was,
            after_cents=becomes,
            cause_nl=cause.nl,
            cause_en=cause.en,
            records=tuple(fact.record for fact in new)[:RECORDS_SHOWN_MAX],
        )
    ]


def _told_by(records: Sequence[Fact]) -> Text:
    for kind in TELLING:
        telling = [fact for fact in records if isinstance(fact.data, kind)]
        if telling:
            return cause_words(max(telling, key=lambda fact: (fact.valid_from, fact.known)))
    return NEW_DECISION
