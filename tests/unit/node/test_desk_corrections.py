"""Correcting own records: the form as content, one clerk or two, and what follows from it."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest

from node.desk.correction_views import CorrectionRequest
from node.desk.corrections import CORRECTED_BY, Corrections, correction_type
from node.desk.field_words import CHOICE_WORDS, FIELD_WORDS
from node.desk.fields import Version, _inner, cents_of, euros, fields_of, has_money, rewrite
from node.desk.office import ACTIVITY
from node.desk.proposals import Proposals
from node.desk.proposals_sql import DecidedError, SameClerkError
from node.errors import RefusedError
from scheduler.folding.facts import known_facts
from specs.records import RECORD_TYPES, Correction, IncomeStatement, PersonRef, RecordData
from tests import node_drafts as drafts
from tests.desk_office import office_of, readings
from tests.desk_views import RENT
from tests.node_desk import TestDesk

KINDS = ("correction",)
FIRST, SECOND = "medewerker-een", "medewerker-twee"


class Clerks:
    """UWV's desk with one wage statement of its own."""

    def __init__(self, directory: Path) -> None:
        self.desk = TestDesk(directory, "uwv")
        self.record = self.desk.record(drafts.income())
        self.desk.follow()
        office = office_of(self.desk)
        self.corrections = Corrections(office)
        self.proposals = Proposals(office, {"correction": self.corrections})

    def ask(self, *, withdraw: bool = False, reason: str = "Typefout.", **fields: str) -> bool:
        request = CorrectionRequest(
            record=self.record, reason=reason, withdraw=withdraw, fields=fields
        )
        return asyncio.run(self.corrections.correct(FIRST, request))

    def proposal(self) -> str:
        (row,) = self.proposals.waiting(SECOND, KINDS)
        return row.id

    def agree(self, staff: str, identity: str) -> None:
        asyncio.run(self.proposals.agree(staff, identity, KINDS))

    def standing(self) -> list[IncomeStatement]:
        """What the node holds to be so now."""
        subject = self.desk.subject(drafts.ANNA)
        assert subject is not None
        found = known_facts(self.desk.facts.facts_of([subject]), None)
        return [one.data for one in found if isinstance(one.data, IncomeStatement)]


@pytest.fixture
def clerks(tmp_path: Path) -> Clerks:
    return Clerks(tmp_path)


# The form.


def version() -> Version:
    return Version(data=RENT, valid_from=date(2026, 1, 1), valid_until=None)


def test_every_field_that_can_be_corrected_has_words_and_comes_back_the_same() -> None:
    correctable = {name for name in RECORD_TYPES if correction_type(name) is not None}
    assert len(correctable) > len(CORRECTED_BY)
    for draft in (drafts.move(), drafts.birth(), drafts.income(), drafts.union()):
        before = Version(
            data=draft.data, valid_from=draft.valid_from, valid_until=draft.valid_until
        )
        fields = {one.name: one.value for one in fields_of(before)}
        assert rewrite(before, fields).version == before


def test_every_field_and_choice_of_every_correctable_type_has_words() -> None:
    models = [RECORD_TYPES[name].model for name in RECORD_TYPES if correction_type(name)]
    while models:
        for name, info in models.pop().model_fields.items():
            inner = _inner(info.annotation)
            if get_origin(inner) is Literal:
                assert set(get_args(inner)) <= CHOICE_WORDS.keys(), name
            if get_origin(inner) is Literal or inner in (int, str, bool, date):
                assert name in FIELD_WORDS, name
            elif (
                inner is not PersonRef
                and isinstance(inner, type)
                and (issubclass(inner, RecordData))
            ):
                models.append(inner)


@pytest.mark.parametrize(
    ("text", "cents"),
    [("650,00", 65_000), ("1.033,20", 103_320), ("12", 1_200), ("-3,05", -305), ("0", 0)],
)
def test_amounts_are_read_as_they_are_written(text: str, cents: int) -> None:
    assert cents_of(text) == cents
    assert cents_of(euros(cents)) == cents


@pytest.mark.parametrize("text", ["1,5", "1.03,20", "€ 5", "5.5", "", "1e3", "٥", "9" * 40])
def test_what_is_no_amount_is_refused(text: str) -> None:
    assert cents_of(text) is None


def test_the_form_tells_all_that_is_wrong_at_once() -> None:
    made = rewrite(
        version(), {"amount_cents": "veel", "day": "x", "valid_from": "morgen", "every": "soms"}
    )
    assert made.version is None
    assert set(made.wrong) == {"amount_cents", "day", "valid_from", "every"}
    assert set(rewrite(version(), {"day": "32"}).wrong) == {"day"}
    assert set(rewrite(version(), {"valid_until": "2025-12-31"}).wrong) == {"valid_until"}
    assert set(rewrite(version(), {"valid_from": ""}).wrong) == {"valid_from"}


def test_only_an_amount_makes_it_a_matter_of_money() -> None:
    assert rewrite(version(), {"amount_cents": "655,00"}).money
    assert not rewrite(version(), {"day": "2"}).money
    assert has_money(RENT)
    assert not has_money(drafts.move().data)


# One clerk, or two.


def test_what_changes_no_amount_one_clerk_corrects(clerks: Clerks) -> None:
    assert clerks.ask(payer="Bakkerij Halverwege Zuid")
    (now,) = clerks.standing()
    assert now.payer == "Bakkerij Halverwege Zuid"
    assert now.taxable_cents == 215_032
    view = clerks.corrections.record(FIRST, clerks.record)
    assert view.taken_back
    with pytest.raises(RefusedError):
        clerks.ask(payer="Nog anders")


