"""Our own CSV files: what docs/formats promises to senders. All persons invented."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from adapters import charges, samples, statements
from adapters.reading import ReadResult
from specs.records import (
    CHARGE_SET,
    ENROLLED,
    KINDERBIJSLAG_SET,
    RENT_SET,
    STATED,
    Enrolment,
    Recurring,
    Statement,
)

DOCS = Path(__file__).parents[3] / "docs" / "formats"
WHO = "999902003;1988-04-12;Wit"
RENT = {
    "flow": "huur-1", "kind": "rent", "direction": "out", "party": "woonstad",
    "amount_cents": "63400", "every": "month", "day": "1", "shift": "following",
    "valid_from": "2026-01-01",
}  # fmt: skip


def recurring(*rows: dict[str, str], end: str | None = None, who: str = WHO) -> ReadResult:
    names = [*charges.REQUIRED, *charges.OPTIONAL]
    people = dict(zip(("bsn", "birth_date", "surname"), who.split(";"), strict=True))
    lines = [";".join(names)]
    lines += [";".join({**people, **row}.get(name, "") for name in names) for row in rows]
    lines.append(f"end;{len(rows)}" if end is None else end)
    return charges.read("\n".join(lines).encode(), source="r.csv")


def stated(*rows: str, end: str | None = None) -> ReadResult:
    head = (
        "bsn;birth_date;surname;fact;value;year;other_bsn;other_birth_date;other_surname;valid_from"
    )
    last = f"end;{len(rows)}" if end is None else end
    return statements.read("\n".join([head, *rows, last]).encode(), source="s.csv")


def test_rent_with_its_parts() -> None:
    parts = {"bare_rent_cents": "61250", "service_costs_cents": "2150", "independent_home": "1"}
    drafts, problems = recurring({**RENT, **parts, "later_days": "27"})
    assert problems == []
    assert drafts[0].type == RENT_SET
    data = drafts[0].data
    assert isinstance(data, Recurring)
    assert (data.amount_cents, data.bare_rent_cents, data.later_days) == (63400, 61250, 27)
    assert (data.independent_home, data.covers, drafts[0].valid_until) == (True, "same_month", None)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"kind": "energy"}, CHARGE_SET),
        ({"kind": "wage_net", "direction": "in", "every": "four_weeks", "day": "",
          "start": "2026-01-23"}, CHARGE_SET),
        ({"kind": "kinderbijslag", "direction": "in", "every": "quarter", "day": "",
          "calendar": "kinderbijslag"}, KINDERBIJSLAG_SET),
        ({"kind": "water", "every": "quarter", "months": "2,5,8,11"}, CHARGE_SET),
        ({"kind": "other", "direction": "in"}, CHARGE_SET),
        ({"valid_until": "2026-07-01"}, RENT_SET),
    ],
)  # fmt: skip
def test_rhythms_and_kinds(change: dict[str, str], kind: str) -> None:
    drafts, problems = recurring({**RENT, **change})
    assert problems == []
    assert [draft.type for draft in drafts] == [kind]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount_cents": "634.00"}, "amount_cents"),
        ({"amount_cents": "-1"}, "amount_cents"),
        ({"amount_cents": ""}, "amount_cents"),
        ({"amount_cents": "9" * 16}, "amount_cents"),
        ({"kind": "huur"}, "kind"),
        ({"direction": "in"}, "direction"),
        ({"every": "week"}, "every"),
        ({"day": ""}, "day"),
        ({"day": "32"}, "day"),
        ({"day": "1", "calendar": "uwv"}, "day"),
        ({"every": "four_weeks", "day": ""}, "start"),
        ({"every": "four_weeks", "start": "2026-01-23"}, "day"),
        ({"every": "quarter"}, "months"),
        ({"every": "quarter", "months": "1;4"}, ""),
        ({"every": "quarter", "months": "1,4,13"}, "months.2"),
        ({"shift": ""}, "shift"),
        ({"shift": "later"}, "shift"),
        ({"covers": "week"}, "covers"),
        ({"later_days": "63"}, "later_days"),
        ({"valid_from": "01-01-2026"}, "valid_from"),
        ({"valid_from": "2026-02-30"}, "valid_from"),
        ({"valid_from": ""}, "valid_from"),
        ({"valid_until": "2026-01-01"}, "valid_until"),
        ({"bare_rent_cents": "61250", "service_costs_cents": "2151"}, "bare_rent_cents"),
        ({"kind": "energy", "bare_rent_cents": "61250"}, "bare_rent_cents"),
        ({"independent_home": "ja"}, "independent_home"),
        ({"party": ""}, "party"),
        ({"flow": ""}, "flow"),
        ({"flow": "NL91ABNA0417164301"}, "flow"),
    ],
)
def test_a_faulty_row_is_named_and_hides_no_other(change: dict[str, str], field: str) -> None:
    drafts, problems = recurring({**RENT, **change}, {**RENT, "flow": "huur-2"})
    assert [draft.data.flow for draft in drafts] == ["huur-2"]  # type: ignore[attr-defined]
    assert [(problem.where, problem.field) for problem in problems] == [("row 2", field)]
    assert problems[0].repair


def test_an_iban_as_reference_is_taken_when_its_check_digits_are_right() -> None:
    # The IBAN registry's own example for the Netherlands (SWIFT IBAN registry, NL).
    drafts, problems = recurring({**RENT, "flow": "NL91ABNA0417164300"})
    assert (len(drafts), problems) == (1, [])


@pytest.mark.parametrize(
    ("who", "field"),
    [
        ("999902004;1988-04-12;Wit", "bsn"),
        ("99990200;1988-04-12;Wit", "bsn"),
        (";1988-04-12;Wit", "bsn"),
        ("999902003;;Wit", "birth_date"),
        ("999902003;1988-04-12;", "surname"),
        ("999902003;19880412;Wit", "birth_date"),
    ],
)
def test_a_person_is_named_by_three_things(who: str, field: str) -> None:
    drafts, problems = recurring(RENT, who=who)
    assert drafts == []
    assert [problem.field for problem in problems] == [field]
    assert not any(part in str(problems[0]) for part in who.split(";") if part)


def test_two_rows_for_one_flow_and_day_are_both_refused() -> None:
    drafts, problems = recurring(RENT, {**RENT, "amount_cents": "1"})
    assert (drafts, [problem.where for problem in problems]) == ([], ["row 2", "row 3"])


@pytest.mark.parametrize("end", ["", "end;2", "end", "end;x", "end;1\n"])
def test_the_end_row_shows_that_the_file_is_whole(end: str) -> None:
    drafts, problems = recurring(RENT, end=end)
    whole = end == "end;1\n"
    assert (len(drafts), len(problems)) == ((1, 0) if whole else (0, 1))


@pytest.mark.parametrize(
    ("head", "field"),
    [
        ("bsn;bsn", "column 2"),
        ("bsn;naam", "column 2"),
        ("", "bsn"),
    ],
)
def test_the_header_names_the_columns(head: str, field: str) -> None:
    drafts, problems = charges.read(f"{head}\nend;0\n".encode(), source="r.csv")
    assert drafts == []
    assert field in {problem.field for problem in problems}


def test_statements_of_a_year_and_of_a_day() -> None:
    drafts, problems = stated(
        f"{WHO};insured;1;;;;;2026-01-01",
        f"{WHO};assets;0;2026;;;;2026-01-01",
        f"{WHO};expected_income;2497500;2026;;;;2026-02-05",
        f"{WHO};opening_balance;-8000;;;;;2026-01-01",
        f"{WHO};toeslagpartner;1;;999902404;1984-02-17;Bakker;2026-01-01",
        f"{WHO};toeslagpartner;0;;;;;2026-03-01",
    )
    assert problems == []
    assert {draft.type for draft in drafts} == {STATED}
    told = {
        (d.data.fact, d.data.value, d.data.year) for d in drafts if isinstance(d.data, Statement)
    }
    assert ("assets", 0, 2026) in told
    assert ("opening_balance", -8000, None) in told
    assert len(told) == 6


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("insured;2;;;;;2026-01-01", "value"),
        ("insured;;;;;;2026-01-01", "value"),
        ("insured;1;2026;;;;2026-01-01", "year"),
        ("assets;0;;;;;2026-01-01", "year"),
        ("assets;-1;2026;;;;2026-01-01", "value"),
        ("assets;0;1999;;;;2026-01-01", "year"),
        ("toeslagpartner;1;;;;;2026-01-01", "other_bsn"),
        ("toeslagpartner;0;;999902404;1984-02-17;Bakker;2026-01-01", "other_bsn"),
        ("toeslagpartner;1;;999902404;;Bakker;2026-01-01", "other_birth_date"),
        ("insured;1;;999902404;1984-02-17;Bakker;2026-01-01", "other_bsn"),
        ("inkomen;1;;;;;2026-01-01", "fact"),
        ("insured;1;;;;;", "valid_from"),
        ("enrolled;29;;;;;2026-01-01", "value"),
        ("enrolled_member;;;999902404;1984-02-17;Bakker;2026-01-01", "fact"),
    ],
)
def test_a_faulty_statement_is_named(row: str, field: str) -> None:
    drafts, problems = stated(f"{WHO};{row}", f"{WHO};opening_balance;0;;;;;2026-01-01")
    assert [draft.type for draft in drafts] == [STATED]
    assert field in [problem.field for problem in problems]
    assert {problem.where for problem in problems} == {"row 2"}


def test_an_enrolment_takes_its_members_from_their_rows() -> None:
    drafts, problems = stated(
        f"{WHO};enrolled;24;;;;;2026-01-05",
        f"{WHO};enrolled_member;;;999902404;2014-09-03;Wit;2026-01-05",
        f"{WHO};enrolled_member;;;999902817;2019-11-21;Wit;2026-01-05",
    )
    assert problems == []
    assert [draft.type for draft in drafts] == [ENROLLED]
    data = drafts[0].data
    assert isinstance(data, Enrolment)
    assert [member.bsn for member in data.members] == ["999902404", "999902817"]
    assert (data.preferred_day, data.agreed_on, data.withdrawn) == (24, date(2026, 1, 5), False)


def test_an_enrolment_with_an_unreadable_member_waits() -> None:
    drafts, problems = stated(
        f"{WHO};enrolled;;;;;;2026-01-05",
        f"{WHO};enrolled_member;;;999902405;2014-09-03;Wit;2026-01-05",
    )
    assert drafts == []
    assert {problem.where for problem in problems} == {"row 2", "row 3"}


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("recurring-csv.md", (*charges.REQUIRED, *charges.OPTIONAL)),
        ("statement-csv.md", (*statements.REQUIRED, *statements.OPTIONAL)),
    ],
)
def test_the_documentation_names_every_column(name: str, columns: tuple[str, ...]) -> None:
    text = (DOCS / name).read_text(encoding="utf-8")
    assert [column for column in columns if f"| `{column}` |" not in text] == []


@pytest.mark.parametrize(
    ("name", "reader"), [("recurring-csv.md", charges.read), ("statement-csv.md", statements.read)]
)
def test_the_documented_example_is_read_without_problems(
    name: str, reader: Callable[..., ReadResult]
) -> None:
    text = (DOCS / name).read_text(encoding="utf-8")
    example = text.split("```csv\n")[1].split("```")[0]
    drafts, problems = reader(example.encode(), source=name)
    assert problems == []
    assert len(drafts) >= 3


def test_a_shipped_file_cut_off_anywhere_gives_no_record() -> None:
    for name, reader in (
        ("opgaven.csv", statements.read),
        ("opgave-lasten-en-inkomsten.csv", charges.read),
    ):
        content = (samples.shipped()["demo"] / "gm0344" / name).read_bytes().rstrip()
        for length in range(0, len(content), 53):
            drafts, problems = reader(content[:length], source=name)
            assert (drafts, bool(problems)) == ([], True)
