"""`vastedag bench settlement`: what is reclaimed after a year with income shocks, two ways of
paying it out.

(a) once: the estimate of January stays; (b) each month: the year is derived again after each wage
statement, and a month is paid by what is known then. In both the final award is derived from the
income of the year. Earlier months are left as they were paid until the end, in (b) as well.
Synthetic households (specs/population); their shocks are chances with source or assumption there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from scheduler.population.block import TOESLAGEN, Year
from scheduler.population.chance import Chance
from scheduler.population.fold import Folded
from scheduler.population.nation import Nation
from scheduler.population.rows import Column, Rows
from scheduler.population.shocks import MONTHS, Incomes, shocked
from scheduler.rulebook import Rulebook
from specs.population_files import load_population

SEED: Final = 20261122
YEAR: Final = 2026
BLOCK_ROWS: Final = 32_768
EURO: Final = 100
LIMITS: Final = (0, 100, 500, 1000)  # euro
QUANTILES: Final = (50, 75, 90, 95, 99)  # per cent
CURVE: Final = tuple(range(0, 2501, 50))  # euro: how many are above each


@dataclass(frozen=True, slots=True)
class Difference:
    """Per household, cents paid during the year less the final award: above zero is reclaimed."""

    once: Column
    monthly: Column
    concerned: int  # households with an award or a payment


def bench_settlement(households: int) -> dict[str, Any]:
    """Both ways for so many households; the shares are of those with a toeslag."""
    start = time.process_time()
    parts = list(_blocks(households))
    once = np.concatenate([part.once for part in parts])
    monthly = np.concatenate([part.monthly for part in parts])
    concerned = sum(part.concerned for part in parts)
    return {
        "households": households, "with_toeslag": concerned, "year": YEAR, "seed": SEED,
        "schemes": list(TOESLAGEN), "seconds": round(time.process_time() - start, 1),
        "once": _figures(once, concerned), "monthly": _figures(monthly, concerned),
    }  # fmt: skip


def _blocks(households: int) -> Iterator[Difference]:
    file = load_population()
    nation, year = Nation(file, SEED, YEAR), Year(Rulebook.load(), YEAR)
    for number, first in enumerate(range(0, households, BLOCK_ROWS)):
        rows = nation.block(number, min(BLOCK_ROWS, households - first))
        monthly = rows.persons.income // MONTHS
        incomes = shocked(Chance(SEED, number, 1), file, monthly, rows.persons.works)
        yield settle(rows, incomes, year)


def settle(rows: Rows, incomes: Incomes, year: Year) -> Difference:
    """What is paid in both ways, less what the final award is."""
    final, _ = _derived(rows, incomes.actual, year)
    _, expected = _derived(rows, incomes.estimated(-1), year)
    once = expected.sum(axis=0)
    monthly = expected[0].copy()
    for month in range(1, MONTHS):  # a month is paid before its own statement comes
        _, paid = _derived(rows, incomes.estimated(month - 1), year)
        monthly += paid[month]
    concerned = int(np.count_nonzero((final > 0) | (once > 0) | (monthly > 0)))
    return Difference(once - final, monthly - final, concerned)


def _derived(rows: Rows, income: Column, year: Year) -> tuple[Column, Column]:
    """Awards and monthly payments of all toeslagen together, with other incomes.

    What the rounding of months leaves of an award is paid with it, so it counts in the last month.
    """
    folded = Folded(replace(rows, persons=replace(rows.persons, income=income)), year.year)
    award = np.zeros(rows.households.rows, dtype=np.int64)
    paid = np.zeros((MONTHS, rows.households.rows), dtype=np.int64)
    for scheme in year.schemes:
        found = year.derive(folded, scheme)
        award += found.award
        paid += found.paid
    paid[-1] += award - paid.sum(axis=0)
    return award, paid


def _figures(difference: Column, concerned: int) -> dict[str, Any]:
    reclaim, short = np.maximum(difference, 0), np.maximum(-difference, 0)
    return {
        "reclaim": _distribution(reclaim, concerned),
        "underpaid": _distribution(short, concerned),
    }


def _distribution(cents: Column, concerned: int) -> dict[str, Any]:
    """Shares above some limits, quantiles over all concerned and over those above zero (euro)."""
    some = np.sort(cents[cents > 0])
    everybody = np.concatenate([np.zeros(max(0, concerned - len(some)), dtype=np.int64), some])
    return {
        "share_above_euro": {str(limit): _share(some, limit, concerned) for limit in LIMITS},
        "quantiles_of_all_euro": _quantiles(everybody),
        "quantiles_where_any_euro": _quantiles(some),
        "total_euro": int(some.sum()) // EURO,
        "curve": [[limit, _share(some, limit, concerned)] for limit in CURVE],
    }


def _share(some: Column, limit: int, concerned: int) -> float:
    above = len(some) - int(np.searchsorted(some, limit * EURO, side="right"))
    return round(above / max(1, concerned), 5)


def _quantiles(values: Column) -> dict[str, int]:
    """Whole euros at each per cent: the value that as many do not exceed."""
    if not len(values):
        return dict.fromkeys(map(str, QUANTILES), 0)
    places = [min(len(values) - 1, len(values) * each // 100) for each in QUANTILES]
    return {str(each): int(values[place]) // EURO
            for each, place in zip(QUANTILES, places, strict=True)}  # fmt: skip
