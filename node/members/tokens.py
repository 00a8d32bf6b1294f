"""A member's token for requests to another member: signed by its `api` key, short-lived, pure.

`base64url(claims) "." base64url(signature)`; the claims name the member, the audience and the
moment. The signed text is type-tagged (DSSE's PAE), so it can be no record and no submission.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable
from typing import Final

from ledger.errors import SignatureError
from ledger.formats.envelope import pae
from ledger.keys import verify
from ledger.ports import Signer
from node.errors import RefusedError
from specs.canonical import canonical_bytes

TOKEN_TYPE: Final = "application/vnd.vastedag.token+json"  # noqa: S105 (a media type)
LIFE_SECONDS: Final = 300
SKEW_SECONDS: Final = 60
TOKEN_CHARACTERS_MAX: Final = 1_000
SCHEME: Final = "Bearer "


def make_token(member: str, audience: str, now: int, signer: Signer) -> str:
    """A token with which `member` asks `audience`; now in POSIX seconds."""
    claims = canonical_bytes({"member": member, "audience": audience, "at": now})
    return f"{_encode(claims)}.{_encode(signer.sign(pae(TOKEN_TYPE, claims)))}"


def check_token(
    token: str, audience: str, now: int, keys_of: Callable[[str], Iterable[bytes]]
) -> str:
    """The member that asks; raises RefusedError (malformed, wrong_key, bad_signature, …).

    keys_of answers the active api keys of a member and raises RefusedError for a stranger.
    """
    claims, signature = _split(token)
    try:
        fields = json.loads(claims)
        member, aimed_at, at = fields["member"], fields["audience"], fields["at"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise RefusedError("malformed", "token: not the claims of a member token") from None
    if not (isinstance(member, str) and isinstance(aimed_at, str) and type(at) is int):
        raise RefusedError("malformed", "token: claims of another form")
    if aimed_at != audience:
        raise RefusedError("wrong_key", "token: made for another member")
    if not now - LIFE_SECONDS <= at <= now + SKEW_SECONDS:
        raise RefusedError("wrong_key", "token: too old or of the future; check the clock")
    message = pae(TOKEN_TYPE, claims)
    for key in keys_of(member):
        try:
            verify(key, message, signature)
        except SignatureError:
            continue
        return member
    raise RefusedError("bad_signature", "token: signed by no api key of this member")


def token_of(authorization: str | None) -> str:
    """The token of an `Authorization` header; raises RefusedError when there is none."""
    if authorization is None or not authorization.startswith(SCHEME):
        raise RefusedError("wrong_key", "Authorization: a member's Bearer token is needed here")
    return authorization.removeprefix(SCHEME)


def _split(token: str) -> tuple[bytes, bytes]:
    head, dot, tail = token.partition(".")
    if not dot or len(token) > TOKEN_CHARACTERS_MAX:
        raise RefusedError("malformed", "token: not claims, a dot and a signature")
    try:
        return _decode(head), _decode(tail)
    except (binascii.Error, ValueError):
        raise RefusedError("malformed", "token: not base64url") from None


def _encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
