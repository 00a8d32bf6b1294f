"""Recurring incomes and charges of a household: when each falls due and what its party accepts.

Natural due dates only; which of them move to the household's own day is the planner's work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, Literal, TypeAlias

from scheduler.errors import PayDayError, PlanError
from scheduler.paydays import Basis, PayCalendars, Receipt
from scheduler.planning.banking import Shift, shift_to_banking_day
from scheduler.planning.periods import Covers, period_of
from specs.values import Month

Direction: TypeAlias = Literal["in", "out"]
Every: TypeAlias = Literal["month", "four_weeks", "quarter", "year", "dates", "calendar"]
Rail: TypeAlias = Literal["in_order", "unordered"]

AMOUNT_CENTS_MAX: Final = 10**11  # so that no sum over days and lines leaves int64
WINDOW_DAYS_MAX: Final = 366
FOUR_WEEKS: Final = timedelta(days=28)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What a party accepts, in calendar days from the natural date moved to a banking day."""

    earlier_days: int = 0
    later_days: int = 0

    def __post_init__(self) -> None:
        for name, days in (("earlier_days", self.earlier_days), ("later_days", self.later_days)):
            if not 0 <= days <= WINDOW_DAYS_MAX:
                raise PlanError(
                    f"window.{name}",
                    nl=f"geen enkele dag past hierin; 0 tot en met {WINDOW_DAYS_MAX} dagen",
                    en=f"no date meets this window; write 0 to {WINDOW_DAYS_MAX} days",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """When something falls due. One rhythm serves any number of households.

    `day` (1-31; past the end of a month its last day) goes with month, quarter and year; `months`
    names the months of quarter and year, and limits month to some of them; `dates` and `calendar`
    stand alone. `start` and `end` bound the natural due dates; with four_weeks `start` is the first
    of them. `covers` None: the date itself is the period (four weeks, dates), a calendar's own
    word, otherwise the same month.
    """

    every: Every
    day: int | None = None
    months: tuple[int, ...] = ()
    dates: tuple[date, ...] = ()
    calendar: str | None = None
    shift: Shift = "following"
    covers: Covers | None = None
    start: date | None = None
    end: date | None = None

    def __post_init__(self) -> None:
        for fault in self._faults():
            raise fault

    def _faults(self) -> Iterator[PlanError]:
        if self.every in ("month", "quarter", "year"):
            yield from self._day_faults()
        if self.every == "four_weeks" and self.start is None:
            yield PlanError(
                "start", nl="de eerste betaaldatum ontbreekt", en="name the first pay date"
            )
        if self.every == "dates":
            yield from self._date_faults()
        if self.every == "calendar" and not self.calendar:
            yield PlanError("calendar", nl="de kalender ontbreekt", en="name a payer calendar")
        if self.start is not None and self.end is not None and self.end < self.start:
            yield PlanError(
                "end", nl="het einde ligt voor het begin", en="the start lies after the end"
            )

    def _day_faults(self) -> Iterator[PlanError]:
        if self.day is None or not 1 <= self.day <= 31:
            yield PlanError("day", nl="een dag is 1 tot en met 31", en="a day is 1 to 31")
            return
        if self.every == "month" and not self.months:
            return
        if not self.months or list(self.months) != sorted(set(self.months)):
            yield PlanError(
                "months",
                nl="noem de maanden, elk een keer, op volgorde",
                en="name the months, each once, in order",
            )
        elif not all(1 <= month <= 12 for month in self.months):
            yield PlanError("months", nl="een maand is 1 tot en met 12", en="a month is 1 to 12")
        elif self.every == "year" and self.day > min(
            Month(2024, month).length for month in self.months
        ):
            yield PlanError(
                "day",
                nl="deze dag bestaat niet in die maand",
                en="no such day in that month; correct day or month",
            )

    def _date_faults(self) -> Iterator[PlanError]:
        if not self.dates or list(self.dates) != sorted(set(self.dates)):
            yield PlanError(
                "dates",
                nl="noem de datums, elk een keer, op volgorde",
                en="name the dates, each once, in order",
            )
        elif self.covers is not None and not self.covers.endswith("year"):
            periods = [period_of(self.covers, Month.of(day)) for day in self.dates]
            if len(set(periods)) < len(periods):
                yield PlanError(
                    "dates",
                    nl="een periode wordt twee keer betaald",
                    en="a period is paid twice; keep one date for each period",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """What a payer keeps from an income for somebody else, as with an attachment of wage: a payment
    of its own, on the day of that income, which the household never receives. `start` and `end`
    bound the days by rule on which the income is due."""

    id: str
    party: str
    amount_cents: int
    start: date | None = None
    end: date | None = None

    def __post_init__(self) -> None:
        if not self.id:
            raise PlanError("withheld.id", nl="een naam ontbreekt", en="give it an id")
        if not self.party:
            raise PlanError("withheld.party", nl="de partij ontbreekt", en="name who receives it")
        check_amount("withheld.amount", self.amount_cents)

    def cents_in(self, due: date) -> int:
        """What is kept from the income due on a day."""
        early = self.start is not None and due < self.start
        late = self.end is not None and due > self.end
        return 0 if early or late else self.amount_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One recurring income or charge of a household.

    `amounts` overrides the amount in a period (its label, or the month it falls due in). `receipt`
    says by what the law counts an income (A3); `rail` whether the bank books a charge after the
    income of the same day (P1). `joins`: new under a current day, otherwise it follows that day
    already. `reference` is the contract the party knows it by: one contract has one channel.
    `account` is where it comes in or goes out: of one of two adults, or of a budget manager.
    `withheld` is kept by the payer of an income. Of an income `weekly_cents` a month may come by
    the week, when the household asks its payer for that (weeks.py).
    """

    id: str
    direction: Direction
    party: str
    amount_cents: int
    rhythm: Rhythm
    window: Window = field(default_factory=Window)
    amounts: Mapping[str, int] = field(default_factory=dict)
    rail: Rail = "in_order"
    receipt: Receipt | None = None  # None: as its calendar says, otherwise by month
    joins: bool = False
    reference: str | None = None
    account: str = ""
    withheld: tuple[Withheld, ...] = ()
    weekly_cents: int = 0

    def __post_init__(self) -> None:
        if not self.id:
            raise PlanError("id", nl="een naam ontbreekt", en="give the flow an id")
        if not self.party:
            raise PlanError("party", nl="de partij ontbreekt", en="name the payer or creditor")
        check_amount("amount", self.amount_cents)
        for period, cents in self.amounts.items():
            check_amount(f"amounts.{period}", cents)
        check_amount("weekly", self.weekly_cents)
        for key, given in (("withheld", self.withheld), ("weekly", self.weekly_cents)):
            if given and self.direction == "out":
                raise PlanError(
                    key,
                    nl="dat kan alleen bij een inkomen",
                    en="only the payer of an income can do this; leave it out",
                )

    def cents_in(self, occurrence: Occurrence) -> int:
        """What one payment brings to the account or takes from it, in cents."""
        kept = sum([one.cents_in(occurrence.due) for one in self.withheld])
        return self.gross_cents_in(occurrence) - kept

    def gross_cents_in(self, occurrence: Occurrence) -> int:
        """The same before anything is withheld."""
        if not self.amounts:
            return self.amount_cents
        return self.amounts.get(
            occurrence.period, self.amounts.get(occurrence.due_month, self.amount_cents)
        )


def check_amount(name: str, cents: int) -> None:
    """Whole cents, not negative, within bounds; raises PlanError."""
    if isinstance(cents, bool) or not isinstance(cents, int):
        raise PlanError(name, nl="geen hele centen", en="an amount is a whole number of cents")
    if cents < 0:
        raise PlanError(
            name,
            nl="een negatief bedrag; draai de richting om",
            en="a negative amount; turn the direction instead",
        )
    if cents > AMOUNT_CENTS_MAX:
        raise PlanError(
            name,
            nl="meer dan een miljard euro; controleer de eenheid",
            en="more than a thousand million euros; check the unit",
        )


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One payment as it would be without a plan.

    `due` is the day by rule, `natural` the same on a banking day.
    """

    due: date
    natural: date
    period: str
    due_month: str
    basis: Basis | None = None  # of a payer calendar


@dataclass(frozen=True, slots=True)
class Gap:
    """A month in which something falls due on a day that nobody has published."""

    month: Month


def occurrences(
    rhythm: Rhythm, first: Month, months: int, calendars: PayCalendars
) -> tuple[tuple[Occurrence, ...], tuple[Gap, ...]]:
    """Every payment that falls due by rule in `months` months from `first`, in order, and the
    months whose day is not known. Raises PlanError for an unknown calendar."""
    if rhythm.every == "calendar":
        return _by_calendar(rhythm, first, months, calendars)
    found = []
    for due in _due_dates(rhythm, first.first_day, first.plus(months - 1).last_day):
        if _within(rhythm, due):
            found.append(_occurrence(rhythm, due))
    return tuple(found), ()


def _occurrence(rhythm: Rhythm, due: date) -> Occurrence:
    month = Month.of(due)
    by_date = rhythm.covers is None and rhythm.every in ("four_weeks", "dates")
    period = due.isoformat() if by_date else period_of(rhythm.covers or "same_month", month)
    return Occurrence(due, shift_to_banking_day(due, rhythm.shift), period, str(month))


def _within(rhythm: Rhythm, due: date) -> bool:
    return (rhythm.start is None or rhythm.start <= due) and (
        rhythm.end is None or due <= rhythm.end
    )


def _due_dates(rhythm: Rhythm, first: date, last: date) -> Iterator[date]:
    if rhythm.every == "dates":
        yield from (day for day in rhythm.dates if first <= day <= last)
    elif rhythm.every == "four_weeks" and rhythm.start is not None:
        day = rhythm.start
        if day < first:
            day += FOUR_WEEKS * -((day - first) // FOUR_WEEKS)
        while day <= last:
            yield day
            day += FOUR_WEEKS
    elif rhythm.day is not None:
        month = Month.of(first)
        while month.first_day <= last:
            if not rhythm.months or month.month in rhythm.months:
                yield date(month.year, month.month, min(rhythm.day, month.length))
            month = month.plus(1)


def _by_calendar(
    rhythm: Rhythm, first: Month, months: int, calendars: PayCalendars
) -> tuple[tuple[Occurrence, ...], tuple[Gap, ...]]:
    try:
        calendar = calendars.get(rhythm.calendar or "")
    except PayDayError as error:
        raise PlanError("calendar", nl="deze kalender is niet bekend", en=str(error)) from error
    found: list[Occurrence] = []
    gaps: list[Gap] = []
    for month in (first.plus(step) for step in range(months)):
        try:
            pay_day = calendar.in_month(month)
        except PayDayError:
            gaps.append(Gap(month))
            continue
        if pay_day is None or not _within(rhythm, pay_day.day):
            continue
        period = period_of(rhythm.covers or calendar.covers, month)
        found.append(Occurrence(pay_day.day, pay_day.day, period, str(month), basis=pay_day.basis))
    return tuple(found), tuple(gaps)
