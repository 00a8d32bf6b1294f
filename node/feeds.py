"""The calendar feed of a household: what stands on which day, and the token of its address.

Pure but for the making of a token. Without being asked the feed says «Betaaldag» and nothing more;
who chooses so gets amounts with it. What is served is adapters/calendar_ics.py's to write.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from adapters.calendar_ics import FeedDay
from node.portal.calendar_views import LineView, MonthView
from node.portal.formatting import Language, amount, sign_word
from specs.values import Month

TOKEN_BYTES: Final = 32  # 256 bits: nobody comes upon one by guessing
TOKEN_CHARACTERS: Final = 43
PAY_DATE: Final[dict[Language, str]] = {"nl": "Betaaldag", "en": "Pay date"}
NAME: Final[dict[Language, str]] = {"nl": "Betaaldagen", "en": "Pay dates"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One feed: who made it, for which household, and what it may tell."""

    household: str
    person: str
    mandate: str | None
    amounts: bool
    language: Language
    made_on: date


def new_token() -> str:
    """43 characters of base64url."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_digest(token: str) -> str:
    """What is stored of a token: SHA-256 of 256 random bits, from which nobody finds them."""
    return hashlib.sha256(token.encode()).hexdigest()


def feed_days(views: Iterable[MonthView], feed: Feed, member: str) -> list[FeedDay]:
    """The days of the feed, in order. A uid is the same in every feed of the household."""
    salt = hashlib.sha256(f"vastedag/feed-uid/v1 {feed.household}".encode()).hexdigest()[:20]
    pay_dates: dict[date, Month] = {}
    lines: dict[date, list[LineView]] = {}
    for view in views:
        if view.pay_date is not None:
            pay_dates.setdefault(view.pay_date, view.month)
        for line in view.lines:
            lines.setdefault(line.day, []).append(line)
    days = sorted({*pay_dates, *lines} if feed.amounts else pay_dates)
    return [
        FeedDay(
            uid=f"{_uid(day, pay_dates)}-{salt}@{member}.vastedag",
            day=day,
            summary=_summary(day in pay_dates, lines.get(day, []), feed),
            description=_description(lines.get(day, []), feed),
        )
        for day in days
    ]


def _uid(day: date, pay_dates: dict[date, Month]) -> str:
    """A pay date is known by its month, so that it may move; another day by itself."""
    month = pay_dates.get(day)
    return f"dag-{day.isoformat()}" if month is None else f"betaaldag-{month}"


def _summary(is_pay_date: bool, lines: Iterable[LineView], feed: Feed) -> str:
    said = [PAY_DATE[feed.language]] if is_pay_date else []
    if not feed.amounts:
        return said[0]
    sums: dict[str, int] = {}
    for line in lines:
        sums[line.direction] = sums.get(line.direction, 0) + line.cents
    said += [
        f"{amount(cents, feed.language)} {sign_word(direction, feed.language)}"
        for direction, cents in sorted(sums.items())
    ]
    return ", ".join(said)


def _description(lines: Iterable[LineView], feed: Feed) -> str:
    if not feed.amounts:
        return ""
    return "\n".join(
        f"{line.what_en if feed.language == 'en' else line.what_nl}: "
        f"{amount(line.cents, feed.language)} {sign_word(line.direction, feed.language)}"
        for line in lines
    )
