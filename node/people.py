"""Who may see which household: its adult members themselves, asked anew at every sign-in.

A person is known by the keyed hash of the BSN that the sign-in provider tells (subjects.py). Who is
no longer a member (a divorce, a new enrolment) no longer sees the calendar.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

from node.errors import ErasedError
from node.facts import Facts
from node.households import EnrolledHousehold, every_household, households_of
from node.portal.surface import Access
from scheduler.folding.ages import birthday
from scheduler.folding.facts import SubjectId

ADULT_AGE: Final = 18  # BW 1:233
NAME: Final = "Huishouden {surname}"


class HouseholdPeople:
    """PeoplePort (portal/surface.py) over the facts of a municipality's node."""

    def __init__(self, facts: Facts, today: Callable[[], date]) -> None:
        self._facts = facts
        self._today = today

    def person(self, bsn: str) -> str | None:
        """See PeoplePort."""
        return self._facts.known_as(bsn)

    def accesses(self, person: str) -> Sequence[Access]:
        """See PeoplePort."""
        if not self._adult(SubjectId(person)):
            return ()
        return tuple(
            Access(household=one.applicant, name=NAME.format(surname=one.surname))
            for one in households_of(self._facts, SubjectId(person))
        )

    def samples(self) -> Sequence[tuple[str, str]]:
        """See PeoplePort: every applicant, by name."""
        found = []
        for one in self._enrolled():
            bsn = self._facts.person(one.applicant).bsn
            if bsn is not None:
                found.append((NAME.format(surname=one.surname), bsn))
        return sorted(found)

    def _enrolled(self) -> Sequence[EnrolledHousehold]:
        return every_household(self._facts)

    def _adult(self, person: SubjectId) -> bool:
        try:
            born = self._facts.person(person).birth_date
        except ErasedError:
            return False
        return born is not None and birthday(born, ADULT_AGE) <= self._today()
