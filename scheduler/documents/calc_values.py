"""Reading a calc document value by value: typed, with every problem at once, as known on a moment.

*Omitted* is unknown, `null` or empty is none. A fact may carry `known_from`: an object with that
key, or a value written as `{"value": …, "known_from": …}`, or a list of such values of which the
latest known one counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias, cast

from specs.errors import Problem, ValueFaultError
from specs.values import CENTS_MAX, Month, parse_date

Json: TypeAlias = object  # what json.loads gives
Moment: TypeAlias = int | date

OMITTED: Final = object()
DEPTH_MAX: Final = 12
SOURCE: Final = "calc"


class Problems:
    """Collects what is wrong in one document."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, where: str, field: str, reason: str, repair: str) -> None:
        """One problem; the place is told, never the value."""
        self.found.append(
            Problem(source=SOURCE, where=where or "document", field=field, reason=reason,
                    repair=repair)
        )  # fmt: skip


def moment_of(value: Json, where: str, problems: Problems) -> Moment | None:
    """A ledger index or a date; None when it is null or wrong (then with a problem)."""
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str):
        try:
            return parse_date(value)
        except ValueFaultError:
            pass
    problems.add(where, "", "is no moment", "write a date like 2026-01-31 or a ledger index")
    return None


@dataclass(frozen=True, slots=True)
class _Knowing:
    """Resolves `known_from` at one moment."""

    on: Moment | None
    problems: Problems

    def resolve(self, value: Json, where: str, depth: int) -> Json:
        if depth > DEPTH_MAX:
            self.problems.add(where, "", f"nested deeper than {DEPTH_MAX}", "flatten it")
            return OMITTED
        if isinstance(value, Mapping):
            return self._object(value, where, depth)
        if isinstance(value, list):
            if value and all(_is_versioned(item) for item in value):
                return self._latest(value, where, depth)
            items = [self.resolve(item, f"{where}[{index}]", depth + 1)
                     for index, item in enumerate(value)]  # fmt: skip
            return [item for item in items if item is not OMITTED]
        return value

    def _object(self, value: Mapping[str, Json], where: str, depth: int) -> Json:
        if _is_versioned(value):
            return self._latest([value], where, depth)
        if not self._known(value, where):
            return OMITTED
        found = {
            key: self.resolve(item, f"{where}.{key}" if where else str(key), depth + 1)
            for key, item in value.items()
            if key != "known_from"
        }
        return {key: item for key, item in found.items() if item is not OMITTED}

    def _latest(self, values: Sequence[Json], where: str, depth: int) -> Json:
        best: tuple[tuple[bool, int], Json] | None = None
        for item in values:
            version = cast("Mapping[str, Json]", item)
            if not self._known(version, where):
                continue
            at = moment_of(version.get("known_from"), f"{where}.known_from", self.problems)
            order = (at is not None, at.toordinal() if isinstance(at, date) else at or 0)
            if best is not None and best[0] == order:
                self.problems.add(where, "known_from", "two values are known from one moment",
                                  "give each its own known_from")  # fmt: skip
            if best is None or order > best[0]:
                best = (order, version["value"])
        return OMITTED if best is None else self.resolve(best[1], where, depth + 1)

    def _known(self, value: Mapping[str, Json], where: str) -> bool:
        at = moment_of(value.get("known_from"), f"{where}.known_from", self.problems)
        if at is None or self.on is None:
            return True
        if isinstance(at, date) and isinstance(self.on, date):
            return at <= self.on
        if isinstance(at, int) and isinstance(self.on, int):
            return at <= self.on
        self.problems.add(where, "known_from", "known_on and known_from are of two kinds",
                          "use dates in both, or ledger indexes in both")  # fmt: skip
        return False


def as_known(document: Mapping[str, Json], on: Moment | None, problems: Problems) -> Json:
    """The document with only what is known at the moment (None = all)."""
    return _Knowing(on, problems).resolve(document, "", 0)


def _is_versioned(value: Json) -> bool:
    return isinstance(value, Mapping) and "value" in value and set(value) <= {"value", "known_from"}


