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
from datetime import date

from scheduler.folding.facts import Fact
from scheduler.folding.known import Known, Text, Value, merge_records
from scheduler.folding.persons import Income, Projected
from scheduler.folding.projection import DAY, LAST_PERIODS, Paid, in_words, projected
from specs.records import (
    INCOME_BEGUN,
    INCOME_ENDED,
    IncomeRelation,
    IncomeStatement,
    Statement,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Relation:
    """One income relation: its statements in order, and when it began and ended, if known."""

    paid: tuple[Paid, ...]
    begun: date | None
    ended: date | None  # first day without
    records: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What a relation gives in a year."""

    told: Projected
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
    begins: dict[str, list[date]] = defaultdict(list)
    ends: dict[str, list[date]] = defaultdict(list)
    records: dict[str, list[str]] = defaultdict(list)
    for fact in sorted(facts, key=lambda fact: (fact.known, fact.record)):
        data = fact.data
        if isinstance(data, IncomeStatement):
            statements[data.relation][data.period_start, data.period_end] = fact
        elif isinstance(data, IncomeRelation):
            into = {INCOME_BEGUN: begins, INCOME_ENDED: ends}.get(fact.type)
            if into is not None:
                into[data.relation].append(fact.valid_from)
            records[data.relation].append(fact.record)
    found: list[_Relation] = []
    for name, by_period in sorted(statements.items()):
        begun, ended = _last_spell(begins[name], ends[name])
        paid = tuple(sorted(map(_paid, by_period.values()), key=_by_end))
        found.append(_Relation(paid=paid, begun=begun, ended=ended, records=tuple(records[name])))
    return found


def _last_spell(begins: Sequence[date], ends: Sequence[date]) -> tuple[date | None, date | None]:
    """First day and first day without of the latest stretch of a relation, whatever the order in
    which they were told; one that begins on or after the last end goes on.
    """
    ended = max(ends, default=None)
    if not begins:
        return None, ended
    if ended is None:
        return min(begins), None
    again = [day for day in begins if day >= ended]
    if again:
        return min(again), None
    earlier = max((day for day in ends if day < ended), default=date.min)
    return min((day for day in begins if day >= earlier), default=min(begins)), ended


def _by_end(paid: Paid) -> tuple[date, date]:
    return paid.end, paid.start


def _paid(fact: Fact) -> Paid:
    data = fact.data
    assert isinstance(data, IncomeStatement)
    return Paid(
        start=data.period_start, end=data.period_end, cents=data.taxable_cents,
        record=fact.record, kind=data.kind,
    )  # fmt: skip


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
    ends = relation.ended
    return _Part(
        told=projected(relation.paid, inside, max(start, first), stop,
                       ends if ends is not None and first < ends <= last else None),
        records=merge_records(
            relation.records, (paid.record for paid in inside or relation.paid[-LAST_PERIODS:])
        ),
    )  # fmt: skip


def _joined(parts: Sequence[_Part]) -> Known[Income]:
    told = tuple(part.told for part in parts)
    words = [in_words(part) for part in told]
    how = Text(" ".join(one.nl for one in words), " ".join(one.en for one in words))
    income = Income(cents=sum(part.cents for part in told), estimate=True, how=how, parts=told)
    return Known(value=income, records=merge_records(*(part.records for part in parts)))


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
