"""The node of Toeslagen: a correction of months already paid -> claims, each its own record (P5).

Pure, and a function of the recorded decisions: whatever a crash repeats, a decision gives the same
claims. In favour: one back payment, at once. Against: one reclaim, announced and contestable,
and terms within the protected minimum. A month's cents are decided = paid on its pay day + claims
(P4). What is still to be paid on its own day needs no claim.

While a contest is open nothing is asked of a claim that rests on what it contests, and what a held
decision gives back is first taken off the claims on the same months: nobody is paid what he is then
asked for (P6).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, Literal

from node.held_claims import OpenClaims, suspended_by
from node.households import Circles, person_ref
from node.repayment import equal_terms as equal_terms
from node.repayment import first_term as first_term
from node.repayment import term_date as term_date
from scheduler.derive import derive
from scheduler.folding.contests import cases, settled
from scheduler.folding.facts import Fact, SubjectId, known_facts
from scheduler.folding.known import Known
from scheduler.household import fold
from scheduler.paydays import PayerCalendar
from scheduler.planning.banking import next_banking_day
from scheduler.rulebook import Rulebook
from specs.canonical import digest_of
from specs.records import (
    BACK_PAYMENT_SET,
    RECLAIM_SET,
    TERMS_SET,
    AllowanceDecision,
    BackPayment,
    DecisionMonth,
    PartyPlan,
    PersonRef,
    Reclaim,
    RecordDraft,
    RepaymentTerms,
)
from specs.values import Month

CALENDAR: Final = "toeslagen"
SIX_WEEKS: Final = timedelta(weeks=6)  # Awir 28 lid 1; Awb 6:7
TERMS: Final = 24  # Uitvoeringsregeling Awir 7: 24 equal months
PROTECTED: Final = "beslagvrije_voet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What one decision changed about months paid before it: cents per month, both ways."""

    decision: Fact
    up: Mapping[Month, int]
    down: Mapping[Month, int]
    lifted: Mapping[str, int] = field(default_factory=dict)  # by decision whose claim it was


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimFlow:
    """A claim as the household's calendar sees it: on which days how many cents, and why."""

    record: str
    author: str
    code: str  # the payer's own name for it
    direction: Literal["in", "out"]
    scheme: str
    cents_on: tuple[tuple[date, int], ...]


def claim_flows(facts: Iterable[Fact], subject: SubjectId) -> tuple[ClaimFlow, ...]:
    """The back payments and the terms in force of one person, in ledger order."""
    found: dict[str, ClaimFlow] = {}
    for fact in sorted(known_facts(facts, None), key=lambda fact: fact.known):
        data = fact.data
        if fact.subject() != subject or not isinstance(data, BackPayment | RepaymentTerms):
            continue
        if isinstance(data, BackPayment):
            days: tuple[tuple[date, int], ...] = ((data.pay_on, data.cents),)
        else:
            days = tuple((term_date(Month.parse(one.month)), one.cents) for one in data.terms)
        found[data.flow] = ClaimFlow(
            record=fact.record, author=fact.author, code=data.flow, scheme=data.scheme,
            direction="in" if isinstance(data, BackPayment) else "out", cents_on=days,
        )  # fmt: skip
    return tuple(found.values())


def claims_for(
    circles: Circles,
    touched: Iterable[SubjectId],
    *,
    today: date,
    calendar: PayerCalendar,
    rulebook: Rulebook,
) -> list[RecordDraft]:
    """The claims and terms that the decisions about these subjects ask for and that are not yet
    recorded, by applicant.
    """
    drafts: list[RecordDraft] = []
    for subject in sorted(set(touched)):
        facts, _ = circles.near([subject])
        drafts += due_claims(facts, subject, calendar)
        drafts += due_terms(facts, subject, today=today, calendar=calendar, rulebook=rulebook)
    return drafts


def due_claims(
    facts: Sequence[Fact], applicant: SubjectId, calendar: PayerCalendar
) -> list[RecordDraft]:
    """The claims of every decision about one applicant that no record states yet."""
    person = person_ref(facts, applicant)
    if person is None:
        return []
    known = {
        (fact.type, fact.data.decision)
        for fact in facts
        if isinstance(fact.data, BackPayment | Reclaim)
    }
    drafts: list[RecordDraft] = []
    for changed in corrections(facts, applicant, calendar):
        record = changed.decision.record
        if changed.up and (BACK_PAYMENT_SET, record) not in known:
            drafts.append(_back_payment(changed, person))
        if changed.down and (RECLAIM_SET, record) not in known:
            drafts.append(_reclaim(changed, person))
    return drafts


