"""What a plan is asked for and what it answers. Frozen values; amounts are whole euro cents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal, NamedTuple, TypeAlias

from scheduler.errors import PlanError
from scheduler.folding.known import Text
from scheduler.planning.flows import AMOUNT_CENTS_MAX, Direction, Flow
from scheduler.planning.plan_board import DAYS
from specs.values import Month

MONTHS_MAX: Final = 60
FLOWS_MAX: Final = 500

SignalKind: TypeAlias = Literal[
    "shortfall",  # charges of a month exceed its income and the opening balance
    "low_point",  # the month ends well, but on some day the money is not there yet
    "better_day",  # another day would bring more together; only the household can agree to it
    "expected_day",  # the payer has yet to announce this day
    "possible_double",  # two charges of one party with the same amount and days
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """A household's flows and the months to plan.

    `today`: nothing due earlier moves. `preferred_day` breaks ties. `current_day` is the day the
    household agreed to: it stays, unless `agreed` says that the household agrees to another (P3);
    `chosen_day` is the very day it agreed to, having seen it: no other is looked for.
    `switched_on` is since when: within that transition a new plan keeps the same promises (P2).
    `opening_cents` is what the account holds at the start of each month; `openings` says it for
    accounts with a name. `bridge_by` is the party
    that advances money when a charge comes earlier; without one no charge does in the transition.
    """

    first: Month
    months: int
    flows: tuple[Flow, ...]
    today: date | None = None
    opening_cents: int = 0
    openings: Mapping[str, int] = field(default_factory=dict)
    preferred_day: int | None = None
    current_day: int | None = None
    agreed: bool = False
    chosen_day: int | None = None
    switched_on: date | None = None
    bridge_by: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.months <= MONTHS_MAX:
            raise PlanError(
                "months", nl=f"1 tot en met {MONTHS_MAX} maanden", en=f"plan 1 to {MONTHS_MAX}"
            )
        if not 1999 <= self.first.year <= 2190:
            raise PlanError("from", nl="een jaar vanaf 1999", en="a year from 1999 to 2190")
        for name in ("preferred_day", "current_day", "chosen_day"):
            day = getattr(self, name)
            if day is not None and day not in DAYS:
                raise PlanError(name, nl="een dag is 1 tot en met 28", en="a day is 1 to 28")
        if any(
            abs(one) > AMOUNT_CENTS_MAX for one in (self.opening_cents, *self.openings.values())
        ):
            raise PlanError(
                "opening_balance",
                nl="meer dan een miljard euro",
                en="more than a thousand million euros; check the unit",
            )
        if len(self.flows) > FLOWS_MAX:
            raise PlanError(
                "flows", nl=f"meer dan {FLOWS_MAX}", en=f"more than {FLOWS_MAX}; split the request"
            )

    @property
    def fixed_day(self) -> int | None:
        """The day that is not chosen any more, because the household agreed to it (P3)."""
        if self.current_day is not None and not self.agreed:
            return self.current_day
        return self.chosen_day

    def opening_of(self, account: str) -> int:
        """What an account holds at the start of each month."""
        return self.opening_cents if account == "" else self.openings.get(account, 0)


class PlannedLine(NamedTuple):
    """One payment: when it would come, when it comes, and why it stayed if it stayed.

    A named tuple, because building the lines is most of a plan's time. `due` is the day by rule,
    `natural` the same on a banking day; `moved_days` counts from there.
    """

    flow: str
    party: str
    direction: Direction
    period: str
    due: date
    natural: date
    planned: date
    cents: int
    moved_days: int
    on_day: bool
    expected: bool  # the payer has yet to announce its own day
    reason: Text | None

    @property
    def signed_cents(self) -> int:
        """Positive for an income, negative for a charge."""
        return self.cents if self.direction == "in" else -self.cents


class MonthPlan(NamedTuple):
    """The payments due in a month, and the balances of its days (plan_search.py says how).

    `left_cents` is income minus charges of these lines. `end_cents` is the balance at the end of
    the month as planned (of the account that ends lowest), `short_cents` what it falls short.
    """

    month: Month
    pay_date: date
    left_cents: int
    lowest_before_cents: int
    lowest_after_cents: int
    end_cents: int
    short_cents: int
    lines: tuple[PlannedLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repayment:
    """One instalment of an advance, after the transition."""

    day: date
    cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """Money a party pays once, so that nobody is poorer on any day of the transition (P2)."""

    day: date
    cents: int
    by: str
    flow: str
    repaid: tuple[Repayment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """From the day of the switch up to the end of the first full month after it.

    An empty one (`until` before `start`) when the household's day and flows stay as they were.
    """

    start: date
    until: date
    advances: tuple[Advance, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """Something a household or social worker should see. No score, no judgement (H1)."""

    kind: SignalKind
    month: Month
    cents: int
    flow: str | None = None
    day: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotPlanned:
    """A flow, or the part of it in some months, that the plan leaves out. `field` is the JSON's."""

    flow: str
    field: str
    problem: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One household's plan. `on_day_cents` of `total_cents` stand on the pay date. `withheld` tells
    from which flow a payment is kept (flows.Withheld), by its own id."""

    day: int
    why: Text
    on_day_cents: int
    total_cents: int
    months: tuple[MonthPlan, ...]
    transition: Transition
    signals: tuple[Signal, ...]
    not_planned: tuple[NotPlanned, ...]
    withheld: Mapping[str, str] = field(default_factory=dict)

    def lines(self) -> tuple[PlannedLine, ...]:
        """All lines of all months."""
        return tuple(line for month in self.months for line in month.lines)
