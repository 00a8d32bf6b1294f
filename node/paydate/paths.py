"""Both paths before a household agrees: how the months go without one pay date, and with it.

Pure. What is shown has a digest; the enrolment that follows names it (`Enrolment.shown`), so that
it is on record what the household saw when it agreed (P3). Nothing of it is recorded by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date

from node.flows import LeftOut, Naming, flows_of, opening_balances
from node.households import EnrolledHousehold
from scheduler.folding.facts import Fact, SubjectId
from scheduler.folding.known import Text
from scheduler.paydays import PayCalendars
from scheduler.plan import plan
from scheduler.planning.plan_types import Plan, PlanRequest
from scheduler.settle import repay
from specs.canonical import digest_of
from specs.values import Month

MONTHS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class PathMonth:
    """One month both ways: the lowest balance on the own days, and on the one day."""

    month: str
    pay_date: str
    lowest_before_cents: int
    lowest_after_cents: int
    left_cents: int
    short_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAdvance:
    """Money that bridges the switch: by whom, when, and how it is paid back (empty: not at all)."""

    by: str
    flow: str
    day: str
    cents: int
    repaid: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLine:
    """One payment on its own day and on the day it would come; `why` it stays, if it stays."""

    flow: str
    direction: str
    own_day: str
    planned_day: str
    cents: int
    why_nl: str | None
    why_en: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BothPaths:
    """What a household sees before it agrees. `assumed` is what nobody promised yet."""

    day: int
    why_nl: str
    why_en: str
    switch: str
    transition_until: str
    months: tuple[PathMonth, ...]
    lines: tuple[ShownLine, ...]  # of the transition: from the switch up to its end
    advances: tuple[ShownAdvance, ...]
    assumed: tuple[tuple[str, str], ...]  # Dutch and English
    left_out: tuple[tuple[str, str], ...]  # what, and why; in Dutch

    @property
    def digest(self) -> str:
        """What the enrolment names as `shown`."""
        return digest_of(asdict(self))


def both_paths(
    facts: Sequence[Fact],
    applicant: SubjectId,
    members: Sequence[SubjectId],
    *,
    naming: Naming,
    today: date,
    calendars: PayCalendars,
    preferred_day: int | None = None,
    bridged: bool = False,
    repay_terms: int | None = None,
) -> BothPaths:
    """Both paths of persons that have not enrolled (or think of another day), as of today."""
    household = EnrolledHousehold(
        applicant=applicant, members=tuple(dict.fromkeys([applicant, *members])), surname="",
        preferred_day=preferred_day, agreed_on=today, record="", withdrawn=False,
    )  # fmt: skip
    flows, left_out = flows_of(facts, household, naming, calendars)
    opening, openings = opening_balances(facts, household)
    request = PlanRequest(
        first=Month.of(today), months=MONTHS, flows=tuple(one.flow for one in flows), today=today,
        opening_cents=opening, openings=openings, preferred_day=preferred_day,
        bridge_by=naming.member if bridged else None,
    )  # fmt: skip
    found = plan(request, calendars)
    if repay_terms is not None and found.transition.advances:
        found = repay(found, repay_terms)
    assumed = {(one.assumed.nl, one.assumed.en): None for one in flows if one.assumed is not None}
    return _shown(found, tuple(assumed), left_out)


def _shown(
    found: Plan, assumed: tuple[tuple[str, str], ...], left_out: Sequence[LeftOut]
) -> BothPaths:
    until = found.transition.until
    lines = [line for line in found.lines() if min(line.natural, line.planned) <= until]
    return BothPaths(
        day=found.day,
        why_nl=found.why.nl,
        why_en=found.why.en,
        switch=found.transition.start.isoformat(),
        transition_until=until.isoformat(),
        months=tuple(
            PathMonth(
                month=str(one.month), pay_date=one.pay_date.isoformat(),
                lowest_before_cents=one.lowest_before_cents,
                lowest_after_cents=one.lowest_after_cents, left_cents=one.left_cents,
                short_cents=one.short_cents,
            )
            for one in found.months
        ),
        lines=tuple(
            ShownLine(
                flow=line.flow, direction=line.direction, own_day=line.natural.isoformat(),
                planned_day=line.planned.isoformat(), cents=line.cents,
                why_nl=_text(line.reason, "nl"), why_en=_text(line.reason, "en"),
            )
            for line in lines
        ),
        advances=tuple(
            ShownAdvance(
                by=one.by, flow=one.flow, day=one.day.isoformat(), cents=one.cents,
                repaid=tuple((part.day.isoformat(), part.cents) for part in one.repaid),
            )
            for one in found.transition.advances
        ),
        assumed=assumed,
        left_out=tuple((one.what.nl, one.reason.nl) for one in left_out),
    )  # fmt: skip


def _text(reason: Text | None, language: str) -> str | None:
    return None if reason is None else str(getattr(reason, language))
