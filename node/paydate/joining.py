"""Who may agree to one pay date for whom: the adults of a household, each for himself.

Pure. Strict on purpose (P3, AVG 7): every adult whose money would move agrees; nobody agrees for an
adult under administration (BW 1:438) or for whom nothing is known. Leaving takes one adult, for a
consent that one of them takes back is no longer the household's.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from node.access import MUNICIPALITY_PREFIX
from node.decisions import partner_in
from node.flows import Naming
from node.households import EnrolledHousehold, enrolled, person_ref, withdrawn
from node.paydate.lives import died_on, receivers
from node.receiving.competent import stated_municipality
from scheduler.folding.ages import birthday
from scheduler.folding.facts import Fact, SubjectId, known_facts
from scheduler.folding.known import Unknown, spells_on
from scheduler.household import fold
from specs.records import AllowanceDecision, Receiver
from specs.values import Month

ADULT_AGE: Final = 18  # BW 1:233


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """The persons who have, or could have, one pay date together; the applicant is the first.

    `enrolment` is what stands of it: None when they never enrolled. `adults` must all agree;
    `administered` are those among them who cannot agree themselves.
    """

    members: tuple[SubjectId, ...]
    adults: tuple[SubjectId, ...]
    administered: tuple[SubjectId, ...]
    enrolment: EnrolledHousehold | None

    @property
    def applicant(self) -> SubjectId:
        """Whose name the household goes by, and whose id its pages have."""
        return self.members[0]

    @property
    def joined(self) -> bool:
        """Whether one pay date is agreed now."""
        return self.enrolment is not None and not self.enrolment.withdrawn

    def may_act(self, person: SubjectId) -> bool:
        """Whether this person may agree, choose a day and leave."""
        return person in self.adults and not self.administered


def joining_of(
    facts: Sequence[Fact], person: SubjectId, *, naming: Naming, today: date
) -> Joining | None:
    """The household of this adult as it stands or would be; None when none can be offered: he is no
    resident, or nobody can tell who lives with him as a partner.
    """
    for one in (*enrolled(facts), *withdrawn(facts)):
        if person in one.members:
            return _joining(facts, one.members, one, today)
    members = _members(facts, person, today)
    if members is None or not _lives_here(facts, members[0], naming):
        return None
    if not is_adult(facts, person, today) or person not in members[:2]:
        return None
    return _joining(facts, members, None, today)


def is_adult(facts: Sequence[Fact], who: SubjectId, today: date) -> bool:
    """Whether somebody is known to be of age, and alive."""
    ref = person_ref(facts, who)
    born = None if ref is None else ref.birth_date
    return born is not None and birthday(born, ADULT_AGE) <= today and who not in died_on(facts)


def _joining(
    facts: Sequence[Fact],
    members: tuple[SubjectId, ...],
    enrolment: EnrolledHousehold | None,
    today: date,
) -> Joining:
    adults = tuple(who for who in members if _must_agree(facts, who, today))
    return Joining(
        members=members,
        adults=adults,
        administered=_administered(facts, adults),
        enrolment=enrolment,
    )


def _must_agree(facts: Sequence[Fact], who: SubjectId, today: date) -> bool:
    """Of age, or of unknown age: nobody speaks for such a person. The dead agree to nothing."""
    ref = person_ref(facts, who)
    born = None if ref is None else ref.birth_date
    return (born is None or birthday(born, ADULT_AGE) <= today) and who not in died_on(facts)


def _administered(facts: Sequence[Fact], adults: Collection[SubjectId]) -> tuple[SubjectId, ...]:
    """Those of whom an administrator holds the account."""
    return tuple(
        who
        for who, fact in receivers(facts, adults).items()
        if isinstance(fact.data, Receiver) and fact.data.held_by == "administrator"
    )


def _members(facts: Sequence[Fact], person: SubjectId, today: date) -> tuple[SubjectId, ...] | None:
    """A person, his partner (Awir 3) and the children who live with them; the elder one first, so
    that both partners come to the same household. None when the partner is unknown."""
    told = [fact for fact in facts if not isinstance(fact.data, AllowanceDecision)]
    household = fold(told, person, None)
    if any(isinstance(one.value, Unknown) for one in spells_on(household.partners, today)):
        return None
    partner = partner_in(household, Month.of(today))
    couple = [person] if partner is None else [person, partner]
    couple.sort(key=lambda who: (_born(facts, who), who))
    children = {one.value for one in spells_on(household.home_children or (), today)}
    minors = [who for who in children - {*couple} if not _must_agree(facts, who, today)]
    return (*couple, *sorted(minors, key=lambda who: (_born(facts, who), who)))


def _born(facts: Sequence[Fact], who: SubjectId) -> date:
    ref = person_ref(facts, who)
    return date.max if ref is None or ref.birth_date is None else ref.birth_date


def _lives_here(facts: Sequence[Fact], who: SubjectId, naming: Naming) -> bool:
    """Whether the last address known is in this municipality: it records for nobody else."""
    told = [
        (fact.valid_from, fact.known, place)
        for fact in known_facts(facts, None)
        if fact.subject() == who and (place := stated_municipality(fact.data)) is not None
    ]
    return bool(told) and max(told)[2] == naming.member.removeprefix(MUNICIPALITY_PREFIX)
