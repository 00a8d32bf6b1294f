"""The web side of nodes that run: a signed event in, receipts out, the log for who may read it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx

from ledger.formats.policy import parse_policy
from ledger.formats.proof import parse_receipt, verify_receipt
from ledger.keys import Ed25519Signer
from node.intake import sign_submission
from node.portal.app import create_app
from node.portal.problems import PROBLEM_JSON
from node.portal.web import surface_of
from node.runtime import Node
from node.setup.network import auditor_token
from specs.records import INCOME_STATED
from tests.node_network import Running, make_homes, running

SOURCE = "urn:nld:oin:00000001823288444000:systeem:polis"
MOVE: dict[str, Any] = {
    "specversion": "1.0",
    "id": "verhuizing-1",
    "source": "urn:nld:oin:00000001001299992000:systeem:burgerzaken",
    "type": "nl.brp.verhuisd.buitengemeentelijk",
    "time": "2026-11-01T10:00:00Z",
    "validfrom": "2025-03-01",
    "data": {
        "person": {"bsn": "999993653", "birth_date": "1990-05-01", "surname": "Moulin"},
        "address": {"municipality": "0344", "street": "Oudegracht", "number": "1"},
    },
}
INCOME: dict[str, Any] = {
    "specversion": "1.0",
    "id": "opgave-1",
    "source": SOURCE,
    "type": INCOME_STATED,
    "time": "2026-11-20T10:00:00Z",
    "validfrom": "2026-10-01",
    "validuntil": "2026-11-01",
    "data": {
        "person": {"bsn": "999993653", "birth_date": "1990-05-01", "surname": "Moulin"},
        "relation": "123456789L01-1",
        "payer": "Bakkerij Halverwege",
        "kind": "wage",
        "source_code": "15",
        "period_start": "2026-10-01",
        "period_end": "2026-10-31",
        "taxable_cents": 215032,
    },
}


def signed(node: Node, event: dict[str, Any], signer: Ed25519Signer | None = None) -> bytes:
    return sign_submission(
        member=node.member,
        log=node.view.registry.log,
        seen=node.view.size,
        event=event,
        signer=signer or node.keys.api,
    )


def web(network: Running, member: str) -> httpx.AsyncClient:
    surface = surface_of(network.nodes[member], worker=network.workers[member])
    transport = httpx.ASGITransport(app=create_app(surface))
    return httpx.AsyncClient(transport=transport, base_url="http://node.test", timeout=60)


def test_events_receipts_and_the_log_over_http(tmp_path: Path) -> None:
    homes = make_homes(tmp_path)

    async def work() -> None:
        async with running(homes) as network:
            await network.quiet()
            uwv, utrecht = network.nodes["uwv"], network.nodes["gm0344"]
            async with web(network, "uwv") as at_uwv, web(network, "gm0344") as at_utrecht:
                moved = await at_utrecht.post("/v1/events", content=signed(utrecht, MOVE))
                assert moved.status_code == 201, moved.text
                body = signed(uwv, INCOME)
                first = await at_uwv.post("/v1/events", content=body)
                again = await at_uwv.post("/v1/events", content=body)
                assert (first.status_code, again.status_code) == (201, 200)
                assert again.json() == first.json()
                await _refusals(network, at_uwv)
                await network.quiet()

                # A municipality that mirrors proves the record of another member by itself.
                record, index = first.json()["record"], first.json()["index"]
                own = await at_uwv.get(first.headers["location"])
                made = await at_utrecht.get(f"/v1/receipts/{record}")
                assert own.text == first.json()["receipt"]
                log = network.nodes["belastingdienst"].ledger.log
                assert log is not None
                (entry,) = await log.store.entries(index, index + 1)
                policy = parse_policy(utrecht.view.registry.policy_text().encode())
                for answer in (own, made):
                    assert answer.status_code == 200, answer.text
                    assert (
                        len(verify_receipt(parse_receipt(answer.content), entry, policy).cosigners)
                        >= 3
                    )
                await _log(tmp_path, at_utrecht)

    asyncio.run(work())


async def _refusals(network: Running, at_uwv: httpx.AsyncClient) -> None:
    """Every refusal is a problem document, and leaves nothing on the ledger."""
    uwv = network.nodes["uwv"]
    await network.quiet()
    size = uwv.view.size
    stranger = Ed25519Signer(b"s" * 32)
    other = {**INCOME, "data": {**INCOME["data"], "taxable_cents": 1}}
    birth = {**MOVE, "id": "verhuizing-2"}
    for content, status, code in (
        (signed(uwv, INCOME, stranger), 403, "bad_signature"),
        (signed(uwv, INCOME, uwv.keys.record), 403, "wrong_key"),
        (signed(uwv, other), 409, "reused_id"),
        (signed(uwv, {**INCOME, "type": "nl.niemand.bedacht"}), 400, "unknown_type"),
        (signed(uwv, {**INCOME, "data": {}}), 400, "invalid_event"),
        (signed(uwv, birth), 403, "not_competent"),
        (b"{}", 400, "malformed"),
    ):
        answer = await at_uwv.post("/v1/events", content=content)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert answer.headers["content-type"] == PROBLEM_JSON
        assert "Moulin" not in answer.text
    await network.quiet()
    assert uwv.view.size == size


async def _log(directory: Path, asked: httpx.AsyncClient) -> None:
    """Hash tiles are public; entry bundles are for auditors and members."""
    checkpoint = await asked.get("/log/checkpoint")
    assert checkpoint.status_code == 200
    size = int(checkpoint.text.split("\n")[1])
    hashes = await asked.get(f"/log/tile/0/000.p/{size}")
    assert len(hashes.content) == 32 * size
    bundle = f"/log/tile/entries/000.p/{size}"
    refused = await asked.get(bundle)
    assert (refused.status_code, refused.headers["content-type"]) == (401, PROBLEM_JSON)
    token = {"Authorization": f"Bearer {auditor_token(directory)}"}
    assert (await asked.get(bundle, headers=token)).status_code == 200
    ready = await asked.get("/readyz")
    assert ready.json()["checks"]["follower"]["entries"] >= size
