"""The real pay dates over the demo's facts, with a door that records into the book: for tests of
the pages and of agreeing. What a ledger does with the records is tested on running nodes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import date
from functools import cache
from pathlib import Path

from sqlalchemy import insert

from node.answering import rulebook
from node.errors import UnavailableError
from node.flows import Naming
from node.households import Circles
from node.looked.logbook_sql import Logbook
from node.paydate.endings import plans_ended
from node.paydates import PayDateDesk, PayDates
from node.plans import plans_for
from node.portal.calendar_words import AGENCY_WORDS
from node.portal.paydate_views import Outcome, PathsView, PayDateView, WayBackView
from node.sealing import bound, encrypt, new_key
from node.stores import schema_sql as tables
from node.stores.store_sql import Records
from node.subjects import Subjects
from node.submit import Recorded
from scheduler.folding.facts import Fact
from scheduler.planning.payday_files import load_pay_calendars
from specs.records import ENROLLED, RecordDraft
from tests.browser.household_views import DE_VRIES, NEWCOMER, YILMAZ
from tests.calendar_book import NAMES, OSEI, WIT, recorded_book
from tests.household_facts import TODAY, Book
from tests.node_desk import TestDesk

BAKKER, YILDIZ = "999903226", "999903639"  # married, three children
VISSER, DEKKER = "999912197", "999912598"  # registered partners
HOME = "gm0344"
WRAP = bytes(range(32))
NAMING = Naming(member=HOME, names={**AGENCY_WORDS, **NAMES})


class OpenBook(Book):
    """A book that answers for single records too, and logs who looks."""

    log: Logbook

    def fact(self, author: str, record: str) -> Fact | None:
        found = (one for one in self.facts if (one.author, one.record) == (author, record))
        return next(found, None)

    def reading(self) -> AbstractContextManager[object]:
        return self.log.reading("betaaldag-plannen")


class Door:
    """Records an agreement as a fact, and what a municipality's node makes of it."""

    def __init__(self, book: OpenBook) -> None:
        self.book = book
        self.drafts: list[RecordDraft] = []
        self.away = False
        self.today = TODAY
        self._ids: dict[str, str] = {}

    async def record(self, draft: RecordDraft) -> Recorded:
        if self.away:
            raise UnavailableError("the sequencer does not answer")
        known = self._ids.get(draft.source_event_id)
        if known is None:
            self.drafts.append(draft)
            (fact,) = self.book.add(HOME, [draft])
            known = self._ids[draft.source_event_id] = fact.record
            self.follow(sorted(set(fact.subjects.values())))
        return Recorded(record=known, index=1, receipt=b"", repeated=known is not None)

    def follow(self, changed: Sequence[str]) -> None:
        """Plans and ends of plans, as answering.py makes them."""
        circles = Circles(self.book)
        calendars = load_pay_calendars()
        found = plans_for(
            circles, changed, naming=NAMING, today=self.today, calendars=calendars,
            rulebook=rulebook(),
        )  # fmt: skip
        for outcome in found.values():
            self.book.add(HOME, outcome.all_drafts())
        ended = plans_ended(circles, changed, naming=NAMING, today=self.today, members=())
        self.book.add(HOME, ended)


class PayDateBook:
    """Pay dates over the demo set. `outside`: households that never enrolled, by their members."""

    def __init__(self, directory: Path, outside: Sequence[str] = ()) -> None:
        facts = [
            one
            for one in recorded_book().facts
            if one.type != ENROLLED or one.subject() not in outside
        ]
        self.book = OpenBook(facts)
        self.desk = TestDesk(directory, HOME, name=f"paydates-{len(outside)}")
        self.book.log = self.desk.log
        self.door = Door(self.book)
        self.day = TODAY
        self.woken = 0
        subjects = Subjects(b"l" * 32, WRAP, self.desk.log)
        with self.desk.database.write() as connection:
            for subject in self.book.subjects():
                key = encrypt(WRAP, new_key(), bound("subject-key", subject, "0"))
                connection.execute(
                    insert(tables.subject_keys).values(subject=subject, term=0, wrapped=key)
                )
        desk = PayDateDesk(
            facts=self.book, database=self.desk.database, records=Records(subjects),
            record=self.door.record, today=self.today, wake=self._wake,
        )  # fmt: skip
        self.paydates = PayDates(desk, NAMING, load_pay_calendars())

    def today(self) -> date:
        """The day of the pages, and of what follows from a record."""
        self.door.today = self.day
        return self.day

    def _wake(self) -> None:
        self.woken += 1

    def close(self) -> None:
        """Close the database."""
        self.desk.close()


WHO = {
    DE_VRIES: WIT, "persoon-vries": WIT,
    YILMAZ: BAKKER, "persoon-yilmaz": BAKKER,
    NEWCOMER: OSEI, "persoon-nieuw": OSEI,
}  # fmt: skip


class SamplePayDates:
    """PayDatePort for the households of the hand-made pages: each stands for one of the demo."""

    def __init__(self, directory: Path) -> None:
        self.behind = PayDateBook(directory, outside=(OSEI,))
        self._real = self.behind.paydates

    def page(self, household: str, person: str) -> PayDateView:
        return self._real.page(WHO[household], WHO.get(person, person))

    def offer(self, household: str, day: int) -> PathsView | None:
        return self._real.offer(WHO[household], day)

    def day_now(self, household: str) -> int | None:
        return self._real.day_now(WHO[household])

    def way_back(self, household: str) -> WayBackView | None:
        return self._real.way_back(WHO[household])

    async def agree(self, household: str, person: str, day: int, shown: str, seen: int) -> Outcome:
        return await self._real.agree(WHO[household], WHO.get(person, person), day, shown, seen)

    async def leave(self, household: str, person: str, shown: str, seen: int) -> Outcome:
        return await self._real.leave(WHO[household], WHO.get(person, person), shown, seen)


_KEPT = tempfile.TemporaryDirectory(prefix="vastedag-paydates-")


@cache
def shared_paydates() -> SamplePayDates:
    """The same for all tests of a run that agree to nothing; its file goes with the run."""
    return SamplePayDates(Path(_KEPT.name))


class LatePayDates:
    """The shared ones, made when a page first asks for them."""

    def __getattr__(self, name: str) -> object:
        return getattr(shared_paydates(), name)
