"""`/balie/machtigingen`: who may act for whom; two clerks register, one ends it at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from node.desk.fields import BAD_DATE, ENDS_EARLY
from node.desk.mandate_desk import KINDS
from node.desk.mandate_views import MandateRequest
from node.desk.ports import MandatePort
from node.errors import RefusedError
from node.portal.doors import page_route
from node.portal.pages import Pages
from node.portal.staff_pages import StaffPages
from node.portal.visits import Visits
from scheduler.folding.known import Text
from specs.errors import ValueFaultError
from specs.records import PersonRef
from specs.values import Bsn, parse_date

PATH: Final = "/balie/machtigingen"
TEXT_CHARACTERS: Final = 200
BAD_BSN: Final = Text("Dit is geen geldig BSN.", "This is not a valid BSN.")
NOBODY: Final = Text("Wij kennen niemand met dit BSN.", "We know nobody with this BSN.")
FILL: Final = Text("Vul dit in.", "Fill this in.")
SELF: Final = Text("Voor uzelf is geen machtiging nodig.", "Nobody needs a mandate for himself.")


class MandateRoutes(StaffPages):
    """The pages of mandates on a municipality's desk."""

    def __init__(
        self, mandates: MandatePort, parts: list[tuple[str, str, str]], pages: Pages, visits: Visits
    ) -> None:
        super().__init__(pages, visits)
        self._mandates = mandates
        self._parts = parts

    def router(self) -> APIRouter:
        """Their routes."""
        router = APIRouter(
            prefix=PATH, include_in_schema=False, route_class=page_route(self._visits)
        )
        router.add_api_route("", self.search, methods=["GET"])
        router.add_api_route("", self.find, methods=["POST"])
        router.add_api_route("/registreren", self.register, methods=["POST"])
        router.add_api_route("/beeindigen", self.end, methods=["POST"])
        return router

    async def search(self, request: Request) -> Response:
        """Whose mandates, and a new one."""
        return self._page(request)

    async def find(self, request: Request) -> Response:
        """Who may act for one person."""
        fields = await self.form(request)
        _, staff = self.staff(request)
        try:
            bsn = str(Bsn(fields.get("bsn", "").strip()))
        except ValueFaultError:
            return self._page(request, wrong={"bsn": BAD_BSN})
        view = await self.found_or_none(self._mandates.of_person, staff, bsn)
        if view is None:
            return self._page(request, wrong={"bsn": NOBODY})
        return self._page(request, view=view)

    async def register(self, request: Request) -> Response:
        """Propose a mandate to a colleague."""
        fields = await self.form(request)
        _, staff = self.staff(request)
        asked, wrong = read_mandate(fields)
        if asked is not None:
            try:
                await self.found(self._mandates.propose, staff, asked)
                return self.done("/balie/voorstellen", "voorstel")
            except RefusedError:
                wrong = {"houder-bsn": SELF}
        return self._page(request, fields=fields, wrong=wrong)

    async def end(self, request: Request) -> Response:
        """End one now."""
        fields = await self.form(request)
        _, staff = self.staff(request)
        reason = fields.get("reden", "").strip()
        if not 1 <= len(reason) <= TEXT_CHARACTERS:
            return self._page(request, wrong={"einde": FILL})
        record = fields.get("machtiging", "")
        if await self._ended(staff, record, reason):
            return self.done(PATH, "beeindigd")
        return self._page(request, wrong={"einde": NOBODY})

    async def _ended(self, staff: str, record: str, reason: str) -> bool:
        try:
            await self._mandates.end(staff, record, reason)
        except LookupError:
            return False
        return True

    def _page(self, request: Request, **values: Any) -> Response:
        values = {"view": None, "fields": {}, "wrong": {}, **values}
        return self.page(
            request, "desk_mandates.html", active="desk", parts=self._parts, kinds=KINDS,
            status=400 if values["wrong"] else 200, **values,
        )  # fmt: skip


def read_mandate(
    fields: Mapping[str, str],
) -> tuple[MandateRequest | None, Mapping[str, Text]]:
    """A clerk's form: the mandate, or what is wrong with each field."""
    wrong: dict[str, Text] = {}
    bsn, holder = (_bsn(fields, name, wrong) for name in ("voor-bsn", "houder-bsn"))
    since, born = (_day(fields, name, wrong) for name in ("vanaf", "houder-geboren"))
    until = _day(fields, "tot", wrong) if fields.get("tot", "").strip() else None
    if since is not None and until is not None and until <= since:
        wrong["tot"] = ENDS_EARLY
    surname, source = (fields.get(name, "").strip() for name in ("houder-naam", "bron"))
    for name, text in (("houder-naam", surname), ("bron", source)):
        if not 1 <= len(text) <= TEXT_CHARACTERS:
            wrong[name] = FILL
    if fields.get("soort") not in KINDS:
        wrong["soort"] = FILL
    if wrong or bsn is None or since is None:
        return None, wrong
    return MandateRequest(
        bsn=bsn, holder=PersonRef(bsn=holder, birth_date=born, surname=surname),
        kind=fields["soort"], since=since, until=until, source=source,
    ), {}  # fmt: skip


def _bsn(fields: Mapping[str, str], name: str, wrong: dict[str, Text]) -> str | None:
    try:
        return str(Bsn(fields.get(name, "").strip()))
    except ValueFaultError:
        wrong[name] = BAD_BSN
        return None


def _day(fields: Mapping[str, str], name: str, wrong: dict[str, Text]) -> date | None:
    try:
        return parse_date(fields.get(name, "").strip())
    except ValueFaultError:
        wrong[name] = BAD_DATE
        return None
