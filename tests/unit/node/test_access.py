"""Competence and purpose: the file itself, and who receives what because of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from node.access import (
    COMPETENCE_FILE,
    Recipients,
    load_competence,
    recipients,
)
from node.errors import AccessError, RefusedError
from node.setup.network import DEMO_MEMBERS, MATRIX
from specs.errors import SpecFileError
from specs.records import (
    ALLOWANCE_SET,
    BIRTH,
    CHARGE_SET,
    DEATH,
    INCOME_CORRECTED,
    INCOME_STATED,
    KINDERBIJSLAG_SET,
    PLAN_SET,
    RECORD_TYPES,
    RENT_SET,
    STATED,
    Correction,
    Death,
    PartyPlan,
    PersonRef,
    RecordData,
    Statement,
)

ROLES = {member.id: member.role for member in DEMO_MEMBERS}
PERSON = PersonRef(bsn="999993653", birth_date=date(1990, 5, 1), surname="Moulin")
ANY = Death(person=PERSON)
COMPETENCE = load_competence()


def readers(
    record_type: str,
    author: str,
    data: RecordData = ANY,
    residences: set[str] | None = frozenset({"0344"}),  # type: ignore[assignment]
    covenants: tuple[str, ...] = (),
    of_corrected: tuple[str, ...] = (),
) -> Recipients:
    return recipients(
        COMPETENCE.rule(record_type),
        data,
        author=author,
        roles=ROLES,
        residences=residences,
        covenants=covenants,
        of_corrected=of_corrected,
    )


def statement(fact: str) -> Statement:
    return Statement.model_validate({"person": PERSON, "fact": fact, "value": 1, "year": 2026})


def test_every_record_type_has_a_rule_and_a_reason_for_each_reader() -> None:
    assert COMPETENCE.rules.keys() == RECORD_TYPES.keys()
    for rule in COMPETENCE.rules.values():
        assert rule.record_class == RECORD_TYPES[rule.type].record_class
        for reader in rule.readers:
            assert reader.ground.article
            assert reader.why


def test_every_writer_may_write_the_class_on_the_ledger() -> None:
    for rule in COMPETENCE.rules.values():
        for role in rule.writers:
            assert rule.record_class in MATRIX[role], rule.type


@pytest.mark.parametrize(
    ("record_type", "author", "expected"),
    [
        (BIRTH, "gm0344", {"toeslagen", "svb"}),
        (DEATH, "gm0344", {"toeslagen", "svb", "uwv"}),
        (INCOME_STATED, "uwv", {"toeslagen", "belastingdienst", "gm0344"}),
        (KINDERBIJSLAG_SET, "svb", {"toeslagen", "gm0344"}),
        (ALLOWANCE_SET, "toeslagen", {"gm0344"}),
    ],
)
def test_who_reads_what(record_type: str, author: str, expected: set[str]) -> None:
    assert readers(record_type, author) == Recipients(members=frozenset(expected))


def test_rent_goes_to_toeslagen_and_the_agreed_municipality_only() -> None:
    found = readers(RENT_SET, "woonstad", covenants=("gm0344", "gm9999"), residences=None)
    assert found == Recipients(members=frozenset({"toeslagen", "gm0344"}))
    assert readers(CHARGE_SET, "lichtstroom", covenants=("gm0344",)).members == {"gm0344"}
    assert readers(CHARGE_SET, "lichtstroom").members == set()


def test_an_unknown_residence_is_told_not_guessed() -> None:
    found = readers(INCOME_STATED, "uwv", residences=None)
    assert found.residence_unknown
    assert found.members == {"toeslagen", "belastingdienst"}
    elsewhere = readers(INCOME_STATED, "uwv", residences={"0363"})
    assert elsewhere == Recipients(members=frozenset({"toeslagen", "belastingdienst"}))


def test_toeslagen_reads_of_an_own_statement_only_what_it_needs() -> None:
    assert readers(STATED, "gm0344", statement("insured")).members == {"toeslagen"}
    assert readers(STATED, "gm0344", statement("opening_balance")).members == set()
    assert COMPETENCE.reader(STATED, "toeslagen", statement("opening_balance")) is None


def test_a_plan_goes_to_its_own_party_and_no_other() -> None:
    lines = PartyPlan(person=PERSON, party="woonstad", made_on=date(2026, 3, 10), day=24, lines=())
    assert readers(PLAN_SET, "gm0344", lines).members == {"woonstad"}
    stranger = lines.model_copy(update={"party": "Bakkerij Halverwege"})
    assert readers(PLAN_SET, "gm0344", stranger).members == set()


def test_a_correction_goes_where_the_wrong_record_went() -> None:
    data = Correction(person=PERSON, corrects="x", reason="typing error")
    found = readers(INCOME_CORRECTED, "uwv", data, of_corrected=("toeslagen", "woonstad"))
    assert found.members == {"toeslagen"}


def test_a_role_that_is_no_writer_is_refused() -> None:
    with pytest.raises(RefusedError) as caught:
        COMPETENCE.check_writer(DEATH, "creditor")
    assert caught.value.code == "not_competent"
    with pytest.raises(AccessError):
        COMPETENCE.rule("nl.example.nothing")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("  nl.brp.overleden:", "  nl.brp.overladen:", "not a record type"),
        ("    class: person", "    class: income", "not a record type"),
        ("    retention_years: 7", "    retention_years: 0", "retention_years"),
        ("scope: residence", "scope: everywhere", "scope"),
        ("confidence: text", "confidence: sure", "confidence"),
        ("law: awir", "law: hearsay", "law"),
        ("speaks_for: residents", "speaks_for: all", "speaks_for"),
        ("field: fact", "field: colour", "no such field"),
    ],
)
def test_a_fault_in_the_file_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    text = COMPETENCE_FILE.read_text(encoding="utf-8")
    path = tmp_path / "competence.yaml"
    head, types = text.split("\ntypes:\n")
    path.write_text(f"{head}\ntypes:\n{types.replace(old, new, 1)}", encoding="utf-8")
    with pytest.raises(SpecFileError, match=told) as caught:
        load_competence(path)
    assert caught.value.line is not None


def test_a_type_without_a_rule_stops_the_load(tmp_path: Path) -> None:
    text = COMPETENCE_FILE.read_text(encoding="utf-8")
    first = text.index("  nl.vastelasten.betaalplan.vastgesteld:")
    path = tmp_path / "competence.yaml"
    path.write_text(text[:first], encoding="utf-8")
    with pytest.raises(SpecFileError, match="betaalplan"):
        load_competence(path)
