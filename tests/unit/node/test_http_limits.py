"""A listener's limits on a real socket: heads that are slow, endless or no HTTP, slow bodies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from fastapi import FastAPI, Request

from node.portal import guard, http_protocol
from node.portal.guard import Guard
from node.portal.http_server import Listener
from node.portal.problems import PROBLEM_JSON, install_problems

SOON = 0.3  # seconds, in the place of the real limits


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits short enough for a test."""
    monkeypatch.setattr(http_protocol, "HEAD_SECONDS_MAX", SOON)
    monkeypatch.setattr(guard, "BODY_PAUSE_SECONDS_MAX", SOON)
    monkeypatch.setattr(guard, "BODY_SECONDS_MAX", 2 * SOON)


@asynccontextmanager
async def listening() -> AsyncIterator[Callable[[], object]]:
    app = FastAPI(openapi_url=None)
    install_problems(app)

    @app.post("/v1/read")
    async def read(request: Request) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    @app.get("/v1/slow")
    async def slow() -> dict[str, bool]:
        await asyncio.sleep(2 * SOON)
        return {"done": True}

    listener = Listener(Guard(app), "127.0.0.1", 0)
    await listener.start()
    try:
        yield lambda: asyncio.open_connection("127.0.0.1", listener.port)
    finally:
        await listener.stop()


async def ended(reader: asyncio.StreamReader) -> tuple[bytes, bytes, bytes]:
    """Status line, headers and body of an answer that ends its connection."""
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    first, _, headers = head.partition(b"\r\n")
    length = int(headers.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    body = await asyncio.wait_for(reader.readexactly(length), 10)
    assert b"connection: close" in headers.lower()
    return first, headers.lower(), body


@pytest.mark.parametrize("sent", [b"", b"GET /v1/x HT", b"GET /v1/x HTTP/1.1\r\nHost: x\r\nA: b"])
def test_a_head_that_does_not_come_is_not_waited_for(limits: None, sent: bytes) -> None:
    async def work() -> None:
        async with listening() as connect:
            reader, writer = await connect()  # type: ignore[misc]
            writer.write(sent)
            first, headers, body = await ended(reader)
            assert first.startswith(b"HTTP/1.1 408 ")
            assert PROBLEM_JSON.encode() in headers
            assert json.loads(body)["code"] == "too_slow"
            writer.close()

    asyncio.run(work())


def test_one_byte_at_a_time_does_not_stretch_the_time_of_a_head(limits: None) -> None:
    async def work() -> None:
        async with listening() as connect:
            reader, writer = await connect()  # type: ignore[misc]
            told = asyncio.create_task(ended(reader))
            for byte in b"GET /v1/slow HTTP/1.1\r\nX: " + b"a" * 500:
                if told.done():
                    break
                writer.write(bytes([byte]))
                await asyncio.wait({told}, timeout=SOON / 20)
            first, _, _ = await told
            assert first.startswith(b"HTTP/1.1 408 ")
            writer.close()

    asyncio.run(work())


def test_an_endless_head_is_refused(limits: None) -> None:
    async def work() -> None:
        async with listening() as connect:
            for part in (b"GET /" + b"a" * 70_000, b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 9_000):
                reader, writer = await connect()  # type: ignore[misc]
                writer.write(part)
                first, _, body = await ended(reader)
                assert first.startswith(b"HTTP/1.1 431 ")
                assert json.loads(body)["code"] == "oversize"
                writer.close()

    asyncio.run(work())


def test_what_is_no_http_is_refused_with_a_problem(limits: None) -> None:
    async def work() -> None:
        async with listening() as connect:
            for sent in (b"\x16\x03\x01\x02\x00", b"HELLO\r\n\r\n"):
                reader, writer = await connect()  # type: ignore[misc]
                writer.write(sent)
                first, headers, body = await ended(reader)
                assert first.startswith(b"HTTP/1.1 400 ")
                assert PROBLEM_JSON.encode() in headers
                assert json.loads(body)["code"] == "malformed"
                writer.close()

    asyncio.run(work())


@pytest.mark.parametrize("dribble", [False, True])
def test_a_slow_body_is_ended_with_408(limits: None, dribble: bool) -> None:
    async def work() -> None:
        async with listening() as connect:
            reader, writer = await connect()  # type: ignore[misc]
            writer.write(b"POST /v1/read HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n{")
            told = asyncio.create_task(ended(reader))
            for _ in range(20 if dribble else 0):
                if not told.done():
                    writer.write(b" ")
                    await asyncio.wait({told}, timeout=SOON / 3)
            first, headers, body = await told
            assert first.startswith(b"HTTP/1.1 408 ")
            assert PROBLEM_JSON.encode() in headers
            assert json.loads(body)["code"] == "too_slow"
            writer.close()

    asyncio.run(work())


def test_a_slow_answer_and_kept_connections_are_left_alone(limits: None) -> None:
    async def work() -> None:
        async with listening() as connect:
            reader, writer = await connect()  # type: ignore[misc]
            for _ in range(3):
                writer.write(b"GET /v1/slow HTTP/1.1\r\nHost: x\r\n\r\n")
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
                assert head.startswith(b"HTTP/1.1 200 ")
                assert await reader.readexactly(13) == b'{"done":true}'
                await asyncio.sleep(1.5 * SOON)  # idle between two requests is no slow head
            writer.write(
                b"POST /v1/read HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n" + b"x" * 9
            )
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
            assert head.startswith(b"HTTP/1.1 200 ")
            assert await reader.readexactly(11) == b'{"bytes":9}'
            writer.close()

    asyncio.run(work())
