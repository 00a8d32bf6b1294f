"""`/mijn/betaaldag`: what one pay date does, agreeing to it, choosing another day, leaving.

The household and the visitor come from the session. What is agreed to is what was shown: the forms
carry its digest, and the answer to a form says what was recorded or what changed meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from node.errors import NotAllowedError, RefusedError
from node.portal.auth import Session, SignInError, check_form
from node.portal.doors import page_route
from node.portal.pages import Pages
from node.portal.paydate_views import Outcome, Pair
from node.portal.surface import PayDatePort
from node.portal.visits import Visits, form_of, to

PAGE: Final = "/mijn/betaaldag"
CHOOSE_DAY: Final = f"{PAGE}/dag"
AGREE: Final = f"{PAGE}/akkoord"
LEAVE: Final = f"{PAGE}/stoppen"
DAYS: Final = range(1, 29)
DIGEST: Final = re.compile(r"^[0-9a-f]{64}$")
ENTRY: Final = re.compile(r"^\d{1,12}$")
NO_DAY: Final = Pair(nl="Kies een dag van 1 tot en met 28.", en="Choose a day from 1 to 28.")
SAME_DAY: Final = Pair(
    nl="Dit is nu al uw betaaldag. Kies een andere dag.",
    en="This is your pay date already. Choose another day.",
)


class PayDateRoutes:
    """The pages about one pay date of one node's households."""

    def __init__(self, paydates: PayDatePort, pages: Pages, visits: Visits) -> None:
        self._paydates = paydates
        self._pages = pages
        self._visits = visits

    def router(self) -> APIRouter:
        """All routes of this file."""
        router = APIRouter(include_in_schema=False, route_class=page_route(self._visits))
        router.add_api_route(PAGE, self.page, methods=["GET"])
        router.add_api_route(CHOOSE_DAY, self.choose_page, methods=["GET"])
        router.add_api_route(CHOOSE_DAY, self.choose, methods=["POST"])
        router.add_api_route(AGREE, self.after, methods=["GET"])
        router.add_api_route(AGREE, self.agree, methods=["POST"])
        router.add_api_route(LEAVE, self.leave_page, methods=["GET"])
        router.add_api_route(LEAVE, self.leave, methods=["POST"])
        return router

    async def page(self, request: Request) -> Response:
        """What stands, or what one pay date would be."""
        return await self._page(request)

    async def after(self, request: Request) -> Response:
        """A form's own address, asked for again as a page (the language was switched)."""
        self._who(request)
        return to(PAGE)

    async def choose_page(self, request: Request) -> Response:
        """Which day: the form alone."""
        session, household, _ = self._who(request)
        now = await self._found(self._paydates.day_now, household)
        return self._answer(session, "paydate_day.html", chosen=None, day_now=now)

    async def choose(self, request: Request) -> Response:
        """Both paths for the day asked for; nothing is agreed by it."""
        session, household, person = self._who(request)
        fields = await self._form(request, session)
        now = await self._found(self._paydates.day_now, household)
        day = _day_of(fields)
        problem = NO_DAY if day is None else SAME_DAY if day == now else None
        if problem is not None or day is None:
            return self._answer(
                session, "paydate_day.html", status=422, chosen=fields.get("dag", ""),
                day_now=now, problem=problem,
            )  # fmt: skip
        paths = await self._found(self._paydates.offer, household, day)
        if paths is None:
            return to(PAGE)
        view = await self._found(self._paydates.page, household, person)
        return self._answer(
            session, "paydate_day.html", chosen=str(day), day_now=now, paths=paths, view=view
        )

    async def agree(self, request: Request) -> Response:
        """Agree to a day as it was shown."""
        session, household, person = self._who(request)
        fields = await self._form(request, session)
        day, shown, seen = _day_of(fields), *_shown_of(fields)
        if day is None:
            raise HTTPException(status_code=400)
        asked = self._paydates.agree(household, person, day, shown, seen)
        outcome = await self._done(asked)
        if outcome.said != "changed":
            return to(PAGE)
        if await self._found(self._paydates.day_now, household) is None:
            return await self._page(request, changed=outcome)
        paths = await self._found(self._paydates.offer, household, day)
        if paths is None:
            return await self._page(request, changed=outcome)
        return self._answer(
            session, "paydate_day.html", status=409, chosen=str(day), paths=paths,
            day_now=await self._found(self._paydates.day_now, household), changed=outcome,
            view=await self._found(self._paydates.page, household, person),
        )  # fmt: skip

    async def leave_page(self, request: Request) -> Response:
        """What leaving does, before it is asked for."""
        session, household, person = self._who(request)
        return await self._leave_page(session, household, person)

    async def leave(self, request: Request) -> Response:
        """Leave as it was shown."""
        session, household, person = self._who(request)
        fields = await self._form(request, session)
        shown, seen = _shown_of(fields)
        outcome = await self._done(self._paydates.leave(household, person, shown, seen))
        if outcome.said == "changed":
            return await self._leave_page(session, household, person, changed=outcome)
        return to(PAGE)

    async def _leave_page(
        self, session: Session, household: str, person: str, changed: Outcome | None = None
    ) -> Response:
        back = await self._found(self._paydates.way_back, household)
        if back is None:
            return to(PAGE)
        view = await self._found(self._paydates.page, household, person)
        return self._answer(
            session, "paydate_leave.html", status=200 if changed is None else 409, back=back,
            view=view, changed=changed,
        )  # fmt: skip

    async def _page(self, request: Request, changed: Outcome | None = None) -> Response:
        session, household, person = self._who(request)
        view = await self._found(self._paydates.page, household, person)
        joined = view.state in ("agreed", "running")
        now = session if session.joined == joined else replace(session, joined=joined)
        answer = self._answer(
            now, "paydate.html", status=200 if changed is None else 409, view=view, changed=changed
        )
        return answer if now is session else self._visits.keep(answer, now)

    async def _form(self, request: Request, session: Session) -> Mapping[str, str]:
        fields = await form_of(request)
        try:
            check_form(session, fields.get("csrf", ""))
        except SignInError as error:
            raise HTTPException(status_code=403) from error
        return fields

    async def _done(self, asked: Any) -> Outcome:
        try:
            outcome: Outcome = await asked
        except LookupError as error:
            raise HTTPException(status_code=404) from error
        except NotAllowedError as error:
            raise HTTPException(status_code=403) from error
        except RefusedError as error:  # our own rules refused our own record: nothing was recorded
            raise HTTPException(status_code=500) from error
        return outcome

    async def _found(self, ask: Any, *arguments: Any) -> Any:
        try:
            return await run_in_threadpool(ask, *arguments)
        except LookupError as error:
            raise HTTPException(status_code=404) from error

    def _who(self, request: Request) -> tuple[Session, str, str]:
        session = self._visits.current(request)
        if session is None or session.household is None or session.person is None:
            raise HTTPException(status_code=403)  # doors.py let nobody else in
        return session, session.household, session.person

    def _answer(
        self, session: Session, template: str, status: int = 200, **values: Any
    ) -> Response:
        known: dict[str, Any] = {"changed": None, "paths": None, "view": None, "problem": None}
        return self._pages.answer(
            template, language=session.language, session=session, active="paydate", status=status,
            days=DAYS, **{**known, **values},
        )  # fmt: skip


def _day_of(fields: Mapping[str, str]) -> int | None:
    """The day of a form; None when it is none of 1 to 28."""
    text = fields.get("dag", "").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 2):
        return None
    return int(text) if int(text) in DAYS else None


def _shown_of(fields: Mapping[str, str]) -> tuple[str, int]:
    """What the form says was shown; a form that nobody handed out answers 400."""
    shown, seen = fields.get("getoond", ""), fields.get("kennis", "")
    if not DIGEST.match(shown) or not ENTRY.match(seen):
        raise HTTPException(status_code=400)
    return shown, int(seen)
