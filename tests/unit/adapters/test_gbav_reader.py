"""GBA-V person lists: life events in their order, seen from both sides, with LO3's own oddities.

Meaning of elements: Logisch Ontwerp BRP (category.group.element). All persons invented.
"""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest

from adapters import brp_gbav, samples
from adapters.brp_gbav import read
from specs.errors import Problem
from specs.records import (
    BIRTH,
    DEATH,
    EMIGRATED,
    IMMIGRATED,
    IN_INVESTIGATION,
    MOVED_BETWEEN,
    MOVED_WITHIN,
    UNION_CLOSED,
    UNION_DISSOLVED,
    Birth,
    Move,
    RecordDraft,
    Union,
)

ANNA, BEN, CAS = "999902003", "999902404", "999902817"
Cells = dict[str, str]
COLUMNS = ["", *brp_gbav._COLUMNS, ""]


def person(category: str, bsn: str, surname: str, birth: str) -> Cells:
    return {f"{category}.01.20": bsn, f"{category}.02.40": surname, f"{category}.03.10": birth}


def home(start: str, *, municipality: str = "0344", number: str = "14", **more: str) -> Cells:
    return {
        "08.09.10": municipality,
        "08.10.10": "W",
        "08.10.30": start,
        "08.11.10": "Lindehaag",
        "08.11.20": number,
        "08.11.60": "3561QA",
        **{name.replace("_", "."): value for name, value in more.items()},
    }


def union(bsn: str, surname: str, birth: str, closed: str = "", ended: str = "") -> Cells:
    cells = {**person("05", bsn, surname, birth), "05.15.10": "H"}
    if closed:
        cells["05.06.10"] = closed
    if ended:
        cells |= {"05.07.10": ended, "05.07.40": "S"}
    return cells


def anna(*rows: Cells, **more: str) -> list[Cells]:
    first = {**person("01", ANNA, "Wit", "19880412"), **home("20160301")}
    first |= {name.replace("_", "."): value for name, value in more.items()}
    return [{**first, **(rows[0] if rows else {})}, *rows[1:]]


def ben(*rows: Cells) -> list[Cells]:
    first = {**person("01", BEN, "Bakker", "19840217"), **home("20160301")}
    return [{**first, **(rows[0] if rows else {})}, *rows[1:]]


def cas(*rows: Cells) -> list[Cells]:
    first = {**person("01", CAS, "Bakker", "20140903"), **home("20160301")}
    return [{**first, **(rows[0] if rows else {})}, *rows[1:]]


def table(*lists: list[Cells]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\n")
    writer.writerow(COLUMNS)
    for number, rows in enumerate(lists, start=1):
        for place, cells in enumerate(rows):
            assert set(cells) <= set(COLUMNS)
            mark = f"L{number}" if place == 0 else ""
            writer.writerow([mark, *(cells.get(name, "") for name in COLUMNS[1:-1]), mark])
    return out.getvalue().encode("utf-8-sig")


def read_lists(*lists: list[Cells]) -> tuple[list[RecordDraft], list[Problem]]:
    return read(table(*lists), source="lists.csv")


def of_type(drafts: list[RecordDraft], kind: str) -> list[RecordDraft]:
    return [draft for draft in drafts if draft.type == kind]


def test_the_current_residences_of_all_lists_come_first() -> None:
    older = home("20100501", number="3")
    drafts, problems = read_lists(anna({"08.H": "58"}, older), ben())
    assert problems == []
    types = [MOVED_WITHIN, MOVED_BETWEEN, BIRTH, MOVED_BETWEEN, BIRTH]
    assert [draft.type for draft in drafts] == types
    first = drafts[0]
    assert isinstance(first.data, Move)
    assert (first.data.address.municipality, first.valid_from) == ("0344", date(2016, 3, 1))
    assert drafts[3].valid_from == date(2010, 5, 1)


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        (home("20160301"), home("20100101"), MOVED_WITHIN),
        (home("20160301"), home("20100101", municipality="0307"), MOVED_BETWEEN),
        (home("20160301", **{"08_14_10": "5010"}), home("20100101"), IMMIGRATED),
        (
            {"08.09.10": "0344", "08.13.10": "5010", "08.13.20": "20160301", "08.10.30": "",
             "08.10.10": ""},
            home("20100101"),
            EMIGRATED,
        ),
    ],
)  # fmt: skip
def test_a_move_is_named_by_where_it_came_from(now: Cells, before: Cells, expected: str) -> None:
    drafts, problems = read_lists(anna({**now, "08.H": "58"}, before))
    assert problems == []
    assert drafts[0].type == expected


