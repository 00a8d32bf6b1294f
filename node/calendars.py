"""The read models of the household pages: what a household gets, pays, and why (CalendarPort).

Nothing is kept here: every view is a function of the facts this node holds and the day. What is
kept for the pages, and until when, is told in stored_calendars.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Final

from node.calendar_file import missed_views, record_views
from node.decisions import Outcome, Standing, outcomes_of, standing_decision
from node.flows import Naming
from node.fresh_circles import FreshCircles
from node.households import EnrolledHousehold, FactSource, enrolled, every_household, person_ref
from node.paydate.notices import notices_of
from node.paydate.outcome import PlanOutcome
from node.paydate.signals import HouseholdSignal, signals_now
from node.plans import due_plan, first_choice
from node.portal.calendar_changes import changes_of
from node.portal.calendar_lines import balances, line_views, months_planned, not_planned_views
from node.portal.calendar_notices import notice_views, signal_views
from node.portal.calendar_views import (
    HouseholdView,
    MissedView,
    MonthView,
    RecordView,
    SourceView,
    StepView,
    UnknownView,
    WhyView,
)
from node.portal.calendar_words import AGENCY_WORDS, record_words, scheme_words
from scheduler.derivation import TraceStep
from scheduler.documents.calc_answer import step_json
from scheduler.explain import explain
from scheduler.folding.facts import Fact, SubjectId, known_facts
from scheduler.folding.known import Text
from scheduler.paydays import PayCalendars
from scheduler.planning.plan_board import pay_date
from scheduler.planning.plan_explain import pay_date_reason
from scheduler.rulebook import Rulebook
from specs.records import AllowanceDecision
from specs.values import Month

NO_PLAN: Final = Text("Uw plan is nog niet vastgesteld.", "Your plan has not been recorded yet.")
WAITING: Final = Text(
    "Wij wachten op het besluit over uw toeslagen. Daarna kiezen wij uw betaaldag.",
    "We wait for the decision on your allowances. Then we choose your pay date.",
)
OTHER_FACTS: Final = Text(
    "Dienst Toeslagen besliste met gegevens die wij niet hebben.",
    "Dienst Toeslagen decided with data that we do not have.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """All that is known of one household now."""

    facts: Sequence[Fact]
    household: EnrolledHousehold
    outcome: PlanOutcome
    derived: Mapping[SubjectId, tuple[Outcome, ...]]
    notices: Sequence[Fact]
    signals: Sequence[HouseholdSignal]


def _same(rulebook: Rulebook) -> Rulebook:
    return rulebook


class Calendars:
    """The views of one municipality's node; blocking, safe to call from several threads."""

    def __init__(
        self,
        facts: FactSource,
        *,
        member: str,
        today: Callable[[], date],
        rulebook: Rulebook | Callable[[], Rulebook],
        calendars: PayCalendars,
        phone: str,
        names: Mapping[str, str],
    ) -> None:
        self._facts = facts
        self._naming = Naming(member=member, names={**AGENCY_WORDS, **names})
        self._today = today
        # A running node asks each time: a release or recall counts from its entry on.
        self._rules: Callable[[], Rulebook] = (
            partial(_same, rulebook) if isinstance(rulebook, Rulebook) else rulebook
        )
        self._calendars = calendars
        self._phone = phone
        self._circles = FreshCircles()

    def households(self) -> Sequence[HouseholdView]:
        """Every enrolled household, by name."""
        found = every_household(self._facts)
        views = [HouseholdView(id=one.applicant, name=_name(one)) for one in found]
        return sorted(views, key=lambda view: (view.name, view.id))

    def outcome(self, household: str) -> PlanOutcome:
        """The plan of a household as it is now; raises LookupError."""
        return self._known(household).outcome

    def derived(self, household: str) -> Mapping[SubjectId, tuple[Outcome, ...]]:
        """What the law gives each applicant of a household, by this node's facts."""
        return self._known(household).derived

    def today(self) -> date:
        """The day for which everything is worked out."""
        return self._today()

    def month_view(self, household: str, month: Month) -> MonthView:
        """One month of one household; raises LookupError when the household is unknown."""
        return self._month(self._known(household), month)

    def month_views(self, household: str, months: Sequence[Month]) -> dict[Month, MonthView]:
        """Several months of one household, its facts read once; raises LookupError."""
        known = self._known(household)
        return {month: self._month(known, month) for month in months}

    def _month(self, known: _Known, month: Month) -> MonthView:
        outcome = known.outcome
        lines = line_views(outcome, month, _people(known))
        income = sum(line.cents for line in lines if line.direction == "in")
        charges = sum(line.cents for line in lines if line.direction == "out")
        planned = months_planned(outcome)
        why = self._why_this_day(outcome, month) if lines else _no_plan(known)
        return MonthView(
            household_name=_name(known.household),
            month=month,
            pay_date=_pay_date(outcome, month) if lines else None,
            pay_day_why_nl=why.nl,
            pay_day_why_en=why.en,
            left_to_spend_cents=income - charges,
            income_cents=income,
            charges_cents=charges,
            lines=lines,
            changes=changes_of(
                known.facts,
                outcome,
                known.derived,
                month,
                Month.of(self._today()),
                self._calendars,
            ),
            unknowns=_unknowns(known.derived, month),
            not_planned=not_planned_views(outcome),
            previous=month.plus(-1) if planned and planned[0] < month else None,
            next=month.plus(1) if planned and month < planned[1] else None,
            phone=self._phone,
            balance_before=balances(outcome, month, "natural_date"),
            balance_after=balances(outcome, month, "planned_date"),
            notices=notice_views(known.notices, outcome, month, self._today()),
            signals=signal_views(known.signals, outcome, month, self._today()) if lines else (),
        )

    def why(self, household: str, scheme: str, month: Month) -> WhyView:
        """Why an allowance is what it is; raises LookupError when nothing was decided for it."""
        known = self._known(household)
        who, standing, decision = _decided(known, scheme, month)
        steps = _steps(known.derived.get(who, ()), scheme, month)
        cents = standing.cents[month]
        agrees = _recomputed(known.derived.get(who, ()), scheme, month) == cents
        words = scheme_words(scheme)
        by_record = {fact.record: fact for fact in known.facts}
        return WhyView(
            scheme_nl=words.nl,
            scheme_en=words.en,
            month=month,
            cents=cents,
            year_cents=decision.award_year_cents,
            estimate=standing.estimate,
            steps=tuple(self._step(by_record, step) for step in steps)
            if agrees
            else (_not_ours(cents),),
            rule_version=steps[0].rule if steps else "",
            rule_digest=decision.rule_digest,
            receipt_path=f"/v1/receipts/{standing.record_of[month]}",
            decision=standing.record_of[month],
            held=bool(standing.contests),
            if_lost_cents=standing.if_lost.get(month),
        )

    def missed(self, household: str) -> Sequence[MissedView]:
        """Rights derived but not received this year; a couple's is told once. LookupError."""
        known = self._known(household)
        circles, members = self._circles.of(self._facts), known.household.members
        around = {who: circles.near([who])[0] for who in members}
        return missed_views(around, today=self._today(), rulebook=self._rules())

    def file(self, household: str) -> Sequence[RecordView]:
        """Every record here that names a member, the newest first; raises LookupError."""
        known = self._known(household)
        return record_views(known.facts, known.household.members, self._naming)

    def trace(self, household: str, scheme: str, month: Month) -> Mapping[str, object]:
        """The same reckoning as plain data, with what this node computes itself (A4)."""
        known = self._known(household)
        who, standing, decision = _decided(known, scheme, month)
        return {
            "scheme": scheme,
            "month": str(month),
            "cents": standing.cents[month],
            "recomputed_cents": _recomputed(known.derived.get(who, ()), scheme, month),
            "decision": standing.record_of[month],
            "award_year_cents": decision.award_year_cents,
            "estimate": decision.estimate,
            "confidence": decision.confidence,
            "rule_digest": decision.rule_digest,
            "inputs": list(decision.inputs),
            "steps": [
                step_json(step) for step in _steps(known.derived.get(who, ()), scheme, month)
            ],
        }

    def _known(self, household: str) -> _Known:
        circles = self._circles.of(self._facts)
        facts, _ = circles.near([SubjectId(household)])
        found = next((one for one in enrolled(facts) if one.applicant == household), None)
        if found is None:
            raise LookupError("no such household here")
        facts, _ = circles.near(found.members)
        today = self._today()
        outcome = due_plan(
            facts, found, naming=self._naming, today=today, calendars=self._calendars
        )
        derived = {}
        for who in found.members:
            around, _ = circles.near([who])
            derived[who] = outcomes_of(around, who, today=today, rulebook=self._rules())
        return _Known(
            facts=facts, household=found, outcome=outcome, derived=derived,
            notices=notices_of(facts, found), signals=signals_now(facts, outcome),
        )  # fmt: skip

    def _why_this_day(self, outcome: PlanOutcome, month: Month) -> Text:
        """Why the household's day was chosen, and this month's deviation from it."""
        why = first_choice(outcome, self._calendars) or outcome.plan.why
        day = outcome.plan.day
        moved = pay_date_reason(day, month, pay_date(day, month))
        return why if moved is None else Text(f"{why.nl} {moved.nl}", f"{why.en} {moved.en}")

    def _step(self, by_record: Mapping[str, Fact], step: TraceStep) -> StepView:
        """One step; the records stand with the facts they tell, not again with what is reckoned."""
        told = explain(step)
        records = told.records if step.kind == "input" else ()
        sources = [self._source(by_record[record]) for record in records if record in by_record]
        # Ten records of one kind say the same thing to a reader; the trace names them all.
        alike = {(source.agency, source.what_nl): source for source in sources}
        return StepView(
            sentence_nl=told.sentence.nl,
            sentence_en=told.sentence.en,
            cents=told.cents,
            article=told.article,
            article_url=told.article_url,
            inputs=tuple(alike.values()),
            kind=step.kind,
        )

    def _source(self, fact: Fact) -> SourceView:
        words = record_words(fact)
        return SourceView(
            record=fact.record,
            agency=self._naming.shown(fact.author),
            what_nl=words.nl,
            what_en=words.en,
            day=fact.valid_from,
        )


