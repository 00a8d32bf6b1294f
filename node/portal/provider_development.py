"""The development provider: an OpenID provider inside the node at which anyone may be anyone.

For tests and the demo. It speaks the same protocol as a real one (discovery, code with PKCE, client
that signs, signed token), so that sign-in is tried as it will run. app.py mounts it in development
mode only, and settings.py refuses it in production.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from fastapi import APIRouter, Request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, RedirectResponse, Response

from node.portal.auth import STAFF_ROLES
from node.portal.oidc import Audience, Provider
from node.portal.pages import Pages
from node.portal.surface import PeoplePort
from node.portal.visits import Visits, form_of

PATH: Final = "/proefaanbieder"
LEVEL: Final = "proef-substantieel"
BSN_CLAIM: Final = "bsn"
ROLES_CLAIM: Final = "rollen"
CODE_SECONDS: Final = 60
TOKEN_SECONDS: Final = 300
WAITING_MAX: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """Somebody whom a visitor may be in development: `key` for the form, claims for the token."""

    key: str
    label: str
    claims: Mapping[str, Any]


STAFF: Final = (
    Persona(key="toezicht-1", label="Toezichthouder", claims={ROLES_CLAIM: ["toezicht"]}),
    Persona(key="balie-1", label="Balie, eerste medewerker", claims={ROLES_CLAIM: ["balie"]}),
    Persona(key="balie-2", label="Balie, tweede medewerker", claims={ROLES_CLAIM: ["balie"]}),
    Persona(key="wijk-1", label="Wijkteam", claims={ROLES_CLAIM: ["wijk"]}),
    Persona(key="wijk-2", label="Wijkteam, tweede medewerker", claims={ROLES_CLAIM: ["wijk"]}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A client of the provider: its one way back, and whom it may sign in."""

    redirect: str
    personas: Callable[[], Sequence[Persona]]
    staff: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    client: str
    redirect: str
    state: str
    nonce: str
    challenge: str
    level: str


