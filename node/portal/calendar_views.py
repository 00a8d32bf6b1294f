"""What the pages show: frozen read models without behaviour. `calendars.py` fills them.

Sentences come in pairs: `_nl` at language level B1, `_en` beside it. Amounts are whole cents; the
sign of a line stands in `direction`, never in the amount. `household` is the node's own random
subject id of the applicant, so no view holds a BSN.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from specs.values import Month

Direction = Literal["in", "out"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyKey:
    """Where a line's reason stands: `Calendars.why(household, scheme, month)`."""

    scheme: str
    month: Month  # the month the amount is paid for, not the month of payment


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """One payment of the month, on its planned day."""

    day: date
    what_nl: str
    what_en: str
    direction: Direction
    cents: int  # never negative
    running_cents: int  # the balance after this line, opening balance of the plan included
    flow: str
    natural_day: date  # the day without the plan
    moved_days: int  # planned minus natural, in calendar days
    not_moved_reason_nl: str | None
    not_moved_reason_en: str | None
    estimate: bool
    why: WhyKey | None
    whose: str | None = None  # of two members with a payment of one name: whose it is

    @property
    def not_moved_reason(self) -> str | None:
        """The Dutch reason why this line did not move, or None."""
        return self.not_moved_reason_nl


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """A monthly amount that changed since last month or since the standing decision."""

    what_nl: str
    what_en: str
    month: Month
    before_cents: int
    after_cents: int
    cause_nl: str
    cause_en: str
    records: tuple[str, ...]  # ids of the records that caused it


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownView:
    """An allowance that is not known, and the record that is missing."""

    what_nl: str
    what_en: str
    missing_nl: str
    missing_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotPlannedView:
    """A flow that could not be planned, and why."""

    what_nl: str
    what_en: str
    reason_nl: str
    reason_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeLineView:
    """One announced change: from a payment on, `before` becomes `after`. None: no payment."""

    what_nl: str
    what_en: str
    direction: Direction
    kind: Literal["amount", "date", "begins", "ends"]
    from_day: date
    before_cents: int | None
    after_cents: int | None
    open_cents: int  # of payments too near to change: settled apart


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeView:
    """What was announced on a day; an objection up to `object_by` keeps it from taking effect."""

    announced_on: date
    object_by: date
    may_object: bool
    reason_nl: str
    reason_en: str
    lines: tuple[NoticeLineView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalView:
    """One thing to look at, in a sentence; `kind` as in paydate/signals.py."""

    kind: str
    sentence_nl: str
    sentence_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthView:
    """One month of one household: the list comes first."""

    household_name: str
    month: Month
    pay_date: date | None  # None: no plan stands for this month
    pay_day_why_nl: str
    pay_day_why_en: str
    left_to_spend_cents: int  # income minus charges of this month; may be negative
    income_cents: int
    charges_cents: int
    lines: tuple[LineView, ...]
    changes: tuple[ChangeView, ...]
    unknowns: tuple[UnknownView, ...]
    not_planned: tuple[NotPlannedView, ...]
    previous: Month | None  # None: nothing is planned there
    next: Month | None
    phone: str  # whom to call
    balance_before: tuple[tuple[date, int], ...]  # end of each day with a payment, unmoved
    balance_after: tuple[tuple[date, int], ...]  # the same, as planned
    notices: tuple[NoticeView, ...] = ()
    signals: tuple[SignalView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """A record an amount rests on, who said it, what and of which day."""

    record: str
    agency: str
    what_nl: str
    what_en: str
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """One step of the reckoning in a sentence, with its article and its records."""

    sentence_nl: str
    sentence_en: str
    cents: int | None
    article: str
    article_url: str
    inputs: tuple[SourceView, ...]
    kind: Literal["input", "parameter", "condition", "formula"] = "formula"


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyView:
    """Why an allowance is what it is in one month."""

    scheme_nl: str
    scheme_en: str
    month: Month
    cents: int
    year_cents: int | None
    estimate: bool
    steps: tuple[StepView, ...]
    rule_version: str
    rule_digest: str
    receipt_path: str | None  # of the standing decision's record; None: not recorded
    decision: str | None = None  # that record
    held: bool = False  # a contest holds the amount
    if_lost_cents: int | None = None  # what it would be if that is lost, where it is another


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedView:
    """A right that the facts give and that is not received, and the step to take."""

    what_nl: str
    what_en: str
    step_nl: str
    step_en: str
    first: Month
    last: Month
    cents: int  # over all these months


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordView:
    """One record that this node holds about a household: who said what, from when, in full."""

    record: str
    kind: str
    what_nl: str
    what_en: str
    agency: str
    valid_from: date
    valid_until: date | None
    known: int
    data: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholdView:
    """One household in a list."""

    id: str
    name: str