def _name(household: EnrolledHousehold) -> str:
    return f"Huishouden {household.surname}"


def _people(known: _Known) -> dict[SubjectId, str]:
    """What tells the members apart: their surnames, with the year of birth where one is shared."""
    refs = {who: person_ref(known.facts, who) for who in known.household.members}
    surnames = Counter(ref.surname for ref in refs.values() if ref is not None)
    return {
        who: ref.surname
        if surnames[ref.surname] == 1 or ref.birth_date is None
        else f"{ref.surname} ({ref.birth_date.year})"
        for who, ref in refs.items()
        if ref is not None
    }


def _no_plan(known: _Known) -> Text:
    """Why nothing stands in a month."""
    due = any(outcome.draft for outcomes in known.derived.values() for outcome in outcomes)
    return WAITING if known.outcome.standing is None and due else NO_PLAN


def _pay_date(outcome: PlanOutcome, month: Month) -> date:
    day = outcome.plan.day if outcome.standing is None else outcome.standing.day
    return pay_date(day, month)


def _unknowns(
    derived: Mapping[SubjectId, tuple[Outcome, ...]], month: Month
) -> tuple[UnknownView, ...]:
    """Allowances of the month that nobody can compute yet, and what is missing."""
    found = []
    for outcomes in derived.values():
        for outcome in outcomes:
            amount = outcome.derivation.months.get(month)
            if amount is None or amount.status != "unknown" or amount.because is None:
                continue
            words = scheme_words(outcome.derivation.scheme)
            found.append(
                UnknownView(
                    what_nl=words.nl,
                    what_en=words.en,
                    missing_nl=amount.because.nl,
                    missing_en=amount.because.en,
                )
            )
    return tuple(found)


