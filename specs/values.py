"""Frozen values checked at birth: money, months, identifiers. No clock, no file, no network."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final, Self

from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

from specs.errors import ValueFaultError

YEARS_KEPT: Final = 256
CENTS_MAX: Final = 2**53 - 1  # RFC 8785 and every JSON reader keep integers up to here exact
BSN_WEIGHTS: Final = (9, 8, 7, 6, 5, 4, 3, 2, -1)
_MONTH = re.compile(r"\d{4}-\d{2}")
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class Cents(int):
    """A whole number of euro cents. A float, a bool or a text raises ValueFaultError."""

    def __new__(cls, value: int) -> Self:
        if type(value) not in (int, Cents):
            raise ValueFaultError("an amount is a whole number of cents; convert it at the door")
        if not -CENTS_MAX <= value <= CENTS_MAX:
            raise ValueFaultError("an amount beyond 2^53 cents; check the unit at the source")
        return super().__new__(cls, value)


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month. Written `2026-01`."""

    year: int
    month: int

    def __post_init__(self) -> None:
        if not (1 <= self.month <= 12 and 1800 <= self.year <= 2999):
            raise ValueFaultError("no such calendar month; write it as 2026-01")

    @classmethod
    def parse(cls, text: str) -> Month:
        """Read `2026-01`; raises ValueFaultError."""
        if not _MONTH.fullmatch(text):
            raise ValueFaultError("a month is written as 2026-01")
        return cls(int(text[:4]), int(text[5:]))

    @classmethod
    def of(cls, day: date) -> Month:
        """The month a day lies in."""
        return cls(day.year, day.month)

    def __hash__(self) -> int:
        return self.year * 12 + self.month

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    def plus(self, months: int) -> Month:
        """The month so many later, or earlier when negative."""
        index = self.year * 12 + self.month - 1 + months
        return Month(index // 12, index % 12 + 1)

    @property
    def first_day(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        return date(self.year, self.month, self.length)

    @property
    def length(self) -> int:
        """Its number of days."""
        if self.month == 2:
            return 29 if calendar.isleap(self.year) else 28
        return 30 if self.month in (4, 6, 9, 11) else 31


@lru_cache(YEARS_KEPT)
def months_of_year(year: int) -> tuple[Month, ...]:
    """January to December of that year."""
    return tuple(Month(year, month) for month in range(1, 13))


def parse_date(text: str) -> date:
    """Read `2026-01-31`; raises ValueFaultError, also for a day that is not in the calendar."""
    if not _ISO_DATE.fullmatch(text):
        raise ValueFaultError("a date is written as 2026-01-31")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueFaultError("no such day in the calendar; correct it at the source") from error


class Bsn(str):
    """A burgerservicenummer of nine digits that passes the elfproef (Wabb). Not shown by repr."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        digits = text.zfill(9) if text.isascii() and text.isdigit() and len(text) == 8 else text
        if not (len(digits) == 9 and digits.isascii() and digits.isdigit()):
            raise ValueFaultError("a BSN has nine digits; correct it at the source")
        total = sum(w * int(d) for w, d in zip(BSN_WEIGHTS, digits, strict=True))
        if total % 11 != 0 or int(digits) == 0:
            raise ValueFaultError("the BSN fails the elfproef; correct it at the source")
        return super().__new__(cls, digits)

    def __repr__(self) -> str:
        return "Bsn(*********)"


def check_iban(text: str) -> str:
    """The IBAN in electronic form, its check digits and Dutch bank code known.

    Raises ValueFaultError. schwifty alone lets an unknown bank code pass (ECOSYSTEM 2.1).
    """
    try:
        iban = IBAN(text)
    except SchwiftyException as error:
        raise ValueFaultError("the IBAN's check digits are wrong; correct it") from error
    if iban.country_code == "NL" and iban.bic is None:
        raise ValueFaultError("no bank has the code in this IBAN; correct it at the source")
    return str(iban)
