"""`/mijn`: a household's own pages. The household comes from the session, never from the address.

So there is no address at which someone else's page could be asked for. Who may come in at which
address is told by doors.py, how a visitor signs in by routes_sign_in.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Request
from fastapi import Path as PathParameter
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from node.portal.auth import Session
from node.portal.charts import balance_chart, balance_rows, from_first_day
from node.portal.doors import page_route
from node.portal.pages import Pages, lines_by_day, main_steps, opening_cents, weeks_of
from node.portal.surface import CalendarPort, Surface
from node.portal.visits import Visits, to
from specs.errors import ValueFaultError
from specs.values import Month

SchemeName = Annotated[str, PathParameter(pattern=r"^[a-z][a-z_]{1,60}$")]
MonthName = Annotated[str, PathParameter(pattern=r"^\d{4}-\d{2}$")]
Found = TypeVar("Found")


class MijnRoutes:
    """The pages of one node's households."""

    def __init__(self, surface: Surface, calendars: CalendarPort, pages: Pages, visits: Visits):
        self._surface = surface
        self._calendars = calendars
        self._pages = pages
        self._visits = visits

    def router(self) -> APIRouter:
        """All routes under /mijn."""
        router = APIRouter(
            prefix="/mijn", include_in_schema=False, route_class=page_route(self._visits)
        )
        router.add_api_route("", self.first, methods=["GET"])
        router.add_api_route("/maand/{month}", self.month, methods=["GET"])
        router.add_api_route("/maand/{month}/rooster", self.grid, methods=["GET"])
        router.add_api_route("/waarom/{scheme}/{month}", self.why, methods=["GET"])
        router.add_api_route("/waarom/{scheme}/{month}/rekenstappen", self.trace, methods=["GET"])
        router.add_api_route("/wijzigingen", self.first_changes, methods=["GET"])
        router.add_api_route("/wijzigingen/{month}", self.changes, methods=["GET"])
        return router

    async def first(self, request: Request) -> Response:
        """This month; who has no calendar sees what one pay date would be."""
        session, _ = self._household(request)
        if not session.joined and self._surface.paydates is not None:
            return to("/mijn/betaaldag")
        return to(f"/mijn/maand/{Month.of(self._surface.today())}")

    async def first_changes(self, request: Request) -> Response:
        """What changed this month."""
        self._household(request)
        return to(f"/mijn/wijzigingen/{Month.of(self._surface.today())}")

    async def month(self, request: Request, month: MonthName) -> Response:
        """The list of the month, what changed, what is unknown, the picture."""
        session, household = self._household(request)
        view = await _found(self._calendars.month_view, household, _month(month))
        before = view.balance_before
        after = from_first_day(view.month, view.balance_after, opening_cents(view))
        return self._pages.answer(
            "month.html",
            language=session.language,
            session=session,
            active="month",
            view=view,
            days=lines_by_day(view),
            rows=balance_rows(before, after),
            chart=balance_chart(
                month=view.month,
                before=before,
                after=after,
                pay_date=view.pay_date,
                language=session.language,
            ),
        )

    async def grid(self, request: Request, month: MonthName) -> Response:
        """The same month as a calendar of weeks."""
        session, household = self._household(request)
        view = await _found(self._calendars.month_view, household, _month(month))
        return self._pages.answer(
            "grid.html",
            language=session.language,
            session=session,
            active="month",
            view=view,
            weeks=weeks_of(view),
        )

    async def changes(self, request: Request, month: MonthName) -> Response:
        """Every change of the month with its cause."""
        session, household = self._household(request)
        view = await _found(self._calendars.month_view, household, _month(month))
        return self._pages.answer(
            "changes.html", language=session.language, session=session, active="changes", view=view
        )

    async def why(self, request: Request, scheme: SchemeName, month: MonthName) -> Response:
        """Why this amount: the steps in sentences, the records used, the proof."""
        session, household = self._household(request)
        view = await _found(self._calendars.why, household, scheme, _month(month))
        return self._pages.answer(
            "why.html",
            language=session.language,
            session=session,
            active="month",
            view=view,
            main_steps=main_steps(view),
            trace_path=f"/mijn/waarom/{scheme}/{month}/rekenstappen",
        )

    async def trace(self, request: Request, scheme: SchemeName, month: MonthName) -> Response:
        """The raw steps as JSON."""
        _, household = self._household(request)
        return JSONResponse(await _found(self._calendars.trace, household, scheme, _month(month)))

    def _household(self, request: Request) -> tuple[Session, str]:
        session = self._visits.current(request)
        if session is None or session.household is None:
            raise HTTPException(status_code=403)  # doors.py let nobody else in
        return session, session.household


def _month(text: str) -> Month:
    try:
        return Month.parse(text)
    except ValueFaultError as error:
        raise HTTPException(status_code=404) from error


async def _found(ask: Callable[..., Found], *arguments: Any) -> Found:
    """Ask the read models in a thread; what is not there answers 404, whoever it belongs to."""
    try:
        return await run_in_threadpool(ask, *arguments)
    except LookupError as error:
        raise HTTPException(status_code=404) from error
