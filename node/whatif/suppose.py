"""Suppositions as facts: what each agency would tell if it were so, beside the facts known now.

Pure. A supposed fact is a record like any other, known after all others and signed by nobody; it
lives as long as one answer. A wage is told per month, holiday pay in June (WML 15, 17).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from node.households import person_ref
from node.whatif.benefits import Benefit
from node.whatif.minimum_wage import minimum_wage
from node.whatif.suppositions import Job, Partner, Suppositions
from scheduler.folding.addresses import address_spells
from scheduler.folding.facts import Fact, SubjectId, known_facts
from scheduler.folding.known import Known
from scheduler.folding.persons import Household
from scheduler.household import fold
from specs.records import (
    BIRTH,
    CHARGE_CORRECTED,
    INCOME_BEGUN,
    INCOME_CORRECTED,
    INCOME_ENDED,
    INCOME_STATED,
    MOVED_WITHIN,
    RENT_SET,
    STATED,
    YEAR_INCOME_SET,
    Birth,
    Correction,
    IncomeRelation,
    IncomeStatement,
    Move,
    PersonRef,
    RecordData,
    Recurring,
    Statement,
    YearIncome,
)
from specs.values import Month

HERE: Final = "verondersteld"  # who tells supposed facts; no member has this name
PARTNER: Final[SubjectId] = "veronderstelde-partner"
CHILD: Final[SubjectId] = "verondersteld-kind"
SOMEBODY: Final = "-"  # no name is asked for
JUNE: Final = 6
WEEKS_IN_YEAR: Final = 52
WAGE_CODE: Final = "15"  # of the polisadministratie: employment
SUPPOSED: Final = "verondersteld"


@dataclass(frozen=True, slots=True, kw_only=True)
class Earned:
    """Wage before tax by month of the year, holiday pay in June."""

    months: tuple[tuple[Month, int], ...]

    @property
    def year_cents(self) -> int:
        return sum(cents for _, cents in self.months)


class Telling:
    """Facts told one after another, each known after all that is known."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        self._next = max((fact.known for fact in facts), default=0) + 1
        self.facts: list[Fact] = []

    def add(
        self,
        record_type: str,
        data: RecordData,
        subjects: dict[str, SubjectId],
        since: date,
        *,
        author: str = HERE,
    ) -> None:
        """One supposed fact, valid from a day."""
        self.facts.append(
            Fact(
                record=f"{SUPPOSED}-{self._next}", type=record_type, data=data, subjects=subjects,
                valid_from=since, known=self._next, author=author,
            )
        )  # fmt: skip
        self._next += 1

    def take_back(self, fact: Fact, record_type: str, person: PersonRef) -> None:
        """As if a record had not come."""
        data = Correction(person=person, corrects=fact.record, reason=SUPPOSED)
        subjects = {} if (who := fact.subject()) is None else {"person": who}
        self.add(record_type, data, subjects, fact.valid_from, author=fact.author)


def monthly_cents(tenths_of_hours: int, hourly_cents: int) -> int:
    """A month's wage: hours a week x wage an hour x 52 weeks / 12 months, half up to a cent."""
    above, below = tenths_of_hours * hourly_cents * WEEKS_IN_YEAR, 10 * 12
    return (2 * above + below) // (2 * below)


def months_left(start: Month) -> tuple[Month, ...]:
    """The month and those after it in its year."""
    return tuple(Month(start.year, number) for number in range(start.month, 13))


