"""Living money by the week: what the payer of an income pays in parts when the household asks.

Only what no charge of the month needs is spread (P1), nothing in a transition (P2), and nothing
past the month or year by which the law counts the income (A3). The parts add up to the amount (P4).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from scheduler.folding.known import Text
from scheduler.paydays import PayCalendars
from scheduler.planning.flows import Flow
from scheduler.planning.plan_board import pay_date, receipt_of
from scheduler.planning.plan_types import Plan, PlannedLine
from scheduler.settle import weekly
from specs.values import Month

IN_TRANSITION: Final = Text(
    "In de eerste twee maanden komt dit bedrag in een keer.",
    "In the first two months this amount comes at once.",
)
NEEDED: Final = Text(
    "Deze maand is dit geld nodig voor de rekeningen.",
    "This month the charges need this money.",
)
NO_WEEK_LEFT: Final = Text(
    "Er past geen week meer in de periode waarin dit inkomen telt.",
    "No week is left in the period in which this income counts.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weeks:
    """Of one payment the parts that come by the week; the rest comes on the planned date. Without
    parts all of it does, and `reason` says why."""

    month: Month
    flow: str
    period: str
    cents: int
    parts: tuple[tuple[date, int], ...]
    reason: Text | None


def weeks_of(found: Plan, flows: Iterable[Flow], calendars: PayCalendars) -> tuple[Weeks, ...]:
    """For every flow that asks for it, each of its payments, in the order of the flows."""
    room = {month.month: max(0, month.lowest_after_cents) for month in found.months}
    home = {(x.flow, x.period): m.month for m in found.months for x in m.lines}
    weeks = []
    for flow in flows:
        if not flow.weekly_cents:
            continue
        lines = [line for line in found.lines() if line.flow == flow.id]
        for line, after in zip(lines, [*lines[1:], None], strict=True):
            month = home[line.flow, line.period]
            weeks.append(
                _weeks(found, flow, (line, after), month, room, receipt_of(flow, calendars))
            )
    return tuple(weeks)


def _weeks(
    found: Plan,
    flow: Flow,
    lines: tuple[PlannedLine, PlannedLine | None],
    month: Month,
    room: dict[Month, int],
    receipt: str,
) -> Weeks:
    line, after = lines
    parts: tuple[tuple[date, int], ...] = ()
    booked = Month.of(line.planned)
    kept = sum(one.cents_in(line.due) for one in flow.withheld)
    cents = min(flow.weekly_cents, line.cents - kept, room.get(booked, 0))
    until = pay_date(found.day, booked.plus(1)) if after is None else after.planned
    if receipt == "month":
        until = min(until, booked.plus(1).first_day)
    elif receipt == "year":
        until = min(until, date(line.planned.year + 1, 1, 1))
    reason: Text | None = None
    if line.planned <= found.transition.until:
        reason = IN_TRANSITION
    elif cents <= 0:
        reason = NEEDED
    else:
        parts = weekly(cents, line.planned, until)
        if len(parts) == 1:
            parts, reason = (), NO_WEEK_LEFT
    if reason is None:
        room[booked] -= cents - parts[0][1]  # what comes later than the pay date
    return Weeks(
        month=month,
        flow=flow.id,
        period=line.period,
        cents=cents if parts else 0,
        parts=parts,
        reason=reason,
    )
