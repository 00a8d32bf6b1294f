"""Frozen views of contests to decide; contest_desk.py fills them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from node.contests.desk import ContestToDecide
from scheduler.folding.known import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ContestRow:
    """One contest in the list, without the person and his words."""

    contest: str
    kind: Text
    filed_on: date
    decide_by: date
    overdue: bool
    waiting: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContestView:
    """One contest opened."""

    row: ContestRow
    surname: str
    found: ContestToDecide
