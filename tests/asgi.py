"""A browser without a network: asks an ASGI app and keeps its cookies, one request at a time."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any

import httpx
from starlette.types import ASGIApp

CSRF = re.compile(r'name="csrf" value="([^"]+)"')
HTML = {"accept": "text/html,application/xhtml+xml"}


class Browser:
    """Follows no redirect by itself, so that a test sees each answer."""

    def __init__(self, app: ASGIApp, base: str = "http://node.test") -> None:
        self._app = app
        self._base = base
        self.cookies = httpx.Cookies()

    def ask(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """One request; cookies that the answer sets are kept."""
        return asyncio.run(self._ask(method, path, **arguments))

    def get(self, path: str, **arguments: Any) -> httpx.Response:
        """GET as a browser does."""
        return self.ask("GET", path, headers=HTML, **arguments)

    def post(self, path: str, form: Mapping[str, str]) -> httpx.Response:
        """POST a form."""
        return self.ask("POST", path, data=dict(form), headers=HTML)

    def csrf_of(self, path: str) -> str:
        """The form token on a page."""
        found = CSRF.search(self.get(path).text)
        assert found is not None, f"no form on {path}"
        return found.group(1)

    async def _ask(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        transport = httpx.ASGITransport(app=self._app)
        async with httpx.AsyncClient(
            transport=transport, base_url=self._base, cookies=self.cookies
        ) as client:
            answer = await client.request(method, path, **arguments)
            self.cookies = client.cookies
        return answer
