"""WW: how long it lasts and in which month of it a calendar month lies (WW 42, 47).

A month in which it begins or ends on another day than the first is not calculated: the part-month
rule was not sourced. Not covered: the conditions of weeks and hours (16, 17), other deductions (E).
"""

from __future__ import annotations

from datetime import date
from typing import Final

from scheduler.folding.known import Known, Text, Unknown, Value
from scheduler.folding.persons import Unemployment
from scheduler.schemes.toeslagen import NONE, Inputs, YearView
from specs.values import Month

SUPPLIES: Final = frozenset({"recht", "eerste_maanden", "dagloon", "inkomen"})
LAW: Final = "Werkloosheidswet, artikel"
SHORTEST: Final = 3  # months, 42 lid 1
LONGEST: Final = 24  # 42 lid 2
FULL_YEARS: Final = 10  # a month for each year up to here
PART_MONTH: Final = Unknown(
    missing=Text("De WW begint of eindigt in deze maand. Dat deel rekenen wij niet.",
                 "The WW begins or ends in this month. We do not calculate that part."),
    article=f"{LAW} 47",
)  # fmt: skip
NO_BENEFIT: Final = Unknown(
    missing=Text("Of u WW krijgt, en het dagloon, ontbreken.",
                 "Whether you get WW, and the day wage, are missing."),
    article=f"{LAW} 47",
)  # fmt: skip
ONE_CENT: Final = Known(value=1)


def half_months(years_before_2016: int, years_from_2016: int, four_of_five: bool) -> int:
    """The duration in half months (WW 42): a month for each of the first ten years of work history;
    above them a month for each year before 2016 and half a month for each from 2016 on.
    """
    if not four_of_five:
        return 2 * SHORTEST
    total = years_before_2016 + years_from_2016
    above_before = max(0, years_before_2016 - FULL_YEARS)
    above_from = max(0, total - FULL_YEARS) - above_before
    halves = 2 * (min(total, FULL_YEARS) + above_before) + above_from
    return min(2 * LONGEST, max(2 * SHORTEST, halves))


def by_month(view: YearView) -> bool:
    """Whether each month counts by itself: the duration of a benefit runs."""
    benefit = view.applicant.unemployment
    return isinstance(benefit, Known) and benefit.value is not None


def inputs(view: YearView, month: Month) -> Inputs:
    """The inputs of `regulations/ww` in one month."""
    benefit = view.applicant.unemployment
    if isinstance(benefit, Unknown):
        return dict.fromkeys(SUPPLIES, benefit)
    if benefit is None:
        return dict.fromkeys(SUPPLIES, NO_BENEFIT)
    told = benefit.value
    if told is None:
        return {"recht": Known(value=0, records=benefit.records), "eerste_maanden": NONE,
                "dagloon": ONE_CENT, "inkomen": NONE}  # fmt: skip
    place = _place(told, month)
    if place is None:
        return dict.fromkeys(SUPPLIES, PART_MONTH)
    records = benefit.records
    return {
        "recht": Known(value=int(place > 0), records=records),
        "eerste_maanden": Known(value=int(place in (1, 2)), records=records),
        "dagloon": Known(value=told.day_wage, records=records),
        "inkomen": _income(told, month, records),
    }


def _place(told: Unemployment, month: Month) -> int | None:
    """The how-manieth month of the WW it is, from 1; 0 outside; None for a part of a month."""
    first = Month.of(told.start)
    if month < first:
        return 0
    halves = half_months(told.years_before_2016, told.years_from_2016, told.four_of_five)
    whole_start = told.start == date(first.year, first.month, 1)
    last = first.plus(halves // 2)  # the first month after the whole months
    passed = (month.year - first.year) * 12 + month.month - first.month
    if not whole_start and month in (first, last):
        return None
    if month == last:
        return None if halves % 2 else 0
    return passed + 1 if month < last else 0


def _income(told: Unemployment, month: Month, records: tuple[str, ...]) -> Value[int]:
    if month in told.income:
        return Known(value=told.income[month], records=records)
    missing = Text(f"Wat u in {month} verdiende, ontbreekt.",
                   f"What you earned in {month} is missing.")  # fmt: skip
    return Unknown(missing=missing, article=f"{LAW} 47")