@dataclass(frozen=True, slots=True)
class Reader:
    """One object of the document; wrong values become problems and count as omitted."""

    content: Mapping[str, Json]
    where: str
    problems: Problems

    def only(self, *keys: str) -> None:
        """Refuse keys that nobody reads: a misspelt key would be an unknown fact."""
        for key in self.content:
            if key not in keys:
                self.bad(
                    str(key), "is no key of this document", f"known: {', '.join(sorted(keys))}"
                )

    def bad(self, key: str, reason: str, repair: str) -> None:
        self.problems.add(self.where, key, reason, repair)

    def has(self, key: str) -> bool:
        return key in self.content

    def get(self, key: str) -> Json:
        return self.content.get(key, OMITTED)

    def text(self, key: str) -> str | None:
        """A text of 1 to 80 signs; None when omitted, null or wrong."""
        value = self.content.get(key)
        if value is None:
            return None
        if isinstance(value, str) and 0 < len(value) <= 80:
            return value
        self.bad(key, "is no text of 1 to 80 signs", "correct it")
        return None

    def day(self, key: str) -> date | None:
        """A date; None when omitted, null or wrong."""
        value = self.content.get(key)
        if value is None:
            return None
        if isinstance(value, str):
            try:
                return parse_date(value)
            except ValueFaultError as error:
                self.bad(key, str(error).split(";")[0], "write a date like 2026-01-31")
                return None
        self.bad(key, "is no date", "write a date like 2026-01-31")
        return None

    def flag(self, key: str) -> bool | None:
        """True or false; null is false; None when omitted or wrong."""
        value = self.get(key)
        if value is OMITTED:
            return None
        if value is None:
            return False
        if isinstance(value, bool):
            return value
        self.bad(key, "is neither true nor false", "write true, false or null")
        return None

    def whole(self, key: str, low: int = 0, high: int = CENTS_MAX) -> int | None:
        """A whole number; null is 0; None when omitted or wrong."""
        value = self.get(key)
        return None if value is OMITTED else self.number(key, value, low, high)

    def number(self, key: str, value: Json, low: int = 0, high: int = CENTS_MAX) -> int | None:
        if value is None:
            return 0
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self.bad(key, f"is no whole number from {low} to {high}", "amounts are whole euro cents")
        return None

    def objects(self, key: str) -> list[Reader]:
        """The objects of a list; null is none."""
        value = self.content.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.bad(key, "is no list", "write a list of objects")
            return []
        found: list[Reader] = []
        for index, item in enumerate(value):
            where = f"{self.where}.{key}[{index}]" if self.where else f"{key}[{index}]"
            if isinstance(item, Mapping):
                found.append(Reader(item, where, self.problems))
            else:
                self.problems.add(where, "", "is no object", "write it in braces with its keys")
        return found

    def by_year(self, key: str) -> dict[int, int] | None:
        """Cents by year; empty when null or empty (none); None when omitted or wrong."""
        found: dict[int, int] = {}
        for name, cents in self._entries(key):
            if len(name) == 4 and name.isascii() and name.isdigit():
                found[int(name)] = cents
            else:
                self.bad(f"{key}.{name[:10]}", "is no year", "write it as 2026")
        return None if self.get(key) is OMITTED else found

    def by_month(self, key: str) -> dict[Month, int] | None:
        """Cents by month; empty when null or empty; None when omitted."""
        found: dict[Month, int] = {}
        for name, cents in self._entries(key):
            try:
                found[Month.parse(name)] = cents
            except ValueFaultError:
                self.bad(f"{key}.{name[:10]}", "is no month", "write it as 2026-01")
        return None if self.get(key) is OMITTED else found

    def _entries(self, key: str) -> list[tuple[str, int]]:
        value = self.content.get(key)
        if value is None:
            return []
        if not isinstance(value, Mapping):
            self.bad(key, "is no object of amounts", 'write {"2026": 1900000}')
            return []
        found: list[tuple[str, int]] = []
        for name, item in value.items():
            cents = self.number(f"{key}.{str(name)[:10]}", item, low=-CENTS_MAX)
            if cents is not None:
                found.append((str(name), cents))
        return found
