"""Units of the regulations: products of a few bases, so that year money never meets month money.

`eurocent/month` is written as in the data files. Rates, counts and flags have no unit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from scheduler.errors import RuleError

BASES: Final = ("eurocent", "euro", "year", "quarter", "month", "week", "day", "hour")
PLAIN: Final = frozenset({"rate", "count", "flag"})
_FACTOR: Final = re.compile(r"([*/]?)([a-z]+)")


@dataclass(frozen=True, slots=True)
class Unit:
    """Exponents in the order of BASES."""

    exponents: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> Unit:
        """Read `rate`, `eurocent`, `eurocent/month`, `month/year`; raises RuleError."""
        if text in PLAIN:
            return NO_UNIT
        counts = dict.fromkeys(BASES, 0)
        position = 0
        for match in _FACTOR.finditer(text):
            sign, base = match.groups()
            if match.start() != position or base not in counts or bool(sign) == (position == 0):
                break
            counts[base] += -1 if sign == "/" else 1
            position = match.end()
        if position != len(text) or not text:
            known = ", ".join((*sorted(PLAIN), *BASES))
            raise RuleError(f"no such unit: {text!r}; a unit is made of {known} with * and /")
        return cls(tuple(counts.values()))

    def times(self, other: Unit) -> Unit:
        """The unit of a product."""
        return Unit(tuple(a + b for a, b in zip(self.exponents, other.exponents, strict=True)))

    def per(self, other: Unit) -> Unit:
        """The unit of a quotient."""
        return Unit(tuple(a - b for a, b in zip(self.exponents, other.exponents, strict=True)))

    def __str__(self) -> str:
        powers: Mapping[str, int] = dict(zip(BASES, self.exponents, strict=True))
        above = [base for base, power in powers.items() for _ in range(power)]
        below = [base for base, power in powers.items() for _ in range(-power)]
        if not above and not below:
            return "no unit"
        return "/".join(("*".join(above) or "1", *below))


NO_UNIT: Final = Unit((0,) * len(BASES))
EUROCENT: Final = Unit.parse("eurocent")
CALENDAR: Final = {  # what no law needs to say: (value, unit)
    "cents_per_euro": (100, Unit.parse("eurocent/euro")),
    "months_per_year": (12, Unit.parse("month/year")),
    "months_per_quarter": (3, Unit.parse("month/quarter")),
    "quarters_per_year": (4, Unit.parse("quarter/year")),
}
