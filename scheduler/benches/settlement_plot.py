"""The plot of `vastedag bench settlement`: reclaims in both ways, as SVG with its figures in words.

Drawn by hand, for one chart needs no library. Colours differ in light and the lines in dashes, so
that the plot reads in grey as well; every value drawn stands in the table below it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from xml.sax.saxutils import escape

WIDTH: Final = 860
HEIGHT: Final = 600
LEFT, RIGHT, TOP, BOTTOM = 70, 830, 96, 380
FIRST_ROW: Final = 470
ROW_HEIGHT: Final = 26
COLUMNS: Final = (70, 430, 550, 670, 790)
STEPS: Final = 5  # lines of the grid
WAYS: Final[Mapping[str, tuple[str, str, str]]] = {
    "once": ("estimate of January", "#8a3b00", ""),
    "monthly": ("derived at each wage statement", "#00507a", "9 4"),
}
TITLE: Final = "How many households pay toeslagen back after a year of income shocks"


def settlement_svg(found: Mapping[str, Any]) -> str:
    """One page: title, chart, table. `found` is what bench_settlement gives."""
    curves = {way: found[way]["reclaim"]["curve"] for way in WAYS}
    highest = _ceiling(max(share for curve in curves.values() for _, share in curve))
    farthest = max(limit for curve in curves.values() for limit, _ in curve)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
            ' aria-labelledby="title description" font-family="sans-serif" font-size="14">'
        ),
        f'<title id="title">{escape(TITLE)}</title>',
        f'<desc id="description">{escape(_description(found))}</desc>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        _text(LEFT, 34, TITLE, size=19, weight="bold"),
        _text(LEFT, 58, _under_title(found)),
        *_grid(highest, farthest),
        *(_line(way, curve, highest, farthest) for way, curve in curves.items()),
        *_legend(),
        *_table(found),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _under_title(found: Mapping[str, Any]) -> str:
    return (
        f"{found['year']}, {found['households']:,} synthetic households, of which "
        f"{found['with_toeslag']:,} with a toeslag; shares are of those"
    )


def _description(found: Mapping[str, Any]) -> str:
    told = [
        f"{name}: {_per_cent(found[way]['reclaim']['share_above_euro'][limit])} "
        f"pay back more than {limit} euro"
        for way, (name, _, _) in WAYS.items()
        for limit in ("0", "100", "500", "1000")
    ]
    return "The share of households that pays back more than each amount. " + "; ".join(told) + "."


def _grid(highest: float, farthest: int) -> Iterator[str]:
    for step in range(STEPS + 1):
        y = BOTTOM - (BOTTOM - TOP) * step / STEPS
        colour = "#333333" if step == 0 else "#d5d5d5"
        yield f'<line x1="{LEFT}" y1="{y:.1f}" x2="{RIGHT}" y2="{y:.1f}" stroke="{colour}"/>'
        share = f"{highest * 100 * step / STEPS:.0f} %"
        yield _text(LEFT - 10, y + 5, share, anchor="end")
    for step in range(STEPS + 1):
        x = LEFT + (RIGHT - LEFT) * step / STEPS
        yield f'<line x1="{x:.1f}" y1="{BOTTOM}" x2="{x:.1f}" y2="{BOTTOM + 6}" stroke="#333333"/>'
        yield _text(x, BOTTOM + 24, f"€ {farthest * step // STEPS:,}", anchor="middle")
    yield _text((LEFT + RIGHT) / 2, BOTTOM + 48, "paid back more than", anchor="middle")


def _line(way: str, curve: list[list[float]], highest: float, farthest: int) -> str:
    _, colour, dashes = WAYS[way]
    points = " ".join(
        f"{LEFT + (RIGHT - LEFT) * limit / farthest:.1f},"
        f"{BOTTOM - (BOTTOM - TOP) * share / highest:.1f}"
        for limit, share in curve
    )
    dash = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="3"{dash}/>'


def _legend() -> Iterator[str]:
    for place, (name, colour, dashes) in enumerate(WAYS.values()):
        y = TOP + 16 + 26 * place
        dash = f' stroke-dasharray="{dashes}"' if dashes else ""
        yield (
            f'<line x1="500" y1="{y}" x2="548" y2="{y}" stroke="{colour}" stroke-width="3"{dash}/>'
        )
        yield _text(560, y + 5, name)


def _table(found: Mapping[str, Any]) -> Iterator[str]:
    heads = ("share of households that", "> € 0", "> € 100", "> € 500", "> € 1,000")
    yield from _row(0, heads, weight="bold")
    y = FIRST_ROW + 9
    yield f'<line x1="{LEFT}" y1="{y}" x2="{RIGHT}" y2="{y}" stroke="#333333"/>'
    row = 1
    for kind, verb in (("reclaim", "pays back"), ("underpaid", "was paid too little")):
        for way, (name, _, _) in WAYS.items():
            shares = found[way][kind]["share_above_euro"]
            told = [_per_cent(shares[limit]) for limit in ("0", "100", "500", "1000")]
            yield from _row(row, (f"{verb}, {name}", *told))
            row += 1


def _row(number: int, cells: tuple[str, ...], weight: str = "normal") -> Iterator[str]:
    y = FIRST_ROW + ROW_HEIGHT * number
    yield _text(COLUMNS[0], y, cells[0], weight=weight)
    for x, cell in zip(COLUMNS[1:], cells[1:], strict=True):
        yield _text(x + 40, y, cell, anchor="end", weight=weight)


def _text(
    x: float, y: float, words: str, *, anchor: str = "start", size: int = 14, weight: str = "normal"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"'
        f' font-weight="{weight}" fill="#1a1a1a">{escape(words)}</text>'
    )


def _per_cent(share: float) -> str:
    return f"{share * 100:.1f} %"


def _ceiling(share: float) -> float:
    """The next five per cent, so that the lines of the grid are whole."""
    return max(1, -int(-share * 20 // 1)) / 20
