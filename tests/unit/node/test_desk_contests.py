"""A contest at the desk of who wrote the record: decided by two clerks, recorded once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from node.contests.desk import OUTCOMES
from node.desk.contest_desk import WORDS, Contests
from node.desk.office import ACTIVITY
from node.desk.proposals import Proposals
from node.desk.proposals_sql import DecidedError, SameClerkError
from node.errors import RefusedError
from specs.records import ContestDecision
from tests import node_drafts as drafts
from tests.contest_book import contest_draft
from tests.desk_office import office_of, readings
from tests.node_desk import Line, TestDesk

FIRST, SECOND = "medewerker-een", "medewerker-twee"
KINDS = ("contest",)


@pytest.fixture
def uwv(tmp_path: Path) -> TestDesk:
    """UWV's node: its wage statement of Anna is contested through her municipality."""
    line = Line()
    uwv = TestDesk(tmp_path, "uwv", line=line)
    town = TestDesk(tmp_path, "gm0344", line=line)
    wage, move = uwv.record(drafts.income()), town.record(drafts.move())
    town.deliver(uwv.parcel(wage, "gm0344"))
    uwv.deliver(town.parcel(move, "uwv"))
    uwv.follow()
    town.follow()
    fact = town.facts.fact("uwv", wage)
    assert fact is not None
    uwv.deliver(town.parcel(town.record(contest_draft(fact, 200_000)), "uwv"))
    uwv.follow()
    return uwv


def test_two_clerks_decide_and_the_decision_is_a_record(uwv: TestDesk) -> None:
    assert WORDS.keys() == set(OUTCOMES)
    contests = Contests(office_of(uwv))
    proposals = Proposals(office_of(uwv), {"contest": contests})
    (row,) = contests.waiting()
    view = contests.contest(row.contest)
    assert (view.surname, view.found.claimed_cents) == ("Moulin", 200_000)
    assert view.found.subject in readings(uwv, ACTIVITY)
    with pytest.raises(RefusedError):
        contests.propose(FIRST, row.contest, "lost", "Nee.")
    with pytest.raises(LookupError):
        contests.propose(FIRST, "x" * 43, "upheld", "Ja.")
    contests.propose(FIRST, row.contest, "upheld", "De uren kloppen.")
    with pytest.raises(DecidedError):
        contests.propose(SECOND, row.contest, "rejected", "Nee.")
    (waits,) = proposals.waiting(SECOND, KINDS)
    assert contests.waiting()[0].waiting == waits.id
    with pytest.raises(SameClerkError):
        asyncio.run(proposals.agree(FIRST, waits.id, KINDS))
    assert len(contests.waiting()) == 1
    asyncio.run(proposals.agree(SECOND, waits.id, KINDS))
    assert contests.waiting() == ()
    found = [uwv.facts.fact("uwv", entry.id) for entry in uwv.line.entries]
    (data,) = [one.data for one in found if one and isinstance(one.data, ContestDecision)]
    assert (data.outcome, data.reason) == ("upheld", "De uren kloppen.")