def test_a_marriage_seen_from_both_sides_is_one_record() -> None:
    drafts, problems = read_lists(
        anna(union(BEN, "Bakker", "19840217", "20120615")),
        ben(union(ANNA, "Wit", "19880412", "20120615")),
    )
    assert problems == []
    closed = of_type(drafts, UNION_CLOSED)
    assert len(closed) == 1
    assert isinstance(closed[0].data, Union)
    assert [ref.bsn for ref in closed[0].data.persons] == [ANNA, BEN]
    assert closed[0].data.reason == "closed"


def test_the_same_marriage_in_two_files_has_one_identity() -> None:
    one, _ = read_lists(anna(union(BEN, "Bakker", "19840217", "20120615")))
    other, _ = read_lists(ben(union(ANNA, "Wit", "19880412", "20120615")))
    ids = {draft.source_event_id for draft in of_type(one + other, UNION_CLOSED)}
    assert len(ids) == 1


@pytest.mark.parametrize("day", ["20120616", ""])
def test_sides_that_disagree_are_both_kept_and_reported(day: str) -> None:
    other = union(ANNA, "Wit", "19880412", day) if day else {}
    drafts, problems = read_lists(anna(union(BEN, "Bakker", "19840217", "20120615")), ben(other))
    assert len(of_type(drafts, UNION_CLOSED)) == (2 if day else 1)
    assert [problem.field for problem in problems] == ["union"]
    assert not any(part in str(problems) for part in (ANNA, BEN, "Wit", "Bakker", "2012"))


def test_a_divorce_comes_from_the_current_row_and_the_closing_from_its_history() -> None:
    drafts, problems = read_lists(
        anna(
            {**union(BEN, "Bakker", "19840217", ended="20260217"), "05.H": "55"},
            union(BEN, "Bakker", "19840217", "20120615"),
        )
    )
    assert problems == []
    assert of_type(drafts, UNION_CLOSED)[0].valid_from == date(2012, 6, 15)
    dissolved = of_type(drafts, UNION_DISSOLVED)[0]
    assert dissolved.valid_from == date(2026, 2, 17)
    assert isinstance(dissolved.data, Union)
    assert dissolved.data.reason == "divorce"


def test_a_second_marriage_is_another_thing_and_not_history() -> None:
    drafts, problems = read_lists(
        anna(
            {**union(BEN, "Bakker", "19840217", ended="20200101"), "05.H": "55"},
            {**union(BEN, "Bakker", "19840217", "20120615"), "05.H": "05"},
            union(CAS, "Bakker", "20140903", "20220101"),
        )
    )
    assert problems == []
    assert {draft.valid_from.year for draft in of_type(drafts, UNION_CLOSED)} == {2012, 2022}
    assert len(of_type(drafts, UNION_DISSOLVED)) == 1


def test_a_history_row_marked_incorrect_is_no_fact() -> None:
    wrong = {**home("20110101", number="9"), "08.84.10": "O"}
    drafts, problems = read_lists(anna({"08.H": "58"}, wrong))
    assert problems == []
    assert len([draft for draft in drafts if isinstance(draft.data, Move)]) == 1


def test_a_residence_described_anew_is_one_move() -> None:
    drafts, problems = read_lists(
        anna({"08.11.90": "0344200000900001", "08.H": "58"}, home("20160301"))
    )
    assert problems == []
    moves = [draft.data for draft in drafts if isinstance(draft.data, Move)]
    assert [move.address.bag_id for move in moves] == ["0344200000900001"]


def test_a_child_is_born_once_by_its_own_list() -> None:
    both = person("02", ANNA, "Wit", "19880412") | person("03", BEN, "Bakker", "19840217")
    child = person("09", CAS, "Bakker", "20140903")
    drafts, problems = read_lists(anna(child), ben(child), cas(both))
    assert problems == []
    births = [d for d in of_type(drafts, BIRTH) if d.data.person.bsn == CAS]  # type: ignore[attr-defined]
    assert len(births) == 1
    assert isinstance(births[0].data, Birth)
    assert [parent.bsn for parent in births[0].data.parents] == [ANNA, BEN]


