"""Our own CSV files: one strict reading of rows for charges.py and statements.py.

UTF-8 (with or without byte-order mark), separator `;`, a header row with the documented column
names, and a last row `end;N` with the number of rows before it, so that a file cut off anywhere is
seen. Documented for senders in docs/formats/.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from adapters.reading import Report, decode_utf8, read_bsn, too_large
from specs.errors import ValueFaultError
from specs.records import PersonRef
from specs.values import CENTS_MAX, parse_date

ROWS_MAX: Final = 200_000
COLUMNS_MAX: Final = 100
_WHOLE_NUMBER: Final = re.compile(r"-?[0-9]{1,16}")


@dataclass(frozen=True, slots=True)
class OwnRow:
    """One row: its number (the header is 1) and its cells by column name."""

    number: int
    cells: Mapping[str, str]
    report: Report

    @property
    def where(self) -> str:
        return f"row {self.number}"

    def text(self, name: str) -> str:
        """The cell; empty when it is empty or the column is left out."""
        return self.cells.get(name, "")

    def refuse(self, name: str, reason: str, repair: str) -> None:
        """Report what is wrong in this row."""
        self.report.add(self.where, name, reason, repair)

    def day(self, name: str, *, required: bool = False) -> date | None:
        """A day written as 2026-01-31; None when empty or wrong (then reported)."""
        text = self.text(name)
        if not text:
            if required:
                self.refuse(name, "the date is missing", "fill it in as 2026-01-31")
            return None
        try:
            return parse_date(text)
        except ValueFaultError as error:
            self.refuse(name, str(error), "fill it in as 2026-01-31")
            return None

    def whole(self, name: str, *, required: bool = False) -> int | None:
        """A whole number; None when empty or wrong (then reported)."""
        text = self.text(name)
        if not text:
            if required:
                self.refuse(name, "the number is missing", "fill in a whole number")
            return None
        if not _WHOLE_NUMBER.fullmatch(text) or abs(int(text)) > CENTS_MAX:
            self.refuse(
                name, "no whole number", "fill in digits only; an amount is in cents, 12345"
            )
            return None
        return int(text)

    def person(self, prefix: str = "") -> PersonRef | None:
        """The person of `bsn`, `birth_date` and `surname`, all required; None when reported."""
        names = [f"{prefix}{name}" for name in ("bsn", "birth_date", "surname")]
        missing = [name for name in names if not self.text(name)]
        for name in missing:
            self.refuse(name, "a person is named by all three: this one is missing", "fill it in")
        if missing:
            return None
        bsn = read_bsn(self.text(names[0]), self.where, names[0], self.report)
        birth = self.day(names[1])
        if bsn is None or birth is None:
            return None
        if len(self.text(names[2])) > 200:
            self.refuse(names[2], "longer than 200 signs", "shorten it")
            return None
        return PersonRef(bsn=bsn, birth_date=birth, surname=self.text(names[2]))


def read_rows(
    content: bytes, *, required: Sequence[str], optional: Sequence[str], report: Report
) -> list[OwnRow]:
    """The rows; empty, with a problem, when the file as a whole cannot be trusted."""
    if too_large(content, report):
        return []
    text = decode_utf8(content, report)
    if text is None:
        return []
    table = _table(text.removeprefix("\ufeff"), report)
    if table is None or not _check_header(table[0], required, optional, report):
        return []
    if not _check_end(table, report):
        return []
    rows: list[OwnRow] = []
    for number, cells in enumerate(table[1:-1], start=2):
        if len(cells) != len(table[0]):
            report.add(
                f"row {number}",
                "",
                f"{len(cells)} cells where the header has {len(table[0])}",
                "give the row one cell per column",
            )
            continue
        values = {
            name: cell.strip() for name, cell in zip(table[0], cells, strict=True) if cell.strip()
        }
        rows.append(OwnRow(number, values, report))
    return rows


def _table(text: str, report: Report) -> list[list[str]] | None:
    table: list[list[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True)
    try:
        for cells in reader:
            table.append(cells)
            if len(table) > ROWS_MAX:
                report.add("file", "", f"more than {ROWS_MAX} rows", "send it in parts")
                return None
    except csv.Error:
        report.add(
            f"row {len(table) + 1}",
            "",
            "the quoting is broken or the file is cut off: nothing of it is read",
            "export it again and send it whole",
        )
        return None
    if not table:
        report.add("file", "", "the file is empty", "send it with header, rows and end row")
        return None
    return table


def _check_header(
    header: Sequence[str], required: Sequence[str], optional: Sequence[str], report: Report
) -> bool:
    if len(header) > COLUMNS_MAX:
        report.add("row 1", "", f"more than {COLUMNS_MAX} columns", "send another file")
        return False
    sound = True
    known = {*required, *optional}
    seen: set[str] = set()
    for place, name in enumerate(header, start=1):
        if name not in known or name in seen:
            report.add(
                "row 1",
                f"column {place}",
                "no column of this format, or named twice",
                f"use these names: {', '.join([*required, *optional])}",
            )
            sound = False
        seen.add(name)
    for name in required:
        if name not in seen:
            report.add("row 1", name, "the column is missing", "add it")
            sound = False
    return sound


def _check_end(table: Sequence[Sequence[str]], report: Report) -> bool:
    """True when the last row is `end;N` with N the number of rows between header and end."""
    last = [cell for cell in table[-1] if cell]
    count = len(table) - 2
    if count == 0 and last == ["end", "0"]:
        report.add("file", "", "the file holds no rows", "nothing, or send the rows")
        return False
    if len(table) >= 2 and last == ["end", str(count)]:
        return True
    report.add(
        f"row {len(table)}",
        "end",
        "the last row is not `end;N` with the number of rows before it: nothing is read",
        "send the file whole; count the rows without header and end row",
    )
    return False
