"""RvIG's person lists, all 687: what is read, and every kind of problem.

The file is not in this repository; VASTEDAG_REALDATA names the directory that holds
`brp-gba-v-testset/` (origin and commit: its SOURCE.md). Expected counts are counted here from the
file's own cells, apart from the reader, or come from SOURCE.md.
"""

from __future__ import annotations

import csv
import io
import random
import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from adapters.brp_gbav import read
from adapters.reading import ReadResult
from specs.records import DEATH, RECORD_TYPES, Move, Union
from specs.values import BSN_WEIGHTS

pytestmark = pytest.mark.realdata
NAME = "20220502_Testset_persoonslijsten_proefomgeving_GBA-V.csv"
PERSON_TYPES = {name for name, kind in RECORD_TYPES.items() if kind.record_class == "person"} - {
    "nl.awir.opgave.gedaan",
    "nl.awb.machtiging.geregistreerd",  # told at the desk of a municipality
    "nl.awb.bezwaar.ingediend",  # what a household does; a person list does not tell it
    "nl.brp.verbintenis.ontbinding-verzocht",  # asked of the court, before the BRP knows
}
NINE_DIGITS = re.compile(r"(?<![0-9])[0-9]{9}(?![0-9])")


@pytest.fixture(scope="module")
def content(realdata: Path) -> bytes:
    return (realdata / "brp-gba-v-testset" / NAME).read_bytes()


@pytest.fixture(scope="module")
def lists(content: bytes) -> list[list[dict[str, str]]]:
    """The file's own cells, by list: counted from without using the reader."""
    table = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))
    found: list[list[dict[str, str]]] = []
    for cells in table[1:]:
        if cells[0]:
            found.append([])
        found[-1].append({k: v for k, v in zip(table[0], cells, strict=True) if k and v})
    return found


@pytest.fixture(scope="module")
def result(content: bytes) -> ReadResult:
    return read(content, source=NAME)


def elfproef(bsn: str) -> bool:
    return sum(w * int(d) for w, d in zip(BSN_WEIGHTS, bsn, strict=True)) % 11 == 0


def first_day(text: str) -> date | None:
    """JJJJMMDD with 00 for an unknown part, read apart from the reader under test."""
    try:
        return date(int(text[:4]), int(text[4:6]) or 1, int(text[6:]) or 1)
    except ValueError:
        return None


def test_the_file_is_the_one_described(lists: list[list[dict[str, str]]]) -> None:
    # SOURCE.md: 687 person lists, 681 different BSNs, 685 pass the elfproef, 2 are empty.
    bsns = [rows[0].get("01.01.20", "") for rows in lists]
    assert (len(lists), len({bsn for bsn in bsns if bsn})) == (687, 680)
    passing = [
        b
        for b in bsns
        if b and sum(w * int(d) for w, d in zip(BSN_WEIGHTS, b, strict=True)) % 11 == 0
    ]
    assert len(passing) == 685


# Every problem of the file by severity and column, each kind looked up in the file's own rows.
PROBLEMS = {
    ("problem", "01.01.20"): 1,  # the one list without BSN that is not wiped
    ("problem", "07.67.20"): 1,  # the wiped one (W), also without BSN
    ("problem", "BSN"): 10,  # five BSNs stand on two lists each
    ("problem", "05.H"): 2,  # lists whose rows are not as their headers announce:
    ("problem", "08.H"): 8,  # the announced row is missing, empty, or one too many
    ("problem", "09.H"): 4,
    ("problem", "01.03.10"): 1,  # dates that are in no calendar
    ("problem", "02.03.10"): 1,
    ("problem", "05.07.10"): 1,
    ("problem", "05.06.10"): 2,  # 00000000
    ("problem", "08.10.30"): 13,  # 00000000 or empty: no first day
    ("problem", "08.13.20"): 7,
    ("problem", "08"): 2,  # a BAG number that is not 16 digits
    ("problem", "birth date"): 3,  # 00000000
    ("problem", "09.01.20"): 77,  # children without BSN in their parent's list
    ("problem", "child"): 46,  # parent's and child's list name each other otherwise
    ("problem", "union"): 17,  # only one side tells the union, or another day or name
    ("tolerated", "05.01.20"): 53,  # partners without BSN
    ("tolerated", "08.10.10"): 14,  # letter addresses (B)
    ("tolerated", "06.88.10"): 1,  # the column that is named twice
    ("tolerated", "01.03.10"): 10,  # unknown day or month, written 00
    ("tolerated", "02.03.10"): 9,
    ("tolerated", "03.03.10"): 12,
    ("tolerated", "05.03.10"): 2,
    ("tolerated", "05.06.10"): 1,
    ("tolerated", "06.08.10"): 2,
    ("tolerated", "08.10.30"): 2,
    ("tolerated", "08.13.20"): 4,
    ("tolerated", "01.02.40"): 4,  # a space before or after the value
    ("tolerated", "02.02.40"): 3,
    ("tolerated", "03.02.40"): 1,
    ("tolerated", "05.02.40"): 2,
    ("tolerated", "08.11.60"): 2,
}


