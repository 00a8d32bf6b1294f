"""What a recipient accepts: everything the entry promises, by the competent author, on a ground."""

from __future__ import annotations

import itertools
import json
import random
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from ledger.formats.envelope import parse_envelope, sign_record
from node.members.deliver_http import Parcel
from node.sealing import Content, SealContext, commitment, new_content, seal
from specs.canonical import canonical_bytes
from specs.records import MOVED_BETWEEN, Address, RecordDraft
from tests import node_drafts as drafts
from tests.node_desk import LOG, Line, TestDesk, hpke_key, signer


class Two:
    """An author and a recipient on one line."""

    def __init__(self, directory: Path, author: str, recipient: str) -> None:
        self.line = Line()
        self.author = TestDesk(directory, author, line=self.line, name=f"a-{author}")
        self.recipient = TestDesk(directory, recipient, line=self.line, name=f"r-{recipient}")

    def send(self, draft: RecordDraft) -> str:
        """Record at the author's, deliver, follow at both."""
        identity = self.author.record(draft)
        self.recipient.deliver(self.author.parcel(identity, self.recipient.member))
        self.author.follow()
        self.recipient.follow()
        return identity


def test_a_delivered_record_becomes_the_same_fact(tmp_path: Path) -> None:
    two = Two(tmp_path, "uwv", "toeslagen")
    identity = two.send(drafts.income())
    ours = two.recipient.facts.fact("uwv", identity)
    theirs = two.author.facts.fact("uwv", identity)
    assert ours is not None
    assert theirs is not None
    assert ours.data == theirs.data == drafts.income().data
    assert ours.known == theirs.known == 1
    assert ours.subject() != theirs.subject()  # each node has its own random id
    assert two.recipient.facts.facts_of([ours.subject() or ""]) == [ours]
    assert not two.recipient.desk()


def test_delivered_before_the_entry_waits_for_it(tmp_path: Path) -> None:
    two = Two(tmp_path, "uwv", "toeslagen")
    identity = two.author.prepare(drafts.income())
    two.recipient.deliver(two.author.parcel(identity, "toeslagen"))
    two.recipient.follow()
    assert two.recipient.state("uwv", identity) == "received"
    two.line.record(two.author.envelope(identity))
    two.recipient.follow()
    assert two.recipient.state("uwv", identity) == "opened"


def test_the_same_parcel_and_entry_again_change_nothing(tmp_path: Path) -> None:
    two = Two(tmp_path, "uwv", "toeslagen")
    identity = two.send(drafts.income())
    before = two.recipient.facts.fact("uwv", identity)
    two.recipient.deliver(two.author.parcel(identity, "toeslagen"))
    with two.recipient.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM node_inbox")  # as `take` would not have stored it
    two.recipient.follow()
    assert two.recipient.facts.fact("uwv", identity) == before


def forged(two: Two, identity: str, content: Content, **context: str) -> Parcel:
    """A parcel with other content for a recorded id, sealed as it should be."""
    parcel = two.author.parcel(identity, "toeslagen")
    bound = SealContext(
        **{
            "log": LOG,
            "id": identity,
            "author": two.author.member,
            "record_class": parcel.record_class,
            "recipient": "toeslagen",
        }
        | context
    )
    return replace(parcel, sealed=seal(content, hpke_key("toeslagen").public(), bound))


def content_of(two: Two, identity: str) -> Content:
    with two.author.opening() as connection:
        return two.author.records.content(connection, two.author.member, identity)


def refused(two: Two, identity: str, parcel: Parcel) -> set[tuple[str, str]]:
    """What lies on the recipient's desk after this parcel; nothing became a fact."""
    two.recipient.deliver(parcel)
    two.recipient.follow()
    assert two.recipient.state(two.author.member, identity) == "mismatch"
    assert two.recipient.facts.fact(two.author.member, identity) is None
    assert not two.recipient.facts.subjects()
    return two.recipient.desk()


def test_other_content_than_committed_is_a_mismatch(tmp_path: Path) -> None:
    two = Two(tmp_path, "uwv", "toeslagen")
    identity = two.author.record(drafts.income())
    real = content_of(two, identity)
    other = Content(
        commitment_key=real.commitment_key, payload=real.payload.replace(b"215032", b"215033")
    )
    assert refused(two, identity, forged(two, identity, other)) == {(identity, "commitment")}


