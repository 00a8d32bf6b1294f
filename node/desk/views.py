"""Frozen read models of the desk's pages. post_sql.py and its neighbours fill them.

Lists hold no content of a record: record ids, members, kinds and reasons. What is personal stands
only in the views of one record, which are shown after the reading was logged (routes_desk.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from scheduler.folding.known import Text

State = Literal["good", "attention", "wrong"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderView:
    """What one member delivered here: accepted lately, waiting, refused."""

    member: str
    name: str
    accepted: int
    waiting: int
    refused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MatterView:
    """One thing a clerk should look at."""

    author: str
    author_name: str
    record: str
    own: bool
    code: str
    kind: Text | None  # None: its content is still sealed
    why: Text
    now: Text
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverView:
    """What is to be delivered to one member, and since when the oldest of it waits."""

    member: str
    name: str
    waiting: int
    not_taken: int
    attempts: int
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnView:
    """An own record that is not recorded yet, has no address yet, or was refused by the ledger."""

    record: str
    kind: Text
    state: Literal["unsent", "unaddressed", "refused"]
    why: Text
    now: Text
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostView:
    """The inbox and the outbox. `shown` is how many of each list are shown at most."""

    senders: tuple[SenderView, ...]
    matters: tuple[MatterView, ...]
    matters_all: int
    receivers: tuple[ReceiverView, ...]
    own: tuple[OwnView, ...]
    entries: int  # accepted is counted over this many entries
    shown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemView:
    """One thing wrong in a file, as the adapter told it: the place, never the value."""

    where: str
    field: str
    reason: str
    repair: str
    kind: Literal["refused", "problem", "tolerated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchView:
    """What became of one file."""

    source: str
    format: str
    at: datetime
    records: int
    repeated: int
    wrong: int  # refused rows and problems together
    problems: tuple[ProblemView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedView:
    """A report back to this member (Wet BRP 2.34): records of a register that exclude each other.

    `own` are those that this member wrote and may take back.
    """

    kind: str
    article: str
    author_name: str
    on: date
    own: tuple[str, ...]
    others: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemsView:
    """Problems by source, the newest first."""

    batches: tuple[BatchView, ...]
    reported: tuple[ReportedView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthView:
    """One part of the node in plain words, and what an operator does now."""

    part: Text
    state: State
    what: Text
    now: Text | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """A plan addressed to this member, without the person."""

    record: str
    planner_name: str
    made_on: date
    flows: int
    open: int
    declined: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredView:
    """What another party answered to a plan of this member, without the person."""

    party_name: str
    said: Literal["confirmed", "declined"]
    count: int
    days: tuple[tuple[int, int], ...]  # other days it proposes, each with how often


@dataclass(frozen=True, slots=True, kw_only=True)
class PlansView:
    """Plans to answer, and what others answered."""

    to_answer: tuple[PlanView, ...]
    answered: tuple[AnsweredView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLineView:
    """One payment of a plan."""

    natural: date
    planned: date
    cents: int
    direction: Literal["in", "out"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowView:
    """One flow of a plan with its payments and the answer that stands."""

    flow: str
    said: Literal["confirmed", "declined"] | None
    reason: str | None
    proposed_day: int | None
    lines: tuple[PlanLineView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPlanView:
    """One plan with its person, whose name only its customer's party may read."""

    record: str
    planner_name: str
    subject: str
    surname: str
    day: int
    made_on: date
    flows: tuple[FlowView, ...]
