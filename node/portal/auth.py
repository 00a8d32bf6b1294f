"""Who is asking: signed session cookies of households and the guard of the development sign-in.

A session is a small JSON text with an HMAC-SHA-256 (key from the node's home). It holds the node's
own random subject id, never a BSN or a name. Sign-in makes a new session id (rotation); a session
ends by idleness, by age, or by signing out. Reading and writing HTTP is the work of the routes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from node.errors import NodeError
from node.portal.formatting import DEFAULT_LANGUAGE, Language, as_language

SESSION_IDLE_SECONDS: Final = 30 * 60
SESSION_AGE_SECONDS: Final = 8 * 60 * 60
SESSION_RENEW_SECONDS: Final = 60  # a session seen longer ago than this gets a new cookie
COOKIE_CHARACTERS_MAX: Final = 2_048
ENDED_MAX: Final = 100_000  # signed-out sessions remembered until they would have ended
KEY_BYTES: Final = 32
_CONTEXT: Final = b"vastedag session v1\x00"


class SessionError(NodeError):
    """A cookie that is no session of ours; the text says why, without its content."""


class SignInError(NodeError):
    """A sign-in or a form that is refused; the routes tell the visitor what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One visit. `household` is None before sign-in; times are whole seconds since 1970."""

    id: str
    csrf: str
    born: int
    seen: int
    household: str | None = None
    language: Language = DEFAULT_LANGUAGE


class Sessions:
    """Makes, signs and reads sessions. Ended ones are remembered by this process."""

    def __init__(self, key: bytes) -> None:
        if len(key) < KEY_BYTES:
            raise ValueError(f"the session key has {len(key)} bytes; it needs {KEY_BYTES}")
        self._key = hashlib.sha256(_CONTEXT + key).digest()
        self._ended: dict[str, int] = {}

    def begin(self, now: int, language: Language = DEFAULT_LANGUAGE) -> Session:
        """A fresh visit of nobody yet."""
        return Session(
            id=secrets.token_urlsafe(18),
            csrf=secrets.token_urlsafe(24),
            born=now,
            seen=now,
            language=language,
        )

    def sign_in(self, session: Session, household: str, now: int) -> Session:
        """The same visitor under a new id and a new form token; the old id no longer counts."""
        self.end(session, now)
        return replace(self.begin(now, session.language), household=household)

    def end(self, session: Session, now: int) -> None:
        """From now on this session is refused, also when its cookie is played again."""
        self._ended = {known: until for known, until in self._ended.items() if until > now}
        if len(self._ended) >= ENDED_MAX:  # the oldest goes; it is the nearest to its own end
            del self._ended[min(self._ended, key=lambda known: self._ended[known])]
        self._ended[session.id] = session.born + SESSION_AGE_SECONDS

    def seal(self, session: Session) -> str:
        """The text of the cookie."""
        body = json.dumps(asdict(session), separators=(",", ":")).encode()
        return f"{_base64(body)}.{_base64(self._mac(body))}"

    def open(self, cookie: str, now: int) -> Session:
        """Read a cookie; raises SessionError when forged, too old, idle too long or ended."""
        if len(cookie) > COOKIE_CHARACTERS_MAX:
            raise SessionError("the cookie is longer than any of ours")
        body, _, mac = cookie.partition(".")
        raw = _unbase64(body)
        if not hmac.compare_digest(self._mac(raw), _unbase64(mac)):
            raise SessionError("the signature on the session does not fit")
        session = _session_of(raw)
        if session.id in self._ended:
            raise SessionError("the session was ended")
        if now - session.born > SESSION_AGE_SECONDS or session.born > now + SESSION_IDLE_SECONDS:
            raise SessionError("the session is too old")
        if now - session.seen > SESSION_IDLE_SECONDS:
            raise SessionError("the session was idle too long")
        return session

    def renewed(self, session: Session, now: int) -> Session:
        """The session with its last visit moved up, or itself when that was a moment ago."""
        if now - session.seen < SESSION_RENEW_SECONDS:
            return session
        return replace(session, seen=now)

    def _mac(self, body: bytes) -> bytes:
        return hmac.new(self._key, body, hashlib.sha256).digest()


def check_form(session: Session, token: str) -> None:
    """Refuse a form that this session did not hand out (cross-site request forgery)."""
    if not hmac.compare_digest(session.csrf.encode(), token.encode()):
        raise SignInError("this form was not handed out in this visit; open the page again")


def check_development(development: bool) -> None:
    """Refuse the development sign-in anywhere but in development mode."""
    if not development:
        raise SignInError("the development sign-in exists in development mode only")


def _session_of(raw: bytes) -> Session:
    try:
        value: dict[str, Any] = json.loads(raw)
        language = as_language(value.pop("language"))
        if language is None:
            raise SessionError("the session names a language that is none of ours")
        return Session(language=language, **value)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SessionError("the session is of another version; sign in again") from error


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unbase64(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise SessionError("the cookie is not written as ours are") from error
