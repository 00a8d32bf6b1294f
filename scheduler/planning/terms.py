"""In how many terms a party lets an amount be paid: `specs/paydays/terms/*.yaml`, each with source.

What is not in a file is not offered: an amount outside a party's bounds is refused, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from scheduler.errors import PayDayError
from scheduler.folding.known import Text
from scheduler.paydays import ALL_MONTHS
from scheduler.planning.banking import Shift
from scheduler.planning.flows import Flow, Rhythm, Window
from scheduler.planning.payday_files import PAYDAYS, month_numbers
from scheduler.settle import TERMS_MAX, spread
from specs.loader import load_yaml
from specs.reading import Section
from specs.values import Month

TERMS: Final = PAYDAYS / "terms"
_KEYS: Final = (
    "party", "name", "from_cents", "until_cents", "bands", "above", "term_cents_min", "months",
    "day", "shift", "confidence", "source",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TermRule:
    """A party's terms: `bands` are (up to this many cents, so many terms), `above` is for more.

    `months` are those in which it collects, `day` and `shift` its day when it has one.
    """

    party: str
    name: Text
    from_cents: int
    until_cents: int | None
    bands: tuple[tuple[int, int], ...]
    above: int
    term_cents_min: int
    months: tuple[int, ...]
    day: int | None
    shift: Shift
    confidence: str
    source: str

    def number(self, cents: int) -> int:
        """The most terms for an amount; raises PayDayError when the party offers none."""
        if cents < self.from_cents or (self.until_cents is not None and cents > self.until_cents):
            raise PayDayError(f"{self.party} offers no terms for this amount; see {self.source}")
        most = next((terms for limit, terms in self.bands if cents <= limit), self.above)
        if self.term_cents_min:
            most = max(1, min(most, cents // self.term_cents_min))
        return most

    def flow(
        self, name: str, cents: int, first: Month, day: int, window: Window | None = None
    ) -> Flow:
        """An amount in this party's terms as a flow: monthly from `first` on, every cent once.

        `day` counts where the party has no day of its own. Raises PayDayError.
        """
        parts = spread(cents, self.number(cents))
        months: list[Month] = []
        month = first
        while len(months) < len(parts):
            if month.month in self.months:
                months.append(month)
            month = month.plus(1)
        rhythm = Rhythm(
            every="month",
            day=self.day or day,
            months=() if self.months == ALL_MONTHS else self.months,
            shift=self.shift,
            start=months[0].first_day,
            end=months[-1].last_day,
        )
        return Flow(
            id=name,
            direction="out",
            party=self.party,
            amount_cents=parts[-1],
            rhythm=rhythm,
            window=window or Window(),
            amounts={str(one): part for one, part in zip(months, parts, strict=True)},
        )


@lru_cache(maxsize=8)
def load_terms(directory: Path = TERMS) -> Mapping[str, TermRule]:
    """Every party's terms in a directory; raises SpecFileError."""
    rules = {}
    for path in sorted(directory.glob("*.yaml")):
        value, lines = load_yaml(path)
        section = Section.whole(str(path), value, lines)
        rule = read_terms(section)
        if rule.party != path.stem:
            section.fail("party", f"the file is named {path.stem!r}; use one name for both")
        rules[rule.party] = rule
    return rules


def read_terms(section: Section) -> TermRule:
    """One file; raises SpecFileError."""
    section.only(*_KEYS)
    name = section.section("name")
    shift = section.text("shift") if section.has("shift") else "following"
    if shift not in ("preceding", "following"):
        section.fail("shift", f"{shift!r} is none of preceding, following")
    day = section.integer("day") if section.has("day") else None
    if day is not None and not 1 <= day <= 31:
        section.fail("day", "a day of the month is 1 to 31; 31 means the last day")
    above = section.integer("above")
    if not 1 <= above <= TERMS_MAX:
        section.fail("above", f"terms are 1 to {TERMS_MAX}")
    return TermRule(
        party=section.text("party"),
        name=Text(name.text("nl"), name.text("en")),
        from_cents=section.integer("from_cents", 0),
        until_cents=section.integer("until_cents") if section.has("until_cents") else None,
        bands=_bands(section),
        above=above,
        term_cents_min=section.integer("term_cents_min", 0),
        months=month_numbers(section),
        day=day,
        shift="preceding" if shift == "preceding" else "following",
        confidence=section.text("confidence"),
        source=section.text("source"),
    )


def _bands(section: Section) -> tuple[tuple[int, int], ...]:
    if not section.has("bands"):
        return ()
    bands: list[tuple[int, int]] = []
    for row in section.rows("bands"):
        match row:
            case [int(limit), int(terms)] if 1 <= terms <= TERMS_MAX and (
                not bands or limit > bands[-1][0]
            ):
                bands.append((limit, terms))
            case _:
                section.fail("bands", "rows of [up to cents, terms], the limits rising")
    return tuple(bands)
