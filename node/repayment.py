"""Monthly terms of a claim: how many, how much at least, and on which days they fall due. Pure."""

from __future__ import annotations

from datetime import date
from typing import Final

from scheduler.planning.banking import shift_to_banking_day
from scheduler.settle import spread
from specs.values import Month

TERM_CENTS_MIN: Final = 2000  # of at least 20 euro, so that a small claim ends sooner
TERM_DAY: Final = 20  # the payer's own day of the month


def equal_terms(cents: int, most: int) -> tuple[int, ...]:
    """At most so many equal months of at least 20 euro; the last one may be the rest."""
    if most < 1:
        return ()
    if cents > most * TERM_CENTS_MIN:
        return spread(cents, most)
    whole, rest = divmod(cents, TERM_CENTS_MIN)
    return (TERM_CENTS_MIN,) * whole + ((rest,) if rest else ())


def first_term(after: date) -> Month:
    """The first month whose term is due after that day."""
    month = Month.of(after)
    return month if term_date(month) > after else month.plus(1)


def term_date(month: Month) -> date:
    """When the term of a month is due by itself; one pay date may move it."""
    return shift_to_banking_day(date(month.year, month.month, TERM_DAY), "following")
