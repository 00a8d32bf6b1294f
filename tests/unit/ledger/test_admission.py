"""Admission: a function of the entries before and nothing else, with one code for each refusal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ledger.errors import AdmissionError
from ledger.formats.envelope import Envelope, parse_envelope
from ledger.rules import admission, governance
from ledger.rules.registry import Registry
from tests import ledger_network as nets

LOG = nets.b64(b"\x01" * 32)
REGISTRY = governance.genesis(nets.genesis_body(seen_lag_max=100), LOG)


def envelope(seed: str = "a", **changes: object) -> Envelope:
    return parse_envelope(nets.record(LOG, seed, **changes))  # type: ignore[arg-type]


def check(
    each: Envelope, *, n: int = 50, registry: Registry = REGISTRY, known: bool = False
) -> None:
    admission.check(registry, n, LOG, each, known=known)


def code(work: Callable[[], None]) -> str:
    with pytest.raises(AdmissionError) as error:
        work()
    return error.value.code


def member(registry: Registry, name: str, **changes: object) -> Registry:
    changed = replace(registry.members[name], **changes)  # type: ignore[arg-type]
    return replace(registry, members={**registry.members, name: changed})


@pytest.mark.parametrize(("seen", "n"), [(0, 0), (0, 100), (50, 50), (50, 150)])
def test_seen_may_lag_as_far_as_the_ledger_says(seen: int, n: int) -> None:
    check(envelope(seen=seen), n=n)


@pytest.mark.parametrize(
    ("seen", "n", "expected"), [(0, 101, "stale_seen"), (51, 50, "future_seen")]
)
def test_seen_outside_that_is_refused(seen: int, n: int, expected: str) -> None:
    assert code(lambda: check(envelope(seen=seen), n=n)) == expected


def test_suspended_merged_and_keyless_members_write_nothing() -> None:
    suspended = member(REGISTRY, "uwv", suspended=True)
    merged = member(REGISTRY, "uwv", merged_into="svb")
    keyless = member(REGISTRY, "uwv", keys=())
    assert code(lambda: check(envelope(), registry=suspended)) == "suspended"
    assert code(lambda: check(envelope(), registry=merged)) == "suspended"
    assert code(lambda: check(envelope(), registry=keyless)) == "key_revoked"


def test_an_ended_key_is_named_as_revoked() -> None:
    old = REGISTRY.members["uwv"].active_keys("record")[0]
    other = REGISTRY.members["svb"].active_keys("record")[0]
    swapped = member(REGISTRY, "uwv", keys=(replace(old, until=3), replace(other, since=3)))
    assert code(lambda: check(envelope(), registry=swapped)) == "key_revoked"


def test_a_key_for_another_statement_is_a_wrong_key() -> None:
    by_governance = envelope(key=nets.signer("uwv", "governance"))
    assert code(lambda: check(by_governance)) == "wrong_key"
    by_other = envelope(key=nets.signer("gm0344", "record"))
    assert code(lambda: check(by_other)) == "wrong_key"


def test_during_an_overlap_both_keys_of_a_member_count() -> None:
    second = replace(
        REGISTRY.members["svb"].active_keys("record")[0],
        text=nets.b64(nets.signer("uwv", "record2").public_key),
        public_key=nets.signer("uwv", "record2").public_key,
    )
    both = member(REGISTRY, "uwv", keys=(*REGISTRY.members["uwv"].keys, second))
    check(envelope(), registry=both)
    check(envelope(key=nets.signer("uwv", "record2")), registry=both)
    assert (
        code(lambda: check(envelope(key=nets.signer("x", "y")), registry=both)) == "bad_signature"
    )


def test_a_known_id_is_refused_last_of_all() -> None:
    assert code(lambda: check(envelope(), known=True)) == "reused_id"
    assert code(lambda: check(envelope(seen=51), known=True)) == "future_seen"


@pytest.mark.parametrize(("author", "record_class"), [
    ("uwv", "person"), ("uwv", "charge"), ("uwv", "plan"), ("toeslagen", "income"),
    ("woonstad", "decision"), ("svb", "person"), ("belastingdienst", "plan"),
])  # fmt: skip
def test_the_matrix_on_the_ledger_decides_who_writes_what(author: str, record_class: str) -> None:
    each = envelope(author=author, record_class=record_class)
    assert code(lambda: check(each)) == "class_not_allowed"


def test_identity_tells_author_and_id_apart() -> None:
    headers = [envelope(seed, author=author).header for seed in "ab" for author in ("uwv", "svb")]
    assert len({admission.identity_of(header) for header in headers}) == 4
