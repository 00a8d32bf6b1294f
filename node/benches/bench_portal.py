"""`vastedag bench portal`: the calendar page of many households at a fixed rate of requests.

The node's database holds the kept months of every household, each sealed under its own key, as the
worker leaves them (stored_calendars.py); how they are worked out is measured by `bench plan` and
`derive`. Every request is a household of its own, signed in, drawn by a seed. `server` holds wall
times within the serving processes, the other times are the client's (served.py).
"""

from __future__ import annotations

import asyncio
import gzip
import multiprocessing
import random
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import uvloop
from sqlalchemy import func, insert, select

from ledger.benches.bench_limits import machine
from node.benches.served import (
    HOST,
    Request,
    Timed,
    bare,
    figures,
    measured,
    p99_of,
    server_figures,
)
from node.long_running import settle
from node.looked.logbook_sql import Logbook
from node.looked.register import load_register
from node.portal.app import create_app
from node.portal.auth import Sessions, Visitor
from node.portal.calendar_views import (
    HouseholdView,
    LineView,
    MissedView,
    MonthView,
    RecordView,
    WhyKey,
    WhyView,
)
from node.portal.http_server import Listener
from node.portal.pages import STATIC, compile_templates
from node.portal.surface import Check, Surface
from node.portal.visits import COOKIE_PRODUCTION
from node.sealing import bound, encrypt, new_key
from node.stored_calendars import kept_month, months_kept, read_month
from node.stores import schema_sql as tables
from node.stores.database_sql import Database, migrate
from node.stores.ended_sql import EndedSql
from node.stores.views_sql import ViewStore, packed
from node.subjects import IDENTITY_TERM, Subjects
from specs.values import Month

HOUSEHOLDS: Final = 100_000
REQUESTS_PER_SECOND: Final = 200
SECONDS: Final = 20.0
PROCESSES: Final = 3
LINES: Final = 15
REQUESTS_DRAWN: Final = 20_000
TODAY: Final = date(2026, 1, 15)
KEY: Final = bytes(range(32))
SEED: Final = 20261122
CHUNK: Final = 500
KINDS: Final = 200


