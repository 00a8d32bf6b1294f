"""Frozen views and requests of correcting and of four eyes; corrections.py and proposals.py fill
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from node.desk.fields import FieldView, Version, rewrite
from scheduler.folding.known import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRecordView:
    """One own record about a person that can be taken back."""

    record: str
    kind: Text
    valid_from: date
    taken_back: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundView:
    """What this member recorded about one person, the newest first."""

    surname: str
    records: tuple[OwnRecordView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionRequest:
    """A clerk's form: `fields` hold what differs only; with `withdraw` nothing comes instead."""

    record: str
    reason: str
    withdraw: bool
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordView:
    """One own record with its content."""

    record: str
    kind: Text
    surnames: tuple[str, ...]
    entry: int
    fields: tuple[FieldView, ...]
    possible: bool
    taken_back: bool
    waiting: str | None  # the proposal about it that waits
    money: bool
    version: Version

    def needs_two(self, request: CorrectionRequest) -> bool:
        """Whether an amount changes by it: then a second clerk decides."""
        if request.withdraw:
            return self.money
        return rewrite(self.version, request.fields).money


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """One field before and after; `after` empty: nothing comes instead."""

    label: Text
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsequenceView:
    """What came of a correction: who is told of it, and which decisions and plans followed."""

    record: str
    kind: Text
    recorded: bool
    told: tuple[tuple[str, bool], ...]  # recipient, whether it has it
    touched: tuple[tuple[Text, str], ...]  # kind of the later record, its author


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalRow:
    """A proposal in the list; `mine`: this clerk proposed it, so another decides."""

    id: str
    kind: Text
    mine: bool
    agreed: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalView:
    """One proposal with what it changes."""

    row: ProposalRow
    surname: str
    reason: str
    changes: tuple[ChangeView, ...]