def test_an_amount_changes_only_after_a_second_clerk_agreed(clerks: Clerks) -> None:
    assert not clerks.ask(taxable_cents="2.250,00")
    assert [one.taxable_cents for one in clerks.standing()] == [215_032]
    identity = clerks.proposal()
    view = clerks.proposals.proposal(SECOND, identity, KINDS)
    (change,) = view.changes
    assert (change.before, change.after, view.reason) == ("2.150,32", "2.250,00", "Typefout.")
    clerks.agree(SECOND, identity)
    assert [one.taxable_cents for one in clerks.standing()] == [225_000]
    assert clerks.proposals.waiting(SECOND, KINDS) == ()


def test_withdrawing_an_amount_takes_two_clerks_as_well(clerks: Clerks) -> None:
    assert not clerks.ask(withdraw=True)
    clerks.agree(SECOND, clerks.proposal())
    assert clerks.standing() == []


def test_the_first_clerk_is_never_the_second(clerks: Clerks) -> None:
    clerks.ask(taxable_cents="2.250,00")
    identity = clerks.proposal()
    with pytest.raises(SameClerkError):
        clerks.agree(FIRST, identity)
    assert [one.taxable_cents for one in clerks.standing()] == [215_032]
    assert clerks.proposals.waiting(FIRST, KINDS)[0].mine


def test_a_refused_proposal_changes_nothing_and_is_decided_once(clerks: Clerks) -> None:
    clerks.ask(taxable_cents="2.250,00")
    identity = clerks.proposal()
    clerks.proposals.refuse(SECOND, identity, "De opgave klopt.", KINDS)
    with pytest.raises(DecidedError):
        clerks.agree(SECOND, identity)
    assert [one.taxable_cents for one in clerks.standing()] == [215_032]
    assert not clerks.ask(taxable_cents="2.250,00")  # and may be proposed again


def test_two_proposals_about_one_record_do_not_cross(clerks: Clerks) -> None:
    clerks.ask(taxable_cents="2.250,00")
    with pytest.raises(DecidedError):
        clerks.ask(withdraw=True)


def test_a_crash_before_done_is_carried_out_again_without_a_second_record(clerks: Clerks) -> None:
    clerks.ask(taxable_cents="2.250,00")
    identity = clerks.proposal()
    proposal = clerks.proposals._agreed(SECOND, identity, KINDS)
    asyncio.run(clerks.corrections.carry_out(proposal))  # and here the process dies
    entries = len(clerks.desk.line.entries)
    assert clerks.proposals.waiting(SECOND, KINDS)[0].agreed
    clerks.agree(SECOND, identity)
    assert len(clerks.desk.line.entries) == entries
    assert clerks.proposals.waiting(SECOND, KINDS) == ()


def test_another_roles_proposal_is_not_there(clerks: Clerks) -> None:
    clerks.ask(taxable_cents="2.250,00")
    identity = clerks.proposal()
    assert clerks.proposals.waiting(SECOND, ("tailoring",)) == ()
    with pytest.raises(LookupError):
        clerks.proposals.proposal(SECOND, identity, ("tailoring",))


# Whose record, who sees it, and what followed.


def test_only_own_records_are_found_and_every_look_is_logged(clerks: Clerks) -> None:
    assert readings(clerks.desk, ACTIVITY) == set()
    assert drafts.ANNA.bsn is not None
    found = clerks.corrections.find(FIRST, drafts.ANNA.bsn)
    assert [one.record for one in found.records] == [clerks.record]
    assert readings(clerks.desk, ACTIVITY) == {clerks.desk.subject(drafts.ANNA)}
    with pytest.raises(LookupError):
        clerks.corrections.find(FIRST, str(drafts.BRAM.bsn))
    with pytest.raises(LookupError):
        clerks.corrections.record(FIRST, "x" * 43)


def test_who_is_told_of_the_correction_is_shown_afterwards(clerks: Clerks) -> None:
    assert not clerks.corrections.consequences(clerks.record).recorded
    clerks.ask(payer="Bakkerij Halverwege Zuid")
    view = clerks.corrections.consequences(clerks.record)
    assert view.recorded
    told = {name for name, _ in view.told}
    assert told == clerks.desk.outbox(clerks.record)  # whoever read the wrong record


def test_a_correction_itself_is_not_corrected(clerks: Clerks) -> None:
    clerks.ask(payer="Bakkerij Halverwege Zuid")
    for entry in clerks.desk.line.entries:
        fact = clerks.desk.facts.fact("uwv", entry.id)
        if fact is not None and isinstance(fact.data, Correction):
            with pytest.raises(LookupError):
                clerks.corrections.record(FIRST, entry.id)
            return
    raise AssertionError("no correction was recorded")


def test_erasing_the_person_takes_the_proposal_along(clerks: Clerks) -> None:
    clerks.ask(taxable_cents="2.250,00")
    identity = clerks.proposal()
    subject = clerks.desk.subject(drafts.ANNA)
    assert subject is not None
    with clerks.desk.database.write() as connection:
        clerks.desk.records.erase(connection, subject)
    with pytest.raises(LookupError):
        clerks.proposals.proposal(SECOND, identity, KINDS)
