"""The line of one node: a crash between two steps repeats the second, never its effect."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import BusyError
from node.errors import NodeError, UnavailableError
from node.facts import Facts
from node.flow import Desk, answer_changes
from node.members.batches import BATCH_MAX, Batches
from node.members.sequencer_http import Held
from node.stores import schema_sql as tables
from node.stores import work_sql as work
from node.submit import Submitter
from scheduler.folding.facts import SubjectId
from specs.records import STATED, RecordDraft
from tests import node_drafts as drafts
from tests.node_desk import NOW, TestDesk

TODAY = date(2026, 11, 22)


class Silent:
    """A sequencer that is never reached in these tests."""

    async def submit(self, envelopes: Sequence[bytes]) -> list[Held | NodeError | BusyError]:
        raise UnavailableError("sequencer: not here")


class Answering:
    """Answers one draft per changed subject; fails as often as told."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.asked: list[tuple[SubjectId, ...]] = []
        self.meanwhile: Callable[[], None] = lambda: None

    def __call__(
        self, facts: Facts, changed: Sequence[SubjectId], today: date
    ) -> Sequence[RecordDraft]:
        self.asked.append(tuple(changed))
        assert today == TODAY
        if self.failures:
            self.failures -= 1
            raise OSError("the machine went away")
        self.meanwhile()
        return [drafts.statement(facts.person(subject)) for subject in changed]


def line(desk: TestDesk, answering: Answering) -> Desk:
    """The line of a municipality's node, for the step that answers changes."""
    unused: Any = None
    return Desk(
        database=desk.database,
        submitter=Submitter(desk.database, desk.records, desk.preparer, Silent(), lambda: NOW),
        reader=unused,
        deliveries=unused,
        facts=desk.facts,
        answering=answering,
        today=lambda: TODAY,
    )


def statements(desk: TestDesk) -> int:
    """How many statements are stored, recorded or not."""
    with desk.database.read() as connection:
        found = desk.records.where(connection, tables.records.c.type == STATED)
    return len(found)


def changed(desk: TestDesk) -> int:
    with desk.database.read() as connection:
        return len(work.changed(connection))


def test_what_changed_is_answered_once(tmp_path: Path) -> None:
    desk, answering = TestDesk(tmp_path, "gm0344"), Answering()
    desk.record(drafts.move())
    desk.follow()

    async def run() -> None:
        assert await answer_changes(line(desk, answering)) == 1
        assert await answer_changes(line(desk, answering)) == 0

    asyncio.run(run())
    assert (len(answering.asked), statements(desk), changed(desk)) == (1, 1, 0)


def test_a_failure_leaves_the_mark_and_the_next_round_answers(tmp_path: Path) -> None:
    desk, answering = TestDesk(tmp_path, "gm0344"), Answering(failures=1)
    desk.record(drafts.move())
    desk.follow()

    async def run() -> None:
        with pytest.raises(OSError, match="went away"):
            await answer_changes(line(desk, answering))
        assert changed(desk) == 1
        await answer_changes(line(desk, answering))

    asyncio.run(run())
    assert (statements(desk), changed(desk)) == (1, 0)


def test_answers_stored_before_a_crash_are_not_stored_again(tmp_path: Path) -> None:
    desk, answering = TestDesk(tmp_path, "gm0344"), Answering()
    desk.record(drafts.move())
    desk.follow()

    async def run() -> None:
        await answer_changes(line(desk, answering))
        with desk.database.write() as connection:  # as if the mark had not been taken away yet
            work.mark_changed(connection, desk.facts.subjects())
        await answer_changes(line(desk, answering))

    asyncio.run(run())
    assert (len(answering.asked), statements(desk)) == (2, 1)


def test_a_change_that_comes_while_answering_stays_marked(tmp_path: Path) -> None:
    desk, answering = TestDesk(tmp_path, "gm0344"), Answering()
    desk.record(drafts.move())
    desk.follow()

    def another() -> None:
        desk.record(drafts.move(to="0344", day=date(2026, 2, 1), n=1))
        desk.follow()

    answering.meanwhile = another

    async def run() -> None:
        await answer_changes(line(desk, answering))
        assert changed(desk) == 1
        answering.meanwhile = lambda: None
        await answer_changes(line(desk, answering))
        assert changed(desk) == 0

    asyncio.run(run())


def test_a_member_without_a_task_takes_note_and_goes_on(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "gm0344")
    desk.record(drafts.move())
    desk.follow()
    idle = replace(line(desk, Answering()), answering=None)
    assert asyncio.run(answer_changes(idle)) == 1
    assert (statements(desk), changed(desk)) == (0, 0)


def test_jobs_that_come_together_are_done_together() -> None:
    seen: list[int] = []

    async def work_on(jobs: Sequence[int]) -> Sequence[int | Exception]:
        seen.append(len(jobs))
        await asyncio.sleep(0)
        return [ValueError("odd") if job % 2 else job * 10 for job in jobs]

    async def run() -> None:
        batches: Batches[int, int] = Batches(work_on)
        found = await asyncio.gather(
            *(batches.do(job) for job in range(BATCH_MAX + 10)), return_exceptions=True
        )
        assert found[4] == 40
        assert isinstance(found[5], ValueError)
        assert await batches.do(2) == 20

    asyncio.run(run())
    assert seen == [BATCH_MAX, 10, 1]


def test_a_batch_that_fails_fails_for_each_of_its_jobs() -> None:
    async def work_on(jobs: Sequence[int]) -> Sequence[int | Exception]:
        raise OSError("disk")

    async def run() -> None:
        batches: Batches[int, int] = Batches(work_on)
        found = await asyncio.gather(*(batches.do(n) for n in range(3)), return_exceptions=True)
        assert [type(each) for each in found] == [OSError] * 3

    asyncio.run(run())
