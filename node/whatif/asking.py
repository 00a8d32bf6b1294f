"""«What if» for one household: its facts read, the suppositions laid beside them, both worked out.

Reads only: nothing of what is supposed comes into a row, a file or a log line (tests hold it so).
That the facts were read is told to whom they concern, as every reading is (node/looked).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date
from typing import Final

from node.decisions import standing_decision
from node.flows import Naming
from node.fresh_circles import FreshCircles
from node.households import EnrolledHousehold, FactSource, enrolled, person_ref
from node.portal.calendar_words import AGENCY_WORDS, scheme_words
from node.whatif.benefits import BY_PARTNER, BY_WORK, running
from node.whatif.compare import Comparison, Effect, compare
from node.whatif.counting import counted
from node.whatif.minimum_wage import minimum_wage
from node.whatif.planned import already_paid, on_account, planned
from node.whatif.suppose import monthly_cents, rent_now, whole_year
from node.whatif.suppositions import Suppositions
from node.whatif.views import (
    Adult,
    Missing,
    MonthRow,
    SchemeRow,
    SituationView,
    Table,
    WhatIfView,
)
from scheduler.folding.ages import birthday
from scheduler.folding.facts import Fact, SubjectId, known_facts
from scheduler.folding.known import Text, Unknown
from scheduler.folding.partner import partner_in
from scheduler.household import fold
from scheduler.paydays import PayCalendars
from scheduler.rulebook import Rulebook
from specs.records import KINDERBIJSLAG_SET, Recurring
from specs.values import Month, months_of_year

MONTHS_AHEAD: Final = 12
ADULT_AGE: Final = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A household with its facts: around its members, and around its applicant."""

    household: EnrolledHousehold
    facts: Sequence[Fact]
    around: Sequence[Fact]


