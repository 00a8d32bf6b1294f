"""What the web side asks of a node: the ports behind its routes. Core files know nothing of HTTP.

`create_app` (app.py) takes a Surface; how one is made of a running node stands in runtime.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, Protocol

from ledger.ports import Answer
from node.contests.views import CaseView, ContestItem, ContestPreview
from node.desk.ports import DeskPorts
from node.district.ports import DistrictPorts
from node.feeds import Feed
from node.looked.reading import Caller, Reading
from node.looked.views import LookedView
from node.oversight.views import ConsistencyView, EntryView, OversightView, SampleView
from node.portal.auth import EndedHere, EndedPort
from node.portal.calendar_views import (
    HouseholdView,
    MissedView,
    MonthView,
    RecordView,
    WhyView,
)
from node.portal.oidc import Audience, Provider
from node.portal.paydate_views import Outcome, PathsView, PayDateView, WayBackView
from node.submit import Recorded
from node.whatif.suppositions import Suppositions
from node.whatif.views import SituationView, WhatIfView
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

    def missed(self, household: str) -> Sequence[MissedView]:
        """Rights derived but not received this year; raises LookupError."""
        ...

    def file(self, household: str) -> Sequence[RecordView]:
        """Everything this node holds about the members; raises LookupError."""
        ...

    def trace(self, household: str, scheme: str, month: Month) -> Mapping[str, object]:
        """The same reckoning as plain data, step by step; raises LookupError."""
        ...


class WhatIfPort(Protocol):
    """What would change if it were so (whatif/asking.py). Blocking; it stores and logs nothing."""

    def situation(self, household: str) -> SituationView:
        """What the form must know of a household; raises LookupError."""
        ...

    def suppose(self, household: str, supposed: Suppositions) -> WhatIfView:
        """The answer; raises LookupError."""


class ContestPort(Protocol):
    """«Is this wrong?» (contests/household.py). The readers are blocking."""

    def items(self, household: str) -> Sequence[ContestItem]:
        """What can be contested now; raises LookupError when the household is unknown."""
        ...

    def item(self, household: str, record: str) -> ContestItem:
        """One record, with why it cannot be contested; LookupError: not of this household."""
        ...

    def preview(self, household: str, record: str, claimed_cents: int | None) -> ContestPreview:
        """What will happen; raises LookupError, RefusedError for an amount it cannot have."""
        ...

    def cases(self, household: str) -> Sequence[CaseView]:
        """The household's cases, the newest first; raises LookupError."""
        ...

    async def file(
        self, household: str, record: str, reason: str, claimed_cents: int | None
    ) -> None:
        """Record a contest, once; raises LookupError, RefusedError when it cannot be."""
        ...

    async def withdraw(self, household: str, case: str) -> None:
        """Take a case back; raises LookupError, RefusedError when it is over."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A household a person may see: his own, or by `mandate` (a record id) one he looks after. One
    that has not `joined` one pay date has no calendar yet, or no more."""

    household: str
    name: str
    mandate: str | None = None
    joined: bool = True


class PeoplePort(Protocol):
    """Who may see which household. Blocking: the routes call it in a thread."""

    def person(self, bsn: str) -> str | None:
        """This node's id of the person with this BSN; None when it knows nobody so."""
        ...

    def accesses(self, person: str) -> Sequence[Access]:
        """Every household the person may see now, his own first."""
        ...

    def stands(self, person: str, household: str, mandate: str | None) -> str | None:
        """The name of a household the person may still see, by this mandate; None: no more."""
        ...

    def samples(self) -> Sequence[tuple[str, str]]:
        """Persons for the development provider: a label and a BSN each."""
        ...


class PayDatePort(Protocol):
    """One pay date: what stands, both paths, agreeing and leaving. Reading blocks."""

    def page(self, household: str, person: str) -> PayDateView:
        """What stands, and both paths where one can agree; raises LookupError."""
        ...

    def offer(self, household: str, day: int) -> PathsView | None:
        """Both paths for a day of the month (1 to 28); None when there is nothing to choose: it is
        the day already, or nothing can be agreed now. Raises LookupError."""
        ...

    def day_now(self, household: str) -> int | None:
        """The day that is agreed now; raises LookupError."""
        ...

    def way_back(self, household: str) -> WayBackView | None:
        """What leaving would do; None when nothing is agreed. Raises LookupError."""
        ...

    async def agree(self, household: str, person: str, day: int, shown: str, seen: int) -> Outcome:
        """Agree to a day as shown (`shown` is the digest, `seen` the last entry behind it): twice
        is once. Raises LookupError, NotAllowedError, RefusedError."""
        ...

    async def leave(self, household: str, person: str, shown: str, seen: int) -> Outcome:
        """Leave as shown: twice is once. Raises LookupError, NotAllowedError, RefusedError."""
        ...


