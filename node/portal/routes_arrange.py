"""`/mijn/regelen`: what a household can arrange, on one page; each entry has a page of its own."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from node.portal.doors import page_route
from node.portal.menu import ARRANGE, arranged
from node.portal.pages import Pages
from node.portal.visits import Visits


def arrange_router(pages: Pages, visits: Visits) -> APIRouter:
    """The hub page; who may come in is told by doors.py."""
    router = APIRouter(prefix="/mijn", include_in_schema=False, route_class=page_route(visits))

    @router.get("/regelen")
    async def hub(request: Request) -> Response:
        """Every entry for which this node has a page."""
        return pages.answer(
            "arrange.html",
            language=visits.language(request),
            session=visits.current(request),
            active=ARRANGE,
            places=arranged(pages.offers),
        )

    return router
