"""`/toezicht/narekenen`: an auditor has a disclosed decision computed again, from the specs alone.

The file is read, answered and forgotten. The same is done without any node by `vastedag reperform`.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from node.answering import rulebook
from node.portal.auth import SignInError, check_form
from node.portal.doors import page_route
from node.portal.pages import Pages
from node.portal.uploads import parts_of
from node.portal.visits import Visits
from node.reperforming import FILE_BYTES_MAX, Again, DisclosedFileError, computed_again
from scheduler.errors import SchedulerError

PATH = "/toezicht/narekenen"
FIELD = "bestand"


class ReperformRoutes:
    """One form and its answer."""

    def __init__(self, pages: Pages, visits: Visits) -> None:
        self._pages = pages
        self._visits = visits

    def router(self) -> APIRouter:
        """The form, and its answer at the same address."""
        router = APIRouter(include_in_schema=False, route_class=page_route(self._visits))
        router.add_api_route(PATH, self.form, methods=["GET"])
        router.add_api_route(PATH, self.answer, methods=["POST"])
        return router

    async def form(self, request: Request) -> Response:
        """Where the file is chosen."""
        return self._page(request)

    async def answer(self, request: Request) -> Response:
        """Every month compared, or what is wrong with the file."""
        session = self._visits.current(request)
        fields = parts_of(request.headers.get("content-type", ""), await request.body())
        token = fields.get("csrf", b"").decode("latin-1")
        if session is None:
            raise HTTPException(status_code=403)  # doors.py let nobody else in
        try:
            check_form(session, token)
        except SignInError as error:
            raise HTTPException(status_code=403) from error
        content = fields.get(FIELD, b"")
        if not content:
            return self._page(request, status=400, empty=True)
        try:
            again = await run_in_threadpool(_computed, content)
        except (DisclosedFileError, SchedulerError) as error:
            return self._page(request, status=400, trouble=str(error))
        return self._page(request, again=again)

    def _page(
        self,
        request: Request,
        *,
        status: int = 200,
        again: Again | None = None,
        trouble: str | None = None,
        empty: bool = False,
    ) -> Response:
        return self._pages.answer(
            "oversight_reperform.html",
            language=self._visits.language(request),
            session=self._visits.current(request),
            active="reperform",
            status=status,
            again=again,
            trouble=trouble,
            empty=empty,
            bytes_max=FILE_BYTES_MAX,
        )


def _computed(content: bytes) -> Again:
    return computed_again(content, [("shipped rules", rulebook())])
