"""`serve` and `work` on one home: what the web side takes in, the worker carries on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx

from node.intake import sign_submission
from node.portal.app import create_app
from node.portal.web import surface_of
from node.runtime import Node
from specs.records import MOVED_WITHIN
from tests.node_network import TODAY, make_homes, running

EVENT = {
    "specversion": "1.0",
    "id": "verhuizing-1",
    "source": "urn:nld:oin:99000000000000000005:systeem:burgerzaken",
    "type": MOVED_WITHIN,
    "time": "2026-11-22T04:00:00Z",
    "validfrom": "2026-03-01",
    "data": {
        "person": {"bsn": "999993653", "birth_date": "1990-05-01", "surname": "Moulin"},
        "address": {"municipality": "0344"},
    },
}


def test_the_web_side_has_its_own_process(tmp_path: Path) -> None:
    homes = make_homes(tmp_path)

    async def work() -> None:
        async with running(homes) as network:
            await network.quiet()
            # A second Node on the same home shares nothing with the worker but its files.
            serving = Node.open(homes["gm0344"].directory, today=lambda: TODAY)
            app = create_app(surface_of(serving))
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://node") as client:
                ready = await client.get("/readyz")
                assert ready.status_code == 200, ready.text
                assert ready.json()["checks"]["ticker"]["last_tick_age_seconds"] is not None
                body = sign_submission(
                    member="gm0344",
                    log=serving.view.registry.log,
                    seen=serving.view.size,
                    event=EVENT,
                    signer=serving.keys.api,
                )
                first = await client.post("/v1/events", content=body)
                again = await client.post("/v1/events", content=body)
                assert (first.status_code, again.status_code) == (201, 200)
                identity = first.json()["record"]
                receipt = await client.get(f"/v1/receipts/{identity}")
                assert receipt.text == first.json()["receipt"]
                await network.quiet()
                for member in ("gm0344", "toeslagen", "svb", "uwv"):
                    assert network.nodes[member].facts.fact("gm0344", identity) is not None
                # The log that the web side shows is the one the members follow.
                checkpoint = await client.get("/log/checkpoint")
                assert checkpoint.text.splitlines()[1] == str(network.nodes["uwv"].view.size)
            await serving.close()

    asyncio.run(work())
