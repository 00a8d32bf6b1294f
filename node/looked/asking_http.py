"""Who looked at one person, anywhere: this node's own logbook, and the others' asked over HTTP.

Asked are the members that this node exchanged something about the person with, and the national
ones. Each gets the person sealed to its own key, in the body of a POST with a `traceparent`; who
does not answer in time is named on the page, never left out in silence.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import httpx
from sqlalchemy import select

from node.errors import ErasedError
from node.ledger_view import LedgerView, hpke_key_of, role_of
from node.looked.answers_sql import LOOKING_UP, LookedAnswers, identity_of
from node.looked.ldv import PATH, RECORD_CLASS, Question, parse_answer
from node.looked.logbook_sql import Logbook
from node.looked.trace import HEADER
from node.looked.views import LookedView, Purpose, looked_view
from node.sealing import SealContext, new_content, seal
from node.stores import schema_sql as tables
from node.stores.database_sql import Database
from node.stores.store_sql import Records
from scheduler.folding.facts import SubjectId
from specs.canonical import canonical_bytes
from specs.records import PersonRef

NATIONAL: Final = ("toeslagen", "uwv", "svb", "belastingdienst")
ANSWER_SECONDS: Final = 4.0
ANSWER_BYTES_MAX: Final = 1_000_000
KEPT_SECONDS: Final = 300.0  # a page loaded again asks nobody again
KEPT_MAX: Final = 1_000
ID_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class _Here:
    """What this node knows before it asks others."""

    person: PersonRef
    own: list[Purpose]
    members: tuple[str, ...]
    traceparent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What one member told; `purposes` None when it did not answer, empty when it knows nobody."""

    member: str
    known: bool
    purposes: list[Purpose] | None


class WhoLooked:
    """WhoLookedPort (portal/surface.py) of a municipality's node."""

    def __init__(
        self,
        *,
        member: str,
        database: Database,
        records: Records,
        logbook: Logbook,
        answers: LookedAnswers,
        view: LedgerView,
        peers: Mapping[str, str],
        client: httpx.AsyncClient,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """client: signs its requests to members itself (members/member_http.py)."""
        self._member = member
        self._database = database
        self._records = records
        self._logbook = logbook
        self._answers = answers
        self._view = view
        self._peers = peers
        self._client = client
        self._monotonic = monotonic
        self._kept: OrderedDict[str, tuple[float, list[_Answer]]] = OrderedDict()

    async def who(self, person: str) -> LookedView:
        """See WhoLookedPort; raises LookupError for somebody whose data was erased."""
        here = await asyncio.to_thread(self._here, SubjectId(person))
        answers = await self._asked(person, here)
        told: dict[str, list[Purpose]] = {self._name(self._member): here.own}
        for one in answers:
            told[self._name(one.member)] = [
                # What somebody looked at elsewhere as himself is a question this page asked.
                purpose
                for purpose in one.purposes or ()
                if purpose.shown != "own"
            ]
        return looked_view(
            told,
            silent=[self._name(one.member) for one in answers if one.purposes is None],
            unknown=[self._name(one.member) for one in answers if not one.known],
            retention_years=self._logbook.register.retention_years,
        )

    def _here(self, subject: SubjectId) -> _Here:
        with self._logbook.reading(LOOKING_UP) as reading:
            reading.note((subject,))
            try:
                person = identity_of(self._database, self._records.subjects, subject)
            except ErasedError as error:
                raise LookupError("nobody here any more") from error
            traceparent = reading.traceparent
        own = [purpose for _, purpose in self._answers.own(subject, person.bsn)]
        return _Here(
            person=person, own=own, members=self._partners(subject), traceparent=traceparent
        )

    def _partners(self, subject: SubjectId) -> tuple[str, ...]:
        """Members that wrote of a person to this node or were written to, and the national ones."""
        persons, outbox = tables.persons, tables.outbox
        about = persons.c.subject == subject
        with self._database.read() as connection:
            authors = connection.execute(select(persons.c.author).where(about).distinct())
            found = set(authors.scalars())
            sent = select(outbox.c.recipient).join(persons, persons.c.id == outbox.c.id)
            found |= set(connection.execute(sent.where(about).distinct()).scalars())
        members = self._view.registry.members
        found |= {name for name in members if role_of(self._view.registry, name) in NATIONAL}
        return tuple(sorted(name for name in found if name in members and name != self._member))

    async def _asked(self, person: str, here: _Here) -> list[_Answer]:
        """What the others told, a moment ago or now."""
        kept = self._kept.get(person)
        if kept is not None and self._monotonic() - kept[0] < KEPT_SECONDS:
            return kept[1]
        answers = list(await asyncio.gather(*(self._ask(name, here) for name in here.members)))
        if all(one.purposes is not None for one in answers):
            self._kept[person] = (self._monotonic(), answers)
            while len(self._kept) > KEPT_MAX:
                self._kept.popitem(last=False)
        return answers

    async def _ask(self, member: str, here: _Here) -> _Answer:
        silent = _Answer(member=member, known=True, purposes=None)
        url = self._peers.get(member)
        if url is None:
            return silent
        try:
            answer = await self._client.post(
                url.rstrip("/") + PATH,
                content=await asyncio.to_thread(self._sealed, member, here.person),
                headers={"Content-Type": "application/json", HEADER: here.traceparent},
                timeout=ANSWER_SECONDS,
            )
        except httpx.HTTPError:
            return silent
        if answer.status_code != httpx.codes.OK or len(answer.content) > ANSWER_BYTES_MAX:
            return silent
        try:
            purposes = parse_answer(answer.content)
        except ValueError:
            return silent
        known = json.loads(answer.content)["known"] is True
        return _Answer(member=member, known=known, purposes=purposes)

    def _sealed(self, member: str, person: PersonRef) -> bytes:
        key = hpke_key_of(self._view.registry, member)
        identifier = secrets.token_urlsafe(ID_BYTES)
        context = SealContext(
            log=self._view.registry.log,
            id=identifier,
            author=self._member,
            record_class=RECORD_CLASS,
            recipient=member,
        )
        content = new_content(canonical_bytes(person.model_dump(mode="json")))
        question = Question(id=identifier, suite=key.suite_name, sealed=seal(content, key, context))
        return question.as_json()

    def _name(self, member: str) -> str:
        found = self._view.registry.members.get(member)
        return member if found is None else found.name
