"""Files `population/*.yaml`: what a synthetic nation is made of, each figure with its source.

Counts and amounts only; how households are made of them is the work of the scheduler.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from specs.loader import YamlValue, parse_yaml
from specs.reading import Section

CONFIDENCES: Final = ("law", "official", "derived", "secondary", "assumption")
POPULATION: Final = Path(__file__).parent / "population"
PER_MILLE: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """How often each kind occurs; only the ratios of the counts count."""

    source: str
    confidence: str
    names: tuple[str, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Weights of a table before it is fitted to its margins."""

    source: str
    confidence: str
    names: tuple[str, ...]
    rows: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A distribution: points (per mille of all, value), straight lines between them."""

    source: str
    confidence: str
    unit: str
    points: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number: an integer over a scale."""

    source: str
    confidence: str
    unit: str
    value: int
    scale: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationFile:
    """What a synthetic nation is made of."""

    name: str
    shares: Mapping[str, Shares]
    fitted: Mapping[str, Weights]
    curves: Mapping[str, Curve]
    figures: Mapping[str, Figure]


def read_population(content: bytes, path: str) -> PopulationFile:
    """One file; raises SpecFileError with the line."""
    value, lines = parse_yaml(content, path)
    top = Section.whole(path, value, lines)
    top.only("name", "about", "proportions", "fitted", "curves", "figures")
    top.text("about")
    return PopulationFile(
        name=top.text("name"),
        shares={name: _shares(part) for name, part in top.sections("proportions")},
        fitted={name: _weights(part) for name, part in top.sections("fitted")},
        curves={name: _curve(part) for name, part in top.sections("curves")},
        figures={name: _figure(part) for name, part in top.sections("figures")},
    )


def load_population(path: Path = POPULATION / "nation.yaml") -> PopulationFile:
    """The shipped file, or another one."""
    return read_population(path.read_bytes(), str(path))


def _confidence(part: Section) -> str:
    text = part.text("confidence")
    if text not in CONFIDENCES:
        part.fail("confidence", f"'confidence' is one of {', '.join(CONFIDENCES)}")
    return text


def _shares(part: Section) -> Shares:
    part.only("source", "confidence", "counts")
    counts = part.section("counts")
    found = tuple(counts.integer(name) for name in counts.content)
    if not found or min(found) < 0 or not sum(found):
        part.fail("counts", "'counts' is how often each kind occurs, none negative, some positive")
    return Shares(source=part.text("source"), confidence=_confidence(part),
                  names=tuple(counts.content), counts=found)  # fmt: skip


def _weights(part: Section) -> Weights:
    part.only("source", "confidence", "rows")
    rows = part.section("rows")
    found = tuple(_whole(part, f"rows.{name}", row) for name, row in rows.content.items())
    if not found or len({len(row) for row in found}) > 1 or min(map(min, found)) < 1:
        part.fail("rows", "'rows' are as long as one another, every weight 1 or more")
    return Weights(source=part.text("source"), confidence=_confidence(part),
                   names=tuple(rows.content), rows=found)  # fmt: skip


def _curve(part: Section) -> Curve:
    part.only("source", "confidence", "unit", "points")
    found = tuple(
        (each[0], each[1])
        for index, row in enumerate(part.rows("points"))
        if len(each := _whole(part, f"points.{index}", row)) == 2
    )
    places = [place for place, _ in found]
    if len(found) != len(part.rows("points")) or places != sorted(set(places)):
        part.fail("points", "a point is [per mille, value], and the per milles rise")
    if places[0] != 0 or places[-1] != PER_MILLE:
        part.fail("points", f"the points run from 0 to {PER_MILLE} per mille")
    return Curve(source=part.text("source"), confidence=_confidence(part),
                 unit=part.text("unit"), points=found)  # fmt: skip


def _figure(part: Section) -> Figure:
    part.only("source", "confidence", "unit", "value", "scale")
    scale = part.integer("scale", 1)
    if scale < 1:
        part.fail("scale", "'scale' is 1 or more")
    return Figure(source=part.text("source"), confidence=_confidence(part),
                  unit=part.text("unit"), value=part.integer("value"), scale=scale)  # fmt: skip


def _whole(part: Section, key: str, row: YamlValue) -> tuple[int, ...]:
    """A list of whole numbers."""
    cells = row if isinstance(row, list) else [row]
    whole = [cell for cell in cells if isinstance(cell, int) and not isinstance(cell, bool)]
    if not isinstance(row, list) or len(whole) != len(cells):
        part.fail(key, "a list of whole numbers")
    return tuple(whole)
