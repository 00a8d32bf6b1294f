"""The CloudEvent around a record, by the NL GOV profile: build it, and read it from any bytes.

A payload repeats the ledger header's log, id, author and class, so that content moved under
another header is seen. An agency's own event (`parse_submitted`) has none of these: its node adds
them. `time` is the moment of recording; the legal date of the fact is `validfrom`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from specs.canonical import canonical_bytes
from specs.errors import Problem, SpecsError
from specs.records import RECORD_TYPES, RecordClass, RecordData, RecordDraft

PAYLOAD_BYTES_MAX: Final = 60_000  # NL GOV profile: intermediaries must carry 64 KB
DEPTH_MAX: Final = 16
INTEGER_MAX: Final = 2**53 - 1
SCHEMA_PREFIX: Final = "urn:vastedag:schema:"  # + type + ":v1"
UNKNOWN_MEMBER: Final = "(unknown member)"  # a stranger's key may itself be personal: not shown

_UTC_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z")
_SURROGATE = re.compile("[\ud800-\udfff]")
_REPAIR: Final = "correct it at the source and send the event again"


class EventFaultError(SpecsError):
    """An event that may not pass; `problems` tells all that is wrong with it at once."""

    def __init__(self, code: Literal["malformed", "invalid_event", "unknown_type", "oversize"],
                 problems: Sequence[Problem]) -> None:  # fmt: skip
        super().__init__("; ".join(f"{p.field or p.where}: {p.reason}" for p in problems))
        self.code = code
        self.problems = tuple(problems)


def _utc_time(text: str) -> str:
    if not _UTC_TIME.fullmatch(text):
        raise ValueError("a time is written in UTC as 2026-01-31T12:00:00Z")
    datetime.fromisoformat(text)
    return text


Id43 = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]
Urn = Annotated[str, Field(pattern=r"^urn:nld:[A-Za-z0-9:._-]{1,200}$")]


class _Attributes(BaseModel):
    """What every event of ours has. NL GOV profile 1.1: extensions in lower case, at most 20."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    specversion: Literal["1.0"]
    source: Urn
    type: Annotated[str, Field(max_length=120)]
    time: Annotated[str, AfterValidator(_utc_time)]
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: Annotated[str, Field(max_length=200)] | None = None
    validfrom: date
    validuntil: date | None = None
    causes: Annotated[str, Field(max_length=2000)] | None = None  # record ids, by spaces
    data: dict[str, Any]


class _PayloadAttributes(_Attributes):
    id: Id43
    log: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{43}=$")]
    author: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    recordclass: RecordClass


class _SubmittedAttributes(_Attributes):
    id: Annotated[str, Field(min_length=1, max_length=200)]


