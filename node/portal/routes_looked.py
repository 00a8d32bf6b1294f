"""`/mijn/wie-keek`: who read the data of the person who is signed in, and for what.

Of the person himself, never of others in the household: who read of a child or a former partner
could tell where they are. Who acts for somebody sees that person's.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from node.portal.doors import page_route
from node.portal.pages import Pages
from node.portal.surface import WhoLookedPort
from node.portal.visits import Visits


class LookedRoutes:
    """The page of who looked."""

    def __init__(self, looked: WhoLookedPort, pages: Pages, visits: Visits) -> None:
        self._looked = looked
        self._pages = pages
        self._visits = visits

    def router(self) -> APIRouter:
        """Its route."""
        router = APIRouter(
            prefix="/mijn", include_in_schema=False, route_class=page_route(self._visits)
        )
        router.add_api_route("/wie-keek", self.who, methods=["GET"])
        return router

    async def who(self, request: Request) -> Response:
        """By agency and purpose, details by month."""
        session = self._visits.current(request)
        if session is None or session.household is None or session.person is None:
            raise HTTPException(status_code=403)  # doors.py let nobody else in
        person = session.person if session.mandate is None else session.household
        try:
            view = await self._looked.who(person)
        except LookupError as error:
            raise HTTPException(status_code=404) from error
        return self._pages.answer(
            "looked.html", language=session.language, session=session, active="looked", view=view
        )
