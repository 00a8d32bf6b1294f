"""From a draft to a pending record: one transaction, one id, and what is refused at the door."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from ledger.formats.envelope import parse_envelope, verify_envelope
from node.errors import ConflictError, RefusedError
from node.sealing import commitment
from node.stores import schema_sql as tables
from specs.event import parse_payload
from specs.records import Correction, Move, RecordDraft
from tests import node_drafts as drafts
from tests.node_desk import LOG, NOW, TestDesk, signer


def rows(desk: TestDesk) -> dict[str, int]:
    """Number of rows of every table."""
    with desk.database.read() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in tables.metadata.sorted_tables
        }


def test_payload_header_and_outbox_are_stored_together(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "uwv")
    identity = desk.prepare(drafts.income())
    envelope = parse_envelope(desk.envelope(identity))
    verify_envelope(envelope, signer("uwv", "record").public_key)
    header = envelope.header
    assert (header.log, header.id, header.author) == (LOG, identity, "uwv")
    assert (header.record_class, header.at, header.seen) == ("income", "2026-11-22T04:00:00Z", 1)
    with desk.opening() as connection:
        content = desk.records.content(connection, "uwv", identity)
    assert commitment(content) == header.commitment
    event = parse_payload(content.payload)
    assert (event.log, event.id, event.author, event.record_class) == (
        LOG,
        identity,
        "uwv",
        "income",
    )
    assert event.data == drafts.income().data
    assert event.time == "2026-11-22T04:30:00Z"
    assert desk.outbox(identity) == {"toeslagen", "belastingdienst"}


def test_the_same_draft_again_is_the_same_record(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "uwv")
    identity = desk.prepare(drafts.income())
    envelope, before = desk.envelope(identity), rows(desk)
    desk.view.size = 5
    assert desk.prepare(drafts.income(), NOW + timedelta(hours=3)) == identity
    assert desk.envelope(identity) == envelope
    assert rows(desk) == before


@pytest.mark.parametrize(
    "changed",
    [
        drafts.income(cents=215_033),
        replace(drafts.income(), valid_from=date(2026, 10, 2)),
        replace(drafts.income(), valid_until=None),
    ],
)
def test_the_same_id_with_other_content_is_refused(tmp_path: Path, changed: RecordDraft) -> None:
    desk = TestDesk(tmp_path, "uwv")
    desk.prepare(drafts.income())
    before = rows(desk)
    with pytest.raises(ConflictError) as caught:
        desk.prepare(changed)
    assert caught.value.problem.status == 409
    assert rows(desk) == before


@pytest.mark.parametrize(
    ("member", "draft", "code"),
    [
        ("uwv", drafts.with_type(drafts.income(), "nl.example.nothing"), "unknown_type"),
        ("woonstad", drafts.income(), "not_competent"),
        ("lichtstroom", drafts.move(), "not_competent"),
        ("toeslagen", drafts.charge(), "not_competent"),
        ("uwv", drafts.income(drafts.NAMELESS), "misfit"),
        ("gm0344", drafts.correction("x" * 43), "invalid_event"),
    ],
)
def test_what_is_refused_leaves_nothing(
    tmp_path: Path, member: str, draft: RecordDraft, code: str
) -> None:
    desk = TestDesk(tmp_path, member)
    with pytest.raises(RefusedError) as caught:
        desk.prepare(draft)
    assert caught.value.code == code
    assert set(rows(desk).values()) == {0}


def test_a_payload_past_its_limit_is_refused(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "gm0344")
    many = tuple(drafts.ANNA.model_copy(update={"surname": "x" * 200}) for _ in range(300))
    draft = drafts.birth(drafts.CHILD, *many)
    with pytest.raises(RefusedError) as caught:
        desk.prepare(draft)
    assert caught.value.code in ("oversize", "misfit")
    assert set(rows(desk).values()) == {0}


@pytest.mark.parametrize(
    "other",
    [
        drafts.ANNA.model_copy(update={"birth_date": date(1990, 1, 5)}),
        drafts.ANNA.model_copy(update={"birth_date": None}),
        drafts.ANNA.model_copy(update={"surname": "Molen"}),
    ],
)
def test_another_person_under_the_same_bsn_is_a_misfit(tmp_path: Path, other: object) -> None:
    desk = TestDesk(tmp_path, "uwv")
    desk.prepare(drafts.income())
    before = rows(desk)
    with pytest.raises(RefusedError) as caught:
        desk.prepare(drafts.income(other, n=1))  # type: ignore[arg-type]
    assert caught.value.code == "misfit"
    assert caught.value.problem.problems[0].field == "person"
    assert rows(desk) == before


def test_case_and_form_of_a_surname_are_no_difference(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "uwv")
    first = drafts.ANNA.model_copy(update={"surname": "Çelik-Ñu"})
    again = drafts.ANNA.model_copy(update={"surname": " C\u0327ELIK-N\u0303U "})
    desk.prepare(drafts.income(first))
    desk.prepare(drafts.income(again, n=1))
    assert desk.subject(first) == desk.subject(again)


def test_a_parent_without_bsn_is_joined_to_nobody(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "gm0344")
    identity = desk.prepare(drafts.birth(drafts.CHILD, drafts.ANNA, drafts.NAMELESS))
    with desk.database.read() as connection:
        assert set(desk.records.persons_in(connection, "gm0344", identity)) == {
            "person",
            "parents.0",
        }


def test_a_municipality_does_not_speak_for_residents_of_another(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "gm0344")
    desk.record(drafts.move())
    desk.record(drafts.move(to="0363", day=date(2026, 1, 1)))
    desk.follow()
    with pytest.raises(RefusedError) as caught:
        desk.prepare(drafts.statement())
    assert caught.value.code == "not_competent"


def test_a_correction_follows_its_record_to_its_readers(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "gm0344")
    wrong = desk.record(drafts.move())
    identity = desk.prepare(drafts.correction(wrong))
    assert desk.outbox(identity) == desk.outbox(wrong) == {"toeslagen", "svb", "uwv"}
    with pytest.raises(RefusedError, match="not taken back itself"):
        desk.prepare(drafts.correction(identity))


def test_a_fresh_header_has_the_same_commitment(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "uwv")
    identity = desk.prepare(drafts.income())
    first = parse_envelope(desk.envelope(identity)).header
    desk.view.size = 900
    with desk.database.write() as connection:
        stored = desk.records.get(connection, "uwv", identity)
        assert stored is not None
        again = parse_envelope(
            desk.preparer.sign_again(connection, stored, NOW + timedelta(days=1))
        ).header
    assert (again.id, again.commitment) == (first.id, first.commitment)
    assert (again.seen, again.at) == (900, "2026-11-23T04:00:00Z")


def test_the_types_used_here_are_what_they_say() -> None:
    assert isinstance(drafts.move().data, Move)
    assert isinstance(drafts.correction("x").data, Correction)
