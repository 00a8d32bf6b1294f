"""One channel of record per charge: a debit and a deduction of one rent would pay it twice.

Pure. Creditor, reference and person name a charge. Who told it first has it; another channel takes
over from the day the first one ended (ECOSYSTEM 3, lesson 6: a switch has two sides and an end).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from scheduler.folding.facts import Fact, SubjectId
from scheduler.folding.known import Text
from specs.records import Recurring

Charge: TypeAlias = tuple[str, str, SubjectId]

_WORDS = {
    "debit": Text("incasso", "direct debit"),
    "transfer": Text("overboeking", "transfer"),
    "deduction": Text("inhouding", "deduction"),
    None: Text("een andere regel", "another line"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a charge: from when until when, by which channel."""

    fact: Fact
    data: Recurring
    until: date | None

    def overlaps(self, other: Version) -> bool:
        """Whether both hold on some day."""
        begins_before = self.until is None or other.fact.valid_from < self.until
        ends_after = other.until is None or self.fact.valid_from < other.until
        return begins_before and ends_after


class Channels:
    """The channels of record met so far; ask in the order in which they became known."""

    def __init__(self) -> None:
        self._kept: dict[Charge, list[tuple[str, Version]]] = {}

    def refuse(self, charge: Charge, author: str, version: Version) -> Text | None:
        """Why a version of a charge is left out; None when it is kept as its channel of record."""
        kept = self._kept.setdefault(charge, [])
        for other, standing in kept:
            if other != author and standing.overlaps(version):
                words = _WORDS[standing.data.channel]
                return Text(
                    f"Dit wordt al betaald via {words.nl}. Twee keer betalen voorkomen wij.",
                    f"This is paid already by {words.en}. We prevent paying twice.",
                )
        kept.append((author, version))
        return None


def by_first_known(groups: Sequence[Sequence[Fact]]) -> list[Sequence[Fact]]:
    """Groups of versions in the order in which their first one became known."""
    return sorted(groups, key=lambda versions: min(fact.known for fact in versions))
