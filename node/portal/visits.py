"""A visit over HTTP: the session cookie read and written, the language asked for, small forms.

What a session is and when it ends is told in auth.py. The cookie is HttpOnly and SameSite=Lax;
outside development it is also Secure and bound to the host (`__Host-`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol, TypeVar
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from node.errors import RefusedError
from node.portal.auth import SESSION_AGE_SECONDS, EndedPort, Session, SessionError, Sessions
from node.portal.formatting import DEFAULT_LANGUAGE, Language, as_language

COOKIE_DEVELOPMENT: Final = "vastedag_session"
COOKIE_PRODUCTION: Final = "__Host-vastedag_session"
OPENED: Final = "vastedag.session"  # in the scope of one request
FORM_FIELDS_MAX: Final = 10
FORM_TYPE: Final = "application/x-www-form-urlencoded"

Clock = Callable[[], float]
Stands = Callable[[str, str, str | None], str | None]
Answer = TypeVar("Answer", bound=Response)


class LookingPort(Protocol):
    """What a visit needs of LookedPort (surface.py)."""

    def looking(self, activity: str, persons: Iterable[str]) -> AbstractAsyncContextManager[object]:
        """Around the making of a page about these persons; logged before it is sent."""
        ...


class Visits:
    """Opens and keeps the sessions of one node's pages."""

    def __init__(
        self,
        key: bytes,
        ended: EndedPort,
        *,
        development: bool,
        now: Clock = time.time,
        looked: LookingPort | None = None,
        stands: Stands | None = None,
    ) -> None:
        """looked: where the looking at a household's pages is logged. stands: whether a person may
        still see a household, his own or by a mandate, and its name (PeoplePort).
        """
        self.looked = looked
        self.stands = stands
        self.sessions = Sessions(key, ended)
        self.ended = ended
        self.development = development
        self._now = now
        self._cookie = COOKIE_DEVELOPMENT if development else COOKIE_PRODUCTION

    def now(self) -> int:
        """Whole seconds since 1970."""
        return int(self._now())

    def current(self, request: Request) -> Session | None:
        """The session this request carries; None when it has none, or one that no longer counts."""
        if OPENED not in request.scope:  # asked several times for one page, opened once
            request.scope[OPENED] = self._opened(request.cookies.get(self._cookie))
        session: Session | None = request.scope[OPENED]
        return session

    def _opened(self, cookie: str | None) -> Session | None:
        if cookie is None:
            return None
        try:
            return self.sessions.open(cookie, self.now())
        except SessionError:
            return None

    def current_or_new(self, request: Request) -> Session:
        """The session of this request, or a fresh one of nobody yet."""
        return self.current(request) or self.sessions.begin(self.now(), self.language(request))

    def language(self, request: Request) -> Language:
        """The language of this visit."""
        session = self.current(request)
        return session.language if session is not None else DEFAULT_LANGUAGE

    def asked_language(self, request: Request) -> Language | None:
        """The language in `?taal=`, if it is one of ours."""
        return as_language(request.query_params.get("taal"))

    def keep(self, answer: Answer, session: Session) -> Answer:
        """Put the session's cookie on the answer."""
        renewed = self.sessions.renewed(session, self.now())
        answer.set_cookie(
            self._cookie,
            self.sessions.seal(renewed),
            max_age=SESSION_AGE_SECONDS,
            httponly=True,
            samesite="lax",
            secure=not self.development,
            path="/",
        )
        return answer

    def keep_alive(self, answer: Answer, session: Session) -> Answer:
        """Renew the session's cookie when its last visit is some time ago; else nothing is new."""
        if self.due(session):
            self.keep(answer, session)
        return answer

    def due(self, session: Session) -> bool:
        """Whether the last visit is some time ago, so that the session is looked at anew."""
        return self.sessions.renewed(session, self.now()) is not session

    def forget(self, answer: Answer) -> Answer:
        """Take the cookie away."""
        answer.delete_cookie(
            self._cookie, httponly=True, samesite="lax", secure=not self.development, path="/"
        )
        return answer


def to(path: str) -> RedirectResponse:
    """Send the browser on with a GET. `path` is always one of our own, never from the request."""
    return RedirectResponse(path, status_code=303)


async def form_of(request: Request, *, fields_max: int = FORM_FIELDS_MAX) -> Mapping[str, str]:
    """The fields of a small form; the guard has limited its bytes. Raises RefusedError."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != FORM_TYPE:
        raise RefusedError("malformed", f"A form is sent as {FORM_TYPE}; send it so.")
    body = await request.body()
    try:
        fields = parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=fields_max, errors="strict"
        )
    except ValueError as error:
        raise RefusedError("malformed", "The form cannot be read; open the page again.") from error
    return dict(fields)