class OversightPort(Protocol):
    """What the pages ask of the ledger of this node (oversight/reader.py)."""

    async def whole(self) -> OversightView:
        """The first page."""
        ...

    async def entry(self, n: int) -> EntryView:
        """One entry with its proof; raises LookupError."""
        ...

    async def between(self, first: date, last: date) -> ConsistencyView:
        """The proof between the last heads of two days; raises LookupError."""
        ...

    async def sample(self, count: int, seed: str) -> SampleView:
        """A sample of entries, checked now."""
        ...


class LookedPort(Protocol):
    """The Logboek Dataverwerkingen (looked/logbook_sql.py): a page that shows personal content
    begins a reading or records one first. Activities are those of specs/processing.yaml.
    """

    def record(self, activity: str, persons: Iterable[str], *, caller: Caller | None = None) -> str:
        """One line for each of these subject ids, durable on return: call it before the content is
        shown. Answers the traceparent, by which an audit log of employees may refer to it.
        """
        ...

    def reading(
        self, activity: str, *, caller: Caller | None = None
    ) -> AbstractContextManager[Reading]:
        """A reading within which content may be opened; `note` the persons; durable at its end."""
        ...

    def looking(
        self, activity: str, persons: Iterable[str]
    ) -> AbstractAsyncContextManager[Reading]:
        """The same around the making of a page about these persons; durable before it is sent."""
        ...


class WhoLookedPort(Protocol):
    """Who looked at a person, at every member that could have (looked/asking_http.py)."""

    async def who(self, person: str) -> LookedView:
        """By agency and purpose; raises LookupError when nobody here has this id."""
        ...


class FeedsPort(Protocol):
    """The calendar feeds of households (stores/feeds_sql.py). Blocking."""

    def of(self, household: str, person: str) -> Feed | None:
        """The feed that a person made for a household."""
        ...

    def put(self, digest: str, feed: Feed) -> None:
        """Keep a feed by the digest of its token, in place of the one that was there."""
        ...

    def choose(self, household: str, person: str, *, amounts: bool) -> None:
        """Whether amounts may stand in it."""
        ...

    def drop(self, household: str, person: str) -> None:
        """Stop it: from now on its token finds nothing."""
        ...

    def find(self, digest: str) -> Feed | None:
        """The feed of a token."""
        ...

    def number(self, digest: str, told: str, now: int) -> tuple[int, int]:
        """SEQUENCE and moment (seconds) of what it tells now; LookupError when it was stopped."""
        ...


class IntakePort(Protocol):
    """Events of this member's systems, in; receipts, out."""

    async def submit(self, envelope: bytes) -> Recorded:
        """Check, seal, sign, record. Raises RefusedError; UnavailableError."""
        ...

    async def receipt(self, record: str) -> bytes | None:
        """The receipt (tlog-proof) of a record known here; None when there is none."""
        ...


class LogPort(Protocol):
    """The published tree of this node's log or mirror (ledger/serve.py, Pages)."""

    def kept(self, path: str, *, entries_allowed: bool, gzip: bool = False) -> Answer | None:
        """What can be answered at once, without waiting; None for all else."""
        ...

    async def get(self, path: str, *, entries_allowed: bool, gzip: bool = False) -> Answer:
        """`checkpoint`, `tile/…`, `proof/<n>`, `vkey`, `policy`; bundles only when allowed.

        gzip: the reader takes that Content-Encoding.
        """
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


def _nobody(authorization: str | None) -> bool:
    del authorization
    return False


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
    may_read_entries: Callable[[str | None], bool] = _nobody  # from the Authorization header
    people: PeoplePort | None = None
    paydates: PayDatePort | None = None
    oversight: OversightPort | None = None
    looked: LookedPort | None = None
    desk: DeskPorts | None = None
    district: DistrictPorts | None = None
    what_if: WhatIfPort | None = None
    contests: ContestPort | None = None
    who_looked: WhoLookedPort | None = None
    feeds: FeedsPort | None = None
    sign_in: Literal["development", "oidc", "none"] = "none"
    public_url: str = "http://127.0.0.1:8000"  # where browsers find these pages, without path
    providers: Mapping[Audience, Provider] = field(default_factory=dict)
    ended: EndedPort = field(default_factory=EndedHere)
