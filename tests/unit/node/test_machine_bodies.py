"""Bodies at the listener between members: gzip is taken within a bound, all else refused."""

from __future__ import annotations

import gzip
import json
from typing import cast

import pytest
from starlette.applications import Starlette

from ledger.ports import Answer
from node.members import routes_machine
from node.members.routes_machine import Gate
from tests.asgi import Browser


class Echo:
    """A door that answers what it got."""

    async def get(self, path: str, *, entries_allowed: bool, gzip: bool = False) -> Answer:
        return Answer(status=200, body=b"zipped" if gzip else b"plain")

    async def post(self, path: str, body: bytes) -> Answer:
        return Answer(status=200, body=body)


class Open:
    """Lets nobody read entries."""

    def may_read_entries(self, authorization: str | None) -> bool:
        return False


@pytest.fixture
def browser() -> Browser:
    gate = cast(Gate, Open())
    routes = routes_machine._door_routes("mirror", Echo(), gate, lambda: None)
    return Browser(Starlette(routes=routes))


def test_a_gzip_body_is_taken(browser: Browser) -> None:
    body = gzip.compress(b"packages" * 1_000, mtime=0)
    headers = {"Content-Encoding": "gzip"}
    answer = browser.ask("POST", "/mirror/add-entries", content=body, headers=headers)
    assert (answer.status_code, answer.content) == (200, b"packages" * 1_000)


@pytest.mark.parametrize(
    ("encoding", "body", "code"),
    [
        ("gzip", gzip.compress(bytes(4 * 1024 * 1024), mtime=0), "malformed"),
        ("gzip", b"no gzip", "malformed"),
        ("gzip", gzip.compress(b"cut", mtime=0)[:-4], "malformed"),
        ("br", b"x", "malformed"),
        ("gzip, gzip", gzip.compress(gzip.compress(b"x", mtime=0), mtime=0), "malformed"),
    ],
)
def test_a_bomb_or_another_encoding_is_refused(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, encoding: str, body: bytes, code: str
) -> None:
    monkeypatch.setattr(routes_machine, "BODY_BYTES_MAX", 1024 * 1024)
    headers = {"Content-Encoding": encoding}
    answer = browser.ask("POST", "/mirror/add-entries", content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert json.loads(answer.content)["code"] == code


@pytest.mark.parametrize(
    ("accepted", "body"),
    [("gzip", "zipped"), ("br, GZIP;q=0.5", "zipped"), ("gzip;q=0", "plain"), ("br", "plain")],
)
def test_gzip_is_answered_to_whom_takes_it(browser: Browser, accepted: str, body: str) -> None:
    headers = {"Accept-Encoding": accepted}
    assert browser.ask("GET", "/mirror/x", headers=headers).text == body