def test_a_parcel_of_another_record_is_a_mismatch(tmp_path: Path) -> None:
    two = Two(tmp_path, "uwv", "toeslagen")
    first, second = (two.author.record(drafts.income(n=n)) for n in (1, 2))
    parcel = replace(two.author.parcel(second, "toeslagen"), id=first)
    assert refused(two, first, parcel) == {(first, "sealed")}


def test_a_parcel_sealed_for_somebody_else_is_a_mismatch(tmp_path: Path) -> None:
    two = Two(tmp_path, "uwv", "toeslagen")
    identity = two.author.record(drafts.income())
    parcel = two.author.parcel(identity, "belastingdienst")
    assert refused(two, identity, parcel) == {(identity, "sealed")}


def test_a_void_entry_has_no_effect(tmp_path: Path) -> None:
    two = Two(tmp_path, "uwv", "toeslagen")
    identity = two.author.prepare(drafts.income())
    two.line.record(two.author.envelope(identity), void="class_not_allowed")
    found = refused(two, identity, two.author.parcel(identity, "toeslagen"))
    assert found == {(identity, "void")}
    two.author.follow()
    assert two.author.facts.fact("uwv", identity) is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"id": "A" * 43}, "header"),
        ({"log": "A" * 43 + "="}, "header"),
        ({"author": "svb"}, "header"),
        ({"type": "nl.example.nothing"}, "schema"),
        ({"recordclass": "person"}, "schema"),
        ({"data": {}}, "schema"),
        ({"type": MOVED_BETWEEN}, "schema"),
    ],
)
def test_a_payload_that_is_not_what_the_header_says(
    tmp_path: Path, changes: dict[str, object], code: str
) -> None:
    two = Two(tmp_path, "uwv", "toeslagen")
    identity = two.author.prepare(drafts.income())
    members = json.loads(content_of(two, identity).payload) | changes
    content = new_content(canonical_bytes(members))
    _record_commitment(two, identity, content)
    assert refused(two, identity, forged(two, identity, content)) == {(identity, code)}


def _record_commitment(two: Two, identity: str, content: Content) -> None:
    """The author signs a header over content its node would never have stored."""
    header = parse_envelope(two.author.envelope(identity)).header
    signed = sign_record(
        replace(header, commitment=commitment(content)), signer(two.author.member, "record")
    )
    two.line.record(signed)


def test_a_type_outside_the_authors_competence_is_a_mismatch(tmp_path: Path) -> None:
    # The ledger lets UWV write the class `decision`; kinderbijslag is still not UWV's to decide.
    two = Two(tmp_path, "uwv", "toeslagen")
    svb = TestDesk(tmp_path, "svb", line=two.line, name="svb")
    draft = drafts.with_type(drafts.charge(), "nl.kinderbijslag.vastgesteld")
    real = svb.prepare(draft)
    identity = two.author.prepare(drafts.income())
    with svb.opening() as connection:
        payload = svb.records.content(connection, "svb", real).payload
    members = json.loads(payload) | {"author": "uwv", "id": identity}
    content = new_content(canonical_bytes(members))
    header = parse_envelope(two.author.envelope(identity)).header
    header = replace(header, commitment=commitment(content), record_class="decision")
    two.line.record(sign_record(header, signer("uwv", "record")))
    parcel = forged(two, identity, content, record_class="decision")
    assert refused(two, identity, parcel) == {(identity, "writer")}


def test_a_member_without_a_ground_does_not_read(tmp_path: Path) -> None:
    two = Two(tmp_path, "uwv", "svb")
    identity = two.author.record(drafts.income())
    two.recipient.deliver(two.author.parcel(identity, "svb"))
    two.recipient.follow()
    assert two.recipient.desk() == {(identity, "no_ground")}
    assert two.recipient.facts.fact("uwv", identity) is None


def test_a_misfit_goes_to_the_desk_and_is_joined_to_nobody(tmp_path: Path) -> None:
    two = Two(tmp_path, "uwv", "toeslagen")
    two.send(drafts.income())
    other = TestDesk(tmp_path, "gm0344", line=two.line, name="gm")
    wrong = drafts.ANNA.model_copy(update={"birth_date": date(1990, 1, 5)})
    identity = other.record(drafts.move(wrong))
    two.recipient.deliver(other.parcel(identity, "toeslagen"))
    two.recipient.follow()
    assert two.recipient.state("gm0344", identity) == "misfit"
    assert two.recipient.desk() == {(identity, "misfit")}
    assert len(two.recipient.facts.subjects()) == 1


