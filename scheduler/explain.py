"""Sentences for people: the regulation's own sentence with the values filled in, Dutch and English.

Amounts are shown in euros, rates in per cent; exact fractions are shown rounded half up to a cent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Final, Literal

from scheduler.derivation import TraceStep
from scheduler.known import Text
from specs.regulation_files import Sentence

Language = Literal["nl", "en"]
_YES_NO: Final = {"nl": ("nee", "ja"), "en": ("no", "yes")}


@dataclass(frozen=True, slots=True)
class Shown:
    """A value as it stands in a sentence."""

    value: int
    scale: int
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One step for a person: the sentence, the article behind it and where to read that."""

    sentence: Text
    cents: int | None  # the amount the sentence tells, None when it is no amount
    article: str
    article_url: str
    records: tuple[str, ...]


def explain(step: TraceStep) -> Explanation:
    """The explanation of one step of a trace."""
    cents = _half_up(step.value, step.scale) if step.unit.startswith("eurocent") else None
    return Explanation(
        sentence=step.says, cents=cents, article=step.article,
        article_url=step.article_url, records=step.records,
    )  # fmt: skip


def placeholders(sentence: Sentence) -> frozenset[str]:
    """The names in braces of a sentence."""
    fields = (
        name for text in (sentence.nl, sentence.en) for _, name, _, _ in Formatter().parse(text)
    )
    return frozenset(name for name in fields if name)


def fill(sentence: Sentence, values: Mapping[str, Shown]) -> Text:
    """The sentence with its values, in both languages."""
    return Text(_fill(sentence.nl, values, "nl"), _fill(sentence.en, values, "en"))


def _fill(text: str, values: Mapping[str, Shown], language: Language) -> str:
    if "{" not in text:
        return text
    return "".join(
        literal + (show(values[name], language) if name else "")
        for literal, name, _, _ in Formatter().parse(text)
    )


def show(shown: Shown, language: Language) -> str:
    """A value in words: euros, per cent, yes or no, or a number."""
    if shown.unit.startswith("eurocent"):
        return euros(_half_up(shown.value, shown.scale), language)
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
    millionths = _half_up(value * 1_000_000, scale)
    whole, rest = divmod(abs(millionths), 1_000_000)
    tail = f"{rest:06d}".rstrip("0")
    point = "," if language == "nl" else "."
    return ("-" if millionths < 0 else "") + str(whole) + (point + tail if tail else "")


def _half_up(value: int, scale: int) -> int:
    return (2 * value + scale) // (2 * scale)
