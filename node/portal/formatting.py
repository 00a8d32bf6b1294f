"""Amounts, dates and counts as people read them, in Dutch and English. Pure.

Dutch: `€ 1.033,20`, `vrijdag 23 januari 2026`; English: `€1,033.20`, `Friday 23 January 2026`.
No locale of the machine is asked: the same page on every machine.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal, get_args

from specs.values import Month

Language = Literal["nl", "en"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
DEFAULT_LANGUAGE: Final[Language] = "nl"
NO_BREAK_SPACE: Final = "\u00a0"
MINUS: Final = "\u2212"

_MONTHS: Final[dict[Language, tuple[str, ...]]] = {
    "nl": (
        "januari", "februari", "maart", "april", "mei", "juni",
        "juli", "augustus", "september", "oktober", "november", "december",
    ),
    "en": (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
}  # fmt: skip
_DAYS: Final[dict[Language, tuple[str, ...]]] = {
    "nl": ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_SIGN_WORDS: Final[dict[Language, dict[str, str]]] = {
    "nl": {"in": "erbij", "out": "eraf"},
    "en": {"in": "in", "out": "out"},
}


def as_language(text: str | None) -> Language | None:
    """The language a visitor asked for, or None when it is none of ours."""
    for language in LANGUAGES:
        if text == language:
            return language
    return None


def amount(cents: int, language: Language = DEFAULT_LANGUAGE) -> str:
    """`€ 1.033,20` with a space that does not break; a negative amount has a minus before it."""
    euros, rest = divmod(abs(cents), 100)
    sign = MINUS if cents < 0 else ""
    if language == "en":
        return f"{sign}€{euros:,}.{rest:02d}"
    grouped = f"{euros:,}".replace(",", ".") if euros > 999 else str(euros)
    return f"{sign}€{NO_BREAK_SPACE}{grouped},{rest:02d}"


def whole_euros(cents: int, language: Language = DEFAULT_LANGUAGE) -> str:
    """`€ 1.500`: for the scale of a picture. The cents are cut off, so give whole euros only."""
    return amount(cents, language)[:-3]


def sign_word(direction: str, language: Language = DEFAULT_LANGUAGE) -> str:
    """`erbij` or `eraf`: the sign of a line in a word, never by colour alone."""
    return _SIGN_WORDS[language][direction]


def month_name(month: Month, language: Language = DEFAULT_LANGUAGE) -> str:
    """`januari 2026`."""
    return f"{_MONTHS[language][month.month - 1]} {month.year}"


def month_word(month: Month, language: Language = DEFAULT_LANGUAGE) -> str:
    """`januari`."""
    return _MONTHS[language][month.month - 1]


def long_date(day: date, language: Language = DEFAULT_LANGUAGE) -> str:
    """`vrijdag 23 januari 2026`."""
    return f"{weekday(day, language)} {plain_date(day, language)}"


def plain_date(day: date, language: Language = DEFAULT_LANGUAGE) -> str:
    """`23 januari 2026`."""
    return f"{day.day} {_MONTHS[language][day.month - 1]} {day.year}"


def day_and_month(day: date, language: Language = DEFAULT_LANGUAGE) -> str:
    """`vrijdag 23 januari`: where the year is clear from the page."""
    return f"{weekday(day, language)} {day.day} {_MONTHS[language][day.month - 1]}"


def weekday(day: date, language: Language = DEFAULT_LANGUAGE) -> str:
    """`vrijdag`."""
    return _DAYS[language][day.weekday()]


def weekdays(language: Language = DEFAULT_LANGUAGE) -> tuple[str, ...]:
    """Monday to Sunday."""
    return _DAYS[language]


def days(number: int, language: Language = DEFAULT_LANGUAGE) -> str:
    """`1 dag`, `3 dagen`."""
    if language == "en":
        return f"{number} day" if number == 1 else f"{number} days"
    return f"{number} dag" if number == 1 else f"{number} dagen"


def moved(moved_days: int, language: Language = DEFAULT_LANGUAGE) -> str:
    """`3 dagen later`, `1 dag eerder`; empty when the day did not change."""
    if moved_days == 0:
        return ""
    word = {
        ("nl", True): "later", ("nl", False): "eerder",
        ("en", True): "later", ("en", False): "earlier",
    }[language, moved_days > 0]  # fmt: skip
    return f"{days(abs(moved_days), language)} {word}"


def moment(at: datetime, language: Language = DEFAULT_LANGUAGE) -> str:
    """`22 november 2026, 06:18 UTC`: a time that others must be able to compare."""
    return f"{plain_date(at.date(), language)}, {at:%H:%M} UTC"


def whole_number(count: int, language: Language = DEFAULT_LANGUAGE) -> str:
    """`1.234.567`: a count with the separators of the language."""
    return f"{count:,}" if language == "en" else f"{count:,}".replace(",", ".")
