"""Amounts over time: a sum in parts, an advance repaid, a payment by the week, money set aside.

Cents are conserved: the parts of an amount add up to it, or the rest is told. Who owes whom, and
whether it may be reclaimed at all, is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from scheduler.errors import PlanError
from scheduler.planning.banking import shift_to_banking_day
from scheduler.planning.flows import Flow
from scheduler.planning.plan_types import Advance, Plan, Repayment
from specs.values import Month

WEEK: Final = timedelta(days=7)
TERMS_MAX: Final = 120
_LONG: Final = frozenset({"quarter", "year", "dates"})


def spread(cents: int, parts: int) -> tuple[int, ...]:
    """An amount in so many parts that differ by at most a cent, the larger ones first."""
    if cents < 0 or not 1 <= parts <= TERMS_MAX:
        raise PlanError(
            "terms",
            nl=f"een bedrag vanaf nul in 1 tot en met {TERMS_MAX} delen",
            en=f"spread an amount of at least 0 over 1 to {TERMS_MAX} parts",
        )
    each, rest = divmod(cents, parts)
    return tuple(each + (place < rest) for place in range(parts))


def repay(found: Plan, terms: int, protected_cents: int = 0) -> Plan:
    """The plan with its advances repaid in equal terms on the pay dates after the transition.

    In no month more is taken than what is left above `protected_cents` (P5), in no month of the
    transition anything (P2). What does not fit within the plan stays open: `repaid` then adds up to
    less than the advance.
    """
    after = [month for month in found.months if month.pay_date > found.transition.until]
    room = {
        month.month: max(0, min(month.left_cents, month.end_cents) - protected_cents)
        for month in after
    }
    advances = []
    for advance in found.transition.advances:
        open_cents, repaid = advance.cents, []
        for month, part in zip(after, _at_most(advance, terms, len(after)), strict=False):
            cents = min(part, open_cents, room[month.month])
            if cents:
                repaid.append(Repayment(day=month.pay_date, cents=cents))
                room[month.month] -= cents
                open_cents -= cents
        advances.append(replace(advance, repaid=tuple(repaid)))
    return replace(found, transition=replace(found.transition, advances=tuple(advances)))


def _at_most(advance: Advance, terms: int, months: int) -> list[int]:
    """The term of each month: equal terms, and for what a month could not hold the months after."""
    terms_cents = spread(advance.cents, terms)
    return [*terms_cents, *([terms_cents[0]] * months)][:months] if months else []


def weekly(cents: int, pay_date: date, next_pay_date: date) -> tuple[tuple[date, int], ...]:
    """One payment split by its payer into weekly ones: on the pay date, and every seventh day after
    it up to the next pay date, at a weekend or closing day the banking day before."""
    if next_pay_date <= pay_date:
        raise PlanError(
            "next_pay_date",
            nl="ligt niet na de betaaldag",
            en="lies not after the pay date; give the pay date of the next month",
        )
    days = [pay_date]
    while days[-1] + WEEK < next_pay_date:
        days.append(days[-1] + WEEK)
    on = [shift_to_banking_day(day, "preceding") for day in days]
    return tuple(zip(on, spread(cents, len(on)), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """What to set aside in a month for a charge that comes less often than every month."""

    month: Month
    flow: str
    cents: int
    due: date


@dataclass(frozen=True, slots=True, kw_only=True)
class FourWeekly:
    """An income of every four weeks as a month counts it: thirteen payments over twelve months,
    rounded down to the cent, and the months in which two are due."""

    flow: str
    cents: int
    per_month_cents: int
    two_in: tuple[Month, ...]


def four_weekly(found: Plan, flows: Sequence[Flow]) -> tuple[FourWeekly, ...]:
    """Every four-weekly income, in the order of the flows."""
    told = []
    for flow in flows:
        if flow.direction == "out" or flow.rhythm.every != "four_weeks":
            continue
        two_in = [
            month.month
            for month in found.months
            if sum(line.flow == flow.id for line in month.lines) > 1
        ]
        told.append(
            FourWeekly(
                flow=flow.id,
                cents=flow.amount_cents,
                per_month_cents=flow.amount_cents * 13 // 12,
                two_in=tuple(two_in),
            )
        )
    return tuple(told)


def reserves(found: Plan, flows: Sequence[Flow]) -> tuple[Reserve, ...]:
    """For every charge of a quarter, a year or single dates: equal parts in the months since the
    one before it (or since the plan began), the last in the month it is taken."""
    long = {flow.id for flow in flows if flow.direction == "out" and flow.rhythm.every in _LONG}
    first = found.months[0].month
    since = dict.fromkeys(long, first)
    parts = []
    for line in sorted(found.lines(), key=lambda line: (line.planned, line.flow)):
        taken = Month.of(line.planned)
        if line.flow not in long or taken < first:
            continue
        start = min(since[line.flow], taken)
        months = (taken.year - start.year) * 12 + taken.month - start.month + 1
        parts += [
            Reserve(month=start.plus(step), flow=line.flow, cents=cents, due=line.planned)
            for step, cents in enumerate(spread(line.cents, months))
        ]
        since[line.flow] = taken.plus(1)
    return tuple(parts)
