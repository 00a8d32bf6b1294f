"""The payment calendar planned again with the suppositions, beside the one that stands.

Pure. Only money of which the amount on the account is known is in it: a wage before tax is not, for
no table of wage tax stands behind this node. What is left out is named, never filled in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from node.decisions import SCHEMES as DECIDED
from node.decisions import standing_decision
from node.flows import HouseholdFlow, Naming
from node.households import EnrolledHousehold, person_ref
from node.paydate.outcome import PlanOutcome
from node.plans import due_plan
from node.whatif.benefits import Benefit
from node.whatif.compare import Comparison
from node.whatif.suppose import SUPPOSED, Telling
from node.whatif.suppositions import Paid, Suppositions
from scheduler.folding.facts import Fact, SubjectId, known_facts
from scheduler.folding.known import Text
from scheduler.paydays import PayCalendars
from specs.records import (
    ALLOWANCE_SET,
    CHARGE_CORRECTED,
    CHARGE_SET,
    AllowanceDecision,
    DecisionMonth,
    Recurring,
)
from specs.values import Month

TOESLAGEN: Final = "toeslagen"
NEW_JOB: Final = "nieuwe baan"
OF_PARTNER: Final = "uw partner"
PAID_BY: Final[Mapping[str, str]] = {
    **dict.fromkeys(("ww", "zw", "wia", "wajong"), "uwv"),
    **dict.fromkeys(("aow", "anw"), "svb"),
    "bijstand": "gm",  # the municipality itself, by the beginning of its name
}
ACCOUNT_WORDS: Final = (
    Text("Netto loon van de baan", "Wage of the job, after tax"),
    Text("Netto opslag", "Raise, after tax"),
    Text("Netto inkomen van uw partner", "Your partner's income, after tax"),
    Text("Uw uitkering, netto", "Your benefit, after tax"),
    Text("Uw huur", "Your rent"),
)
WAGE_NOT_IN: Final = Text(
    "het loon van de nieuwe baan: u vulde niet in wat u netto krijgt",
    "the wage of the new job: you did not fill in what you get after tax",
)
RAISE_NOT_IN: Final = Text(
    "de opslag: wij weten niet wat u daarvan netto krijgt",
    "the raise: we do not know what you get of it after tax",
)
RAISE_NO_WAGE: Final = Text(
    "de opslag: uw loon staat niet in uw kalender", "the raise: your wage is not in your calendar"
)
PARTNER_NOT_IN: Final = Text(
    "het inkomen en de vaste lasten van uw partner",
    "the income and fixed charges of your partner",
)
PARTNER_CHARGES_NOT_IN: Final = Text(
    "de vaste lasten van uw partner", "the fixed charges of your partner"
)
BENEFIT_NOT_IN: Final = Text(
    "uw uitkering vanaf die maand: wij weten niet wat u dan netto krijgt",
    "your benefit from that month on: we do not know what you then get after tax",
)
CHILD_NOT_IN: Final = Text("de kosten van uw kind", "the costs of your child")
BACK_NOT_IN: Final = Text(
    "toeslagen over maanden die al betaald zijn: daarvoor komt een aparte regeling",
    "allowances for months already paid: those are arranged separately",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedMonth:
    """One month as it is planned now and as it would be: what is left, and the lowest balance."""

    month: Month
    left_before: int
    left_after: int
    lowest_before: int
    lowest_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedChange:
    """One flow that would be otherwise: in which month first, on which day, how much."""

    what: Text
    direction: str
    month: Month
    before: int
    after: int
    day: date | None  # None: nothing comes or goes any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """Both calendars side by side; `not_in` is what the second one does not hold."""

    months: tuple[PlannedMonth, ...]
    changes: tuple[PlannedChange, ...]
    not_in: tuple[Text, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnAccount:
    """What the suppositions change on the account each month, apart from allowances; None: not
    known. Every key is one supposition.
    """

    wage: int | None = 0
    more: int | None = 0
    partner: int | None = 0
    benefits: int | None = 0
    rent: int | None = 0

    def parts(self) -> tuple[tuple[Text, int | None], ...]:
        """Each by what people call it, without what does not change."""
        every = zip(
            ACCOUNT_WORDS,
            (self.wage, self.more, self.partner, self.benefits, self.rent),
            strict=True,
        )
        return tuple((what, cents) for what, cents in every if cents != 0)

    def total(self) -> int | None:
        """All together; None when one of them is not known."""
        parts = (self.wage, self.more, self.partner, self.benefits, self.rent)
        known = [part for part in parts if part is not None]
        return sum(known) if len(known) == len(parts) else None


def already_paid(month: Month, today: date, calendars: PayCalendars) -> bool:
    """Whether the allowances of a month were paid up to today: in the month before (Awir 22)."""
    paid = calendars.get(TOESLAGEN).in_month(month.plus(-1))
    return paid is not None and paid.day <= today


def planned(
    facts: Sequence[Fact],
    household: EnrolledHousehold,
    compared: Comparison,
    *,
    naming: Naming,
    today: date,
    calendars: PayCalendars,
) -> Planned:
    """Plan the household as it is and as it would be. `facts` are those around its members."""
    supposed = compared.supposed
    before = due_plan(facts, household, naming=naming, today=today, calendars=calendars)
    new = [fact for fact in compared.facts if fact.record.startswith(SUPPOSED)]
    told = Telling([*facts, *new])
    not_in = list(_incomes(told, facts, household.applicant, supposed, compared.benefits, naming))
    if _decisions(told, facts, household, compared, today, calendars):
        not_in.append(BACK_NOT_IN)
    if supposed.child is not None:
        not_in.append(CHILD_NOT_IN)
    after = due_plan(
        [*facts, *new, *told.facts], household, naming=naming, today=today, calendars=calendars
    )
    return Planned(
        months=_months(before, after),
        changes=_changes(before, after),
        not_in=tuple(dict.fromkeys(not_in)),
    )


def on_account(
    facts: Sequence[Fact], supposed: Suppositions, benefits: Sequence[Benefit], rent_now: int | None
) -> OnAccount:
    """What is known of the money on the account. `rent_now` is the rent that is paid now."""
    job, more, partner = supposed.job, supposed.more, supposed.partner
    lost: int | None = 0
    if benefits:
        lost = None
        now = [fact.data.amount_cents for fact in _paid_now(facts, benefits, supposed.start)
               if isinstance(fact.data, Recurring)]  # fmt: skip
        rest = _rest(supposed)
        if now and rest is not None:
            lost = rest - sum(now)
    rent = 0
    if supposed.rent is not None:
        rent = (rent_now or 0) - supposed.rent.bare_cents - supposed.rent.service_cents
    return OnAccount(
        wage=0 if job is None else _net(job.paid),
        more=0 if more is None else more.net_cents,
        partner=0 if partner is None or not partner.year_income_cents else _net(partner.paid),
        benefits=lost,
        rent=rent,
    )


def _rest(supposed: Suppositions) -> int | None:
    """What is left of the benefits on the account a month; None when it is not known."""
    left = supposed.remaining
    if left is None:
        return None
    return left.net_cents if left.gross_cents else 0


def _net(paid: Paid | None) -> int | None:
    return None if paid is None else paid.net_cents


def _incomes(
    told: Telling,
    facts: Sequence[Fact],
    applicant: SubjectId,
    supposed: Suppositions,
    benefits: Sequence[Benefit],
    naming: Naming,
) -> list[Text]:
    """Tell the incomes of which the amount on the account is known; answers what is left out."""
    first, not_in = supposed.start.first_day, []
    if supposed.job is not None:
        if supposed.job.paid is None:
            not_in.append(WAGE_NOT_IN)
        else:
            _wage(told, facts, supposed.job.who, NEW_JOB, supposed.job.paid, first, naming)
    if supposed.partner is not None:
        paid = supposed.partner.paid
        not_in.append(PARTNER_NOT_IN if paid is None else PARTNER_CHARGES_NOT_IN)
        if paid is not None:
            _wage(told, facts, applicant, OF_PARTNER, paid, first, naming)
    if supposed.more is not None:
        wages = _recurring(facts, supposed.more.who, "wage_net", first)
        if supposed.more.net_cents is None or not wages:
            not_in.append(RAISE_NOT_IN if wages else RAISE_NO_WAGE)
        else:
            _changed(told, facts, wages[-1], supposed.more.net_cents, first, add=True)
    if benefits:
        rest = _rest(supposed)
        if rest is None:
            not_in.append(BENEFIT_NOT_IN)
        for place, fact in enumerate(_paid_now(facts, benefits, supposed.start)):
            _changed(told, facts, fact, (rest or 0) if place == 0 else 0, first, add=False)
    return not_in


def _wage(
    told: Telling,
    facts: Sequence[Fact],
    who: SubjectId,
    party: str,
    paid: Paid,
    first: date,
    naming: Naming,
) -> None:
    """A wage on its own day: nobody has said that it could move."""
    person = person_ref(facts, who)
    if person is None:
        return
    data = Recurring(
        person=person, flow=f"{SUPPOSED}-{party.replace(' ', '-')}", kind="wage_net",
        direction="in", party=party, amount_cents=paid.net_cents, every="month", day=paid.day,
        shift="preceding",
    )  # fmt: skip
    told.add(CHARGE_SET, data, {"person": who}, first, author=naming.member)


def _paid_now(facts: Sequence[Fact], benefits: Sequence[Benefit], start: Month) -> list[Fact]:
    """The payments on the account of these benefits, by who pays them."""
    found = []
    for who in dict.fromkeys(benefit.who for benefit in benefits):
        payers = {PAID_BY.get(one.kind, "-") for one in benefits if one.who == who}
        for fact in _recurring(facts, who, "benefit_net", start.first_day):
            data = fact.data
            assert isinstance(data, Recurring)
            if any(data.party.lower().startswith(payer) for payer in payers):
                found.append(fact)
    return found


def _recurring(facts: Sequence[Fact], who: SubjectId, kind: str, on: date) -> list[Fact]:
    """The versions in force on a day of a person's flows of one kind."""
    latest: dict[tuple[str, str], Fact] = {}
    for fact in known_facts(facts, None):
        data = fact.data
        mine = isinstance(data, Recurring) and data.kind == kind and fact.subject() == who
        if mine and isinstance(data, Recurring) and fact.valid_from <= on:
            latest[fact.author, data.flow] = fact
    return [
        fact
        for fact in latest.values()
        if isinstance(fact.data, Recurring)
        and not fact.data.ended
        and (fact.valid_until is None or on < fact.valid_until)
    ]


