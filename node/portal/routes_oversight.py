"""`/toezicht`: the ledger as an auditor sees it, and the verifier that anyone may take along.

What is shown was checked while it was read (oversight/reader.py); nothing personal stands here.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable
from datetime import date
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Query, Request
from fastapi import Path as PathParameter
from starlette.exceptions import HTTPException
from starlette.responses import Response

from ledger.errors import LedgerError
from ledger.formats import canonical
from node.oversight.reader import SAMPLE_MAX, proof_file
from node.oversight.report import report_pdf
from node.portal import verifier
from node.portal.doors import page_route
from node.portal.growth_chart import growth_chart
from node.portal.pages import Pages
from node.portal.surface import OversightPort
from node.portal.visits import Visits, to
from specs.errors import ValueFaultError
from specs.values import parse_date

ACTIVE: Final = {
    "oversight.html": "oversight",
    "oversight_entry.html": "oversight",
    "oversight_members.html": "members",
    "oversight_governance.html": "governance",
    "oversight_compare.html": "compare",
    "oversight_sample.html": "sample",
}
SAMPLE_USUAL: Final = 20
ENTRIES_MAX: Final = 2**53
SEED_FORM: Final = r"^[0-9A-Za-z-]{1,64}$"
Number = Annotated[int, PathParameter(ge=0, lt=ENTRIES_MAX)]
Found = TypeVar("Found")


class OversightRoutes:
    """The auditor's pages of one node."""

    def __init__(self, oversight: OversightPort, pages: Pages, visits: Visits) -> None:
        self._oversight = oversight
        self._pages = pages
        self._visits = visits

    def router(self) -> APIRouter:
        """All routes under /toezicht, and the verifier."""
        router = APIRouter(include_in_schema=False, route_class=page_route(self._visits))
        router.add_api_route("/toezicht", self.first, methods=["GET"])
        router.add_api_route("/toezicht/leden", self.members, methods=["GET"])
        router.add_api_route("/toezicht/bestuur", self.governance, methods=["GET"])
        router.add_api_route("/toezicht/vermelding", self.find, methods=["GET"])
        router.add_api_route("/toezicht/vermelding/{n}", self.entry, methods=["GET"])
        router.add_api_route("/toezicht/vermelding/{n}/bewijs", self.proof, methods=["GET"])
        router.add_api_route("/toezicht/vergelijken", self.compare, methods=["GET"])
        router.add_api_route("/toezicht/steekproef", self.sample, methods=["GET"])
        router.add_api_route("/toezicht/verslag", self.report, methods=["GET"])
        router.add_api_route("/controleur", self.verifier, methods=["GET"])
        return router

    async def first(self, request: Request) -> Response:
        """Integrity at a glance."""
        view = await _found(self._oversight.whole())
        chart = growth_chart(view.growth.days, language=self._visits.language(request))
        return self._page(request, "oversight.html", view=view, chart=chart)

    async def members(self, request: Request) -> Response:
        """Members, their keys and the life of each."""
        view = await _found(self._oversight.whole())
        return self._page(request, "oversight_members.html", view=view)

    async def governance(self, request: Request) -> Response:
        """Every governance entry."""
        view = await _found(self._oversight.whole())
        return self._page(request, "oversight_governance.html", view=view, shown=_shown)

    async def find(
        self, nummer: Annotated[int | None, Query(ge=0, lt=ENTRIES_MAX)] = None
    ) -> Response:
        """From the small form to an entry's own address."""
        return to("/toezicht" if nummer is None else f"/toezicht/vermelding/{nummer}")

    async def entry(self, request: Request, n: Number) -> Response:
        """One entry with its inclusion proof."""
        view = await _found(self._oversight.entry(n))
        return self._page(request, "oversight_entry.html", view=view, shown=_shown)

    async def proof(self, n: Number) -> Response:
        """The proof file that the verifier reads."""
        view = await _found(self._oversight.entry(n))
        whole = await _found(self._oversight.whole())
        return _download(
            proof_file(view, whole.head.policy), f"bewijs-{n}.json", "application/json"
        )

    async def compare(
        self, request: Request, van: str | None = None, tot: str | None = None
    ) -> Response:
        """The proof that the log only grew between two dates."""
        trouble, view = None, None
        if van is not None and tot is not None:
            try:
                view = await self._oversight.between(_date(van), _date(tot))
            except (LookupError, LedgerError) as error:
                trouble = str(error)
        return self._page(
            request, "oversight_compare.html", view=view, trouble=trouble, first=van, last=tot
        )

    async def sample(
        self,
        request: Request,
        aantal: Annotated[int | None, Query(ge=1, le=SAMPLE_MAX)] = None,
        zaad: Annotated[str | None, Query(pattern=SEED_FORM)] = None,
    ) -> Response:
        """Entries drawn by a seed, each checked now."""
        view = None
        if aantal is not None:
            view = await _found(self._oversight.sample(aantal, zaad or secrets.token_hex(8)))
        return self._page(
            request,
            "oversight_sample.html",
            view=view,
            count=aantal or SAMPLE_USUAL,
            count_max=SAMPLE_MAX,
        )

    async def report(self, request: Request) -> Response:
        """The report as PDF: figures, and how to get them again."""
        view = await _found(self._oversight.whole())
        language = self._visits.language(request)
        content = await report_pdf(self._pages, view, language)
        return _download(content, f"toezicht-{view.head.size}.pdf", "application/pdf")

    async def verifier(self) -> Response:
        """The verifier, to keep and to open away from this node."""
        answer = _download(verifier.content(), verifier.NAME, "text/html; charset=utf-8")
        answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # it is for anyone
        return answer

    def _page(self, request: Request, template: str, **values: Any) -> Response:
        session = self._visits.current(request)
        return self._pages.answer(
            template,
            language=self._visits.language(request),
            session=session,
            active=ACTIVE[template],
            **values,
        )


def _shown(value: object) -> str:
    """JSON for people: two spaces, Unicode as it is."""
    if isinstance(value, bytes):
        value = canonical.decode(value)
    return json.dumps(value, indent=2, ensure_ascii=False)


def _download(content: bytes, name: str, content_type: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=content_type, headers=headers)


def _date(text: str) -> date:
    try:
        return parse_date(text)
    except ValueFaultError as error:
        raise HTTPException(status_code=400) from error


async def _found(asked: Awaitable[Found]) -> Found:
    """The answer; what is not there is 404, a copy that cannot be shown now 503."""
    try:
        return await asked
    except LookupError as error:
        raise HTTPException(status_code=404) from error
    except LedgerError as error:
        raise HTTPException(status_code=503) from error
