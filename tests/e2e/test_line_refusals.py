"""Issue 2, «Bad input»: each is refused with a problem document, and nothing is on the ledger.

At the sequencer's own door (what a dishonest member could send) and at a node's door for events.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger.formats.envelope import Header, sign_record
from ledger.keys import Ed25519Signer
from node.errors import ConflictError, RefusedError
from node.flow import record
from node.intake import sign_submission
from node.portal.app import create_app
from node.portal.web import surface_of
from node.runtime import Node
from node.setup.network import HOST
from tests import node_drafts as drafts
from tests.node_network import Running, make_homes, running

EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "verhuizing-1",
    "source": "urn:nld:oin:99000000000000000005:systeem:burgerzaken",
    "type": "nl.brp.verhuisd.buitengemeentelijk",
    "time": "2026-11-22T04:00:00Z",
    "validfrom": "2026-03-01",
    "data": {
        "person": {"bsn": "999993653", "birth_date": "1990-05-01", "surname": "Moulin"},
        "address": {"municipality": "0344"},
    },
}


def header(node: Node, **changes: Any) -> Header:
    """A header that the ledger admits, but for the changes."""
    identity = base64.urlsafe_b64encode(hashlib.sha256(repr(changes).encode()).digest())
    fields: dict[str, Any] = {
        "log": node.view.registry.log,
        "id": identity.decode().rstrip("="),
        "author": "uwv",
        "record_class": "income",
        "at": "2026-11-22T04:00:00Z",
        "seen": node.view.size,
        "commitment": base64.b64encode(b"c" * 32).decode(),
    }
    return Header(**(fields | changes))


async def refused_by_the_sequencer(network: Running) -> None:
    uwv, sequencer = network.nodes["uwv"], network.nodes["belastingdienst"]
    key, log = uwv.keys.record, sequencer.ledger.log
    assert log is not None
    stranger = Ed25519Signer(b"s" * 32)
    good = header(uwv, id="g" * 43)
    raw = sign_record(good, key)
    port = sequencer.home.settings.log_port
    url = f"http://{HOST}:{port}/log/submit"
    async with httpx.AsyncClient() as client:
        assert (await client.post(url, content=raw)).status_code == 200
        size = log.status().size
        other = base64.b64encode(b"d" * 32).decode()
        for envelope, code in (
            (sign_record(header(uwv, author="nobody"), key), "unknown_member"),
            (sign_record(header(uwv), stranger), "bad_signature"),
            (sign_record(header(uwv), uwv.keys.api), "wrong_key"),
            (sign_record(header(uwv, author="svb"), key), "wrong_key"),
            (sign_record(header(uwv, record_class="person"), key), "class_not_allowed"),
            (sign_record(header(uwv, record_class="secret"), key), "class_not_allowed"),
            (sign_record(header(uwv, log="A" * 43 + "="), key), "wrong_log"),
            (sign_record(header(uwv, seen=10_000), key), "future_seen"),
            (sign_record(replace(good, commitment=other), key), "reused_id"),
            (b"x" * 70_000, "oversize"),
            (raw[:-2], "malformed"),
            (raw.replace(b'"keyid":""', b'"keyid":"a"'), "malformed"),
            (b"", "malformed"),
        ):
            answer = await client.post(url, content=envelope)
            problem = answer.json()
            assert answer.headers["content-type"] == "application/problem+json"
            assert problem["code"] == code, problem
            assert problem["status"] == answer.status_code >= 400
        again = await client.post(url, content=raw)
        assert again.status_code == 200  # the same envelope is no reuse
    assert log.status().size == size


async def refused_by_a_node(network: Running) -> None:
    utrecht = network.nodes["gm0344"]
    log = network.nodes["belastingdienst"].ledger.log
    assert log is not None
    await network.quiet()
    size = log.status().size
    api, other_api = utrecht.keys.api, network.nodes["uwv"].keys.api
    surface = surface_of(utrecht, worker=network.workers["gm0344"])
    transport = httpx.ASGITransport(app=create_app(surface))

    def signed(event: object = EVENT, signer: Any = api, **changes: Any) -> bytes:
        fields: dict[str, Any] = {
            "member": "gm0344",
            "log": utrecht.view.registry.log,
            "seen": utrecht.view.size,
            "event": event,
        }
        return sign_submission(**(fields | changes), signer=signer)

    async with httpx.AsyncClient(transport=transport, base_url="http://node") as client:
        for body, code, status in (
            (signed(member="nobody"), "unknown_member", 403),
            (signed(signer=other_api), "wrong_key", 403),
            (signed(EVENT | {"type": "nl.example.nothing"}), "unknown_type", 400),
            (signed(EVENT | {"data": {}}), "invalid_event", 400),
            (signed(EVENT | {"padding": "x" * 61_000}), "oversize", 413),
            (signed(log="A" * 43 + "="), "wrong_log", 400),
            (signed(seen=10_000), "future_seen", 409),
            (b"\xff", "malformed", 400),
        ):
            answer = await client.post("/v1/events", content=body)
            assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
            assert answer.headers["content-type"].startswith("application/problem+json")
            assert "999993653" not in answer.text
        assert log.status().size == size

        assert (await client.post("/v1/events", content=signed())).status_code == 201
        assert log.status().size == size + 1
        changed = EVENT | {"validfrom": "2026-03-02"}
        reused = await client.post("/v1/events", content=signed(changed))
        assert (reused.status_code, reused.json()["code"]) == (409, "reused_id")
        wrong_person = EVENT["data"]["person"] | {"birth_date": "1990-01-05"}
        misfit = EVENT | {"id": "2", "data": EVENT["data"] | {"person": wrong_person}}
        refused = await client.post("/v1/events", content=signed(misfit))
        assert (refused.status_code, refused.json()["code"]) == (409, "misfit")
        assert log.status().size == size + 1


async def refused_in_the_line(network: Running) -> None:
    log = network.nodes["belastingdienst"].ledger.log
    assert log is not None
    size = log.status().size
    await record(network.nodes["uwv"].desk, drafts.income(drafts.BRAM))
    for member, draft, code in (
        ("lichtstroom", drafts.income(drafts.BRAM, n=3), "not_competent"),
        ("uwv", drafts.with_type(drafts.income(drafts.BRAM), "nl.x"), "unknown_type"),
        ("uwv", drafts.income(drafts.BRAM, cents=1), "reused_id"),
    ):
        with pytest.raises(RefusedError) as caught:
            await record(network.nodes[member].desk, draft)
        assert caught.value.code == code
        json.dumps(caught.value.problem.as_json())
        assert isinstance(caught.value, ConflictError) == (code == "reused_id")
    assert log.status().size == size + 1


def test_every_bad_input_is_refused_and_nothing_is_on_the_ledger(tmp_path: Path) -> None:
    homes = make_homes(tmp_path)

    async def work() -> None:
        async with running(homes) as network:
            await network.quiet()
            await refused_by_the_sequencer(network)
            await refused_by_a_node(network)
            await refused_in_the_line(network)

    asyncio.run(work())


def test_a_stale_seen_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.setup.network.SEEN_LAG_MAX", 2)
    homes = make_homes(tmp_path)

    async def work() -> None:
        async with running(homes) as network:
            uwv = network.nodes["uwv"]
            await network.quiet()
            early = header(uwv, seen=0)
            for n in range(4):
                await record(uwv.desk, drafts.income(n=n))
            log = network.nodes["belastingdienst"].ledger.log
            assert log is not None
            size = log.status().size
            url = f"{uwv.home.settings.log_url}/submit"
            async with httpx.AsyncClient() as client:
                answer = await client.post(url, content=sign_record(early, uwv.keys.record))
            assert (answer.status_code, answer.json()["code"]) == (400, "stale_seen")
            assert log.status().size == size

    asyncio.run(work())
