"""What a plan shows ahead: shortages, days yet to be announced, charges that may be double.

A signal is for the household and its social worker: a fact about days and amounts, no score (H1).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scheduler.planning.flows import Flow, Rhythm
from scheduler.planning.plan_types import MonthPlan, Signal
from specs.values import Month


def money_signals(months: Iterable[MonthPlan]) -> list[Signal]:
    """Months whose charges exceed their income, and days on which the money is not there yet."""
    found = []
    for month in months:
        if month.short_cents:
            found.append(Signal(kind="shortfall", month=month.month, cents=month.short_cents))
        elif month.lowest_after_cents < 0:
            cents = -month.lowest_after_cents
            found.append(Signal(kind="low_point", month=month.month, cents=cents))
    return found


def expected_days(months: Iterable[MonthPlan]) -> list[Signal]:
    """Payments whose own day the payer has yet to announce."""
    return [
        Signal(kind="expected_day", month=month.month, cents=line.cents, flow=line.flow)
        for month in months
        for line in month.lines
        if line.expected
    ]


def possible_doubles(flows: Sequence[Flow], first: Month) -> list[Signal]:
    """Charges of one party with equal amount and rhythm that no reference tells apart."""
    seen: dict[tuple[str, int, str | None], list[Rhythm]] = {}
    found = []
    for flow in flows:
        if flow.direction == "in" or flow.amount_cents == 0:
            continue
        rhythms = seen.setdefault((flow.party, flow.amount_cents, flow.reference), [])
        if flow.rhythm in rhythms:
            found.append(
                Signal(kind="possible_double", month=first, cents=flow.amount_cents, flow=flow.id)
            )
        rhythms.append(flow.rhythm)
    return found