def test_a_child_without_a_list_is_born_once_of_both_parents() -> None:
    child = person("09", CAS, "Bakker", "20140903")
    drafts, problems = read_lists(anna(child), ben(child))
    assert problems == []
    births = [d for d in of_type(drafts, BIRTH) if d.data.person.bsn == CAS]  # type: ignore[attr-defined]
    assert len(births) == 1
    assert [parent.bsn for parent in births[0].data.parents] == [ANNA, BEN]  # type: ignore[attr-defined]
    assert births[0].valid_from == date(2014, 9, 3)


def test_a_parent_the_childs_list_does_not_name_is_kept_and_reported() -> None:
    child = person("09", CAS, "Bakker", "20140903")
    drafts, problems = read_lists(anna(child), cas(person("02", BEN, "Bakker", "19840217")))
    births = [d for d in of_type(drafts, BIRTH) if d.data.person.bsn == CAS]  # type: ignore[attr-defined]
    assert len(births) == 2
    assert [problem.field for problem in problems] == ["child"]


def test_parents_who_date_their_child_differently_are_both_kept() -> None:
    drafts, problems = read_lists(
        anna(person("09", CAS, "Bakker", "20140903")), ben(person("09", CAS, "Bakker", "20140904"))
    )
    births = [d for d in of_type(drafts, BIRTH) if d.data.person.bsn == CAS]  # type: ignore[attr-defined]
    assert len(births) == 2
    assert [problem.field for problem in problems] == ["child"]


def test_a_child_without_bsn_gives_no_birth_and_a_problem() -> None:
    drafts, problems = read_lists(anna(person("09", "", "Bakker", "20140903")))
    assert len(of_type(drafts, BIRTH)) == 1
    assert [problem.field for problem in problems] == ["09.01.20"]


def test_death_and_investigation() -> None:
    drafts, problems = read_lists(
        anna(
            {"06.08.10": "20251103", "08.83.10": "080000", "08.83.20": "20250901",
             "08.83.30": "20251001"}
        )
    )  # fmt: skip
    assert problems == []
    assert of_type(drafts, DEATH)[0].valid_from == date(2025, 11, 3)
    assert [(d.valid_from, d.data.ended) for d in of_type(drafts, IN_INVESTIGATION)] == [  # type: ignore[attr-defined]
        (date(2025, 9, 1), False),
        (date(2025, 10, 1), True),
    ]


@pytest.mark.parametrize(
    ("code", "end", "count"), [("581100", "", 0), ("081100", "", 0), ("081100", "20120101", 2)]
)
def test_an_investigation_of_a_former_address(code: str, end: str, count: int) -> None:
    looked_into = {"08.83.10": code, "08.83.20": "20110101", "08.83.30": end}
    drafts, problems = read_lists(anna({"08.H": "58"}, {**home("20100501"), **looked_into}))
    assert problems == []
    assert len(of_type(drafts, IN_INVESTIGATION)) == count


@pytest.mark.parametrize(
    ("text", "first", "severity"),
    [
        ("20080715", date(2008, 7, 15), None),
        ("20080700", date(2008, 7, 1), "tolerated"),
        ("20080000", date(2008, 1, 1), "tolerated"),
        ("00000000", None, "problem"),
        ("20080015", None, "problem"),
        ("20080231", None, "problem"),
        ("2008-7-15", None, "problem"),
    ],
)
def test_dates_with_unknown_parts(text: str, first: date | None, severity: str | None) -> None:
    # LO3: 00 stands for an unknown part; a day is not known without its month.
    drafts, problems = read_lists(anna({"06.08.10": text}))
    found = [draft.valid_from for draft in of_type(drafts, DEATH)]
    assert found == ([] if first is None else [first])
    assert [problem.severity for problem in problems] == ([] if severity is None else [severity])
    if severity == "tolerated":
        assert "date-with-unknown-part" in problems[0].reason


def test_a_birth_date_with_an_unknown_day_names_nobody_by_it() -> None:
    drafts, problems = read_lists(anna({"01.03.10": "19880400"}))
    birth = of_type(drafts, BIRTH)[0]
    assert birth.data.person.birth_date is None  # type: ignore[attr-defined]
    assert birth.valid_from == date(1988, 4, 1)
    assert [problem.severity for problem in problems] == ["tolerated"]


def test_a_letter_address_registers_without_a_dwelling() -> None:
    drafts, problems = read_lists(anna({"08.10.10": "B"}))
    assert isinstance(drafts[0].data, Move)
    assert (drafts[0].data.address.municipality, drafts[0].data.address.street) == ("0344", None)
    assert "letter-address" in problems[0].reason


