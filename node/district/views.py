"""Frozen views of the social workers' pages; district.py fills them. No score anywhere (H1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from scheduler.folding.known import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholdRow:
    """All signals of one household for one contact; `since` is the day of the oldest."""

    household: str
    since: date
    kinds: tuple[tuple[Text, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalView:
    """One signal with what it is about."""

    what: Text
    since: date
    when: str
    party: str | None
    planned_cents: int | None
    booked_cents: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrearsView:
    """Arrears with one creditor as it told them last."""

    party: str
    flow: str
    cents: int
    months: int
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class TailoringView:
    """An exception that was recorded."""

    scheme: Text
    cents: int
    reason: str
    since: date
    until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvanceView:
    """An advance that a party pays once, so that the switch to one pay date leaves no gap."""

    party: str
    day: date
    cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """One household, opened with a purpose."""

    household: str
    surname: str
    purpose: Text
    members: tuple[tuple[str, str], ...]  # subject and surname
    pay_day: int | None
    signals: tuple[SignalView, ...]
    arrears: tuple[ArrearsView, ...]
    advances: tuple[AdvanceView, ...]
    declined: tuple[tuple[str, str, int | None], ...]  # party, reason, day it proposes
    tailoring: tuple[TailoringView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TailoringRequest:
    """A worker's form for an exception; `cents` a month, added to what the rule gives."""

    household: str
    person: str
    scheme: str
    cents: int
    since: date
    until: date | None
    reason: str
