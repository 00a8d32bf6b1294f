"""`/balie`: what an agency's clerks see of their node: post, problems, plans to answer, health.

Lists name records, never persons; what a port opens of a person is logged there first. Wrong
records, persons and mandates have routes of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Request
from fastapi import Path as PathParameter
from starlette.responses import Response

from node.desk.overview import first_cards
from node.desk.ports import PlanReply
from node.desk.views import OpenPlanView
from node.portal.desk_pages import DESK_KINDS, DeskPages
from node.portal.doors import page_route
from scheduler.folding.known import Text

RecordName = Annotated[str, PathParameter(pattern=r"^[A-Za-z0-9_-]{43}$")]
REASON_CHARACTERS: Final = 500
LAST_DAY: Final = 28
_WHY: Final = Text(
    "Schrijf waarom. Het huishouden leest dit.", "Write why. The household reads this."
)
_DAY: Final = Text("Kies een dag van 1 tot en met 28.", "Choose a day from 1 to 28.")
_SAID: Final = Text("Kies wat u antwoordt.", "Choose what you answer.")


class DeskRoutes(DeskPages):
    """The desk's pages of one node that every member has."""

    def router(self) -> APIRouter:
        """Their routes."""
        router = APIRouter(
            prefix="/balie", include_in_schema=False, route_class=page_route(self._visits)
        )
        router.add_api_route("", self.first, methods=["GET"])
        router.add_api_route("/post", self.post, methods=["GET"])
        router.add_api_route("/problemen", self.problems, methods=["GET"])
        router.add_api_route("/toestand", self.health, methods=["GET"])
        router.add_api_route("/plannen", self.plans, methods=["GET"])
        router.add_api_route("/plannen/{record}", self.plan, methods=["GET"])
        router.add_api_route("/plannen/{record}", self.answer, methods=["POST"])
        return router

    async def first(self, request: Request) -> Response:
        """What waits for a clerk, by kind."""
        _, staff = self.staff(request)
        post = await self.found(self._desk.post.post)
        problems = await self.found(self._desk.post.problems)
        plans = await self.found(self._desk.post.plans)
        health = await self._desk.post.health()
        waiting = await self.found(self._desk.proposals.waiting, staff, DESK_KINDS)
        persons = await self.found(self._desk.persons.waiting)
        cards = first_cards(post, problems, plans, health, waiting, persons)
        return self.desk_page(request, "desk.html", active="balie", cards=cards)

    async def post(self, request: Request) -> Response:
        """The inbox and the outbox."""
        view = await self.found(self._desk.post.post)
        return self.desk_page(request, "desk_post.html", view=view)

    async def problems(self, request: Request) -> Response:
        """Problems by source, with the repair."""
        view = await self.found(self._desk.post.problems)
        return self.desk_page(
            request, "desk_problems.html", view=view, correct_path="/balie/herstel"
        )

    async def health(self, request: Request) -> Response:
        """The node in plain words."""
        view = await self._desk.post.health()
        return self.desk_page(request, "desk_health.html", view=view)

    async def plans(self, request: Request) -> Response:
        """Plans to answer."""
        view = await self.found(self._desk.post.plans)
        return self.desk_page(request, "desk_plans.html", view=view)

    async def plan(self, request: Request, record: RecordName) -> Response:
        """One plan with its person and lines."""
        view = await self._plan(record)
        return self._plan_page(request, view, {}, {})

    async def answer(self, request: Request, record: RecordName) -> Response:
        """Confirm, decline, or decline and propose another day."""
        fields = await self.form(request)
        _, staff = self.staff(request)
        reply, wrong = read_reply(record, fields)
        if reply is None:
            return self._plan_page(request, await self._plan(record), fields, wrong)
        await self.found(self._desk.post.plan, record)
        await self._desk.post.answer(staff, reply)
        return self.done("/balie/plannen", "antwoord")

    async def _plan(self, record: str) -> OpenPlanView:
        return await self.found(self._desk.post.plan, record)

    def _plan_page(
        self,
        request: Request,
        view: OpenPlanView,
        fields: Mapping[str, str],
        wrong: Mapping[str, Text],
    ) -> Response:
        return self.desk_page(
            request, "desk_plan.html", view=view, fields=fields, wrong=wrong,
            last_day=LAST_DAY, status=400 if wrong else 200,
        )  # fmt: skip


def read_reply(
    record: str, fields: Mapping[str, str]
) -> tuple[PlanReply | None, Mapping[str, Text]]:
    """A clerk's form: the answer, or what is wrong with each field."""
    wrong: dict[str, Text] = {}
    said, reason = fields.get("antwoord", ""), fields.get("reden", "").strip()
    day = fields.get("dag", "").strip()
    if said not in ("akkoord", "weigeren", "andere-dag"):
        wrong["antwoord"] = _SAID
    elif said != "akkoord":
        if not 1 <= len(reason) <= REASON_CHARACTERS:
            wrong["reden"] = _WHY
        if said == "andere-dag" and not (
            day.isascii() and day.isdecimal() and 1 <= int(day[:3]) <= LAST_DAY
        ):
            wrong["dag"] = _DAY
    if wrong:
        return None, wrong
    flow = fields.get("stroom") or None
    if said == "akkoord":
        return PlanReply(plan=record, flow=flow, said="confirmed"), {}
    other = int(day) if said == "andere-dag" else None
    reply = PlanReply(plan=record, flow=flow, said="declined", reason=reason, proposed_day=other)
    return reply, {}
