"""Sign-in by OpenID Connect, the pure part: what is asked of a provider, what its answer must hold.

Authorization code with PKCE S256, state and nonce, a client that signs its requests
(private_key_jwt), by the OAuth NL profile 1.0. Talking to the provider is oidc_http.py.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import urlencode

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from node.errors import NodeError
from node.portal.auth import STAFF_ROLES, Role
from node.portal.signed_text import SignedText, SignedTextError

Audience: TypeAlias = Literal["household", "staff"]
TICKET_SECONDS: Final = 10 * 60  # from the link to the way back
TOKEN_LEEWAY_SECONDS: Final = 30
SIGNATURES: Final = ("RS256", "PS256", "ES256")
STAFF_BYTES: Final = 12


class LoginError(NodeError):
    """A sign-in that fails; the text names the reason, nothing of the person or the tokens."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Provider:
    """One provider as the node's operator trusts it.

    `levels`: the `acr` values that are sure enough; `person_claim`: where the BSN stands
    (households); `roles_claim` and `roles`: which of its roles is which of ours (staff).
    """

    issuer: str
    client_id: str
    key: RSAKey
    levels: tuple[str, ...]
    person_claim: str | None = None
    roles_claim: str | None = None
    roles: Mapping[str, Role] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What this node must remember between the link and the way back; kept in the browser."""

    audience: Audience
    state: str
    nonce: str
    verifier: str
    born: int


class Tickets:
    """Makes and reads tickets."""

    def __init__(self, key: bytes) -> None:
        self._text = SignedText(key, b"login v1")

    def begin(self, audience: Audience, now: int) -> Ticket:
        """A ticket for one attempt to sign in."""
        return Ticket(
            audience=audience,
            state=secrets.token_urlsafe(24),
            nonce=secrets.token_urlsafe(24),
            verifier=secrets.token_urlsafe(48),
            born=now,
        )

    def seal(self, ticket: Ticket) -> str:
        """The text of the cookie."""
        return self._text.seal(asdict(ticket))

    def open(self, cookie: str, state: str, now: int) -> Ticket:
        """The ticket behind an answer with this state; raises LoginError."""
        try:
            ticket = Ticket(**self._text.open(cookie))
        except (SignedTextError, TypeError) as error:
            raise LoginError("this sign-in was not begun here") from error
        if not hmac.compare_digest(ticket.state.encode(), state.encode()):
            raise LoginError("this sign-in was begun in another visit")
        if not 0 <= now - ticket.born <= TICKET_SECONDS:
            raise LoginError("this sign-in took too long")
        return ticket


def authorization_url(endpoint: str, provider: Provider, ticket: Ticket, redirect: str) -> str:
    """The address at the provider to which the browser goes (OpenID Connect Core 3.1.2.1)."""
    query = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": redirect,
        "scope": "openid",
        "state": ticket.state,
        "nonce": ticket.nonce,
        "code_challenge": create_s256_code_challenge(ticket.verifier),
        "code_challenge_method": "S256",
        "acr_values": " ".join(provider.levels),
    }
    return f"{endpoint}?{urlencode(query)}"


def check_claims(
    claims: Mapping[str, Any],
    header: Mapping[str, Any],
    provider: Provider,
    ticket: Ticket,
    now: int,
) -> None:
    """Refuse claims not meant for this client and ticket (OpenID Connect Core 3.1.3.7)."""
    options = {
        "iss": {"essential": True, "value": provider.issuer},
        "aud": {"essential": True, "value": provider.client_id},
        "exp": {"essential": True},
    }
    parameters = {"nonce": ticket.nonce, "client_id": provider.client_id}
    token = CodeIDToken(dict(claims), dict(header), options, parameters)
    try:
        token.validate(now=now, leeway=TOKEN_LEEWAY_SECONDS)
    except JoseError as error:
        raise LoginError(f"the provider's answer is refused ({error.error})") from error
    if claims.get("acr") not in provider.levels:
        raise LoginError("the level of assurance is too low; sign in with a stronger means")


def bsn_of(claims: Mapping[str, Any], provider: Provider) -> str:
    """The BSN of the person who signed in; raises LoginError."""
    found = claims.get(provider.person_claim) if provider.person_claim is not None else None
    if not isinstance(found, str):
        raise LoginError("the provider tells no BSN; it must be set to do so")
    return found


def roles_of(claims: Mapping[str, Any], provider: Provider) -> tuple[Role, ...]:
    """The roles of an employee at this node; raises LoginError when there is none."""
    told = claims.get(provider.roles_claim) if provider.roles_claim is not None else None
    names: Sequence[Any] = told if isinstance(told, list) else ()
    known = provider.roles or {}
    held = {known[name] for name in names if isinstance(name, str) and name in known}
    if not held:
        raise LoginError("this account has no role at this node; ask the administrator")
    return tuple(role for role in STAFF_ROLES if role in held)


def staff_id(key: bytes, claims: Mapping[str, Any]) -> str:
    """An id of one employee at this node that tells no name: for four eyes and the audit log."""
    account = f"{claims['iss']}\x00{claims['sub']}".encode()
    return hmac.new(key, b"vastedag staff\x00" + account, hashlib.sha256).hexdigest()[
        : 2 * STAFF_BYTES
    ]