def _changed(
    told: Telling, facts: Sequence[Fact], fact: Fact, cents: int, first: date, *, add: bool
) -> None:
    """The flow from a day on with another amount (or so much more); nothing left ends it."""
    data, person = fact.data, person_ref(facts, fact.subjects["person"])
    assert isinstance(data, Recurring)
    if person is None:
        return
    for later in facts:
        same = isinstance(later.data, Recurring) and later.data.flow == data.flow
        mine = later.author == fact.author and later.subject() == fact.subject()
        if same and mine and later.valid_from >= first and not add:
            told.take_back(later, CHARGE_CORRECTED, person)
    amount = data.amount_cents + cents if add else cents
    new = data.model_copy(update={"amount_cents": amount, "ended": amount == 0})
    told.add(fact.type, new, dict(fact.subjects), first, author=fact.author)


def _decisions(
    told: Telling,
    facts: Sequence[Fact],
    household: EnrolledHousehold,
    compared: Comparison,
    today: date,
    calendars: PayCalendars,
) -> bool:
    """What Dienst Toeslagen would decide for the months not yet paid; answers whether months that
    were paid would differ too.
    """
    who, past = household.applicant, False
    person = person_ref(facts, who)
    for scheme in DECIDED:
        derivation = compared.derived[scheme]
        standing = standing_decision(facts, who, scheme, compared.year)
        stands = {} if standing is None else standing.cents
        due = {
            month: amount.cents
            for month, amount in derivation.months.items()
            if amount.status != "unknown" and amount.cents != stands.get(month, 0)
        }
        new = {m: c for m, c in due.items() if not already_paid(m, today, calendars)}
        past = past or len(new) < len(due)
        if not new or person is None:
            continue
        decision = AllowanceDecision(
            person=person, partner=None, scheme=scheme, year=compared.year, estimate=True,
            award_year_cents=None, rule_digest=derivation.rule_digest,
            months=tuple(DecisionMonth(month=str(m), cents=new[m]) for m in sorted(new)),
            confidence=derivation.confidence, inputs=(), replaces=None, decided_on=today,
        )  # fmt: skip
        by = next((f.author for f in facts if isinstance(f.data, AllowanceDecision)), TOESLAGEN)
        told.add(ALLOWANCE_SET, decision, {"person": who}, min(new).first_day, author=by)
    return past


