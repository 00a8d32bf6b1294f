"""Regulation files `regulations/<scheme>/<valid-from>.yaml`: their structure, field by field.

A file without an article, a unit, a source or a confidence does not load. What the expressions mean
(names, units, cycles, overflow) is checked where they are compiled, in `scheduler/rulebook.py`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Final, Literal, cast

from specs.errors import SpecFileError
from specs.loader import parse_yaml
from specs.reading import Section

Confidence = Literal["law", "official", "derived", "secondary"]
Method = Literal["down", "up", "half_up"]

CONFIDENCES: Final = ("law", "official", "derived", "secondary")
METHODS: Final = ("down", "up", "half_up")
ROUNDED_TO: Final[Mapping[str, int]] = {"cent": 1, "euro": 100, "whole": 1}
CASES_FILE: Final = "cases.yaml"
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_ARTICLE: Final = re.compile(r"(?:([a-z]+) )?(\d+[a-z.:\d]*)((?: .*)?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence in both languages; `{name}` stands for the value of that name."""

    nl: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """An article of a law, as shown and as a link."""

    text: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSpec:
    """A value that a notion in Python supplies."""

    name: str
    line: int
    unit: str
    low: int
    high: int
    article: Article
    says: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterSpec:
    """A figure of the law: integer over scale, unit, article, and where it was read."""

    name: str
    line: int
    value: int
    scale: int
    unit: str
    article: Article
    source: str
    confidence: Confidence
    says: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSpec:
    """Bands: rows of [from, value per column]; a row holds up to the next, no interpolation."""

    name: str
    line: int
    by: str
    columns: tuple[str, ...]
    unit: str
    scale: int
    rows: tuple[tuple[int, ...], ...]
    article: Article
    source: str
    confidence: Confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundingSpec:
    to: int  # 1 or 100
    method: Method
    article: Article


@dataclass(frozen=True, slots=True, kw_only=True)
class FormulaSpec:
    """A step, or a condition for a right: then `says` is the reason when it does not hold."""

    name: str
    line: int
    kind: Literal["condition", "formula"]
    expression: str
    unit: str
    article: Article
    rounding: RoundingSpec | None
    says: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class RegulationFile:
    """One version of one scheme. `valid_until` is the first day it no longer holds, None = open.

    `unavailable` is the reason why no amount can be given although the law exists; then there are
    no formulas. `month_output` is paid for a month or quarter; `year_part` is what the month adds
    to the award of the year, which `year_formulas` make from `sum_of_months`.
    """

    path: str
    digest: str
    scheme: str
    valid_from: date
    valid_until: date | None
    period: Literal["month", "quarter"]
    unavailable: Sentence | None
    article: Article
    requires: tuple[tuple[str, Sentence], ...]
    inputs: tuple[InputSpec, ...]
    parameters: tuple[ParameterSpec, ...]
    tables: tuple[TableSpec, ...]
    steps: tuple[FormulaSpec, ...]
    month_output: str
    shown: str | None  # a step beside the amount that the trace tells as well
    year_part: str | None
    year_steps: tuple[FormulaSpec, ...]
    year_output: str | None

    @property
    def rule(self) -> str:
        """How traces name this version."""
        return f"{self.scheme}/{self.valid_from.isoformat()}"


