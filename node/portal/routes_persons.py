"""`/balie/personen`: persons who do not fit whom we know; a decision takes two clerks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Request
from fastapi import Path as PathParameter
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from node.desk.person_views import MisfitView
from node.desk.proposals_sql import DecidedError
from node.errors import MismatchError, RefusedError
from node.portal.desk_pages import DeskPages
from node.portal.doors import page_route
from node.portal.routes_desk import RecordName
from scheduler.folding.known import Text

PATH: Final = "/balie/personen"
REASON_CHARACTERS: Final = 500
MemberName = Annotated[str, PathParameter(pattern=r"^[a-z0-9-]{1,63}$")]
WHY: Final = Text("Schrijf waarom u dit denkt.", "Write why you think so.")
CHOOSE: Final = Text("Kies wat u voorstelt.", "Choose what you propose.")
WAITS: Final = Text("Hierover wacht al een voorstel.", "A proposal about this waits already.")


class PersonsRoutes(DeskPages):
    """The pages of persons to decide about."""

    def router(self) -> APIRouter:
        """Their routes."""
        router = APIRouter(
            prefix=PATH, include_in_schema=False, route_class=page_route(self._visits)
        )
        router.add_api_route("", self.waiting, methods=["GET"])
        router.add_api_route("/samenvoeging", self.undo, methods=["POST"])
        router.add_api_route("/{member}/{record}", self.one, methods=["GET"])
        router.add_api_route("/{member}/{record}", self.propose, methods=["POST"])
        return router

    async def waiting(self, request: Request) -> Response:
        """What waits, and what was joined."""
        return await self._list(request, {})

    async def one(self, request: Request, member: MemberName, record: RecordName) -> Response:
        """One delivery beside whom we know."""
        return self._one(request, await self._view(member, record), {}, {})

    async def propose(self, request: Request, member: MemberName, record: RecordName) -> Response:
        """The same person, or another."""
        fields = await self.form(request)
        _, staff = self.staff(request)
        view = await self._view(member, record)
        said, reason = fields.get("wie", ""), fields.get("reden", "").strip()
        wrong: dict[str, Text] = {}
        if said not in ("zelfde", "ander"):
            wrong["wie"] = CHOOSE
        if not 1 <= len(reason) <= REASON_CHARACTERS:
            wrong["reden"] = WHY
        if not wrong:
            try:
                await run_in_threadpool(
                    self._desk.persons.propose, staff, member, record,
                    same=said == "zelfde", reason=reason,
                )  # fmt: skip
                return self.done("/balie/voorstellen", "voorstel")
            except (DecidedError, RefusedError):
                wrong["wie"] = WAITS
        return self._one(request, view, fields, wrong)

    async def undo(self, request: Request) -> Response:
        """Propose to undo a join."""
        fields = await self.form(request)
        _, staff = self.staff(request)
        reason, proposal = fields.get("reden", "").strip(), fields.get("samenvoeging", "")
        if not 1 <= len(reason) <= REASON_CHARACTERS:
            return await self._list(request, {f"reden-{proposal}": WHY})
        undoing = self._desk.persons.propose_undoing
        try:
            await self.found(undoing, staff, proposal, reason)
        except DecidedError:
            return await self._list(request, {f"reden-{proposal}": WAITS})
        return self.done("/balie/voorstellen", "voorstel")

    async def _view(self, member: str, record: str) -> MisfitView:
        try:
            return await self.found(self._desk.persons.misfit, member, record)
        except MismatchError as error:
            raise HTTPException(status_code=404) from error

    async def _list(self, request: Request, wrong: Mapping[str, Text]) -> Response:
        view = await self.found(self._desk.persons.waiting)
        status = 400 if wrong else 200
        return self.desk_page(request, "desk_persons.html", view=view, wrong=wrong, status=status)

    def _one(
        self,
        request: Request,
        view: MisfitView,
        fields: Mapping[str, str],
        wrong: Mapping[str, Text],
    ) -> Response:
        status = 400 if wrong else 200
        return self.desk_page(
            request, "desk_person.html", view=view, fields=fields, wrong=wrong, status=status
        )
