"""`vastedag bench population`: a synthetic nation from its database, four toeslagen, twelve months.

Two runs: the first writes every decision, the second after a hundredth of the incomes changed. The
machine's own limit, in the same run: the same workers read the same columns and add each of them
up, and nothing else.
"""

from __future__ import annotations

import os
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import fields
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import numpy as np

from node.population.derive_processes import Answer, derive_population
from node.population.store_sqlite import PopulationFile, create
from scheduler.population.block import TOESLAGEN
from scheduler.population.nation import Nation
from specs.population_files import load_population

SEED: Final = 20261122
YEAR: Final = 2026
BLOCK_ROWS: Final = 32_768
CORES_MAX: Final = 4
CHANGED_SHARE: Final = 100  # one income in this many changes before the second run
RAISE_PER_MILLE: Final = 50


def bench_population(
    households: int, state: Path | None = None, workers: int | None = None
) -> dict[str, Any]:
    """Figures of both runs; the database is kept in `state` and used again, or thrown away."""
    cores = workers or min(CORES_MAX, os.cpu_count() or 1)
    if state is not None:
        state.mkdir(parents=True, exist_ok=True)
        return _bench(state / f"nation-{SEED}-{households}.sqlite", households, cores)
    with tempfile.TemporaryDirectory(prefix="vastedag-") as directory:
        return _bench(Path(directory) / "nation.sqlite", households, cores)


def _bench(path: Path, households: int, workers: int) -> dict[str, Any]:
    seconds_made = _timed(lambda: _make(path, households))[0]
    seconds, first = _timed(lambda: derive_population(path, workers))
    changed = change_incomes(path)
    again_seconds, again = _timed(lambda: derive_population(path, workers))
    limit, size = _read_all(path, workers)
    with closing(PopulationFile(path)) as file:
        standing = dict(file.count())
    return {
        "households": households, "schemes": list(TOESLAGEN), "months": 12, "workers": workers,
        "database": "SQLite", "database_made_seconds": round(seconds_made, 1),
        "first_run": _figures(households, workers, seconds, first),
        "incomes_changed": changed,
        "second_run": _figures(households, workers, again_seconds, again),
        "decisions_standing": standing,
        "memory_max_mb": round(max(first.memory_max_bytes, again.memory_max_bytes) / 1e6),
        "limit": {"seconds": round(limit, 3), "bytes_read": size,
                  "what": "the same columns read and added up by as many workers"},
        "ratio": round(limit / seconds, 4),
    }  # fmt: skip


def _figures(households: int, workers: int, seconds: float, answer: Answer) -> dict[str, Any]:
    return {
        "seconds": round(seconds, 2), "households_per_second": round(households / seconds),
        "households_per_second_per_core": round(households / seconds / workers),
        "household_years_per_cpu_second_per_scheme": round(
            len(TOESLAGEN) * households / answer.cpu_seconds),
        "cpu_seconds": round(answer.cpu_seconds, 1), "decisions_written": answer.written,
    }  # fmt: skip


def _make(path: Path, households: int) -> None:
    """The nation of the seed, unless it is there already; decisions of an earlier run go."""
    if path.is_file():
        with closing(PopulationFile(path, writes=True)) as file:
            file.forget_decisions()
        return
    nation = Nation(load_population(), SEED, YEAR)
    sizes = [min(BLOCK_ROWS, households - start) for start in range(0, households, BLOCK_ROWS)]
    blocks = (nation.block(number, rows) for number, rows in enumerate(sizes))
    create(path, blocks, households=households, block_rows=BLOCK_ROWS, year=YEAR)


def change_incomes(path: Path) -> int:
    """Raise one income in a hundred; how many were changed."""
    changed = 0
    with closing(PopulationFile(path, writes=True)) as file:
        for block in range(file.blocks):
            income = file.read(block).persons.income.copy()
            chance = np.random.default_rng([SEED, block, 1])
            chosen = (chance.integers(0, CHANGED_SHARE, size=len(income)) == 0) & (income > 0)
            income[chosen] += income[chosen] * RAISE_PER_MILLE // 1000
            file.replace(block, "person.income", income)
            changed += int(np.count_nonzero(chosen))
    return changed


def _read_all(path: Path, workers: int) -> tuple[float, int]:
    """Seconds of the slowest worker once it has started, and bytes of all."""
    with closing(PopulationFile(path)) as file:
        blocks = file.blocks
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        parts = [pool.submit(_read, path, range(nth, blocks, workers)) for nth in range(workers)]
        found = [part.result() for part in parts]
    return max(seconds for seconds, _ in found), sum(size for _, size in found)


def _read(path: Path, blocks: range) -> tuple[float, int]:
    """Seconds and bytes of the columns of some blocks, each column added up once."""
    return _timed(lambda: _added_up(path, blocks))


def _added_up(path: Path, blocks: range) -> int:
    size = 0
    with closing(PopulationFile(path)) as file:
        for block in blocks:
            rows = file.read(block)
            for part in (rows.persons, rows.households, rows.care):
                for field in fields(part):
                    column = getattr(part, field.name)
                    column.sum()
                    size += column.nbytes
    return size


def _timed(run: Any) -> tuple[float, Any]:
    start = time.perf_counter()
    answer = run()
    return time.perf_counter() - start, answer
