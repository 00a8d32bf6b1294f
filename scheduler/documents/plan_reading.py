"""Reads plan documents field by field: every fault with its field and repair, nothing guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeVar, get_args

from scheduler.errors import PlanError
from scheduler.folding.known import Text
from scheduler.paydays import Receipt
from scheduler.planning.banking import Shift
from scheduler.planning.flows import Direction, Every, Flow, Rail, Rhythm, Window
from scheduler.planning.periods import COVERS
from scheduler.planning.plan_types import NotPlanned
from specs.errors import ValueFaultError
from specs.values import Month, parse_date

FLOW_KEYS: Final = (
    "id", "direction", "party", "amount", "amounts", "every", "day", "month", "months", "start",
    "end", "dates", "calendar", "shift", "covers", "window", "rail", "receipt", "joins",
    "reference", "account",
)  # fmt: skip
TEXT_MAX: Final = 200
LIST_MAX: Final = 1000
W = TypeVar("W", bound=str)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong: the field as the sender wrote it, and what to do."""

    field: str
    problem: str


@dataclass(frozen=True, slots=True)
class ReadFlow:
    """A flow, or the faults for which it is left out."""

    name: str
    flow: Flow | None
    faults: tuple[Fault, ...]

    def not_planned(self) -> NotPlanned:
        """The entry of a flow that could not be read."""
        english = "; ".join(f"{fault.field}: {fault.problem}" for fault in self.faults)
        wrong = ", ".join(fault.field for fault in self.faults)
        return NotPlanned(
            flow=self.name,
            field=self.faults[0].field,
            problem=Text(f"de gegevens kloppen niet bij: {wrong}", english),
        )


class Fields:
    """Reads a JSON object and gathers its faults."""

    def __init__(self, value: Mapping[str, Any], prefix: str) -> None:
        self._value = value
        self._prefix = prefix
        self.faults: list[Fault] = []

    def fault(self, key: str, problem: str) -> None:
        """Notes a fault under a key."""
        self.faults.append(Fault(f"{self._prefix}{key}", problem))

    def only(self, keys: Sequence[str]) -> None:
        """Notes keys that nobody reads."""
        for key in self._value:
            if key not in keys:
                known = ", ".join(keys)
                self.fault(str(key)[:TEXT_MAX], f"unknown key; known here: {known}")

    def take(self, key: str) -> Any:
        """The value under a key, None when absent."""
        return self._value.get(key)

    def text(self, key: str) -> str:
        """A text that must be there; "" with a fault when it is not."""
        value = self._value.get(key)
        if isinstance(value, str) and 0 < len(value.strip()) <= TEXT_MAX:
            return value
        self.fault(key, f"a text of 1 to {TEXT_MAX} characters is missing")
        return ""

    def optional_text(self, key: str) -> str | None:
        return None if self._value.get(key) is None else self.text(key)

    def integer(self, key: str, default: int | None = None) -> int:
        """A whole number; 0 with a fault when it is none."""
        value = self._value.get(key, default)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        missing = key not in self._value
        self.fault(
            key, "is missing" if missing else "write a whole number, without quotes or point"
        )
        return 0

    def optional_integer(self, key: str) -> int | None:
        return None if self._value.get(key) is None else self.integer(key)

    def flag(self, key: str) -> bool:
        """true or false; false when left out."""
        value = self._value.get(key, False)
        if not isinstance(value, bool):
            self.fault(key, "write true or false")
            return False
        return value

    def day(self, key: str) -> date | None:
        """A date, None when left out or null."""
        value = self._value.get(key)
        return None if value is None else self._date(key, value)

    def days(self, key: str) -> tuple[date, ...]:
        """A list of dates, empty when left out or null."""
        found = [self._date(f"{key}[{at}]", one) for at, one in enumerate(self._list(key))]
        return tuple(day for day in found if day is not None)

    def numbers(self, key: str) -> tuple[int, ...]:
        """A list of whole numbers, empty when left out or null."""
        found = self._list(key)
        good = [one for one in found if isinstance(one, int) and not isinstance(one, bool)]
        if len(good) != len(found):
            self.fault(key, "write whole numbers")
        return tuple(good)

    def month(self, key: str) -> Month | None:
        """A month that must be there; None with a fault when it is not."""
        value = self._value.get(key)
        if not isinstance(value, str):
            self.fault(key, "a month like 2026-01 is missing")
            return None
        try:
            return Month.parse(value)
        except ValueFaultError as error:
            self.fault(key, str(error))
            return None

    def word(self, key: str, words: Sequence[W], default: W | None = None) -> W | None:
        """One of some words; the default when left out or null; None with a fault otherwise."""
        value = self._value.get(key)
        if value is None and default is not None:
            return default
        found = next((word for word in words if word == value), None)
        if found is None:
            self.fault(key, f"write one of {', '.join(words)}")
        return found

    def inside(self, key: str) -> Fields | None:
        """An object under a key, None when left out or null; its faults go to this one."""
        value = self._value.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.fault(key, "write an object")
            return None
        inner = Fields(value, f"{self._prefix}{key}.")
        inner.faults = self.faults
        return inner

    def named_integers(self, key: str) -> dict[str, int]:
        """An object of whole numbers, empty when left out or null."""
        inner = self.inside(key)
        if inner is None:
            return {}
        return {str(name): inner.integer(name) for name in inner._value}

    def _list(self, key: str) -> list[Any]:
        value = self._value.get(key)
        if value is None:
            return []
        if not isinstance(value, list) or len(value) > LIST_MAX:
            self.fault(key, f"write a list of at most {LIST_MAX}")
            return []
        return value

    def _date(self, key: str, value: object) -> date | None:
        if not isinstance(value, str):
            self.fault(key, "a date is written as 2026-01-31")
            return None
        try:
            return parse_date(value)
        except ValueFaultError as error:
            self.fault(key, str(error))
            return None


