"""`/balie/bezwaren`: contests that this member decides on, by two clerks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from node.desk.contest_desk import WORDS
from node.desk.proposals_sql import DecidedError
from node.errors import RefusedError
from node.portal.desk_pages import DeskPages
from node.portal.doors import page_route
from node.portal.routes_desk import RecordName
from scheduler.folding.known import Text

PATH: Final = "/balie/bezwaren"
REASON_CHARACTERS: Final = 500
WHY: Final = Text("Schrijf waarom. Het huishouden leest dit.", "Write why. The household reads it.")
CHOOSE: Final = Text("Kies een besluit.", "Choose a decision.")
NOT_NOW: Final = Text(
    "Hierover is al besloten, of er wacht een voorstel.", "This was decided, or a proposal waits."
)


class ContestDeskRoutes(DeskPages):
    """The pages of contests to decide."""

    def router(self) -> APIRouter:
        """Their routes."""
        router = APIRouter(
            prefix=PATH, include_in_schema=False, route_class=page_route(self._visits)
        )
        router.add_api_route("", self.waiting, methods=["GET"])
        router.add_api_route("/{record}", self.one, methods=["GET"])
        router.add_api_route("/{record}", self.decide, methods=["POST"])
        return router

    async def waiting(self, request: Request) -> Response:
        """The list, the first to decide first."""
        rows = await self.found(self._desk.contests.waiting)
        return self.desk_page(request, "desk_contests.html", rows=rows)

    async def one(self, request: Request, record: RecordName) -> Response:
        """One contest."""
        return await self._one(request, record, {}, {})

    async def decide(self, request: Request, record: RecordName) -> Response:
        """Propose a decision to a colleague."""
        fields = await self.form(request)
        _, staff = self.staff(request)
        outcome, reason = fields.get("besluit", ""), fields.get("reden", "").strip()
        wrong: dict[str, Text] = {}
        if outcome not in WORDS:
            wrong["besluit"] = CHOOSE
        if not 1 <= len(reason) <= REASON_CHARACTERS:
            wrong["reden"] = WHY
        await self.found(self._desk.contests.contest, record)
        if not wrong:
            propose = self._desk.contests.propose
            try:
                await run_in_threadpool(propose, staff, record, outcome, reason)
                return self.done("/balie/voorstellen", "voorstel")
            except (DecidedError, RefusedError):
                wrong["besluit"] = NOT_NOW
        return await self._one(request, record, fields, wrong)

    async def _one(
        self, request: Request, record: str, fields: Mapping[str, str], wrong: Mapping[str, Text]
    ) -> Response:
        view = await self.found(self._desk.contests.contest, record)
        return self.desk_page(
            request, "desk_contest.html", view=view, fields=fields, wrong=wrong, words=WORDS,
            status=400 if wrong else 200,
        )  # fmt: skip
