"""What the desk's pages share: their own menu. The ports log whose content they open."""

from __future__ import annotations

from typing import Any, Final

from fastapi import Request
from starlette.responses import Response

from node.desk.ports import DeskPorts
from node.desk.proposals_sql import Kind
from node.portal.pages import Pages
from node.portal.staff_pages import StaffPages
from node.portal.visits import Visits

DESK_KINDS: Final[tuple[Kind, ...]] = (
    "correction", "join", "other_person", "unjoin", "contest", "mandate",
)  # fmt: skip
EVERYBODY: Final = (
    ("/balie/post", "Post", "Post"),
    ("/balie/problemen", "Problemen", "Problems"),
    ("/balie/plannen", "Plannen", "Plans"),
    ("/balie/personen", "Personen", "Persons"),
    ("/balie/herstel", "Herstellen", "Correct"),
    ("/balie/bezwaren", "Bezwaren", "Contests"),
    ("/balie/voorstellen", "Voorstellen", "Proposals"),
    ("/balie/toestand", "Toestand", "State"),
)


class DeskPages(StaffPages):
    """Pages of one node's desk."""

    def __init__(self, desk: DeskPorts, pages: Pages, visits: Visits) -> None:
        super().__init__(pages, visits)
        self._desk = desk

    def desk_page(self, request: Request, template: str, **values: Any) -> Response:
        """A page of the desk with its own menu."""
        return self.page(
            request, template, **{"active": "desk", "parts": list(desk_parts(self._desk)), **values}
        )


def desk_parts(desk: DeskPorts) -> tuple[tuple[str, str, str], ...]:
    """The desk's own menu: address, Dutch and English name."""
    if desk.mandates is None:
        return EVERYBODY
    return (*EVERYBODY, ("/balie/machtigingen", "Machtigingen", "Mandates"))
