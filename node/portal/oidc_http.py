"""Talks to an OpenID provider over HTTP: its description, its keys, a code exchanged for claims.

What is asked and what an answer must hold stands in oidc.py.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx
from authlib.oauth2.rfc7523 import private_key_jwt_sign
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from node.portal.oidc import SIGNATURES, LoginError, Provider, Ticket, authorization_url
from node.portal.oidc import check_claims as check

ANSWER_BYTES_MAX: Final = 262_144
KEYS_SECONDS: Final = 3_600  # how long a provider's description and keys are kept
KEYS_AGAIN_SECONDS: Final = 30  # a token under a new key: ask again, but not for every token
REQUEST_SECONDS: Final = 10.0
ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

Http = Callable[[], httpx.AsyncClient]


def plain_http() -> httpx.AsyncClient:
    """A client that follows no redirect: a provider's addresses are its own."""
    return httpx.AsyncClient(timeout=REQUEST_SECONDS, follow_redirects=False)


class OidcClient:
    """One provider as this node uses it. `redirect` is this node's own way back, exactly."""

    def __init__(self, provider: Provider, redirect: str, http: Http = plain_http) -> None:
        self.provider = provider
        self._redirect = redirect
        self._http = http
        self._known: tuple[float, Mapping[str, Any], KeySet] | None = None
        self._one = asyncio.Lock()

    async def begin(self, ticket: Ticket) -> str:
        """The address to which the browser goes now; raises LoginError."""
        description, _ = await self._description()
        endpoint = str(description["authorization_endpoint"])
        return authorization_url(endpoint, self.provider, ticket, self._redirect)

    async def finish(self, code: str, ticket: Ticket, now: int) -> Mapping[str, Any]:
        """The checked claims behind a code; raises LoginError."""
        description, keys = await self._description()
        token = await self._exchange(str(description["token_endpoint"]), code, ticket)
        try:
            decoded = jwt.decode(token, keys, algorithms=SIGNATURES)
        except (JoseError, ValueError):
            _, keys = await self._description(renew=True)  # the provider may have a new key
            try:
                decoded = jwt.decode(token, keys, algorithms=SIGNATURES)
            except (JoseError, ValueError) as error:
                raise LoginError("the provider's token is not signed by its keys") from error
        check(decoded.claims, decoded.header, self.provider, ticket, now)
        return decoded.claims

    async def _exchange(self, endpoint: str, code: str, ticket: Ticket) -> str:
        assertion = private_key_jwt_sign(
            self.provider.key, client_id=self.provider.client_id, token_endpoint=endpoint
        )
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect,
            "client_id": self.provider.client_id,
            "code_verifier": ticket.verifier,
            "client_assertion_type": ASSERTION,
            "client_assertion": assertion,
        }
        answer = await self._json("POST", endpoint, data=form)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise LoginError("the provider gave no identity")
        return token

    async def _description(self, *, renew: bool = False) -> tuple[Mapping[str, Any], KeySet]:
        async with self._one:
            age = KEYS_SECONDS if self._known is None else time.monotonic() - self._known[0]
            if self._known is None or age >= (KEYS_AGAIN_SECONDS if renew else KEYS_SECONDS):
                issuer = self.provider.issuer
                told = await self._json(
                    "GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration"
                )
                if told.get("issuer") != issuer:
                    raise LoginError("the provider calls itself by another name than configured")
                keys = await self._json("GET", str(told.get("jwks_uri")))
                try:
                    key_set = KeySet.import_key_set({"keys": keys.get("keys", [])})
                except (JoseError, ValueError, KeyError) as error:
                    raise LoginError("the provider's keys cannot be read") from error
                self._known = (time.monotonic(), told, key_set)
            return self._known[1], self._known[2]

    async def _json(self, method: str, url: str, **arguments: Any) -> dict[str, Any]:
        try:
            async with (
                self._http() as client,
                client.stream(method, url, **arguments) as answer,
            ):
                body = b""
                async for part in answer.aiter_bytes():
                    body += part
                    if len(body) > ANSWER_BYTES_MAX:
                        raise LoginError("the provider's answer is too long")
                if answer.status_code != httpx.codes.OK:
                    raise LoginError(f"the provider refuses (HTTP {answer.status_code})")
            value = httpx.Response(200, content=body).json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise LoginError("the provider cannot be reached now") from error
        if not isinstance(value, dict):
            raise LoginError("the provider's answer cannot be read")
        return value
