"""How many household-years a core plans in a second.

`python -m scheduler.benches.bench_plan [households]`.

Households of 15 flows, made by a seeded generator. Parties give all their clients the same terms:
392 payers and creditors, their days spread as in the Netherlands (facts/allowances-nl.md 14 and
15); choice of parties and amounts differ for every household. Caches start empty. Memory holds one
block of households at a time, so it does not grow with their number. The machine's own limit,
measured in the same run, is the time Python needs to build the lines of the answers alone.
"""

from __future__ import annotations

import gc
import json
import os
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from itertools import islice
from multiprocessing import get_context
from typing import Any, Final, NamedTuple

from scheduler.plan import plan, plan_many
from scheduler.planning.flows import Flow, Rail, Rhythm, Window
from scheduler.planning.payday_files import load_pay_calendars
from scheduler.planning.plan_types import PlannedLine, PlanRequest
from specs.values import Month

SEED: Final = 20261122
BLOCK: Final = 512  # households in memory at a time
FIRST: Final = Month(2026, 1)


@dataclass(frozen=True, slots=True)
class Party:
    """A payer or creditor with the terms it gives to all its clients."""

    name: str
    rhythm: Rhythm
    window: Window
    rail: Rail = "in_order"


def _window(chance: random.Random, earlier_max: int, later_max: int) -> Window:
    return Window(
        earlier_days=chance.randint(0, earlier_max), later_days=chance.randint(0, later_max)
    )


def _payers(chance: random.Random) -> dict[str, list[Party]]:
    employers = [
        Party(f"employer {n}", _wage_rhythm(chance), _window(chance, 5, 5)) for n in range(200)
    ]
    uwv = Rhythm(every="calendar", calendar="uwv")
    toeslagen = Party(
        "toeslagen", Rhythm(every="calendar", calendar="toeslagen"), _window(chance, 7, 7)
    )
    svb = Party("svb", Rhythm(every="calendar", calendar="kinderbijslag"), Window())
    return {
        "wage": employers,
        "wia": [Party("uwv", uwv, Window(earlier_days=5, later_days=7))],
        "zorgtoeslag": [toeslagen],
        "huurtoeslag": [toeslagen],
        "kindgebonden_budget": [toeslagen],
        "kinderbijslag": [svb],
    }


def _wage_rhythm(chance: random.Random) -> Rhythm:
    if chance.random() < 0.3:
        first = date(2026, 1, chance.randint(1, 28))
        return Rhythm(every="four_weeks", start=first, shift="preceding")
    return Rhythm(every="month", day=chance.randint(20, 28), shift="preceding")


def _creditors(chance: random.Random) -> dict[str, list[Party]]:
    def parties(kind: str, number: int, rhythm: Callable[[], Rhythm]) -> list[Party]:
        return [
            Party(
                f"{kind} {n}",
                rhythm(),
                _window(chance, 7, 27),
                "unordered" if chance.random() < 0.2 else "in_order",
            )
            for n in range(number)
        ]

    def monthly(first: int, last: int) -> Callable[[], Rhythm]:
        return lambda: Rhythm(every="month", day=chance.randint(first, last))

    def quarterly() -> Rhythm:
        return Rhythm(every="quarter", months=(2, 5, 8, 11), day=chance.randint(1, 28))

    def tax() -> Rhythm:
        months = tuple(range(3, 13))
        return Rhythm(every="month", months=months, day=chance.randint(25, 31))

    return {
        "rent": parties("corporation", 30, monthly(1, 1)),
        "health_premium": parties("insurer", 10, monthly(25, 31)),
        "energy": parties("energy", 20, monthly(25, 28)),
        "water": parties("water", 10, quarterly),
        "municipal_tax": parties("municipality", 40, tax),
        "water_authority": parties("water authority", 21, monthly(28, 28)),
        "internet": parties("internet", 20, monthly(1, 31)),
        "insurance": parties("insurance", 40, monthly(1, 31)),
        "cjib": parties("cjib", 1, monthly(28, 28)),
    }


