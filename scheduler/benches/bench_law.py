"""How fast the law is: one household with its trace, and columns of households without.

`python -m scheduler.benches.bench_law [rows]`. The machine's own limit is measured in the same
run: for one
household the time Python needs to make the steps of its trace alone, for columns the time numpy
needs for as many plain multiplications and additions as the formulas have operations. Rows are made
by a seeded generator within ordinary bounds; folding of persons is in bench_fold.py.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from scheduler.benches import bench_fold
from scheduler.benches.limits import numpy_seconds, operations
from scheduler.compiling.columns import Column, ColumnVersion
from scheduler.compiling.program import Program
from scheduler.derivation import TraceStep
from scheduler.derive import derive_all, derive_view
from scheduler.documents.calc_document import parse
from scheduler.errors import SchedulerError
from scheduler.folding.persons import Household
from scheduler.population.block import TOESLAGEN
from scheduler.rulebook import Rulebook
from scheduler.schemes.toeslagen import YearView

SEED: Final = 20261122
YEAR: Final = 2026
ROUNDS: Final = 200
ROWS: Final = 65_536
ORDINARY_MAX: Final = 6_000_000  # cents: incomes and the like of the generated rows
DOCUMENT: Final[Mapping[str, object]] = {
    "year": YEAR, "applicant": "a", "partner": "b", "partner_from": "2026-04-12",
    "children": ["k", "m"], "housemates": ["h"],
    "home": {"independent": True, "bare_rent": 65000, "service_costs": 0},
    "childcare": [{"child": "k", "kind": "bso", "hours_per_month": 60, "hourly_rate": 950}],
    "persons": [
        {"id": "a", "birth_date": "1990-05-01", "income": {"2026": 2600000}, "works": True,
         "assets": {"2026": 500000}, "insured": True, "monthly_income": {}, "ww": None},
        {"id": "b", "birth_date": "1991-11-03", "income": {"2026": 600000}, "works": True,
         "assets": {"2026": 0}, "insured": True, "monthly_income": {}},
        {"id": "k", "birth_date": "2019-02-03"}, {"id": "m", "birth_date": "2014-05-03"},
        {"id": "h", "birth_date": "1960-01-01", "relation": "other", "income": {"2026": 0},
         "assets": {"2026": 0}},
    ],
}  # fmt: skip


def bench(rows: int = ROWS) -> dict[str, Any]:
    """Both figures as one JSON object."""
    book = Rulebook.load()
    return {
        "derive": bench_derive(book),
        "columns": bench_columns(book, rows),
        "population": bench_fold.bench_population(book, rows),
    }


def bench_derive(book: Rulebook, rounds: int = ROUNDS) -> dict[str, Any]:
    """One household, all schemes, twelve months: milliseconds with and without trace."""
    request, problems = parse({**DOCUMENT, "schemes": list(book.schemes)}, book)
    if request is None:
        raise SchedulerError(f"the household of the bench is refused: {problems}")
    household = request.household
    steps = [step for each in derive_all(household, YEAR, book).values() for step in each.trace]
    traced = _percentiles(lambda: _traced(household, book), rounds)
    bare = _percentiles(lambda: _untraced(household, book), rounds)
    limit = _percentiles(lambda: [_again(step) for step in steps], rounds)
    return {
        "schemes": len(book.schemes), "steps": len(steps),
        "traced_p95_ms": traced[1], "traced_p50_ms": traced[0],
        "untraced_p95_ms": bare[1], "untraced_p50_ms": bare[0],
        "limit_p50_ms": limit[0], "ratio": round(traced[0] / limit[0], 2),
    }  # fmt: skip


def bench_columns(book: Rulebook, rows: int = ROWS) -> dict[str, Any]:
    """Household-years a second on one core, per toeslag: twelve months and the award."""
    found: dict[str, Any] = {"rows": rows}
    for scheme in TOESLAGEN:
        version = next(each for each in book.versions[scheme]
                       if each.file.valid_from.year == YEAR)  # fmt: skip
        columns = ColumnVersion(version)
        inputs = _rows(version.month, rows)
        start = time.process_time()
        total = np.zeros(rows, dtype=np.int64)
        for _ in range(12):
            total += columns.run_month(inputs).part
        columns.run_year(total)
        seconds = time.process_time() - start
        limit = numpy_seconds(12 * operations(version), rows)
        found[scheme] = {
            "household_years_per_second": round(rows / seconds),
            "limit": round(rows / limit), "ratio": round(limit / seconds, 3),
        }  # fmt: skip
    return found


def _traced(household: Household, book: Rulebook) -> None:
    """A trace and the disclosed inputs are made when somebody looks into them: look into all."""
    for each in derive_all(household, YEAR, book).values():
        tuple(each.trace)
        tuple(each.disclosed)


def _untraced(household: Household, book: Rulebook) -> None:
    view = YearView(household, YEAR)
    for scheme in book.schemes:
        derive_view(view, scheme, book, traced=False)


def _again(step: TraceStep) -> TraceStep:
    return TraceStep(*step)


def _percentiles(run: Any, rounds: int) -> tuple[float, float]:
    """Middle and 95th of a hundred, in milliseconds of processor time."""
    times: list[float] = []
    for _ in range(rounds):
        start = time.process_time()
        run()
        times.append(1000 * (time.process_time() - start))
    times.sort()
    return round(times[rounds // 2], 3), round(times[int(rounds * 0.95)], 3)


def _rows(program: Program, rows: int) -> dict[str, Column]:
    chance = np.random.default_rng(SEED)
    found: dict[str, Column] = {}
    for name, typed in program.typed_inputs.items():
        low, high = max(0, typed.op.low), min(typed.op.high, ORDINARY_MAX)
        found[name] = chance.integers(low, high, size=rows, endpoint=True, dtype=np.int64)
    return found


if __name__ == "__main__":
    print(json.dumps(bench(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS), indent=2))
