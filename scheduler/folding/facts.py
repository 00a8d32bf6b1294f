"""Facts in two time axes: valid in the world, known from a ledger index. Nothing is overwritten.

Opening payloads and mapping persons to subjects is the node's work.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from specs.records import Correction, RecordData

SubjectId: TypeAlias = str  # the node's own random id of a person


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One record as a node holds it.

    `subjects` maps the path of each PersonRef in `data` ("person", "parents.0", "persons.1",
    "other", "members.0") to a subject id. `known` is the ledger index of the record;
    `valid_until` is the first day it no longer holds, None when open.
    """

    record: str
    type: str
    data: RecordData
    subjects: Mapping[str, SubjectId]
    valid_from: date
    valid_until: date | None = None
    known: int
    author: str

    def subject(self, path: str = "person") -> SubjectId | None:
        """The subject at a path of the data, None when the data names nobody there."""
        return self.subjects.get(path)


def known_facts(facts: Iterable[Fact], known_on: int | None) -> tuple[Fact, ...]:
    """The facts that stand at a ledger index (None = all), in an order that arrival cannot change.

    A correction takes back the record of the same author that it names, from the index at which the
    correction is known, also when it arrives before the record it corrects.
    """
    known = [fact for fact in facts if known_on is None or fact.known <= known_on]
    taken_back = {
        (fact.author, fact.data.corrects) for fact in known if isinstance(fact.data, Correction)
    }
    standing = {
        (fact.author, fact.record): fact
        for fact in known
        if not isinstance(fact.data, Correction) and (fact.author, fact.record) not in taken_back
    }
    return tuple(sorted(standing.values(), key=lambda fact: (fact.valid_from, fact.record)))
