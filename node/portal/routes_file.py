"""`/mijn`: the year ahead, what a household misses, its whole file, and the month as a letter."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from fastapi import Path as PathParameter
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from node.letters.pdf import pdf_of
from node.portal.auth import Session
from node.portal.calendar_views import MonthView, RecordView
from node.portal.charts import balance_chart, balance_rows, from_first_day
from node.portal.doors import page_route
from node.portal.pages import Pages, lines_by_day, opening_cents
from node.portal.surface import CalendarPort, Surface
from node.portal.visits import Visits
from specs.errors import ValueFaultError
from specs.values import Month

MONTHS_AHEAD: Final = 12
MonthName = Annotated[str, PathParameter(pattern=r"^\d{4}-\d{2}$")]


class FileRoutes:
    """More pages of one node's households; who may come in is told by doors.py."""

    def __init__(
        self, surface: Surface, calendars: CalendarPort, pages: Pages, visits: Visits
    ) -> None:
        self._surface = surface
        self._calendars = calendars
        self._pages = pages
        self._visits = visits

    def router(self) -> APIRouter:
        """All routes of this file."""
        router = APIRouter(
            prefix="/mijn", include_in_schema=False, route_class=page_route(self._visits)
        )
        router.add_api_route("/jaar", self.year, methods=["GET"])
        router.add_api_route("/misgelopen", self.missed, methods=["GET"])
        router.add_api_route("/dossier", self.file, methods=["GET"])
        router.add_api_route("/dossier/gegevens", self.data, methods=["GET"])
        router.add_api_route("/maand/{month}/brief", self.letter, methods=["GET"])
        return router

    async def year(self, request: Request) -> Response:
        """Twelve months ahead: what comes and goes, and what falls once a quarter or year."""
        session, household = self._household(request)
        now = Month.of(self._surface.today())
        months = [now.plus(step) for step in range(MONTHS_AHEAD)]
        views = await run_in_threadpool(self._months, household, months)
        return self._page(session, "year.html", active="year", views=views, usual=usual_of(views))

    async def missed(self, request: Request) -> Response:
        """Rights derived but not received, with the step to take."""
        session, household = self._household(request)
        found = await self._asked(self._calendars.missed, household)
        return self._page(session, "missed.html", active="missed", missed=found)

    async def file(self, request: Request) -> Response:
        """Everything the node holds about the household."""
        session, household = self._household(request)
        records = await self._asked(self._calendars.file, household)
        return self._page(session, "file.html", active="file", records=records)

    async def data(self, request: Request) -> Response:
        """The same as a file to keep (AVG 15 and 20)."""
        _, household = self._household(request)
        records: Sequence[RecordView] = await self._asked(self._calendars.file, household)
        content = json.dumps(
            {"node": self._surface.member, "records": [asdict(each) for each in records]},
            indent=2, ensure_ascii=False, default=_plain,
        )  # fmt: skip
        return _download(content.encode(), "mijn-dossier.json", "application/json")

    async def letter(self, request: Request, month: MonthName) -> Response:
        """The month as a letter, tagged for a screen reader (PDF/UA)."""
        session, household = self._household(request)
        try:
            wanted = Month.parse(month)
        except ValueFaultError as error:
            raise HTTPException(status_code=404) from error
        view: MonthView = await self._asked(self._calendars.month_view, household, wanted)
        before = view.balance_before
        after = from_first_day(view.month, view.balance_after, opening_cents(view))
        language = session.language
        html = self._pages.text(
            "letter_month.html",
            language=language,
            view=view,
            days=lines_by_day(view),
            rows=balance_rows(before, after),
            chart=balance_chart(
                month=wanted, before=before, after=after, pay_date=view.pay_date, language=language
            ),
        )
        return _download(
            await run_in_threadpool(pdf_of, html), f"maand-{month}.pdf", "application/pdf"
        )

    def _months(self, household: str, months: Sequence[Month]) -> list[MonthView]:
        try:
            return [self._calendars.month_view(household, month) for month in months]
        except LookupError as error:
            raise HTTPException(status_code=404) from error

    async def _asked(self, ask: Any, *arguments: Any) -> Any:
        try:
            return await run_in_threadpool(ask, *arguments)
        except LookupError as error:
            raise HTTPException(status_code=404) from error

    def _household(self, request: Request) -> tuple[Session, str]:
        session = self._visits.current(request)
        if session is None or session.household is None:
            raise HTTPException(status_code=403)  # doors.py let nobody else in
        return session, session.household

    def _page(self, session: Session, template: str, **values: Any) -> Response:
        return self._pages.answer(template, language=session.language, session=session, **values)


def usual_of(views: Sequence[MonthView]) -> frozenset[str]:
    """The flows that fall in most months: the others are quarterly, yearly, or end."""
    counts: dict[str, int] = {}
    for view in views:
        for flow in {line.flow for line in view.lines}:
            counts[flow] = counts.get(flow, 0) + 1
    return frozenset(flow for flow, count in counts.items() if 2 * count > len(views))


def _plain(value: object) -> str:
    if isinstance(value, date | Month):
        return str(value)
    raise TypeError(type(value).__name__)


def _download(content: bytes, name: str, content_type: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=content_type, headers=headers)
