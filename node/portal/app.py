"""The web side of a node: routes, refusals, headers and static files put together.

`create_app` is what `vastedag serve` runs; the listener between members is routes_machine.py.
"""

from __future__ import annotations

import time
from datetime import date
from typing import Final

from fastapi import APIRouter, FastAPI, Request
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.routing import Match
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

from node.desk.ports import DeskPorts
from node.district.ports import DistrictPorts
from node.portal.desk_pages import DESK_KINDS, desk_parts
from node.portal.doors import HOUSEHOLD_SIGN_IN, STAFF_SIGN_IN, page_route
from node.portal.formatting import Language
from node.portal.guard import Guard
from node.portal.log_reads import LogReads
from node.portal.menu import every_href
from node.portal.oidc import Audience
from node.portal.oidc_http import Http, OidcClient, plain_http
from node.portal.pages import STATIC, Pages, Site
from node.portal.problems import install_problems
from node.portal.provider_development import development_providers
from node.portal.routes_arrange import arrange_router
from node.portal.routes_contest import ContestRoutes
from node.portal.routes_contests import ContestDeskRoutes
from node.portal.routes_correct import CorrectRoutes
from node.portal.routes_desk import DeskRoutes
from node.portal.routes_district import KINDS, PARTS, DistrictRoutes
from node.portal.routes_events import create_api
from node.portal.routes_feed import FeedRoutes
from node.portal.routes_file import FileRoutes
from node.portal.routes_health import health_router
from node.portal.routes_log import log_router
from node.portal.routes_looked import LookedRoutes
from node.portal.routes_mandates import MandateRoutes
from node.portal.routes_mijn import MijnRoutes
from node.portal.routes_oversight import OversightRoutes
from node.portal.routes_paydate import PayDateRoutes
from node.portal.routes_persons import PersonsRoutes
from node.portal.routes_proposals import ProposalRoutes
from node.portal.routes_reperform import ReperformRoutes
from node.portal.routes_sign_in import SignInRoutes
from node.portal.routes_whatif import WhatIfRoutes
from node.portal.surface import CalendarPort, Surface
from node.portal.visits import Clock, Visits

STATEMENT_DATE: Final = date(2026, 11, 22)  # of the accessibility statement
STATIC_BYTES_ZIPPED_MIN: Final = 1_024

_ERRORS: Final[dict[Language, dict[int, tuple[str, str]]]] = {
    "nl": {
        400: ("Dit konden we niet lezen", "Ga terug en probeer het nog een keer."),
        403: ("Dit mag niet", "U heeft geen toegang tot deze pagina."),
        404: ("Deze pagina bestaat niet", "Misschien is het adres niet goed overgenomen."),
        500: ("Er ging iets mis bij ons", "Probeer het later nog een keer. Of bel ons."),
    },
    "en": {
        400: ("We could not read this", "Go back and try again."),
        403: ("This is not allowed", "You have no access to this page."),
        404: ("This page does not exist", "Perhaps the address was not copied correctly."),
        500: ("Something went wrong on our side", "Try again later. Or call us."),
    },
}


