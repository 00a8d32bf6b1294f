"""`/mijn`: a household's own pages. The household comes from the session, never from the address.

So there is no address at which someone else's page could be asked for. Sign-in here is the
development provider; it refuses to work outside development mode (auth.py).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Request
from fastapi import Path as PathParameter
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from node.errors import NodeError
from node.portal.auth import Session, SignInError, check_development, check_form
from node.portal.charts import balance_chart, balance_rows, from_first_day
from node.portal.pages import Pages, lines_by_day, main_steps, opening_cents, weeks_of
from node.portal.surface import CalendarPort, Surface
from node.portal.visits import Visits, form_of, to
from specs.errors import ValueFaultError
from specs.values import Month

SIGN_IN: Final = "/mijn/aanmelden"
SchemeName = Annotated[str, PathParameter(pattern=r"^[a-z][a-z_]{1,60}$")]
MonthName = Annotated[str, PathParameter(pattern=r"^\d{4}-\d{2}$")]
Found = TypeVar("Found")


class SignedOutError(NodeError):
    """A page of a household, asked for by nobody yet."""


def page_route(visits: Visits) -> type[APIRoute]:
    """Routes that switch the language by `?taal=` and keep a session alive while it is used."""

    class PageRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
            handler = super().get_route_handler()

            async def handle(request: Request) -> Response:
                asked = visits.asked_language(request)
                if asked is not None and request.method == "GET":
                    session = replace(visits.current_or_new(request), language=asked)
                    return visits.keep(to(request.url.path), session)
                try:
                    answer = await handler(request)
                except SignedOutError:
                    return to(SIGN_IN)
                session_now = visits.current(request)
                if session_now is not None and "set-cookie" not in answer.headers:
                    visits.keep(answer, session_now)
                return answer

            return handle

    return PageRoute


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
        router.add_api_route("/aanmelden", self.sign_in_page, methods=["GET"])
        router.add_api_route("/aanmelden", self.sign_in, methods=["POST"])
        router.add_api_route("/afmelden", self.sign_out, methods=["POST"])
        router.add_api_route("/maand/{month}", self.month, methods=["GET"])
        router.add_api_route("/maand/{month}/rooster", self.grid, methods=["GET"])
        router.add_api_route("/waarom/{scheme}/{month}", self.why, methods=["GET"])
        router.add_api_route("/waarom/{scheme}/{month}/rekenstappen", self.trace, methods=["GET"])
        router.add_api_route("/wijzigingen", self.first_changes, methods=["GET"])
        router.add_api_route("/wijzigingen/{month}", self.changes, methods=["GET"])
        return router

    async def first(self, request: Request) -> Response:
        """This month, or the sign-in page."""
        self._household(request)
        return to(f"/mijn/maand/{Month.of(self._surface.today())}")

    async def first_changes(self, request: Request) -> Response:
        """What changed this month."""
        self._household(request)
        return to(f"/mijn/wijzigingen/{Month.of(self._surface.today())}")

    async def sign_in_page(self, request: Request) -> Response:
        """Choose a household, in development mode; otherwise the reason why not."""
        return await self._sign_in_answer(request, self._visits.current_or_new(request))

    async def sign_in(self, request: Request) -> Response:
        """Sign in as the chosen household, under a new session id."""
        session = self._visits.current(request)
        fields = await form_of(request)
        try:
            check_development(self._may_sign_in())
            if session is None:
                raise SignInError("the visit has ended; open the page again")
            check_form(session, fields.get("csrf", ""))
        except SignInError:
            fresh = session or self._visits.sessions.begin(self._visits.now())
            return await self._sign_in_answer(request, fresh, status=403, failed=True)
        households = await run_in_threadpool(self._calendars.households)
        chosen = next((h.id for h in households if h.id == fields.get("huishouden")), None)
        if chosen is None:
            return await self._sign_in_answer(request, session, status=400, failed=True)
        signed_in = self._visits.sessions.sign_in(session, chosen, self._visits.now())
        return self._visits.keep(to("/mijn"), signed_in)

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

    def _may_sign_in(self) -> bool:
        return self._surface.development and self._surface.sign_in

    def _household(self, request: Request) -> tuple[Session, str]:
        session = self._visits.current(request)
        if session is None or session.household is None:
            raise SignedOutError
        return session, session.household

    async def _sign_in_answer(
        self, request: Request, session: Session, status: int = 200, failed: bool = False
    ) -> Response:
        del request
        allowed = self._may_sign_in()
        households = await run_in_threadpool(self._calendars.households) if allowed else ()
        problem = (
            "This form is no longer valid. Choose your household again."
            if session.language == "en"
            else "Dit formulier is niet meer geldig. Kies uw huishouden opnieuw."
        )
        answer = self._pages.answer(
            "sign_in.html",
            language=session.language,
            session=session,
            active="month",
            status=status,
            refused=not allowed,
            households=households,
            problem=problem if failed and allowed else "",
        )
        return self._visits.keep(answer, session)


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
