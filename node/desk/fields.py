"""A record's content as fields of a form, and the form as content again. Pure.

Persons stay as they are: a record about somebody else is withdrawn, not rewritten. Amounts are
read and shown in euros; everything else in the words of the record.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import ValidationError

from node.desk.field_words import CHOICE_WORDS, FIELD_WORDS
from scheduler.folding.known import Text
from specs.errors import ValueFaultError
from specs.records import PersonRef, RecordData, Statement
from specs.values import parse_date

Kind = Literal["amount", "number", "text", "date", "choice"]
VALID_FROM: Final = "valid_from"
VALID_UNTIL: Final = "valid_until"
MONEY_FACTS: Final = ("expected_income", "assets", "opening_balance")
_EUROS: Final = re.compile(r"(-?)(\d{1,3}(?:\.\d{3})+|\d{1,10})(?:,(\d{2}))?", re.ASCII)
_WHOLE: Final = re.compile(r"-?\d{1,12}", re.ASCII)
BAD_AMOUNT: Final = Text(
    "Schrijf een bedrag zoals 1.033,20.", "Write an amount such as 1.033,20 (comma for cents)."
)
BAD_DATE: Final = Text("Schrijf een dag zoals 2026-01-31.", "Write a day such as 2026-01-31.")
BAD_NUMBER: Final = Text("Schrijf een heel getal.", "Write a whole number.")
BAD_VALUE: Final = Text(
    "Deze waarde past niet in dit soort bericht.", "This value does not fit this kind of record."
)
ENDS_EARLY: Final = Text("Het einde ligt voor het begin.", "It ends before it begins.")
YES_NO: Final = ("true", "false")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldView:
    """One field of a form: dotted name, label, and the value as a clerk reads and writes it."""

    name: str
    label: Text
    kind: Kind
    value: str
    choices: tuple[tuple[str, Text], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A record's content with its valid time."""

    data: RecordData
    valid_from: date
    valid_until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """What a form makes of a record; `data` None when something in it is wrong."""

    version: Version | None
    wrong: Mapping[str, Text]
    differs: tuple[str, ...]
    money: bool


def fields_of(version: Version) -> tuple[FieldView, ...]:
    """Every field a clerk may set right, the valid time first."""
    until = "" if version.valid_until is None else version.valid_until.isoformat()
    times = (
        FieldView(
            name=VALID_FROM, label=FIELD_WORDS[VALID_FROM], kind="date",
            value=version.valid_from.isoformat(),
        ),
        FieldView(name=VALID_UNTIL, label=FIELD_WORDS[VALID_UNTIL], kind="date", value=until),
    )  # fmt: skip
    return (*times, *_fields(version.data, version.data, ""))


def rewrite(version: Version, given: Mapping[str, str]) -> Rewritten:
    """The content with the fields as given; those not given stay as they are."""
    wrong: dict[str, Text] = {}
    values = version.data.model_dump(mode="json")
    differs, money = [], False
    for field in fields_of(version):
        text = given.get(field.name, field.value).strip()
        if text == field.value:
            continue
        value, fault = _read(field, text)
        if field.name == VALID_FROM and not text:
            fault = BAD_DATE
        if fault is not None:
            wrong[field.name] = fault
            continue
        differs.append(field.name)
        money = money or field.kind == "amount"
        if field.name not in (VALID_FROM, VALID_UNTIL):
            _put(values, field.name, value)
    if wrong:
        return Rewritten(version=None, wrong=wrong, differs=tuple(differs), money=money)
    made, wrong = _made(version, values, given)
    return Rewritten(version=made, wrong=wrong, differs=tuple(differs), money=money)


def has_money(data: RecordData) -> bool:
    """Whether a record states an amount that is not nothing: withdrawing it changes an amount."""
    return any(
        field.kind == "amount" and field.value not in ("", "0,00")
        for field in _fields(data, data, "")
    )