def read_regulation(content: bytes, path: str) -> RegulationFile:
    """One file; raises SpecFileError with the line."""
    value, lines = parse_yaml(content, path)
    top = Section.whole(path, value, lines)
    top.only("scheme", "valid_from", "valid_until", "period", "laws", "article", "unavailable",
             "requires", "inputs", "parameters", "tables", "conditions", "formulas", "year",
             "outputs")  # fmt: skip
    laws = _laws(top)
    valid_from = top.day("valid_from")
    reader = _Reader(laws, valid_from)
    period = top.text("period")
    if period not in ("month", "quarter"):
        top.fail("period", "'period' is month or quarter")
    unavailable = reader.says(top.section("unavailable")) if top.has("unavailable") else None
    outputs = top.section("outputs")
    outputs.only("month", "year_part", "year", "shown")
    year = top.section("year")
    year.only("conditions", "formulas")
    steps = (*reader.steps(top, "conditions"), *reader.steps(top, "formulas"))
    return RegulationFile(
        path=path,
        digest=hashlib.sha256(content).hexdigest(),
        scheme=top.text("scheme"),
        valid_from=valid_from,
        valid_until=_until(top, valid_from),
        period="quarter" if period == "quarter" else "month",
        unavailable=unavailable,
        article=reader.article(top),
        requires=tuple((name, reader.says(part)) for name, part in top.sections("requires")),
        inputs=tuple(reader.input(name, part) for name, part in top.sections("inputs")),
        parameters=tuple(reader.parameter(name, part) for name, part in top.sections("parameters")),
        tables=tuple(reader.table(name, part) for name, part in top.sections("tables")),
        steps=steps,
        month_output="" if unavailable else outputs.text("month"),
        shown=outputs.text("shown") if outputs.has("shown") else None,
        year_part=outputs.text("year_part") if outputs.has("year_part") else None,
        year_steps=(*reader.steps(year, "conditions"), *reader.steps(year, "formulas")),
        year_output=outputs.text("year") if outputs.has("year") else None,
    )


def read_regulations(directory: Path) -> tuple[RegulationFile, ...]:
    """All files of all schemes, by scheme and date; raises SpecFileError.

    Two versions of a scheme may not overlap, and between two versions there is no gap.
    """
    found: list[RegulationFile] = []
    for path in sorted(directory.glob("*/*.yaml")):
        if path.name == CASES_FILE:
            continue
        regulation = read_regulation(path.read_bytes(), str(path))
        expected = f"{regulation.scheme}/{regulation.valid_from.isoformat()}.yaml"
        if f"{path.parent.name}/{path.name}" != expected:
            raise SpecFileError(str(path), 1, f"scheme and date say that the file is {expected}")
        found.append(regulation)
    _check_dates(found)
    return tuple(found)


def _check_dates(found: Sequence[RegulationFile]) -> None:
    for earlier, later in pairwise(found):
        if earlier.scheme != later.scheme:
            continue
        if earlier.valid_until is None or earlier.valid_until > later.valid_from:
            raise SpecFileError(later.path, 1, f"overlaps {earlier.path}; end that one earlier")
        if earlier.valid_until < later.valid_from:
            raise SpecFileError(
                later.path, 1, f"a gap after {earlier.path}, from {earlier.valid_until}; fill it"
            )


def _until(top: Section, valid_from: date) -> date | None:
    if top.content.get("valid_until") == "open":
        return None
    until = top.day("valid_until")
    if until <= valid_from or until.day != 1 or valid_from.day != 1:
        top.fail("valid_until", "a version holds whole months: both dates are a first of a month")
    return until


def _laws(top: Section) -> Mapping[str, tuple[str, str]]:
    laws: dict[str, tuple[str, str]] = {}
    for key, part in top.sections("laws"):
        part.only("name", "bwb")
        laws[key] = (part.text("name"), part.text("bwb"))
    if "self" not in laws:
        top.fail("laws", "'laws' names the law of the scheme itself under 'self'")
    return laws


