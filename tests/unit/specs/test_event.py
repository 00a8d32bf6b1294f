"""The CloudEvent around a record: what passes, and every way it may not."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specs.event import (
    PAYLOAD_BYTES_MAX,
    Event,
    EventFaultError,
    parse_payload,
    parse_submitted,
    payload_bytes,
    utc_text,
)
from specs.records import DEATH, Death, PersonRef

PERSON = PersonRef(bsn="999993653", birth_date=date(1990, 5, 1), surname="Moulin")
EVENT = Event(
    log="A" * 43 + "=",
    id="b" * 43,
    author="gm0344",
    record_class="person",
    source="urn:nld:oin:00000001002220647000:systeem:brp",
    type=DEATH,
    time="2026-11-22T04:00:00Z",
    valid_from=date(2026, 11, 20),
    valid_until=None,
    causes=(),
    data=Death(person=PERSON),
)


def submitted(**changes: Any) -> dict[str, Any]:
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": "akte-1",
        "source": "urn:nld:oin:00000001002220647000:systeem:brp",
        "type": DEATH,
        "time": "2026-11-22T04:00:00Z",
        "validfrom": "2026-11-20",
        "data": {
            "person": {"bsn": "999993653", "birth_date": "1990-05-01", "surname": "Moulin"},
        },
    }
    return event | changes


def test_a_payload_reads_back_as_the_event_it_was_made_of() -> None:
    assert parse_payload(payload_bytes(EVENT)) == EVENT


def test_a_submitted_event_becomes_a_draft_named_by_source_and_id() -> None:
    draft = parse_submitted(json.dumps(submitted()).encode())
    assert draft.type == DEATH
    assert draft.source_event_id == "urn:nld:oin:00000001002220647000:systeem:brp#akte-1"
    assert draft.data == Death(person=PERSON)


def test_every_problem_is_told_at_once() -> None:
    person = {"bsn": "123456789", "birth_date": "1990-02-30", "surname": ""}
    wrong = submitted(time="yesterday", specversion="2.0", data={"person": person, "x": 1})
    with pytest.raises(EventFaultError) as caught:
        parse_submitted(wrong)
    fields = {problem.field for problem in caught.value.problems}
    assert fields == {
        "time",
        "specversion",
        "data.person.bsn",
        "data.person.birth_date",
        "data.person.surname",
        "data.(unknown member)",
    }


def test_an_unknown_type_is_its_own_code() -> None:
    with pytest.raises(EventFaultError) as caught:
        parse_submitted(submitted(type="nl.example.nothing"))
    assert caught.value.code == "unknown_type"


def test_no_text_of_a_fault_holds_what_was_sent() -> None:
    wrong = submitted(data={"999993653": 1, "person": {"bsn": "999993650", "surname": "Moulin"}})
    with pytest.raises(EventFaultError) as caught:
        parse_submitted(wrong)
    told = str(caught.value) + json.dumps([p.as_json() for p in caught.value.problems])
    assert "99999365" not in told
    assert "Moulin" not in told


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xff\xfe", "malformed"),
        (b"[]", "malformed"),
        (b'{"a":1,"a":2}', "malformed"),
        (b'{"a":1.5}', "malformed"),
        (b'{"a":NaN}', "malformed"),
        (b'{"a":9007199254740992}', "malformed"),
        (b'{"a":"\\ud800"}', "malformed"),
        (b'{"a":' + b"[" * 20 + b"]" * 20 + b"}", "malformed"),
        (b"[" * 50_000, "malformed"),
        (b" " * (PAYLOAD_BYTES_MAX + 1), "oversize"),
        (b"{}", "invalid_event"),
    ],
)
def test_bytes_that_are_no_event(content: bytes, code: str) -> None:
    for read in (parse_payload, parse_submitted):
        with pytest.raises(EventFaultError) as caught:
            read(content)
        assert caught.value.code == code
        assert caught.value.problems


def test_a_class_other_than_the_types_is_refused() -> None:
    members = json.loads(payload_bytes(EVENT)) | {"recordclass": "income"}
    with pytest.raises(EventFaultError, match="recordclass"):
        parse_payload(json.dumps(members).encode())


def test_a_record_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(EventFaultError, match="validuntil"):
        parse_submitted(submitted(validuntil="2026-11-20"))


@given(st.binary(max_size=300))
@settings(max_examples=300)
def test_any_bytes_give_an_event_or_problems(content: bytes) -> None:
    with pytest.raises(EventFaultError):
        parse_payload(content)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.dates().map(str),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    ),
    st.sampled_from(sorted(submitted())),
)
@settings(max_examples=300)
def test_any_value_in_any_member_gives_a_draft_or_problems(value: Any, member: str) -> None:
    faults: list[EventFaultError] = []
    try:
        parse_submitted(submitted(**{member: value}))
    except EventFaultError as fault:
        faults.append(fault)
    assert all(fault.problems for fault in faults)


def test_a_moment_is_told_in_utc() -> None:
    assert utc_text(datetime(2026, 11, 22, 4, 59, 59, 5, tzinfo=UTC)) == "2026-11-22T04:59:59Z"