def test_records_and_problems(result: ReadResult) -> None:
    drafts, problems = result
    kinds = Counter((problem.severity, problem.field) for problem in problems)
    assert dict(kinds) == PROBLEMS
    assert {draft.type for draft in drafts} == PERSON_TYPES


def test_every_residence_with_a_first_day_is_a_move(
    result: ReadResult, lists: list[list[dict[str, str]]]
) -> None:
    drafts, problems = result
    read_starts: dict[str | None, set[date]] = {}
    for draft in drafts:
        if isinstance(draft.data, Move):
            read_starts.setdefault(draft.data.person.bsn, set()).add(draft.valid_from)
    faults = {p.where for p in problems if p.field.startswith("08") and p.severity == "problem"}
    seen, number = 0, 1
    for rows in lists:
        missed = set()
        starts = set()
        for cells in rows:
            number += 1
            day = first_day(cells.get("08.13.20" if "08.13.10" in cells else "08.10.30", ""))
            if day is None or "08.84.10" in cells:
                continue
            (missed if f"row {number}" in faults else starts).add(day)
        own = read_starts.get(rows[0].get("01.01.20"))
        if own is not None:
            seen += len(own)
            assert starts - missed <= own <= starts | missed
    assert seen == sum(isinstance(draft.data, Move) for draft in drafts)


def test_deaths_are_those_of_the_file(
    result: ReadResult, lists: list[list[dict[str, str]]]
) -> None:
    # SOURCE.md: 21 persons have died; one of these days is in no calendar.
    died = {rows[0]["01.01.20"]: rows[0]["06.08.10"] for rows in lists if "06.08.10" in rows[0]}
    assert len(died) == 21
    dated = {bsn for bsn, text in died.items() if first_day(text) is not None}
    assert {d.data.person.bsn for d in result[0] if d.type == DEATH} == dated  # type: ignore[attr-defined]
    assert len(dated) == 20


def test_a_marriage_told_twice_is_read_once(result: ReadResult) -> None:
    unions = [
        (draft.type, draft.valid_from, draft.data)
        for draft in result[0]
        if isinstance(draft.data, Union)
    ]
    assert len(unions) == len(set(unions))


def test_every_record_is_sound_and_no_problem_is_personal(result: ReadResult) -> None:
    drafts, problems = result
    ids = [draft.source_event_id for draft in drafts]
    assert len(ids) == len(set(ids))
    for draft in drafts:
        assert RECORD_TYPES[draft.type].model.model_validate(draft.data_json()) == draft.data
    for problem in problems:
        assert not NINE_DIGITS.search(str(problem))
        assert problem.repair
        assert re.match(r"(row|file|last row)", problem.where)


def test_the_file_cut_off_or_damaged(content: bytes) -> None:
    chance = random.Random(20220502)
    for _ in range(25):
        length = chance.randrange(len(content))
        drafts, problems = read(content[:length], source=NAME)
        assert problems
        if content[length - 1 : length] != b"\n":
            assert drafts == []
        damaged = bytearray(content)
        for _ in range(20):
            damaged[chance.randrange(len(content))] = chance.randrange(256)
        drafts, problems = read(bytes(damaged), source=NAME)
        assert problems
        assert not NINE_DIGITS.search(str(problems))