def test_a_parent_known_by_name_only_is_noted_on_the_desk(tmp_path: Path) -> None:
    two = Two(tmp_path, "gm0344", "toeslagen")
    two.send(drafts.move(drafts.CHILD))
    identity = two.send(drafts.birth(drafts.CHILD, drafts.NAMELESS))
    fact = two.recipient.facts.fact("gm0344", identity)
    assert fact is not None
    assert set(fact.subjects) == {"person"}
    assert two.recipient.desk() == {(identity, "unmapped")}


def test_a_municipality_speaks_for_its_own_residents_only(tmp_path: Path) -> None:
    two = Two(tmp_path, "gm0344", "toeslagen")
    waiting = two.send(drafts.statement())
    assert two.recipient.state("gm0344", waiting) == "waiting"
    assert two.recipient.desk() == {(waiting, "waiting")}
    amsterdam = TestDesk(tmp_path, "gm0363", line=two.line, name="gm0363")
    elsewhere = amsterdam.record(drafts.move(to="0363", day=date(2024, 1, 1)))
    two.recipient.deliver(amsterdam.parcel(elsewhere, "toeslagen"))
    two.recipient.follow()
    assert two.recipient.state("gm0363", elsewhere) == "opened"
    assert two.recipient.state("gm0344", waiting) == "mismatch"
    assert two.recipient.desk() >= {(waiting, "not_competent")}
    # Her move to Utrecht, recorded later: statements after it count, the one before does not.
    two.send(drafts.move())
    later = two.send(replace(drafts.statement(), source_event_id="statement 2"))
    assert two.recipient.state("gm0344", later) == "opened"
    assert two.recipient.state("gm0344", waiting) == "mismatch"


def test_a_correction_takes_a_residence_back(tmp_path: Path) -> None:
    two = Two(tmp_path, "gm0344", "toeslagen")
    wrong = two.send(drafts.move())
    stated = two.send(drafts.statement())
    assert two.recipient.state("gm0344", stated) == "opened"
    two.send(drafts.correction(wrong))
    assert two.recipient.state("gm0344", stated) == "waiting"
    assert two.recipient.facts.fact("gm0344", stated) is None


SCENE: list[tuple[str, RecordDraft]] = [
    ("gm0344", drafts.birth(drafts.CHILD, drafts.ANNA)),
    ("gm0344", drafts.statement()),
    ("gm0344", drafts.move()),
    ("gm0344", drafts.union()),
    ("gm0363", drafts.move(drafts.BRAM, "0363")),
    ("gm0363", drafts.move(to=None, day=date(2025, 8, 1))),
    ("gm0363", drafts.move(to="0363", day=date(2025, 6, 1))),
    ("gm0344", drafts.birth(drafts.BRAM, address=Address(municipality="0363"))),
    ("uwv", drafts.income()),
    ("gm0344", replace(drafts.statement(), source_event_id="statement 2")),
]


def test_the_order_of_arrival_changes_nothing(tmp_path: Path) -> None:
    line = Line()
    authors = {m: TestDesk(tmp_path, m, line=line, name=m) for m in ("gm0344", "gm0363", "uwv")}
    sent = [(author, authors[author].record(draft)) for author, draft in SCENE]
    parcels = [authors[author].parcel(identity, "toeslagen") for author, identity in sent]
    chance = random.Random(1)
    orders = [list(range(len(sent))), list(reversed(range(len(sent))))]
    orders += [chance.sample(range(len(sent)), len(sent)) for _ in range(4)]
    outcomes = []
    for number, order in enumerate(orders):
        desk = TestDesk(tmp_path, "toeslagen", line=line, name=f"toeslagen-{number}")
        late = chance.randrange(len(sent))
        for place, index in enumerate(order):
            if place == late:
                desk.follow(line.entries[: late + 1])
            desk.deliver(parcels[index])
            desk.accept()
        desk.follow()
        facts = {
            identity: desk.facts.fact(author, identity) is not None for author, identity in sent
        }
        outcomes.append(facts)
        desk.close()
    assert all(one == two for one, two in itertools.pairwise(outcomes))
    assert sum(outcomes[0].values()) >= 5  # and most of it counts
