"""What a plan document may ask for beside the plan: money set aside, an advance repaid, a way back,
and living money by the week. Each has keys of its own; an answer without them is as ever.

`reserve` true adds `reserves`: what to set aside in each month for charges of a quarter, a year or
single dates; and `four_weekly`: incomes of every four weeks as a month counts them, and the months
in which two are due. `repay` (`{"terms": 12, "protected": 5000}`) fills `repaid` of the advances:
after the transition, never from the protected cents of a month. `leave` (`{"on": "2026-06-01",
"flows": ["ww"]}`, without flows all of them) adds `leaving`: the lines from that day on, and the
transition of the way back. A flow with `weekly` adds `weekly` to the months: the parts, or the
reason why it comes at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeAlias

from scheduler.documents.plan_fields import Fault, Fields
from scheduler.documents.plan_parts import line_json, transition_json
from scheduler.errors import PlanError
from scheduler.leaving import leave
from scheduler.paydays import PayCalendars
from scheduler.planning.plan_types import Plan, PlanRequest
from scheduler.planning.plan_weeks import Weeks, weeks_of
from scheduler.settle import TERMS_MAX, four_weekly, repay, reserves

Json: TypeAlias = dict[str, Any]

WISH_KEYS: Final = ("reserve", "repay", "leave")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What is asked for. `repay` is the number of terms and the cents protected each month; `leave`
    the day and the flows, None for all."""

    reserve: bool = False
    repay: tuple[int, int] | None = None
    leave: tuple[date, tuple[str, ...] | None] | None = None


def read_wishes(document: Mapping[str, Any]) -> tuple[Wishes, list[Fault]]:
    """The wishes of a document, and what is wrong with them."""
    fields = Fields(document, "")
    reserve, repaying, leaving = fields.flag("reserve"), _repay(fields), _leave(fields)
    return Wishes(reserve=reserve, repay=repaying, leave=leaving), fields.faults


def _repay(fields: Fields) -> tuple[int, int] | None:
    inner = fields.inside("repay")
    if inner is None:
        return None
    inner.only(("terms", "protected"))
    terms, protected = inner.integer("terms"), inner.integer("protected", 0)
    if not fields.faults and not 1 <= terms <= TERMS_MAX:
        inner.fault("terms", f"1 to {TERMS_MAX} terms")
    if protected < 0:
        inner.fault("protected", "a negative amount; write what the household keeps each month")
    return terms, protected


def _leave(fields: Fields) -> tuple[date, tuple[str, ...] | None] | None:
    inner = fields.inside("leave")
    if inner is None:
        return None
    inner.only(("on", "flows"))
    on = inner.day("on")
    if on is None:
        if not fields.faults:
            inner.fault("on", "the day of leaving is missing")
        return None
    return on, inner.texts("flows")


def with_wishes(
    answer: Json, found: Plan, request: PlanRequest, wishes: Wishes, calendars: PayCalendars
) -> Json:
    """The answer with what was asked for beside the plan; a leaving that cannot be is a problem of
    its own, beside the plan that stands."""
    if wishes.repay is not None:
        found = repay(found, *wishes.repay)
        answer["transition"] = transition_json(found.transition)
    if wishes.reserve:
        answer["reserves"] = [
            {
                "month": str(one.month),
                "flow": one.flow,
                "amount": one.cents,
                "due": one.due.isoformat(),
            }
            for one in reserves(found, request.flows)
        ]
        answer["four_weekly"] = [
            {
                "flow": one.flow,
                "amount": one.cents,
                "per_month": one.per_month_cents,
                "two_in": [str(month) for month in one.two_in],
            }
            for one in four_weekly(found, request.flows)
        ]
    if any(flow.weekly_cents for flow in request.flows):
        planned = {line.flow for line in found.lines()}
        flows = [flow for flow in request.flows if flow.id in planned]
        weeks = weeks_of(found, flows, calendars)
        for month in answer["months"]:
            month["weekly"] = [
                _weeks_json(one) for one in weeks if str(one.month) == month["month"]
            ]
    if wishes.leave is not None:
        answer["leaving"] = _leaving_json(found, request, *wishes.leave)
    return answer


def _weeks_json(weeks: Weeks) -> Json:
    return {
        "flow": weeks.flow,
        "period": weeks.period,
        "amount": weeks.cents,
        "parts": [{"date": day.isoformat(), "amount": cents} for day, cents in weeks.parts],
        "reason": None if weeks.reason is None else weeks.reason.nl,
    }


def _leaving_json(
    found: Plan, request: PlanRequest, on: date, flows: tuple[str, ...] | None
) -> Json:
    try:
        departure = leave(found, on, flows, request.bridge_by)
    except PlanError as error:
        return {"problem": f"leave.{error}"}
    return {
        "lines": [line_json(line) for line in departure.lines],
        "transition": transition_json(departure.transition),
    }
