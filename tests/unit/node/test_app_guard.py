"""What holds for every answer: headers, problem documents, limits, no text of an error anywhere."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request

from node.portal.guard import BODY_BYTES_MAX, HEADERS, Guard, body_bytes_max
from node.portal.problems import PROBLEM_JSON, install_problems
from tests.asgi import Browser

SECRET = "mevrouw-de-vries"


def app_with_faults() -> Guard:
    """An app that reads a body, takes a number, and breaks."""
    app = FastAPI(openapi_url=None)
    install_problems(app)

    @app.post("/v1/read")
    async def read(request: Request) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    @app.get("/v1/number/{number}")
    async def number(number: int) -> dict[str, int]:
        return {"number": number}

    @app.get("/v1/broken/{name}")
    async def broken(name: str) -> None:
        raise RuntimeError(f"no such person: {name}")

    return Guard(app)


@pytest.mark.parametrize("path", ["/v1/number/3", "/v1/number/x", "/nowhere", "/v1/broken/x"])
def test_every_answer_has_the_security_headers(path: str) -> None:
    answer = Browser(app_with_faults()).ask("GET", path)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert answer.headers["cache-control"] == "no-store"
    assert "server" not in answer.headers
    assert ("api-version" in answer.headers) == path.startswith("/v1")
    assert "unsafe" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/number/x", 400, "invalid_request"),
        ("GET", "/v1/nowhere", 404, "not_found"),
        ("DELETE", "/v1/number/3", 405, "method_not_allowed"),
        ("GET", "/v1/broken/x", 500, "internal"),
    ],
)
def test_a_refusal_is_a_problem_document(method: str, path: str, status: int, code: str) -> None:
    answer = Browser(app_with_faults()).ask(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == PROBLEM_JSON
    body = answer.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["title"]
    assert body["detail"]
    if status == 405:
        assert answer.headers["allow"] == "GET"


def test_a_refused_value_is_not_repeated() -> None:
    answer = Browser(app_with_faults()).ask("GET", f"/v1/number/{SECRET}")
    assert answer.status_code == 400
    assert SECRET not in answer.text
    assert answer.json()["problems"][0]["field"] == "number"


def test_our_own_error_shows_and_logs_no_text(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    answer = Browser(app_with_faults()).ask("GET", f"/v1/broken/{SECRET}?q={SECRET}")
    assert answer.status_code == 500
    assert SECRET not in answer.text
    assert "Traceback" not in answer.text
    ours = [record for record in caplog.records if record.name == "vastedag.web"]
    assert any("kind=RuntimeError" in record.getMessage() for record in ours)
    assert any("route=/v1/broken/{name}" in record.getMessage() for record in ours)
    assert not [r for r in ours if SECRET in r.getMessage() or r.exc_info]


def test_a_declared_body_over_the_limit_is_refused_unread() -> None:
    answer = Browser(app_with_faults()).ask("POST", "/v1/read", content=b"x" * (BODY_BYTES_MAX + 1))
    assert answer.status_code == 413
    assert answer.json()["code"] == "oversize"


def test_a_streamed_body_over_the_limit_is_refused() -> None:
    sent = 0

    async def stream() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(200):
            sent += 65_536
            yield b"x" * 65_536

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=app_with_faults())
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
            return await client.post("/v1/read", content=stream())

    answer = asyncio.run(ask())
    assert answer.status_code == 413
    assert sent <= BODY_BYTES_MAX + 2 * 65_536


def test_a_body_within_the_limit_is_read() -> None:
    answer = Browser(app_with_faults()).ask("POST", "/v1/read", content=b"x" * 1_000)
    assert json.loads(answer.text) == {"bytes": 1_000}


def test_forms_have_a_smaller_limit() -> None:
    assert body_bytes_max("/mijn/aanmelden") < body_bytes_max("/v1/events") < BODY_BYTES_MAX
    assert body_bytes_max("/mijnbouw") == BODY_BYTES_MAX
