"""The published calendar of the monthly clockwork, out of `specs/clockwork/*.yaml`. Pure but for
reading those files; what is done at a moment is the work of steps.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, get_args
from zoneinfo import ZoneInfo

import specs
from node.errors import NodeError
from scheduler.planning.banking import Shift, shift_to_banking_day
from specs.loader import load_yaml
from specs.reading import Section
from specs.values import Month

CLOCKWORK: Final = Path(specs.__file__).parent / "clockwork"

Step: TypeAlias = Literal["facts_known", "derivation", "notice", "cut_off"]
STEPS: Final[tuple[Step, ...]] = get_args(Step)
ONE_DAY: Final = timedelta(days=1)
_KEYS: Final = (
    "valid_from", "zone", "hour", "notice_days", "notice_source", "orders_banking_days_before",
    "orders_source", "confidence", "source", "steps",
)  # fmt: skip


class ClockworkError(NodeError):
    """A month for which there is no clockwork, or whose moments are out of order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When a step falls: a day so many months before, or banking days before the month itself."""

    months_before: int = 0
    day: int = 0
    shift: Shift = "preceding"
    banking_days_before: int = 0

    def in_service_of(self, month: Month) -> date:
        """The day on which the step for that month falls."""
        if self.banking_days_before:
            return banking_days_before(month.first_day, self.banking_days_before)
        before = month.plus(-self.months_before)
        return shift_to_banking_day(
            date(before.year, before.month, min(self.day, before.length)), self.shift
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """One dated file."""

    valid_from: date
    zone: ZoneInfo
    hour: int
    notice_days: int
    orders_before: int  # banking days
    confidence: str
    source: str
    moments: dict[Step, Moment]

    def at(self, day: date) -> datetime:
        """The moment of that day at which its work becomes due."""
        return datetime.combine(day, time(self.hour), self.zone)

    def order_due(self, planned: date) -> datetime:
        """When the order of a payment on a planned day is due."""
        return self.at(banking_days_before(planned, self.orders_before))


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthTable:
    """The moments that serve one month's payments; an amount told later changes the next month."""

    month: Month
    days: dict[Step, date]
    due: dict[Step, datetime]
    first_payment: date
    notice_days: int
    confidence: str
    source: str

    def as_json(self) -> dict[str, Any]:
        """As it is published."""
        return {
            "month": str(self.month),
            "facts_known": self.days["facts_known"].isoformat(),
            "derivation": self.days["derivation"].isoformat(),
            "notice": self.days["notice"].isoformat(),
            "object_until": self.days["cut_off"].isoformat(),
            "cut_off": self.days["cut_off"].isoformat(),
            "first_orders_due": self.due_first_orders.isoformat(),
            "first_payment": self.first_payment.isoformat(),
            "notice_days": self.notice_days,
            "confidence": self.confidence,
            "source": self.source,
        }

    @property
    def due_first_orders(self) -> date:
        """The day on which orders for the first banking day of the month are due."""
        return banking_days_before(self.first_payment, 1)


class Timetable:
    """All dated rules."""

    def __init__(self, rules: Sequence[Rules]) -> None:
        self._rules = sorted(rules, key=lambda one: one.valid_from)

    def rules_for(self, month: Month) -> Rules:
        """The rules in force for a month's payments; raises ClockworkError."""
        for one in reversed(self._rules):
            if one.valid_from <= month.first_day:
                return one
        raise ClockworkError(f"no clockwork for {month}; add its rules to specs/clockwork/")

    def month(self, month: Month) -> MonthTable:
        """The moments that serve a month; raises ClockworkError when they are out of order."""
        rules = self.rules_for(month)
        days = {step: rules.moments[step].in_service_of(month) for step in STEPS}
        order = [days[step] for step in STEPS]
        first = shift_to_banking_day(month.first_day, "following")
        if order != sorted(set(order)) or order[-1] >= first:
            raise ClockworkError(f"the moments for {month} are out of order; correct the rules")
        if days["notice"] + rules.notice_days * ONE_DAY > month.first_day:
            raise ClockworkError(
                f"notice for {month} comes less than {rules.notice_days} days ahead; set it earlier"
            )
        return MonthTable(
            month=month,
            days=days,
            due={step: rules.at(day) for step, day in days.items()},
            first_payment=first,
            notice_days=rules.notice_days,
            confidence=rules.confidence,
            source=rules.source,
        )


def banking_days_before(day: date, count: int) -> date:
    """The banking day so many before a day, which itself need be none."""
    for _ in range(count):
        day = shift_to_banking_day(day - ONE_DAY, "preceding")
    return day


@cache
def load_timetable(directory: Path = CLOCKWORK) -> Timetable:
    """The rules of every file; raises SpecFileError."""
    rules = []
    for path in sorted(directory.glob("*.yaml")):
        value, lines = load_yaml(path)
        rules.append(_rules(Section.whole(str(path), value, lines), path))
    return Timetable(rules)


def _rules(section: Section, path: Path) -> Rules:
    section.only(*_KEYS)
    valid_from = section.day("valid_from")
    if path.stem != valid_from.isoformat():
        section.fail("valid_from", f"the file is named {path.stem!r}; use the same day for both")
    steps = section.section("steps")
    steps.only(*STEPS)
    for key in ("notice_source", "orders_source"):
        section.text(key)
    return Rules(
        valid_from=valid_from,
        zone=ZoneInfo(section.text("zone")),
        hour=_between(section, "hour", 3, 23),
        notice_days=_between(section, "notice_days", 1, 60),
        orders_before=_between(section, "orders_banking_days_before", 1, 14),
        confidence=section.text("confidence"),
        source=section.text("source"),
        moments={step: _moment(steps.section(step)) for step in STEPS},
    )


def _moment(section: Section) -> Moment:
    section.only("months_before", "day", "shift", "banking_days_before")
    if section.has("banking_days_before"):
        return Moment(banking_days_before=_between(section, "banking_days_before", 1, 20))
    shift = section.text("shift")
    if shift not in ("preceding", "following"):
        section.fail("shift", "preceding or following")
    return Moment(
        months_before=_between(section, "months_before", 1, 3),
        day=_between(section, "day", 1, 31),
        shift="preceding" if shift == "preceding" else "following",
    )


def _between(section: Section, key: str, low: int, high: int) -> int:
    value = section.integer(key)
    if not low <= value <= high:
        section.fail(key, f"{key} is {low} to {high}")
    return value
