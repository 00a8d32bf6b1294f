"""Sign-in and sign-out: to the provider, back from it, the household chosen.

What may go wrong is told on the page in words for the visitor; the reason in the log names no
person. Protocol: oidc.py. Which households a person may see: the PeoplePort.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from node.portal.auth import Session, SignInError, Visitor, check_form
from node.portal.doors import HOUSEHOLD_SIGN_IN, STAFF_SIGN_IN, page_route
from node.portal.oidc import (
    TICKET_SECONDS,
    Audience,
    LoginError,
    Tickets,
    bsn_of,
    roles_of,
    staff_id,
)
from node.portal.oidc_http import OidcClient
from node.portal.pages import Pages
from node.portal.surface import Access, PeoplePort
from node.portal.visits import Visits, form_of, to

TICKET_COOKIE: Final = "vastedag_login"
CHOOSE: Final = "/mijn/aanmelden/kiezen"
START_OF: Final = {"toezicht": "/toezicht", "balie": "/balie", "wijk": "/wijk"}
_LOG: Final = logging.getLogger("vastedag.web")

_TROUBLE: Final = {
    "refused": (
        "Aanmelden is niet gelukt. Probeer het nog een keer.",
        "You are not signed in. Please try again.",
    ),
    "unknown": (
        "Wij hebben nog geen betaalkalender van u. Bel ons als u wilt meedoen.",
        "We have no payment calendar for you yet. Call us if you want to take part.",
    ),
}


class SignInRoutes:
    """Sign-in for the audiences that have a provider here."""

    def __init__(
        self,
        clients: Mapping[Audience, OidcClient],
        people: PeoplePort,
        pages: Pages,
        visits: Visits,
        key: bytes,
    ) -> None:
        self._clients = clients
        self._people = people
        self._pages = pages
        self._visits = visits
        self._tickets = Tickets(key)
        self._key = key

    def router(self) -> APIRouter:
        """All routes of sign-in and sign-out."""
        router = APIRouter(include_in_schema=False, route_class=page_route(self._visits))
        for path, page, begin, back in (
            (HOUSEHOLD_SIGN_IN, self.household_page, self.household_begin, self.household_back),
            (STAFF_SIGN_IN, self.staff_page, self.staff_begin, self.staff_back),
        ):
            router.add_api_route(path, page, methods=["GET"])
            router.add_api_route(f"{path}/begin", begin, methods=["GET"])
            router.add_api_route(f"{path}/terug", back, methods=["GET"])
        router.add_api_route(CHOOSE, self.choose_page, methods=["GET"])
        router.add_api_route(CHOOSE, self.choose, methods=["POST"])
        router.add_api_route("/mijn/afmelden", self.sign_out, methods=["POST"])
        router.add_api_route("/medewerkers/afmelden", self.sign_out, methods=["POST"])
        return router

    async def household_page(self, request: Request) -> Response:
        """How a household signs in."""
        return self._page(request, "household")

    async def staff_page(self, request: Request) -> Response:
        """How an employee signs in."""
        return self._page(request, "staff")

    async def household_begin(self, request: Request) -> Response:
        """To the provider of households."""
        return await self._begin(request, "household")

    async def staff_begin(self, request: Request) -> Response:
        """To the provider of staff."""
        return await self._begin(request, "staff")

    async def household_back(self, request: Request) -> Response:
        """From the provider: a person, and the households that are his to see."""
        try:
            client, claims = await self._claims(request, "household")
            bsn = bsn_of(claims, client.provider)
        except LoginError as error:
            return self._failed(request, "household", error)
        person = await run_in_threadpool(self._people.person, bsn)
        found = () if person is None else await run_in_threadpool(self._people.accesses, person)
        if not found:
            return self._page(request, "household", trouble="unknown", status=403)
        if len(found) > 1:
            return self._entered(request, Visitor(person=person), CHOOSE)
        return self._entered(request, _visitor(person, found[0]), "/mijn")

    async def staff_back(self, request: Request) -> Response:
        """From the provider: an employee with the roles he has here."""
        try:
            client, claims = await self._claims(request, "staff")
            roles = roles_of(claims, client.provider)
        except LoginError as error:
            return self._failed(request, "staff", error)
        visitor = Visitor(staff=staff_id(self._key, claims), roles=roles)
        return self._entered(request, visitor, START_OF.get(roles[0], "/"))

    async def choose_page(self, request: Request) -> Response:
        """Whose calendar: his own, or one he looks after."""
        session, found = await self._choices(request)
        return self._pages.answer(
            "choose.html", language=session.language, session=session, choices=found
        )

    async def choose(self, request: Request) -> Response:
        """One of the households a person may see, asked anew at this moment."""
        session, found = await self._choices(request)
        fields = await form_of(request)
        try:
            check_form(session, fields.get("csrf", ""))
        except SignInError as error:
            raise HTTPException(status_code=403) from error
        chosen = next((one for one in found if one.household == fields.get("huishouden")), None)
        if chosen is None:
            raise HTTPException(status_code=404)
        return self._entered(request, _visitor(session.person, chosen), "/mijn")

    async def sign_out(self, request: Request) -> Response:
        """End the session; its cookie is refused from now on."""
        session = self._visits.current(request)
        fields = await form_of(request)
        if session is None:
            return self._visits.forget(to("/"))
        try:
            check_form(session, fields.get("csrf", ""))
        except SignInError as error:
            raise HTTPException(status_code=403) from error
        self._visits.sessions.end(session, self._visits.now())
        fresh = self._visits.sessions.begin(self._visits.now(), session.language)
        return self._visits.keep(to("/"), fresh)

    async def _begin(self, request: Request, audience: Audience) -> Response:
        client = self._clients.get(audience)
        if client is None:
            return self._page(request, audience, status=404)
        ticket = self._tickets.begin(audience, self._visits.now())
        try:
            address = await client.begin(ticket)
        except LoginError as error:
            return self._failed(request, audience, error)
        answer = to(address)
        answer.set_cookie(
            TICKET_COOKIE,
            self._tickets.seal(ticket),
            max_age=TICKET_SECONDS,
            httponly=True,
            samesite="lax",
            secure=not self._visits.development,
            path="/",
        )
        return answer

    async def _claims(
        self, request: Request, audience: Audience
    ) -> tuple[OidcClient, Mapping[str, object]]:
        """The checked claims of one sign-in, once; raises LoginError."""
        now, query = self._visits.now(), request.query_params
        ticket = self._tickets.open(
            request.cookies.get(TICKET_COOKIE, ""), query.get("state", ""), now
        )
        client = self._clients.get(audience)
        if client is None or ticket.audience != audience:
            raise LoginError("this sign-in was begun for another audience")
        if "code" not in query:
            raise LoginError("the provider signed nobody in")
        until = ticket.born + TICKET_SECONDS
        if not await run_in_threadpool(self._visits.ended.end, f"login {ticket.state}", until, now):
            raise LoginError("this sign-in was used before")
        return client, await client.finish(query["code"], ticket, now)

    async def _choices(self, request: Request) -> tuple[Session, Sequence[Access]]:
        session = self._visits.current(request)
        if session is None or session.person is None:
            raise HTTPException(status_code=403)
        return session, await run_in_threadpool(self._people.accesses, session.person)

    def _entered(self, request: Request, visitor: Visitor, path: str) -> Response:
        session = self._visits.current_or_new(request)
        signed_in = self._visits.sessions.sign_in(session, visitor, self._visits.now())
        answer = self._visits.keep(to(path), signed_in)
        answer.delete_cookie(TICKET_COOKIE, path="/")
        return answer

    def _failed(self, request: Request, audience: Audience, error: LoginError) -> Response:
        _LOG.warning("sign-in audience=%s refused: %s", audience, error)
        return self._page(request, audience, trouble="refused", status=403)

    def _page(
        self, request: Request, audience: Audience, trouble: str = "", status: int = 200
    ) -> Response:
        session = self._visits.current_or_new(request)
        dutch, english = _TROUBLE.get(trouble, ("", ""))
        answer = self._pages.answer(
            "sign_in.html",
            language=session.language,
            session=session,
            active="month" if audience == "household" else "",
            status=status,
            available=audience in self._clients,
            development=self._visits.development,
            staff=audience == "staff",
            begin=f"{HOUSEHOLD_SIGN_IN if audience == 'household' else STAFF_SIGN_IN}/begin",
            problem=english if session.language == "en" else dutch,
        )
        return self._visits.keep(answer, session)


def _visitor(person: str | None, access: Access) -> Visitor:
    return Visitor(
        person=person, household=access.household, mandate=access.mandate, joined=access.joined
    )
