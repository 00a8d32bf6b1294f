"""What the log side answers: tlog-tiles paths, types and caching, tokens, problem documents."""

from __future__ import annotations

import asyncio
import json

import pytest

from ledger.errors import BusyError, StoreError
from ledger.formats.tiles import parse_bundle
from ledger.log import Log
from ledger.pages import Pages
from ledger.serve import LogDoor, MirrorDoor, refusal
from ledger.witness import monitoring_path
from tests import ledger_network as nets


async def grown(count: int) -> nets.Network:
    net = await nets.make_network()
    await net.log.append_many([nets.record(net.log_id, f"{n}") for n in range(count)])
    return net


def test_tiles_of_every_published_width_and_no_other() -> None:
    async def work() -> None:
        net = await grown(299)
        pages = Pages(net.store)
        for width in (1, 43, 44):
            answer = await pages.get(f"tile/0/001.p/{width}", entries_allowed=False)
            assert (answer.status, len(answer.body)) == (200, width * 32)
            assert "immutable" in answer.cache
            assert answer.content_type == "application/octet-stream"
        for path in ("tile/0/000", "tile/1/000.p/1"):
            assert (await pages.get(path, entries_allowed=False)).status == 200
        for path in (
            "tile/0/001", "tile/0/001.p/45", "tile/0/002.p/1", "tile/1/000.p/2",
            "tile/2/000.p/1", "tile/0/1", "tile/00/000", "tile/0/001.p/0", "nothing", "",
            "../checkpoint", "tile/entries/001.p/45",
        ):  # fmt: skip
            assert (await pages.get(path, entries_allowed=True)).status == 404
        await net.log.stop()

    asyncio.run(work())


def test_entry_bundles_need_to_be_allowed_hash_tiles_do_not() -> None:
    async def work() -> None:
        net = await grown(5)
        pages = Pages(net.store)
        path = "tile/entries/000.p/6"
        refused = await pages.get(path, entries_allowed=False)
        assert (refused.status, b"token" in refused.body) == (401, True)
        bundle = await pages.get(path, entries_allowed=True)
        assert "private" in bundle.cache
        assert parse_bundle(bundle.body, 6) == await net.store.entries(0, 6)
        await net.log.stop()

    asyncio.run(work())


def test_what_is_not_published_is_not_shown() -> None:
    async def work() -> None:
        net = await grown(5)
        for member in ("uwv", "svb"):
            net.peers[member].down = True
        waiting = asyncio.create_task(net.log.append(nets.record(net.log_id, "more")))
        while net.log.status().size < 7:
            await asyncio.sleep(0.002)
        pages = Pages(net.store)
        for path in ("tile/0/000.p/7", "tile/entries/000.p/7"):
            assert (await pages.get(path, entries_allowed=True)).status == 404
        shown = await pages.get("checkpoint", entries_allowed=False)
        assert shown.body.split(b"\n")[1] == b"6"
        waiting.cancel()
        await net.log.stop()

    asyncio.run(work())


def test_vkey_and_policy_are_those_of_the_ledger() -> None:
    async def work() -> None:
        net = await grown(1)
        door = LogDoor(net.log)
        vkey = await door.get("vkey", entries_allowed=False)
        assert vkey.body.decode() == nets.log_signer().verifier.vkey + "\n"
        policy = await door.get("policy", entries_allowed=False)
        assert policy.body.decode() == net.log.registry.policy_text()
        mirror = MirrorDoor(net.mirrors["gm0344"])
        prefix = monitoring_path(nets.ORIGIN).removesuffix("checkpoint")
        assert (await mirror.get(f"{prefix}vkey", entries_allowed=False)).body == vkey.body
        assert (await mirror.get("checkpoint", entries_allowed=False)).status == 404
        await net.log.stop()

    asyncio.run(work())


def test_submitting_answers_a_receipt_or_a_problem_document() -> None:
    async def work() -> None:
        net = await grown(1)
        door = LogDoor(net.log)
        good = await door.post("submit", nets.record(net.log_id, "a"))
        assert (good.status, good.body.startswith(b"c2sp.org/tlog-proof@v1\n")) == (200, True)
        cases = {
            "reused_id": (409, nets.record(net.log_id, "a", content="other")),
            "unknown_member": (403, nets.record(net.log_id, "b", author="nobody")),
            "malformed": (400, b"{}"),
            "oversize": (413, b"x" * 70_000),
        }
        for code, (status, raw) in cases.items():
            answer = await door.post("submit", raw)
            problem = json.loads(answer.body)
            assert (answer.status, problem["status"], problem["code"]) == (status, status, code)
            assert answer.content_type == "application/problem+json"
        await net.log.stop()

    asyncio.run(work())


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (BusyError("full", retry_after_seconds=3), 503, "busy"),
        (StoreError("lost"), 503, "unknown_outcome"),
    ],
)
def test_what_may_be_sent_again_says_when(error: Exception, status: int, code: str) -> None:
    answer = refusal(error)  # type: ignore[arg-type]
    assert (answer.status, json.loads(answer.body)["code"]) == (status, code)
    assert answer.retry_after_seconds is not None


def test_before_the_first_publication_there_is_nothing_to_read() -> None:
    async def work() -> None:
        net = await nets.make_network(start=False)
        log: Log = net.log
        pages = Pages(log.store)
        assert (await pages.get("checkpoint", entries_allowed=False)).status == 404
        assert (await pages.get("tile/0/000.p/1", entries_allowed=False)).status == 404

    asyncio.run(work())
