"""What other regulation versions would change about the households of this node: whom, how much.

Pure. Nothing is recorded; the two who approve a release sign the digest of this account. Households
are told by this node's own random subject ids, in their order: no ranking.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from node.households import Circles, applications
from scheduler.contested import derive_favourable
from scheduler.derivation import Derivation
from scheduler.folding.facts import Fact, SubjectId
from scheduler.rulebook import Rulebook
from specs.canonical import digest_of
from specs.records import AllowanceDecision
from specs.values import Month


@dataclass(slots=True, kw_only=True)
class _Effect:
    """One scheme and month over all households."""

    up: int = 0
    down: int = 0
    no_longer_known: int = 0
    cents: int = 0


@dataclass(slots=True, kw_only=True)
class DryRun:
    """The effect per scheme and month, and per household."""

    households: int = 0
    months: dict[tuple[str, Month], _Effect] = field(default_factory=dict)
    changed: dict[SubjectId, dict[str, int]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Counts and sums in cents, with a digest over them."""
        account: dict[str, Any] = {
            "households": self.households,
            "changed": len(self.changed),
            "months": [
                {
                    "scheme": scheme, "month": str(month), "up": one.up, "down": one.down,
                    "no_longer_known": one.no_longer_known, "cents": one.cents,
                }
                for (scheme, month), one in sorted(self.months.items())
            ],
            "by_household": [
                {"subject": who, "cents": cents} for who, cents in sorted(self.changed.items())
            ],
        }  # fmt: skip
        return account | {"digest": digest_of(account)}


def dry_run(
    circles: Circles,
    asked: Sequence[Fact],
    *,
    now: Rulebook,
    then: Rulebook,
    schemes: Sequence[str],
    today: date,
) -> DryRun:
    """Derive every applicant's schemes by both rulebooks, up to the year of `today`.

    `asked` are the node's facts of application (enrolments).
    """
    found = DryRun()
    for application in applications(asked):
        around, _ = circles.near([application.applicant])
        facts = [fact for fact in around if not isinstance(fact.data, AllowanceDecision)]
        who = application.applicant
        found.households += 1
        for scheme in schemes:
            for year in range(application.first_year, today.year + 1):
                _compare(
                    found,
                    who,
                    derive_favourable(facts, who, scheme, year, now),
                    derive_favourable(facts, who, scheme, year, then),
                )
    return found


def _compare(found: DryRun, who: SubjectId, before: Derivation, after: Derivation) -> None:
    for month in sorted(before.months.keys() | after.months.keys()):
        old, new = before.months.get(month), after.months.get(month)
        was = None if old is None or old.status == "unknown" else old.cents
        comes = None if new is None or new.status == "unknown" else new.cents
        if was == comes:
            continue
        one = found.months.setdefault((before.scheme, month), _Effect())
        mine = found.changed.setdefault(who, {})
        if comes is None:
            one.no_longer_known += 1
            mine.setdefault(before.scheme, 0)
            continue
        difference = comes - (was or 0)
        one.up += difference > 0
        one.down += difference < 0
        one.cents += difference
        mine[before.scheme] = mine.get(before.scheme, 0) + difference
