"""The web side's ports, made of a node: intake of events, receipts, the log, the node's state.

Works beside a worker in the same process (the demo) and in a process of its own (`serve`): then the
place of reading is taken up from the database before each event.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, select

from ledger.errors import BusyError
from ledger.formats.checkpoint import parse_checkpoint
from ledger.formats.note import parse_note
from ledger.pages import PROOF, Pages
from ledger.ports import Answer, Head
from node.clockwork import orders_sql, steps_sql
from node.clockwork.clockwork import LEASE
from node.clockwork.ticker_apscheduler import TICK
from node.contests.node_contests import contests_of
from node.desk.desk_node import desk_of, district_of
from node.errors import RefusedError
from node.flow import record
from node.intake import read_submission
from node.ledger_side import LedgerSide
from node.oversight.reader import Oversight
from node.paydates_node import paydates_of
from node.people import HouseholdPeople
from node.portal.providers_file import providers_of
from node.portal.receipts_web import receipt_of
from node.portal.surface import CalendarPort, Check, Surface
from node.runtime import Node
from node.stores import lease_sql
from node.stores import schema_sql as tables
from node.stores import work_sql as work
from node.stores.ended_sql import EndedSql
from node.stores.feeds_sql import FeedsSql
from node.submit import Recorded
from node.whatif.what_if_node import what_if_of
from node.worker import Worker

TICK_AGE_MAX: Final = 3  # ticks missed before the node is not ready


class Intake:
    """Events of this member's systems."""

    def __init__(self, node: Node, worker: Worker | None) -> None:
        self._node = node
        self._worker = worker

    async def submit(self, envelope: bytes) -> Recorded:
        """Check, seal, sign, record; see surface.IntakePort."""
        if self._worker is None:
            await self._node.ledger.refresh()
        draft = read_submission(envelope, self._node.member, self._node.view)
        try:
            recorded = await record(self._node.desk, draft)
        except BusyError as error:
            raise RefusedError("busy", f"{error}; the event is stored and will be sent") from None
        if self._worker is not None:
            self._worker.wake()
        return recorded

    async def receipt(self, record: str) -> bytes | None:
        """The receipt of a record known here; None when this node can give none."""
        return await receipt_of(self._node, record)


class PublishedLog:
    """The recorded log as this node can show it."""

    def __init__(self, ledger: LedgerSide, pages: Pages, *, alone: bool) -> None:
        """alone: no worker runs in this process, so the place of reading is looked up."""
        self._ledger = ledger
        self._pages = pages
        self._alone = alone

    def kept(self, path: str, *, entries_allowed: bool, gzip: bool = False) -> Answer | None:
        """What needs no waiting: a tile or bundle that was shown before, a proof over such tiles.

        A mirror's own copy may be ahead of the quorum: its proofs are made under the quorum's head.
        """
        if path.startswith(PROOF) and self._ledger.quorum_checkpoint() is not None:
            return None
        return self._pages.kept(path, entries_allowed=entries_allowed, gzip=gzip)

    async def get(self, path: str, *, entries_allowed: bool, gzip: bool = False) -> Answer:
        """`checkpoint`, `tile/…`, `proof/<n>`, `vkey`, `policy`; see surface.LogPort."""
        if self._alone and path == "checkpoint":
            await self._ledger.refresh()
        proof = path.startswith(PROOF)
        quorum = self._ledger.quorum_checkpoint() if proof or path == "checkpoint" else None
        if quorum is None:
            return await self._pages.get(path, entries_allowed=entries_allowed, gzip=gzip)
        # A mirror's own copy may be ahead of the quorum: only what is recorded is shown.
        if proof:
            size = parse_checkpoint(parse_note(quorum).text).size
            return await self._pages.proof(path, Head(size=size, note=quorum))
        return Answer(status=200, body=quorum, cache="no-cache")