def corrections(
    facts: Iterable[Fact], applicant: SubjectId, calendar: PayerCalendar
) -> list[Changed]:
    """Per decision, in ledger order, what it changed about months whose pay day had come.

    A scheme that was ever decided by figures of a secondary source is not paid (A1): no claims.
    """
    facts = list(facts)
    unpaid = {
        fact.data.scheme
        for fact in facts
        if isinstance(fact.data, AllowanceDecision)
        and fact.subject() == applicant
        and fact.data.confidence == "secondary"
    }
    standing: dict[tuple[str, Month], int] = {}
    planned: dict[tuple[str, str], date] = {}
    found: list[Changed] = []
    open_claims = OpenClaims(facts, applicant)
    for fact in sorted(known_facts(facts, None), key=lambda fact: fact.known):
        if fact.subject() != applicant:
            continue
        if isinstance(fact.data, PartyPlan):
            planned |= {(one.flow, one.period): one.planned_date for one in fact.data.lines}
        data = fact.data
        if not isinstance(data, AllowanceDecision) or data.scheme in unpaid:
            continue
        up: dict[Month, int] = {}
        down: dict[Month, int] = {}
        for one in data.months:
            month = Month.parse(one.month)
            difference = one.cents - standing.get((data.scheme, month), 0)
            standing[data.scheme, month] = one.cents
            if pay_day(data.scheme, month, planned, calendar) > data.decided_on:
                continue
            if difference:
                (up if difference > 0 else down)[month] = abs(difference)
        lifted: dict[str, int] = {}
        if data.contests:
            up, lifted = open_claims.lift(fact, data, up)
        open_claims.add(fact.record, data.scheme, down)
        found.append(Changed(decision=fact, up=up, down=down, lifted=lifted))
    return [one for one in found if one.up or one.down or one.lifted]


def pay_day(
    scheme: str,
    month: Month,
    planned: Mapping[tuple[str, str], date],
    calendar: PayerCalendar,
) -> date:
    """When a month is paid: on the household's pay date, else on the payer's own, in the month
    before it (Awir 22)."""
    agreed = planned.get((scheme, str(month)))
    if agreed is not None:
        return agreed
    own = calendar.in_month(month.plus(-1))
    assert own is not None  # toeslagen are paid every month
    return own.day


def due_terms(
    facts: Sequence[Fact],
    applicant: SubjectId,
    *,
    today: date,
    calendar: PayerCalendar,
    rulebook: Rulebook,
) -> list[RecordDraft]:
    """Terms for every reclaim whose standing terms do not fit what the household can bear now, or
    that a contest suspends, or a decision lifts in part.
    """
    person = person_ref(facts, applicant)
    reclaims = [
        (fact.record, fact.data)
        for fact in sorted(known_facts(facts, None), key=lambda fact: fact.known)
        if isinstance(fact.data, Reclaim) and fact.subject() == applicant
    ]
    if person is None or not reclaims:
        return []
    room, inputs = room_above_minimum(facts, applicant, today, rulebook)
    standing = standing_terms(facts, applicant)
    lifted = lifted_cents(facts, applicant, calendar)
    taken: dict[Month, int] = {}
    drafts: list[RecordDraft] = []
    for record, claim in reclaims:
        before = standing.get(record)
        contests = suspended_by(facts, record, claim)
        off = lifted.get(claim.decision, 0)
        terms = _terms(claim, before, None if contests else room, taken, today, off)
        for month, cents in terms.items():
            taken[month] = taken.get(month, 0) + cents
        data = RepaymentTerms(
            person=person, claim=record, scheme=claim.scheme, flow=claim.flow, cents=claim.cents,
            terms=_months(terms), open_cents=claim.cents - off - sum(terms.values()),
            room_cents=room, inputs=inputs, decided_on=today, contests=contests, lifted_cents=off,
        )  # fmt: skip
        if before is None or _asks(before) != _asks(data):
            drafts.append(_terms_draft(data, applicant, before))
    return drafts


def _asks(data: RepaymentTerms) -> tuple[object, ...]:
    """What the household is told: another room alone is no news."""
    return data.terms, data.contests, data.lifted_cents


def standing_terms(facts: Iterable[Fact], applicant: SubjectId) -> dict[str, RepaymentTerms]:
    """The terms in force by claim: the latest record about it."""
    found: dict[str, RepaymentTerms] = {}
    for fact in sorted(known_facts(facts, None), key=lambda fact: fact.known):
        if isinstance(fact.data, RepaymentTerms) and fact.subject() == applicant:
            found[fact.data.claim] = fact.data
    return found


def lifted_cents(
    facts: Iterable[Fact], applicant: SubjectId, calendar: PayerCalendar
) -> dict[str, int]:
    """What held decisions took off claims before they were paid, by the decision of the claim."""
    found: dict[str, int] = {}
    for changed in corrections(facts, applicant, calendar):
        for decision, cents in changed.lifted.items():
            found[decision] = found.get(decision, 0) + cents
    return found


