"""Reading a loaded data file field by field: every refusal names file and line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import NoReturn

from specs.errors import SpecFileError
from specs.loader import Lines, YamlValue


@dataclass(frozen=True, slots=True)
class Section:
    """A mapping in a file, at a path."""

    file: str
    lines: Lines
    path: str
    content: dict[str, YamlValue]

    @classmethod
    def whole(cls, file: str, value: YamlValue, lines: Lines) -> Section:
        """The file itself; raises SpecFileError when it is no mapping."""
        if not isinstance(value, dict):
            raise SpecFileError(file, 1, "is no mapping of keys; see the files beside it")
        return cls(file, lines, "", value)

    def line(self, key: str = "") -> int:
        """The line of a key, or of the section."""
        return self.lines.get(self._at(key), self.lines.get(self.path, 1))

    def fail(self, key: str, message: str) -> NoReturn:
        """Refuse, with the place of the key and, where the section has one, its article."""
        article = self.content.get("article") if self.path else None
        told = f"{message} (article {article})" if isinstance(article, str) else message
        raise SpecFileError(self.file, self.line(key), told)

    def only(self, *keys: str) -> None:
        """Refuse keys that nobody reads."""
        for key in self.content:
            if key not in keys:
                self.fail(key, f"unknown key {key!r}; known here: {', '.join(sorted(keys))}")

    def has(self, key: str) -> bool:
        return key in self.content

    def text(self, key: str) -> str:
        """A text that is not empty."""
        value = self.content.get(key)
        if not isinstance(value, str) or not value.strip():
            self.fail(key, f"{key!r} is missing here: a text")
        return value.strip()

    def integer(self, key: str, default: int | None = None) -> int:
        value = self.content.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            self.fail(key, f"{key!r} is missing here: a whole number")
        return value

    def day(self, key: str) -> date:
        value = self.content.get(key)
        if not isinstance(value, date):
            self.fail(key, f"{key!r} is missing here: a date like 2026-01-01")
        return value

    def section(self, key: str) -> Section:
        """A mapping under a key; absent is an empty one."""
        value = self.content.get(key, {})
        if not isinstance(value, dict):
            self.fail(key, f"{key!r} is no mapping of keys")
        return Section(self.file, self.lines, self._at(key), value)

    def sections(self, key: str) -> Iterator[tuple[str, Section]]:
        """The mappings under a key, by their names or by their places in a list."""
        value = self.content.get(key, {})
        if isinstance(value, list):
            value = {str(index): item for index, item in enumerate(value)}
        if not isinstance(value, dict):
            self.fail(key, f"{key!r} is no mapping and no list")
        holder = Section(self.file, self.lines, self._at(key), value)
        for name in value:
            yield name, holder.section(name)

    def rows(self, key: str) -> list[list[YamlValue]]:
        """A list of lists."""
        value = self.content.get(key)
        if not isinstance(value, list) or not value:
            self.fail(key, f"{key!r} is missing here: a list of rows")
        rows: list[list[YamlValue]] = []
        for index, row in enumerate(value):
            if not isinstance(row, list):
                self.fail(f"{key}.{index}", "a row is a list")
            rows.append(row)
        return rows

    def _at(self, key: str) -> str:
        if not key:
            return self.path
        return f"{self.path}.{key}" if self.path else key
