"""What an applicant states about himself, and his enrolment in one pay date: our own CSV,
documented in docs/formats/statement-csv.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from adapters.own_csv import OwnRow, read_rows
from adapters.reading import ReadResult, Report, build, without_doubles
from specs.records import ENROLLED, STATED, PersonRef, RecordDraft

REQUIRED: Final = ("bsn", "birth_date", "surname", "fact", "valid_from")
OPTIONAL: Final = ("value", "year", "other_bsn", "other_birth_date", "other_surname")
_STATEMENTS: Final = (
    "insured", "expected_income", "assets", "toeslagpartner", "opening_balance",
)  # fmt: skip
_ENROLMENT: Final = ("enrolled", "enrolled_member", "enrolment_withdrawn")
_PER_YEAR: Final = ("expected_income", "assets")
Household = tuple[str, ...]  # who enrols it, and the day: what its rows have in common
_NAMES_OTHER: Final = ("toeslagpartner", "enrolled_member")


def read(content: bytes, *, source: str) -> ReadResult:
    """Statements and enrolments, with the problems; never raises for what the bytes hold."""
    report = Report(source)
    rows = read_rows(content, required=REQUIRED, optional=OPTIONAL, report=report)
    keys = Counter(_key(row) for row in rows)
    members: dict[Household, list[OwnRow]] = {}
    for row in rows:
        if row.text("fact") == "enrolled_member":
            members.setdefault(_household(row), []).append(row)
    heads = {_household(row) for row in rows if row.text("fact") == "enrolled"}
    drafts: list[RecordDraft] = []
    for row in rows:
        fact = row.text("fact")
        if keys[_key(row)] > 1:
            row.refuse(
                "fact", "stated twice for this day: none is read", "leave the one that counts"
            )
        elif fact in _STATEMENTS:
            drafts.extend(_statement(row, report))
        elif fact in ("enrolled", "enrolment_withdrawn"):
            drafts.extend(_enrolment(row, members.get(_household(row), []), report))
        elif fact == "enrolled_member":
            if _household(row) not in heads:
                row.refuse("fact", "nobody enrols this household on this day", "add row `enrolled`")
        else:
            known = ", ".join((*_STATEMENTS, *_ENROLMENT))
            row.refuse("fact", "no such fact", f"use one of: {known}")
    return without_doubles(drafts), report.problems


def _key(row: OwnRow) -> tuple[str, ...]:
    names = ["bsn", "fact", "year", "valid_from"]
    if row.text("fact") == "enrolled_member":
        names.append("other_bsn")
    return tuple(row.text(name) for name in names)


def _statement(row: OwnRow, report: Report) -> list[RecordDraft]:
    before = len(report.problems)
    fact = row.text("fact")
    person, other = row.person(), _other(row)
    value = row.whole("value", required=True)
    year = row.whole("year", required=fact in _PER_YEAR)
    first = row.day("valid_from", required=True)
    if fact not in _PER_YEAR and row.text("year"):
        row.refuse("year", "this fact has no year", "leave it empty")
    if fact in ("insured", "toeslagpartner") and value not in (0, 1, None):
        row.refuse("value", "not 0 or 1", "fill in 1 for yes, 0 for no")
    if fact == "toeslagpartner" and (value == 1) != (other is not None):
        row.refuse("other_bsn", "1 names the partner, 0 names nobody", "correct one of the two")
    if fact == "assets" and value is not None and value < 0:
        row.refuse("value", "assets are not below zero", "state what is there on 1 January")
    if len(report.problems) > before or person is None or first is None:
        return []
    values: dict[str, Any] = {
        "person": person, "fact": fact, "value": value, "year": year, "other": other,
    }  # fmt: skip
    draft = build(STATED, values, valid_from=first, where=row.where, report=report)
    return [] if draft is None else [draft]


def _other(row: OwnRow) -> PersonRef | None:
    """The other person the row names; None, reported, when it may not or does not wholly."""
    if not any(row.text(f"other_{name}") for name in ("bsn", "birth_date", "surname")):
        return None
    if row.text("fact") not in _NAMES_OTHER:
        row.refuse("other_bsn", "this fact names nobody else", "leave it empty")
        return None
    return row.person("other_")


def _household(row: OwnRow) -> Household:
    names = ("bsn", "birth_date", "surname", "valid_from")
    return tuple(row.text(name) for name in names)


def _enrolment(row: OwnRow, rows: Sequence[OwnRow], report: Report) -> list[RecordDraft]:
    """The enrolment of a household: this row and the rows of its members, of the same day."""
    before = len(report.problems)
    person = row.person()
    first = row.day("valid_from", required=True)
    preferred = row.whole("value")
    if preferred is not None and not 1 <= preferred <= 28:
        row.refuse("value", "no day of the month from 1 to 28", "leave it empty for no preference")
    members: list[PersonRef] = []
    for member_row in rows:
        member = _other(member_row)
        if member is None:
            # Who is left out would not be paid for: the whole enrolment waits.
            row.refuse("fact", f"the member of {member_row.where} is not readable", "correct it")
        else:
            members.append(member)
    _other(row)
    if len(report.problems) > before or person is None or first is None:
        return []
    values: dict[str, Any] = {
        "person": person,
        "members": tuple(members),
        "preferred_day": preferred,
        "agreed_on": first,
        "withdrawn": row.text("fact") == "enrolment_withdrawn",
    }
    draft = build(ENROLLED, values, valid_from=first, where=row.where, report=report)
    return [] if draft is None else [draft]
