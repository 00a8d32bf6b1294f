"""The toetsingsinkomen of a calendar year while it runs: known statements plus a stated projection.

Taxable wage counts in the year in which its period ends (Wet LB 1964, 13a; Awir 8). What is not
known yet is projected per income relation from its last full periods, up to the end of the year or
of the relation; each new statement replaces a projected period. Never a final amount: that is the
inspector's (Awir 8 lid 1). Without any income relation the applicant's own estimate counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median_low
from typing import Final

from scheduler.folding.facts import Fact
from scheduler.folding.known import Known, Text, Value, merge_records
from scheduler.folding.persons import Income
from scheduler.wording import euros
from specs.records import (
    INCOME_BEGUN,
    INCOME_ENDED,
    IncomeRelation,
    IncomeStatement,
    Statement,
)
from specs.values import Month, months_of_year

LAST_PERIODS: Final = 3  # the middle one of the last three: one holiday payment does not tilt it
FOUR_WEEKS: Final = timedelta(days=28)
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Paid:
    """One statement that counts."""

    start: date
    end: date
    cents: int
    record: str

    @property
    def whole_month(self) -> bool:
        month = Month.of(self.end)
        return self.start == month.first_day and self.end == month.last_day

    @property
    def four_weeks(self) -> bool:
        return self.end - self.start + DAY == FOUR_WEEKS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Relation:
    """One income relation: its statements in order, and when it began and ended, if known."""

    paid: tuple[_Paid, ...]
    begun: date | None
    ended: date | None  # first day without
    records: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What a relation gives in a year."""

    known: int
    until: date | None
    projected: int
    records: tuple[str, ...]


def incomes(facts: Iterable[Fact]) -> Mapping[int, Value[Income]]:
    """Income by year of one person, from the facts about that person alone.

    A year without any fact is not in the answer. The year after the last statement is projected
    from relations that go on.
    """
    own = list(facts)
    relations = _relations(own)
    years = {paid.end.year for relation in relations for paid in relation.paid}
    if years:
        years.add(max(years) + 1)
    found: dict[int, Value[Income]] = {}
    for year in sorted(years):
        parts = [part for relation in relations if (part := _part(relation, year)) is not None]
        if parts:
            found[year] = _joined(parts)
    for year, stated in _stated(own).items():
        found.setdefault(year, stated)
    return found


def _relations(facts: Sequence[Fact]) -> list[_Relation]:
    """Statements by relation; a later delivery for the same period replaces the earlier one
    (polisadministratie: full replacement), so the last known one counts.
    """
    statements: dict[str, dict[tuple[date, date], Fact]] = defaultdict(dict)
    begun: dict[str, date] = {}
    ended: dict[str, date] = {}
    records: dict[str, list[str]] = defaultdict(list)
    for fact in sorted(facts, key=lambda fact: (fact.known, fact.record)):
        data = fact.data
        if isinstance(data, IncomeStatement):
            statements[data.relation][data.period_start, data.period_end] = fact
        elif isinstance(data, IncomeRelation):
            if fact.type == INCOME_BEGUN:
                begun[data.relation] = fact.valid_from
            elif fact.type == INCOME_ENDED:
                ended[data.relation] = fact.valid_from
            records[data.relation].append(fact.record)
    return [
        _Relation(
            paid=tuple(sorted(map(_paid, by_period.values()), key=_by_end)),
            begun=begun.get(name), ended=ended.get(name), records=tuple(records[name]),
        )
        for name, by_period in sorted(statements.items())
    ]  # fmt: skip


def _by_end(paid: _Paid) -> tuple[date, date]:
    return paid.end, paid.start


def _paid(fact: Fact) -> _Paid:
    data = fact.data
    assert isinstance(data, IncomeStatement)
    return _Paid(
        start=data.period_start, end=data.period_end, cents=data.taxable_cents, record=fact.record
    )


