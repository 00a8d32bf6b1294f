"""Who forms a household: the persons of a fact, who asked for an allowance, whose facts count.

Pure functions over the facts a node holds. What the law makes of them is the work of decisions.py
(on the node of Toeslagen) and plans.py (on the node of the municipality).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Protocol, TypeAlias

from node.paydate.lives import parted
from scheduler.folding.facts import Fact, SubjectId, known_facts
from specs.records import (
    BIRTH,
    BRP_CORRECTED,
    ENROLLED,
    IMMIGRATED,
    MOVED_BETWEEN,
    MOVED_WITHIN,
    PLAN_HANDED_OVER,
    UNION_CLOSED,
    UNION_DISSOLVED,
    Address,
    Birth,
    Enrolment,
    Move,
    PersonRef,
    PlanHandover,
    RecordData,
)

HomeKey: TypeAlias = tuple[str, str]

NEARNESS: Final = 2  # links from an applicant to the persons whose facts can touch his household
CIRCLE_SUBJECTS_MAX: Final = 200  # around one person; beyond it the links are not followed further
HOME_SUBJECTS_MAX: Final = 30  # more persons at one address: an institution, no household
ADDRESS_TYPES: Final = (BIRTH, MOVED_WITHIN, MOVED_BETWEEN, IMMIGRATED)
MEMBERSHIP_TYPES: Final = (  # what says who is a household of its own
    ENROLLED, PLAN_HANDED_OVER, UNION_CLOSED, UNION_DISSOLVED, BRP_CORRECTED,
)  # fmt: skip


class FactSource(Protocol):
    """Where a node's facts lie: facts.py, or a list in a test."""

    def facts_of(self, subjects: Iterable[SubjectId]) -> Sequence[Fact]:
        """All accepted facts that name any of these subjects."""
        ...

    def of_type(self, record_type: str) -> Sequence[Fact]:
        """All accepted facts of one type."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One person's wish for toeslagen, from a year on (Awir 15 lid 5: it counts for later years).

    There is no record type of an application yet: who enrols asks for his toeslagen too, and that
    wish outlives a withdrawal from the one pay date. `record` is that enrolment, `since` its date.
    """

    applicant: SubjectId
    born: date
    first_year: int
    since: date
    record: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolledHousehold:
    """A household that agreed to one pay date (P3), as its latest enrolment says.

    `agreed_day` is the very day it saw and agreed to; `preferred_day` alone is a wish. `handover`
    is the record by which another municipality handed its plan over, `continues_on` the day from
    which this one goes on with it.
    """

    applicant: SubjectId
    members: tuple[SubjectId, ...]  # the applicant among them
    surname: str
    preferred_day: int | None
    agreed_on: date
    record: str
    withdrawn: bool
    bridged: bool = False
    repay_terms: int | None = None
    agreed_day: int | None = None
    shown: str | None = None
    handover: str | None = None
    continues_on: date | None = None


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


class Circles:
    """The facts around persons: family, unions and statements link them, and a shared home.

    Homes are kept in memory: read once, then learnt from every fact that passes.
    """

    def __init__(self, source: FactSource) -> None:
        self._source = source
        self._homes: dict[SubjectId, set[HomeKey]] = {}
        self._residents: dict[HomeKey, set[SubjectId]] = {}
        self._read = False

    def near(self, start: Iterable[SubjectId]) -> tuple[list[Fact], set[SubjectId]]:
        """The facts around some subjects in ledger order, and all within `NEARNESS` links."""
        if not self._read:
            for record_type in ADDRESS_TYPES:
                self._learn(self._source.of_type(record_type))
            self._read = True
        subjects = set(start)
        most = CIRCLE_SUBJECTS_MAX * max(1, len(subjects))
        edge = set(subjects)
        facts: dict[tuple[str, str], Fact] = {}
        for _ in range(NEARNESS + 1):
            found = self._source.facts_of(edge)
            self._learn(found)
            facts |= {(fact.author, fact.record): fact for fact in found}
            edge = {who for fact in found for who in fact.subjects.values()}
            edge = (edge | self._living_with(subjects)) - subjects
            if not edge or len(subjects) > most:
                break
            subjects |= edge
        return sorted(facts.values(), key=lambda fact: (fact.known, fact.record)), subjects

    def _living_with(self, subjects: Iterable[SubjectId]) -> set[SubjectId]:
        """Who was ever registered in a home of these; a house of more than a few is none."""
        keys = {key for who in subjects for key in self._homes.get(who, ())}
        groups = (self._residents[key] for key in keys)
        return {who for group in groups if len(group) <= HOME_SUBJECTS_MAX for who in group}

    def _learn(self, facts: Iterable[Fact]) -> None:
        for fact in facts:
            who = fact.subject()
            if isinstance(fact.data, Birth | Move) and who is not None:
                for key in _home_keys(fact.data.address):
                    self._homes.setdefault(who, set()).add(key)
                    self._residents.setdefault(key, set()).add(who)


