"""The way back: a household that withdraws, or a party that leaves. A switch like any other (P2).

The plan's own way in is transition.py. What is paid already is not touched.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from scheduler.errors import PlanError
from scheduler.planning.plan_types import Advance, Plan, PlannedLine, Transition
from scheduler.transition import gaps_filled, period_from


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """The lines from the switch on, each on the day it now comes, and the advances that takes."""

    lines: tuple[PlannedLine, ...]
    transition: Transition


def leave(
    found: Plan, switch: date, flows: Collection[str] | None = None, bridge_by: str | None = None
) -> Departure:
    """Brings flows (None: all) back to their natural dates from `switch` on.

    An income that comes later than planned is bridged by its payer. A charge that comes earlier is
    bridged by `bridge_by`; without one it keeps its planned date until the transition is over.
    Raises PlanError for a flow that the plan does not hold.
    """
    known = {line.flow for line in found.lines()} - {*found.withheld}
    unknown = set(flows or ()) - known
    if unknown:
        raise PlanError(
            "flows",
            nl="een betaling staat niet in dit plan",
            en=f"this plan holds no flow {sorted(unknown)[0]!r}",
        )
    period = period_from(switch)
    going = known if flows is None else set(flows)
    planned = {(line.flow, line.period): line for line in found.lines()}
    lines: list[PlannedLine] = []
    for line in found.lines():
        if line.planned < switch:
            continue
        income = planned[found.withheld.get(line.flow, line.flow), line.period]
        if income.flow in going:  # what is kept from an income stays with it
            line = _on(line, _day_back(income, switch, period.until, bridge_by))
        lines.append(line)
    advances: list[Advance] = []
    for flow in sorted(going):
        own = [line for line in lines if found.withheld.get(line.flow, line.flow) == flow]
        changes: dict[int, int] = {}
        for line in own:
            was = planned[line.flow, line.period].planned.toordinal()
            becomes = line.planned.toordinal()
            changes[was] = changes.get(was, 0) - line.signed_cents
            changes[becomes] = changes.get(becomes, 0) + line.signed_cents
        if own:
            by = own[0].party if own[0].direction == "in" else bridge_by
            advances += gaps_filled(flow, changes, period, by)
    advances.sort(key=lambda advance: (advance.day, advance.by, advance.flow))
    return Departure(
        lines=tuple(lines),
        transition=Transition(start=switch, until=period.until, advances=tuple(advances)),
    )


def _day_back(line: PlannedLine, switch: date, until: date, bridge_by: str | None) -> date:
    """The natural date of a line, or where it stays for the time being."""
    day = line.natural
    if day < switch:
        return line.planned  # its own day is over: it comes as planned
    earlier_charge = line.direction == "out" and day < line.planned
    if earlier_charge and bridge_by is None and day <= until:
        return line.planned
    return day


def _on(line: PlannedLine, day: date) -> PlannedLine:
    moved = (day - line.natural).days
    return line._replace(planned=day, moved_days=moved, on_day=day == line.planned, reason=None)
