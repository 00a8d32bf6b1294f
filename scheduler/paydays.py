"""Payer calendars: on which day a payer pays, and why that day. Data: `specs/paydays/*.yaml`.

A published list goes before the rule; a month without both is refused, never guessed. Reading the
files is payday_files.py; which payment moves to the household's own day is the planner's work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, TypeAlias

from scheduler.errors import PayDayError
from scheduler.folding.known import Text
from scheduler.planning.banking import Shift, shift_to_banking_day
from scheduler.planning.periods import Covers, period_of
from specs.values import Month, months_of_year

Basis: TypeAlias = Literal["published", "rule", "expected"]
Receipt: TypeAlias = Literal["month", "year", "none"]

ALL_MONTHS: Final = tuple(range(1, 13))
_BASIS_WORDS: Final[dict[Basis, Text]] = {
    "published": Text("in de gepubliceerde lijst", "in the published list"),
    "rule": Text("volgens de regel", "by the rule"),
    "expected": Text(
        "verwacht: deze dag maakt de uitkerende instantie zelf nog bekend",
        "expected: the payer has yet to announce this day",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRule:
    """A day of the month, moved to a banking day; `months` are those the rule speaks about."""

    from_year: int
    day: int
    shift: Shift
    months: tuple[int, ...] = ALL_MONTHS

    def covers(self, month: Month) -> bool:
        """Whether the rule says something about that month."""
        return month.year >= self.from_year and month.month in self.months


@dataclass(frozen=True, slots=True, kw_only=True)
class PayDay:
    """One pay day: the month it is due in, the period it pays, and on what that rests."""

    day: date
    due: Month
    period: str
    basis: Basis
    reason: Text
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """The list of one year as the payer, or somebody who quotes it, published it."""

    source: str
    days: tuple[date, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerCalendar:
    """All that is known of one payer's days.

    `receipt` says by what the law counts this income (A3): the month or the year in which it is
    received, or neither. `months` are the months of the year in which something is paid.
    """

    payer: str
    name: Text
    direction: Literal["in", "out"]
    covers: Covers
    receipt: Receipt
    receipt_reason: str
    confidence: Literal["primary", "secondary"]
    source: str
    months: tuple[int, ...] = ALL_MONTHS
    rule: DayRule | None = None
    expected: DayRule | None = None
    published: Mapping[int, Publication]

    def in_month(self, month: Month) -> PayDay | None:
        """The pay day due in a month, None when nothing is due in it; raises PayDayError."""
        if month.month not in self.months:
            return None
        for publication in self.published.values():
            for day in publication.days:
                if Month.of(day) == month:
                    return self._pay_day(day, month, "published", publication.source)
        found = self.by_rule(month)
        if found is not None:
            return self._pay_day(found[0], month, found[1], self.source)
        raise PayDayError(
            f"payer calendar {self.payer!r} has no published day for {month}; "
            f"add the payer's list to specs/paydays/{self.payer}.yaml"
        )

    def by_rule(self, month: Month) -> tuple[date, Basis] | None:
        """The day by the rule, or the day to be expected; None where neither speaks about it."""
        rules: tuple[tuple[DayRule | None, Basis], ...] = (
            (self.rule, "rule"),
            (self.expected, "expected"),
        )
        for rule, basis in rules:
            if rule is not None and rule.covers(month):
                day = date(month.year, month.month, min(rule.day, month.length))
                return shift_to_banking_day(day, rule.shift), basis
        return None

    def in_year(self, year: int) -> tuple[PayDay, ...]:
        """The list published for a year, or the days of its months by rule; raises PayDayError."""
        publication = self.published.get(year)
        if publication is not None:
            return tuple(
                self._pay_day(day, Month.of(day), "published", publication.source)
                for day in publication.days
            )
        found = (self.in_month(month) for month in months_of_year(year))
        return tuple(day for day in found if day is not None)

    def _pay_day(self, day: date, due: Month, basis: Basis, source: str) -> PayDay:
        words = _BASIS_WORDS[basis]
        nominal = self._nominal(due)
        nl, en = words.nl, words.en
        if nominal is not None and nominal != day:
            nl = f"{nl}; de {nominal.day}e kan niet, dus {_moved_nl(nominal, day)}"
            en = f"{en}; day {nominal.day} cannot be, so {_moved_en(nominal, day)}"
        return PayDay(
            day=day,
            due=due,
            period=period_of(self.covers, due),
            basis=basis,
            reason=Text(nl, en),
            source=source,
        )

    def _nominal(self, due: Month) -> date | None:
        if self.rule is None or not self.rule.covers(due):
            return None
        return date(due.year, due.month, min(self.rule.day, due.length))


def _moved_nl(nominal: date, day: date) -> str:
    return "een bankdag eerder" if day < nominal else "een bankdag later"


def _moved_en(nominal: date, day: date) -> str:
    return "the banking day before" if day < nominal else "the banking day after"


@dataclass(frozen=True, slots=True, eq=False)
class PayCalendars:
    """All payer calendars, by payer. One loaded set is one value: it equals only itself."""

    by_payer: Mapping[str, PayerCalendar]

    def get(self, payer: str) -> PayerCalendar:
        """The calendar of a payer; raises PayDayError naming those that exist."""
        found = self.by_payer.get(payer)
        if found is None:
            known = ", ".join(sorted(self.by_payer))
            raise PayDayError(f"no payer calendar of that name; known: {known}")
        return found


def pay_days(payer: str, year: int, calendars: PayCalendars) -> tuple[PayDay, ...]:
    """The pay days of a payer in a year, in order.

    Raises PayDayError for an unknown payer and for a year about which its calendar says nothing.
    """
    if not 1999 <= year <= 2199:
        raise PayDayError("TARGET has its calendar from 1999; ask for a year from 1999 to 2199")
    return calendars.get(payer).in_year(year)
