"""One member's node, put together from its home: stores, keys, its part of the log, its flow.

`Node.open` builds it, `Worker` (work.py) runs it; the web side asks it through `surface` (web.py).
Nothing here decides anything: what happens to a life event stands in flow.py.
"""

from __future__ import annotations

import hashlib
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import httpx
from sqlalchemy import func, select

from ledger.rules.registry import Registry
from node.access import MUNICIPALITY, Competence, load_competence
from node.answering import answering_of, rulebook
from node.clockwork.clockwork import Clockwork
from node.clockwork.steps import Steps
from node.clockwork.timetable import load_timetable
from node.errors import StartError
from node.facts import Facts
from node.flow import Desk, follow_through
from node.ledger_side import LedgerSide, genesis_registry, open_ledger_side
from node.ledger_view import role_of, roles_of
from node.looked.answers_sql import LookedAnswers
from node.looked.asking_http import WhoLooked
from node.looked.logbook_sql import Logbook
from node.looked.register import load_register
from node.members.deliver_http import Deliveries
from node.members.member_http import MemberAuth, member_client
from node.members.routes_machine import Gate
from node.members.sequencer_http import SequencerHttp
from node.paydate.keeper import HouseholdKeeper
from node.prepare import Author, Preparer
from node.receiving.accept import Acceptance, Reader
from node.receiving.follow import LedgerReader, VerifiedView
from node.receiving.standing import Standing
from node.rules import NodeRules
from node.setup.home import Home, Keys, open_home
from node.stores import schema_sql as tables
from node.stores import work_sql as work
from node.stores.database_sql import Database
from node.stores.store_sql import Records
from node.stores.views_sql import ViewStore
from node.subjects import Subjects
from node.submit import UNSENT_STATES, Submitter
from scheduler.folding.facts import SubjectId
from scheduler.planning.payday_files import load_pay_calendars

NETHERLANDS: Final = ZoneInfo("Europe/Amsterdam")

Now = Callable[[], datetime]
Today = Callable[[], date]


def system_now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


