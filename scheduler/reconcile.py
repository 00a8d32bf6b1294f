"""What was booked beside what was planned: missing, double, deviating and unexpected payments.

Reading statements is the work of adapters/; nobody's bank account is read, only what a payer,
creditor or budget manager reports about the plan's own payments. A difference is a fact to look at,
not a judgement (H1). Every booking and every line that is due is told exactly once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal, TypeAlias

from scheduler.planning.flows import Direction
from scheduler.planning.plan_types import PlannedLine

Kind: TypeAlias = Literal["booked", "missing", "double", "deviating", "unexpected"]

DAYS_OFF_MAX: Final = 5  # a booking this far from the planned day is still that payment


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """One payment as reported. `flow` when the report names it, otherwise the party tells."""

    day: date
    direction: Direction
    party: str
    cents: int
    flow: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line, one booking, or the two together."""

    kind: Kind
    line: PlannedLine | None
    booking: Booking | None


def compare(
    lines: Iterable[PlannedLine], bookings: Iterable[Booking], known_until: date
) -> tuple[Finding, ...]:
    """Findings in order of day. `known_until`: the last day about which everything is reported; a
    line is missing when its day and the days it may be off have passed by then."""
    open_lines: dict[tuple[Direction, str], list[PlannedLine]] = defaultdict(list)
    for line in sorted(lines, key=lambda line: (line.planned, line.flow, line.period)):
        if line.cents:
            open_lines[line.direction, line.party].append(line)
    findings: list[Finding] = []
    waiting: list[Booking] = []
    ordered = sorted(
        bookings, key=lambda one: (one.day, one.direction, one.party, one.cents, one.flow or "")
    )
    for booking in ordered:  # first the payments that are just as planned
        match = _nearest(open_lines[booking.direction, booking.party], booking, same_amount=True)
        if match is None:
            waiting.append(booking)
        else:
            open_lines[booking.direction, booking.party].remove(match)
            findings.append(Finding(kind="booked", line=match, booking=booking))
    as_planned = [found.line for found in findings if found.line is not None]
    for booking in waiting:
        findings.append(_other(open_lines[booking.direction, booking.party], booking, as_planned))
    for rest in open_lines.values():
        findings += [
            Finding(kind="missing", line=line, booking=None)
            for line in rest
            if line.planned + timedelta(days=DAYS_OFF_MAX) <= known_until
        ]
    return tuple(sorted(findings, key=_order))


def _other(rest: list[PlannedLine], booking: Booking, as_planned: Sequence[PlannedLine]) -> Finding:
    """A booking that is not just as planned: a second one, another amount, or nobody's."""
    double = _nearest(
        [line for line in as_planned if (line.direction, line.party) == _side(booking)],
        booking,
        same_amount=True,
    )
    if double is not None:
        return Finding(kind="double", line=double, booking=booking)
    near = _nearest(rest, booking, same_amount=False)
    if near is not None:
        rest.remove(near)
        return Finding(kind="deviating", line=near, booking=booking)
    return Finding(kind="unexpected", line=None, booking=booking)


def _side(booking: Booking) -> tuple[Direction, str]:
    return booking.direction, booking.party


def _nearest(
    lines: Sequence[PlannedLine], booking: Booking, *, same_amount: bool
) -> PlannedLine | None:
    """The line this booking can be, nearest in days and then in amount."""
    found = [
        line
        for line in lines
        if abs((booking.day - line.planned).days) <= DAYS_OFF_MAX
        and booking.flow in (None, line.flow)
        and (not same_amount or line.cents == booking.cents)
    ]
    return min(
        found,
        key=lambda line: (
            abs((booking.day - line.planned).days),
            abs(line.cents - booking.cents),
            line.flow,
            line.period,
        ),
        default=None,
    )


def _order(found: Finding) -> tuple[date, str, str, int]:
    if found.booking is not None:
        return found.booking.day, found.kind, found.booking.party, found.booking.cents
    assert found.line is not None  # a finding has at least one of the two
    return found.line.planned, found.kind, found.line.party, found.line.cents
