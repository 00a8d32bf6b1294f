"""The node of Toeslagen: facts of an applicant -> what the law gives -> decisions where it differs.

Pure: the flow asks, signs and sends. A decision holds exactly the months whose amount differs from
the standing decision (Awir 14, 16, 20). Unknown stays unknown: it changes no month, and its outcome
names the missing record. While a record is contested the months have the more favourable amounts,
and the decision says so (P6; what of it is told in held.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from node.held import Hold, floor_of, hold_of
from node.households import Application, Circles, applications, person_ref
from scheduler.contested import Favourable, favourable, joined
from scheduler.derivation import Derivation, Status
from scheduler.derive import derive
from scheduler.folding.contests import cases, worlds_of
from scheduler.folding.facts import Fact, SubjectId, known_facts
from scheduler.folding.known import spells_on
from scheduler.folding.persons import Household
from scheduler.household import fold
from scheduler.rulebook import Rulebook
from specs.canonical import digest_of
from specs.records import ALLOWANCE_SET, AllowanceDecision, DecisionMonth, RecordDraft
from specs.values import Month

SCHEMES: Final = ("zorgtoeslag", "kindgebonden_budget")
REVISION_YEARS_MAX: Final = 5  # Awir 21: no revision to the detriment after five years


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the decisions so far say about one scheme and year: cents and record per month."""

    cents: Mapping[Month, int]
    record_of: Mapping[Month, str]
    record: str  # the latest decision
    estimate: bool
    contests: tuple[str, ...] = ()  # that hold it, as the latest decision says
    if_lost: Mapping[Month, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One scheme and year of one applicant: what was derived, what stood, what to record now."""

    derivation: Derivation
    standing: Standing | None
    draft: RecordDraft | None  # None: nothing differs, or nothing can be said


def decisions_for(
    circles: Circles, touched: Iterable[SubjectId], *, today: date, rulebook: Rulebook
) -> dict[SubjectId, tuple[Outcome, ...]]:
    """The outcomes of every applicant whose household new facts about `touched` can change."""
    around, subjects = circles.near(touched)
    outcomes = {}
    for application in applications(around):
        if application.applicant in subjects:
            facts, _ = circles.near([application.applicant])
            outcomes[application.applicant] = outcomes_of(
                facts, application.applicant, today=today, rulebook=rulebook
            )
    return outcomes


def outcomes_of(
    facts: Sequence[Fact], applicant: SubjectId, *, today: date, rulebook: Rulebook
) -> tuple[Outcome, ...]:
    """The outcomes of one applicant out of the facts around him; nothing without application."""
    asked = applications(facts)
    own = next((one for one in asked if one.applicant == applicant), None)
    if own is None:
        return ()
    seniors = asked[: asked.index(own)]
    return due_decisions(facts, own, others=seniors, today=today, rulebook=rulebook)


def standing_decision(
    facts: Iterable[Fact], applicant: SubjectId, scheme: str, year: int
) -> Standing | None:
    """The decisions about this applicant laid over each other in ledger order; None when none."""
    cents: dict[Month, int] = {}
    record_of: dict[Month, str] = {}
    latest: Fact | None = None
    estimate = True
    for fact in sorted(known_facts(facts, None), key=lambda fact: fact.known):
        data = fact.data
        if not isinstance(data, AllowanceDecision) or fact.subject() != applicant:
            continue
        if data.scheme != scheme or data.year != year:
            continue
        for month in data.months:
            cents[Month.parse(month.month)] = month.cents
            record_of[Month.parse(month.month)] = fact.record
        latest, estimate = fact, data.estimate
    if latest is None:
        return None
    data = latest.data
    assert isinstance(data, AllowanceDecision)  # nothing else was looked at
    return Standing(
        cents=cents, record_of=record_of, record=latest.record, estimate=estimate,
        contests=data.contests,
        if_lost={Month.parse(one.month): one.cents for one in data.if_lost},
    )  # fmt: skip


def due_decisions(
    facts: Sequence[Fact],
    application: Application,
    *,
    others: Sequence[Application],
    today: date,
    rulebook: Rulebook,
) -> tuple[Outcome, ...]:
    """Derive every scheme and year the application asks for, up to the year of `today`.

    `facts` are those around the applicant, decisions included. `others` are the applications of
    other persons senior to this one: months with such a partner are decided with him, once.
    """
    told = [fact for fact in facts if not isinstance(fact.data, AllowanceDecision)]
    found = cases(facts)
    worlds = worlds_of(told, found)
    households = [fold(world, application.applicant, None) for world in worlds.worlds]
    first_year = max(application.first_year, today.year - REVISION_YEARS_MAX)
    outcomes = []
    for scheme in SCHEMES:
        for year in range(first_year, today.year + 1):
            standing = standing_decision(facts, application.applicant, scheme, year)
            seniors = [other.applicant for other in others if other.first_year <= year]
            looks = [
                _look(world, household, scheme, year, seniors, rulebook)
                for world, household in zip(worlds.worlds, households, strict=True)
            ]
            floor, by_amount = floor_of(facts, found, application.applicant, scheme, year)
            best = favourable([look.cents for look in looks], floor)
            derivation = joined([look.derivation for look in looks], best, rulebook, floor)
            hold = hold_of([look.cents for look in looks], worlds, best, by_amount)
            months = _changed(best, looks, standing, hold)
            draft = None
            if months:
                draft = _draft(
                    facts,
                    application,
                    households[best.chosen.get(min(months), 0)],
                    derivation,
                    standing,
                    months,
                    hold,
                    today=today,
                    whole_year=not any(look.elsewhere for look in looks),
                )
            outcomes.append(Outcome(derivation=derivation, standing=standing, draft=draft))
    return tuple(outcomes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What one world of facts gives one applicant in one scheme and year."""

    derivation: Derivation
    elsewhere: Mapping[Month, Status]  # months that are decided with a senior applicant
    cents: Mapping[Month, int | None]  # None: unknown, here or there


def _look(
    facts: Sequence[Fact],
    household: Household,
    scheme: str,
    year: int,
    seniors: Sequence[SubjectId],
    rulebook: Rulebook,
) -> _Look:
    derivation = derive(household, scheme, year, rulebook)
    elsewhere = _elsewhere(facts, household, seniors, derivation, rulebook)
    cents: dict[Month, int | None] = {}
    for month, amount in derivation.months.items():
        there = elsewhere.get(month)
        if there is not None:
            cents[month] = None if there == "unknown" else 0
        else:
            cents[month] = None if amount.status == "unknown" else amount.cents
    return _Look(derivation=derivation, elsewhere=elsewhere, cents=cents)


def _elsewhere(
    facts: Sequence[Fact],
    household: Household,
    seniors: Sequence[SubjectId],
    derivation: Derivation,
    rulebook: Rulebook,
) -> Mapping[Month, Status]:
    """The months that a partner who asked earlier has an amount for, or may have: decided there.

    Where the law gives that partner nothing (the child lives here), the month is decided here.
    """
    partners = {month: partner_in(household, month) for month in derivation.months}
    found: dict[Month, Status] = {}
    for senior in seniors:
        months = [month for month, partner in partners.items() if partner == senior]
        if months:
            theirs = derive(fold(facts, senior, None), derivation.scheme, derivation.year, rulebook)
            for month in months:
                amount = theirs.months.get(month)
                if amount is not None and (amount.status == "unknown" or amount.cents > 0):
                    found[month] = amount.status
    return found


def _changed(
    best: Favourable, looks: Sequence[_Look], standing: Standing | None, hold: Hold
) -> dict[Month, int]:
    """The months to decide anew. A first decision that gives nothing anywhere is none.

    A month decided elsewhere gives nothing here; while it is unknown there, nothing changes here.
    When another contest holds the decision, or none any more, the months that it is about are
    told again with what they are now.
    """
    known = {month: cents for month, cents in best.cents.items() if cents is not None}
    if standing is None:
        here = {
            month: cents
            for month, cents in known.items()
            if month not in looks[best.chosen[month]].elsewhere
        }
        return here if any(here.values()) else {}
    changed = {
        month: cents for month, cents in known.items() if standing.cents.get(month, 0) != cents
    }
    if (standing.contests, dict(standing.if_lost)) != (hold.contests, dict(hold.if_lost)):
        about = standing.if_lost.keys() | hold.if_lost.keys()
        changed |= {month: known[month] for month in about or known if month in known}
    return changed


def partner_in(household: Household, month: Month) -> SubjectId | None:
    """The toeslagpartner on the first day of a month (Awir 5); None for nobody or unknown."""
    for spell in spells_on(household.partners, month.first_day):
        if isinstance(spell.value, str):
            return spell.value
    return None


def _draft(
    facts: Sequence[Fact],
    application: Application,
    household: Household,
    derivation: Derivation,
    standing: Standing | None,
    months: Mapping[Month, int],
    hold: Hold,
    *,
    today: date,
    whole_year: bool,
) -> RecordDraft | None:
    person = person_ref(facts, application.applicant)
    if person is None:
        return None  # without a BSN nobody can be named to another member; the desk has him
    partners = [partner for month in months if (partner := partner_in(household, month))]
    data = AllowanceDecision(
        person=person,
        partner=person_ref(facts, partners[-1]) if partners else None,
        scheme=derivation.scheme,
        year=derivation.year,
        estimate=derivation.estimate or bool(hold.contests),
        # With months decided for a senior applicant the award of the year is not this one's alone.
        award_year_cents=derivation.award_year_cents if whole_year else None,
        months=tuple(
            DecisionMonth(month=str(month), cents=months[month]) for month in sorted(months)
        ),
        rule_digest=derivation.rule_digest,
        confidence=derivation.confidence,
        inputs=tuple(sorted({*derivation.inputs, *hold.contests, application.record})),
        replaces=None if standing is None else standing.record,
        decided_on=today,
        contests=hold.contests,
        if_lost=tuple(
            DecisionMonth(month=str(month), cents=hold.if_lost[month])
            for month in sorted(hold.if_lost)
        ),
    )
    # The same facts give the same decision and the same id, also when a crash repeats it on another
    # day: the first one stands (flow.py).
    content = digest_of(data.model_dump(mode="json", exclude={"person", "partner", "decided_on"}))
    return RecordDraft(
        type=ALLOWANCE_SET,
        source_event_id=f"toeslag/{application.applicant}/{content}",
        data=data,
        valid_from=min(months).first_day,
        valid_until=max(months).plus(1).first_day,
        where=f"{derivation.scheme} {derivation.year}",
    )
