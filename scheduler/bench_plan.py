"""How many household-years a core plans in a second: `python -m scheduler.bench_plan [households]`.

Households of 15 flows, made by a seeded generator: no two are equal, days, windows and amounts
spread as they are in the Netherlands (facts/allowances-nl.md 14 and 15). The machine's own limit,
measured in the same run, is the time Python needs to build the lines of the answers alone.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from scheduler.flows import Flow, Rhythm, Window
from scheduler.payday_files import load_pay_calendars
from scheduler.plan import plan
from scheduler.plan_types import Plan, PlannedLine, PlanRequest
from specs.values import Month

FLOWS: Final = 15
SEED: Final = 20261122
FIRST: Final = Month(2026, 1)


def household(seed: int) -> PlanRequest:
    """One invented household-year of 15 flows."""
    chance = random.Random(seed)  # noqa: S311
    flows = [*_incomes(chance), *_charges(chance)]
    return PlanRequest(
        first=FIRST,
        months=12,
        flows=tuple(flows[:FLOWS]),
        today=date(2025, 12, 1),
        opening_cents=chance.randrange(0, 40_000, 100),
    )


def _incomes(chance: random.Random) -> list[Flow]:
    def flow(name: str, party: str, cents: int, rhythm: Rhythm, window: Window) -> Flow:
        return Flow(
            id=name, direction="in", party=party, amount_cents=cents, rhythm=rhythm, window=window
        )

    few = Window(earlier_days=chance.randrange(0, 6), later_days=chance.randrange(0, 6))
    wage_day = Rhythm(every="month", day=chance.randrange(21, 29), shift="preceding")
    four_weekly = Rhythm(
        every="four_weeks", start=date(2026, 1, chance.randrange(1, 28)), shift="preceding"
    )
    return [
        flow(
            "wage",
            "employer",
            chance.randrange(90_000, 180_000),
            four_weekly if chance.random() < 0.3 else wage_day,
            few,
        ),
        flow(
            "wia",
            "uwv",
            chance.randrange(20_000, 90_000),
            Rhythm(every="calendar", calendar="uwv"),
            Window(earlier_days=5, later_days=chance.randrange(0, 8)),
        ),
        *(
            flow(
                scheme,
                "toeslagen",
                chance.randrange(5_000, 60_000),
                Rhythm(every="calendar", calendar="toeslagen"),
                Window(earlier_days=chance.randrange(0, 8), later_days=chance.randrange(0, 8)),
            )
            for scheme in ("zorgtoeslag", "huurtoeslag", "kindgebonden_budget")
        ),
        flow(
            "kinderbijslag",
            "svb",
            chance.randrange(28_000, 90_000),
            Rhythm(every="calendar", calendar="kinderbijslag"),
            Window(),
        ),
    ]


def _charges(chance: random.Random) -> list[Flow]:
    def flow(name: str, cents: int, rhythm: Rhythm) -> Flow:
        window = Window(earlier_days=chance.randrange(0, 8), later_days=chance.randrange(0, 28))
        return Flow(
            id=name,
            direction="out",
            party=f"{name}-party",
            amount_cents=cents,
            rhythm=rhythm,
            window=window,
            rail="unordered" if chance.random() < 0.2 else "in_order",
        )

    def monthly(day: int) -> Rhythm:
        return Rhythm(every="month", day=day, shift="following")

    quarter = Rhythm(every="quarter", months=(2, 5, 8, 11), day=chance.randrange(1, 29))
    tax = Rhythm(every="month", months=tuple(range(3, 13)), day=chance.randrange(25, 32))
    return [
        flow("rent", chance.randrange(45_000, 85_000), monthly(1)),
        flow("health", chance.randrange(13_000, 17_000), monthly(chance.choice((1, 27, 28)))),
        flow("energy", chance.randrange(8_000, 25_000), monthly(chance.randrange(25, 29))),
        flow("water", chance.randrange(3_000, 9_000), quarter),
        flow("municipal_tax", chance.randrange(2_000, 6_000), tax),
        flow("water_authority", chance.randrange(2_000, 4_000), monthly(28)),
        flow("internet", chance.randrange(2_500, 6_000), monthly(chance.randrange(1, 32))),
        flow("insurance", chance.randrange(1_500, 6_000), monthly(chance.randrange(1, 32))),
        flow("cjib", chance.randrange(2_000, 9_000), monthly(chance.randrange(1, 32))),
    ]


def _line_limit(plans: Sequence[Plan]) -> float:
    """Household-years a second when only the lines are built: the limit of this machine."""
    start = time.process_time()
    for found in plans:
        for line in found.lines():
            PlannedLine(*line)
    return len(plans) / (time.process_time() - start)


def bench(households: int = 2000) -> dict[str, Any]:
    """Plans so many different households; figures are per second of processor time of one core."""
    calendars = load_pay_calendars()
    requests = [household(SEED + number) for number in range(households)]
    plan(requests[0], calendars)
    start = time.process_time()
    plans = [plan(request, calendars) for request in requests]
    seconds = time.process_time() - start
    rate, limit = households / seconds, _line_limit(plans[:500])
    shares = sorted(found.on_day_cents / found.total_cents for found in plans)
    return {
        "bench": "plan",
        "households": households,
        "flows_each": FLOWS,
        "months": 12,
        "seed": SEED,
        "household_years_per_second_per_core": round(rate),
        "limit_build_lines_only": round(limit),
        "ratio_to_limit": round(rate / limit, 3),
        "share_on_day_median": round(shares[households // 2], 3),
        "lines": sum(len(found.lines()) for found in plans),
    }


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    sys.stdout.write(json.dumps(bench(wanted), indent=2) + "\n")
