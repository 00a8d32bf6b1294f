"""`/mijn/klopt-niet`: say that a fact or amount is wrong, see what will happen, follow the case.

Which record is meant stands in the form, never in the address. Every step is a form of its own with
the token of the session; the record is made once, however often the last one is sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from node.contests.drafts import REASON_MAX
from node.contests.views import CaseView, ContestItem
from node.errors import RefusedError
from node.portal.amounts import typed_cents
from node.portal.auth import Session, SignInError, check_form
from node.portal.doors import page_route
from node.portal.pages import Pages
from node.portal.surface import ContestPort
from node.portal.visits import Visits, form_of, to
from scheduler.folding.known import Text

HOME: Final = "/mijn/klopt-niet"
RECORD_CHARACTERS_MAX: Final = 80
_NO_TEXT: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")  # unseen marks
NO_REASON: Final = Text("Schrijf wat er niet klopt.", "Write what is wrong.")
LONG_REASON: Final = Text(
    f"Schrijf het korter: hoogstens {REASON_MAX} tekens.",
    f"Write less: at most {REASON_MAX} characters.",
)
NO_AMOUNT: Final = Text(
    "Schrijf een bedrag in euro's, zoals 1.234,56. Of laat het leeg.",
    "Write an amount in euros, such as 1.234,56. Or leave it empty.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """The form as it was typed, and what is wrong with each field."""

    reason: str
    amount: str
    claimed_cents: int | None
    wrong: Mapping[str, Text]


class ContestRoutes:
    """The pages of one node's contests; who may come in is told by doors.py."""

    def __init__(self, contests: ContestPort, pages: Pages, visits: Visits) -> None:
        self._contests = contests
        self._pages = pages
        self._visits = visits

    def router(self) -> APIRouter:
        """All routes of this file. A step that is asked for without its form begins anew."""
        router = APIRouter(
            prefix=HOME, include_in_schema=False, route_class=page_route(self._visits)
        )
        router.add_api_route("", self.overview, methods=["GET"])
        router.add_api_route("/ontvangen", self.received, methods=["GET"])
        router.add_api_route("/ingetrokken", self.withdrawn, methods=["GET"])
        for path, step in (
            ("/nieuw", self.form), ("/controleren", self.check), ("/indienen", self.file),
            ("/intrekken", self.withdraw),
        ):  # fmt: skip
            router.add_api_route(path, step, methods=["POST"])
            router.add_api_route(path, self.begin_anew, methods=["GET"])
        return router

    async def overview(self, request: Request) -> Response:
        """The cases, and what can be contested."""
        return await self._overview(request, "")

    async def received(self, request: Request) -> Response:
        """The same, after a contest was recorded."""
        return await self._overview(request, "received")

    async def withdrawn(self, request: Request) -> Response:
        """The same, after a case was taken back."""
        return await self._overview(request, "withdrawn")

    async def begin_anew(self, request: Request) -> Response:
        """A step that was reloaded or opened by its address."""
        self._household(request)
        return to(HOME)

    async def form(self, request: Request) -> Response:
        """What is wrong with this record?"""
        session, household, fields = await self._form(request)
        item = await self._item(household, fields)
        filled = Filled(
            reason=fields.get("reden", ""), amount=fields.get("bedrag", ""), claimed_cents=None,
            wrong={},
        )  # fmt: skip
        return self._form_page(session, item, filled)

    async def check(self, request: Request) -> Response:
        """What will happen, before anything is sent."""
        session, household, fields = await self._form(request)
        item = await self._item(household, fields)
        filled = read_form(item, fields)
        if filled.wrong or item.why_not_nl is not None:
            return self._form_page(session, item, filled, status=400)
        try:
            preview = await run_in_threadpool(
                self._contests.preview, household, item.record, filled.claimed_cents
            )
        except LookupError as error:
            raise HTTPException(status_code=404) from error
        return self._pages.answer(
            "contest_check.html", language=session.language, session=session, active="contest",
            item=item, filled=filled, preview=preview,
        )  # fmt: skip

    async def file(self, request: Request) -> Response:
        """Make the record; sent twice it is still one."""
        session, household, fields = await self._form(request)
        item = await self._item(household, fields)
        filled = read_form(item, fields)
        if filled.wrong:
            return self._form_page(session, item, filled, status=400)
        try:
            await self._contests.file(household, item.record, filled.reason, filled.claimed_cents)
        except LookupError as error:
            raise HTTPException(status_code=404) from error
        except RefusedError:
            # Meanwhile it was contested (this very form, sent before), corrected or decided on.
            return to(HOME)
        return to(f"{HOME}/ontvangen")

    async def withdraw(self, request: Request) -> Response:
        """Ask once more, then take the case back."""
        session, household, fields = await self._form(request)
        case = next(
            (
                one
                for one in await self._asked_cases(household)
                if one.case == fields.get("zaak", "")
            ),
            None,
        )
        if case is None:
            raise HTTPException(status_code=404)
        if not case.is_open:
            return to(HOME)
        if fields.get("zeker") != "ja":
            return self._pages.answer(
                "contest_withdraw.html", language=session.language, session=session,
                active="contest", case=case,
            )  # fmt: skip
        try:
            await self._contests.withdraw(household, case.case)
        except (LookupError, RefusedError):
            return to(HOME)
        return to(f"{HOME}/ingetrokken")

    async def _overview(self, request: Request, told: str) -> Response:
        session, household = self._household(request)
        try:
            cases = await run_in_threadpool(self._contests.cases, household)
            items = await run_in_threadpool(self._contests.items, household)
        except LookupError as error:
            raise HTTPException(status_code=404) from error
        return self._pages.answer(
            "contest.html", language=session.language, session=session, active="contest",
            cases=cases, items=items, told=told,
        )  # fmt: skip

    def _form_page(
        self, session: Session, item: ContestItem, filled: Filled, status: int = 200
    ) -> Response:
        return self._pages.answer(
            "contest_form.html", language=session.language, session=session, active="contest",
            item=item, filled=filled, reason_max=REASON_MAX, status=status,
        )  # fmt: skip

    async def _asked_cases(self, household: str) -> list[CaseView]:
        try:
            return list(await run_in_threadpool(self._contests.cases, household))
        except LookupError as error:
            raise HTTPException(status_code=404) from error

    async def _item(self, household: str, fields: Mapping[str, str]) -> ContestItem:
        record = fields.get("bericht", "")
        if len(record) > RECORD_CHARACTERS_MAX:
            raise HTTPException(status_code=404)
        try:
            return await run_in_threadpool(self._contests.item, household, record)
        except LookupError as error:
            raise HTTPException(status_code=404) from error

    async def _form(self, request: Request) -> tuple[Session, str, Mapping[str, str]]:
        session, household = self._household(request)
        fields = await form_of(request)
        try:
            check_form(session, fields.get("csrf", ""))
        except SignInError as error:
            raise HTTPException(status_code=403) from error
        return session, household, fields

    def _household(self, request: Request) -> tuple[Session, str]:
        session = self._visits.current(request)
        if session is None or session.household is None:
            raise HTTPException(status_code=403)  # doors.py let nobody else in
        return session, session.household


def read_form(item: ContestItem, fields: Mapping[str, str]) -> Filled:
    """The reason, and the household's own amount where the record has one."""
    wrong: dict[str, Text] = {}
    reason = " ".join(_NO_TEXT.sub(" ", fields.get("reden", "")).split())
    amount = fields.get("bedrag", "").strip() if item.now_cents is not None else ""
    if not reason:
        wrong["reden"] = NO_REASON
    elif len(reason) > REASON_MAX:
        wrong["reden"] = LONG_REASON
    claimed = typed_cents(amount) if amount else None
    if amount and claimed is None:
        wrong["bedrag"] = NO_AMOUNT
    return Filled(reason=reason, amount=amount, claimed_cents=claimed, wrong=wrong)
