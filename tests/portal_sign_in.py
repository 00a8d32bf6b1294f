"""Signing in as a browser does: through the node's own development provider, over its HTTP."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from node.portal.app import create_app
from node.portal.surface import Surface
from tests.asgi import Browser

BASE = "https://node.test"
OPTION = re.compile(r'<option value="([^"]+)">([^<]*)</option>')


def app_of(surface: Surface, *, now: Callable[[], float] = time.time) -> ASGIApp:
    """The pages of a node whose sign-in client reaches the node itself without a network."""
    made: list[ASGIApp] = []

    async def self_app(scope: Scope, receive: Receive, send: Send) -> None:
        await made[0](scope, receive, send)

    def http() -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=self_app))

    made.append(create_app(replace(surface, public_url=BASE), now=now, http=http))
    return made[0]


def browser_of(surface: Surface, *, now: Callable[[], float] = time.time) -> Browser:
    """A browser at these pages, not signed in."""
    return Browser(app_of(surface, now=now), BASE)


def at_provider(browser: Browser, page: str) -> str:
    """Follow the link of a sign-in page; answers the address at the provider, path and query."""
    answer = browser.get(f"{page}/begin")
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"].startswith(f"{BASE}/proefaanbieder/aanmelden?")
    return answer.headers["location"].removeprefix(BASE)


def chosen(browser: Browser, address: str, label: str) -> str:
    """Choose somebody at the provider; answers the way back, path and query."""
    options = OPTION.findall(browser.get(address).text)
    key = next(key for key, name in options if name == label)
    answer = browser.post(address, {"wie": key})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].removeprefix(BASE)


def sign_in(browser: Browser, label: str, page: str = "/mijn/aanmelden") -> httpx.Response:
    """The whole way; answers the last answer, a redirect to the first own page."""
    browser.get(page)
    return browser.get(chosen(browser, at_provider(browser, page), label))