def system_today() -> date:
    """The day in the Netherlands."""
    return datetime.now(NETHERLANDS).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Everything of one member's node; `close` when done."""

    home: Home
    keys: Keys
    role: str
    competence: Competence
    client: httpx.AsyncClient
    view: VerifiedView
    ledger: LedgerSide
    records: Records
    logbook: Logbook
    rules: NodeRules
    desk: Desk
    steps: Steps
    clock: Now

    @property
    def holder(self) -> str:
        """This home on this machine, as it stands in a lease."""
        return holder_name(self.home.directory)

    @property
    def member(self) -> str:
        """The member whose node this is."""
        return self.home.settings.member

    @property
    def database(self) -> Database:
        """The node's own database."""
        return self.desk.database

    @property
    def facts(self) -> Facts:
        """What this node knows of persons."""
        return self.desk.facts

    @classmethod
    def open(cls, directory: Path, *, now: Now = system_now, today: Today = system_today) -> Node:
        """The node in this home, not running yet; call it inside an event loop.

        Raises StartError or HomeError with the reason: no home, a key that is open to others or
        made for development, tables of another version, a genesis that does not name the member.
        """
        home = open_home(directory)
        keys = home.keys()
        settings = home.settings
        genesis = _genesis(home)
        database = Database(home.database_url)
        client = member_client(
            MemberAuth(settings.member, keys.api, home.peers, _seconds), settings.request_seconds
        )
        ledger = open_ledger_side(home, keys, genesis, client)
        view = VerifiedView(ledger.following, genesis)
        logbook = Logbook(database, load_register())
        records = Records(Subjects(keys.lookup_secret, keys.wrap_secret, logbook))
        competence = load_competence()
        preparer = Preparer(_author(home, keys), records, competence, view)
        submitter = Submitter(
            database, records, preparer, SequencerHttp(str(settings.log_url), client), now
        )
        standing = Standing(settings.member, records, competence, preparer)
        reader = Reader(member=settings.member, hpke=keys.hpke)
        deliveries = Deliveries(
            member=settings.member, database=database, records=records, view=view,
            peers=home.peers, client=client, now=_seconds,
        )  # fmt: skip
        role = role_of(genesis, settings.member)
        rules = NodeRules.of_home(rulebook(), home.directory, lambda: view.registry)
        facts, clock = Facts(database, records, role), _clock(now, today)
        steps = Steps(
            member=settings.member, facts=facts, subjects=records.subjects, view=view,
            timetable=load_timetable(), now=clock, households=_keeper(role, facts, preparer),
        )  # fmt: skip
        desk = Desk(
            database=database,
            submitter=submitter,
            reader=LedgerReader(
                database=database, records=records, following=ledger.following,
                acceptance=Acceptance(reader, records, competence, view, standing), now=_seconds,
            ),
            deliveries=deliveries,
            facts=facts,
            answering=answering_of(
                role,
                settings.member,
                rules,
                lambda: roles_of(view.registry),
                ViewStore(database, records.subjects),
            ),
            today=today,
            after=steps.follow,
        )  # fmt: skip
        return cls(
            home=home, keys=keys, role=role, competence=competence, client=client, view=view,
            ledger=ledger, records=records, logbook=logbook, rules=rules, desk=desk, steps=steps,
            clock=clock,
        )  # fmt: skip

    def clockwork(self) -> Clockwork:
        """The ticker's work on this node, for one worker."""
        return Clockwork(
            self.database,
            load_timetable(),
            self.steps.pieces(),
            holder=self.holder,
            now=self.clock,
            wall=_seconds,
        )

    def looked_answers(self) -> LookedAnswers:
        """What this node's logbook tells."""
        return LookedAnswers(
            member=self.member,
            hpke=self.keys.hpke,
            database=self.database,
            records=self.records,
            logbook=self.logbook,
            view=self.view,
        )

    def who_looked(self) -> WhoLooked:
        """Who looked at somebody, here and at other members."""
        return WhoLooked(
            member=self.member,
            database=self.database,
            records=self.records,
            logbook=self.logbook,
            answers=self.looked_answers(),
            view=self.view,
            peers=self.home.peers,
            client=self.client,
        )

    def gate(self) -> Gate:
        """Who may ask this node: members and auditors."""
        return Gate(
            member=self.member,
            view=self.view,
            auditors=self.home.settings.auditors,
            now=_seconds,
        )

    async def round(self) -> int:
        """One round of the flow; answers how much was done."""
        return await follow_through(self.desk)

    def backlog(self) -> dict[str, int]:
        """What this node has yet to do, by kind; all zero means that it is quiet."""
        records, entries, inbox = tables.records, tables.entries, tables.inbox
        with self.database.read() as connection:
            unsent = connection.execute(
                select(func.count())
                .select_from(records)
                .where(
                    records.c.author == self.member,
                    records.c.receipt.is_(None),
                    records.c.state.in_(UNSENT_STATES),
                )
            ).scalar_one()
            ready = connection.execute(
                select(func.count())
                .select_from(inbox)
                .join(entries, (entries.c.id == inbox.c.id) & (entries.c.author == inbox.c.author))
                .where(inbox.c.state == "received")
            ).scalar_one()
            return {
                "unsent": int(unsent),
                "unopened": work.count(connection, records, "pending") + int(ready),
                "arrived_early": work.count(connection, inbox, "received") - int(ready),
                "undelivered": work.count(connection, tables.outbox, "queued"),
                "changed": len(work.changed(connection)),
            }

    def erase(self, subject: SubjectId) -> int:
        """End of retention: destroy a subject's keys here; answers how many records went.

        What others hold is theirs to erase; the ledger keeps verifying without any of it.
        """
        with self.database.write() as connection:
            gone = self.records.erase(connection, subject)
        self.facts.forget()
        return gone

    def check_registered(self) -> None:
        """Raise StartError unless the ledger names this home's record key as active."""
        member = self.view.registry.members[self.member]
        if self.keys.record.public_key not in {k.public_key for k in member.active_keys("record")}:
            raise StartError(
                f"{self.home.keys_directory / 'record.key'}: not an active record key of "
                f"{self.member} on the ledger; restore it, or register it by a governance entry"
            )

    async def close(self) -> None:
        """Let go of network and databases."""
        await self.ledger.stop()  # a sequencer pushes to its mirrors up to here
        await self.client.aclose()
        self.database.close()


def _keeper(role: str, facts: Facts, preparer: Preparer) -> HouseholdKeeper | None:
    """A municipality keeps signals and announces; nobody else has households."""
    if role != MUNICIPALITY:
        return None
    return HouseholdKeeper(facts, preparer, load_pay_calendars())


def _clock(now: Now, today: Today) -> Now:
    """The day as `today` says, the hour as `now`: what the clockwork goes by."""

    def clock() -> datetime:
        return datetime.combine(today(), now().astimezone(NETHERLANDS).timetz())

    return clock


def holder_name(directory: Path) -> str:
    """A home on a machine in a few characters: a lease's column is no place for a long path."""
    path = hashlib.sha256(str(directory.resolve()).encode()).hexdigest()
    return f"{socket.gethostname()[:40]}:{path[:16]}"


def _author(home: Home, keys: Keys) -> Author:
    settings = home.settings
    return Author(
        member=settings.member,
        source=settings.source,
        covenants=settings.covenants,
        signer=keys.record,
        id_secret=keys.id_secret,
    )


def _genesis(home: Home) -> Registry:
    """The members that the trusted genesis names, this node's among them."""
    try:
        content = home.genesis_file.read_bytes()
    except OSError:
        raise StartError(
            f"{home.genesis_file}: missing; take it from another member and compare its digest"
        ) from None
    registry = genesis_registry(content)
    if home.settings.member not in registry.members:
        raise StartError(f"{home.genesis_file}: names no member {home.settings.member}")
    return registry


def _seconds() -> int:
    return int(time.time())