def _months(before: PlanOutcome, after: PlanOutcome) -> tuple[PlannedMonth, ...]:
    pairs = zip(before.plan.months, after.plan.months, strict=True)
    return tuple(
        PlannedMonth(
            month=one.month, left_before=one.left_cents, left_after=two.left_cents,
            lowest_before=one.lowest_after_cents, lowest_after=two.lowest_after_cents,
        )
        for one, two in pairs
    )  # fmt: skip


Sums = dict[tuple[str, SubjectId, str, Month], tuple[HouseholdFlow, int, date]]


def _sums(outcome: PlanOutcome) -> Sums:
    """What each flow gives in a month of payment, and on which day last."""
    flows = {flow.flow.id: flow for flow in outcome.flows}
    found: Sums = {}
    for line in outcome.plan.lines():
        flow = flows[line.flow]
        key = (flow.party, flow.person, flow.code, Month.of(line.planned))
        cents = found[key][1] if key in found else 0
        found[key] = (flow, cents + line.cents, line.planned)
    return found


def _changes(before: PlanOutcome, after: PlanOutcome) -> tuple[PlannedChange, ...]:
    """Every flow that differs, in the first month in which it does."""
    old, new = _sums(before), _sums(after)
    found: dict[tuple[str, SubjectId, str], PlannedChange] = {}
    for key in sorted({*old, *new}, key=lambda key: (key[3], *key[:3])):
        was, becomes = old.get(key), new.get(key)
        cents = [0 if one is None else one[1] for one in (was, becomes)]
        if cents[0] == cents[1] or key[:3] in found:
            continue
        flow = (becomes or old[key])[0]
        found[key[:3]] = PlannedChange(
            what=flow.what, direction=flow.flow.direction, month=key[3], before=cents[0],
            after=cents[1], day=None if becomes is None else becomes[2],
        )  # fmt: skip
    return tuple(found.values())