def room_above_minimum(
    facts: Sequence[Fact], applicant: SubjectId, today: date, rulebook: Rulebook
) -> tuple[int | None, tuple[str, ...]]:
    """What the latest month whose income is known leaves above the protected minimum (Rv 475d:
    reckoned by the latest month), with the records behind it; None while nothing tells it.
    """
    told = [fact for fact in facts if not isinstance(fact.data, AllowanceDecision)]
    household = fold(settled(told, cases(facts)), applicant, None)
    person = household.persons.get(applicant)
    if person is None:
        return None, ()
    for back in range(12):
        month = Month.of(today).plus(-back)
        income = person.monthly_income.get(month)
        if not isinstance(income, Known):
            continue
        derivation = derive(household, PROTECTED, month.year, rulebook)
        amount = derivation.months.get(month)
        if amount is not None and amount.status != "unknown":
            return max(0, income.value - amount.cents), derivation.inputs
    return None, ()


def _terms(
    claim: Reclaim,
    before: RepaymentTerms | None,
    room: int | None,
    taken: Mapping[Month, int],
    today: date,
    lifted: int,
) -> dict[Month, int]:
    """What is asked per month: terms that are past stay; the rest as far as the room goes."""
    past: dict[Month, int] = {}
    for month, cents in sorted(_by_month(before).items()):
        # A term that fell due after its claim was lifted is none: the plan line is gone by then.
        if term_date(month) <= today and sum(past.values()) + cents <= claim.cents - lifted:
            past[month] = cents
    left = claim.cents - lifted - sum(past.values())
    coming = {
        month: cents for month, cents in _by_month(before).items() if term_date(month) > today
    }
    fits = room is not None and all(
        cents + taken.get(month, 0) <= room for month, cents in coming.items()
    )
    if fits and sum(coming.values()) == left:
        return past | coming  # what was announced stays
    found = dict(past)
    if room is None or left == 0:
        return found
    month = first_term(max(claim.due_on, today))
    for part in equal_terms(left, TERMS - len(past)):
        cents = min(part, max(0, room - taken.get(month, 0)))
        if cents:
            found[month] = cents
        month = month.plus(1)
    return found


def _by_month(terms: RepaymentTerms | None) -> dict[Month, int]:
    return {} if terms is None else {Month.parse(one.month): one.cents for one in terms.terms}


def _months(cents: Mapping[Month, int]) -> tuple[DecisionMonth, ...]:
    return tuple(DecisionMonth(month=str(month), cents=cents[month]) for month in sorted(cents))


def _flow(kind: str, data: AllowanceDecision, record: str) -> str:
    return f"{kind}-{data.scheme}-{data.year}-{record[-8:]}"


def _decision(changed: Changed) -> AllowanceDecision:
    data = changed.decision.data
    assert isinstance(data, AllowanceDecision)  # corrections looks at nothing else
    return data


def _back_payment(changed: Changed, person: PersonRef) -> RecordDraft:
    decision, record = _decision(changed), changed.decision.record
    pay_on = next_banking_day(decision.decided_on)
    data = BackPayment(
        person=person, scheme=decision.scheme, year=decision.year, decision=record,
        flow=_flow("nabetaling", decision, record), months=_months(changed.up),
        cents=sum(changed.up.values()), decided_on=decision.decided_on, pay_on=pay_on,
    )  # fmt: skip
    return RecordDraft(
        type=BACK_PAYMENT_SET, source_event_id=f"nabetaling/{record}", data=data,
        valid_from=pay_on, where=f"{decision.scheme} {decision.year}",
    )  # fmt: skip


def _reclaim(changed: Changed, person: PersonRef) -> RecordDraft:
    decision, record = _decision(changed), changed.decision.record
    until = decision.decided_on + SIX_WEEKS
    data = Reclaim(
        person=person, scheme=decision.scheme, year=decision.year, decision=record,
        flow=_flow("terugvordering", decision, record), months=_months(changed.down),
        cents=sum(changed.down.values()), decided_on=decision.decided_on, due_on=until,
        contest_until=until,
    )  # fmt: skip
    return RecordDraft(
        type=RECLAIM_SET, source_event_id=f"terugvordering/{record}", data=data,
        valid_from=decision.decided_on, where=f"{decision.scheme} {decision.year}",
    )  # fmt: skip


def _terms_draft(
    data: RepaymentTerms, applicant: SubjectId, before: RepaymentTerms | None
) -> RecordDraft:
    was = "" if before is None else digest_of(before.model_dump(mode="json", exclude={"person"}))
    content = digest_of(data.model_dump(mode="json", exclude={"person", "decided_on"}))
    return RecordDraft(
        type=TERMS_SET,
        source_event_id=f"betalingsregeling/{applicant}/{data.claim}/{was}/{content}",
        data=data,
        valid_from=data.decided_on,
        where=data.scheme,
    )
