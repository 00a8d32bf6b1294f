"""The pages about one pay date out of what is known: both paths, the plan that runs, the way back.

Pure. What is said in a template stays in the template; here values get their form.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from node.flows import Naming
from node.paydate.answers import answers_by_flow
from node.paydate.outcome import PlanOutcome
from node.paydate.paths import BothPaths, ShownAdvance, ShownLine, shown_advance
from node.paydate.way_back import ShownWayBack
from node.portal.calendar_words import record_words
from node.portal.paydate_views import (
    AdvanceView,
    AnswerView,
    MoveView,
    Pair,
    PathMonthView,
    PathsView,
    WayBackView,
)
from scheduler.folding.facts import Fact
from scheduler.folding.known import Text
from scheduler.planning.plan_board import pay_date
from scheduler.transition import period_from
from specs.values import Month

NEXT_DATES: Final = 3
CHANGED_MAX: Final = 10  # new records named on the page


def paths_view(paths: BothPaths, facts: Iterable[Fact], why: Text | None) -> PathsView:
    """Both paths as a page shows them; `why` when the planner itself would choose this day."""
    until = date.fromisoformat(paths.transition_until)
    full = Month.of(until)
    flows = _one_each(paths.lines, full)
    after = [one for one in paths.months if Month.parse(one.month) >= full]
    return PathsView(
        day=paths.day,
        percent=paths.percent,
        switch=date.fromisoformat(paths.switch),
        until=until,
        months=tuple(
            PathMonthView(
                month=Month.parse(one.month), pay_date=date.fromisoformat(one.pay_date),
                before_cents=one.lowest_before_cents, after_cents=one.lowest_after_cents,
                left_cents=one.left_cents, short_cents=one.short_cents,
            )
            for one in paths.months
        ),
        full_from=full,
        lowest_before_cents=min(one.lowest_before_cents for one in after),
        lowest_after_cents=min(one.lowest_after_cents for one in after),
        moves=tuple(one for one in flows if one.own_day != one.new_day),
        stays=tuple(one for one in flows if one.own_day == one.new_day),
        days_before=_days(paths.lines, full, "own_day"),
        days_after=_days(paths.lines, full, "planned_day"),
        advances=tuple(advance_view(one) for one in paths.advances),
        assumed=tuple(Pair(nl=nl, en=en) for nl, en in paths.assumed),
        left_out=tuple(
            (Pair(nl=one[0], en=one[1]), Pair(nl=one[2], en=one[3])) for one in paths.left_out
        ),
        why=None if why is None else Pair(nl=why.nl, en=why.en),
        digest=paths.digest,
        seen=latest(facts),
    )  # fmt: skip


def way_back_view(back: ShownWayBack, facts: Iterable[Fact]) -> WayBackView:
    """The way back as a page shows it."""
    return WayBackView(
        ends_on=date.fromisoformat(back.ends_on),
        until=date.fromisoformat(back.until),
        moves=tuple(move_view(one) for one in back.lines),
        later=tuple(move_view(one) for one in back.later),
        advances=tuple(advance_view(one) for one in back.advances),
        to_repay=tuple((who, date.fromisoformat(day), cents) for who, day, cents in back.to_repay),
        digest=back.digest,
        seen=latest(facts),
    )


def move_view(line: ShownLine) -> MoveView:
    """One line as a page shows it."""
    why = line.why_nl is not None and line.why_en is not None
    return MoveView(
        what=Pair(nl=line.what_nl, en=line.what_en),
        direction="in" if line.direction == "in" else "out",
        cents=line.cents,
        own_day=date.fromisoformat(line.own_day),
        new_day=date.fromisoformat(line.planned_day),
        why=Pair(nl=line.why_nl or "", en=line.why_en or "") if why else None,
    )


def advance_view(one: ShownAdvance) -> AdvanceView:
    """One advance as a page shows it."""
    return AdvanceView(
        by=one.by, what=Pair(nl=one.what_nl, en=one.what_en), day=date.fromisoformat(one.day),
        cents=one.cents,
        repaid=tuple((date.fromisoformat(day), cents) for day, cents in one.repaid),
    )  # fmt: skip


def advances_that_stand(outcome: PlanOutcome, naming: Naming, today: date) -> list[AdvanceView]:
    """The advances of the recorded plans that are paid or repaid today or later."""
    if outcome.standing is None:
        return []
    called = {(one.party, one.person, one.code): one.what for one in outcome.flows}
    words = {one.code: one.what for one in outcome.flows}
    return [
        advance_view(shown_advance(naming.shown(party), what or words.get(one.flow), one))
        for (party, person), one in outcome.standing.advances
        for what in (called.get((party, person, one.flow)),)
        if max([one.day, *(part.day for part in one.repaid)]) >= today
    ]


def answer_views(facts: Sequence[Fact], outcome: PlanOutcome, naming: Naming) -> list[AnswerView]:
    """What each party said about each flow that stands in the plan."""
    answers = answers_by_flow(facts, naming.member)
    lines = () if outcome.standing is None else outcome.standing.lines
    planned = {(one.party, one.person, one.line.flow) for one in lines}
    found = []
    for flow in {(one.party, one.person, one.code): one for one in outcome.flows}.values():
        key = (flow.party, flow.person, flow.code)
        if key not in planned:
            continue
        answer = answers.get(key)
        found.append(
            AnswerView(
                what=Pair(nl=flow.what.nl, en=flow.what.en),
                party=naming.shown(flow.party),
                said="waiting" if answer is None else answer.said,
                reason=None if answer is None else answer.reason,
            )
        )
    return sorted(found, key=lambda one: (one.said, one.party, one.what.nl))


def next_dates(day: int, today: date) -> tuple[date, ...]:
    """The next pay dates."""
    months = (Month.of(today).plus(step) for step in range(NEXT_DATES + 1))
    dates = [pay_date(day, month) for month in months]
    return tuple(one for one in dates if one >= today)[:NEXT_DATES]


def transition_now(switched_on: date | None, today: date) -> tuple[date, date] | None:
    """The transition that runs today."""
    if switched_on is None:
        return None
    period = period_from(switched_on)
    return (period.start, period.until) if today <= period.until else None


def latest(facts: Iterable[Fact]) -> int:
    """The last ledger entry behind what is shown."""
    return max((fact.known for fact in facts), default=0)


def new_since(facts: Sequence[Fact], seen: int, naming: Naming) -> tuple[Pair, ...]:
    """What became known after an entry, in words; empty when nothing did (another day began)."""
    new = sorted((fact for fact in facts if fact.known > seen), key=lambda fact: -fact.known)
    told = {
        (naming.shown(fact.author), words.nl, words.en): None
        for fact in new
        for words in (record_words(fact),)
    }
    return tuple(
        Pair(nl=f"{who}: {nl}", en=f"{who}: {en}") for who, nl, en in list(told)[:CHANGED_MAX]
    )


def _one_each(lines: Sequence[ShownLine], month: Month) -> list[MoveView]:
    """Each flow once: its payment in the first full month, otherwise its last one before."""
    chosen: dict[str, ShownLine] = {}
    for line in sorted(lines, key=lambda one: one.own_day):
        known = chosen.get(line.flow)
        if known is None or Month.of(date.fromisoformat(known.own_day)) != month:
            chosen[line.flow] = line
    return sorted(
        (move_view(line) for line in chosen.values()),
        key=lambda one: (one.direction, one.own_day, one.what.nl),
    )


def _days(lines: Sequence[ShownLine], month: Month, which: str) -> int:
    """On how many days of a month something comes or goes."""
    days = {date.fromisoformat(getattr(one, which)) for one in lines}
    return sum(Month.of(day) == month for day in days)
