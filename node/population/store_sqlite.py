"""The columns and the decisions of a population in one SQLite file.

A column of a block is one blob: a block is read at the speed of the disk, without a value passing
through Python (specs/decisions/0010). Decisions are rows, so that a run writes only those that
changed. The file holds derived data: losing it costs a run, no record.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from node.errors import StartError
from scheduler.population.rows import CareColumns, HouseholdColumns, PersonColumns, Rows

FORMAT: Final = "vastedag population 1"
MONTHS: Final = 12
PAID: Final = np.dtype("<i4")  # cents of one month
BUSY_SECONDS: Final = 60.0
PARTS: Final = {"person": PersonColumns, "household": HouseholdColumns, "care": CareColumns}
TABLES: Final = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE columns (block INTEGER, name TEXT, kind TEXT NOT NULL, content BLOB NOT NULL,
                      PRIMARY KEY (block, name)) WITHOUT ROWID;
CREATE TABLE decisions (scheme TEXT, household INTEGER, award INTEGER NOT NULL,
                        paid BLOB NOT NULL, PRIMARY KEY (scheme, household)) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Decisions of one scheme: household numbers, awards in cents, cents of twelve months."""

    scheme: str
    household: NDArray[np.int64]
    award: NDArray[np.int64]
    paid: NDArray[np.int32]


class PopulationFile:
    """One population; `households` in blocks of `block_rows`, the last one shorter."""

    def __init__(self, path: Path, *, writes: bool = False) -> None:
        """Open it; raises StartError when it is no population, or not a whole one."""
        if not path.is_file():
            raise StartError(f"{path}: no population here; make it once with `create`")
        mode = "rw" if writes else "ro"
        self._sql = sqlite3.connect(f"file:{path}?mode={mode}", uri=True, timeout=BUSY_SECONDS,
                                    isolation_level=None)  # fmt: skip
        try:
            meta = dict(self._sql.execute("SELECT name, value FROM meta"))
        except sqlite3.DatabaseError as error:
            raise StartError(f"{path}: no population: {error}") from error
        if meta.get("format") != FORMAT or meta.get("whole") != "yes":
            raise StartError(f"{path}: not a whole population; remove it and make it again")
        self.households = int(meta["households"])
        self.block_rows = int(meta["block_rows"])
        self.year = int(meta["year"])
        if writes:
            self._sql.execute("PRAGMA synchronous=NORMAL")  # a crash repeats work, see above

    def close(self) -> None:
        self._sql.close()

    @property
    def blocks(self) -> int:
        return -(-self.households // self.block_rows)

    def read(self, block: int) -> Rows:
        """The households of a block."""
        rows = self._sql.execute(
            "SELECT name, kind, content FROM columns WHERE block = ?", (block,)
        )
        found = {name: np.frombuffer(content, dtype=kind) for name, kind, content in rows}
        return Rows(
            persons=PersonColumns(**_of(found, "person")),
            households=HouseholdColumns(**_of(found, "household")),
            care=CareColumns(**_of(found, "care")),
        )

    def replace(self, block: int, name: str, column: NDArray[Any]) -> None:
        """Put another column in the place of one; durable when the next write is."""
        self._sql.execute(
            "UPDATE columns SET content = ? WHERE block = ? AND name = ?",
            (column.tobytes(), block, name),
        )

    def decided(self, scheme: str, block: int) -> Decided:
        """The decisions that stand for the households of a block, in order."""
        first = block * self.block_rows
        rows = self._sql.execute(
            "SELECT household, award, paid FROM decisions WHERE scheme = ? AND household >= ?"
            " AND household < ? ORDER BY household", (scheme, first, first + self.block_rows),
        ).fetchall()  # fmt: skip
        paid = np.frombuffer(b"".join([row[2] for row in rows]), dtype=PAID)
        return Decided(
            scheme=scheme, household=np.array([row[0] for row in rows], dtype=np.int64),
            award=np.array([row[1] for row in rows], dtype=np.int64),
            paid=paid.reshape(len(rows), MONTHS),
        )  # fmt: skip

    def write(self, changed: list[Decided]) -> int:
        """All decisions given or none; how many were written."""
        written = 0
        self._sql.execute("BEGIN IMMEDIATE")
        for each in changed:
            blobs = np.ascontiguousarray(each.paid, dtype=PAID).view(f"V{MONTHS * 4}")[:, 0]
            self._sql.executemany(
                f"INSERT OR REPLACE INTO decisions VALUES ('{each.scheme}', ?, ?, ?)",  # noqa: S608
                zip(each.household.tolist(), each.award.tolist(), blobs.tolist(), strict=True),
            )
            written += len(each.household)
        self._sql.execute("COMMIT")
        return written

    def forget_decisions(self) -> None:
        """Remove all decisions, so that a run begins anew."""
        self._sql.execute("DELETE FROM decisions")

    def count(self) -> Mapping[str, int]:
        """Standing decisions with an award, by scheme."""
        rows = self._sql.execute(
            "SELECT scheme, count(*) FROM decisions WHERE award > 0 GROUP BY scheme"
        )
        return dict(rows.fetchall())


def create(
    path: Path, blocks: Iterator[Rows], *, households: int, block_rows: int, year: int
) -> None:
    """Make the file; it counts as whole only when the last block is in it."""
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as sql:
        sql.execute("PRAGMA journal_mode=WAL")
        sql.execute("PRAGMA synchronous=NORMAL")
        sql.executescript(TABLES)
        facts = {"format": FORMAT, "households": households, "block_rows": block_rows, "year": year}
        sql.executemany("INSERT INTO meta VALUES (?, ?)", list(facts.items()))
        for number, rows in enumerate(blocks):
            sql.execute("BEGIN")
            sql.executemany("INSERT INTO columns VALUES (?, ?, ?, ?)", _columns(number, rows))
            sql.execute("COMMIT")
        sql.execute("INSERT INTO meta VALUES ('whole', 'yes')")


def _columns(number: int, rows: Rows) -> Iterator[tuple[int, str, str, bytes]]:
    for part, values in (
        ("person", rows.persons), ("household", rows.households), ("care", rows.care),
    ):  # fmt: skip
        for field in fields(values):
            column = getattr(values, field.name)
            little = column.astype(column.dtype.newbyteorder("<"), copy=False)
            yield number, f"{part}.{field.name}", little.dtype.str, little.tobytes()


def _of(found: Mapping[str, NDArray[Any]], part: str) -> dict[str, NDArray[Any]]:
    return {field.name: found[f"{part}.{field.name}"] for field in fields(PARTS[part])}