CENTS: Final = {
    "wage": (90_000, 180_000),
    "wia": (20_000, 90_000),
    "zorgtoeslag": (9_000, 13_200),
    "huurtoeslag": (10_000, 45_000),
    "kindgebonden_budget": (10_000, 60_000),
    "kinderbijslag": (28_000, 90_000),
    "rent": (45_000, 85_000),
    "health_premium": (13_000, 17_000),
    "energy": (8_000, 25_000),
    "water": (3_000, 9_000),
    "municipal_tax": (2_000, 6_000),
    "water_authority": (2_000, 4_000),
    "internet": (2_500, 6_000),
    "insurance": (1_500, 6_000),
    "cjib": (2_000, 9_000),
}


def households(number: int, seed: int = SEED) -> Iterator[PlanRequest]:
    """So many invented household-years of 15 flows each, no two alike."""
    chance = random.Random(seed)  # noqa: S311
    payers, creditors = _payers(chance), _creditors(chance)
    return (_household(chance, payers, creditors) for _ in range(number))


def _household(
    chance: random.Random, payers: dict[str, list[Party]], creditors: dict[str, list[Party]]
) -> PlanRequest:
    flows = []
    for kind, parties in (*payers.items(), *creditors.items()):
        party = chance.choice(parties)
        flows.append(
            Flow(
                id=kind,
                direction="in" if kind in payers else "out",
                party=party.name,
                amount_cents=chance.randrange(*CENTS[kind]),
                rhythm=party.rhythm,
                window=party.window,
                rail=party.rail,
            )
        )
    return PlanRequest(
        first=FIRST,
        months=12,
        flows=tuple(flows),
        today=date(2025, 12, 1),
        opening_cents=chance.randrange(0, 40_000, 100),
    )


def _line_limit(lines: Sequence[PlannedLine], each: float) -> float:
    """Household-years a second when only the lines are built: the limit of this machine."""
    start = time.process_time()
    for line in lines:
        PlannedLine(*line)
    return len(lines) / each / (time.process_time() - start)


class _Part(NamedTuple):
    """What one process planned, and the seconds it took: of its processor and on the clock."""

    lines: int
    on_day: int
    total: int
    processor: float
    clock: float
    memory_kb: int


def _run(part: int, number: int) -> _Part:
    calendars = load_pay_calendars()
    requests = households(number, SEED + part)
    lines = on_day = total = 0
    processor = clock = 0.0
    gc.collect()
    gc.freeze()  # what start-up left is not looked through again, as in any long-running process
    while block := list(islice(requests, BLOCK)):  # inventing them is not part of the figure
        started, began = time.process_time(), time.perf_counter()
        for found in plan_many(block, calendars):
            lines += sum(len(month.lines) for month in found.months)
            on_day, total = on_day + found.on_day_cents, total + found.total_cents
        processor += time.process_time() - started
        clock += time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return _Part(lines, on_day, total, processor, clock, memory)


def bench(number: int = 4000, cores: int | None = None) -> dict[str, Any]:
    """Plans so many different households on each core; the figure per core is per second of
    processor time, that of the machine per second on the clock of its slowest core."""
    used = cores or os.cpu_count() or 1
    with ProcessPoolExecutor(used, mp_context=get_context("spawn")) as pool:
        parts = list(pool.map(_run, range(used), [number] * used))
    lines, on_day, total = (sum(part[place] for part in parts) for place in range(3))
    rate = number * used / sum(part.processor for part in parts)
    sample = plan(next(households(1)), load_pay_calendars()).lines() * 200
    limit = _line_limit(sample, lines / number / used)
    return {
        "bench": "plan",
        "households": number * used,
        "flows_each": len(CENTS),
        "months": 12,
        "seed": SEED,
        "lines": lines,
        "share_on_day": round(on_day / total, 3),
        "household_years_per_second_per_core": round(rate),
        "limit_build_lines_only": round(limit),
        "ratio_to_limit": round(rate / limit, 3),
        "cores": used,
        "household_years_per_second": round(number * used / max(part.clock for part in parts)),
        "memory_max_mb_per_core": max(part.memory_kb for part in parts) // 1024,
    }


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 4000
    sys.stdout.write(json.dumps(bench(wanted), indent=2) + "\n")
