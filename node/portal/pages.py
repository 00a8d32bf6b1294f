"""Turns read models into pages: templates escaped by default, compiled for each language.

A template gets frozen views and small functions of formatting; it computes nothing of its own.
Which page is shown to whom is decided in the routes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache, partial
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from starlette.responses import HTMLResponse

from node.portal import formatting
from node.portal.acting import ACTING_FOR
from node.portal.auth import Session
from node.portal.calendar_views import LineView, MonthView, StepView, WhyView
from node.portal.formatting import DEFAULT_LANGUAGE, LANGUAGES, Language
from node.portal.menu import Offers, menu_of
from node.portal.templating import LanguageTemplates

STATIC: Final = Path(__file__).with_name("static")
DATES_KEPT: Final = 2_048  # days and months in words, per function and language


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Whose pages these are, and whether this node has household pages and a log of its own."""

    name: str
    phone: str
    households: bool
    log: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCell:
    """One day of the month grid with the sums of its lines, in cents."""

    day: date
    in_cents: int
    out_cents: int


class Pages:
    """Renders the templates for one node."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.offers: Offers = _nothing  # until the routes are known (app.py)

    def answer(
        self,
        template: str,
        *,
        language: Language = DEFAULT_LANGUAGE,
        session: Session | None = None,
        active: str = "",
        status: int = 200,
        **values: Any,
    ) -> HTMLResponse:
        """The page as an HTTP answer, in the visitor's language."""
        html = self.text(template, language=language, session=session, active=active, **values)
        return HTMLResponse(html, status_code=status, headers={"Content-Language": language})

    def text(
        self,
        template: str,
        *,
        language: Language = DEFAULT_LANGUAGE,
        session: Session | None = None,
        active: str = "",
        **values: Any,
    ) -> str:
        """The HTML of a page or a letter."""
        context = {
            "language": language,
            "weekdays": formatting.weekdays(language),
            "site": self.site,
            "session": session,
            "acting_for": ACTING_FOR.get(),
            "active": active,
            "menu": menu_of(session, active, language, self.offers),
            "offers": self.offers,
            **values,
        }
        return templates_of(language).get_template(template).render(context)


def lines_by_day(view: MonthView) -> list[tuple[date, list[LineView]]]:
    """The lines of a month under their days, both in the order of the view."""
    return [(day, list(lines)) for day, lines in groupby(view.lines, key=lambda line: line.day)]


def opening_cents(view: MonthView) -> int | None:
    """The balance before the first line of the month; None when there is no line."""
    if not view.lines:
        return None
    first = view.lines[0]
    return first.running_cents - (first.cents if first.direction == "in" else -first.cents)


def weeks_of(view: MonthView) -> list[list[DayCell | None]]:
    """The month as weeks from Monday to Sunday; None is a day outside the month."""
    sums: dict[date, dict[str, int]] = {}
    for line in view.lines:
        day = sums.setdefault(line.day, {"in": 0, "out": 0})
        day[line.direction] += line.cents
    first = view.month.first_day
    cells: list[DayCell | None] = [None] * first.weekday()
    for number in range(view.month.length):
        day_of = first.replace(day=number + 1)
        found = sums.get(day_of, {"in": 0, "out": 0})
        cells.append(DayCell(day=day_of, in_cents=found["in"], out_cents=found["out"]))
    cells += [None] * (-len(cells) % 7)
    return [cells[start : start + 7] for start in range(0, len(cells), 7)]


def main_steps(view: WhyView) -> tuple[StepView, ...]:
    """What a reader needs first: the facts used and the reckoning itself.

    Conditions that were met and the law's fixed amounts stand in the whole list behind it.
    """
    return tuple(
        step
        for step in view.steps
        if (step.kind == "input" and step.inputs)
        or (step.kind == "formula" and step.cents is not None)
    )


@cache
def static_url(name: str) -> str:
    """Address of a static file with its digest, so that a browser may keep it for good."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()
    return f"/static/{name}?v={digest[:12]}"


def difference(before_cents: int, after_cents: int, language: Language) -> str:
    """`€ 12,00 erbij`: how an amount changed, the sign in a word."""
    change = after_cents - before_cents
    if change == 0:
        return "no difference" if language == "en" else "geen verschil"
    more, less = ("more", "less") if language == "en" else ("meer", "minder")
    return f"{formatting.amount(abs(change), language)} {more if change > 0 else less}"


def _nothing(_path: str) -> bool:
    return False


@cache
def templates_of(language: Language) -> LanguageTemplates:
    """The templates of one language, shared by all pages of this process."""
    dated = {
        name: lru_cache(DATES_KEPT)(partial(function, language=language))
        for name, function in _DATES.items()
    }
    plain = {name: partial(function, language=language) for name, function in _VALUES.items()}
    return LanguageTemplates(language, {**dated, **plain, "static": static_url})


def compile_templates() -> None:
    """Compile all pages in all languages now: a serving process does so before its first visit."""
    for language in LANGUAGES:
        templates_of(language).compile_all()


# What a template may call, each with the language bound: of days, of which there are few ...
_DATES: Final[dict[str, Callable[..., str]]] = {
    "month_name": formatting.month_name,
    "long_date": formatting.long_date,
    "plain_date": formatting.plain_date,
    "day_and_month": formatting.day_and_month,
}
# ... and of values, of which there are many.
_VALUES: Final[dict[str, Callable[..., str]]] = {
    "euro": formatting.amount,
    "sign": formatting.sign_word,
    "moment": formatting.moment,
    "whole": formatting.whole_number,
    "moved": formatting.moved,
    "difference": difference,
}
