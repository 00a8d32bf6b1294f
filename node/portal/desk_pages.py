"""What the desk's pages share: their own menu, and the log of readings.

Personal content is shown only after `looked`: then the household sees on `/mijn/wie-keek` that an
employee of this member read it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from node.desk.ports import DeskPorts
from node.portal.pages import Pages
from node.portal.staff_pages import StaffPages
from node.portal.surface import LookedPort
from node.portal.visits import Visits

ACTIVITY: Final = "inzage-balie"  # specs/processing.yaml
EVERYBODY: Final = (
    ("/balie/post", "Post", "Post"),
    ("/balie/problemen", "Problemen", "Problems"),
    ("/balie/plannen", "Plannen", "Plans"),
    ("/balie/toestand", "Toestand", "State"),
)


class DeskPages(StaffPages):
    """Pages of one node's desk."""

    def __init__(self, desk: DeskPorts, looked: LookedPort, pages: Pages, visits: Visits) -> None:
        super().__init__(pages, visits)
        self._desk = desk
        self._looked = looked

    def desk_page(self, request: Request, template: str, **values: Any) -> Response:
        """A page of the desk with its own menu."""
        return self.page(
            request, template, **{"active": "desk", "parts": list(self._parts()), **values}
        )

    async def looked(self, subjects: Collection[str]) -> None:
        """Log that an employee reads of these persons; durable before anything is shown."""
        await run_in_threadpool(self._looked.record, ACTIVITY, subjects)

    def _parts(self) -> tuple[tuple[str, str, str], ...]:
        return EVERYBODY
