"""The client between members: a token for the member that is asked, and for nobody else."""

from __future__ import annotations

import asyncio

import httpx

from node.ledger_view import api_keys_of
from node.members.member_http import MemberAuth, member_client
from node.members.tokens import SCHEME, check_token
from tests.node_desk import REGISTRY, signer

NOW = 1_795_320_000
PEERS = {"uwv": "http://127.0.0.1:9001", "svb": "http://127.0.0.1:9002"}


def asked(url: str) -> str | None:
    """The Authorization header with which `toeslagen` asks this address."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200)

    async def ask() -> None:
        auth = MemberAuth("toeslagen", signer("toeslagen", "api"), PEERS, lambda: NOW)
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer), auth=auth) as client:
            await client.get(url)

    asyncio.run(ask())
    return seen[0].headers.get("authorization")


def test_the_token_is_for_the_member_at_that_address() -> None:
    for member, url in PEERS.items():
        header = asked(f"{url}/outbox?since=0")
        assert header is not None
        token = header.removeprefix(SCHEME)
        who = check_token(token, member, NOW, lambda name: api_keys_of(REGISTRY, name))
        assert who == "toeslagen"


def test_a_stranger_gets_no_token() -> None:
    assert asked("http://127.0.0.1:9003/outbox") is None
    assert asked("https://127.0.0.1:9001/outbox") is None
    assert asked("http://example.org/") is None


def test_the_client_follows_nobody_elsewhere() -> None:
    auth = MemberAuth("uwv", signer("uwv", "api"), PEERS, lambda: NOW)
    client = member_client(auth, 5.0)
    assert not client.follow_redirects
    assert client.timeout.read == 5.0
    asyncio.run(client.aclose())
