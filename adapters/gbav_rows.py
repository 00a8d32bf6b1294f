"""The rows of the RvIG person-list CSV, as lists with categories; their meaning is brp_gbav's.

UTF-8 with BOM, separator `;`, one header row. A column is named `CC.GG.EE` (LO3 category, group,
element). A row with an empty first cell continues the list above it. A cell `CC.H` announces what
the next row holds in that category: `5C` the history of the same, `0C` another of its kind; it is
the next header of the LO3 message from which the row was made.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from adapters.reading import Report, decode_utf8, too_large

ROWS_MAX: Final = 500_000
NO_BOM: Final = "no-byte-order-mark"
DOUBLE_COLUMN: Final = "column-06.88.10-twice"
_COLUMN: Final = re.compile(r"[0-9]{2}\.([0-9]{2}\.[0-9]{2}|H)")
_KNOWN_DOUBLE: Final = "06.88.10"  # the published file names this column twice; it is not read


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number in the file (the header is 1) and its cells by column, empty ones out."""

    number: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def has(self, category: str) -> bool:
        """True when a cell of that category, its announcement apart, is filled."""
        return any(
            name.startswith(f"{category}.") and name != f"{category}.H" for name in self.cells
        )


@dataclass(frozen=True, slots=True)
class Stack:
    """One thing of a category: its current row first, then its history, newest first."""

    rows: tuple[Row, ...]


def read_lists(content: bytes, columns: Sequence[str], report: Report) -> list[list[Row]]:
    """The person lists, each as its rows; empty when the file as a whole cannot be trusted."""
    if too_large(content, report):
        return []
    text = decode_utf8(content, report)
    if text is None:
        return []
    if not text.startswith("\ufeff"):
        report.tolerate(NO_BOM, "file", "", "the byte-order mark is missing", "export it with one")
    text = text.removeprefix("\ufeff")
    if not text.endswith("\n"):
        report.add(
            "last row", "", "the file ends inside a row: nothing of it is read", "send it whole"
        )
        return []
    table = _table(text, report)
    header = _header(table, columns, report)
    if header is None:
        return []
    if len(table) == 1:
        report.add("file", "", "the file holds no person list", "nothing, or send the lists")
    return _group(table, header, report)


def _table(text: str, report: Report) -> list[list[str]]:
    """All rows as cells; empty, with a problem, when the quoting is broken or rows too many."""
    table: list[list[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True)
    try:
        for cells in reader:
            table.append(cells)
            if len(table) > ROWS_MAX:
                report.add("file", "", f"more than {ROWS_MAX} rows", "send it in parts")
                return []
    except csv.Error:
        report.add(
            f"row {len(table) + 1}",
            "",
            "the quoting is broken or the file is cut off: nothing of it is read",
            "export it again and send it whole",
        )
        return []
    return table


def _header(
    table: list[list[str]], columns: Sequence[str], report: Report
) -> dict[int, str] | None:
    """Column names by place; None, with a problem, when the file is not such a list."""
    if not table:
        if not report.problems:
            report.add("row 1", "", "the header row is missing", "send the file with its header")
        return None
    names: dict[int, str] = {}
    seen: set[str] = set()
    for place, name in enumerate(table[0]):
        if not name and place in (0, len(table[0]) - 1):
            continue  # the list's number stands before the first and after the last category
        if not _COLUMN.fullmatch(name):
            report.add("row 1", f"column {place + 1}", "no LO3 column name", "correct the header")
            return None
        if name in seen:
            if name != _KNOWN_DOUBLE:
                report.add("row 1", name, "the column is named twice", "correct the header")
                return None
            report.tolerate(
                DOUBLE_COLUMN,
                "row 1",
                name,
                "the column is named twice",
                "name the second 06.88.20",
            )
            continue
        seen.add(name)
        names[place] = name
    missing = [column for column in columns if column not in seen]
    for column in missing:
        report.add("row 1", column, "the column is missing", "export it with all columns")
    return None if missing else names


def _group(table: list[list[str]], header: Mapping[int, str], report: Report) -> list[list[Row]]:
    """Rows by person list. A list with a row of another width is left out, with a problem."""
    lists: list[list[Row]] = []
    broken: set[int] = set()
    width = len(table[0])
    for number, cells in enumerate(table[1:], start=2):
        starts = bool(cells and cells[0])
        if starts or not lists:
            lists.append([])
        if not starts and not lists[-1]:
            report.add(
                f"row {number}", "", "a continuation without a list above it", "send it whole"
            )
            broken.add(len(lists) - 1)
        if len(cells) != width:
            report.add(
                f"row {number}",
                "",
                f"{len(cells)} cells where the header has {width}: its list is not read",
                "export it again",
            )
            broken.add(len(lists) - 1)
        filled = {header[i]: cell for i, cell in enumerate(cells) if cell and i in header}
        lists[-1].append(Row(number, filled))
    return [rows for place, rows in enumerate(lists) if place not in broken]


def stacks(rows: Sequence[Row], category: str, report: Report) -> list[Stack] | None:
    """The things of a category in one list, each with its history.

    None, with a problem, when the rows are not what the headers announce: then a part of the list
    is missing, and half a list is no list.
    """
    found: list[list[Row]] = []
    history, another = f"5{category[1]}", category
    announced = another  # the first row of a list holds current ones
    for row in rows:
        if row.has(category) != bool(announced) and not (row is rows[0] and announced):
            return _refuse_list(row.number, category, report)
        if row.has(category):
            if announced == another:
                found.append([row])
            else:
                found[-1].append(row)
        announced = row[f"{category}.H"]
        if announced not in ("", history, another) or (announced == history and not found):
            return _refuse_list(row.number, category, report)
    if announced:
        return _refuse_list(rows[-1].number, category, report)
    return [Stack(tuple(group)) for group in found]


def _refuse_list(number: int, category: str, report: Report) -> list[Stack] | None:
    report.add(
        f"row {number}",
        f"{category}.H",
        "this row and the next do not hold what their header announces: the list is not read",
        "have the list exported whole",
    )
    return None
