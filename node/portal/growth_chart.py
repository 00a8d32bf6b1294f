"""The growth of the log as a picture: entries by day, as SVG bars. The figures stand in a table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from markupsafe import Markup

from node.portal.formatting import Language, plain_date, whole_number

WIDTH: Final = 720
HEIGHT: Final = 220
LEFT: Final = 8
RIGHT: Final = 8
TOP: Final = 34
BOTTOM: Final = 30
BAR_MAX: Final = 72


def growth_chart(days: Sequence[tuple[date, int]], *, language: Language) -> Markup:
    """One bar a day with its count above; empty markup when nothing was recorded."""
    if not days:
        return Markup("")
    highest = max(1, *(count for _, count in days))
    slot = (WIDTH - LEFT - RIGHT) // len(days)
    bar = min(BAR_MAX, max(4, slot - 6))
    parts = [
        Markup('<svg class="vd-chart" viewBox="0 0 {} {}" role="img"').format(WIDTH, HEIGHT),
        Markup(' aria-labelledby="groei-titel groei-uitleg" focusable="false">'),
        Markup('<title id="groei-titel">{}</title>').format(_title(language)),
        Markup('<desc id="groei-uitleg">{}</desc>').format(_description(days, language)),
    ]
    labelled = len(days) <= 10
    for place, (day, count) in enumerate(days):
        height = (HEIGHT - TOP - BOTTOM) * count // highest
        left, top = LEFT + place * slot, HEIGHT - BOTTOM - height
        parts.append(
            Markup('<rect class="vd-chart__bar" x="{}" y="{}" width="{}" height="{}"/>').format(
                left, top, bar, max(1, height)
            )
        )
        if labelled:
            parts.append(
                Markup('<text class="vd-chart__scale" x="{}" y="{}">{}</text>').format(
                    left, top - 8, whole_number(count, language)
                )
            )
        if labelled or place in (0, len(days) - 1):
            parts.append(
                Markup('<text class="vd-chart__day" x="{}" y="{}">{}</text>').format(
                    left, HEIGHT - 8, f"{day.day}-{day.month}"
                )
            )
    return Markup("").join([*parts, Markup("</svg>")])


def _title(language: Language) -> str:
    return "Entries recorded by day" if language == "en" else "Vermeldingen per dag"


def _description(days: Sequence[tuple[date, int]], language: Language) -> str:
    most = max(days, key=lambda one: (one[1], one[0]))
    day, count = plain_date(most[0], language), whole_number(most[1], language)
    if language == "en":
        return f"Most entries were recorded on {day}: {count}."
    return f"De meeste vermeldingen kwamen op {day}: {count}."
