"""Frozen views of persons to decide about; persons.py fills them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from node.desk.correction_views import ChangeView
from scheduler.folding.known import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class MisfitRow:
    """A delivery that waits for a decision, without its content."""

    author: str
    author_name: str
    record: str
    since: datetime
    waiting: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinRow:
    """A join that stands; `waiting`: undoing it is proposed."""

    proposal: str
    at: datetime
    waiting: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonsView:
    """What waits for a decision, and what was joined."""

    misfits: tuple[MisfitRow, ...]
    joins: tuple[JoinRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MisfitView:
    """One delivery beside whom we know: `before` is ours, `after` what the source says."""

    row: MisfitRow
    kind: Text
    decidable: bool  # a person without BSN is joined to nobody
    persons: tuple[tuple[ChangeView, ...], ...]
