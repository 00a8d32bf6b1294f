"""Known, absent and unknown as values, and values that hold for a while.

*Absent* is `Known(value=None)`: a record says that there is none. *Unknown* stops a derivation and
names the record that is missing. A `Spell` holds from its start up to, not including, its end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in plain Dutch and in English; no personal data."""

    nl: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known(Generic[T_co]):
    """A value and the ids of the records that say so; `note` is told with it in a trace: the reason
    of a decision, the projection behind an estimate.
    """

    value: T_co
    records: tuple[str, ...] = ()
    note: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """What is missing, and the article that asks for it."""

    missing: Text
    article: str
    records: tuple[str, ...] = ()  # records that contradict one another, if that is the reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell(Generic[T_co]):
    """A value in force from `start` (None = always) up to, not including, `end` (None = open)."""

    value: T_co
    start: date | None = None
    end: date | None = None
    records: tuple[str, ...] = ()

    def holds(self, day: date) -> bool:
        """Whether the day lies in the spell."""
        return (self.start is None or self.start <= day) and (self.end is None or day < self.end)


Value: TypeAlias = Known[T] | Unknown


def spells_on(spells: Iterable[Spell[T]], day: date) -> tuple[Spell[T], ...]:
    """All spells that hold on a day, in their order."""
    return tuple(spell for spell in spells if spell.holds(day))


def until_next(days: Iterable[date]) -> tuple[tuple[date, date | None], ...]:
    """Each day with the next one, the last with None: what begins holds until the next begins."""
    ordered = sorted(days)
    return tuple(zip(ordered, [*ordered[1:], None], strict=False))


def merge_records(*groups: Iterable[str]) -> tuple[str, ...]:
    """Record ids of several values: each once, in sorted order."""
    found = set[str]().union(*groups)
    return tuple(sorted(found)) if len(found) > 1 else tuple(found)
