"""What a visitor supposes, checked: a job, a raise, moving in together, a child, another rent.

Plain values; how a form becomes them is told in portal/whatif_form.py. None of it is ever stored.
Amounts are whole cents. What may be None was left empty: not known, and never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from scheduler.folding.facts import SubjectId
from specs.values import Month


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """What comes in on the account a month, and on which day; asked for the calendar only."""

    net_cents: int
    day: int  # 1-31


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job: hours a week in tenths, cents an hour (None: the legal minimum wage)."""

    who: SubjectId
    tenths_of_hours: int
    hourly_cents: int | None
    paid: Paid | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Raise:
    """More wage a month, before tax and, where known, on the account."""

    who: SubjectId
    gross_cents: int
    net_cents: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """Somebody who comes to live here. `bond`: whether the two would be toeslagpartners by a ground
    that no register here shows (Awir 3 lid 2); None is not known.
    """

    age: int
    year_income_cents: int
    bond: bool | None
    insured: bool | None
    assets_cents: int | None = None
    paid: Paid | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A child that is born on a day."""

    born: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Rent:
    """Another rent a month."""

    bare_cents: int
    service_cents: int
    independent: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """What is left of the benefits of who works or lives together: before tax, and on the account.
    Zero: nothing is left.
    """

    gross_cents: int
    net_cents: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppositions:
    """All of it together, from the first day of a month."""

    start: Month
    job: Job | None = None
    more: Raise | None = None
    partner: Partner | None = None
    child: Child | None = None
    rent: Rent | None = None
    remaining: Remaining | None = None

    @property
    def nothing(self) -> bool:
        """Whether nothing is supposed at all."""
        return not any((self.job, self.more, self.partner, self.child, self.rent))

    def earners(self) -> tuple[SubjectId, ...]:
        """Who of the household would earn more."""
        found = [each.who for each in (self.job, self.more) if each is not None]
        return tuple(dict.fromkeys(found))