def _home_keys(address: Address | None) -> list[HomeKey]:
    """By what two addresses are one home: the BAG id, or postcode and number."""
    if address is None:
        return []
    keys = [] if address.bag_id is None else [("bag", address.bag_id)]
    if address.postcode is not None and address.number is not None:
        keys.append((address.postcode, address.number))
    return keys


def enrolled(facts: Iterable[Fact], known_on: int | None = None) -> tuple[EnrolledHousehold, ...]:
    """The households whose latest enrolment stands and is not withdrawn, in order of their ids.

    Who is named by two enrolments belongs to the household of the later one.
    """
    return tuple(one for one in _households(facts, known_on) if not one.withdrawn)


def every_household(source: FactSource) -> tuple[EnrolledHousehold, ...]:
    """All enrolled households of a node, a couple that parted since as the two that they are."""
    return enrolled(fact for kind in MEMBERSHIP_TYPES for fact in source.of_type(kind))


def households_of(source: FactSource, person: SubjectId) -> tuple[EnrolledHousehold, ...]:
    """The enrolled households that count this person among their members now."""
    own = source.facts_of([person])
    named = {
        who
        for fact in own
        if isinstance(fact.data, Enrolment | PlanHandover)
        for who in fact.subjects.values()
    }
    around = source.facts_of({person, *named})
    return tuple(one for one in enrolled(around) if person in one.members)


def withdrawn(facts: Iterable[Fact], known_on: int | None = None) -> tuple[EnrolledHousehold, ...]:
    """The households that took their agreement to one pay date back."""
    return tuple(one for one in _households(facts, known_on) if one.withdrawn)


def _households(facts: Iterable[Fact], known_on: int | None) -> list[EnrolledHousehold]:
    """By the latest enrolment or handover of each applicant; a couple that parted is two."""
    by_applicant: dict[SubjectId, Fact] = {}
    home_of: dict[SubjectId, SubjectId] = {}
    known = list(known_facts(facts, known_on))
    standing = [fact for fact in known if isinstance(fact.data, Enrolment | PlanHandover)]
    for fact in sorted(standing, key=_agreed):
        applicant = fact.subject()
        if applicant is not None:
            by_applicant[applicant] = fact
            home_of |= dict.fromkeys(fact.subjects.values(), applicant)
    enrolled_by = {
        (fact.author, fact.subject()) for fact in standing if isinstance(fact.data, Enrolment)
    }
    found = []
    for applicant, fact in sorted(by_applicant.items()):
        if isinstance(fact.data, Enrolment):
            found.append(_household(fact, fact.data, home_of))
        elif isinstance(fact.data, PlanHandover) and (fact.author, applicant) not in enrolled_by:
            found.append(
                _handed(fact, fact.data, home_of)
            )  # not one that was handed over to others
    return [part for household in found for part in parted_households(household, known)]


def _agreed(fact: Fact) -> tuple[date, int]:
    data = fact.data
    return (data.agreed_on if isinstance(data, Enrolment) else fact.valid_from, fact.known)


