"""What the recorded plans of a household say together: the day, and every line in force.

Pure. A plan that another municipality handed over counts as its lines, until its own plans do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from node.households import EnrolledHousehold
from scheduler.folding.facts import Fact, SubjectId, known_facts
from specs.records import PartyPlan, PlanAdvance, PlanHandover, PlanLine

Scope: TypeAlias = tuple[str, SubjectId]
"""A party and the person it pays or charges."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingLine:
    """One recorded line of a party's plan."""

    party: str
    person: SubjectId
    line: PlanLine
    record: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingPlan:
    """What the recorded plans say together: the day, and every line in force."""

    day: int
    lines: tuple[StandingLine, ...]
    advances: tuple[tuple[Scope, PlanAdvance], ...]
    known: int  # ledger index of the latest

    def advances_of(self, scope: Scope) -> tuple[PlanAdvance, ...]:
        """The advances of one party and person, in order."""
        return tuple(advance for own, advance in self.advances if own == scope)

    def of(self, scope: Scope, start: date) -> tuple[PlanLine, ...]:
        """The lines of one party and person due from a day on, in order."""
        own = [one.line for one in self.lines if (one.party, one.person) == scope]
        return tuple(sorted((one for one in own if one.natural_date >= start), key=in_order))


def standing_plan(facts: Iterable[Fact], household: EnrolledHousehold) -> StandingPlan | None:
    """The recorded plans of a household laid over each other in ledger order; None when none.

    A newer plan of the same party and person replaces their lines from the first day it is valid.
    """
    lines: list[StandingLine] = []
    advances: dict[Scope, tuple[PlanAdvance, ...]] = {}
    latest: Fact | None = None
    day = 0
    for fact in sorted(known_facts(facts, None), key=lambda fact: fact.known):
        data, person = fact.data, fact.subject()
        if isinstance(data, PlanHandover) and fact.record == household.handover:
            lines += handed_lines(fact, data, household)
            latest, day = fact, data.day
            continue
        if not isinstance(data, PartyPlan) or person not in household.members:
            continue
        scope = (data.party, person)
        lines = [
            one
            for one in lines
            if (one.party, one.person) != scope or one.line.natural_date < fact.valid_from
        ]
        lines += [
            StandingLine(party=data.party, person=person, line=line, record=fact.record)
            for line in data.lines
        ]
        advances[scope] = data.advances
        latest, day = fact, data.day
    if latest is None:
        return None
    lines.sort(key=lambda one: (one.line.planned_date, one.party, one.line.flow))
    told = tuple((scope, one) for scope, found in sorted(advances.items()) for one in found)
    return StandingPlan(day=day, lines=tuple(lines), advances=told, known=latest.known)


def handed_lines(
    fact: Fact, data: PlanHandover, household: EnrolledHousehold
) -> list[StandingLine]:
    """The lines that another municipality handed over about the members."""
    found = []
    for handed in data.lines:
        path = "person" if handed.member == 0 else f"members.{handed.member - 1}"
        who = fact.subjects.get(path)
        if who is not None and who in household.members:
            found.append(
                StandingLine(party=handed.party, person=who, line=handed.line, record=fact.record)
            )
    return found


def in_order(line: PlanLine) -> tuple[date, date, str, str]:
    """By the day it comes."""
    return line.planned_date, line.natural_date, line.flow, line.period
