"""What the log has in memory is answered by the connection: the same answer as the app gives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from ledger.formats.policy import parse_policy
from ledger.formats.proof import parse_receipt, verify_receipt
from ledger.pages import Pages
from ledger.ports import Answer
from node.portal.app import create_app
from node.portal.http_server import Listener
from node.portal.log_app import create_log_app
from tests import ledger_network as nets
from tests.portal_surface import full_surface

TILE = b"GET /log/tile/0/000 HTTP/1.1\r\nHost: x\r\n\r\n"
CHECKPOINT = TILE.replace(b"tile/0/000", b"checkpoint")
CLOSED = TILE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
WITH_BODY = TILE.replace(b"\r\n\r\n", b"\r\nContent-Length: 4\r\n\r\nbody")
RIGHT = {"authorization": "Bearer right"}
OPEN = ("checkpoint", "vkey", "policy", "tile/0/000", "tile/0/001.p/44", "proof/7")
PRIVATE = "tile/entries/000"


class Counted(Pages):
    """Pages that tell how often they were waited for."""

    waited = 0

    async def get(self, path: str, *, entries_allowed: bool, gzip: bool = False) -> Answer:
        self.waited += 1
        return await super().get(path, entries_allowed=entries_allowed, gzip=gzip)


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[nets.Network, Counted, Listener]]:
    net = await nets.make_network()
    await net.log.append_many([nets.record(net.log_id, f"{n}") for n in range(299)])
    pages = Counted(net.store)
    app = create_log_app(pages, lambda given: given == RIGHT["authorization"])
    listener = Listener(app, "127.0.0.1", 0)
    await listener.start()
    try:
        yield net, pages, listener
    finally:
        await listener.stop()
        await net.log.stop()


def base(listener: Listener) -> str:
    return f"http://127.0.0.1:{listener.port}/log/"


def told(answer: httpx.Response) -> dict[str, str]:
    """The headers that do not differ from answer to answer."""
    return {name: value for name, value in answer.headers.items() if name not in ("x-request-id",)}


def test_an_answer_from_memory_is_the_answer_of_the_app() -> None:
    async def work() -> None:
        async with listening() as (net, pages, listener), httpx.AsyncClient() as client:
            policy = parse_policy((await client.get(base(listener) + "policy")).content)
            for path in ("tile/0/000", "tile/0/001.p/44", "proof/7", PRIVATE):
                plain = {"accept-encoding": "identity", **RIGHT}
                first = await client.get(base(listener) + path, headers=plain)
                waited = pages.waited
                second = await client.get(base(listener) + path, headers=plain)
                assert pages.waited == waited  # nothing was waited for
                assert second.content == first.content
                assert second.headers["x-request-id"] != first.headers["x-request-id"]
                one, other = told(first), told(second)
                del one["date"], other["date"]
                assert one == other
            (raw,) = await net.store.entries(7, 8)
            receipt = await client.get(base(listener) + "proof/7")
            verify_receipt(parse_receipt(receipt.content), raw, policy)

    asyncio.run(work())


def test_any_page_may_read_what_is_public_and_none_but_ours_the_entries() -> None:
    async def work() -> None:
        async with listening() as (_, pages, listener), httpx.AsyncClient() as client:
            for _ in range(2):  # by the app, then from memory where it is kept
                for path in OPEN:
                    answer = await client.get(base(listener) + path)
                    assert answer.status_code == 200, path
                    assert answer.headers["access-control-allow-origin"] == "*", path
                    assert answer.headers["cross-origin-resource-policy"] == "cross-origin", path
                entries = await client.get(base(listener) + PRIVATE, headers=RIGHT)
                refused = await client.get(base(listener) + PRIVATE)
                assert (entries.status_code, refused.status_code) == (200, 401)
                for answer in (entries, refused):
                    assert "access-control-allow-origin" not in answer.headers
                    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
            assert pages.waited < 4 * len(OPEN)

    asyncio.run(work())


def test_the_verifier_is_for_any_page() -> None:
    async def work() -> None:
        listener = Listener(create_app(full_surface()), "127.0.0.1", 0)
        await listener.start()
        async with httpx.AsyncClient() as client:
            at = f"http://127.0.0.1:{listener.port}"
            verifier = await client.get(f"{at}/controleur")
            assert verifier.headers["cross-origin-resource-policy"] == "cross-origin"
            page = await client.get(f"{at}/")
            assert page.headers["cross-origin-resource-policy"] == "same-origin"
        await listener.stop()

    asyncio.run(work())


@pytest.mark.parametrize(
    ("request_bytes", "answers", "ends"),
    [
        (TILE * 3, 3, False),
        (TILE + CHECKPOINT + TILE, 3, False),  # the middle one waits: none overtakes another
        (TILE.replace(b"HTTP/1.1", b"HTTP/1.0"), 1, True),
        (CLOSED, 1, True),
        (WITH_BODY + TILE, 2, False),
    ],
)
def test_requests_on_one_connection_are_answered_in_their_order(
    request_bytes: bytes, answers: int, ends: bool
) -> None:
    async def work() -> None:
        async with listening() as (net, _, listener), httpx.AsyncClient() as client:
            await client.get(base(listener) + "tile/0/000")  # now it is kept
            (tile,) = await net.store.tiles([(0, 0)])
            reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
            writer.write(request_bytes)
            bodies = []
            for _ in range(answers):
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
                assert head.startswith(b"HTTP/1.1 200 ")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                bodies.append(await reader.readexactly(length))
            assert bodies[0] == bodies[-1] == tile
            assert len(set(bodies)) == (2 if b"checkpoint" in request_bytes else 1)
            if ends:
                assert await asyncio.wait_for(reader.read(), 10) == b""
            writer.close()

    asyncio.run(work())
