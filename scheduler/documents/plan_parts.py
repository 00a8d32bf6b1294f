"""The parts of a plan's JSON (DESIGN 9.2)."""

from __future__ import annotations

from typing import Any, TypeAlias

from scheduler.planning.plan_types import Advance, MonthPlan, PlannedLine, Signal, Transition

Json: TypeAlias = dict[str, Any]


def month_json(month: MonthPlan) -> Json:
    return {
        "month": str(month.month),
        "pay_date": month.pay_date.isoformat(),
        "left_to_spend": month.left_cents,
        "lowest_before": month.lowest_before_cents,
        "lowest_after": month.lowest_after_cents,
        "lines": [line_json(line) for line in month.lines],
    }


def line_json(line: PlannedLine) -> Json:
    return {
        "flow": line.flow,
        "direction": line.direction,
        "period": line.period,
        "natural_date": line.natural.isoformat(),
        "planned_date": line.planned.isoformat(),
        "amount": line.cents,
        "moved_days": line.moved_days,
        "reason": None if line.reason is None else line.reason.nl,
    }


def transition_json(found: Transition) -> Json:
    """The transition part of the answer."""
    return {
        "from": found.start.isoformat(),
        "until": found.until.isoformat(),
        "advances": [_advance_json(advance) for advance in found.advances],
    }


def _advance_json(advance: Advance) -> Json:
    return {
        "date": advance.day.isoformat(),
        "amount": advance.cents,
        "by": advance.by,
        "repaid": [{"date": part.day.isoformat(), "amount": part.cents} for part in advance.repaid],
    }


def signal_json(signal: Signal) -> Json:
    found: Json = {"kind": signal.kind, "month": str(signal.month), "amount": signal.cents}
    if signal.flow is not None:
        found["flow"] = signal.flow
    if signal.day is not None:
        found["day"] = signal.day
    return found
