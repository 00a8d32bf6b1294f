"""Who forms a household: the persons of a fact, who asked for an allowance, whose facts count.

Pure functions over the facts a node holds. What the law makes of them is the work of decisions.py
(on the node of Toeslagen) and plans.py (on the node of the municipality).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias

from scheduler.facts import Fact, SubjectId, known_facts
from specs.records import Enrolment, PersonRef, RecordData, Statement

FactsOf: TypeAlias = Callable[[Iterable[SubjectId]], Sequence[Fact]]
"""All facts that name any of these subjects."""

NEARNESS: Final = 2  # links from an applicant to the persons whose facts can touch his household
HOUSEHOLD_SUBJECTS_MAX: Final = 200

# Statements by which somebody asks for a toeslag himself (Awir 15). There is no record type of an
# application yet: in this slice enrolment and these own statements are taken as one.
APPLYING_STATEMENTS: Final = ("insured", "expected_income", "assets", "toeslagpartner")


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One person's wish for toeslagen, from a year on (Awir 15 lid 5: it counts for later years).

    `record` is the fact taken as the application, `since` its date.
    """

    applicant: SubjectId
    first_year: int
    since: date
    record: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolledHousehold:
    """A household that agreed to one pay date (P3), as its latest enrolment says."""

    applicant: SubjectId
    members: tuple[SubjectId, ...]  # the applicant among them
    surname: str
    preferred_day: int | None
    agreed_on: date
    record: str


def ref_at(data: RecordData, path: str) -> PersonRef:
    """The person at a path such as `person` or `parents.0`."""
    name, _, place = path.partition(".")
    value = getattr(data, name)
    reference = value[int(place)] if place else value
    if not isinstance(reference, PersonRef):
        raise AssertionError(f"{path}: no person stands there")
    return reference


def person_ref(facts: Iterable[Fact], subject: SubjectId) -> PersonRef | None:
    """How the latest fact that names this subject with a BSN names him; None when none does."""
    named = [
        (fact.known, ref_at(fact.data, path))
        for fact in facts
        for path, who in fact.subjects.items()
        if who == subject
    ]
    with_bsn = [(known, ref) for known, ref in named if ref.bsn is not None]
    return max(with_bsn, key=lambda pair: pair[0])[1] if with_bsn else None


def near(facts_of: FactsOf, start: Iterable[SubjectId]) -> tuple[list[Fact], set[SubjectId]]:
    """The facts around some subjects, and everybody those facts name, `NEARNESS` links far.

    Family, unions and statements link persons; a shared address does not yet.
    """
    subjects = set(start)
    edge = set(subjects)
    facts: dict[tuple[str, str], Fact] = {}
    for _ in range(NEARNESS):
        found = facts_of(edge)
        facts |= {(fact.author, fact.record): fact for fact in found}
        edge = {who for fact in found for who in fact.subjects.values()} - subjects
        subjects |= edge
        if not edge or len(subjects) > HOUSEHOLD_SUBJECTS_MAX:
            break
    return sorted(facts.values(), key=lambda fact: fact.known), subjects


def enrolled(facts: Iterable[Fact], known_on: int | None = None) -> tuple[EnrolledHousehold, ...]:
    """The households whose latest enrolment stands and is not withdrawn, in order of enrolment."""
    latest: dict[SubjectId, Fact] = {}
    for fact in sorted(known_facts(facts, known_on), key=lambda fact: fact.known):
        applicant = fact.subject()
        if isinstance(fact.data, Enrolment) and applicant is not None:
            latest[applicant] = fact
    return tuple(
        _household(fact, fact.data)
        for fact in latest.values()
        if isinstance(fact.data, Enrolment) and not fact.data.withdrawn
    )


def _household(fact: Fact, data: Enrolment) -> EnrolledHousehold:
    applicant = fact.subjects["person"]
    others = [fact.subjects.get(f"members.{place}") for place in range(len(data.members))]
    members = [applicant, *(who for who in others if who is not None and who != applicant)]
    return EnrolledHousehold(
        applicant=applicant,
        members=tuple(dict.fromkeys(members)),
        surname=data.person.surname,
        preferred_day=data.preferred_day,
        agreed_on=data.agreed_on,
        record=fact.record,
    )


def applications(facts: Iterable[Fact], known_on: int | None = None) -> tuple[Application, ...]:
    """Who asked for toeslagen, one application per person (Awir 15), the senior one first.

    An enrolment asks for the whole household: what its other members state is no application of
    their own; who leaves the household enrols for himself. The order of arrival changes nothing.
    """
    standing = known_facts(facts, known_on)
    covered = {
        who
        for fact in standing
        if isinstance(fact.data, Enrolment)
        for who in fact.subjects.values()
        if who != fact.subject()
    }
    found: dict[SubjectId, Application] = {}
    for fact in standing:  # by valid date, then record id
        applicant, data = fact.subject(), fact.data
        if applicant is None:
            continue
        if isinstance(data, Enrolment):
            year = data.agreed_on.year
        elif isinstance(data, Statement) and data.fact in APPLYING_STATEMENTS:
            if applicant in covered:
                continue
            year = min(fact.valid_from.year, data.year or fact.valid_from.year)
        else:
            continue
        earlier = found.get(applicant)
        found[applicant] = Application(
            applicant=applicant,
            first_year=year if earlier is None else min(year, earlier.first_year),
            since=fact.valid_from if earlier is None else earlier.since,
            record=fact.record if earlier is None else earlier.record,
        )
    enrolled_ones = {one.applicant for one in enrolled(standing)}
    return tuple(
        sorted(
            found.values(),
            key=lambda one: (one.applicant not in enrolled_ones, one.since, one.record),
        )
    )