@pytest.mark.parametrize(
    ("rows", "field"),
    [
        (anna({"01.01.20": "999902004"}), "01.01.20"),
        (anna({"01.01.20": ""}), "01.01.20"),
        (anna({"07.67.20": "W"}), "07.67.20"),
        (anna({"01.03.10": "19881332"}), "01.03.10"),
    ],
)
def test_a_list_whose_person_cannot_be_told_is_not_read(rows: list[Cells], field: str) -> None:
    drafts, problems = read_lists(rows, ben())
    assert {draft.data.person.bsn for draft in drafts} == {BEN}  # type: ignore[attr-defined]
    assert [(problem.where, problem.field) for problem in problems] == [("row 2", field)]


def test_two_lists_with_one_bsn_are_both_left_out() -> None:
    drafts, problems = read_lists(anna(), anna({"01.02.40": "Zwart"}), ben())
    assert {draft.data.person.bsn for draft in drafts} == {BEN}  # type: ignore[attr-defined]
    assert [problem.field for problem in problems] == ["BSN", "BSN"]


@pytest.mark.parametrize(
    "rows",
    [
        anna({}, home("20100501", number="3")),
        anna({"08.H": "58"}),
        anna({"08.H": "58"}, {}),
        anna({"08.H": "99"}, home("20100501", number="3")),
        anna({"05.H": "55"}, union(BEN, "Bakker", "19840217", "20120615")),
    ],
    ids=["not announced", "cut off", "empty", "no such header", "history of nothing"],
)
def test_a_list_whose_rows_are_not_as_announced_is_not_read(rows: list[Cells]) -> None:
    drafts, problems = read_lists(rows, ben())
    assert {draft.data.person.bsn for draft in drafts} == {BEN}  # type: ignore[attr-defined]
    assert len(problems) == 1
    assert problems[0].field.endswith(".H")


def test_a_row_of_another_width_refuses_its_list_only() -> None:
    content = table(anna(), ben()).decode("utf-8-sig").split("\n")
    content[1] = content[1] + ";x"
    drafts, problems = read(("\ufeff" + "\n".join(content)).encode(), source="lists.csv")
    assert {draft.data.person.bsn for draft in drafts} == {BEN}  # type: ignore[attr-defined]
    assert [problem.where for problem in problems] == ["row 2"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xef\xbb\xbf",
        b"\xef\xbb\xbf;01.01.20;\n",
        b"\xef\xbb\xbf;a;b;\n",
        table(anna()).replace(b"01.01.20", b"01.02.40", 1),
        table(anna())[:-1],
        table(anna()).replace(b"Lindehaag", b'"Lindehaag'),
        table(anna()).decode("utf-8-sig").encode("utf-16"),
        table(anna()).replace(b"Lindehaag", b"Lindeha\xe9g"),
        table(),
    ],
    ids=range(10),
)
def test_a_file_that_cannot_be_trusted_as_a_whole_gives_no_record(content: bytes) -> None:
    drafts, problems = read(content, source="lists.csv")
    assert drafts == []
    assert problems


def test_a_missing_byte_order_mark_is_a_named_tolerance() -> None:
    drafts, problems = read(table(anna())[3:], source="lists.csv")
    assert (len(drafts), "no-byte-order-mark" in problems[0].reason) == (2, True)


def test_the_shipped_lists_cut_off_inside_a_row_give_no_record() -> None:
    path = samples.shipped()["demo"] / "gm0344" / "persoonslijsten.csv"
    content = path.read_bytes()
    for length in range(3, len(content), 101):
        if content[length - 1 : length] != b"\n":
            drafts, problems = read(content[:length], source=path.name)
            assert (drafts, bool(problems)) == ([], True)


def test_the_shipped_lists_cut_off_between_rows_tell_nothing_else_than_the_whole() -> None:
    path = samples.shipped()["demo"] / "gm0344" / "persoonslijsten.csv"
    rows = path.read_bytes().splitlines(keepends=True)
    whole = {draft.source_event_id for draft in read(b"".join(rows), source=path.name)[0]}
    for count in range(2, len(rows)):
        drafts, problems = read(b"".join(rows[:count]), source=path.name)
        # A birth may stand with one parent only, as long as the child's own list is not there yet.
        told = {draft.source_event_id for draft in drafts if draft.type != BIRTH}
        assert told <= whole
        inside_a_list = rows[count].startswith(b";")
        assert any(problem.field.endswith(".H") for problem in problems) == inside_a_list