def _made(
    version: Version, values: Mapping[str, Any], given: Mapping[str, str]
) -> tuple[Version | None, dict[str, Text]]:
    since = parse_date(given.get(VALID_FROM, "").strip() or version.valid_from.isoformat())
    until = version.valid_until
    if VALID_UNTIL in given:
        text = given[VALID_UNTIL].strip()
        until = parse_date(text) if text else None
    if until is not None and until <= since:
        return None, {
            VALID_UNTIL: Text("Het einde ligt voor het begin.", "It ends before it begins.")
        }
    try:
        data = type(version.data).model_validate(values)
    except ValidationError as error:
        names = {".".join(str(part) for part in each["loc"]) for each in error.errors()}
        return None, dict.fromkeys(names or {""}, BAD_VALUE)
    return Version(data=data, valid_from=since, valid_until=until), {}


def _fields(data: RecordData, part: RecordData, before: str) -> list[FieldView]:
    found: list[FieldView] = []
    for name, info in type(part).model_fields.items():
        inner = _inner(info.annotation)
        value = getattr(part, name)
        if isinstance(value, RecordData) and not isinstance(value, PersonRef):
            found += _fields(data, value, f"{before}{name}.")
            continue
        kind = _kind(data, name, inner)
        if kind is None:
            continue
        found.append(
            FieldView(
                name=before + name,
                label=FIELD_WORDS[name],
                kind=kind,
                value=_shown(kind, value),
                choices=_choices(inner, optional=NoneType in get_args(info.annotation))
                if kind == "choice"
                else (),
            )
        )
    return found


def _kind(data: RecordData, name: str, inner: Any) -> Kind | None:
    """What kind of field an annotation makes; None for persons, lists and parts."""
    if inner is bool or get_origin(inner) is Literal:
        return "choice"
    if inner is int:
        money = name == "cents" or name.endswith("_cents") or name == "cents_per_month"
        if isinstance(data, Statement) and name == "value":
            money = data.fact in MONEY_FACTS
        return "amount" if money else "number"
    if inner is date:
        return "date"
    return "text" if inner is str else None


def _inner(annotation: Any) -> Any:
    """An annotation without `| None` and without its bounds."""
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in (Union, UnionType):
            annotation = next(each for each in get_args(annotation) if each is not NoneType)
        else:
            return annotation


def _choices(inner: Any, *, optional: bool) -> tuple[tuple[str, Text], ...]:
    names: Sequence[str] = YES_NO if inner is bool else get_args(inner)
    empty = (("", Text("niet bekend", "not known")),) if optional else ()
    return (*empty, *((name, CHOICE_WORDS[name]) for name in names))


def _shown(kind: Kind, value: Any) -> str:
    if value is None:
        return ""
    if kind == "amount":
        return euros(value)
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date) else str(value)


def euros(cents: int) -> str:
    """`1.033,20`: an amount as a clerk writes it."""
    whole, rest = divmod(abs(cents), 100)
    grouped = f"{whole:,}".replace(",", ".")
    return f"{'-' if cents < 0 else ''}{grouped},{rest:02d}"


def cents_of(text: str) -> int | None:
    """The cents of an amount in Dutch style; None when it is none."""
    found = _EUROS.fullmatch(text)
    if found is None:
        return None
    sign, whole, rest = found.groups()
    cents = int(whole.replace(".", "")) * 100 + int(rest or "0")
    return -cents if sign else cents


def _read(field: FieldView, text: str) -> tuple[Any, Text | None]:
    if not text:
        return None, None
    if field.kind == "amount":
        cents = cents_of(text)
        return cents, BAD_AMOUNT if cents is None else None
    if field.kind == "number":
        return (int(text), None) if _WHOLE.fullmatch(text) else (None, BAD_NUMBER)
    if field.kind == "date":
        try:
            return parse_date(text).isoformat(), None
        except ValueFaultError:
            return None, BAD_DATE
    if field.kind == "choice":
        if text not in {name for name, _ in field.choices}:
            return None, BAD_VALUE
        return (text == "true", None) if text in YES_NO else (text, None)
    return text, None


def _put(values: dict[str, Any], name: str, value: Any) -> None:
    *outer, last = name.split(".")
    for part in outer:
        values = values[part]
    values[last] = value
