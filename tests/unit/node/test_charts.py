"""The picture of the balance and the table with the same figures."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from node.portal.charts import (
    GRID_LINES_MAX,
    HEIGHT,
    WIDTH,
    balance_chart,
    balance_rows,
    from_first_day,
    grid_step_cents,
)
from specs.values import CENTS_MAX, Month

JANUARY = Month(2026, 1)
SVG = "{http://www.w3.org/2000/svg}"
BEFORE = ((date(2026, 1, 1), -10_000), (date(2026, 1, 20), 34_333))
AFTER = ((date(2026, 1, 23), 50_000),)
balances = st.dictionaries(
    st.dates(date(2026, 1, 1), date(2026, 1, 31)), st.integers(-CENTS_MAX, CENTS_MAX), max_size=31
).map(lambda days: tuple(sorted(days.items())))


def parsed(markup: str) -> etree._Element:
    """The picture as a browser reads it inside a page."""
    return etree.fromstring(
        str(markup).replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    )


def test_title_description_and_no_inline_style() -> None:
    picture = balance_chart(
        month=JANUARY, before=BEFORE, after=AFTER, pay_date=date(2026, 1, 23), language="nl"
    )
    tree = parsed(picture)
    title, description = tree.find(f"{SVG}title"), tree.find(f"{SVG}desc")
    assert title is not None
    assert description is not None
    assert tree.get("role") == "img"
    assert tree.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    assert "\u2212€\u00a0100,00 op donderdag 1 januari" in (description.text or "")
    assert not [node for node in tree.iter() if node.get("style") is not None]
    assert "betaaldag 23" in picture


def test_nothing_to_draw_is_no_picture() -> None:
    assert not balance_chart(month=JANUARY, before=(), after=(), pay_date=None, language="nl")


def test_rows_carry_both_balances_forward() -> None:
    rows = [(r.day.day, r.before_cents, r.after_cents) for r in balance_rows(BEFORE, AFTER)]
    assert rows == [(1, -10_000, None), (20, 34_333, None), (23, 34_333, 50_000)]


def test_the_month_opens_with_the_known_balance() -> None:
    assert from_first_day(JANUARY, AFTER, 4_250)[0] == (date(2026, 1, 1), 4_250)
    assert from_first_day(JANUARY, AFTER, None) == AFTER
    assert from_first_day(JANUARY, BEFORE, 4_250) == BEFORE


@given(balances, balances)
def test_every_line_stays_inside_the_picture(
    before: tuple[tuple[date, int], ...], after: tuple[tuple[date, int], ...]
) -> None:
    markup = balance_chart(month=JANUARY, before=before, after=after, pay_date=None, language="en")
    if not markup:
        assert not before
        assert not after
        return
    for line in parsed(markup).iter(f"{SVG}line"):
        assert 0 <= int(line.get("x1", "-1")) <= WIDTH
        assert 0 <= int(line.get("y1", "-1")) <= HEIGHT
    for path in parsed(markup).iter(f"{SVG}path"):
        figures = path.get("d", "").replace("M", " ").replace("H", " ").replace("V", " ").split()
        assert all(0 <= int(figure) <= WIDTH for figure in figures)


@given(st.integers(-CENTS_MAX, 0), st.integers(100, CENTS_MAX))
def test_the_grid_has_few_lines(low: int, high: int) -> None:
    step = grid_step_cents(low, high)
    assert (high - low) // step < GRID_LINES_MAX
    assert step % 100 == 0
