"""What was announced to a household and what it should look at, in its own words, month by month.

Pure. A fact about days and amounts, never a judgement (H1); with each stands what to do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Final

from node.paydate.notices import ANSWERED, AS_PLANNED, NEW_FACTS
from node.paydate.outcome import PlanOutcome
from node.paydate.signals import HouseholdSignal
from node.portal.calendar_views import NoticeLineView, NoticeView, SignalView
from node.portal.formatting import Language, amount, month_name, plain_date
from scheduler.folding.facts import Fact
from scheduler.folding.known import Text
from specs.records import PlanNotice
from specs.records_plan import NoticeLine
from specs.values import Month

AHEAD_MAX: Final = 3  # shortages of later months told in this month
REASONS: Final[Mapping[str, Text]] = {
    NEW_FACTS: Text(NEW_FACTS, "New data changes your plan."),
    ANSWERED: Text(ANSWERED, "An organisation answered about your plan."),
    AS_PLANNED: Text(AS_PLANNED, "This was in your plan already and takes effect next month."),
}
_Words = Mapping[tuple[str, str], Text]


def notice_views(
    notices: Sequence[Fact], outcome: PlanOutcome, month: Month, today: date
) -> tuple[NoticeView, ...]:
    """What was announced for a month; in the month of today also what takes effect later.

    notices: all of the household (paydate/notices.py), the newest first.
    """
    called = _called(outcome)
    found = []
    for fact in notices:
        data = fact.data
        if not isinstance(data, PlanNotice):
            continue
        lines = tuple(
            _line(line, called) for line in data.lines if _told(line.from_day, month, today)
        )
        if lines:
            reason = REASONS.get(data.reason, Text(data.reason, data.reason))
            found.append(
                NoticeView(
                    announced_on=data.announced_on, object_by=data.object_by,
                    may_object=today <= data.object_by, reason_nl=reason.nl,
                    reason_en=reason.en, lines=lines,
                )
            )  # fmt: skip
    return tuple(found)


def signal_views(
    signals: Sequence[HouseholdSignal], outcome: PlanOutcome, month: Month, today: date
) -> tuple[SignalView, ...]:
    """What to look at in a month; in the month of today also the next shortages ahead.

    signals: all of the household (paydate/signals.py).
    """
    called = _called(outcome)
    own, ahead = [], []
    for signal in signals:
        when = Month.of(_day(signal)) if "-" in signal.when[5:] else Month.parse(signal.when)
        if when == month:
            own.append(signal)
        elif signal.kind == "shortfall" and month == Month.of(today) < when:
            ahead.append(signal)
    ahead.sort(key=lambda one: one.when)
    told = [_signal(one, called) for one in (*own, *ahead[:AHEAD_MAX])]
    return tuple(one for one in told if one is not None)


def _told(day: date, month: Month, today: date) -> bool:
    now = Month.of(today)
    return Month.of(day) == month or (month == now and day >= today)


def _called(outcome: PlanOutcome) -> _Words:
    return {(one.party, one.code): one.what for one in outcome.flows}


def _line(line: NoticeLine, called: _Words) -> NoticeLineView:
    what = called.get((line.party, line.flow), Text(line.flow, line.flow))
    return NoticeLineView(
        what_nl=what.nl, what_en=what.en, direction=line.direction, kind=line.what,
        from_day=line.from_day, before_cents=line.before_cents, after_cents=line.after_cents,
        open_cents=line.open_cents,
    )  # fmt: skip


def _day(signal: HouseholdSignal) -> date:
    return date.fromisoformat(signal.when)


def _signal(signal: HouseholdSignal, called: _Words) -> SignalView | None:
    """A signal in a sentence; None for what the pages say elsewhere."""
    sentence = _SENTENCES.get(signal.kind)
    if sentence is None:
        return None
    what = called.get((signal.party or "", signal.flow or ""))
    told = [sentence(signal, what, language) for language in ("nl", "en")]
    return SignalView(kind=signal.kind, sentence_nl=told[0], sentence_en=told[1])


def _shortfall(signal: HouseholdSignal, what: Text | None, language: Language) -> str:
    del what
    month = month_name(Month.parse(signal.when), language)
    short = amount(signal.planned_cents or 0, language)
    if language == "en":
        return f"In {month} you will be {short} short: more goes out than comes in."
    return f"In {month} komt u {short} tekort: er gaat meer af dan erbij komt."


def _low_point(signal: HouseholdSignal, what: Text | None, language: Language) -> str:
    del what
    month = month_name(Month.parse(signal.when), language)
    low = amount(signal.planned_cents or 0, language)
    if language == "en":
        return f"In {month} your balance is {low} below zero for some days."
    return f"In {month} staat u een paar dagen {low} onder nul."


def _missing(signal: HouseholdSignal, what: Text | None, language: Language) -> str:
    name, day = _name(what, language), plain_date(_day(signal), language)
    cents = amount(signal.planned_cents or 0, language)
    if language == "en":
        return f"{name} of {cents} was planned on {day}. It was not booked yet."
    return f"{name} van {cents} stond gepland op {day}. Deze betaling is nog niet geboekt."


def _double(signal: HouseholdSignal, what: Text | None, language: Language) -> str:
    name, day = _name(what, language), plain_date(_day(signal), language)
    if language == "en":
        return f"{name} was booked twice, the second time on {day}."
    return f"{name} is twee keer geboekt, de tweede keer op {day}."


def _deviating(signal: HouseholdSignal, what: Text | None, language: Language) -> str:
    name, day = _name(what, language), plain_date(_day(signal), language)
    booked = amount(signal.booked_cents or 0, language)
    planned = amount(signal.planned_cents or 0, language)
    if language == "en":
        return f"{name}: {booked} was booked on {day}, {planned} was planned."
    return f"{name}: op {day} is {booked} geboekt, gepland was {planned}."


def _unexpected(signal: HouseholdSignal, what: Text | None, language: Language) -> str:
    name, day = _name(what, language), plain_date(_day(signal), language)
    booked = amount(signal.booked_cents or 0, language)
    if language == "en":
        return f"{name}: {booked} was booked on {day}. This is not in your plan."
    return f"{name}: op {day} is {booked} geboekt. Dit staat niet in uw plan."


def _possible_double(signal: HouseholdSignal, what: Text | None, language: Language) -> str:
    name, cents = _name(what, language), amount(signal.planned_cents or 0, language)
    if language == "en":
        return f"{name} of {cents} stands in your plan twice. Is that right?"
    return f"{name} van {cents} staat twee keer in uw plan. Klopt dat?"


def _expected_day(signal: HouseholdSignal, what: Text | None, language: Language) -> str:
    name, month = _name(what, language), month_name(Month.parse(signal.when), language)
    if language == "en":
        return f"{name}: the payer still has to announce the day in {month}."
    return f"{name}: de dag in {month} moet nog bekend worden gemaakt."


def _name(what: Text | None, language: Language) -> str:
    if what is None:
        return "A payment" if language == "en" else "Een betaling"
    return what.en if language == "en" else what.nl


_SENTENCES: Final[Mapping[str, Callable[[HouseholdSignal, Text | None, Language], str]]] = {
    "shortfall": _shortfall,
    "low_point": _low_point,
    "missing": _missing,
    "double": _double,
    "deviating": _deviating,
    "unexpected": _unexpected,
    "possible_double": _possible_double,
    "expected_day": _expected_day,
}
