"""The HTTP client with which a node asks other members: each request carries a fresh token."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Final

import httpx

from ledger.ports import Signer
from node.members.tokens import SCHEME, make_token

CONNECTIONS_MAX: Final = 128
CONNECT_SECONDS_MAX: Final = 5.0


class MemberAuth(httpx.Auth):
    """Signs for whichever member the request goes to; to strangers it says nothing."""

    def __init__(
        self, member: str, signer: Signer, peers: Mapping[str, str], now: Callable[[], int]
    ) -> None:
        self._member = member
        self._signer = signer
        self._now = now
        self._members = {_place(httpx.URL(url)): name for name, url in peers.items()}

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the token."""
        audience = self._members.get(_place(request.url))
        if audience is not None:
            token = make_token(self._member, audience, self._now(), self._signer)
            request.headers["Authorization"] = SCHEME + token
        yield request


def member_client(auth: MemberAuth, seconds: float) -> httpx.AsyncClient:
    """A client that keeps its connections and answers within `seconds`, or raises."""
    return httpx.AsyncClient(
        auth=auth,
        timeout=httpx.Timeout(seconds, connect=CONNECT_SECONDS_MAX, pool=None),
        limits=httpx.Limits(
            max_connections=CONNECTIONS_MAX, max_keepalive_connections=CONNECTIONS_MAX
        ),
        follow_redirects=False,
        trust_env=False,  # no proxy between members unless the operator puts one there
    )


def _place(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