class State:
    """The state of the node's parts, for `/readyz` and `/metrics`."""

    def __init__(self, node: Node, worker: Worker | None) -> None:
        self._node = node
        self._worker = worker

    async def checks(self) -> Mapping[str, Check]:
        """Every part by name; what only the worker's process knows is told there."""
        if self._worker is None:
            await self._node.ledger.refresh()
        backlog, on_desk, ticker, orders = await asyncio.to_thread(self._read)
        checks = {
            "database": Check(ready=True, figures={"desk": on_desk}),
            "ticker": ticker,
            "orders": Check(ready=True, figures=dict(orders)),
            "backlog": Check(ready=True, figures=dict(backlog)),
            "follower": Check(
                ready=self._node.view.size > 0, figures={"entries": self._node.view.size}
            ),
        }
        if self._worker is not None:
            problem = self._worker.problem
            checks["worker"] = Check(ready=problem is None, figures={"problem": _kind(problem)})
        log = self._node.ledger.log
        if log is not None and self._worker is not None:
            status = log.status()
            checks["sequencer"] = Check(
                ready=status.running,
                figures={
                    "size": status.size,
                    "published": status.published_size,
                    "queued": status.queued,
                    "problem": _kind(status.problem),
                },
            )
        mirror = self._node.ledger.mirror
        if mirror is not None and self._worker is not None:
            problem = await mirror.problem()
            checks["mirror"] = Check(
                ready=problem is None, figures={"size": mirror.size, "problem": _kind(problem)}
            )
        return checks

    def _read(self) -> tuple[Mapping[str, int], int, Check, Mapping[str, int]]:
        with self._node.database.read() as connection:
            on_desk = len(connection.execute(select(tables.desk.c.id)).all())
            orders = orders_sql.counts(connection)
            ticker = self._ticker(connection)
        return self._node.backlog(), on_desk, ticker, orders

    def _ticker(self, connection: Connection) -> Check:
        """Who ticks, how long ago, and whether the thread that rings here still lives."""
        told = work.get_value(connection, TICK)
        age = None if told is None else int(time.time()) - int(told)
        limit = TICK_AGE_MAX * self._node.home.settings.tick_seconds
        figures: dict[str, int | str | bool | None] = {
            "last_tick_age_seconds": age,
            "holder": lease_sql.holder_of(connection, LEASE),
            "steps_overdue": steps_sql.overdue(connection, self._node.clock()),
        }
        alive = True
        if self._worker is not None:
            alive = self._worker.ticker.alive
            figures |= {"thread_alive": alive, "problem": _kind(self._worker.ticker.problem)}
        return Check(ready=alive and age is not None and age <= limit, figures=figures)


def surface_of(
    node: Node, *, worker: Worker | None = None, calendars: CalendarPort | None = None
) -> Surface:
    """Everything create_app needs. worker: the one in this same process, if there is one."""
    settings, pages = node.home.settings, node.ledger.pages
    state, oversight = State(node, worker), _oversight(node)
    paydates = paydates_of(node, worker)
    return Surface(
        member=settings.member,
        name=settings.name,
        phone=settings.phone,
        development=settings.mode == "development",
        session_key=node.keys.session_secret,
        today=node.desk.today,
        state=state,
        calendars=calendars,
        intake=Intake(node, worker),
        log=None if pages is None else PublishedLog(node.ledger, pages, alone=worker is None),
        may_read_entries=node.gate().may_read_entries,
        looked=node.logbook,
        oversight=oversight,
        desk=desk_of(node, worker, state, oversight),
        district=district_of(node, worker),
        what_if=what_if_of(node),
        contests=contests_of(node, worker),
        who_looked=node.who_looked() if calendars is not None else None,
        people=HouseholdPeople(
            node.facts, node.desk.today, None if paydates is None else paydates.joining
        ),
        paydates=paydates,
        feeds=FeedsSql(node.database),
        sign_in=settings.sign_in,
        public_url=settings.pages_url,
        providers=providers_of(settings) if settings.sign_in == "oidc" else {},
        ended=EndedSql(node.database),
    )


def _oversight(node: Node) -> Oversight | None:
    """The auditor's view of this node's copy of the log; None where it keeps none."""
    ledger = node.ledger
    copy = ledger.log or ledger.mirror
    return None if copy is None else Oversight(ledger, node.view, copy.store)


def _kind(problem: str | None) -> str | None:
    return None if problem is None else problem.partition(":")[0][:80]
