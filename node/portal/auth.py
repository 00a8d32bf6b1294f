"""Who is asking: the sessions of households and staff, and what ends them.

A session is a small signed JSON text in a cookie. It holds the node's own random subject ids or a
keyed id of an employee, never a BSN or a name. Sign-in makes a new session id (rotation); a session
ends by idleness, by age, or by signing out. Reading and writing HTTP is the work of the routes.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal, Protocol, TypeAlias, get_args

from node.errors import NodeError
from node.portal.formatting import DEFAULT_LANGUAGE, Language, as_language
from node.portal.signed_text import SignedText, SignedTextError

SESSION_IDLE_SECONDS: Final = 30 * 60
SESSION_AGE_SECONDS: Final = 8 * 60 * 60
SESSION_RENEW_SECONDS: Final = 60  # a session seen longer ago than this gets a new cookie
ENDED_MAX: Final = 100_000  # signed-out sessions remembered until they would have ended

Role: TypeAlias = Literal["household", "toezicht", "balie", "wijk"]
STAFF_ROLES: Final[tuple[Role, ...]] = ("toezicht", "balie", "wijk")


class SessionError(NodeError):
    """A cookie that is no session of ours; the text says why, without its content."""


class SignInError(NodeError):
    """A sign-in or a form that is refused; the routes tell the visitor what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who signed in: a person for one household, or an employee with roles.

    `mandate` is the record by which `person` acts for a household that is not his own. Who has not
    `joined` one pay date has no calendar: he sees what it would be.
    """

    person: str | None = None
    household: str | None = None
    joined: bool = True
    mandate: str | None = None
    staff: str | None = None
    roles: tuple[Role, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One visit; nobody's before sign-in. Times are whole seconds since 1970."""

    id: str
    csrf: str
    born: int
    seen: int
    language: Language = DEFAULT_LANGUAGE
    person: str | None = None
    household: str | None = None
    joined: bool = True
    mandate: str | None = None
    staff: str | None = None
    roles: tuple[Role, ...] = ()

    @property
    def held(self) -> Collection[Role]:
        """Every role this visit has now."""
        return ("household", *self.roles) if self.household is not None else self.roles


class EndedPort(Protocol):
    """Ids that count no more, shared by all processes of the web side."""

    def end(self, identifier: str, until: int, now: int) -> bool:
        """Remember it until then (seconds since 1970); False when it had ended before."""
        ...

    def has_ended(self, identifier: str) -> bool:
        """Whether it was ended."""
        ...


class EndedHere:
    """Ended ids in the memory of one process: for a node with one web process, and for tests."""

    def __init__(self) -> None:
        self._until: dict[str, int] = {}

    def end(self, identifier: str, until: int, now: int) -> bool:
        """See EndedPort."""
        self._until = {known: end for known, end in self._until.items() if end > now}
        if identifier in self._until:
            return False
        if len(self._until) >= ENDED_MAX:  # the oldest goes; it is the nearest to its own end
            del self._until[min(self._until, key=lambda known: self._until[known])]
        self._until[identifier] = until
        return True

    def has_ended(self, identifier: str) -> bool:
        """See EndedPort."""
        return identifier in self._until


class Sessions:
    """Makes, signs and reads sessions."""

    def __init__(self, key: bytes, ended: EndedPort | None = None) -> None:
        self._text = SignedText(key, b"session v2")
        self._ended = EndedHere() if ended is None else ended

    def begin(self, now: int, language: Language = DEFAULT_LANGUAGE) -> Session:
        """A fresh visit of nobody yet."""
        return Session(
            id=secrets.token_urlsafe(18),
            csrf=secrets.token_urlsafe(24),
            born=now,
            seen=now,
            language=language,
        )

    def sign_in(self, session: Session, visitor: Visitor, now: int) -> Session:
        """The same visitor under a new id and a new form token; the old id no longer counts."""
        self.end(session, now)
        return replace(self.begin(now, session.language), **asdict(visitor))

    def end(self, session: Session, now: int) -> None:
        """From now on this session is refused, also when its cookie is played again."""
        self._ended.end(session.id, session.born + SESSION_AGE_SECONDS, now)

    def seal(self, session: Session) -> str:
        """The text of the cookie."""
        return self._text.seal(asdict(session))

    def open(self, cookie: str, now: int) -> Session:
        """Read a cookie; raises SessionError when forged, too old, idle too long or ended."""
        try:
            session = _session_of(self._text.open(cookie))
        except SignedTextError as error:
            raise SessionError(f"no session of ours: {error}") from error
        if self._ended.has_ended(session.id):
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


def check_form(session: Session, token: str) -> None:
    """Refuse a form that this session did not hand out (cross-site request forgery)."""
    if not hmac.compare_digest(session.csrf.encode(), token.encode()):
        raise SignInError("this form was not handed out in this visit; open the page again")


def _session_of(value: dict[str, Any]) -> Session:
    try:
        language = as_language(value.pop("language"))
        roles = tuple(value.pop("roles"))
        if language is None or not set(roles) <= set(get_args(Role)):
            raise SessionError("the session names a language or role that is none of ours")
        return Session(language=language, roles=roles, **value)
    except (TypeError, KeyError) as error:
        raise SessionError("the session is of another version; sign in again") from error
