"""`/wijk`: signals of households for one contact, one file with a stated purpose, exceptions.

The list names no household; a file opens after its purpose is stated, and the port logs it so that
the household sees who looked and what for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from fastapi import Path as PathParameter
from starlette.responses import Response

from node.desk.fields import BAD_AMOUNT, BAD_DATE, ENDS_EARLY, cents_of
from node.desk.proposals_sql import Kind
from node.district.district import PURPOSES, SCHEMES, NoPurposeError
from node.district.ports import DistrictPorts
from node.district.views import FileView, TailoringRequest
from node.portal.calendar_words import scheme_words
from node.portal.doors import page_route
from node.portal.pages import Pages
from node.portal.staff_pages import StaffPages
from node.portal.visits import Visits, to
from scheduler.folding.known import Text
from specs.errors import ValueFaultError
from specs.values import parse_date

HouseholdName = Annotated[str, PathParameter(pattern=r"^[A-Za-z0-9_-]{1,43}$")]
KINDS: Final[tuple[Kind, ...]] = ("tailoring",)
PARTS: Final = (("/wijk/voorstellen", "Voorstellen", "Proposals"),)
REASON_CHARACTERS: Final = 500
WHY: Final = Text("Schrijf waarom. Het huishouden leest dit.", "Write why. The household reads it.")
CHOOSE: Final = Text("Kies waarvoor u dit opent.", "Choose what you open this for.")
WHO: Final = Text("Kies voor wie het is.", "Choose whom it is for.")
SCHEME: Final = Text("Kies een regeling.", "Choose a scheme.")


class DistrictRoutes(StaffPages):
    """The social workers' pages of one node."""

    def __init__(self, district: DistrictPorts, pages: Pages, visits: Visits) -> None:
        super().__init__(pages, visits)
        self._district = district

    def router(self) -> APIRouter:
        """All routes under /wijk but the proposals."""
        router = APIRouter(
            prefix="/wijk", include_in_schema=False, route_class=page_route(self._visits)
        )
        router.add_api_route("", self.households, methods=["GET"])
        router.add_api_route("/huishouden/{household}", self.one, methods=["GET"])
        router.add_api_route("/huishouden/{household}", self.state, methods=["POST"])
        router.add_api_route("/huishouden/{household}/maatwerk", self.tailor, methods=["POST"])
        return router

    async def households(self, request: Request) -> Response:
        """Households with signals, the oldest first."""
        rows = await self.found(self._district.households.households)
        return self._page(request, "district.html", active="wijk", rows=rows)

    async def one(self, request: Request, household: HouseholdName) -> Response:
        """The file, or the question what it is opened for."""
        _, staff = self.staff(request)
        try:
            view = await self.found(self._district.households.file, staff, household)
        except NoPurposeError:
            return self._ask(request, household, {})
        return self._file(request, view, {}, {})

    async def state(self, request: Request, household: HouseholdName) -> Response:
        """State the purpose, and open the file."""
        fields = await self.form(request)
        _, staff = self.staff(request)
        purpose = fields.get("doel", "")
        if purpose not in {one.activity for one in PURPOSES}:
            return self._ask(request, household, {"doel": CHOOSE})
        await self.found(self._district.households.state, staff, household, purpose)
        return to(f"/wijk/huishouden/{household}")

    async def tailor(self, request: Request, household: HouseholdName) -> Response:
        """Propose an exception to a colleague."""
        fields = await self.form(request)
        _, staff = self.staff(request)
        try:
            view = await self.found(self._district.households.file, staff, household)
        except NoPurposeError:
            return self._ask(request, household, {})
        asked, wrong = read_tailoring(view, fields)
        if asked is None:
            return self._file(request, view, fields, wrong)
        await self.found(self._district.households.propose, staff, asked)
        return self.done("/wijk/voorstellen", "voorstel")

    def _ask(self, request: Request, household: str, wrong: Mapping[str, Text]) -> Response:
        return self._page(
            request, "district_purpose.html", household=household, purposes=PURPOSES, wrong=wrong,
            status=400 if wrong else 200,
        )  # fmt: skip

    def _file(
        self,
        request: Request,
        view: FileView,
        fields: Mapping[str, str],
        wrong: Mapping[str, Text],
    ) -> Response:
        schemes = [(name, scheme_words(name)) for name in SCHEMES]
        return self._page(
            request, "district_file.html", view=view, fields=fields, wrong=wrong, schemes=schemes,
            status=400 if wrong else 200,
        )  # fmt: skip

    def _page(self, request: Request, template: str, **values: Any) -> Response:
        return self.page(
            request, template, **{"active": "district", "parts": list(PARTS), **values}
        )


def read_tailoring(
    view: FileView, fields: Mapping[str, str]
) -> tuple[TailoringRequest | None, Mapping[str, Text]]:
    """A worker's form: the exception, or what is wrong with each field."""
    wrong: dict[str, Text] = {}
    person, scheme = fields.get("persoon", ""), fields.get("regeling", "")
    if person not in {who for who, _ in view.members}:
        wrong["persoon"] = WHO
    if scheme not in SCHEMES:
        wrong["regeling"] = SCHEME
    cents = cents_of(fields.get("bedrag", "").strip())
    if not cents:
        wrong["bedrag"] = BAD_AMOUNT
    since, until = _day(fields, "vanaf", wrong), None
    if fields.get("tot", "").strip():
        until = _day(fields, "tot", wrong)
    if since is None:
        wrong["vanaf"] = BAD_DATE
    elif until is not None and until <= since:
        wrong["tot"] = ENDS_EARLY
    reason = fields.get("reden", "").strip()
    if not 1 <= len(reason) <= REASON_CHARACTERS:
        wrong["reden"] = WHY
    if wrong or cents is None or since is None:
        return None, wrong
    return TailoringRequest(
        household=view.household, person=person, scheme=scheme, cents=cents, since=since,
        until=until, reason=reason,
    ), {}  # fmt: skip


def _day(fields: Mapping[str, str], name: str, wrong: dict[str, Text]) -> date | None:
    try:
        return parse_date(fields.get(name, "").strip())
    except ValueFaultError:
        wrong[name] = BAD_DATE
        return None
