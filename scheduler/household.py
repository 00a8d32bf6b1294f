"""Folding facts to a household, as known at a ledger index: the same facts give the same household,
in whatever order they came. The shapes are in persons.py; who is partner in partner_facts.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from scheduler.folding import sources
from scheduler.folding.addresses import abroad, address_spells, investigations, same_home
from scheduler.folding.contradictions import of_addresses, of_dates, of_partners, unsettled_homes
from scheduler.folding.facts import Fact, SubjectId, known_facts
from scheduler.folding.family import (
    childcare,
    homes,
    housemates,
    own_children,
    together,
    with_kinderbijslag,
)
from scheduler.folding.income import incomes
from scheduler.folding.known import Known, Text, Unknown, Value, merge_records
from scheduler.folding.partner_facts import (
    Circle,
    divorcing_of,
    parents_of,
    partner_spells,
    statements_of,
    unions_of,
)
from scheduler.folding.persons import Household, Person
from specs.records import Birth, Death, PersonRef, RecordData

NO_BIRTH: Final = Unknown(
    missing=Text("Een geboortedatum ontbreekt.", "A birth date is missing."),
    article="Wet basisregistratie personen, artikel 2.7",
)
TWO_BIRTHS: Final = Text(
    "De gegevens noemen twee geboortedata. De gemeente moet dat herstellen.",
    "The data name two birth dates. The municipality must correct this.",
)
TWO_DEATHS: Final = Text(
    "De gegevens noemen twee sterfdagen. De gemeente moet dat herstellen.",
    "The data name two dates of death. The municipality must correct this.",
)


def fold(facts: Iterable[Fact], applicant: SubjectId, known_on: int | None = None) -> Household:
    """The household of an applicant from all facts about its members; None = all that is known."""
    standing = known_facts(facts, known_on)
    by_subject = _by_subject(standing)
    parents, parent_records = parents_of(standing)
    unions = unions_of(by_subject.get(applicant, ()), applicant)
    subjects = _circle_of(applicant, by_subject, parents, {spell.value for spell in unions})
    addresses = {name: address_spells(by_subject.get(name, ()), name) for name in subjects}
    births, unknown_births = _births(by_subject, subjects)
    deaths, unknown_deaths = _deaths(by_subject, subjects)
    clashes = of_addresses(by_subject, subjects)
    investigated = (
        *investigations(by_subject.get(applicant, ()), applicant),
        *unsettled_homes(applicant, clashes, addresses),
    )
    circle = Circle(
        applicant=applicant,
        births={subject: known.value for subject, known in births.items()},
        deaths={subject: known.value for subject, known in deaths.items()},
        parents={child: both for child, both in parents.items() if child in subjects},
        parent_records=parent_records,
        addresses=addresses,
        unions=unions,
        statements=statements_of(by_subject.get(applicant, ()), applicant),
        investigated=investigated,
        divorcing=divorcing_of(by_subject.get(applicant, ()), applicant),
    )
    partners = partner_spells(circle)
    persons = {
        subject: _person(
            subject, by_subject.get(subject, ()),
            births.get(subject) or unknown_births.get(subject) or NO_BIRTH,
            deaths.get(subject) or unknown_deaths.get(subject) or Known(value=None),
        )
        for subject in subjects
    }  # fmt: skip
    family = own_children(circle, partners)
    return Household(
        applicant=applicant,
        persons=persons,
        partners=partners,
        children=with_kinderbijslag(standing, circle, partners, family),
        housemates=housemates(circle, partners, family),
        homes=homes(standing, circle, partners),
        childcare=childcare(standing, circle, partners, family),
        insecure=investigated,
        abroad=abroad(addresses[applicant]),
        together=together(circle),
        home_children=family,
        contradictions=(
            *(clash for clash, _ in clashes),
            *of_partners(applicant, unions, circle.deaths),
            *of_dates("two_birth_dates", unknown_births),
            *of_dates("two_death_dates", unknown_deaths),
        ),
        known_on=known_on,
    )


def _by_subject(facts: Iterable[Fact]) -> dict[SubjectId, tuple[Fact, ...]]:
    """Facts that name a person, in their order."""
    found: dict[SubjectId, list[Fact]] = {}
    for fact in facts:
        for subject in set(fact.subjects.values()):
            found.setdefault(subject, []).append(fact)
    return {subject: tuple(own) for subject, own in found.items()}


def _circle_of(
    applicant: SubjectId,
    by_subject: Mapping[SubjectId, Sequence[Fact]],
    parents: Mapping[SubjectId, frozenset[SubjectId]],
    spouses: set[SubjectId],
) -> list[SubjectId]:
    """Whom the law can ask about: who ever shared an address with the applicant, spouses, whom he
    stated, his children and theirs; all others are strangers.
    """
    mine = address_spells(by_subject.get(applicant, ()), applicant)
    near = {applicant, *spouses}
    for fact in by_subject.get(applicant, ()):
        near.update(fact.subjects.values())
    for subject, own in by_subject.items():
        if subject not in near:
            theirs = address_spells(own, subject)
            if any(same_home(a.value, b.value) for a in mine for b in theirs):
                near.add(subject)
    near.update(child for child, both in parents.items() if both & near)
    return sorted(near)


def _births(
    by_subject: Mapping[SubjectId, Sequence[Fact]], subjects: Iterable[SubjectId]
) -> tuple[dict[SubjectId, Known[date]], dict[SubjectId, Unknown]]:
    """Birth dates: of the birth itself where it is told, else as references name them."""
    known: dict[SubjectId, Known[date]] = {}
    unknown: dict[SubjectId, Unknown] = {}
    for subject in subjects:
        told: dict[date, list[str]] = {}
        named: dict[date, list[str]] = {}
        for fact in by_subject.get(subject, ()):
            for path, named_subject in fact.subjects.items():
                day = _reference(fact.data, path) if named_subject == subject else None
                if day is not None:
                    into = told if isinstance(fact.data, Birth) and path == "person" else named
                    into.setdefault(day, []).append(fact.record)
        days = told or named
        if len(days) == 1:
            day, records = next(iter(days.items()))
            known[subject] = Known(value=day, records=(min(records),))
        elif days:
            clash = merge_records(*days.values())
            unknown[subject] = Unknown(missing=TWO_BIRTHS, article=NO_BIRTH.article, records=clash)
    return known, unknown


def _reference(data: RecordData, path: str) -> date | None:
    """The birth date in the PersonRef at a path like `parents.0`."""
    name, _, index = path.partition(".")
    value = getattr(data, name, None)
    if index and isinstance(value, tuple) and index.isdigit() and int(index) < len(value):
        value = value[int(index)]
    return value.birth_date if isinstance(value, PersonRef) else None


def _deaths(
    by_subject: Mapping[SubjectId, Sequence[Fact]], subjects: Iterable[SubjectId]
) -> tuple[dict[SubjectId, Known[date]], dict[SubjectId, Unknown]]:
    days: dict[SubjectId, dict[date, str]] = {}
    for subject in subjects:
        for fact in by_subject.get(subject, ()):
            if isinstance(fact.data, Death) and fact.subject() == subject:
                days.setdefault(subject, {}).setdefault(fact.valid_from, fact.record)
    known: dict[SubjectId, Known[date]] = {}
    unknown: dict[SubjectId, Unknown] = {}
    for subject, found in days.items():
        records = merge_records(found.values())
        if len(found) == 1:
            known[subject] = Known(value=next(iter(found)), records=records)
        else:
            unknown[subject] = Unknown(
                missing=TWO_DEATHS, article="Wet basisregistratie personen, artikel 2.7",
                records=records,
            )  # fmt: skip
    return known, unknown


def _person(
    subject: SubjectId,
    facts: Sequence[Fact],
    birth: Value[date],
    death: Value[date] | Known[None],
) -> Person:
    own = [fact for fact in facts if fact.subject() == subject]
    return Person(
        id=subject,
        birth_date=birth,
        death_date=death,
        insured=sources.insured(own),
        income={**incomes(own), **sources.set_incomes(own)},
        assets=sources.assets(own),
        work=sources.work(own),
        maatwerk=sources.maatwerk(own),
    )
