"""Values in sentences: the regulation's own words with the amounts filled in, Dutch and English.

Amounts are shown in euros, rates in per cent; exact fractions are shown rounded half up to a cent.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from string import Formatter
from typing import Final, Literal, NamedTuple

from scheduler.folding.known import Text
from specs.regulation_files import Sentence

SENTENCES_MAX: Final = 8192  # all regulations have some 3,000; reasons of maatwerk come besides
Language = Literal["nl", "en"]
_YES_NO: Final = {"nl": ("nee", "ja"), "en": ("no", "yes")}


class Shown(NamedTuple):
    """A value as it stands in a sentence."""

    value: int
    scale: int
    unit: str


@lru_cache(maxsize=SENTENCES_MAX)
def placeholders(sentence: Sentence) -> frozenset[str]:
    """The names in braces of a sentence."""
    parts = (*_parts(sentence.nl), *_parts(sentence.en))
    return frozenset(name for _, name in parts if name)


@lru_cache(maxsize=SENTENCES_MAX)
def _parts(text: str) -> tuple[tuple[str, str | None], ...]:
    return tuple((literal, name) for literal, name, _, _ in Formatter().parse(text))


def fill(sentence: Sentence, values: Mapping[str, Shown]) -> Text:
    """The sentence with its values, in both languages."""
    return Text(_fill(sentence.nl, values, "nl"), _fill(sentence.en, values, "en"))


def _fill(text: str, values: Mapping[str, Shown], language: Language) -> str:
    return "".join(
        [literal + (show(values[name], language) if name else "") for literal, name in _parts(text)]
    )


def show(shown: Shown, language: Language) -> str:
    """A value in words: euros, per cent, yes or no, or a number."""
    if shown.unit.startswith("eurocent"):
        return euros(half_up(shown.value, shown.scale), language)
    if shown.unit == "flag":
        return _YES_NO[language][shown.value]
    if shown.unit == "rate":
        return _decimal(shown.value * 100, shown.scale, language) + "%"
    return _decimal(shown.value, shown.scale, language)


def euros(cents: int, language: Language) -> str:
    """`€ 1.234,50` or `€1,234.50`; whole euros without decimals."""
    whole, rest = divmod(abs(cents), 100)
    digits = f"{whole:,}"
    if language == "nl":
        digits = digits.replace(",", ".")
    point = "," if language == "nl" else "."
    amount = digits + (f"{point}{rest:02d}" if rest else "")
    sign = "-" if cents < 0 else ""
    return f"€ {sign}{amount}" if language == "nl" else f"{sign}€{amount}"


def _decimal(value: int, scale: int, language: Language) -> str:
    """Up to six decimals, without trailing zeros."""
    millionths = half_up(value * 1_000_000, scale)
    whole, rest = divmod(abs(millionths), 1_000_000)
    tail = f"{rest:06d}".rstrip("0")
    point = "," if language == "nl" else "."
    return ("-" if millionths < 0 else "") + str(whole) + (point + tail if tail else "")


def half_up(value: int, scale: int) -> int:
    """A value over a scale, as a whole number."""
    return (2 * value + scale) // (2 * scale)
