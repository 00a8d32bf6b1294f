"""Persons who do not fit: decided by two clerks, joined, undone, and derived again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from node.desk.office import ACTIVITY
from node.desk.persons import Persons
from node.desk.proposals import Proposals
from node.desk.proposals_sql import DecidedError, SameClerkError
from node.stores import work_sql as work
from specs.records import PersonRef
from tests import node_drafts as drafts
from tests.desk_office import office_of, readings
from tests.node_desk import TestDesk
from tests.unit.node.test_accept import Two

FIRST, SECOND = "medewerker-een", "medewerker-twee"
KINDS = ("join", "other_person", "unjoin")
MARRIED = drafts.ANNA.model_copy(update={"surname": "Smit"})


class Case:
    """Toeslagen knows Anna; UWV tells her wage under another name."""

    def __init__(self, directory: Path) -> None:
        self.two = Two(directory, "uwv", "toeslagen")
        self.two.send(drafts.income())
        self.desk = self.two.recipient
        self.other = TestDesk(directory, "uwv", line=self.two.line, name="other")
        self.record = self.send(MARRIED, 2)
        office = office_of(self.desk)
        self.persons = Persons(office)
        works = dict.fromkeys(KINDS, self.persons)
        self.proposals = Proposals(office, works)  # type: ignore[arg-type]

    def send(self, person: PersonRef, n: int) -> str:
        identity = self.other.record(drafts.income(person, n=n))
        self.desk.deliver(self.other.parcel(identity, "toeslagen"))
        self.desk.follow()
        return identity

    def propose(self, *, same: bool) -> str:
        self.persons.propose(FIRST, "uwv", self.record, same=same, reason="Zij is getrouwd.")
        return self.waiting()

    def waiting(self) -> str:
        (row,) = self.proposals.waiting(SECOND, KINDS)
        return row.id

    def agree(self, identity: str, staff: str = SECOND) -> None:
        asyncio.run(self.proposals.agree(staff, identity, KINDS))
        self.desk.follow()

    def state(self) -> str | None:
        return self.desk.state("uwv", self.record)

    def annas(self) -> int:
        subject = self.desk.subject(drafts.ANNA)
        assert subject is not None
        return len(self.desk.facts.facts_of([subject]))

    def changed(self) -> bool:
        """Whether the flow will look at Anna again; it has then."""
        with self.desk.database.write() as connection:
            found = work.changed(connection)
            work.clear_changed(connection, found)
        return self.desk.subject(drafts.ANNA) in found


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def test_a_misfit_waits_without_content_and_opening_it_is_logged(case: Case) -> None:
    (row,) = case.persons.waiting().misfits
    assert (row.author_name, row.record, row.waiting) == ("uwv", case.record, None)
    assert readings(case.desk, ACTIVITY) == set()
    view = case.persons.misfit("uwv", case.record)
    ((name, born),) = view.persons
    assert (name.before, name.after) == ("Moulin", "Smit")
    assert born.before == born.after == "1990-05-01"
    assert case.desk.subject(drafts.ANNA) in readings(case.desk, ACTIVITY)


def test_two_clerks_join_and_later_records_under_that_name_fit_too(case: Case) -> None:
    case.changed()
    identity = case.propose(same=True)
    with pytest.raises(SameClerkError):
        case.agree(identity, FIRST)
    assert (case.state(), case.annas()) == ("misfit", 1)
    case.agree(identity)
    assert (case.state(), case.annas()) == ("opened", 2)
    assert case.changed()  # what rests on her facts is derived again
    assert not case.desk.desk()
    case.send(MARRIED, 3)
    assert case.annas() == 3


def test_another_birth_date_is_not_covered_by_a_join_of_names(case: Case, tmp_path: Path) -> None:
    case.agree(case.propose(same=True))
    born = MARRIED.model_copy(update={"birth_date": drafts.BRAM.birth_date})
    case.other = TestDesk(tmp_path, "uwv", line=case.two.line, name="third")
    record = case.send(born, 4)
    assert case.desk.state("uwv", record) == "misfit"


def test_two_clerks_say_that_it_is_somebody_else_and_the_author_is_told(case: Case) -> None:
    case.agree(case.propose(same=False))
    assert (case.state(), case.annas()) == ("mismatch", 1)
    assert case.desk.desk() == {(case.record, "other_person")}
    assert case.persons.waiting().misfits == ()


def test_undoing_a_join_puts_every_record_back_and_marks_the_person(case: Case) -> None:
    case.agree(case.propose(same=True))
    later = case.send(MARRIED, 3)
    case.changed()
    (join,) = case.persons.waiting().joins
    case.persons.propose_undoing(FIRST, join.proposal, "Het was haar zus.")
    with pytest.raises(DecidedError):
        case.persons.propose_undoing(SECOND, join.proposal, "Ook gezien.")
    identity = case.waiting()
    with pytest.raises(SameClerkError):
        case.agree(identity, FIRST)
    assert case.annas() == 3
    case.agree(identity)
    assert case.annas() == 1
    assert [case.desk.state("uwv", one) for one in (case.record, later)] == ["misfit"] * 2
    assert case.changed()
    view = case.persons.waiting()
    assert {one.record for one in view.misfits} == {case.record, later}
    assert view.joins == ()


def test_what_was_undone_may_be_joined_again_with_the_same_content(case: Case) -> None:
    case.agree(case.propose(same=True))
    before = case.desk.facts.fact("uwv", case.record)
    (join,) = case.persons.waiting().joins
    case.persons.propose_undoing(FIRST, join.proposal, "Vergissing.")
    case.agree(case.waiting())
    case.agree(case.propose(same=True))
    after = case.desk.facts.fact("uwv", case.record)
    assert before is not None
    assert after == before


def test_a_join_carried_out_twice_after_a_crash_is_one_join(case: Case) -> None:
    identity = case.propose(same=True)
    proposal = case.proposals._agreed(SECOND, identity, KINDS)  # type: ignore[arg-type]
    asyncio.run(case.persons.carry_out(proposal))  # and here the process dies
    case.desk.follow()
    assert case.proposals.proposal(SECOND, identity, KINDS).changes == ()  # type: ignore[arg-type]
    case.agree(identity)
    assert case.annas() == 2
    assert case.proposals.waiting(SECOND, KINDS) == ()  # type: ignore[arg-type]


def test_only_what_waits_can_be_decided(case: Case) -> None:
    with pytest.raises(LookupError):
        case.persons.misfit("uwv", "x" * 43)
    with pytest.raises(LookupError):
        case.persons.propose(FIRST, "uwv", "x" * 43, same=True, reason="x")
    case.agree(case.propose(same=True))
    with pytest.raises(LookupError):
        case.persons.propose(FIRST, "uwv", case.record, same=True, reason="nog eens")
