"""Who may act for whom today, by the recorded mandates. Pure.

The latest record about a person, holder and kind stands. A parent acts until the child is of age.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from scheduler.folding.ages import birthday
from scheduler.folding.facts import Fact, SubjectId, known_facts
from specs.records_mandate import Mandate

ADULT_AGE: Final = 18  # BW 1:233


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingMandate:
    """A mandate that is not withdrawn; it holds from `since` up to, not including, `until`."""

    record: str
    person: SubjectId
    holder: SubjectId
    since: date
    until: date | None
    data: Mandate

    def holds(self, day: date) -> bool:
        """Whether the holder may act on this day."""
        return self.since <= day and (self.until is None or day < self.until)


def standing_mandates(facts: Iterable[Fact]) -> tuple[StandingMandate, ...]:
    """Every mandate that is not withdrawn, by first day."""
    latest: dict[tuple[SubjectId, SubjectId, str], Fact] = {}
    for fact in sorted(known_facts(facts, None), key=lambda fact: fact.known):
        person, holder = fact.subject(), fact.subject("holder")
        if isinstance(fact.data, Mandate) and person is not None and holder is not None:
            latest[person, holder, fact.data.kind] = fact
    found = []
    for (person, holder, _kind), fact in latest.items():
        assert isinstance(fact.data, Mandate)  # only such were kept
        if not fact.data.withdrawn:
            found.append(
                StandingMandate(
                    record=fact.record, person=person, holder=holder, since=fact.valid_from,
                    until=_until(fact, fact.data), data=fact.data,
                )
            )  # fmt: skip
    return tuple(sorted(found, key=lambda one: (one.since, one.record)))


def _until(fact: Fact, data: Mandate) -> date | None:
    """The first day it no longer holds: its own, or the day a child comes of age (BW 1:233)."""
    days = [] if fact.valid_until is None else [fact.valid_until]
    if data.kind == "parent" and data.person.birth_date is not None:
        days.append(birthday(data.person.birth_date, ADULT_AGE))
    return min(days, default=None)
