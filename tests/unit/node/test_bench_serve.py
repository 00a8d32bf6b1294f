"""The serve bench at a small size: it answers all, its proofs verify, and it tells its limit."""

from __future__ import annotations

import asyncio
import time

import pytest

from node.benches.bench_serve import MIX, bench_serve
from node.benches.load_open_loop import CONNECTIONS, Load, percentile, run_load


def test_serve_tells_figures_limit_and_ratio() -> None:
    found = bench_serve(600, per_second=100, seconds=0.5)
    assert (found["entries"], found["processes"], found["errors"]) == (600, 2, 0)
    assert found["p50_ms"] <= found["p99_ms"] <= found["max_ms"]
    assert found["answered_per_second"] <= 100.1
    assert 0 < found["proofs_verified"] <= 100
    assert set(found["p99_ms_by_kind"]) <= set(MIX)
    assert found["limit"]["errors"] == 0
    assert found["ratio_p99"] == pytest.approx(
        found["limit"]["p99_ms"] / found["p99_ms"], rel=0.05, abs=0.01
    )


def test_a_stall_is_paid_for_by_all_that_had_to_wait() -> None:
    async def work() -> list[float]:
        asked = 0

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal asked
            while await reader.readuntil(b"\r\n\r\n"):
                asked += 1
                if asked == 20:
                    time.sleep(0.2)  # a server that stalls as a whole
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx")

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        request = (b"GET / HTTP/1.1\r\n\r\n", 1)
        load = Load(
            host="127.0.0.1", ports=(port,), requests=[request], per_second=200, seconds=0.5
        )
        measured = await run_load(load)
        server.close()
        assert (measured.sent, measured.errors) == (100, 0)
        return sorted(measured.latencies)

    latencies = asyncio.run(work())
    # 0.2 seconds hold up some forty requests of the hundred, not one.
    assert sum(1 for each in latencies if each > 0.05) >= 20


def test_a_connection_that_ends_between_requests_is_opened_anew() -> None:
    async def work() -> tuple[int, int]:
        opened = 0

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal opened
            opened += 1
            for _ in range(2):
                await reader.readuntil(b"\r\n\r\n")
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx")
            await asyncio.sleep(0.05)
            writer.write(b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n")
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        request = (b"GET / HTTP/1.1\r\n\r\n", 1)
        load = Load(
            host="127.0.0.1", ports=(port,), requests=[request], per_second=400, seconds=1.0
        )
        measured = await run_load(load)
        server.close()
        assert (measured.sent, len(measured.latencies)) == (400, 400)
        return opened, measured.errors

    opened, errors = asyncio.run(work())
    assert errors == 0
    assert opened > CONNECTIONS  # 400 requests, two on a connection


@pytest.mark.parametrize(("share", "value"), [(0.5, 2), (0.99, 4), (1.0, 4), (0.25, 1), (0.26, 2)])
def test_a_percentile_is_a_value_that_was_seen(share: float, value: float) -> None:
    assert percentile([1, 2, 3, 4], share) == value
