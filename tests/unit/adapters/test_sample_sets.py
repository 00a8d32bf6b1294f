"""The shipped sets are read without a problem; a wrong directory or manifest says what is wrong."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from adapters import samples
from adapters.errors import ManifestError
from adapters.samples import DataSet, load, member_for, read_all
from specs.records import (
    DEATH,
    ENROLLED,
    INCOME_ENDED,
    INCOME_STATED,
    UNION_DISSOLVED,
    Birth,
    Enrolment,
    IncomeRelation,
    IncomeStatement,
    Move,
    PersonRef,
    RecordData,
    RecordDraft,
    Statement,
)
from specs.values import BSN_WEIGHTS, Month

MEMBERS = {"uwv", "svb", "belastingdienst", "toeslagen", "gm0344", "woonstad", "lichtstroom"}


@pytest.fixture(scope="module")
def demo() -> DataSet:
    return load(samples.shipped()["demo"])


@pytest.fixture(scope="module")
def drafts(demo: DataSet) -> list[RecordDraft]:
    return [draft for _, found, _ in read_all(demo) for draft in found]


def people(data: RecordData) -> list[PersonRef]:
    found: list[PersonRef] = []
    for name in type(data).model_fields:
        value = getattr(data, name)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, PersonRef):
                found.append(item)
    return found


def test_the_demo_set_is_read_without_any_problem(demo: DataSet) -> None:
    for file, found, problems in read_all(demo):
        assert problems == [], file.name
        assert found, file.name
        assert {member_for(file, draft) for draft in found} <= MEMBERS
    assert (demo.today, demo.start, demo.months) == (date(2026, 3, 10), Month(2026, 1), 12)


def test_no_two_different_records_share_an_identity(drafts: list[RecordDraft]) -> None:
    contents: dict[str, object] = {}
    for draft in drafts:
        assert contents.setdefault(draft.source_event_id, draft.data) == draft.data


def test_every_person_has_a_test_number_and_one_name(drafts: list[RecordDraft]) -> None:
    # Test BSNs begin with 9999 (RvIG); the elfproef: Wabb, weights 9 to 2 and -1.
    refs = {ref for draft in drafts for ref in people(draft.data)}
    bsns = Counter(ref.bsn for ref in refs)
    for bsn, names in bsns.items():
        assert bsn is not None
        assert bsn.startswith("9999")
        assert sum(w * int(d) for w, d in zip(BSN_WEIGHTS, bsn, strict=True)) % 11 == 0
        assert names == 1, "one person, named in two ways"
    assert len(bsns) == 28


def test_every_resident_is_registered_in_the_municipality(drafts: list[RecordDraft]) -> None:
    latest: dict[str | None, tuple[date, str | None]] = {}
    for draft in drafts:
        if isinstance(draft.data, Move):
            ref, home = draft.data.person, draft.data.address
            latest[ref.bsn] = max(
                latest.get(ref.bsn, (date.min, None)), (draft.valid_from, home.municipality)
            )
    named = {ref.bsn for draft in drafts for ref in people(draft.data)}
    assert {bsn for bsn in named if latest[bsn][1] != "0344"} == set()


def test_the_set_holds_what_its_readme_promises(drafts: list[RecordDraft]) -> None:
    households = [draft.data for draft in drafts if draft.type == ENROLLED]
    assert len(households) == 14
    types = Counter(draft.type for draft in drafts)
    assert types[UNION_DISSOLVED] == 2
    assert types[DEATH] == 1
    assert types[INCOME_ENDED] == 1
    births = [d for d in drafts if isinstance(d.data, Birth)]
    assert [d.valid_from for d in births if d.valid_from.year == 2026] == [date(2026, 2, 12)]
    assert date(2008, 6, 20) in {d.valid_from for d in births}  # 18 in the plan's year
    relations = [d.data for d in drafts if isinstance(d.data, IncomeRelation)]
    assert {relation.rhythm for relation in relations} == {"month", "four_weeks"}
    assert "ww" in {relation.kind for relation in relations}
    moved = {d.valid_from for d in drafts if isinstance(d.data, Move)}
    assert date(2026, 2, 16) in moved


def test_one_statement_is_corrected_late(drafts: list[RecordDraft]) -> None:
    amounts: dict[tuple[str | None, str, date], set[int]] = {}
    for draft in drafts:
        if draft.type == INCOME_STATED and isinstance(draft.data, IncomeStatement):
            data = draft.data
            key = (data.person.bsn, data.relation, data.period_start)
            amounts.setdefault(key, set()).add(data.taxable_cents)
    assert [cents for cents in amounts.values() if len(cents) > 1] == [{261000, 301000}]


def test_one_household_stays_unknown_because_its_statements_are_missing(
    drafts: list[RecordDraft],
) -> None:
    enrolled = {d.data.person.bsn for d in drafts if isinstance(d.data, Enrolment)}
    insured = {
        d.data.person.bsn
        for d in drafts
        if isinstance(d.data, Statement) and d.data.fact == "insured"
    }
    assert len(enrolled - insured) == 1


@pytest.mark.parametrize("name", sorted(samples.shipped()))
def test_every_set_has_a_readme_with_its_households(name: str) -> None:
    text = (samples.shipped()[name] / "README.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(rows) >= (16 if name == "demo" else 3)


def test_the_family_set_says_what_it_needs() -> None:
    with pytest.raises(ManifestError, match="VASTEDAG_REALDATA"):
        load(samples.shipped()["suwiml-family"])


def test_a_directory_without_manifest_is_looked_into(tmp_path: Path) -> None:
    demo = samples.shipped()["demo"]
    for path in demo.rglob("*.*"):
        if path.name != "set.yaml" and "2026-02" not in path.parts:
            copy = tmp_path / path.relative_to(demo)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    (tmp_path / "other.csv").write_text("Code,Omschrijving\n")
    data = load(tmp_path)
    read = read_all(data)
    assert (data.today, data.start, data.months) == (None, None, None)
    assert [file.name for file, _, problems in read if problems] == ["other.csv"]
    assert read[0][0].format in ("gbav-csv", "suwinet-brp")
    members = Counter(member_for(file, draft) for file, found, _ in read for draft in found)
    assert set(members) == {"gm0344", "uwv", "svb", "woonstad", "lichtstroom"}


def test_an_income_answer_is_about_the_person_of_the_brp_answer_beside_it(tmp_path: Path) -> None:
    demo = samples.shipped()["demo"]
    for path in demo.rglob("*_999910140.xml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    asked = [file.person for file in load(tmp_path).files if file.format == "suwinet-uwv"]
    assert [(ref.surname, ref.birth_date) for ref in asked if ref] == [
        ("Moreira", date(1993, 6, 2))
    ]


@pytest.mark.parametrize(
    ("manifest", "says"),
    [
        ("files: [", "not YAML"),
        ("[]", "keys are"),
        ("files: []\nextra: 1", "keys are"),
        ("today: soon\nfiles: []", "today is a date"),
        ("months: 12\nfiles: []", "months is"),
        ("months: {from: 2026-01, count: 0}\nfiles: []", "months.count"),
        ("files: [a.csv]", "number 1"),
        ("files: [{file: a.csv, format: excel}]", "format is one of"),
        ("files: [{format: gbav-csv}]", "one of the two"),
        ("files: [{file: a.csv, realdata: a.csv, format: gbav-csv}]", "one of the two"),
        ("files: [{file: ../a.csv, format: gbav-csv}]", "without `..`"),
        ("files: [{file: /etc/passwd, format: gbav-csv}]", "without `..`"),
        ("files: [{file: a.csv, format: gbav-csv}]", "is not there"),
        ("files: [{file: b.csv, format: suwinet-uwv, person: {bsn: '1'}}]", "person is"),
    ],
)
def test_a_wrong_manifest_says_what_is_wrong(tmp_path: Path, manifest: str, says: str) -> None:
    (tmp_path / "set.yaml").write_text(manifest)
    (tmp_path / "b.csv").write_text("")
    with pytest.raises(ManifestError, match=r"set\.yaml") as raised:
        load(tmp_path)
    assert says in str(raised.value)


def test_no_directory_and_no_file(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="no such directory"):
        load(tmp_path / "nothing")
    data = load(samples.shipped()["demo"])
    gone = next(file for file in data.files if file.format == "gbav-csv")
    lost = type(gone)(path=tmp_path / "x.csv", name="x.csv", format="gbav-csv", member="gm0344")
    found, problems = samples.read_file(lost)
    assert (found, len(problems)) == ([], 1)
