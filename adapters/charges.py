"""Recurring charges and income as a party states them: our own CSV, documented in
docs/formats/recurring-csv.md, in the vocabulary of `vastedag plan` (DESIGN 9.2)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from adapters.own_csv import OwnRow, read_rows
from adapters.reading import ReadResult, Report, build
from specs.errors import ValueFaultError
from specs.records import CHARGE_SET, KINDERBIJSLAG_SET, RENT_SET, RecordDraft
from specs.values import check_iban

REQUIRED: Final = (
    "bsn", "birth_date", "surname", "flow", "kind", "direction", "party", "amount_cents", "every",
    "shift", "valid_from",
)  # fmt: skip
OPTIONAL: Final = (
    "calendar", "day", "start", "months", "covers", "earlier_days", "later_days",
    "bare_rent_cents", "service_costs_cents", "independent_home", "valid_until", "ended",
)  # fmt: skip
_TYPE_OF_KIND: Final = {"rent": RENT_SET, "kinderbijslag": KINDERBIJSLAG_SET}
_INCOMING: Final = ("kinderbijslag", "wage_net", "benefit_net")
_IBAN_FORM: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}")


def read(content: bytes, *, source: str) -> ReadResult:
    """One record per row, with the problems; never raises for what the bytes hold."""
    report = Report(source)
    rows = read_rows(content, required=REQUIRED, optional=OPTIONAL, report=report)
    keys = Counter(_key(row) for row in rows)
    drafts: list[RecordDraft] = []
    for row in rows:
        if keys[_key(row)] > 1:
            row.refuse(
                "flow",
                "two rows for this person, flow and first day: none of them is read",
                "leave the one that counts",
            )
            continue
        draft = _read_row(row, report)
        if draft is not None:
            drafts.append(draft)
    return drafts, report.problems


def _key(row: OwnRow) -> tuple[str, str, str]:
    return row.text("bsn"), row.text("flow"), row.text("valid_from")


def _read_row(row: OwnRow, report: Report) -> RecordDraft | None:
    before = len(report.problems)
    person = row.person()
    first = row.day("valid_from", required=True)
    until = row.day("valid_until")
    values: dict[str, Any] = {
        name: row.text(name)
        for name in ("flow", "kind", "direction", "party", "every", "shift", "covers", "calendar")
        if row.text(name)
    }
    for name in (
        "amount_cents", "day", "earlier_days", "later_days", "bare_rent_cents",
        "service_costs_cents",
    ):  # fmt: skip
        number = row.whole(name, required=name == "amount_cents")
        if number is not None:
            values[name] = number
    start = row.day("start")
    if start is not None:
        values["start"] = start
    values["months"] = _months(row)
    for name in ("independent_home", "ended"):
        if row.text(name):
            values[name] = _flag(row, name)
    _check_sense(row, values)
    if first is not None and until is not None and until <= first:
        row.refuse("valid_until", "not after the first day", "fill in the first day it is over")
    if len(report.problems) > before or person is None or first is None:
        return None
    return build(
        _TYPE_OF_KIND.get(row.text("kind"), CHARGE_SET),
        {"person": person, **values},
        valid_from=first,
        valid_until=until,
        where=row.where,
        report=report,
    )


def _months(row: OwnRow) -> tuple[int, ...]:
    """`1,4,7,10` as numbers of months."""
    text = row.text("months")
    if not text:
        return ()
    parts = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch(r"[0-9]{1,2}", part) for part in parts):
        row.refuse("months", "no list of months", "fill in numbers with commas: 1,4,7,10")
        return ()
    return tuple(int(part) for part in parts)


def _flag(row: OwnRow, name: str) -> bool | None:
    if row.text(name) in ("0", "1"):
        return row.text(name) == "1"
    row.refuse(name, "not 0 or 1", "fill in 1 for yes, 0 for no")
    return None


def _check_sense(row: OwnRow, values: dict[str, Any]) -> None:
    """What the record's model does not see: fields that belong together."""
    kind, every = values.get("kind"), values.get("every")
    if "shift" not in values:
        row.refuse("shift", "missing", "fill in preceding or following")
    if kind != "other" and values.get("direction") != ("in" if kind in _INCOMING else "out"):
        row.refuse("direction", "does not fit the kind", "income is in, a charge is out")
    for name in _needed(every, values):
        if not values.get(name):
            row.refuse(name, "missing for this rhythm", "fill it in; see docs/formats")
    if every == "four_weeks" and ("day" in values or values["months"]):
        row.refuse("day", "a four-weekly flow has a start, no day or months", "leave it empty")
    if "calendar" in values and "day" in values:
        row.refuse("day", "a calendar and a day at once", "leave one of the two empty")
    rent = [values.get(name) for name in ("bare_rent_cents", "service_costs_cents")]
    if kind != "rent" and any(part is not None for part in rent):
        row.refuse("bare_rent_cents", "only rent is made of these parts", "leave it empty")
    elif rent[0] is not None and rent[0] + (rent[1] or 0) != values.get("amount_cents"):
        row.refuse(
            "bare_rent_cents", "bare rent and service costs are not the amount", "correct it"
        )
    flow = values.get("flow", "")
    if _IBAN_FORM.fullmatch(flow):
        try:
            check_iban(flow)
        except ValueFaultError:
            row.refuse("flow", "an IBAN whose check digits are wrong", "correct it")


def _needed(every: Any, values: dict[str, Any]) -> Sequence[str]:
    if every == "four_weeks":
        return ("start",)
    due = () if "calendar" in values else ("day",)
    return (*due, "months") if every in ("quarter", "year") and due else due
