"""How fast a population is: household-years a second on one core, folding of persons included.

Blocks of the synthetic nation, in memory; reading them from a database is in node/population. The
machine's own limit, in the same run, is as many plain multiplications and additions of numpy as the
formulas have operations, one for each row looked at.
"""

from __future__ import annotations

import time
from typing import Any, Final

from scheduler.benches.limits import numpy_seconds, operations
from scheduler.population.block import TOESLAGEN, Year
from scheduler.population.fold import Folded
from scheduler.population.nation import Nation
from scheduler.rulebook import Rulebook
from specs.population_files import load_population

SEED: Final = 20261122
YEAR: Final = 2026
ROWS: Final = 32_768
ROUNDS: Final = 9


def bench_population(book: Rulebook, rows: int = ROWS) -> dict[str, Any]:
    """Each toeslag alone, and the four together with one fold; the middle of some rounds."""
    block = Nation(load_population(), SEED, YEAR).block(0, min(rows, ROWS))
    households = block.households.rows
    year = Year(book, YEAR)
    looked = len(Folded(block, YEAR).homes)
    found: dict[str, Any] = {
        "households": households, "persons": len(block.persons.role),
        "months_looked_at_per_household": round(looked / households, 2),
    }  # fmt: skip
    for names in (*((scheme,) for scheme in TOESLAGEN), TOESLAGEN):
        seconds = _middle(lambda names=names: _derive(year, names, block))
        work = sum(operations(book.versions[name][-1]) for name in names)
        limit = numpy_seconds(work, looked)
        found[names[0] if len(names) == 1 else "four_together"] = {
            "household_years_per_second": round(households / seconds),
            "limit": round(households / limit), "ratio": round(limit / seconds, 3),
        }  # fmt: skip
    return found


def _derive(year: Year, names: tuple[str, ...], block: Any) -> None:
    folded = Folded(block, YEAR)
    for name in names:
        year.derive(folded, name)


def _middle(run: Any) -> float:
    times: list[float] = []
    for _ in range(ROUNDS):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return sorted(times)[ROUNDS // 2]