class _Reader:
    """Reads the parts of one file; knows its laws and date."""

    def __init__(self, laws: Mapping[str, tuple[str, str]], valid_from: date) -> None:
        self._laws = laws
        self._date = valid_from

    def article(self, part: Section) -> Article:
        """`article: "2 lid 2"`, or `"awir 14 lid 4"` for another law of the file."""
        match = _ARTICLE.fullmatch(part.text("article"))
        if match is None:
            part.fail("article", "an article is written as '2 lid 2' or 'awir 14 lid 4'")
        key, number, rest = match.groups()
        law = self._laws.get(key or "self")
        if law is None:
            part.fail("article", f"no law {key!r} under 'laws'")
        url = f"https://wetten.overheid.nl/{law[1]}/{self._date.isoformat()}#Artikel{number}"
        return Article(text=f"{law[0]}, artikel {number}{rest}", url=url)

    def says(self, part: Section) -> Sentence:
        return Sentence(nl=part.text("nl"), en=part.text("en"))

    def input(self, name: str, part: Section) -> InputSpec:
        part.only("unit", "min", "max", "article", "nl", "en")
        unit = part.text("unit")
        high = 1 if unit == "flag" else part.integer("max")
        return InputSpec(
            name=_name(part, name), line=part.line(), unit=unit, low=part.integer("min", 0),
            high=high, article=self.article(part), says=self.says(part),
        )  # fmt: skip

    def parameter(self, name: str, part: Section) -> ParameterSpec:
        part.only("value", "scale", "unit", "article", "source", "confidence", "nl", "en")
        return ParameterSpec(
            name=_name(part, name), line=part.line(), value=part.integer("value"),
            scale=_scale(part), unit=part.text("unit"), article=self.article(part),
            source=part.text("source"), confidence=_confidence(part), says=self.says(part),
        )  # fmt: skip

    def table(self, name: str, part: Section) -> TableSpec:
        part.only("by", "columns", "unit", "scale", "rows", "article", "source", "confidence")
        columns = part.content.get("columns")
        if not isinstance(columns, list) or not all(isinstance(each, str) for each in columns):
            part.fail("columns", "'columns' is a list of names")
        rows: list[tuple[int, ...]] = []
        for index, row in enumerate(part.rows("rows")):
            whole = [cell for cell in row if isinstance(cell, int) and not isinstance(cell, bool)]
            if len(whole) != len(columns) + 1 or len(whole) != len(row):
                part.fail(f"rows.{index}", "a row is [from, one whole number per column]")
            if rows and whole[0] <= rows[-1][0]:
                part.fail(f"rows.{index}", "the bands do not rise")
            rows.append(tuple(whole))
        return TableSpec(
            name=_name(part, name), line=part.line(), by=part.text("by"),
            columns=tuple(str(each) for each in columns), unit=part.text("unit"),
            scale=_scale(part), rows=tuple(rows), article=self.article(part),
            source=part.text("source"), confidence=_confidence(part),
        )  # fmt: skip

    def steps(
        self, top: Section, key: Literal["conditions", "formulas"]
    ) -> tuple[FormulaSpec, ...]:
        return tuple(self._step(name, part, key) for name, part in top.sections(key))

    def _step(self, name: str, part: Section, key: str) -> FormulaSpec:
        part.only("expression", "unit", "article", "rounding", "nl", "en")
        condition = key == "conditions"
        return FormulaSpec(
            name=_name(part, name), line=part.line(), expression=part.text("expression"),
            kind="condition" if condition else "formula", article=self.article(part),
            unit="flag" if condition else part.text("unit"), says=self.says(part),
            rounding=self._rounding(part.section("rounding")) if part.has("rounding") else None,
        )  # fmt: skip

    def _rounding(self, part: Section) -> RoundingSpec:
        part.only("to", "method", "article")
        to, method = part.text("to"), part.text("method")
        if to not in ROUNDED_TO:
            part.fail("to", f"'to' is one of {', '.join(ROUNDED_TO)}")
        if method not in METHODS:
            part.fail("method", f"'method' is one of {', '.join(METHODS)}")
        if not part.has("article"):
            part.fail("", "a rounding without article; name the article that rounds here")
        return RoundingSpec(
            to=ROUNDED_TO[to], method=cast("Method", method), article=self.article(part)
        )


def _name(part: Section, name: str) -> str:
    if not _NAME.fullmatch(name):
        part.fail("", f"{name!r} is no name: small letters, digits and _")
    return name


def _scale(part: Section) -> int:
    scale = part.integer("scale", 1)
    if scale < 1:
        part.fail("scale", "'scale' is 1 or more")
    return scale


def _confidence(part: Section) -> Confidence:
    text = part.text("confidence")
    if text not in CONFIDENCES:
        part.fail("confidence", f"'confidence' is one of {', '.join(CONFIDENCES)}")
    return cast("Confidence", text)
