"""`/balie/herstel`: find an own record, say what is right or that it is withdrawn, and why.

A BSN is asked by a form and never stands in an address. Where an amount changes the form makes a
proposal for a second clerk (routes_proposals.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from node.desk.correction_views import CorrectionRequest, RecordView
from node.desk.fields import rewrite
from node.desk.proposals_sql import DecidedError
from node.errors import RefusedError
from node.portal.desk_pages import DeskPages
from node.portal.doors import page_route
from node.portal.routes_desk import RecordName
from node.portal.visits import to
from scheduler.folding.known import Text
from specs.errors import ValueFaultError
from specs.values import Bsn

PATH: Final = "/balie/herstel"
REASON_CHARACTERS: Final = 500
FIELD: Final = "veld."
BAD_BSN: Final = Text("Dit is geen geldig BSN.", "This is not a valid BSN.")
NOBODY: Final = Text("Wij kennen niemand met dit BSN.", "We know nobody with this BSN.")
WHY: Final = Text(
    "Schrijf waarom. Het huishouden leest dit.", "Write why. The household reads this."
)
CHOOSE: Final = Text("Kies wat er moet gebeuren.", "Choose what must happen.")
SAME: Final = Text(
    "U heeft niets veranderd. Verander een veld, of trek het bericht in.",
    "You changed nothing. Change a field, or withdraw the record.",
)
TAKEN: Final = Text(
    "Dit bericht is al teruggenomen, of er wacht een voorstel.",
    "This record was taken back, or a proposal waits.",
)


class CorrectRoutes(DeskPages):
    """The pages of correcting own records."""

    def router(self) -> APIRouter:
        """Their routes."""
        router = APIRouter(
            prefix=PATH, include_in_schema=False, route_class=page_route(self._visits)
        )
        router.add_api_route("", self.search, methods=["GET"])
        router.add_api_route("", self.find, methods=["POST"])
        router.add_api_route("/{record}", self.one, methods=["GET"])
        router.add_api_route("/{record}", self.correct, methods=["POST"])
        router.add_api_route("/{record}/gevolgen", self.consequences, methods=["GET"])
        return router

    async def search(self, request: Request) -> Response:
        """The form that asks whose record, or which."""
        return self._search(request, {}, None)

    async def find(self, request: Request) -> Response:
        """Own records of one person."""
        fields = await self.form(request)
        _, staff = self.staff(request)
        record = fields.get("bericht", "").strip()
        if record:
            known = len(record) == 43 and record.replace("-", "").replace("_", "").isalnum()
            if known and record.isascii():
                return to(f"{PATH}/{record}")
            wrong = Text("Dit is geen nummer van een bericht.", "This is no number of a record.")
            return self._search(request, {"bericht": wrong}, None)
        try:
            bsn = str(Bsn(fields.get("bsn", "").strip()))
            found = self._desk.corrections.find
            view = await self.found_or_none(found, staff, bsn)
        except ValueFaultError:
            return self._search(request, {"bsn": BAD_BSN}, None)
        if view is None:
            return self._search(request, {"bsn": NOBODY}, None)
        return self._search(request, {}, view)

    async def one(self, request: Request, record: RecordName) -> Response:
        """One own record as a form."""
        return self._form_page(request, await self._record(request, record), {}, {})

    async def correct(self, request: Request, record: RecordName) -> Response:
        """Withdraw it, or say what is right."""
        fields = await self.form(request)
        _, staff = self.staff(request)
        view = await self._record(request, record)
        asked, wrong = read_correction(view, fields)
        if asked is None:
            return self._form_page(request, view, fields, wrong)
        try:
            done = await self._desk.corrections.correct(staff, asked)
        except (DecidedError, RefusedError):
            return self._form_page(request, view, fields, {"wat": TAKEN})
        if done:
            return self.done(f"{PATH}/{record}/gevolgen", "hersteld")
        return self.done("/balie/voorstellen", "voorstel")

    async def consequences(self, request: Request, record: RecordName) -> Response:
        """What came of it."""
        view = await self.found(self._desk.corrections.consequences, record)
        return self.desk_page(request, "desk_consequences.html", view=view)

    async def _record(self, request: Request, record: str) -> RecordView:
        _, staff = self.staff(request)
        return await self.found(self._desk.corrections.record, staff, record)

    def _search(self, request: Request, wrong: Mapping[str, Text], view: object) -> Response:
        return self.desk_page(
            request, "desk_correct.html", wrong=wrong, view=view, status=400 if wrong else 200
        )

    def _form_page(
        self,
        request: Request,
        view: RecordView,
        given: Mapping[str, str],
        wrong: Mapping[str, Text],
    ) -> Response:
        return self.desk_page(
            request, "desk_record.html", view=view, given=given, wrong=wrong, prefix=FIELD,
            status=400 if wrong else 200,
        )  # fmt: skip


def read_correction(
    view: RecordView, fields: Mapping[str, str]
) -> tuple[CorrectionRequest | None, Mapping[str, Text]]:
    """A clerk's form: the request, or what is wrong with each field."""
    wrong: dict[str, Text] = {}
    what, reason = fields.get("wat", ""), fields.get("reden", "").strip()
    if not 1 <= len(reason) <= REASON_CHARACTERS:
        wrong["reden"] = WHY
    if what not in ("intrekken", "anders"):
        wrong["wat"] = CHOOSE
    given = {
        one.name: fields[FIELD + one.name].strip()
        for one in view.fields
        if fields.get(FIELD + one.name, one.value).strip() != one.value
    }
    if what == "anders":
        made = rewrite(view.version, given)
        wrong |= {FIELD + name: text for name, text in made.wrong.items()}
        if not given and not made.wrong:
            wrong["wat"] = SAME
    if wrong:
        return None, wrong
    withdraw = what == "intrekken"
    return CorrectionRequest(
        record=view.record, reason=reason, withdraw=withdraw, fields={} if withdraw else given
    ), {}