def _decided(
    known: _Known, scheme: str, month: Month
) -> tuple[SubjectId, Standing, AllowanceDecision]:
    """Whose allowance of this scheme stands for the month, and by which decision."""
    for who in known.household.members:
        standing = standing_decision(known.facts, who, scheme, month.year)
        if standing is not None and month in standing.cents:
            record = standing.record_of[month]
            for fact in known_facts(known.facts, None):
                if fact.record == record and isinstance(fact.data, AllowanceDecision):
                    return who, standing, fact.data
    raise LookupError("nothing was decided for this month")


def _steps(outcomes: Sequence[Outcome], scheme: str, month: Month) -> tuple[TraceStep, ...]:
    for outcome in outcomes:
        derivation = outcome.derivation
        if (derivation.scheme, derivation.year) == (scheme, month.year):
            return derivation.steps_for(month)
    return ()


def _recomputed(outcomes: Sequence[Outcome], scheme: str, month: Month) -> int | None:
    """What this node itself computes for the month; None when it cannot."""
    for outcome in outcomes:
        derivation = outcome.derivation
        if (derivation.scheme, derivation.year) == (scheme, month.year):
            amount = derivation.months.get(month)
            return None if amount is None or amount.status == "unknown" else amount.cents
    return None


def _not_ours(cents: int) -> StepView:
    """Said instead of a reckoning that does not end in the decided amount."""
    return StepView(
        sentence_nl=OTHER_FACTS.nl,
        sentence_en=OTHER_FACTS.en,
        cents=cents,
        article="Algemene wet inkomensafhankelijke regelingen, artikel 14",
        article_url="https://wetten.overheid.nl/BWBR0018472",
        inputs=(),
    )
