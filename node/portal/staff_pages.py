"""What all pages of staff share: who is there, a checked form, a page, what is not there.

Which role may come in is told by doors.py; every method here takes it from there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from node.portal.auth import Session, SignInError, check_form
from node.portal.pages import Pages
from node.portal.visits import Visits, form_of, to
from scheduler.folding.known import Text

FIELDS_MAX: Final = 60
DONE: Final = "gedaan"
Found = TypeVar("Found")


class StaffPages:
    """One node's pages of staff."""

    def __init__(self, pages: Pages, visits: Visits) -> None:
        self._pages = pages
        self._visits = visits

    def staff(self, request: Request) -> tuple[Session, str]:
        """The visit and the keyed id of the employee; raises HTTPException 403."""
        session = self._visits.current(request)
        if session is None or session.staff is None:
            raise HTTPException(status_code=403)  # doors.py let nobody else in
        return session, session.staff

    async def form(self, request: Request) -> Mapping[str, str]:
        """The fields of a form that this visit handed out; raises HTTPException 403."""
        session, _ = self.staff(request)
        fields = await form_of(request, fields_max=FIELDS_MAX)
        try:
            check_form(session, fields.get("csrf", ""))
        except SignInError as error:
            raise HTTPException(status_code=403) from error
        return fields

    def page(self, request: Request, template: str, *, active: str, **values: Any) -> Response:
        """A page of this employee. `done` tells what was just done, by the word in the address."""
        session, _ = self.staff(request)
        status = values.pop("status", 200)
        return self._pages.answer(
            template,
            language=session.language,
            session=session,
            active=active,
            status=status,
            done=_TOLD.get(request.query_params.get(DONE, "")),
            **{"trouble": None, **values},
        )

    @staticmethod
    def done(path: str, word: str) -> Response:
        """On to a page that tells what was done."""
        return to(f"{path}?{DONE}={word}")

    @staticmethod
    async def found(ask: Callable[..., Found], *arguments: Any) -> Found:
        """Ask in a thread; what is not there answers 404, whoever it belongs to."""
        try:
            return await run_in_threadpool(ask, *arguments)
        except LookupError as error:
            raise HTTPException(status_code=404) from error

    @staticmethod
    async def found_or_none(ask: Callable[..., Found], *arguments: Any) -> Found | None:
        """Ask in a thread; None for what is not there."""
        try:
            return await run_in_threadpool(ask, *arguments)
        except LookupError:
            return None


_TOLD: Final[Mapping[str, Text]] = {
    "antwoord": Text("Uw antwoord is vastgelegd.", "Your answer is recorded."),
    "voorstel": Text(
        "Uw voorstel staat klaar. Een collega beslist erover.",
        "Your proposal is ready. A colleague decides on it.",
    ),
    "besluit": Text("Uw besluit is vastgelegd.", "Your decision is recorded."),
    "geweigerd": Text("U heeft het voorstel afgewezen.", "You refused the proposal."),
    "hersteld": Text("Het herstel is vastgelegd.", "The correction is recorded."),
    "gemachtigd": Text("De machtiging is vastgelegd.", "The mandate is recorded."),
    "beeindigd": Text("De machtiging is beëindigd.", "The mandate has ended."),
}