def _household(
    fact: Fact, data: Enrolment, home_of: Mapping[SubjectId, SubjectId]
) -> EnrolledHousehold:
    return EnrolledHousehold(
        applicant=fact.subjects["person"],
        members=_members(fact, len(data.members), home_of),
        surname=data.person.surname,
        preferred_day=data.preferred_day,
        agreed_on=data.agreed_on,
        record=fact.record,
        withdrawn=data.withdrawn,
        bridged=data.bridged,
        repay_terms=data.repay_terms,
        agreed_day=None if data.shown is None else data.preferred_day,
        shown=data.shown,
    )


def _handed(
    fact: Fact, data: PlanHandover, home_of: Mapping[SubjectId, SubjectId]
) -> EnrolledHousehold:
    return EnrolledHousehold(
        applicant=fact.subjects["person"],
        members=_members(fact, len(data.members), home_of),
        surname=data.person.surname,
        preferred_day=data.preferred_day,
        agreed_on=data.agreed_on,
        record=fact.record,
        withdrawn=False,
        handover=fact.record,
        continues_on=data.continues_on,
    )


def _members(
    fact: Fact, count: int, home_of: Mapping[SubjectId, SubjectId]
) -> tuple[SubjectId, ...]:
    applicant = fact.subjects["person"]
    others = [fact.subjects.get(f"members.{place}") for place in range(count)]
    members = [who for who in others if who is not None and home_of[who] == applicant]
    return tuple(dict.fromkeys([applicant, *members]))


def parted_households(
    household: EnrolledHousehold, facts: Sequence[Fact]
) -> list[EnrolledHousehold]:
    """The household, or two of them when the applicant and a member divorced since they enrolled.

    Children go with whom they are registered with, otherwise with the applicant. Each of the two
    reads its own calendar from that moment on, and no more the other's.
    """
    enrolment = next((fact for fact in facts if fact.record == household.record), None)
    for couple, divorce in parted(facts).items():
        others = couple - {household.applicant}
        if len(others) != 1 or not couple <= set(household.members) or enrolment is None:
            continue
        if divorce.known < enrolment.known:
            continue  # they enrolled together knowing of it
        (other,) = others
        homes = {who: _home_now(facts, who) for who in household.members}
        going = [
            who
            for who in household.members
            if who not in couple
            and homes[who] is not None
            and homes[who] == homes[other] != homes[household.applicant]
        ]
        theirs = replace(
            household,
            applicant=other,
            members=(other, *going),
            surname=_surname(enrolment, other) or household.surname,
        )
        left = tuple(who for who in household.members if who != other and who not in going)
        return [replace(household, members=left), theirs]
    return [household]


def _home_now(facts: Iterable[Fact], who: SubjectId) -> HomeKey | None:
    """The key of somebody's last known home."""
    told = [fact for fact in facts if isinstance(fact.data, Birth | Move) and fact.subject() == who]
    if not told:
        return None
    last = max(told, key=lambda fact: (fact.valid_from, fact.known)).data
    keys = _home_keys(last.address) if isinstance(last, Birth | Move) else []
    return keys[-1] if keys else None


def _surname(fact: Fact, who: SubjectId) -> str | None:
    for path, subject in fact.subjects.items():
        if subject == who:
            return ref_at(fact.data, path).surname
    return None


def applications(facts: Iterable[Fact], known_on: int | None = None) -> tuple[Application, ...]:
    """Who asked for toeslagen, one application per person (Awir 15), the senior one first: by date,
    on the same day by age. An enrolment asks for the whole household.
    """
    found: dict[SubjectId, Application] = {}
    for fact in sorted(known_facts(facts, known_on), key=_agreed):
        applicant, data = fact.subject(), fact.data
        if isinstance(data, Enrolment) and applicant is not None and applicant not in found:
            found[applicant] = Application(
                applicant=applicant,
                born=data.person.birth_date or date.max,
                first_year=data.agreed_on.year,
                since=data.agreed_on,
                record=fact.record,
            )
    return tuple(sorted(found.values(), key=lambda one: (one.since, one.born, one.record)))