_A = TypeVar("_A", bound=_Attributes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A payload, read and checked: what the ledger's header says of it, and the record."""

    log: str
    id: str
    author: str
    record_class: RecordClass
    source: str
    type: str
    time: str
    valid_from: date
    valid_until: date | None
    causes: tuple[str, ...]
    data: RecordData


def payload_bytes(event: Event) -> bytes:
    """The canonical bytes of the CloudEvent: what is committed to, sealed and delivered.

    Raises EventFaultError (oversize) past PAYLOAD_BYTES_MAX.
    """
    members: dict[str, Any] = {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "time": event.time,
        "datacontenttype": "application/json",
        "dataschema": f"{SCHEMA_PREFIX}{event.type}:v1",
        "log": event.log,
        "author": event.author,
        "recordclass": event.record_class,
        "validfrom": event.valid_from.isoformat(),
        "data": event.data.model_dump(mode="json"),
    }
    if event.valid_until is not None:
        members["validuntil"] = event.valid_until.isoformat()
    if event.causes:
        members["causes"] = " ".join(event.causes)
    content = canonical_bytes(members)
    if len(content) > PAYLOAD_BYTES_MAX:
        raise EventFaultError("oversize", [_oversize(len(content))])
    return content


def parse_payload(content: bytes) -> Event:
    """The event of payload bytes, its type and data checked; raises EventFaultError."""
    attributes, data = _read(_PayloadAttributes, _json_object(content))
    if RECORD_TYPES[attributes.type].record_class != attributes.recordclass:
        fault = _problem("recordclass", "not the class of this type")
        raise EventFaultError("invalid_event", [fault])
    return Event(
        log=attributes.log,
        id=attributes.id,
        author=attributes.author,
        record_class=attributes.recordclass,
        source=attributes.source,
        type=attributes.type,
        time=attributes.time,
        valid_from=attributes.validfrom,
        valid_until=attributes.validuntil,
        causes=tuple((attributes.causes or "").split()),
        data=data,
    )


def parse_submitted(content: bytes | Mapping[str, Any]) -> RecordDraft:
    """The draft of an agency's own event; raises EventFaultError with every problem.

    source and id name the event in the source, so the same event sent twice gives one record.
    """
    members = _json_object(content) if isinstance(content, bytes) else dict(content)
    attributes, data = _read(_SubmittedAttributes, members)
    return RecordDraft(
        type=attributes.type,
        source_event_id=f"{attributes.source}#{attributes.id}",
        data=data,
        valid_from=attributes.validfrom,
        valid_until=attributes.validuntil,
        where="event",
    )


def utc_text(moment: datetime) -> str:
    """A moment as an event's `time`, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read(model: type[_A], members: Mapping[str, Any]) -> tuple[_A, RecordData]:
    """Attributes and data; problems of both are told together."""
    problems: list[Problem] = []
    attributes: _A | None = None
    try:
        attributes = model.model_validate(members)
    except ValidationError as error:
        problems += _problems_of(error, ())
    name = members.get("type")
    known = RECORD_TYPES.get(name) if isinstance(name, str) else None
    if known is None:
        if isinstance(name, str) and not problems:
            fault = _problem("type", "no record type has this name; see the published list")
            raise EventFaultError("unknown_type", [fault])
        raise EventFaultError("invalid_event", problems)
    data: RecordData | None = None
    if isinstance(members.get("data"), dict):
        try:
            # JSON has no dates or tuples: strict fields say so themselves
            data = known.model.model_validate(members["data"])
        except ValidationError as error:
            problems += _problems_of(error, ("data",))
    until = attributes.validuntil if attributes is not None else None
    if attributes is not None and until is not None and until <= attributes.validfrom:
        problems.append(_problem("validuntil", "the record ends before it begins"))
    if attributes is None or data is None or problems:
        raise EventFaultError("invalid_event", problems)
    return attributes, data


def _problems_of(error: ValidationError, prefix: tuple[str, ...]) -> list[Problem]:
    found = []
    for fault in error.errors(include_input=False, include_url=False, include_context=False):
        place = [*prefix, *(str(part) for part in fault["loc"])]
        if fault["type"] == "extra_forbidden":
            place[-1] = UNKNOWN_MEMBER
        found.append(_problem(".".join(place), fault["msg"]))
    return found


def _problem(field: str, reason: str) -> Problem:
    return Problem(source="event", where="event", field=field, reason=reason, repair=_REPAIR)


def _oversize(size: int) -> Problem:
    return _problem("", f"{size} bytes, at most {PAYLOAD_BYTES_MAX} fit")


def _json_object(content: bytes) -> dict[str, Any]:
    """Strict JSON: UTF-8, no duplicate member, no fraction, integers within 2^53, depth 16."""
    if len(content) > PAYLOAD_BYTES_MAX:
        raise EventFaultError("oversize", [_oversize(len(content))])
    try:
        value = json.loads(
            content.decode("utf-8", "strict"),
            object_pairs_hook=_unique,
            parse_float=_no_fraction,
            parse_constant=_no_fraction,
            parse_int=_safe_integer,
        )
    except (UnicodeDecodeError, json.JSONDecodeError):
        raise EventFaultError("malformed", [_problem("", "not JSON in UTF-8")]) from None
    except RecursionError:
        raise EventFaultError("malformed", [_problem("", "nested too deep")]) from None
    if not isinstance(value, dict):
        raise EventFaultError("malformed", [_problem("", "not a JSON object")])
    if _depth(value) > DEPTH_MAX:
        raise EventFaultError("malformed", [_problem("", f"nested deeper than {DEPTH_MAX}")])
    if _SURROGATE.search(json.dumps(value, ensure_ascii=False)):
        raise EventFaultError("malformed", [_problem("", "half a character (lone surrogate)")])
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise EventFaultError("malformed", [_problem("", "a member stands in it twice")])
    return members


def _no_fraction(_text: str) -> int:
    raise EventFaultError("malformed", [_problem("", "a number that is no whole number")])


def _safe_integer(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > INTEGER_MAX:
        raise EventFaultError("malformed", [_problem("", "an integer beyond 2^53")])
    return int(text)


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0