class DevelopmentProvider:
    """One provider for both audiences; `clients` by client id."""

    def __init__(
        self,
        issuer: str,
        pages: Pages,
        clients: Mapping[str, Client],
        now: Callable[[], float] = time.time,
    ) -> None:
        self.issuer = issuer
        self.client_key = RSAKey.generate_key(2048, auto_kid=True)
        self._key = RSAKey.generate_key(2048, auto_kid=True)
        self._pages = pages
        self._clients = clients
        self._now = now
        self._codes: dict[str, tuple[float, _Asked, Persona]] = {}
        self._assertions: set[str] = set()

    def router(self) -> APIRouter:
        """All addresses of the provider."""
        router = APIRouter(prefix=PATH, include_in_schema=False)
        router.add_api_route("/.well-known/openid-configuration", self.description, methods=["GET"])
        router.add_api_route("/sleutels", self.keys, methods=["GET"])
        router.add_api_route("/aanmelden", self.choose, methods=["GET"])
        router.add_api_route("/aanmelden", self.chosen, methods=["POST"])
        router.add_api_route("/token", self.token, methods=["POST"])
        return router

    async def description(self) -> Response:
        """OpenID Connect Discovery 1.0."""
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/aanmelden",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/sleutels",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["private_key_jwt"],
                "acr_values_supported": [LEVEL],
            }
        )

    async def keys(self) -> Response:
        """The public key under which tokens are signed."""
        return JSONResponse({"keys": [self._key.as_dict(private=False)]})

    async def choose(self, request: Request) -> Response:
        """The page on which a visitor chooses who to be."""
        asked = self._asked(request.query_params)
        if asked is None:
            return _refused("invalid_request")
        client = self._clients[asked.client]
        return self._pages.answer(
            "provider_development.html",
            action=f"{PATH}/aanmelden?{request.url.query}",
            personas=await run_in_threadpool(client.personas),
            staff=client.staff,
        )

    async def chosen(self, request: Request) -> Response:
        """Back to the client with a code that counts once and for a minute."""
        asked = self._asked(request.query_params)
        fields = await form_of(request)
        if asked is None:
            return _refused("invalid_request")
        personas = await run_in_threadpool(self._clients[asked.client].personas)
        persona = next((one for one in personas if one.key == fields.get("wie")), None)
        if persona is None:
            return _refused("access_denied")
        now = self._now()
        self._codes = {c: kept for c, kept in self._codes.items() if now - kept[0] < CODE_SECONDS}
        if len(self._codes) >= WAITING_MAX:
            return _refused("temporarily_unavailable")
        code = secrets.token_urlsafe(24)
        self._codes[code] = (now, asked, persona)
        return RedirectResponse(
            f"{asked.redirect}?code={code}&state={asked.state}", status_code=303
        )

    async def token(self, request: Request) -> Response:
        """A code for a signed identity (RFC 6749 4.1.3, RFC 7636 4.6, RFC 7523 3)."""
        fields = await form_of(request)
        kept = self._codes.pop(fields.get("code", ""), None)
        if kept is None or self._now() - kept[0] >= CODE_SECONDS:
            return _refused("invalid_grant")
        _, asked, persona = kept
        if not self._client_signed(fields.get("client_assertion", ""), asked.client):
            return _refused("invalid_client")
        challenge = create_s256_code_challenge(fields.get("code_verifier", ""))
        if challenge != asked.challenge or fields.get("redirect_uri") != asked.redirect:
            return _refused("invalid_grant")
        now = int(self._now())
        claims = {
            "iss": self.issuer,
            "sub": persona.key,
            "aud": asked.client,
            "iat": now,
            "auth_time": now,
            "exp": now + TOKEN_SECONDS,
            "nonce": asked.nonce,
            "acr": asked.level,
            **persona.claims,
        }
        header = {"alg": "RS256", "kid": self._key.kid}
        token = jwt.encode(header, claims, self._key)
        return JSONResponse(
            {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer", "id_token": token}
        )

    def _asked(self, query: Mapping[str, str]) -> _Asked | None:
        client, redirect = query.get("client_id", ""), query.get("redirect_uri", "")
        known = self._clients.get(client)
        fits = (
            known is not None
            and known.redirect == redirect
            and query.get("response_type") == "code"
            and query.get("code_challenge_method") == "S256"
            and "openid" in query.get("scope", "").split()
            and LEVEL in query.get("acr_values", "").split()
        )
        state, nonce, challenge = (query.get(k, "") for k in ("state", "nonce", "code_challenge"))
        if not fits or not state or not nonce or not challenge:
            return None
        return _Asked(
            client=client,
            redirect=redirect,
            state=state,
            nonce=nonce,
            challenge=challenge,
            level=LEVEL,
        )

    def _client_signed(self, assertion: str, client: str) -> bool:
        try:
            claims = jwt.decode(assertion, self.client_key, algorithms=["RS256"]).claims
        except (JoseError, ValueError):
            return False
        identifier = str(claims.get("jti"))
        fresh = identifier not in self._assertions
        self._assertions.add(identifier)
        return (
            fresh
            and claims.get("iss") == claims.get("sub") == client
            and claims.get("aud") == f"{self.issuer}/token"
            and isinstance(claims.get("exp"), int)
            and claims["exp"] > self._now()
        )


def development_providers(
    base: str,
    ways_back: Mapping[Audience, str],
    people: PeoplePort,
    pages: Pages,
    visits: Visits,
) -> tuple[DevelopmentProvider, dict[Audience, Provider]]:
    """The development provider, and how this node trusts it for each audience."""
    clients = {
        "vastedag-huishoudens": Client(
            redirect=ways_back["household"], personas=lambda: _households(people), staff=False
        ),
        "vastedag-medewerkers": Client(
            redirect=ways_back["staff"], personas=lambda: STAFF, staff=True
        ),
    }
    provider = DevelopmentProvider(f"{base}{PATH}", pages, clients, visits.now)
    household = Provider(
        issuer=provider.issuer,
        client_id="vastedag-huishoudens",
        key=provider.client_key,
        levels=(LEVEL,),
        person_claim=BSN_CLAIM,
    )
    staff = Provider(
        issuer=provider.issuer,
        client_id="vastedag-medewerkers",
        key=provider.client_key,
        levels=(LEVEL,),
        roles_claim=ROLES_CLAIM,
        roles={role: role for role in STAFF_ROLES},
    )
    return provider, {"household": household, "staff": staff}


def _households(people: PeoplePort) -> list[Persona]:
    """The samples of this node. A persona's key tells no BSN: it stands in the page."""
    return [
        Persona(key=f"p{place}", label=label, claims={BSN_CLAIM: bsn})
        for place, (label, bsn) in enumerate(people.samples())
    ]


def _refused(error: str) -> Response:
    return JSONResponse({"error": error}, status_code=400)