def _part(relation: _Relation, year: int) -> _Part | None:
    """Known and projected income of a relation in a year; None when it has none."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    inside = [paid for paid in relation.paid if paid.end.year == year]
    if not inside:
        before = [paid for paid in relation.paid if paid.end.year == year - 1]
        if not before or (relation.ended is not None and relation.ended <= first):
            return None
    stop = last if relation.ended is None else min(last, relation.ended - DAY)
    start = first
    if inside and relation.begun is None:
        start = min(paid.start for paid in inside)
    elif relation.begun is not None:
        start = max(first, relation.begun)
    projected = _projected(relation, inside, max(start, first), stop)
    return _Part(
        known=sum(paid.cents for paid in inside),
        until=inside[-1].end if inside else None,
        projected=projected,
        records=merge_records(
            relation.records, (paid.record for paid in inside or relation.paid[-LAST_PERIODS:])
        ),
    )


def _projected(relation: _Relation, inside: Sequence[_Paid], start: date, stop: date) -> int:
    """The periods from start to stop that no statement covers, each at the usual amount."""
    until = inside[-1].end if inside else start - DAY
    recent = [paid for paid in relation.paid if paid.end <= max(until, relation.paid[-1].end)]
    whole = [paid for paid in recent if paid.whole_month][-LAST_PERIODS:]
    fours = [paid for paid in recent if paid.four_weeks][-LAST_PERIODS:]
    if fours and (not whole or fours[-1].end > whole[-1].end):
        usual = median_low(paid.cents for paid in fours)
        covered = sum((paid.end - paid.start + DAY).days for paid in inside)
        days = (stop - start + DAY).days - covered
        return usual * max(0, days // FOUR_WEEKS.days)
    if whole:
        usual = median_low(paid.cents for paid in whole)
        return sum(_month_gap(month, usual, inside, start, stop) for month in
                   months_of_year(stop.year))  # fmt: skip
    latest = recent[-1]
    length = (latest.end - latest.start + DAY).days
    days = max(0, (stop - max(start, until + DAY) + DAY).days)
    return latest.cents * days // length


def _month_gap(month: Month, usual: int, inside: Sequence[_Paid], start: date, stop: date) -> int:
    """The usual amount for the days of a month inside the relation that no statement covers."""
    first, last = max(month.first_day, start), min(month.last_day, stop)
    if last < first or any(paid.start <= last and first <= paid.end for paid in inside):
        return 0
    return usual * ((last - first + DAY).days) // month.length


def _joined(parts: Sequence[_Part]) -> Known[Income]:
    known = sum(part.known for part in parts)
    projected = sum(part.projected for part in parts)
    days = [part.until for part in parts if part.until is not None]
    until = max(days).isoformat() if days else None
    records = merge_records(*(part.records for part in parts))
    income = Income(cents=known + projected, estimate=True, how=_how(known, projected, until))
    return Known(value=income, records=records)


def _how(known: int, projected: int, until: str | None) -> Text:
    if until is None:
        return Text(
            f"Geschat uit de laatste opgaven van vorig jaar: {euros(projected, 'nl')}.",
            f"Estimated from last year's latest statements: {euros(projected, 'en')}.",
        )
    return Text(
        f"Bekend tot {until}: {euros(known, 'nl')}; de rest geschat: {euros(projected, 'nl')}.",
        f"Known up to {until}: {euros(known, 'en')}; the rest estimated: {euros(projected, 'en')}.",
    )


def _stated(facts: Sequence[Fact]) -> Mapping[int, Known[Income]]:
    """The applicant's own estimates by year (Awir 16, 17): the one valid latest, known latest."""
    found: dict[int, Known[Income]] = {}
    for fact in sorted(facts, key=lambda fact: (fact.valid_from, fact.known, fact.record)):
        data = fact.data
        if isinstance(data, Statement) and data.fact == "expected_income" and data.year is not None:
            how = Text("Volgens uw eigen opgave.", "By your own statement.")
            income = Income(cents=data.value, estimate=True, how=how)
            found[data.year] = Known(value=income, records=(fact.record,))
    return found
