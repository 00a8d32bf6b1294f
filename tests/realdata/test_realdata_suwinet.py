"""The Suwinet simulator's answers, every file: what is read, and every problem.

The files are not in this repository; VASTEDAG_REALDATA names the directory that holds
`suwinet-suwiml/` (origin and commit: its SOURCE.md). Where a count comes from stands beside it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters import samples
from adapters.births import one_birth_per_child
from adapters.formats import FORMATS, NO_ADAPTER, detect
from adapters.reading import ReadResult
from adapters.suwinet import suwinet_brp, suwinet_svb, suwinet_uwv
from specs.records import BIRTH, INCOME_BEGUN, INCOME_STATED, UNION_CLOSED, Birth, Move

pytestmark = pytest.mark.realdata
NINE_DIGITS = re.compile(r"(?<![0-9])[0-9]{9}(?![0-9])")
FAMILY = ("999998493", "999993549", "999993203", "999993069", "999993173")

# Per UWV answer: the number of its <Inkomstenopgave> elements (grep -c), of those under a code
# that is in no edition of the income codes (85, 53), and of its <Inkomstenverhouding> elements.
UWV = {
    "999990238": (2, 0, 1, 0),
    "999993549": (4, 1, 3, 1),
    "999996769": (38, 0, 2, 0),
    "999998493": (4, 2, 3, 2),
}
# Per BRP answer: records, problems, tolerated; counted by hand from the 23 files: one move per
# residence with a first day, one birth, one birth per child with a BSN, one union per dated
# marriage.
BRP = {
    "999971207": (3, 3, 3), "999971827": (1, 1, 0), "999990160": (2, 0, 0), "999990238": (2, 1, 1),
    "999990937": (2, 0, 0), "999991425": (0, 8, 0), "999992168": (2, 2, 0), "999992697": (0, 1, 1),
    "999992879": (3, 1, 2), "999993069": (3, 0, 0), "999993173": (3, 0, 0), "999993203": (3, 0, 0),
    "999993355": (3, 2, 2), "999993549": (10, 0, 0), "999993562": (3, 3, 3),
    "999993975": (2, 1, 0), "999994189": (2, 2, 0), "999994487": (1, 1, 0),
    "999996551": (3, 1, 3), "999996599": (2, 0, 0), "999997646": (2, 0, 0),
    "999998493": (10, 0, 0), "999999990": (2, 0, 0),
}  # fmt: skip


@pytest.fixture
def responses(realdata: Path) -> Path:
    return realdata / "suwinet-suwiml" / "responses"


def read_one(path: Path, reader: Callable[..., ReadResult]) -> ReadResult:
    return reader(path.read_bytes(), source=path.name)


def test_every_answer_is_in_these_tables(responses: Path) -> None:
    names = [path.name for path in responses.glob("*.xml")]
    assert Counter(name.split("_")[0] for name in names) == {
        "UWVDossierInkomstenGSD": len(UWV),
        "BRPDossierPersoonGSD": len(BRP),
        "Bijstandsregelingen": 4,
        "DUODossierStudiefinancieringGSD": 5,
        "SVBDossierPersoonGSD": 3,
    }


@pytest.mark.parametrize("bsn", sorted(UWV))
def test_income(responses: Path, bsn: str) -> None:
    statements, unread, relations, unread_relations = UWV[bsn]
    path = responses / f"UWVDossierInkomstenGSD_UWVPersoonsIkvInfo_{bsn}.xml"
    assert path.read_bytes().count(b"<Inkomstenopgave>") == statements
    drafts, problems = read_one(path, suwinet_uwv.read)
    types = Counter(draft.type for draft in drafts)
    assert types == {
        INCOME_STATED: statements - unread,
        INCOME_BEGUN: relations - unread_relations,
    }
    assert [problem.field for problem in problems] == ["CdSrtIkv"] * unread_relations
    assert not NINE_DIGITS.search(str(problems))


def test_income_is_in_cents_as_the_file_says(responses: Path) -> None:
    path = responses / "UWVDossierInkomstenGSD_UWVPersoonsIkvInfo_999993549.xml"
    drafts, _ = read_one(path, suwinet_uwv.read)
    cents = [d.data.taxable_cents for d in drafts if d.type == INCOME_STATED]  # type: ignore[attr-defined]
    assert cents == [
        84500,
        91800,
        62500,
    ]  # WaardeBedr of the three statements, "bedragen in centen"


@pytest.mark.parametrize("bsn", sorted(BRP))
def test_persons(responses: Path, bsn: str) -> None:
    path = responses / f"BRPDossierPersoonGSD_AanvraagPersoon_{bsn}.xml"
    drafts, problems = read_one(path, suwinet_brp.read)
    severities = Counter(problem.severity for problem in problems)
    assert (len(drafts), severities["problem"], severities["tolerated"]) == BRP[bsn]
    assert not NINE_DIGITS.search(str(problems))


def test_the_file_that_holds_another_person_than_its_name_is_refused(responses: Path) -> None:
    # The content is about a BSN that ends in 312 and fails the elfproef as well (Wabb).
    path = responses / "BRPDossierPersoonGSD_AanvraagPersoon_999992697.xml"
    drafts, problems = read_one(path, suwinet_brp.read)
    assert drafts == []
    faults = [problem for problem in problems if problem.severity == "problem"]
    assert ["elfproef" in fault.reason for fault in faults] == [True]


def test_the_tolerances_used_are_the_named_ones(responses: Path) -> None:
    used: Counter[str] = Counter()
    for path in responses.glob("BRP*.xml"):
        _, problems = read_one(path, suwinet_brp.read)
        for problem in problems:
            if problem.severity == "tolerated":
                used[problem.reason.rsplit("(tolerance ", 1)[1].rstrip(")")] += 1
    assert set(used) == {"element-order"}


def test_the_family_becomes_one_marriage_and_three_births(responses: Path) -> None:
    batches = []
    for bsn in FAMILY:
        path = responses / f"BRPDossierPersoonGSD_AanvraagPersoon_{bsn}.xml"
        batches.append((path.name, read_one(path, suwinet_brp.read)[0]))
    joined, problems = one_birth_per_child(batches)
    assert problems == []
    drafts = {draft.source_event_id: draft for batch in joined for draft in batch}.values()
    types = Counter(draft.type for draft in drafts)
    assert types[UNION_CLOSED] == 1
    assert types[BIRTH] == 5
    both = sorted(FAMILY[:2])
    births = {d.data.person.bsn: d.data for d in drafts if isinstance(d.data, Birth)}
    for child in FAMILY[2:]:
        assert [parent.bsn for parent in births[child].parents] == both
    homes = {
        d.data.address.bag_id
        for d in drafts
        if isinstance(d.data, Move) and d.valid_from.year == 2021
    }
    assert len(homes) == 1  # the five live at one address


def test_the_family_set_reads_with_these_files(realdata: Path) -> None:
    data = samples.load(samples.shipped()["suwiml-family"], realdata=realdata)
    read = samples.read_all(data)
    faults = Counter(p.field for _, _, problems in read for p in problems)
    assert faults == {"CdSrtIkv": 3}
    named = {
        d.data.person.surname for f, found, _ in read if f.format == "suwinet-uwv" for d in found
    }  # type: ignore[attr-defined]
    assert named == {"Maren", "Schouten"}


def test_a_directory_of_answers_is_loaded_without_a_manifest(responses: Path) -> None:
    read = samples.read_all(samples.load(responses))
    assert len(read) == len(UWV) + len(BRP) + 12
    asked = [file.person for file, _, _ in read if file.format == "suwinet-uwv"]
    assert [ref is not None for ref in asked].count(True) == 3  # the fourth has no BRP answer
    for file, drafts, problems in read:
        assert file.format is not None
        assert drafts or problems


@pytest.mark.parametrize(
    ("bsn", "records", "faults"),
    [
        ("111111110", 8, 0),  # <NettoUitkeringsbedr>: three months AIO, five months AOW
        ("999993549", 1, 0),  # one month Wlz
        ("999998493", 0, 1),  # one amount that is not for one calendar month
    ],
)
def test_benefits_of_the_svb(responses: Path, bsn: str, records: int, faults: int) -> None:
    path = responses / f"SVBDossierPersoonGSD_SVBPersoonsInfo_{bsn}.xml"
    assert path.read_bytes().count(b"<NettoUitkeringsbedr>") == records + faults
    drafts, problems = read_one(path, suwinet_svb.read)
    severities = Counter(problem.severity for problem in problems)
    # Geslacht stands after Geboortedat in every one of them: the tolerance element-order.
    assert (len(drafts), severities["problem"], severities["tolerated"]) == (records, faults, 1)


@pytest.mark.parametrize("service", sorted(NO_ADAPTER.values()))
def test_services_without_adapter_say_so(responses: Path, service: str) -> None:
    paths = sorted(responses.glob(f"{service}*.xml"))
    assert paths
    for path in paths:
        name = detect(path.read_bytes(), path.name)
        assert name is not None
        drafts, problems = read_one(path, FORMATS[name])
        assert drafts == []
        assert ["no adapter yet" in problem.reason for problem in problems] == [True]


def test_answers_cut_off_or_damaged_never_half_load(responses: Path) -> None:
    for path in sorted(responses.glob("[BU]*GSD_*.xml")):
        name = detect(path.read_bytes(), path.name)
        assert name is not None
        content = path.read_bytes().rstrip()
        step = max(1, len(content) // 60)
        for length in range(0, len(content), step):
            drafts, problems = FORMATS[name](content[:length], source=path.name)
            assert (drafts, bool(problems)) == ([], True)
            damaged = content[:length] + bytes([content[length] ^ 0x15]) + content[length + 1 :]
            drafts, problems = FORMATS[name](damaged, source=path.name)
            assert drafts or problems
            assert not NINE_DIGITS.search(str(problems))
