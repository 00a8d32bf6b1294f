"""Which role may pass which address of the pages: one table, and the route class that keeps it.

An address that is not in the table stops the start: nothing is open by forgetting it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from typing import Final, Literal, TypeAlias

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from node.errors import StartError
from node.portal.acting import ACTING_FOR
from node.portal.auth import Role, Session
from node.portal.visits import Visits, to

Need: TypeAlias = Literal["anyone"] | Role

HOUSEHOLD_SIGN_IN: Final = "/mijn/aanmelden"
STAFF_SIGN_IN: Final = "/medewerkers/aanmelden"

OWN_LOOK: Final = "eigen-inzage"  # processing activities (specs/processing.yaml)
BY_MANDATE: Final = "inzage-gemachtigde"

# The longest beginning that fits decides; an address ends at a slash, never inside a word.
DOORS: Final[Mapping[str, Need]] = {
    "/": "anyone",
    "/toegankelijkheid": "anyone",
    "/agenda": "anyone",  # by the token in the address (routes_feed.py)
    "/controleur": "anyone",
    "/proefaanbieder": "anyone",
    "/medewerkers": "anyone",
    "/mijn/aanmelden": "anyone",
    "/mijn/afmelden": "anyone",
    "/mijn": "household",
    "/toezicht": "toezicht",
    "/balie": "balie",
    "/wijk": "wijk",
}


def need_of(path: str) -> Need:
    """Who may pass a route declared as this path; raises StartError when nobody said so."""
    if path == "/":
        return DOORS["/"]
    parts = path.rstrip("/").split("/")
    for length in range(len(parts), 1, -1):
        beginning = "/".join(parts[:length])
        if beginning in DOORS:
            return DOORS[beginning]
    raise StartError(f"route {path}: doors.py says for nobody whether he may pass; add it there")


def _own_look(session: Session) -> tuple[str, Collection[str]]:
    """Under which processing activity a household page is read, and of whom."""
    household = str(session.household)
    if session.mandate is not None:
        return BY_MANDATE, (household,)
    return OWN_LOOK, {household, session.person or household}


def _asks_anew(visits: Visits, session: Session) -> bool:
    """A mandate is asked at every page; who sees his own household once a minute."""
    if session.mandate is not None:
        return True
    return visits.stands is not None and visits.due(session)


async def _still_sees(visits: Visits, session: Session) -> str | None:
    """The name of the household this visit may still see; None when it may no more."""
    if visits.stands is None or session.person is None:
        return None
    household = str(session.household)
    return await run_in_threadpool(visits.stands, session.person, household, session.mandate)


def page_route(visits: Visits) -> type[APIRoute]:
    """Routes that ask who is there, switch the language by `?taal=`, keep a used session alive.

    What a household reads of itself is logged as that before the page is sent (decision 0019).
    """

    class PageRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
            handler = super().get_route_handler()
            need = need_of(self.path)

            async def handle(request: Request) -> Response:
                asked = visits.asked_language(request)
                if asked is not None and request.method == "GET":
                    session = replace(visits.current_or_new(request), language=asked)
                    return visits.keep(to(request.url.path), session)
                held = visits.current(request)
                if need != "anyone" and (held is None or need not in held.held):
                    if held is not None and held.held:
                        raise HTTPException(status_code=403)
                    return to(HOUSEHOLD_SIGN_IN if need == "household" else STAFF_SIGN_IN)
                if held is not None and need == "household" and _asks_anew(visits, held):
                    name = await _still_sees(visits, held)
                    if name is None:  # a mandate ended, or he left, while the visit went on
                        visits.sessions.end(held, visits.now())
                        fresh = visits.sessions.begin(visits.now(), held.language)
                        return visits.keep(to(HOUSEHOLD_SIGN_IN), fresh)
                    if held.mandate is not None:
                        ACTING_FOR.set(name)
                looked = visits.looked if need == "household" else None
                if looked is None or held is None or held.household is None:
                    answer = await handler(request)
                else:
                    async with looked.looking(*_own_look(held)):
                        answer = await handler(request)
                session_now = visits.current(request)
                if session_now is not None and "set-cookie" not in answer.headers:
                    visits.keep_alive(answer, session_now)
                return answer

            return handle

    return PageRoute
