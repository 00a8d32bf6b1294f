"""Genesis and every governance entry: who must sign, what changes, what is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from ledger.errors import AdmissionError
from ledger.formats.envelope import parse_envelope
from ledger.formats.policy import parse_policy
from ledger.rules import admission, governance
from ledger.rules.registry import Registry
from tests import ledger_network as nets

HASH = nets.b64(b"\x01" * 32)
LOW_ORDER_KEY = nets.b64(bytes(32))


def founded(**changes: Any) -> Registry:
    return governance.genesis(nets.genesis_body(**changes), HASH)


def signed(body: Mapping[str, Any], members: Sequence[str] = nets.MIRRORS) -> dict[str, Any]:
    return governance.with_signers(body, {m: nets.signer(m, "governance") for m in members})


def applied(
    registry: Registry, kind: str, *, by: Sequence[str] = nets.MIRRORS, n: int = 5, **fields: Any
) -> Registry:
    body = signed(governance.next_body(registry, kind, **fields), by)
    return governance.apply(registry, n, nets.b64(bytes([n]) * 32), body)


def newcomer(**changes: Any) -> dict[str, Any]:
    return {**nets.member_body("gm0363", "municipality", votes=True), **changes}


def key_text(member: str, use: str) -> str:
    return nets.b64(nets.signer(member, use).public_key)


def refused(code: str, work: Callable[[], object]) -> str:
    with pytest.raises(AdmissionError) as error:
        work()
    assert error.value.code == code
    return str(error.value)


def test_genesis_makes_members_matrix_and_a_policy_others_can_read() -> None:
    registry = founded()
    policy = parse_policy(registry.policy_text().encode())
    assert set(policy.witnesses) == set(nets.MIRRORS)
    assert policy.groups["mirrors"].threshold == 3
    assert registry.members["woonstad"].votes is False
    assert registry.matrix["uwv"] == {"correction", "decision", "income"}


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"quorum": 2}, "more than half"),
        ({"quorum": 5}, "at most all"),
        ({"mirrors": ("uwv", "svb", "nobody")}, "each is a member"),
        ({"mirrors": ("uwv", "uwv", "svb")}, "each once"),
        ({"mirrors": (), "quorum": 1}, "0 without mirrors"),
        ({"mirrors": ("woonstad",), "quorum": 1}, "active mirror key"),
        ({"seen_lag_max": 0}, "seen_lag_max"),
    ],
)
def test_a_genesis_that_cannot_work_is_refused(changes: dict[str, Any], word: str) -> None:
    assert word in refused("malformed", lambda: founded(**changes))


def test_genesis_refuses_a_key_that_stands_twice_and_low_order_keys() -> None:
    body = nets.genesis_body()
    body["members"][1]["keys"][0]["key"] = body["members"][0]["keys"][0]["key"]
    assert "twice" in refused("malformed", lambda: governance.genesis(signed(body), HASH))
    body = nets.genesis_body()
    body["members"][1]["keys"][0]["key"] = LOW_ORDER_KEY
    refused("malformed", lambda: governance.genesis(signed(body), HASH))


def test_genesis_needs_votes_that_verify_and_creditors_do_not_vote() -> None:
    refused("bad_signature", lambda: founded(signers=("uwv", "svb")))
    refused("bad_signature", lambda: founded(signers=("uwv", "svb", "woonstad", "lichtstroom")))
    body = nets.genesis_body()
    body["quorum"] = 4
    refused("bad_signature", lambda: governance.genesis(body, HASH))


def test_a_member_counts_once() -> None:
    body = nets.genesis_body(signers=("uwv", "svb"))
    body["signers"].append(body["signers"][0])
    refused("bad_signature", lambda: governance.genesis(body, HASH))


def test_admit_takes_votes_and_a_new_id() -> None:
    registry = applied(founded(), "admit", member=newcomer())
    assert registry.members["gm0363"].role == "municipality"
    assert registry.members["gm0363"].keys[0].since == 5
    assert (registry.seq, registry.governance_prev) == (1, nets.b64(bytes([5]) * 32))
    refused("malformed", lambda: applied(registry, "admit", member=newcomer()))
    refused("bad_signature", lambda: applied(founded(), "admit", by=("uwv",), member=newcomer()))


def test_seq_and_prev_tie_an_entry_to_the_one_before() -> None:
    registry = founded()
    body = governance.next_body(registry, "admit", member=newcomer())
    for changes in ({"seq": 2}, {"seq": True}, {"prev": nets.b64(bytes(32))}, {"type": "expel"}):
        changed = signed({**body, **changes})
        refused("malformed", lambda changed=changed: governance.apply(registry, 5, HASH, changed))


def test_rotate_is_the_members_own_or_voted() -> None:
    registry = founded()
    new = key_text("uwv", "record2")
    rotated = applied(registry, "rotate", by=("uwv",), member="uwv", use="record", key=new)
    assert [key.text for key in rotated.members["uwv"].active_keys("record")] == [new]
    ended = [key for key in rotated.members["uwv"].keys if not key.active]
    assert [(key.use, key.until) for key in ended] == [("record", 5)]
    applied(
        registry, "rotate", by=("svb", "gm0344", "toeslagen"), member="uwv", use="record", key=new
    )
    refused(
        "bad_signature",
        lambda: applied(registry, "rotate", by=("svb",), member="uwv", use="record", key=new),
    )


def test_a_rotated_mirror_key_is_in_the_policy() -> None:
    vkey = nets.note_signer("uwv", "mirror", version=2).verifier.vkey
    registry = applied(founded(), "rotate", by=("uwv",), member="uwv", use="mirror", key=vkey)
    assert vkey in registry.policy_text()


def test_revoke_ends_a_key_and_contests_what_it_signed_since() -> None:
    registry = applied(
        founded(), "revoke", by=("uwv",), n=9,
        member="uwv", key=key_text("uwv", "record"), compromised_since=4,
    )  # fmt: skip
    public_key = nets.signer("uwv", "record").public_key
    assert not registry.members["uwv"].active_keys("record")
    assert not registry.contested("uwv", public_key, 3)
    assert registry.contested("uwv", public_key, 4)
    assert registry.contested("uwv", public_key, 8)
    assert not registry.contested("svb", nets.signer("svb", "record").public_key, 8)
    registry = applied(registry, "reaffirm", by=("uwv",), n=10, member="uwv", entries=[8])
    assert not registry.contested("uwv", public_key, 8)
    assert registry.contested("uwv", public_key, 7)


def test_revoking_a_mirrors_only_key_needs_other_mirrors_first() -> None:
    vkey = nets.note_signer("uwv", "mirror").verifier.vkey
    message = refused(
        "malformed",
        lambda: applied(
            founded(), "revoke", by=("uwv",), member="uwv", key=vkey, compromised_since=None
        ),
    )
    assert "mirror key" in message


def test_suspend_and_its_end_are_voted() -> None:
    registry = applied(founded(), "suspend", member="uwv", suspended=True)
    refused(
        "suspended",
        lambda: applied(
            registry, "suspend", by=("uwv", "svb", "gm0344"), member="svb", suspended=True
        ),
    )
    by = ("svb", "gm0344", "toeslagen")
    assert (
        not applied(registry, "suspend", by=by, member="uwv", suspended=False)
        .members["uwv"]
        .suspended
    )


def test_merge_ends_keys_and_votes_of_those_who_go_on_in_another() -> None:
    registry = applied(founded(), "admit", member=newcomer())
    refused("malformed", lambda: applied(registry, "merge", members=["gm0344"], into="gm0363"))
    merged = applied(registry, "merge", members=["gm0363"], into="gm0344", n=7)
    gone = merged.members["gm0363"]
    assert (gone.merged_into, gone.votes, gone.active_keys("record")) == ("gm0344", False, ())
    refused("malformed", lambda: applied(merged, "merge", members=["gm0363"], into="uwv"))


def test_a_quorum_change_needs_the_votes_of_old_and_new() -> None:
    fields = {"mirrors": ["uwv", "svb", "toeslagen"], "quorum": 2, "votes_needed": 4}
    refused(
        "bad_signature", lambda: applied(founded(), "quorum", by=("uwv", "svb", "gm0344"), **fields)
    )
    registry = applied(founded(), "quorum", **fields)
    assert (registry.mirrors, registry.quorum, registry.votes_needed) == (
        ("uwv", "svb", "toeslagen"), 2, 4,
    )  # fmt: skip


def test_policy_changes_the_matrix_but_never_who_governs() -> None:
    matrix = {**nets.MATRIX, "creditor": ["charge"]}
    registry = applied(founded(), "policy", matrix=matrix, seen_lag_max=7)
    assert (registry.matrix["creditor"], registry.seen_lag_max) == ({"charge"}, 7)
    governing = {**nets.MATRIX, "creditor": ["governance"]}
    refused("malformed", lambda: applied(founded(), "policy", matrix=governing, seen_lag_max=7))


def test_move_names_the_next_log_key_and_keeps_the_old_one_on_record() -> None:
    old, new = (nets.log_signer(version).verifier.vkey for version in (1, 2))
    registry = applied(founded(), "move", log_vkey=new)
    assert (registry.log_vkey, registry.retired_log_vkeys) == (new, (old,))
    refused("malformed", lambda: applied(registry, "move", log_vkey=old))
    refused("bad_signature", lambda: applied(founded(), "move", by=("uwv",), log_vkey=new))


def test_the_governance_envelope_needs_a_governance_key() -> None:
    registry = founded()
    body = signed(governance.next_body(registry, "admit", member=newcomer()))
    good = parse_envelope(nets.governance_record(body, log=HASH, author="uwv"))
    admission.check(registry, 1, HASH, good, known=False)
    header = good.header
    from ledger.formats.envelope import sign_record

    by_record_key = parse_envelope(sign_record(header, nets.signer("uwv", "record")))
    refused("wrong_key", lambda: admission.check(registry, 1, HASH, by_record_key, known=False))


@pytest.mark.parametrize("what", ["id", "name", "role", "votes", "keys"])
def test_a_member_with_a_field_missing_or_of_another_type_is_malformed(what: str) -> None:
    body = newcomer()
    del body[what]
    refused("malformed", lambda: applied(founded(), "admit", member=body))
    refused("malformed", lambda: applied(founded(), "admit", member=newcomer(**{what: 7})))
    refused("malformed", lambda: applied(founded(), "admit", member=None))


def test_members_vouch_for_a_file_by_its_digest() -> None:
    registry = applied(founded(), "publish", artefact="controleur.html", sha256="a" * 64, n=5)
    assert registry.artefacts["controleur.html"].sha256 == "a" * 64
    assert registry.artefacts["controleur.html"].since == 5
    newer = applied(registry, "publish", artefact="controleur.html", sha256="b" * 64, n=9)
    assert newer.artefacts["controleur.html"].since == 9


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sha256": "A" * 64}, "malformed"),
        ({"sha256": "a" * 63}, "malformed"),
        ({"artefact": "../x"}, "malformed"),
        ({"artefact": ""}, "malformed"),
        ({"by": nets.MIRRORS[:1]}, "bad_signature"),
    ],
)
def test_an_artefact_without_form_or_votes_is_refused(changes: dict[str, Any], code: str) -> None:
    fields = {"artefact": "controleur.html", "sha256": "a" * 64, **changes}
    refused(code, lambda: applied(founded(), "publish", **fields))
