"""What the pages about one pay date show: frozen read models. `node/paydate/pages.py` fills them.

Sentences come in pairs, amounts are whole cents, as in calendar_views.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from specs.values import Month

State = Literal["offer", "agreed", "running", "leaving", "on_the_way", "closed"]
"""Nothing agreed; agreed and no plan yet; a plan runs; the way back runs; recorded a moment ago and
not followed yet; nothing can be offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A sentence in two languages."""

    nl: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PathMonthView:
    """One month both ways, in cents."""

    month: Month
    pay_date: date
    before_cents: int  # the lowest balance on the own days
    after_cents: int  # and on the one day
    left_cents: int
    short_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveView:
    """One flow on its own day and on its new day; `why` it stays, when it stays."""

    what: Pair
    direction: Literal["in", "out"]
    cents: int
    own_day: date
    new_day: date
    why: Pair | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvanceView:
    """Money that bridges a switch; `repaid` says when and how much, empty for not at all."""

    by: str
    what: Pair
    day: date
    cents: int
    repaid: tuple[tuple[date, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PathsView:
    """Both paths for one day of the month. `digest` names what is shown, `seen` the last entry
    behind it."""

    day: int
    percent: int
    switch: date
    until: date
    months: tuple[PathMonthView, ...]
    full_from: Month  # the first whole month after the switch; the lowest balances are from there
    lowest_before_cents: int
    lowest_after_cents: int
    moves: tuple[MoveView, ...]
    stays: tuple[MoveView, ...]
    days_before: int  # on how many days of a month money comes or goes
    days_after: int
    advances: tuple[AdvanceView, ...]
    assumed: tuple[Pair, ...]
    left_out: tuple[tuple[Pair, Pair], ...]
    why: Pair | None  # of the day the planner would choose
    digest: str
    seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerView:
    """What the party of a flow said about its lines."""

    what: Pair
    party: str
    said: Literal["confirmed", "declined", "waiting"]
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBackView:
    """What leaving would do, or does. `ends_on` is the first day without one pay date."""

    ends_on: date
    until: date
    moves: tuple[MoveView, ...]
    later: tuple[MoveView, ...]  # only once the switch is over
    advances: tuple[AdvanceView, ...]
    to_repay: tuple[tuple[str, date, int], ...]  # to whom, when, cents
    digest: str
    seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PayDateView:
    """A household and its pay date. `may_act` says whether the visitor may agree and leave; when
    not, `why_not` says why. `agreed_by` of `adults` agreed to `waiting_day` today."""

    state: State
    may_act: bool
    why_not: Pair | None
    day: int | None = None
    next_dates: tuple[date, ...] = ()
    transition: tuple[date, date] | None = None
    agreed_on: date | None = None
    answers: tuple[AnswerView, ...] = ()
    advances: tuple[AdvanceView, ...] = ()
    way_back: WayBackView | None = None
    paths: PathsView | None = None
    better_day: int | None = None
    waiting_day: int | None = None
    waits_for_visitor: bool = False
    others: int = 0  # adults besides the visitor who must agree too


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of agreeing or leaving. `changed` names what is new since the page was shown."""

    said: Literal["recorded", "waiting", "changed"]
    changed: tuple[Pair, ...] = ()
