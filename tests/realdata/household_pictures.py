"""Pictures and figures of two households before, in and after the transition to one pay date.

`python -m tests.realdata.household_pictures OUT`, with VASTEDAG_REALDATA set: the household of the
Huishoudboekje statements (test_plan_persona.py makes its flows from the statement lines), and the
SuwiML family as the demo of the whole line plans it. The charts are those of the household's own
pages; Chromium makes a PNG of each. Every month starts at the opening balance, as the planner
counts (decision 0005); an advance is in the line of the plan.
"""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from datetime import date
from io import StringIO
from pathlib import Path
from unittest.mock import patch

from playwright.sync_api import sync_playwright

import node.plans
import node.portal
from node.cli import main
from node.portal.charts import Balance, balance_chart, from_first_day
from scheduler.documents.plan_document import read_request
from scheduler.paydays import PayCalendars
from scheduler.plan import plan
from scheduler.planning.payday_files import load_pay_calendars
from scheduler.planning.plan_types import MonthPlan, Plan, PlanRequest
from tests import needs
from tests.realdata import test_plan_persona as persona

FAMILY = Path("adapters/samples/suwiml-family")
STATIC = Path(node.portal.__file__).parent / "static"
BEFORE = "before"  # drawn without the plan
STYLES = ("vendor/theme.css", "vendor/utrecht.css", "portal.css")


@dataclass(frozen=True, slots=True)
class Household:
    """A request, its plan, and which of its months to draw under which name."""

    name: str
    request: PlanRequest
    plan: Plan
    months: tuple[tuple[str, int], ...]


def statements_household(realdata: Path, calendars: PayCalendars) -> Household:
    """Three months of statements, enrolled on the first of July 2024."""
    entries = [one for month in persona.MONTHS for one in persona.entries(realdata, month)]
    document = persona.document_of(entries) | {"today": "2024-07-01"}
    request, _left_out, _faults = read_request(document)
    assert request is not None
    months = ((BEFORE, 0), ("transition-1", 0), ("transition-2", 1), ("after", 2))
    return Household("huishoudboekje-persona-1", request, plan(request, calendars), months)


def family_household(calendars: PayCalendars) -> Household:
    """The request that the demo plans for the family, taken where the node asks for its plan; here
    once more as on the day of enrolment, so that the transition is in it."""
    asked: list[PlanRequest] = []

    def noted(request: PlanRequest, by: PayCalendars) -> Plan:
        asked.append(request)
        return plan(request, by)

    with patch.object(node.plans, "plan", noted), redirect_stdout(StringIO()):
        assert main(["demo", "--once", "--json", "--data", str(FAMILY)]) == 0
    request = max(asked, key=lambda one: (len(one.flows), one.current_day is None))
    enrols = replace(request, current_day=None, switched_on=None, agreed=False)
    months = ((BEFORE, 0), ("transition-1", 0), ("transition-2", 1), ("after", 2))
    return Household("suwiml-family", enrols, plan(enrols, calendars), months)


def balances(household: Household, month: MonthPlan) -> tuple[Balance, Balance]:
    """The balance at the end of each day of a month, without the plan and with it."""
    lines = household.plan.lines()
    before: dict[date, int] = defaultdict(int)
    after: dict[date, int] = defaultdict(int)
    for line in lines:
        before[line.natural] += line.signed_cents
        after[line.planned] += line.signed_cents
    for advance in household.plan.transition.advances:
        after[advance.day] += advance.cents
        for part in advance.repaid:
            after[part.day] -= part.cents
    opening = household.request.opening_cents
    return _running(before, month, opening), _running(after, month, opening)


def _running(moves: dict[date, int], month: MonthPlan, opening: int) -> Balance:
    balance, found = opening, []
    for day in sorted(moves):
        if (day.year, day.month) == (month.month.year, month.month.month):
            balance += moves[day]
            found.append((day, balance))
    return from_first_day(month.month, found, opening)


def figures(household: Household) -> dict[str, object]:
    """Lowest balances and the share of the money on the pay date, without the plan and with it."""
    found = household.plan
    on_pay_date = sum(
        line.cents
        for month in found.months
        for line in month.lines
        if line.natural == month.pay_date
    )
    shown = []
    for name, index in household.months:
        if name == BEFORE:
            continue
        month = found.months[index]
        before, after = balances(household, month)
        shown.append(
            {
                "picture": f"{household.name}-{name}.png",
                "month": str(month.month),
                "pay_date": month.pay_date.isoformat(),
                "days_with_payments_before": len({line.natural for line in month.lines}),
                "days_with_payments_after": len({line.planned for line in month.lines}),
                "lowest_before": min(cents for _day, cents in before),
                "lowest_after": min(cents for _day, cents in after),
            }
        )
    return {
        "household": household.name,
        "day": found.day,
        "why": found.why.en,
        "share_on_pay_date_before": round(on_pay_date / found.total_cents, 3),
        "share_on_pay_date_after": round(found.on_day_cents / found.total_cents, 3),
        "lowest_before_all_months": min(month.lowest_before_cents for month in found.months),
        "lowest_after_all_months": min(month.lowest_after_cents for month in found.months),
        "transition": [found.transition.start.isoformat(), found.transition.until.isoformat()],
        "advances": [
            {"date": one.day.isoformat(), "amount": one.cents, "by": one.by}
            for one in found.transition.advances
        ],
        "months": shown,
    }


def pictures(households: Iterable[Household], out: Path) -> list[Path]:
    """Writes an SVG and a PNG of each month drawn; the paths of the PNGs."""
    out.mkdir(parents=True, exist_ok=True)
    made: list[tuple[Path, str]] = []
    for household in households:
        for name, index in household.months:
            month = household.plan.months[index]
            before, after = balances(household, month)
            chart = balance_chart(
                month=month.month,
                before=before,
                after=() if name == BEFORE else after,
                pay_date=None if name == BEFORE else month.pay_date,
                language="nl",
            )
            path = out / f"{household.name}-{name}.svg"
            path.write_text(str(chart), encoding="utf-8")
            made.append((path, f"{household.name}, {name}: {month.month}"))
    return _rendered(made)


def _rendered(made: Sequence[tuple[Path, str]]) -> list[Path]:
    styles = "".join((STATIC / name).read_text(encoding="utf-8") for name in STYLES)
    found = []
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=needs.chromium(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 820, "height": 600})
        for path, title in made:
            page.set_content(
                f'<html lang="nl" class="utrecht-root voorbeeld-theme"><style>{styles}</style>'
                f'<body class="utrecht-body"><div style="margin: 1rem"><h1>{title}</h1>'
                '<ul class="vd-legend"><li>zonder plan</li>'
                '<li class="vd-legend__after">met één betaaldag</li></ul>'
                f"{path.read_text(encoding='utf-8')}</div></body></html>"
            )
            picture = path.with_suffix(".png")
            page.screenshot(path=str(picture))
            found.append(picture)
        browser.close()
    return found


def run(out: Path) -> None:
    """Both households: pictures in `out`, figures on stdout."""
    calendars = load_pay_calendars()
    realdata = Path(os.environ["VASTEDAG_REALDATA"])
    both = [statements_household(realdata, calendars), family_household(calendars)]
    pictures(both, out)
    sys.stdout.write(json.dumps([figures(one) for one in both], indent=1) + "\n")


if __name__ == "__main__":
    run(Path(sys.argv[1]))