class WhatIf:
    """WhatIfPort (portal/surface.py) over the facts of a municipality's node. Blocking."""

    def __init__(
        self,
        facts: FactSource,
        *,
        member: str,
        today: Callable[[], date],
        rulebook: Callable[[], Rulebook],
        calendars: PayCalendars,
        names: Mapping[str, str],
        reading: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        """reading: around each answer, so that who looked is logged once."""
        self._facts = facts
        self._naming = Naming(member=member, names={**AGENCY_WORDS, **names})
        self._today = today
        self._rules = rulebook
        self._calendars = calendars
        self._circles = FreshCircles()
        self._reading = reading

    def situation(self, household: str) -> SituationView:
        """See WhatIfPort."""
        with self._reading():
            asked = self._asked(household)
        first = Month.of(self._today())
        now = fold(asked.around, asked.household.applicant, None)
        partner = partner_in(now, first)
        rent, _ = rent_now(asked.around, asked.household.applicant, first.first_day)
        data = None if rent is None else rent.data
        rented = data if isinstance(data, Recurring) else None
        benefits = [
            one.words
            for who in self._adults(asked)
            for one in running(asked.facts, who, first)
            if one.kind in BY_WORK | BY_PARTNER
        ]
        return SituationView(
            months=tuple(first.plus(step) for step in range(MONTHS_AHEAD)),
            adults=tuple(
                _adult(asked.facts, who, str(place))
                for place, who in enumerate(self._adults(asked), 1)
            ),
            benefits=tuple(dict.fromkeys(benefits)),
            has_partner=None if isinstance(partner, Unknown) else partner.value is not None,
            bare_rent_cents=None if rented is None else rented.bare_rent_cents,
            service_costs_cents=None if rented is None else rented.service_costs_cents,
        )

    def suppose(self, household: str, supposed: Suppositions) -> WhatIfView:
        """See WhatIfPort."""
        with self._reading():
            asked = self._asked(household)
        who, rules, today = asked.household.applicant, self._rules(), self._today()
        compared = compare(asked.around, who, supposed, rules)
        a_year = compare(asked.around, who, whole_year(supposed), rules)
        received = _received(asked.facts, asked.household.members, compared)
        paid = [
            month
            for month in months_of_year(compared.year)
            if already_paid(month, today, self._calendars)
        ]
        back = [one for one in compared.effects if one.scheme in received and not one.by_quarter]
        rent, _ = rent_now(asked.around, who, supposed.start.first_day)
        rent_cents = rent.data.amount_cents if rent and isinstance(rent.data, Recurring) else None
        account = on_account(asked.facts, supposed, compared.benefits, rent_cents)
        table, missing = _table(compared, received), _missing(compared)
        known = {one.why for one in missing}
        return WhatIfView(
            start=supposed.start,
            gross_month=_gross_month(supposed),
            gross_year=sum(compared.gross.values()),
            this_year=table,
            whole_year=_table(a_year, received),
            paid_before=sum(one.sum_of(paid) for one in back),
            paid_months=len(paid),
            account=account.parts(),
            together=_together(table, account.total()),
            missing=missing,
            missing_in_a_year=tuple(one for one in _missing(a_year) if one.why not in known),
            counted=counted(supposed, compared),
            planned=planned(
                asked.facts, asked.household, compared,
                naming=self._naming, today=today, calendars=self._calendars,
            ),
        )  # fmt: skip

    def _asked(self, household: str) -> _Asked:
        """The household as known now; raises LookupError."""
        circles = self._circles.of(self._facts)
        facts, _ = circles.near([SubjectId(household)])
        found = next((one for one in enrolled(facts) if one.applicant == household), None)
        if found is None:
            raise LookupError("no such household here")
        return _Asked(
            household=found,
            facts=circles.near(found.members)[0],
            around=circles.near([found.applicant])[0],
        )

    def _adults(self, asked: _Asked) -> list[SubjectId]:
        found = []
        for who in asked.household.members:
            person = person_ref(asked.facts, who)
            born = None if person is None else person.birth_date
            if born is not None and birthday(born, ADULT_AGE) <= self._today():
                found.append(who)
        return found


def _adult(facts: Sequence[Fact], who: SubjectId, number: str) -> Adult:
    person = person_ref(facts, who)
    assert person is not None, "only who is named by a record stands among the adults"
    assert person.birth_date is not None, "an adult has a known birth date"
    return Adult(number=number, subject=who, name=person.surname, born=person.birth_date)


def _together(table: Table, account: int | None) -> int | None:
    """What is left over each month; None while an amount in it is not known."""
    if account is None or table.month_difference is None:
        return None
    return account + table.month_difference


def _gross_month(supposed: Suppositions) -> int:
    """More wage in the first month before tax, holiday pay aside."""
    cents = 0 if supposed.more is None else supposed.more.gross_cents
    if supposed.job is not None:
        hourly = supposed.job.hourly_cents
        if hourly is None:
            hourly = minimum_wage().in_month(supposed.start)
        assert hourly is not None, "the form refuses months without a known minimum wage"
        cents += monthly_cents(supposed.job.tenths_of_hours, hourly)
    return cents


def _received(
    facts: Sequence[Fact], members: Iterable[SubjectId], compared: Comparison
) -> frozenset[str]:
    """The schemes of which a decision stands here for this household."""
    people = tuple(members)
    found = {
        one.scheme
        for one in compared.effects
        if any(standing_decision(facts, who, one.scheme, compared.year) for who in people)
    }
    if any(f.type == KINDERBIJSLAG_SET and f.subject() in people for f in known_facts(facts, None)):
        found.add("kinderbijslag")
    return frozenset(found)


def _table(compared: Comparison, received: frozenset[str]) -> Table:
    """Rows that say nothing are left out: no amount before and none after."""
    shown = [one for one in compared.effects if _some(one)]
    known = [one for one in shown if one.known]
    clear = bool(known) and not any(one.out_of_sight for one in compared.effects)
    months = months_of_year(compared.year)
    monthly = [one for one in known if not one.by_quarter]
    last = months[-1]
    return Table(
        rows=tuple(_row(one, received) for one in shown),
        month=last,
        month_difference=sum(one.sum_of([last]) for one in monthly) if clear else None,
        year_difference=sum(one.sum_of(months) for one in known) if clear else None,
        months=tuple(
            MonthRow(
                month=month,
                before=sum(one.months[month].before or 0 for one in monthly),
                after=sum(one.months[month].after or 0 for one in monthly),
            )
            for month in months
        ),
    )


def _some(one: Effect) -> bool:
    return any(pair.before or pair.after for pair in one.months.values())


def _row(one: Effect, received: frozenset[str]) -> SchemeRow:
    last = one.months[max(one.months)]
    befores = [pair.before for pair in one.months.values()]
    afters = [pair.after for pair in one.months.values()]
    return SchemeRow(
        what=scheme_words(one.scheme),
        by_quarter=one.by_quarter,
        before=last.before,
        after=last.after,
        year_before=None if None in befores else sum(cents or 0 for cents in befores),
        year_after=None if None in afters else sum(cents or 0 for cents in afters),
        received=one.scheme in received,
        secondary=one.secondary,
    )


def _missing(compared: Comparison) -> tuple[Missing, ...]:
    """What is not known; one reason once, with everything that it leaves open."""
    found: dict[tuple[Text, str], list[Text]] = {}
    if compared.supposed.remaining is None:
        for benefit, reason in zip(compared.benefits, compared.benefit_reasons, strict=False):
            found.setdefault(reason, []).append(benefit.words)
    told = {one.unknown().missing.nl for one in compared.benefits}
    for effect in compared.effects:
        if effect.because is not None and effect.because.nl not in told:
            reason = (effect.because, effect.article or "")
            found.setdefault(reason, []).append(scheme_words(effect.scheme))
    return tuple(
        Missing(what=tuple(what), why=why, article=article)
        for (why, article), what in found.items()
    )
