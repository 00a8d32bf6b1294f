"""Frozen views and requests of mandates; mandate_desk.py fills them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from scheduler.folding.known import Text
from specs.records import PersonRef


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateView:
    """One mandate about a person, with the holder's surname."""

    record: str
    holder: str
    kind: Text
    since: date
    until: date | None
    source: str
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MandatesView:
    """Who may act for one person."""

    surname: str
    mandates: tuple[MandateView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateRequest:
    """A clerk's form: for whom (a BSN known here), who, by what and until when."""

    bsn: str
    holder: PersonRef
    kind: str
    since: date
    until: date | None
    source: str