class StaticAssets(StaticFiles):
    """Files of the pages. Their addresses carry a digest, so a browser may keep them."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        if b"v=" in scope.get("query_string", b""):
            answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return answer


def create_app(surface: Surface, *, now: Clock = time.time, http: Http = plain_http) -> ASGIApp:
    """The public web side of a node. Raises StartError for pages nobody said who may see."""
    guarded = Guard(routed_app(surface, now=now, http=http))
    if surface.log is None:
        return guarded
    return LogReads(guarded, surface.log, surface.may_read_entries)


def routed_app(surface: Surface, *, now: Clock = time.time, http: Http = plain_http) -> FastAPI:
    """All routes of the web side, without what holds for every answer (guard.py)."""
    site = Site(
        name=surface.name,
        phone=surface.phone,
        households=surface.calendars is not None,
        log=surface.log is not None,
    )
    pages = Pages(site)
    visits = Visits(
        surface.session_key, surface.ended, development=surface.development, now=now,
        looked=surface.looked, stands=getattr(surface.people, "stands", None),
    )  # fmt: skip
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)

    async def error_page(request: Request, status: int) -> Response:
        session = visits.current(request)
        language = visits.language(request)
        known = _ERRORS[language]
        heading, advice = known.get(status, known[500 if status >= 500 else 400])
        return pages.answer(
            "error.html",
            language=language,
            session=session,
            status=status,
            heading=heading,
            advice=advice,
        )

    install_problems(app, error_page)
    app.include_router(_public_pages(pages, visits, site))
    _add_sign_in(app, surface, pages, visits, http)
    if surface.calendars is not None:
        _add_household(app, surface, surface.calendars, pages, visits)
    if surface.oversight is not None:
        app.include_router(OversightRoutes(surface.oversight, pages, visits).router())
        app.include_router(ReperformRoutes(pages, visits).router())
    _add_staff(app, surface, pages, visits)
    app.include_router(health_router(surface.member, surface.state, surface.today))
    if surface.log is not None:
        app.include_router(log_router(surface.log, surface.may_read_entries))
    app.mount("/v1", create_api(surface.name, surface.intake))
    app.mount("/static", GZipMiddleware(StaticAssets(directory=STATIC), STATIC_BYTES_ZIPPED_MIN))
    pages.offers = frozenset(path for path in every_href() if _answers(app, path)).__contains__
    return app


def _answers(app: FastAPI, path: str) -> bool:
    """Whether some route answers a GET of this address."""
    scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
    return any(route.matches(scope)[0] is Match.FULL for route in app.routes)


def _add_household(
    app: FastAPI, surface: Surface, calendars: CalendarPort, pages: Pages, visits: Visits
) -> None:
    """The pages of a municipality's households."""
    app.include_router(MijnRoutes(surface, calendars, pages, visits).router())
    app.include_router(FileRoutes(surface, calendars, pages, visits).router())
    app.include_router(arrange_router(pages, visits))
    if surface.contests is not None:
        app.include_router(ContestRoutes(surface.contests, pages, visits).router())
    if surface.what_if is not None:
        app.include_router(WhatIfRoutes(surface, surface.what_if, pages, visits).router())
    if surface.feeds and surface.people:
        feed = FeedRoutes(surface, calendars, surface.feeds, surface.people, pages, visits)
        app.include_router(feed.router())
    if surface.who_looked is not None:
        app.include_router(LookedRoutes(surface.who_looked, pages, visits).router())
    if surface.paydates is not None:
        app.include_router(PayDateRoutes(surface.paydates, pages, visits).router())


def _add_staff(app: FastAPI, surface: Surface, pages: Pages, visits: Visits) -> None:
    """The pages of clerks and social workers, where this node has them."""
    if surface.desk is not None:
        _add_desk(app, surface.desk, pages, visits)
    if surface.district is not None:
        _add_district(app, surface.district, pages, visits)


def _add_district(app: FastAPI, district: DistrictPorts, pages: Pages, visits: Visits) -> None:
    """The pages of social workers."""
    app.include_router(DistrictRoutes(district, pages, visits).router())
    shared = {"parts": list(PARTS), "label": "Wijkteam", "active": "district"}
    proposals = ProposalRoutes(district.proposals, KINDS, "/wijk", pages, visits, **shared)
    app.include_router(proposals.router())


def _add_desk(app: FastAPI, desk: DeskPorts, pages: Pages, visits: Visits) -> None:
    """The pages of an agency's clerks."""
    for routes in (DeskRoutes, CorrectRoutes, PersonsRoutes, ContestDeskRoutes):
        app.include_router(routes(desk, pages, visits).router())
    parts = list(desk_parts(desk))
    if desk.mandates is not None:
        app.include_router(MandateRoutes(desk.mandates, parts, pages, visits).router())
    shared = {"parts": parts, "label": "Balie", "active": "desk"}
    proposals = ProposalRoutes(desk.proposals, DESK_KINDS, "/balie", pages, visits, **shared)
    app.include_router(proposals.router())


def _add_sign_in(app: FastAPI, surface: Surface, pages: Pages, visits: Visits, http: Http) -> None:
    """Sign-in at the providers of the settings, or at the development provider."""
    if surface.people is None:
        return
    people, base = surface.people, surface.public_url.rstrip("/")
    ways_back: dict[Audience, str] = {
        "household": f"{base}{HOUSEHOLD_SIGN_IN}/terug",
        "staff": f"{base}{STAFF_SIGN_IN}/terug",
    }
    providers = dict(surface.providers)
    if surface.sign_in == "development" and surface.development:
        provider, known = development_providers(base, ways_back, people, pages, visits)
        app.include_router(provider.router())
        providers = known
    clients = {
        audience: OidcClient(provider, ways_back[audience], http)
        for audience, provider in providers.items()
    }
    routes = SignInRoutes(clients, people, pages, visits, surface.session_key)
    app.include_router(routes.router())


def _public_pages(pages: Pages, visits: Visits, site: Site) -> APIRouter:
    router = APIRouter(include_in_schema=False, route_class=page_route(visits))

    @router.get("/")
    async def start(request: Request) -> Response:
        return pages.answer(
            "start.html",
            language=visits.language(request),
            session=visits.current(request),
            active="start",
            households=site.households,
        )

    @router.get("/toegankelijkheid")
    async def accessibility(request: Request) -> Response:
        return pages.answer(
            "accessibility.html",
            language=visits.language(request),
            session=visits.current(request),
            stated_on=STATEMENT_DATE,
        )

    return router
