"""What the pages of «Is this wrong?» show: frozen read models without behaviour.

Sentences come in pairs (`_nl` at level B1, `_en`); amounts are whole cents. `record` and `case` are
record ids: random, so that no view has an id with something personal in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from scheduler.folding.contests import State
from specs.values import Month

Group = Literal["amount", "income", "benefit", "person"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContestItem:
    """A record or amount that a household may point at. `why_not_nl` None: it can be contested.

    `who` and `born` name the member it is about, where there are several; `detail` is an address.
    `now_cents` is its amount where the household may state another; `until` the last day to object
    to a decision, None for a fact.
    """

    record: str
    what_nl: str
    what_en: str
    agency: str
    day: date
    group: Group
    is_amount: bool
    who: str | None
    born: date | None
    detail: str | None
    now_cents: int | None
    until: date | None
    late: bool
    decide_by: date
    law_nl: str
    law_en: str
    why_not_nl: str | None
    why_not_en: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRun:
    """Months in a row of one allowance with the same amounts a month."""

    scheme_nl: str
    scheme_en: str
    first: Month
    last: Month
    before_cents: int  # as decided without the contest
    paid_cents: int  # while it is open
    lost_cents: int  # if the household is not right


@dataclass(frozen=True, slots=True, kw_only=True)
class ContestPreview:
    """What will happen when this is sent."""

    item: ContestItem
    claimed_cents: int | None
    runs: tuple[HeldRun, ...]
    due_if_lost_cents: int  # of months that were paid by now
    suspended_cents: int  # of claims on which nothing is asked meanwhile


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """One case as the household follows it."""

    case: str
    what_nl: str
    what_en: str
    agency: str
    filed_on: date
    decide_by: date
    overdue: bool
    state: State
    is_open: bool
    decided_on: date | None
    reason: str
    claimed_cents: int | None
    answer: str | None
    runs: tuple[HeldRun, ...]
    due_if_lost_cents: int
    suspended_cents: int
