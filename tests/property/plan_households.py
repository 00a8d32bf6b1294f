"""Invented households for the plan properties, and a second, slow reading of DESIGN 7 and 9.2.

Everything is read from the JSON that goes in and comes out; nothing here uses the planner's code.
`VASTEDAG_EXAMPLES` sets how many households each property sees, `VASTEDAG_SEED` repeats a run.
"""

from __future__ import annotations

import os
import random
from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import hypothesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("VASTEDAG_EXAMPLES", "40"))
SEED = int(os.environ.get("VASTEDAG_SEED", random.SystemRandom().randrange(2**32)))
DAY = timedelta(days=1)

Json = dict[str, Any]


def households(test: Callable[..., None]) -> Callable[..., None]:
    """Runs a property on EXAMPLES households and prints the seed of the run."""
    return _seeded(test, EXAMPLES)


def fewer_households(test: Callable[..., None]) -> Callable[..., None]:
    """The same on a fifth of them, for a property that takes long on each."""
    return _seeded(test, max(25, EXAMPLES // 5))


def _seeded(test: Callable[..., None], examples: int) -> Callable[..., None]:
    print(f"{test.__name__}: {examples} households, VASTEDAG_SEED={SEED}")
    run = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    return hypothesis.seed(SEED)(run(test))


days = st.integers(1, 31)
windows = st.one_of(
    st.just({"earlier_days": 0, "later_days": 0}),
    st.fixed_dictionaries({"earlier_days": st.integers(0, 20), "later_days": st.integers(0, 35)}),
)
cents = st.integers(0, 200_000)


@st.composite
def rhythms(draw: st.DrawFn) -> Json:
    """`every` and what goes with it."""
    every = draw(st.sampled_from(["month", "month", "month", "four_weeks", "quarter", "year"]))
    shift = draw(st.sampled_from(["preceding", "following"]))
    if every == "four_weeks":
        start = date(2025, 12, 1) + DAY * draw(st.integers(0, 60))
        return {"every": every, "start": start.isoformat(), "shift": shift}
    rhythm: Json = {"every": every, "day": draw(days), "shift": shift}
    if every == "quarter":
        first = draw(st.integers(1, 3))
        rhythm["months"] = [first, first + 3, first + 6, first + 9]
    if every == "year":
        rhythm |= {"month": draw(st.integers(1, 12)), "day": draw(st.integers(1, 28))}
    return rhythm


@st.composite
def flows(draw: st.DrawFn, name: str) -> Json:
    """One flow."""
    direction = draw(st.sampled_from(["in", "out", "out"]))
    flow: Json = {
        "id": name,
        "direction": direction,
        "party": draw(st.sampled_from(["uwv", "svb", "corporatie", "energie"])),
        "amount": draw(cents) * (3 if direction == "in" else 1),
        "window": draw(windows),
    }
    if direction == "in" and draw(st.integers(0, 3)) == 0:
        flow |= {"calendar": draw(st.sampled_from(["toeslagen", "uwv", "aow", "kinderbijslag"]))}
    else:
        flow |= draw(rhythms())
        if direction == "in":
            flow["receipt"] = draw(st.sampled_from(["month", "month", "year", "none", None]))
    if direction == "out" and draw(st.booleans()):
        flow["rail"] = draw(st.sampled_from(["unordered", "in_order"]))
    if draw(st.integers(0, 3)) == 0:
        flow["amounts"] = {"2026-02": draw(cents)}
    return flow


@st.composite
def documents(draw: st.DrawFn, flows_max: int = 8) -> Json:
    """A household of one to eight flows, enrolling on some day."""
    names = [f"f{number}" for number in range(draw(st.integers(1, flows_max)))]
    first = draw(st.sampled_from(["2026-01", "2026-02", "2026-05"]))
    return {
        "from": first,
        "months": draw(st.integers(1, 6)),
        "today": draw(st.sampled_from([None, "2025-12-01", f"{first}-11"])),
        "flows": [draw(flows(name)) for name in names],
        "opening_balance": draw(st.one_of(st.just(0), st.integers(-5_000, 100_000))),
        "preferred_day": draw(st.one_of(st.none(), st.integers(1, 28))),
        "current_day": None,
        "bridge_by": draw(st.sampled_from([None, "gm0344"])),
    }


def easter(year: int) -> date:
    """Easter Sunday by the rule of Meeus, Jones and Butcher."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    j, k = c // 4, c % 4
    m = (a + 11 * h) // 319
    r = (2 * e + 2 * j - k - h + m + 32) % 7
    n = (h - m + r + 90) // 25
    return date(year, n, (h - m + r + n + 19) % 32)


def is_open(day: date) -> bool:
    """Whether TARGET is open: the European Central Bank's six closing days, and weekends."""
    sunday = easter(day.year)
    closed = {(1, 1), (5, 1), (12, 25), (12, 26)}
    holiday = (day.month, day.day) in closed or day in (sunday - 2 * DAY, sunday + DAY)
    return day.weekday() < 5 and not holiday


def shifted(day: date, shift: str) -> date:
    """The day moved to a banking day."""
    while not is_open(day):
        day += DAY if shift == "following" else -DAY
    return day


def months_of(document: Json) -> list[tuple[int, int]]:
    """The months of the plan as (year, month)."""
    year, month = int(document["from"][:4]), int(document["from"][5:])
    return [
        ((year * 12 + month - 1 + n) // 12, (month - 1 + n) % 12 + 1)
        for n in range(document["months"])
    ]


def last_day(year: int, month: int) -> int:
    """The length of a month."""
    return ((date(year + month // 12, month % 12 + 1, 1)) - DAY).day


def natural_dates(flow: Json, document: Json) -> list[date]:
    """Every banking day on which a flow without payer calendar would be paid without a plan."""
    found = []
    for year, month in months_of(document):
        if flow["every"] == "four_weeks":
            start = date.fromisoformat(flow["start"])
            found += [
                day
                for day in (date(year, month, n + 1) for n in range(last_day(year, month)))
                if day >= start and (day - start).days % 28 == 0
            ]
        elif month in flow.get("months", [flow.get("month", month)]):
            found.append(date(year, month, min(flow["day"], last_day(year, month))))
    return [shifted(day, flow["shift"]) for day in found]


def lines_of(answer: Json) -> list[Json]:
    """All lines, dates read."""
    return [
        line
        | {
            "natural": date.fromisoformat(line["natural_date"]),
            "planned": date.fromisoformat(line["planned_date"]),
        }
        for month in answer["months"]
        for line in month["lines"]
    ]


def signed(line: Json) -> int:
    """The amount with its sign."""
    amount: int = line["amount"]
    return amount if line["direction"] == "in" else -amount


def running(document: Json, answer: Json, which: str) -> dict[tuple[date, int], int]:
    """Balances by day and place in the day, each month starting at the opening balance.

    Place 0: charges on a rail that may book them before the income of that day; 1: the rest.
    """
    rails = {flow["id"]: flow.get("rail", "in_order") for flow in document["flows"]}
    moves: dict[tuple[date, int], int] = defaultdict(int)
    for line in lines_of(answer):
        late = not (line["direction"] == "out" and rails[line["flow"]] == "unordered")
        moves[line[which], int(late)] += signed(line)
    balances = {}
    for year, month in months_of(document):
        balance = document["opening_balance"]
        for number in range(1, last_day(year, month) + 1):
            for place in (0, 1):
                key = (date(year, month, number), place)
                balance += moves.get(key, 0)
                balances[key] = balance
    return balances
