"""What the web side asks of a node: the ports behind its routes. Core files know nothing of HTTP.

`create_app` (app.py) takes a Surface; how one is made of a running node stands in runtime.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from node.calendar_views import HouseholdView, MonthView, WhyView
from specs.values import Month


class CalendarPort(Protocol):
    """The read models of the household pages. Blocking: the routes call it in a thread."""

    def households(self) -> Sequence[HouseholdView]:
        """Every household this node has a calendar of."""
        ...

    def month_view(self, household: str, month: Month) -> MonthView:
        """One month of one household; raises LookupError when the household is unknown."""
        ...

    def why(self, household: str, scheme: str, month: Month) -> WhyView:
        """Why an allowance is what it is; raises LookupError when there is no such amount."""
        ...

    def trace(self, household: str, scheme: str, month: Month) -> Mapping[str, object]:
        """The same reckoning as plain data, step by step; raises LookupError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An event that stands on the ledger."""

    record: str
    index: int
    receipt: str  # C2SP tlog-proof text
    repeated: bool  # the same bytes had been recorded before


class IntakePort(Protocol):
    """Events of this member's systems, in; receipts, out."""

    async def submit(self, envelope: bytes) -> Recorded:
        """Check, seal, sign, record. Raises RefusedError; UnavailableError."""
        ...

    async def receipt(self, record: str) -> str | None:
        """The receipt of a record of this member, as tlog-proof text; None when there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LogAnswer:
    """What the log answers at one of its addresses."""

    status: int
    content_type: str
    body: bytes
    cache: str = "no-store"
    headers: Mapping[str, str] = field(default_factory=dict)


class LogPort(Protocol):
    """The log or mirror of this node, without HTTP."""

    async def get(self, path: str, credential: str | None) -> LogAnswer:
        """`checkpoint`, `tile/…`, `vkey`, `policy`. Entry bundles need a credential."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One part of the node's state: whether it is ready, and figures for an operator."""

    ready: bool
    figures: Mapping[str, int | str | bool | None] = field(default_factory=dict)


class StatePort(Protocol):
    """The state of a node's parts."""

    async def checks(self) -> Mapping[str, Check]:
        """Every part by name: database, log, follower, ticker, outbox."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """Everything the web side of one node needs. What is None has no pages or addresses."""

    member: str
    name: str
    phone: str
    development: bool
    session_key: bytes
    today: Callable[[], date]
    state: StatePort
    calendars: CalendarPort | None = None
    intake: IntakePort | None = None
    log: LogPort | None = None
    sign_in: bool = False  # the development sign-in is switched on
