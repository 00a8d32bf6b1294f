"""`/mijn/wat-als`: a form and its answer on one page. Nothing that is typed is stored or logged.

The form is sent by POST, so that no address ever holds what somebody supposes (L5); the household
comes from the session. The answer is worked out in a thread and forgotten with the page.
"""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from node.portal.auth import Session, SignInError, check_form
from node.portal.doors import page_route
from node.portal.pages import Pages
from node.portal.surface import Surface, WhatIfPort
from node.portal.visits import Visits, form_of
from node.portal.whatif_form import FIELDS_MAX, LABELS, TEXT_MAX, read_suppositions
from node.whatif.views import SituationView, WhatIfView
from scheduler.folding.known import Text


class WhatIfRoutes:
    """The page of one node's households."""

    def __init__(self, surface: Surface, what_if: WhatIfPort, pages: Pages, visits: Visits) -> None:
        self._surface = surface
        self._what_if = what_if
        self._pages = pages
        self._visits = visits

    def router(self) -> APIRouter:
        """Both routes."""
        router = APIRouter(include_in_schema=False, route_class=page_route(self._visits))
        router.add_api_route("/mijn/wat-als", self.ask, methods=["GET"])
        router.add_api_route("/mijn/wat-als", self.answer, methods=["POST"])
        return router

    async def ask(self, request: Request) -> Response:
        """The empty form."""
        session, household = self._household(request)
        return self._page(session, await self._situation(household), {}, {}, None)

    async def answer(self, request: Request) -> Response:
        """The form as it was sent, with its answer or with what is wrong (200: a page to read)."""
        session, household = self._household(request)
        fields = await form_of(request, fields_max=FIELDS_MAX)
        try:
            check_form(session, fields.get("csrf", ""))
        except SignInError as error:
            raise HTTPException(status_code=403) from error
        situation = await self._situation(household)
        supposed, faults = read_suppositions(fields, situation, self._surface.today())
        view = None
        if supposed is not None:
            view = await run_in_threadpool(self._what_if.suppose, household, supposed)
        return self._page(session, situation, fields, faults, view)

    def _page(
        self,
        session: Session,
        situation: SituationView,
        fields: Mapping[str, str],
        faults: Mapping[str, Text],
        view: WhatIfView | None,
    ) -> Response:
        return self._pages.answer(
            "whatif.html",
            language=session.language,
            session=session,
            active="whatif",
            situation=situation,
            values={name: text[: 2 * TEXT_MAX] for name, text in fields.items()},
            faults=faults,
            labels=LABELS,
            view=view,
        )

    async def _situation(self, household: str) -> SituationView:
        try:
            return await run_in_threadpool(self._what_if.situation, household)
        except LookupError as error:
            raise HTTPException(status_code=404) from error

    def _household(self, request: Request) -> tuple[Session, str]:
        session = self._visits.current(request)
        if session is None or session.household is None:
            raise HTTPException(status_code=403)  # doors.py let nobody else in
        return session, session.household
