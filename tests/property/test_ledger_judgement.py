"""Which entries are void is one function of the entries before: whoever asks, however they read.

Auditor (verify.py, in one pass, duplicates at the end) and follower (tail.py, in batches of any
size) must agree on every entry of any log, also one that a lying operator filled with rubbish.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import AdmissionError
from ledger.rules import governance
from ledger.sequencing.checks_threads import InlineChecks
from ledger.tail import empty_tail, judge
from ledger.verify import verify_log
from tests.ledger_logs import (
    TestLog,
    b64,
    member_body,
    record_id,
    sample_log,
    signer,
    votes,
)

AUTHORS = ["uwv", "svb", "gm0344", "gm9999", "nobody"]
RECORD = st.fixed_dictionaries(
    {
        "author": st.sampled_from(AUTHORS),
        "key": st.sampled_from(["", "", "", "uwv record", "svb governance", "new key"]),
        "id": st.sampled_from([record_id(name) for name in "abcd"]),
        "record_class": st.sampled_from(["income", "income", "plan", "charge"]),
        "seen": st.sampled_from([0, 0, 1, 10_000]),
    }
)
GOVERNANCE = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["admit", "suspend", "rotate", "revoke", "policy"]),
        "voters": st.sampled_from([["uwv", "svb"], ["uwv"], ["svb", "gm0344"], []]),
        "member": st.sampled_from(["uwv", "svb", "gm0344", "gm9999"]),
        "id": st.sampled_from([record_id(name) for name in "abe"]),
        "stale": st.booleans(),
    }
)
RUBBISH = st.sampled_from([b"{}", b'"x"', b'{"payload":"e30=","payloadType":"x","signatures":[]}'])


def body_of(log: TestLog, step: dict[str, Any]) -> dict[str, Any]:
    """A governance body: admissible or not, that is for the ledger to say."""
    assert log.registry is not None
    member = step["member"]
    fields: dict[str, dict[str, Any]] = {
        "admit": {"member": member_body("gm9999", "municipality")},
        "suspend": {"member": member, "suspended": not step["stale"]},
        "rotate": {
            "member": member, "use": "record", "key": b64(signer("new key").public_key)
        },
        "revoke": {
            "member": member,
            "key": b64(signer(f"{member} record").public_key),
            "compromised_since": 0,
        },
        "policy": {"matrix": {"uwv": ["plan"], "svb": ["income"]}, "seen_lag_max": 5},
    }  # fmt: skip
    body = governance.next_body(log.registry, step["kind"], **fields[step["kind"]])
    if step["stale"]:
        body["seq"] += 1
    return governance.with_signers(body, votes(*step["voters"]))


def log_of(steps: Sequence[dict[str, Any] | bytes]) -> TestLog:
    log = sample_log(2)
    for step in steps:
        if isinstance(step, bytes):
            log.add_raw(step)
        elif "kind" in step:
            before = log.registry
            try:
                log.govern(body_of(log, step), id=step["id"])
            except AdmissionError:
                log.registry = before
        else:
            log.add_record(**step)
    return log


async def judged_in(log: TestLog, batch: int) -> dict[int, str]:
    seen: set[bytes] = set()

    async def find(identities: Sequence[bytes]) -> set[bytes]:
        return seen & set(identities)

    tail, voids = empty_tail(), {}
    for start in range(0, len(log.entries), batch):
        raws = log.entries[start : start + batch]
        tail, judged, _ = await judge(tail, raws, find, InlineChecks())
        for each in judged:
            if each.row.void is not None:
                voids[each.row.n] = each.row.void
            if each.row.identity is not None:
                seen.add(each.row.identity)
    return voids


@settings(max_examples=50, deadline=None)
@given(
    steps=st.lists(RECORD | RECORD | GOVERNANCE | RUBBISH, max_size=14),
    batch=st.integers(1, 7),
)
def test_auditor_and_follower_agree_on_every_entry(
    steps: list[dict[str, Any] | bytes], batch: int
) -> None:
    log = log_of(steps)
    report = verify_log(log.source(), log.vkey, workers=0)
    told = {void.n: void.code for void in report.voids}
    assert told == asyncio.run(judged_in(log, batch))
    assert report.void_count == len(told)