def read_flow(value: object, index: int, *, is_twice: bool) -> ReadFlow:
    """One entry of `flows`. `is_twice`: another entry has the same id."""
    place = f"flows[{index}]"
    if not isinstance(value, dict):
        return ReadFlow(place, None, (Fault(place, "a flow is a JSON object"),))
    fields = Fields(value, "")
    fields.only(FLOW_KEYS)
    name = fields.text("id")
    if is_twice and name:
        fields.fault("id", "more flows have this id; give every flow an id of its own")
    flow = _flow(fields, name)
    if flow is None or fields.faults:
        return ReadFlow(name or place, None, tuple(fields.faults))
    return ReadFlow(name, flow, ())


def _flow(fields: Fields, name: str) -> Flow | None:
    rhythm, window = _rhythm(fields), _window(fields)
    directions: tuple[Direction, ...] = get_args(Direction)
    rails: tuple[Rail, ...] = get_args(Rail)
    receipts: tuple[Receipt, ...] = get_args(Receipt)
    direction = fields.word("direction", directions)
    party, amount, amounts = fields.text("party"), fields.integer("amount"), _amounts(fields)
    rail = fields.word("rail", rails, "in_order")
    has_receipt = fields.take("receipt") is not None
    receipt = fields.word("receipt", receipts) if has_receipt else None
    joins, reference = fields.flag("joins"), fields.optional_text("reference")
    account = fields.optional_text("account") or ""
    if rhythm is None or window is None or direction is None or rail is None or fields.faults:
        _check_amounts(fields, amount, amounts)
        return None
    try:
        return Flow(
            id=name,
            direction=direction,
            party=party,
            amount_cents=amount,
            rhythm=rhythm,
            window=window,
            amounts=amounts,
            rail=rail,
            receipt=receipt,
            joins=joins,
            reference=reference,
            account=account,
        )
    except PlanError as error:
        fields.fault(error.field, error.en)
        return None


def _check_amounts(fields: Fields, amount: int, amounts: Mapping[str, int]) -> None:
    """The amounts of a flow that has other faults already: the sender gets all at once."""
    for key, cents in (("amount", amount), *((f"amounts.{k}", v) for k, v in amounts.items())):
        if cents < 0:
            fields.fault(key, "a negative amount; turn the direction instead")


def _rhythm(fields: Fields) -> Rhythm | None:
    everys: tuple[Every, ...] = get_args(Every)
    shifts: tuple[Shift, ...] = get_args(Shift)
    before = len(fields.faults)
    calendar, dates = fields.optional_text("calendar"), fields.days("dates")
    every: Every | None
    if calendar is not None:
        every = "calendar"
    elif fields.take("dates") is not None and fields.take("every") in (None, "dates"):
        every = "dates"
    else:
        every = fields.word("every", everys)
    month, months = fields.optional_integer("month"), fields.numbers("months")
    shift = fields.word("shift", shifts, "following")
    covers = fields.word("covers", COVERS) if fields.take("covers") is not None else None
    day, start, end = fields.optional_integer("day"), fields.day("start"), fields.day("end")
    if every is None or shift is None or len(fields.faults) > before:
        return None
    try:
        return Rhythm(
            every=every,
            day=day,
            months=months or ((month,) if month is not None else ()),
            dates=dates,
            calendar=calendar,
            shift=shift,
            covers=covers,
            start=start,
            end=end,
        )
    except PlanError as error:
        fields.fault(error.field, error.en)
        return None


def _window(fields: Fields) -> Window | None:
    inner = fields.inside("window")
    if inner is None:
        return Window() if fields.take("window") is None else None
    inner.only(("earlier_days", "later_days"))
    earlier, later = inner.integer("earlier_days", 0), inner.integer("later_days", 0)
    try:
        return Window(earlier_days=earlier, later_days=later)
    except PlanError as error:
        fields.fault(error.field, error.en)
        return None


def _amounts(fields: Fields) -> dict[str, int]:
    return fields.named_integers("amounts")