def earned(start: Month, of_month: Callable[[Month], int]) -> Earned:
    """Wages from a month to the end of its year; what was put aside for the holiday up to and
    including May is paid in June (WML 17 lid 1).
    """
    percent = minimum_wage().holiday_percent
    aside, found = 0, []
    for month in months_left(start):
        if month.month == JUNE:
            found.append((month, of_month(month) + (2 * aside * percent + 100) // 200))
        else:
            found.append((month, of_month(month)))
        aside += of_month(month)
    return Earned(months=tuple(found))


def job_wages(job: Job, start: Month) -> Earned:
    """A job's wages. With the legal minimum wage as the form checked: known in every month."""

    def of_month(month: Month) -> int:
        hourly = job.hourly_cents
        if hourly is None:
            hourly = minimum_wage().in_month(month)
        assert hourly is not None, "the form refuses months without a known minimum wage"
        return monthly_cents(job.tenths_of_hours, hourly)

    return earned(start, of_month)


def wages(supposed: Suppositions) -> dict[SubjectId, list[Earned]]:
    """What each person would earn more, before tax."""
    found: dict[SubjectId, list[Earned]] = {}
    if supposed.job is not None:
        found.setdefault(supposed.job.who, []).append(job_wages(supposed.job, supposed.start))
    if supposed.more is not None:
        extra = supposed.more.gross_cents
        found.setdefault(supposed.more.who, []).append(earned(supposed.start, lambda _: extra))
    return found


def supposed_facts(
    facts: Sequence[Fact],
    applicant: SubjectId,
    supposed: Suppositions,
    benefits: Sequence[Benefit],
) -> list[Fact]:
    """The facts with the suppositions added. `benefits` are those that change.

    What is not known stays so: who has no known income in the year gets none by a wage alone.
    """
    told = Telling(facts)
    household = fold(facts, applicant, None)
    _benefits(told, facts, supposed, benefits)
    for who, parts in wages(supposed).items():
        _wages(told, facts, household, who, parts, supposed.start)
    if supposed.rent is not None:
        _rent(told, facts, applicant, supposed)
    if supposed.partner is not None:
        _partner(told, facts, applicant, supposed.partner, supposed.start)
    if supposed.child is not None:
        _child(told, facts, household, supposed.child.born)
    return [*facts, *told.facts]


def _benefits(
    told: Telling, facts: Sequence[Fact], supposed: Suppositions, benefits: Sequence[Benefit]
) -> None:
    """Each ends where the suppositions begin; what is left of them goes on as one income."""
    left = supposed.remaining
    if left is None:
        return  # what is left is unknown, and so is the income: compare.py says so
    first = supposed.start.first_day
    for place, benefit in enumerate(benefits):
        person = person_ref(facts, benefit.who)
        if person is None:
            continue
        for fact in benefit.statements:
            data = fact.data
            if isinstance(data, IncomeStatement) and data.period_start >= first:
                told.take_back(fact, INCOME_CORRECTED, person)
        relation = IncomeRelation(
            person=person, relation=benefit.relation, payer=benefit.payer, kind=benefit.kind,
            source_code=benefit.source_code,
        )  # fmt: skip
        told.add(INCOME_ENDED, relation, {"person": benefit.who}, first, author=benefit.author)
        if place == 0 and left.gross_cents:
            rest = Earned(months=tuple((m, left.gross_cents) for m in months_left(supposed.start)))
            _statements(told, person, benefit.who, rest, f"{SUPPOSED}-rest", benefit.kind)


def _wages(
    told: Telling,
    facts: Sequence[Fact],
    household: Household,
    who: SubjectId,
    parts: Sequence[Earned],
    start: Month,
) -> None:
    """A wage beside what is known of the year: as statements where statements tell the income, else
    added to the income that the tax office set or the person stated himself.
    """
    person, known = person_ref(facts, who), household.persons.get(who)
    income = None if known is None else known.income.get(start.year)
    if person is None or not isinstance(income, Known):
        return
    more = sum(part.year_cents for part in parts)
    own = [fact for fact in known_facts(facts, None) if fact.subject() == who]
    subjects = {"person": who}
    for place, part in enumerate(parts):
        name = f"{SUPPOSED}-{place}"
        relation = IncomeRelation(
            person=person, relation=name, payer=SUPPOSED, kind="wage", source_code=WAGE_CODE
        )
        told.add(INCOME_BEGUN, relation, subjects, start.first_day)
        if income.value.parts:
            _statements(told, person, who, part, name, "wage")
    if income.value.parts:
        return
    cents = income.value.cents + more
    by_office = [fact.data for fact in own if isinstance(fact.data, YearIncome)]
    set_here = [data for data in by_office if data.year == start.year]
    if set_here:
        final = any(data.basis == "assessment" for data in set_here)
        data: RecordData = YearIncome(
            person=person, year=start.year, cents=cents,
            basis="assessment" if final else "wage_data",
        )  # fmt: skip
        told.add(YEAR_INCOME_SET, data, subjects, start.first_day)
    else:
        stated = Statement(person=person, fact="expected_income", value=cents, year=start.year)
        told.add(STATED, stated, subjects, max(start.first_day, *(f.valid_from for f in own)))


def _statements(
    told: Telling, person: PersonRef, who: SubjectId, paid: Earned, name: str, kind: str
) -> None:
    for month, cents in paid.months:
        data = IncomeStatement(
            person=person, relation=name, payer=SUPPOSED, kind=kind, source_code=WAGE_CODE,
            period_start=month.first_day, period_end=month.last_day, taxable_cents=cents,
        )  # fmt: skip
        told.add(INCOME_STATED, data, {"person": who}, month.first_day)


def _rent(
    told: Telling, facts: Sequence[Fact], applicant: SubjectId, supposed: Suppositions
) -> None:
    """The rent that is known goes on at the other amount; without one a new rent begins."""
    rent, first = supposed.rent, supposed.start.first_day
    person = person_ref(facts, applicant)
    assert rent is not None
    if person is None:
        return
    now, later = rent_now(facts, applicant, first)
    told_by = None if now is None else now.data
    if now is None or not isinstance(told_by, Recurring):
        told_by = Recurring(
            person=person, flow=f"{SUPPOSED}-huur", kind="rent", direction="out",
            party="nieuwe verhuurder", amount_cents=0, every="month", day=1,
        )  # fmt: skip
    tenant = applicant if now is None else now.subjects["person"]
    changed = told_by.model_copy(
        update={
            "amount_cents": rent.bare_cents + rent.service_cents,
            "bare_rent_cents": rent.bare_cents,
            "service_costs_cents": rent.service_cents,
            "independent_home": rent.independent,
        }
    )
    for fact in later:
        told.take_back(fact, CHARGE_CORRECTED, person)
    author = HERE if now is None else now.author
    told.add(RENT_SET, changed, {"person": tenant}, first, author=author)


def rent_now(
    facts: Iterable[Fact], applicant: SubjectId, on: date
) -> tuple[Fact | None, tuple[Fact, ...]]:
    """The applicant's rent in force on a day, and its later versions."""
    mine = [
        fact
        for fact in known_facts(facts, None)
        if isinstance(fact.data, Recurring)
        and fact.data.kind == "rent"
        and fact.subject() == applicant
    ]
    before = [fact for fact in mine if fact.valid_from <= on]
    if not before:
        return None, ()
    now = max(before, key=lambda fact: (fact.valid_from, fact.known))
    if isinstance(now.data, Recurring) and now.data.ended:
        return None, ()
    later = [fact for fact in mine if fact.valid_from >= on and fact != now]
    return now, tuple(fact for fact in later if _flow(fact) == _flow(now))


def _flow(fact: Fact) -> str | None:
    return fact.data.flow if isinstance(fact.data, Recurring) else None


def _partner(
    told: Telling, facts: Sequence[Fact], applicant: SubjectId, partner: Partner, start: Month
) -> None:
    """Somebody moves in on the first of the month: address, income, insurance, and whether the two
    say that they are partners (Awir 3 lid 2).
    """
    here = address_spells(facts, applicant)
    person, first = person_ref(facts, applicant), start.first_day
    if not here or person is None:
        return
    born = date(first.year - partner.age, first.month, 1)
    other = PersonRef(bsn=None, birth_date=born, surname=SOMEBODY)
    subjects = {"person": PARTNER}
    told.add(MOVED_WITHIN, Move(person=other, address=here[-1].value), subjects, first)
    income = Statement(
        person=other, fact="expected_income", value=partner.year_income_cents, year=start.year
    )
    told.add(STATED, income, subjects, first)
    if partner.insured is not None:
        insured = Statement(person=other, fact="insured", value=int(partner.insured))
        told.add(STATED, insured, subjects, first)
    if partner.assets_cents is not None:
        assets = Statement(person=other, fact="assets", value=partner.assets_cents, year=start.year)
        told.add(STATED, assets, subjects, first)
    both = {"person": applicant, "other": PARTNER}
    stated = Statement(person=person, fact="toeslagpartner", value=1, other=other)
    if partner.bond:
        told.add(STATED, stated, both, first)
    elif partner.bond is False and _open_question(facts, told.facts, applicant, start):
        told.add(STATED, stated.model_copy(update={"value": 0}), both, first)


def _open_question(
    facts: Sequence[Fact], told: Sequence[Fact], applicant: SubjectId, start: Month
) -> bool:
    """Whether the law leaves it to the two: with a minor child here it does not (lid 2 e)."""
    household = fold([*facts, *told], applicant, None)
    return not any(
        spell.value == PARTNER and spell.holds(start.first_day) for spell in household.partners
    )


def _child(told: Telling, facts: Sequence[Fact], household: Household, born: date) -> None:
    """A child of the applicant and his partner, at their address."""
    here = address_spells(facts, household.applicant)
    parents = [household.applicant]
    parents += [
        spell.value
        for spell in household.partners
        if isinstance(spell.value, str) and spell.holds(born)
    ]
    named = [(who, person_ref(facts, who)) for who in parents]
    known = [(who, ref) for who, ref in named if ref is not None]
    if not here or not known:
        return
    child = PersonRef(bsn=None, birth_date=born, surname=SOMEBODY)
    data = Birth(person=child, parents=tuple(ref for _, ref in known), address=here[-1].value)
    subjects = {"person": CHILD, **{f"parents.{n}": who for n, (who, _) in enumerate(known)}}
    told.add(BIRTH, data, subjects, born)


def whole_year(supposed: Suppositions) -> Suppositions:
    """The same as if it had been so from 1 January of that year."""
    first = Month(supposed.start.year, 1)
    child = supposed.child
    if child is not None and child.born > first.first_day:
        child = replace(child, born=date(first.year - 1, 12, 31))
    return replace(supposed, start=first, child=child)
