"""What the page «what if» shows: frozen read models, kept nowhere. Amounts are whole cents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from node.whatif.planned import Planned
from scheduler.folding.facts import SubjectId
from scheduler.folding.known import Text
from specs.values import Month


@dataclass(frozen=True, slots=True, kw_only=True)
class Adult:
    """Somebody of the household who could work: by a number on the form, never by an id."""

    number: str
    subject: SubjectId  # never on a page
    name: str
    born: date


@dataclass(frozen=True, slots=True, kw_only=True)
class SituationView:
    """What the form must know of a household before it asks."""

    months: tuple[Month, ...]  # from which the suppositions may begin
    adults: tuple[Adult, ...]
    benefits: tuple[Text, ...]  # that work or living together would change
    has_partner: bool | None  # a toeslagpartner now; None is not known
    bare_rent_cents: int | None
    service_costs_cents: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemeRow:
    """One allowance in the last month (quarter) of the year and over the year; None: not known."""

    what: Text
    by_quarter: bool
    before: int | None
    after: int | None
    year_before: int | None
    year_after: int | None
    received: bool  # whether a decision on it stands here
    secondary: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What is not known, why, and by which article."""

    what: tuple[Text, ...]
    why: Text
    article: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthRow:
    """All known monthly allowances of a month together."""

    month: Month
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """All allowances side by side. The sums hold the rows in which both amounts are known; they are
    None while the suppositions make unknown what is known now.
    """

    rows: tuple[SchemeRow, ...]
    month: Month  # of which the monthly amounts are
    month_difference: int | None
    year_difference: int | None
    months: tuple[MonthRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfView:
    """The answer. `gross_month` is more wage a month before tax, `together` what is left over of it
    all on the account each month; None where an amount in it is not known.
    """

    start: Month
    gross_month: int
    gross_year: int
    this_year: Table
    whole_year: Table
    paid_before: int  # difference over months already paid: below zero is paid back
    paid_months: int
    account: tuple[tuple[Text, int | None], ...]  # what changes on it apart from allowances
    together: int | None
    missing: tuple[Missing, ...]
    missing_in_a_year: tuple[Missing, ...]  # what only the whole year asks for
    counted: tuple[Text, ...]
    planned: Planned
