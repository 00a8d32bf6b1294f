"""In which months of a year anything about a household may change: the others repeat the month
before. Every notion looks at a month through its first day or through "the month after", so a date
can matter only in its own month and in the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import pairwise
from typing import Final

from scheduler.folding.ages import birthday, pension_day
from scheduler.folding.known import Known, Spell, Unknown
from scheduler.folding.persons import Household
from specs.values import Month, months_of_year

# Every age that a notion or a regulation asks for, in full years; pension age is a date of its own.
AGES: Final = (0, 3, 6, 12, 16, 18, 19, 20, 21, 23, 27)


def months_that_may_differ(
    household: Household, year: int
) -> tuple[tuple[bool, ...], tuple[bool, ...]]:
    """Per month of the year, whether it may differ from the month before: for notions that look
    at all days of a month, and for those that look at its first day or at what lies before it.

    January may always; then each month right after which a date of the household lies, and the
    month of the date itself: where it is a first day, or a day that some notion looks for.
    """
    inside, first_day = [False] * 14, [False] * 14
    inside[1] = first_day[1] = True
    for days, looked_for in ((_of_first_days(household), False), (_inside(household, year), True)):
        for day in days:
            if day.year == year:
                inside[day.month + 1] = first_day[day.month + 1] = True
                if day.day == 1:
                    inside[day.month] = first_day[day.month] = True
                elif looked_for:
                    inside[day.month] = True
    return tuple(inside[1:13]), tuple(first_day[1:13])


def months_of_other_income(household: Household, year: int) -> tuple[bool, ...]:
    """Per month, whether what anybody received differs from the month before, or its record."""
    months = (Month(year, 1).plus(-1), *months_of_year(year))
    told = [each for person in household.persons.values()
            for each in (person.monthly_income, person.earnings) if each]  # fmt: skip
    if not told:
        return (False,) * 12
    return tuple(
        any(incomes.get(month) != incomes.get(before) for incomes in told)
        for before, month in pairwise(months)
    )


def _of_first_days(household: Household) -> Iterator[date]:
    """Dates of what every notion asks for on the first day of a month."""
    for spells in (
        household.partners, household.children, household.housemates, household.homes,
        household.insecure, household.abroad, household.together or (),
        household.home_children or (),
    ):  # fmt: skip
        if not isinstance(spells, Unknown):
            yield from _bounds(spells)
    for person in household.persons.values():
        yield from _bounds(person.insured)
        yield from _bounds(person.maatwerk)
        yield from _bounds(person.institution)
        death = person.death_date
        if isinstance(death, Known) and death.value is not None:
            yield death.value


def _inside(household: Household, year: int) -> Iterator[date]:
    """Dates that some notion looks for within a month: birthdays, care, work, exempted pay."""
    if not isinstance(household.childcare, Unknown):
        yield from _bounds(household.childcare)
    for person in household.persons.values():
        yield from _bounds(person.exemptions)
        yield from _after(person.exemptions, (6, 30))  # Pw 31 lid 2 n and r
        yield from _bounds(person.work or ())
        yield from _after(person.work or (), (3, 4))  # Wko 1.6 lid 5
        birth = person.birth_date
        if isinstance(birth, Known):
            if year - birth.value.year in AGES:
                yield birthday(birth.value, year - birth.value.year)
            yield pension_day(birth.value)


def _after(spells: Iterable[Spell[object]], months: Iterable[int]) -> Iterator[date]:
    """The first days of some months after each begin and end."""
    for day in _bounds(spells):
        for later in months:
            yield Month.of(day).plus(later).first_day


def _bounds(spells: Iterable[Spell[object]]) -> Iterator[date]:
    for spell in spells:
        if spell.start is not None:
            yield spell.start
        if spell.end is not None:
            yield spell.end
