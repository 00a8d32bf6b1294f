"""Proposals of one clerk, decided by another: the same pages at the desk and for social workers.

Whoever proposed may take his own proposal back; he cannot agree to it (SameClerkError).
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from fastapi import Path as PathParameter
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from node.desk.ports import ProposalPort
from node.desk.proposals_sql import DecidedError, Kind, SameClerkError
from node.errors import RefusedError
from node.portal.doors import page_route
from node.portal.pages import Pages
from node.portal.staff_pages import StaffPages
from node.portal.visits import Visits
from scheduler.folding.known import Text

ProposalName = Annotated[str, PathParameter(pattern=r"^[A-Za-z0-9_-]{43}$")]
WHY_CHARACTERS: Final = 500
SAME: Final = Text(
    "U deed dit voorstel zelf. Een collega besluit erover.",
    "You proposed this yourself. A colleague decides on it.",
)
DECIDED: Final = Text("Hierover is al besloten.", "This was decided already.")
REFUSED: Final = Text(
    "Dit kan niet meer worden vastgelegd. Kijk wat er veranderd is.",
    "This can no longer be recorded. See what has changed.",
)
WHY: Final = Text("Schrijf waarom u het afwijst.", "Write why you refuse it.")
CHOOSE: Final = Text("Kies wat u besluit.", "Choose what you decide.")


class ProposalRoutes(StaffPages):
    """The pages of one role's proposals, under `base`."""

    def __init__(
        self,
        proposals: ProposalPort,
        kinds: tuple[Kind, ...],
        base: str,
        pages: Pages,
        visits: Visits,
        **shared: Any,
    ) -> None:
        """shared: what every page of this role is given."""
        super().__init__(pages, visits)
        self._proposals = proposals
        self._kinds = kinds
        self._base = base
        self._shared = shared

    def router(self) -> APIRouter:
        """Its routes."""
        router = APIRouter(
            prefix=self._base, include_in_schema=False, route_class=page_route(self._visits)
        )
        router.add_api_route("/voorstellen", self.waiting, methods=["GET"])
        router.add_api_route("/voorstellen/{proposal}", self.one, methods=["GET"])
        router.add_api_route("/voorstellen/{proposal}", self.decide, methods=["POST"])
        return router

    async def waiting(self, request: Request) -> Response:
        """The list, without persons."""
        _, staff = self.staff(request)
        rows = await self.found(self._proposals.waiting, staff, self._kinds)
        return self._page(request, "proposals.html", rows=rows)

    async def one(self, request: Request, proposal: ProposalName) -> Response:
        """One proposal."""
        return await self._one(request, proposal, None, 200)

    async def decide(self, request: Request, proposal: ProposalName) -> Response:
        """Agree or refuse."""
        fields = await self.form(request)
        _, staff = self.staff(request)
        said, why = fields.get("besluit", ""), fields.get("waarom", "").strip()
        if said not in ("akkoord", "afwijzen"):
            return await self._one(request, proposal, CHOOSE, 400)
        if said == "afwijzen" and not 1 <= len(why) <= WHY_CHARACTERS:
            return await self._one(request, proposal, WHY, 400)
        try:
            if said == "akkoord":
                await self._proposals.agree(staff, proposal, self._kinds)
            else:
                await run_in_threadpool(self._proposals.refuse, staff, proposal, why, self._kinds)
        except LookupError as error:
            raise HTTPException(status_code=404) from error
        except SameClerkError:
            return await self._one(request, proposal, SAME, 403)
        except DecidedError:
            return await self._one(request, proposal, DECIDED, 409)
        except RefusedError:
            return await self._one(request, proposal, REFUSED, 409)
        word = "besluit" if said == "akkoord" else "geweigerd"
        return self.done(f"{self._base}/voorstellen", word)

    async def _one(
        self, request: Request, proposal: str, trouble: Text | None, status: int
    ) -> Response:
        _, staff = self.staff(request)
        view = await self.found(self._proposals.proposal, staff, proposal, self._kinds)
        return self._page(request, "proposal.html", view=view, trouble=trouble, status=status)

    def _page(self, request: Request, template: str, **values: Any) -> Response:
        return self.page(request, template, base=self._base, **self._shared, **values)
