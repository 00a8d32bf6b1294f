"""What this node's logbook tells: to its own pages, and to the municipality where somebody lives.

Another member asks about one person, named inside a seal to this node. It is answered for the
municipality that this node knows as his residence, or, where residences are not known here, for one
that itself wrote of him; to all others nobody is known. Each question is a reading too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from pydantic import ValidationError
from sqlalchemy import Connection, select

from node.access import MUNICIPALITY, municipality_member
from node.errors import MisfitError, RefusedError, SealError
from node.ledger_view import LedgerView, role_of
from node.looked.ldv import RECORD_CLASS, answer_json, parse_question
from node.looked.logbook_sql import Logbook
from node.looked.reading import Caller
from node.looked.trace import new_trace, parse_traceparent
from node.looked.views import Purpose
from node.receiving.competent import residence_at
from node.sealing import SealContext, open_sealed
from node.setup.hpke_keys import HpkePrivateKey
from node.stores import schema_sql as tables
from node.stores.database_sql import Database
from node.stores.store_sql import Records
from node.subjects import Subjects
from scheduler.folding.facts import SubjectId
from specs.records import PersonRef

LOOKING_UP: Final = "inzage-logboek"  # the processing activity of asking who looked
LAST: Final = 2**53  # residences as told by all entries so far


class LookedAnswers:
    """Answers out of one node's logbook; blocking, safe to use from several threads."""

    def __init__(
        self,
        *,
        member: str,
        hpke: HpkePrivateKey,
        database: Database,
        records: Records,
        logbook: Logbook,
        view: LedgerView,
    ) -> None:
        self._member = member
        self._hpke = hpke
        self._database = database
        self._records = records
        self._logbook = logbook
        self._view = view

    def answer(self, asker: str, body: bytes, traceparent: str | None) -> bytes:
        """The answer to a member; raises RefusedError (not_competent, malformed)."""
        if role_of(self._view.registry, asker) != MUNICIPALITY:
            raise RefusedError("not_competent", "only a municipality asks, for who lives there")
        question = parse_question(body)
        context = SealContext(
            log=self._view.registry.log,
            id=question.id,
            author=asker,
            record_class=RECORD_CLASS,
            recipient=self._member,
        )
        caller = Caller(member=asker, span=parse_traceparent(traceparent) or new_trace())
        with self._logbook.reading(LOOKING_UP, caller=caller):
            person = self._open(question.sealed, question.suite, context)
            with self._database.read() as connection:
                subject = self._asked_of(connection, asker, person)
        if subject is None:
            return answer_json(False, ())
        return answer_json(True, self.own(subject, person.bsn))

    def own(self, subject: SubjectId, bsn: str | None) -> list[tuple[str, Purpose]]:
        """Activity and purpose of every reading of a person here; a masked one by month only."""
        names = [str(subject)] + ([] if bsn is None else [self._records.subjects.lookup(bsn)])
        days: dict[str, dict[object, int]] = {}
        for one in self._logbook.of(names):
            masked = self._logbook.register.activity(one.activity).shown == "masked"
            day = one.day.replace(day=1) if masked else one.day
            counts = days.setdefault(one.activity, {})
            counts[day] = counts.get(day, 0) + one.count
        return [(name, self._purpose(name, counts.items())) for name, counts in days.items()]

    def _purpose(self, name: str, days: Iterable[tuple[object, int]]) -> Purpose:
        activity = self._logbook.register.activity(name)
        return Purpose(
            shown=activity.shown,
            name_nl=activity.name_nl,
            name_en=activity.name_en,
            law=activity.law_name,
            law_url=activity.law_url,
            article=activity.article,
            days=tuple(sorted(days)),  # type: ignore[arg-type]
        )

    def _open(self, sealed: bytes, suite: str, context: SealContext) -> PersonRef:
        """Who is asked about; noted by the subject's identity, which `_asked_of` compares."""
        try:
            content = open_sealed(sealed, suite, self._hpke, context, self._logbook)
            return PersonRef.model_validate(json.loads(content.payload))
        except (SealError, ValueError, ValidationError):
            raise RefusedError("malformed", "dataSubject: not sealed to this node's key") from None

    def _asked_of(self, connection: Connection, asker: str, person: PersonRef) -> SubjectId | None:
        """The person, if he is known here and the asker may ask for him."""
        try:
            subject = self._records.subjects.find(connection, person)
        except MisfitError:
            return None
        if subject is None:
            return None
        self._logbook.note((subject,))
        lives = residence_at(self._records.residences(connection, subject), LAST)
        if lives is not None:
            return subject if municipality_member(lives) == asker else None
        return subject if _wrote(connection, asker, subject) else None


def _wrote(connection: Connection, author: str, subject: SubjectId) -> bool:
    """Whether a member itself wrote of this person to this node."""
    persons = tables.persons
    query = select(persons.c.id).where(persons.c.subject == subject, persons.c.author == author)
    return connection.execute(query.limit(1)).first() is not None


def identity_of(database: Database, subjects: Subjects, subject: SubjectId) -> PersonRef:
    """BSN, birth date and surname of somebody of this node; call it within a reading."""
    with database.read() as connection:
        return subjects.identity(connection, subject)
