"""Server-made pictures: the balance of a month before and after one pay date, as SVG.

Pure: figures in, markup out. Colours and letter sizes stand in `portal.css` by class, so that no
inline style is needed; the line before is dashed too, so colour is never the only difference. The
same figures stand in a table beside the picture (`balance_rows`). What goes in between the tags is
whole numbers, and texts of this file that are escaped on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from markupsafe import Markup, escape

from node.portal.formatting import Language, amount, day_and_month, whole_euros
from specs.values import Month

Balance = Sequence[tuple[date, int]]  # end of each day with a payment, in cents

WIDTH: Final = 720
HEIGHT: Final = 400
LEFT: Final = 132  # room for the scale, also in the larger letters of a small screen
RIGHT: Final = 8
TOP: Final = 40
BOTTOM: Final = 44
GRID_LINES_MAX: Final = 6
LABEL_DAYS: Final = (1, 8, 15, 22, 29)


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceRow:
    """One day of the table: the balance at its end; None before the first payment."""

    day: date
    before_cents: int | None
    after_cents: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    month: Month
    low_cents: int
    high_cents: int

    def x(self, day: date) -> int:
        """Left edge of a day."""
        span = WIDTH - LEFT - RIGHT
        return LEFT + span * (day - self.month.first_day).days // self.month.length

    def y(self, cents: int) -> int:
        """Height of an amount."""
        span = HEIGHT - TOP - BOTTOM
        return (
            HEIGHT - BOTTOM - span * (cents - self.low_cents) // (self.high_cents - self.low_cents)
        )


def from_first_day(month: Month, balance: Balance, opening_cents: int | None) -> Balance:
    """The balance with its first day before it, when it is known with what the month opened."""
    if opening_cents is None or (balance and balance[0][0] <= month.first_day):
        return balance
    return ((month.first_day, opening_cents), *balance)


def balance_rows(before: Balance, after: Balance) -> tuple[BalanceRow, ...]:
    """Every day on which either balance changes, with both balances carried forward."""
    old, new = dict(before), dict(after)
    rows: list[BalanceRow] = []
    standing_old: int | None = None
    standing_new: int | None = None
    for day in sorted({*old, *new}):
        standing_old = old.get(day, standing_old)
        standing_new = new.get(day, standing_new)
        rows.append(BalanceRow(day=day, before_cents=standing_old, after_cents=standing_new))
    return tuple(rows)


def grid_step_cents(low_cents: int, high_cents: int) -> int:
    """The smallest of 1, 2, 5 times a power of ten euros that gives at most six lines."""
    step = 100
    while True:
        for factor in (1, 2, 5):
            if (high_cents - low_cents) // (step * factor) < GRID_LINES_MAX:
                return step * factor
        step *= 10


def balance_chart(
    *, month: Month, before: Balance, after: Balance, pay_date: date | None, language: Language
) -> Markup:
    """The picture, or empty markup when there is nothing to draw."""
    if not before and not after:
        return Markup("")
    frame, step = _frame_of(month, before, after)
    title, description = _title(language), _description(before, after, language)
    return Markup(  # noqa: S704 - texts are escaped, all else is numbers and our own tags
        f'<svg class="vd-chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        ' aria-labelledby="balans-titel balans-uitleg" focusable="false">'
        f'<title id="balans-titel">{escape(title)}</title>'
        f'<desc id="balans-uitleg">{escape(description)}</desc>'
        f"{_grid(frame, step)}"
        f"{_line('vd-chart__before', frame, before)}{_line('vd-chart__after', frame, after)}"
        f"{_scale(frame, step, language)}{_days(frame)}{_pay_day(frame, pay_date, language)}</svg>"
    )


def _frame_of(month: Month, before: Balance, after: Balance) -> tuple[_Frame, int]:
    amounts = [0, *(cents for _, cents in before), *(cents for _, cents in after)]
    low, high = min(amounts), max(*amounts, min(amounts) + 10_000)
    step = grid_step_cents(low, high)
    frame = _Frame(month=month, low_cents=low // step * step, high_cents=-(-high // step) * step)
    return frame, step


def _grid(frame: _Frame, step: int) -> str:
    rows = []
    for cents in range(frame.low_cents, frame.high_cents + 1, step):
        height = frame.y(cents)
        kind = "vd-chart__zero" if cents == 0 else "vd-chart__grid"
        rows.append(
            f'<line class="{kind}" x1="{LEFT}" y1="{height}" x2="{WIDTH - RIGHT}" y2="{height}"/>'
        )
    return "".join(rows)


def _scale(frame: _Frame, step: int, language: Language) -> str:
    labels = []
    for cents in range(frame.low_cents, frame.high_cents + 1, step):
        label = escape(whole_euros(cents, language))
        labels.append(
            f'<text class="vd-chart__scale" x="{LEFT - 10}" y="{frame.y(cents) + 5}"'
            f' text-anchor="end">{label}</text>'
        )
    return "".join(labels)


def _days(frame: _Frame) -> str:
    labels = []
    for number in LABEL_DAYS:
        if number <= frame.month.length:
            left = frame.x(date(frame.month.year, frame.month.month, number))
            labels.append(
                f'<text class="vd-chart__day" x="{left}" y="{HEIGHT - 10}">{number}</text>'
            )
    return "".join(labels)


def _pay_day(frame: _Frame, pay_date: date | None, language: Language) -> str:
    if pay_date is None or Month.of(pay_date) != frame.month:
        return ""
    left, word = frame.x(pay_date), "betaaldag" if language == "nl" else "pay date"
    anchor = "end" if left > WIDTH // 2 else "start"
    return (
        f'<line class="vd-chart__payday" x1="{left}" y1="{TOP - 8}" x2="{left}"'
        f' y2="{HEIGHT - BOTTOM}"/>'
        f'<text class="vd-chart__paydaylabel" x="{left}" y="{TOP - 14}" text-anchor="{anchor}">'
        f"{word} {pay_date.day}</text>"
    )


def _line(kind: str, frame: _Frame, balance: Balance) -> str:
    begin, end = frame.month.first_day, frame.month.last_day
    inside = [(day, cents) for day, cents in balance if begin <= day <= end]
    if not inside:
        return ""
    first_day, first_cents = inside[0]
    path = [f"M{frame.x(first_day)} {frame.y(first_cents)}"]
    path += [f"H{frame.x(day)}V{frame.y(cents)}" for day, cents in inside[1:]]
    path.append(f"H{frame.x(end + timedelta(days=1))}")
    return f'<path class="{kind}" d="{"".join(path)}"/>'


def _title(language: Language) -> str:
    if language == "en":
        return "Your balance this month, before and after one pay date"
    return "Uw saldo deze maand, voor en na één betaaldag"


def _description(before: Balance, after: Balance, language: Language) -> str:
    def lowest(balance: Balance) -> str:
        day, cents = min(balance, key=lambda point: (point[1], point[0]))
        on = "on" if language == "en" else "op"
        return f"{amount(cents, language)} {on} {day_and_month(day, language)}"

    parts = []
    if before:
        parts.append(
            f"Before, your lowest balance is {lowest(before)}."
            if language == "en"
            else f"Eerst is uw laagste saldo {lowest(before)}."
        )
    if after:
        parts.append(
            f"With one pay date it is {lowest(after)}."
            if language == "en"
            else f"Met één betaaldag is dat {lowest(after)}."
        )
    return " ".join(parts)
