"""What an income relation will still give in a year: periods that no statement covers, each at the
usual amount, and the holiday pay of last year's month. Stated as data and in words.

Usual is the middle one of the last three whole periods, so that one payment of holiday pay does not
tilt it. Each statement replaces the period that was projected for it; when all are in nothing is
left to project.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median_low
from typing import Final

from scheduler.folding.known import Text
from scheduler.folding.persons import Projected
from scheduler.wording import euros
from specs.values import Month, months_of_year

LAST_PERIODS: Final = 3
FOUR_WEEKS: Final = timedelta(days=28)
DAY: Final = timedelta(days=1)
HOLIDAY_MONTHS: Final = (5, 6)  # May, and June where a payer pays it then
KINDS: Final[dict[str, Text]] = {
    "wage": Text("Loon", "Wage"), "ww": Text("WW", "WW"), "zw": Text("Ziektewet", "Sickness pay"),
    "wia": Text("WIA", "WIA"), "wajong": Text("Wajong", "Wajong"), "aow": Text("AOW", "AOW"),
    "pension": Text("Pensioen", "Pension"), "bijstand": Text("Bijstand", "Social assistance"),
    "anw": Text("Anw", "Anw"),
}  # fmt: skip
OTHER: Final = Text("Ander inkomen", "Other income")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """One statement that counts."""

    start: date
    end: date
    cents: int
    record: str
    kind: str

    @property
    def whole_month(self) -> bool:
        month = Month.of(self.end)
        return self.start == month.first_day and self.end == month.last_day

    @property
    def four_weeks(self) -> bool:
        return self.end - self.start + DAY == FOUR_WEEKS


def projected(
    paid: Sequence[Paid], inside: Sequence[Paid], start: date, stop: date, ends: date | None
) -> Projected:
    """The periods from `start` to `stop`, in one year, that no statement covers.

    `paid` are all statements of the relation in order, `inside` those of the year; `ends` is the
    first day without the relation, where it is known and lies in the year.
    """
    until = inside[-1].end if inside else start - DAY
    recent = [each for each in paid if each.end <= max(until, paid[-1].end)]
    whole = [each for each in recent if each.whole_month][-LAST_PERIODS:]
    fours = [each for each in recent if each.four_weeks][-LAST_PERIODS:]
    known = sum(each.cents for each in inside)
    told = inside[-1].end if inside else None
    if fours and (not whole or fours[-1].end > whole[-1].end):
        usual = median_low(each.cents for each in fours)
        covered = sum((each.end - each.start + DAY).days for each in inside)
        times = max(0, ((stop - start + DAY).days - covered) // FOUR_WEEKS.days)
        return Projected(kind=paid[-1].kind, known_cents=known, known_until=told, ends=ends,
                         rhythm="four_weeks", each_cents=usual, times=times,
                         rest_cents=usual * times, holiday_cents=0)  # fmt: skip
    if whole:
        usual = median_low(each.cents for each in whole)
        gaps = [_gap(month, usual, inside, start, stop) for month in months_of_year(stop.year)]
        holiday = _holiday(paid, inside, start, stop)
        return Projected(kind=paid[-1].kind, known_cents=known, known_until=told, ends=ends,
                         rhythm="month", each_cents=usual, times=sum(cents != 0 for cents in gaps),
                         rest_cents=sum(gaps), holiday_cents=holiday)  # fmt: skip
    latest = recent[-1]
    length = (latest.end - latest.start + DAY).days
    days = max(0, (stop - max(start, until + DAY) + DAY).days)
    return Projected(kind=paid[-1].kind, known_cents=known, known_until=told, ends=ends,
                     rhythm="day", each_cents=latest.cents // length, times=days,
                     rest_cents=latest.cents * days // length, holiday_cents=0)  # fmt: skip


def _gap(month: Month, usual: int, inside: Sequence[Paid], start: date, stop: date) -> int:
    """The usual amount for the days of a month inside the relation that no statement covers."""
    first, last = max(month.first_day, start), min(month.last_day, stop)
    if last < first or any(each.start <= last and first <= each.end for each in inside):
        return 0
    return usual * ((last - first + DAY).days) // month.length


def _holiday(paid: Sequence[Paid], inside: Sequence[Paid], start: date, stop: date) -> int:
    """Holiday pay as last year's May or June statement showed it, while this year's is not in."""
    before = [each for each in paid if each.whole_month and each.end.year == stop.year - 1]
    if not before:
        return 0
    usual = median_low(each.cents for each in before)
    extra = 0
    for number in HOLIDAY_MONTHS:
        month = Month(stop.year, number)
        told = any(each.start <= month.last_day and month.first_day <= each.end for each in inside)
        here = start <= month.first_day and month.last_day <= stop
        last = [each.cents for each in before if each.end.month == number]
        if here and not told and last:
            extra += max(0, max(last) - usual)
    return extra


def in_words(part: Projected) -> Text:
    """One relation for people: what is known, and how the rest is estimated."""
    name = KINDS.get(part.kind, OTHER)
    said: list[Text] = []
    if part.known_until is not None:
        day = part.known_until.isoformat()
        said.append(
            Text(
                f"{name.nl}: bekend tot en met {day}: {euros(part.known_cents, 'nl')}.",
                f"{name.en}: known up to {day}: {euros(part.known_cents, 'en')}.",
            )
        )
    else:
        said.append(Text(f"{name.nl}: geschat uit de laatste opgaven van vorig jaar.",
                         f"{name.en}: estimated from last year's latest statements."))  # fmt: skip
    said.append(_rest(part))
    if part.holiday_cents:
        nl, en = euros(part.holiday_cents, "nl"), euros(part.holiday_cents, "en")
        said.append(Text(f"Vakantiegeld zoals vorig jaar: {nl}.",
                         f"Holiday pay as last year: {en}."))  # fmt: skip
    if part.ends is not None:
        day = part.ends.isoformat()
        said.append(Text(f"Dit inkomen stopt op {day}.", f"This income stops on {day}."))
    return Text(" ".join(one.nl for one in said), " ".join(one.en for one in said))


def _rest(part: Projected) -> Text:
    if not part.rest_cents:
        return Text("Er is niets meer te schatten.", "Nothing is left to estimate.")
    each_nl, each_en = euros(part.each_cents, "nl"), euros(part.each_cents, "en")
    rest_nl, rest_en = euros(part.rest_cents, "nl"), euros(part.rest_cents, "en")
    if part.rest_cents != part.each_cents * part.times:
        return Text(f"De rest naar rato geschat: {rest_nl}.", f"The rest pro rata: {rest_en}.")
    nl, en = {
        "month": ("maanden", "months"), "four_weeks": ("keer vier weken", "times four weeks"),
        "day": ("dagen", "days"),
    }[part.rhythm]  # fmt: skip
    return Text(f"Nog {part.times} {nl} van {each_nl} geschat: {rest_nl}.",
                f"Estimated {part.times} more {en} of {each_en}: {rest_en}.")  # fmt: skip