def bench_portal(
    households: int = HOUSEHOLDS,
    *,
    url: str | None = None,
    per_second: float = REQUESTS_PER_SECOND,
    seconds: float = SECONDS,
    processes: int = PROCESSES,
) -> dict[str, Any]:
    """A JSON object of figures. url: an empty PostgreSQL database; None: SQLite in a new folder."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="vastedag-bench-") as path:
        place = url or f"sqlite:///{Path(path) / 'node.sqlite3'}"
        begun = time.monotonic()
        _load_households(place, households)
        loaded = time.monotonic() - begun
        requests = _requests(households)
        served = measured(
            context, _serve, (place,), requests, [0], per_second, seconds, processes,
            timed=True,
        )  # fmt: skip
        body = served[0].bodies[0]
        plain = [(requests[0][0], len(body))]
        zipped = len(gzip.compress(body))
        limit = measured(context, bare, (body,), plain, [], per_second, seconds, processes)
    return {
        "bench": "portal",
        "store": "sqlite" if url is None else "postgresql",
        "households": households,
        "months_each": len(months_kept(TODAY)),
        "lines_a_month": LINES,
        "loaded_in_seconds": round(loaded, 1),
        "requests_per_second_asked": per_second,
        "seconds": seconds,
        "processes": processes,
        "server": server_figures(served),
        **figures(served),
        "page_bytes": len(body),
        "page_bytes_if_zipped": zipped,  # it is not: a zipped page could leak its form token
        "page_and_styles_bytes": len(body) + _styles_bytes(),
        "limit": {"what": "bare asyncio answers of the same bytes", **figures(limit)},
        "ratio_p99": round(p99_of(limit[0]) / p99_of(served[0]), 3),
        "machine": machine(),
    }


def _styles_bytes() -> int:
    """The style sheets of a page as they are sent: zipped, and kept by the browser after."""
    sheets = ("vendor/theme.css", "vendor/utrecht.css", "portal.css")
    return sum(len(gzip.compress((STATIC / sheet).read_bytes())) for sheet in sheets)


def household_id(number: int) -> str:
    """The subject id of a household of this bench: 22 characters, as random ones have."""
    return f"h{number:021d}"


def _load_households(url: str, households: int) -> None:
    """Keys of their own for all, and the months of one of some hundred kinds of household."""
    migrate(url)
    database = Database(url)
    draw = random.Random(SEED)  # noqa: S311 (amounts, not secrets)
    kinds = [
        {str(view.month): packed(kept_month(view)) for view in _months(draw)} for _ in range(KINDS)
    ]
    try:
        for first in range(0, households, CHUNK):
            keys, months = [], []
            for number in range(first, min(first + CHUNK, households)):
                who, key = household_id(number), new_key()
                place = bound("subject-key", who, str(IDENTITY_TERM))
                wrapped = encrypt(KEY, key, place)
                keys.append({"subject": who, "term": IDENTITY_TERM, "wrapped": wrapped})
                months += [
                    {
                        "household": who,
                        "month": month,
                        "made_on": TODAY.isoformat(),
                        "content": encrypt(key, content, bound("view", who)),
                    }
                    for month, content in kinds[number % KINDS].items()
                ]
            with database.write() as connection:
                connection.execute(insert(tables.subject_keys), keys)
                connection.execute(insert(tables.views), months)
    finally:
        database.close()


def _months(draw: random.Random) -> Iterator[MonthView]:
    """Thirteen months of a household with fifteen lines each; amounts differ, words do not."""
    rent, wage = draw.randrange(40_000, 90_000), draw.randrange(120_000, 240_000)
    for month in months_kept(TODAY):
        lines, balance = [], draw.randrange(0, 30_000)
        for place in range(LINES):
            incoming = place % 4 == 1
            cents = wage // 4 if incoming else rent // 6 + draw.randrange(0, 5_000)
            balance += cents if incoming else -cents
            day = month.first_day + timedelta(days=min(22 + place // 2, month.length - 1))
            lines.append(
                LineView(
                    day=day, what_nl=f"Post {place} van Woonstad", what_en=f"Item {place}",
                    direction="in" if incoming else "out", cents=cents, running_cents=balance,
                    flow=f"f{place}", natural_day=month.first_day + timedelta(days=place),
                    moved_days=(day - month.first_day).days - place, not_moved_reason_nl=None,
                    not_moved_reason_en=None, estimate=incoming,
                    why=WhyKey(scheme="zorgtoeslag", month=month) if place == 1 else None,
                )
            )  # fmt: skip
        income = sum(line.cents for line in lines if line.direction == "in")
        charges = sum(line.cents for line in lines if line.direction == "out")
        yield MonthView(
            household_name="Huishouden Proef", month=month,
            pay_date=month.first_day + timedelta(days=22), pay_day_why_nl="Dit is uw betaaldag.",
            pay_day_why_en="This is your pay date.", left_to_spend_cents=income - charges,
            income_cents=income, charges_cents=charges, lines=tuple(lines), changes=(),
            unknowns=(), not_planned=(), previous=month.plus(-1), next=month.plus(1),
            phone="14 000",
            balance_before=tuple((line.natural_day, line.running_cents) for line in lines),
            balance_after=tuple((line.day, line.running_cents) for line in lines),
        )  # fmt: skip


def _requests(households: int) -> Sequence[Request]:
    sessions, now = Sessions(KEY), int(time.time())
    draw = random.Random(SEED)  # noqa: S311
    path = f"/mijn/maand/{Month.of(TODAY)}"
    requests: list[Request] = []
    for _ in range(min(REQUESTS_DRAWN, 4 * households)):
        who = household_id(draw.randrange(households))
        visitor = Visitor(person=who, household=who)
        cookie = sessions.seal(sessions.sign_in(sessions.begin(now), visitor, now))
        requests.append(
            (
                f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nAccept-Encoding: gzip\r\n"
                f"Cookie: {COOKIE_PRODUCTION}={cookie}\r\n\r\n".encode(),
                None,
            )
        )
    return requests


class _KeptMonths:
    """The calendars of a node of which every month was kept."""

    def __init__(self, database: Database) -> None:
        logbook = Logbook(database, load_register())
        self._views = ViewStore(database, Subjects(KEY, KEY, logbook))
        self._database = database

    def households(self) -> Sequence[HouseholdView]:
        """How many there are is what an operator sees; the sign-in lists none of them."""
        with self._database.read() as connection:
            count = connection.execute(select(func.count()).select_from(tables.views)).scalar_one()
        return [HouseholdView(id="", name=str(count))]

    def month_view(self, household: str, month: Month) -> MonthView:
        """One kept month; raises LookupError."""
        kept = self._views.get(household, str(month), TODAY)
        if kept is None:
            raise LookupError("not kept")
        return read_month(kept)

    def why(self, household: str, scheme: str, month: Month) -> WhyView:
        """Reasons are worked out, never kept; this bench does not ask for them."""
        raise LookupError(f"{household} {scheme} {month}")

    def missed(self, household: str) -> Sequence[MissedView]:
        """As for reasons."""
        raise LookupError(household)

    def file(self, household: str) -> Sequence[RecordView]:
        """As for reasons."""
        raise LookupError(household)

    def trace(self, household: str, scheme: str, month: Month) -> Mapping[str, object]:
        """As for reasons."""
        raise LookupError(f"{household} {scheme} {month}")


class _State:
    async def checks(self) -> Mapping[str, Check]:
        """Nothing but the pages runs here."""
        return {}


def _serve(url: str, port: int, told: Connection) -> None:
    """The household pages on one listener, until this process is ended."""

    async def run() -> None:
        database = Database(url)
        surface = Surface(
            member="gm0000", name="Gemeente Proef", phone="14 000", development=False,
            session_key=KEY, today=lambda: TODAY, state=_State(),
            calendars=_KeptMonths(database), ended=EndedSql(database),
            public_url=f"http://{HOST}",
        )  # fmt: skip
        compile_templates()
        app = Timed(create_app(surface))
        listener = Listener(app, HOST, port, shared=True)
        await listener.start()
        app.tell_by(told)
        settle()
        told.send(listener.port)
        await asyncio.Event().wait()

    uvloop.run(run())
