"""The legal minimum wage per hour by month, from `specs/wages/minimumloon.yaml`; read once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

import specs
from specs.loader import load_yaml
from specs.reading import Section
from specs.values import Month

FILE: Final = Path(specs.__file__).parent / "wages" / "minimumloon.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class MinimumWage:
    """Cents an hour before tax, by first day; `holiday_percent` of the wage comes besides."""

    law: str
    adult_age: int
    holiday_percent: int
    holiday_article: str
    hourly: Sequence[tuple[date, int]]  # in order of date

    def in_month(self, month: Month) -> int | None:
        """Cents an hour in a month; None where no amount is known, also past the half year of
        the last one: it changes each 1 January and 1 July (WML 14).
        """
        found = [(start, cents) for start, cents in self.hourly if start <= month.first_day]
        if not found:
            return None
        start, cents = found[-1]
        return cents if month < Month.of(start).plus(6) else None


@cache
def minimum_wage(path: Path = FILE) -> MinimumWage:
    """The file; raises SpecFileError."""
    value, lines = load_yaml(path)
    section = Section.whole(str(path), value, lines)
    section.only("law", "adult_age", "holiday_percent", "holiday_article", "versions")
    versions = []
    for _, one in section.sections("versions"):
        one.only("from", "hourly_cents", "confidence", "source")
        one.text("source")
        versions.append((one.day("from"), one.integer("hourly_cents")))
    return MinimumWage(
        law=section.text("law"),
        adult_age=section.integer("adult_age"),
        holiday_percent=section.integer("holiday_percent"),
        holiday_article=section.text("holiday_article"),
        hourly=tuple(sorted(versions)),
    )
