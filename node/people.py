"""Who may see which household: its adult members themselves, asked anew at every sign-in.

Who has not joined one pay date, or left it, sees what it would be: no calendar (paydates.py).

A person is known by the keyed hash of the BSN that the sign-in provider tells (subjects.py). Who is
no longer a member (a divorce, a new enrolment) no longer sees the calendar.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import Final

from node.errors import ErasedError
from node.facts import Facts
from node.households import EnrolledHousehold, every_household, households_of
from node.mandates import standing_mandates
from node.paydate.joining import Joining
from node.portal.surface import Access
from node.subjects import OWN
from scheduler.folding.ages import birthday
from scheduler.folding.facts import SubjectId
from specs.records import MANDATE_SET

ADULT_AGE: Final = 18  # BW 1:233
NAME: Final = "Huishouden {surname}"
OUTSIDE: Final = "{surname}, geboren in {year} (doet niet mee)"
SAMPLES_SUBJECTS_MAX: Final = 200  # a larger node lists only who joined


class HouseholdPeople:
    """PeoplePort (portal/surface.py) over the facts of a municipality's node."""

    def __init__(
        self,
        facts: Facts,
        today: Callable[[], date],
        joining: Callable[[str], Joining | None] | None = None,
    ) -> None:
        """joining: the household of a person that could have one pay date (PayDates.joining)."""
        self._facts = facts
        self._today = today
        self._joining = joining

    def person(self, bsn: str) -> str | None:
        """See PeoplePort."""
        return self._facts.known_as(bsn)

    def accesses(self, person: str) -> Sequence[Access]:
        """See PeoplePort."""
        if not self._adult(SubjectId(person)):
            return ()
        found = tuple(
            Access(household=one.applicant, name=NAME.format(surname=one.surname))
            for one in households_of(self._facts, SubjectId(person))
        )
        own = found or self._could_join(person)
        return (*own, *self._by_mandate(SubjectId(person), {one.household for one in own}))

    def stands(self, person: str, household: str, mandate: str | None) -> str | None:
        """See PeoplePort."""
        for one in self.accesses(person):
            if (one.household, one.mandate) == (household, mandate):
                return one.name
        return None

    def _by_mandate(self, holder: SubjectId, own: Collection[str]) -> Sequence[Access]:
        """The households of those for whom this person may act today."""
        found: dict[str, Access] = {}
        for mandate in standing_mandates(self._facts.of_type(MANDATE_SET)):
            if mandate.holder != holder or not mandate.holds(self._today()):
                continue
            for one in households_of(self._facts, mandate.person):
                if one.applicant not in own and one.applicant not in found:
                    name = NAME.format(surname=one.surname)
                    found[one.applicant] = Access(
                        household=one.applicant, name=name, mandate=mandate.record
                    )
        return tuple(found.values())

    def samples(self) -> Sequence[tuple[str, str]]:
        """See PeoplePort: every applicant by name; on a small node also who could join."""
        found, members = [], set()
        for one in self._enrolled():
            members |= {*one.members}
            bsn = self._facts.person(one.applicant).bsn
            if bsn is not None:
                found.append((NAME.format(surname=one.surname), bsn))
        subjects = self._facts.subjects()
        if len(subjects) <= SAMPLES_SUBJECTS_MAX:
            found += [one for who in subjects if who not in members for one in self._sample(who)]
        return sorted(found)

    def _sample(self, who: SubjectId) -> Sequence[tuple[str, str]]:
        """Somebody who could join, with the year of birth: one name may stand for several."""
        if who == OWN or not self._adult(who) or not self._could_join(who):
            return ()
        person = self._facts.person(who)
        if person.bsn is None or person.birth_date is None:
            return ()
        return ((OUTSIDE.format(surname=person.surname, year=person.birth_date.year), person.bsn),)

    def _could_join(self, person: str) -> Sequence[Access]:
        joining = None if self._joining is None else self._joining(person)
        if joining is None or person not in joining.adults:
            return ()
        name = NAME.format(surname=self._facts.person(joining.applicant).surname)
        return (Access(household=joining.applicant, name=name, joined=False),)

    def _enrolled(self) -> Sequence[EnrolledHousehold]:
        return every_household(self._facts)

    def _adult(self, person: SubjectId) -> bool:
        try:
            born = self._facts.person(person).birth_date
        except ErasedError:
            return False
        return born is not None and birthday(born, ADULT_AGE) <= self._today()
