"""Signed events at the door, and tokens between members: what passes and every refusal."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.rules.registry import Key, freeze
from node.errors import RefusedError
from node.intake import SUBMISSION_BYTES_MAX, read_submission, sign_submission
from node.ledger_view import api_keys_of
from node.members.tokens import LIFE_SECONDS, check_token, make_token, token_of
from specs.records import DEATH, Death, PersonRef
from tests.node_desk import LOG, REGISTRY, View, signer

VIEW = View(size=5_000)
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "akte-1",
    "source": "urn:nld:oin:99000000000000000005:systeem:burgerzaken",
    "type": DEATH,
    "time": "2026-11-22T04:00:00Z",
    "validfrom": "2026-11-20",
    "data": {"person": {"bsn": "999993653", "birth_date": "1990-05-01", "surname": "Moulin"}},
}


def submission(member: str = "gm0344", use: str = "api", **changes: Any) -> bytes:
    fields: dict[str, Any] = {"member": member, "log": LOG, "seen": 4_999, "event": EVENT}
    by = changes.pop("by", member)
    return sign_submission(**(fields | changes), signer=signer(by, use))


def refusal(body: bytes, view: View = VIEW) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        read_submission(body, "gm0344", view)
    told = json.dumps(caught.value.problem.as_json()) + str(caught.value)
    assert "999993653" not in told
    assert "Moulin" not in told
    return caught.value


def test_a_signed_event_becomes_a_draft() -> None:
    draft = read_submission(submission(), "gm0344", VIEW)
    person = PersonRef(bsn="999993653", birth_date=date(1990, 5, 1), surname="Moulin")
    assert draft.data == Death(person=person)
    assert draft.source_event_id == f"{EVENT['source']}#akte-1"


@pytest.mark.parametrize(
    ("body", "code", "status"),
    [
        (submission(member="nobody", by="gm0344"), "unknown_member", 403),
        (submission(member="uwv"), "unknown_member", 403),
        (submission(use="record"), "wrong_key", 403),
        (submission(by="uwv"), "wrong_key", 403),
        (submission(by="stranger"), "bad_signature", 403),
        (submission(log="A" * 43 + "="), "wrong_log", 400),
        (submission(seen=3_000), "stale_seen", 409),
        (submission(seen=5_001), "future_seen", 409),
        (submission(seen="5000"), "malformed", 400),
        (submission(event=EVENT | {"type": "nl.example.nothing"}), "unknown_type", 400),
        (submission(event=EVENT | {"time": "now", "id": ""}), "invalid_event", 400),
        (submission(event=EVENT | {"data": {"person": None}}), "invalid_event", 400),
        (submission(event=[]), "malformed", 400),
        (b"", "malformed", 400),
        (b"{}", "malformed", 400),
        (b"\xff\xfe", "malformed", 400),
        (b"[" * 60_000, "malformed", 400),
        (b" " * (SUBMISSION_BYTES_MAX + 1), "oversize", 413),
        (submission(event=EVENT | {"padding": "x" * 61_000}), "oversize", 413),
        (submission().replace(b'"keyid":""', b'"keyid":"x"'), "malformed", 400),
        (submission()[:-1], "malformed", 400),
    ],
)
def test_every_refusal_has_its_code_and_status(body: bytes, code: str, status: int) -> None:
    problem = refusal(body).problem
    assert (problem.code, problem.status) == (code, status)
    assert problem.detail


def test_every_problem_of_an_event_is_told_at_once() -> None:
    event = EVENT | {"time": "now", "validfrom": "2026-02-30", "data": {"person": {"bsn": "1"}}}
    problems = refusal(submission(event=event)).problem.problems
    fields = {problem.field for problem in problems}
    assert fields >= {"time", "validfrom", "data.person.bsn", "data.person.surname"}


def test_one_changed_byte_of_the_payload_does_not_verify() -> None:
    fields = json.loads(submission())
    payload = base64.b64decode(fields["payload"]).replace(b"1990-05-01", b"1990-05-02")
    fields["payload"] = base64.b64encode(payload).decode()
    assert refusal(json.dumps(fields).encode()).code == "bad_signature"


def test_an_ended_key_is_named_as_such() -> None:
    member = REGISTRY.members["gm0344"]
    ended = tuple(replace(key, until=3) if key.use == "api" else key for key in member.keys)
    fresh = Key(use="api", text="", public_key=signer("gm0344", "api2").public_key, since=3)
    members = {**REGISTRY.members, "gm0344": replace(member, keys=(*ended, fresh))}
    view = View(registry=replace(REGISTRY, members=freeze(members)), size=5_000)
    assert refusal(submission(), view).code == "key_revoked"
    suspended = {**REGISTRY.members, "gm0344": replace(member, suspended=True)}
    view = View(registry=replace(REGISTRY, members=freeze(suspended)), size=5_000)
    assert refusal(submission(), view).code == "suspended"


@given(st.binary(max_size=400))
@settings(max_examples=200)
def test_any_bytes_are_refused_with_a_code(body: bytes) -> None:
    assert refusal(body).code == "malformed"


def check(token: str, audience: str = "uwv", now: int = 1_000) -> str:
    return check_token(token, audience, now, lambda member: api_keys_of(REGISTRY, member))


def test_a_token_names_the_member_that_asks() -> None:
    assert check(make_token("svb", "uwv", 1_000, signer("svb", "api"))) == "svb"
    assert token_of("Bearer abc") == "abc"


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (make_token("svb", "gm0344", 1_000, signer("svb", "api")), "wrong_key"),
        (make_token("svb", "uwv", 1_000 - LIFE_SECONDS - 1, signer("svb", "api")), "wrong_key"),
        (make_token("svb", "uwv", 2_000, signer("svb", "api")), "wrong_key"),
        (make_token("svb", "uwv", 1_000, signer("uwv", "api")), "bad_signature"),
        (make_token("svb", "uwv", 1_000, signer("svb", "record")), "bad_signature"),
        (make_token("nobody", "uwv", 1_000, signer("svb", "api")), "unknown_member"),
        ("", "malformed"),
        ("a.b", "malformed"),
        ("é.é", "malformed"),
        ("e30.e30", "malformed"),
        ("x" * 2_000, "malformed"),
    ],
)
def test_a_token_that_is_not_good_is_refused(token: str, code: str) -> None:
    with pytest.raises(RefusedError) as caught:
        check(token)
    assert caught.value.code == code


@given(st.text(max_size=200))
def test_any_text_is_no_token(text: str) -> None:
    with pytest.raises(RefusedError):
        check(text)


def test_no_header_no_token() -> None:
    for header in (None, "", "Basic abc"):
        with pytest.raises(RefusedError):
            token_of(header)
