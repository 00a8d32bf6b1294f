"""Reads JSON objects field by field: every fault with its field and repair, nothing guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeVar

from specs.errors import ValueFaultError
from specs.values import Month, parse_date

TEXT_MAX: Final = 200
LIST_MAX: Final = 1000
W = TypeVar("W", bound=str)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong: the field as the sender wrote it, and what to do."""

    field: str
    problem: str


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

    def texts(self, key: str) -> tuple[str, ...] | None:
        """A list of texts, None when left out or null."""
        if self._value.get(key) is None:
            return None
        found = self._list(key)
        good = tuple(one for one in found if isinstance(one, str))
        if len(good) != len(found):
            self.fault(key, "write texts")
        return good

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

    def objects(self, key: str) -> list[Fields]:
        """A list of objects, empty when left out or null; their faults go to this one."""
        found = []
        for at, value in enumerate(self._list(key)):
            if not isinstance(value, dict):
                self.fault(f"{key}[{at}]", "write an object")
                continue
            inner = Fields(value, f"{self._prefix}{key}[{at}].")
            inner.faults = self.faults
            found.append(inner)
        return found

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
