"""The calendar feed: `/mijn/agenda` to make, renew, change and stop it; `/agenda/<token>.ics`.

The token is the only key to the feed, and is shown once. It stands in an address because calendar
programs know no other way, so no log line of ours holds one (guard.py), and each fetch asks again
whether its maker may still see the household. Anything else answers 404, the same for all.
"""

from __future__ import annotations

import hashlib
from contextlib import nullcontext
from email.utils import formatdate, parsedate_to_datetime
from typing import Annotated, Final

from fastapi import APIRouter, Request
from fastapi import Path as PathParameter
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from adapters.calendar_ics import CONTENT_TYPE, feed
from node.feeds import NAME, Feed, feed_days, new_token, token_digest
from node.portal.auth import Session, SignInError, check_form
from node.portal.doors import page_route
from node.portal.pages import Pages
from node.portal.surface import CalendarPort, FeedsPort, PeoplePort, Surface
from node.portal.visits import Visits, form_of, to
from specs.canonical import digest_of
from specs.values import Month

FETCHING: Final = "inzage-agenda"  # the processing activity
MONTHS_BEFORE: Final = 1
MONTHS_AHEAD: Final = 12
CACHE: Final = "private, no-cache"  # kept by the asker alone, and asked for again each time
Token = Annotated[str, PathParameter(pattern=r"^[A-Za-z0-9_-]{43}$")]


class FeedRoutes:
    """The feed of one node's households."""

    def __init__(
        self,
        surface: Surface,
        calendars: CalendarPort,
        feeds: FeedsPort,
        people: PeoplePort,
        pages: Pages,
        visits: Visits,
    ) -> None:
        self._surface = surface
        self._calendars = calendars
        self._feeds = feeds
        self._people = people
        self._pages = pages
        self._visits = visits

    def router(self) -> APIRouter:
        """The page, and the feed itself."""
        router = APIRouter(include_in_schema=False, route_class=page_route(self._visits))
        router.add_api_route("/mijn/agenda", self.page, methods=["GET"])
        router.add_api_route("/mijn/agenda", self.change, methods=["POST"])
        router.add_api_route("/agenda/{token}.ics", self.fetch, methods=["GET", "HEAD"])
        return router

    async def page(self, request: Request) -> Response:
        """What there is, and what can be done with it."""
        session, household, person = self._whose(request)
        if not session.joined:
            return to("/mijn")  # no pay date, so nothing to put in a calendar
        found = await run_in_threadpool(self._feeds.of, household, person)
        return self._page(session, found)

    async def change(self, request: Request) -> Response:
        """Make or renew (the address is on this one answer), choose what it tells, or stop it."""
        session, household, person = self._whose(request)
        fields = await form_of(request)
        try:
            check_form(session, fields.get("csrf", ""))
        except SignInError as error:
            raise HTTPException(status_code=403) from error
        wish, amounts = fields.get("doe", ""), fields.get("bedragen") == "ja"
        if wish == "stop":
            await run_in_threadpool(self._feeds.drop, household, person)
            return self._page(session, None, done="stopped")
        if wish == "kies":
            await run_in_threadpool(self._feeds.choose, household, person, amounts=amounts)
            found = await run_in_threadpool(self._feeds.of, household, person)
            return self._page(session, found, done="chosen" if found else "")
        if wish != "maak":
            raise HTTPException(status_code=400)
        if not session.joined:
            return to("/mijn")
        made = Feed(
            household=household, person=person, mandate=session.mandate, amounts=amounts,
            language=session.language, made_on=self._surface.today(),
        )  # fmt: skip
        before = await run_in_threadpool(self._feeds.of, household, person)
        token = new_token()
        await run_in_threadpool(self._feeds.put, token_digest(token), made)
        address = f"{self._surface.public_url.rstrip('/')}/agenda/{token}.ics"
        return self._page(session, made, address=address, done="renewed" if before else "made")

    async def fetch(self, request: Request, token: Token) -> Response:
        """The calendar; 304 when the asker has it."""
        digest = token_digest(token)
        found = await run_in_threadpool(self._allowed, digest)
        if found is None:
            raise HTTPException(status_code=404)
        looked = self._visits.looked
        persons = {found.household} if found.mandate else {found.household, found.person}
        async with nullcontext() if looked is None else looked.looking(FETCHING, persons):
            content, modified = await run_in_threadpool(self._calendar, digest, found)
        etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        headers = {
            "ETag": etag,
            "Last-Modified": formatdate(modified, usegmt=True),
            "Cache-Control": CACHE,
            "Content-Disposition": 'inline; filename="betaaldagen.ics"',
            "X-Robots-Tag": "noindex",
        }
        if _has_it(request, etag, modified):
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=CONTENT_TYPE, headers=headers)

    def _allowed(self, digest: str) -> Feed | None:
        """The feed of a token whose maker may still see the household; else it is no more."""
        found = self._feeds.find(digest)
        if found is None:
            return None
        for access in self._people.accesses(found.person):
            same = (access.household, access.mandate) == (found.household, found.mandate)
            if same and access.joined:
                return found
        self._feeds.drop(found.household, found.person)
        return None

    def _calendar(self, digest: str, found: Feed) -> tuple[bytes, int]:
        """The feed's bytes, and when they last changed (seconds); raises 404 when it ended."""
        now = Month.of(self._surface.today())
        months = [now.plus(step) for step in range(-MONTHS_BEFORE, MONTHS_AHEAD)]
        try:
            views = [self._calendars.month_view(found.household, month) for month in months]
            days = feed_days(views, found, self._surface.member)
            told = digest_of(
                [[day.uid, str(day.day), day.summary, day.description] for day in days]
            )
            sequence, modified = self._feeds.number(digest, told, self._visits.now())
        except LookupError as error:
            raise HTTPException(status_code=404) from error
        language = found.language
        name = NAME[language]
        return (
            feed(name, days, sequence=sequence, modified=modified, language=language),
            modified,
        )

    def _whose(self, request: Request) -> tuple[Session, str, str]:
        session = self._visits.current(request)
        if session is None or session.household is None or session.person is None:
            raise HTTPException(status_code=403)  # doors.py let nobody else in
        return session, session.household, session.person

    def _page(
        self, session: Session, found: Feed | None, *, address: str = "", done: str = ""
    ) -> Response:
        return self._pages.answer(
            "feed.html",
            language=session.language,
            session=session,
            active="feed",
            feed=found,
            address=address,
            open_address=address.replace("https://", "webcal://").replace("http://", "webcal://"),
            done=done,
        )


def _has_it(request: Request, etag: str, modified: int) -> bool:
    """RFC 9110, 13.2.2: If-None-Match decides where it is sent, If-Modified-Since otherwise."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        weak = [tag.strip().removeprefix("W/") for tag in tags.split(",")]
        return etag in weak or tags.strip() == "*"
    since = request.headers.get("if-modified-since")
    if since is None:
        return False
    try:
        return modified <= int(parsedate_to_datetime(since).timestamp())
    except (TypeError, ValueError):
        return False
