"""What sources beside wages and registers tell about a person: health insurance, income and assets
as the tax office set them, paid work, childcare, and *maatwerk* of the municipality.

Each is folded as told last for its own slot (a policy, a year, a contract); a Correction takes a
record back before it comes here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from scheduler.folding.facts import Fact, SubjectId
from scheduler.folding.known import Known, Spell, Text, Value, until_next
from scheduler.folding.persons import Childcare, Income, Maatwerk, PersonId
from specs.records import (
    INSURED_BEGUN,
    ChildcareHours,
    HealthInsurance,
    IncomeRelation,
    IncomeStatement,
    Statement,
    Tailoring,
    YearAssets,
    YearIncome,
)

SET_BY_TAX_OFFICE: Final = Text("Vastgesteld door de Belastingdienst.", "Set by the tax office.")
WAGE: Final = "wage"
BIJSTAND: Final = "bijstand"


def insured(facts: Sequence[Fact]) -> tuple[Spell[bool], ...]:
    """Health insurance by the insurer's records; where there are none, by the own statements, each
    of which holds until the next.
    """
    days: dict[date, tuple[int, str, bool]] = {}
    told = any(isinstance(fact.data, HealthInsurance) for fact in facts)
    for fact in facts:
        if told and isinstance(fact.data, HealthInsurance):
            entry = (fact.known, fact.record, fact.type == INSURED_BEGUN)
        elif not told and isinstance(fact.data, Statement) and fact.data.fact == "insured":
            entry = (fact.known, fact.record, fact.data.value != 0)
        else:
            continue
        # of an end and a begin on one day the begin counts: another policy takes over
        best = days.get(fact.valid_from)
        if best is None or (told, entry[2], *entry[:2]) > (told, best[2] and told, *best[:2]):
            days[fact.valid_from] = entry
    return tuple(
        Spell(value=days[day][2], start=day, end=end, records=(days[day][1],))
        for day, end in until_next(days)
    )


def set_incomes(facts: Iterable[Fact]) -> Mapping[int, Known[Income]]:
    """Incomes of a year as the tax office set them (Awir 8 lid 1): final when by an assessment; of
    several the assessment, then the latest known one.
    """
    best: dict[int, tuple[bool, int, str, YearIncome]] = {}
    for fact in facts:
        data = fact.data
        if isinstance(data, YearIncome):
            entry = (data.basis == "assessment", fact.known, fact.record, data)
            if data.year not in best or best[data.year][:3] < entry[:3]:
                best[data.year] = entry
    return {
        year: Known(
            value=Income(cents=data.cents, estimate=not final, how=SET_BY_TAX_OFFICE),
            records=(record,),
        )
        for year, (final, _, record, data) in best.items()
    }


def assets(facts: Iterable[Fact]) -> Mapping[int, Value[int]]:
    """Assets on 1 January by year: as the tax office set them, else as stated; latest first."""
    found: dict[int, tuple[tuple[bool, date, int, str], int]] = {}
    for fact in facts:
        data = fact.data
        if isinstance(data, YearAssets):
            year, cents, by_office = data.year, data.cents, True
        elif isinstance(data, Statement) and data.fact == "assets" and data.year is not None:
            year, cents, by_office = data.year, data.value, False
        else:
            continue
        order = (by_office, fact.valid_from, fact.known, fact.record)
        if year not in found or found[year][0] < order:
            found[year] = (order, cents)
    return {year: Known(value=cents, records=(order[3],)) for year, (order, cents) in found.items()}


def work(facts: Iterable[Fact]) -> tuple[Spell[bool], ...] | None:
    """When a person has paid work (Wko 1.6): the periods of wage statements, and relations from
    their begin up to their end. None: nothing is told, which is unknown.
    """
    spells: list[Spell[bool]] = []
    begins: dict[str, list[tuple[date, str]]] = {}
    ends: dict[str, list[date]] = {}
    for fact in facts:
        data = fact.data
        if isinstance(data, IncomeStatement) and data.kind == WAGE:
            after = date.fromordinal(data.period_end.toordinal() + 1)
            spells.append(Spell(value=True, start=data.period_start, end=after,
                                records=(fact.record,)))  # fmt: skip
        elif isinstance(data, IncomeRelation) and data.kind == WAGE:
            if fact.type.endswith(".begonnen"):
                begins.setdefault(data.relation, []).append((fact.valid_from, fact.record))
            else:
                ends.setdefault(data.relation, []).append(fact.valid_from)
    for relation, begun in begins.items():
        for day, record in begun:
            stop = min((end for end in ends.get(relation, ()) if end > day), default=None)
            spells.append(Spell(value=True, start=day, end=stop, records=(record,)))
    if not spells and not ends:
        return None
    return tuple(sorted(spells, key=lambda spell: (spell.start or date.min, spell.records)))


def maatwerk(facts: Iterable[Fact]) -> tuple[Spell[Maatwerk], ...]:
    """Amounts a month that the municipality adds to bijstand or takes off, with their reasons."""
    return tuple(
        Spell(
            value=Maatwerk(cents=fact.data.cents_per_month, reason=fact.data.reason),
            start=fact.valid_from, end=fact.valid_until, records=(fact.record,),
        )
        for fact in facts
        if isinstance(fact.data, Tailoring) and fact.data.scheme == BIJSTAND
    )  # fmt: skip


def childcare(
    facts: Iterable[Fact], parents: frozenset[SubjectId]
) -> tuple[Spell[Childcare], ...] | None:
    """Care of children by contract, as the providers told; None when no provider told anything."""
    steps: dict[tuple[str, PersonId], dict[date, tuple[int, str, Fact, ChildcareHours]]] = {}
    for fact in facts:
        data, child = fact.data, fact.subject("child")
        if not isinstance(data, ChildcareHours) or child is None or fact.subject() not in parents:
            continue
        days = steps.setdefault((data.contract, child), {})
        entry = (fact.known, fact.record, fact, data)
        if fact.valid_from not in days or days[fact.valid_from][:2] < entry[:2]:
            days[fact.valid_from] = entry
    if not steps:
        return None
    spells: list[Spell[Childcare]] = []
    for (_, child), days in sorted(steps.items()):
        for start, following in until_next(days):
            _, record, fact, data = days[start]
            stops = [day for day in (following, fact.valid_until) if day is not None]
            care = Childcare(child=child, kind=data.kind, hours_per_month=data.hours_per_month,
                             hourly_rate=data.hourly_rate_cents)  # fmt: skip
            if not data.ended:
                spells.append(Spell(value=care, start=start, end=min(stops, default=None),
                                    records=(record,)))  # fmt: skip
    return tuple(spells)
