"""The calendar feed: read back by the library, secret, revocable, silent unless asked."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from icalendar import Calendar, Component
from starlette.types import ASGIApp

from adapters.calendar_ics import feed
from node.feeds import Feed, feed_days, new_token, token_digest
from node.portal.calendar_views import MonthView
from node.portal.surface import Access, Surface
from node.stores.feeds_sql import FeedsSql
from specs.values import Month
from tests import node_drafts as drafts
from tests.asgi import Browser
from tests.browser.household_views import DE_VRIES, SampleCalendars, SamplePeople
from tests.node_desk import TestDesk
from tests.portal_sign_in import app_of, sign_in
from tests.portal_surface import full_surface

ADDRESS = re.compile(r'value="https://node\.test(/agenda/[A-Za-z0-9_-]{43}\.ics)"')


@dataclass
class Town:
    """The pages of one node over a real store of feeds."""

    feeds: FeedsSql
    people: SamplePeople
    now: float = 1_795_348_800.0
    calendars: SampleCalendars = field(default_factory=SampleCalendars)
    app: ASGIApp | None = None

    def surface(self) -> Surface:
        return full_surface(feeds=self.feeds, people=self.people, calendars=self.calendars)

    def browser(self) -> Browser:
        if self.app is None:
            self.app = app_of(self.surface(), now=lambda: self.now)
        return Browser(self.app, "https://node.test")


class MovingPeople(SamplePeople):
    """People of whom somebody may leave."""

    left = withdrawn = False

    def accesses(self, person: str) -> tuple[Access, ...]:
        found = () if self.left else super().accesses(person)
        return tuple(replace(one, joined=not self.withdrawn) for one in found)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    desk = TestDesk(tmp_path, "gm0344")
    yield Town(feeds=FeedsSql(desk.database), people=MovingPeople())
    desk.close()


@pytest.fixture
def own(town: Town) -> Browser:
    browser = town.browser()
    sign_in(browser, "De Vries")
    return browser


def send(browser: Browser, **fields: str) -> str:
    """Send the form of the page; answers the page."""
    answer = browser.post("/mijn/agenda", {"csrf": browser.csrf_of("/mijn/agenda"), **fields})
    assert answer.status_code == 200, answer.text
    return answer.text


def made(browser: Browser, **fields: str) -> str:
    """Make a feed; answers its path."""
    found = ADDRESS.search(send(browser, doe="maak", **fields))
    assert found is not None
    return found[1]


def events(content: bytes) -> list[Component]:
    return list(Calendar.from_ical(content).walk("VEVENT"))


def test_without_being_asked_it_says_pay_date_and_nothing_more(town: Town, own: Browser) -> None:
    path = made(own)
    answer = town.browser().get(path)  # without any cookie
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(answer.content)
    assert (calendar["version"], calendar["method"]) == ("2.0", "PUBLISH")
    assert calendar["refresh-interval"].params["VALUE"] == "DURATION"
    assert calendar["refresh-interval"].dt == timedelta(days=1)
    found = events(answer.content)
    assert {str(one["summary"]) for one in found} == {"Betaaldag"}
    assert date(2026, 1, 23) in {one["dtstart"].dt for one in found}
    assert all(one["dtstart"].params["VALUE"] == "DATE" for one in found)
    for told in ("€", "Woonstad", "Vries", "UWV", "DESCRIPTION"):
        assert told not in answer.text


def test_with_amounts_when_the_household_asks(town: Town, own: Browser) -> None:
    path = made(own, bedragen="ja")
    (pay,) = [
        one for one in events(town.browser().get(path).content)
        if one["dtstart"].dt == date(2026, 1, 23)
    ]  # fmt: skip
    # Sums of the sample's lines of 23 January: 1.312,00 + 129,00 + 314,33 in, 650,00 out.
    assert str(pay["summary"]) == "Betaaldag, €\u00a01.755,33 erbij, €\u00a0650,00 eraf"
    assert "Huur van Woonstad: €\u00a0650,00 eraf" in str(pay["description"])
    send(own, doe="kies")  # the box not ticked
    assert "€" not in town.browser().get(path).text
    send(own, doe="kies", bedragen="ja")
    assert "€" in town.browser().get(path).text


def test_lines_are_folded_and_ended_as_the_standard_says(town: Town, own: Browser) -> None:
    content = town.browser().get(made(own, bedragen="ja")).content
    # RFC 5545, 3.1: CRLF, and no line of more than 75 octets.
    assert content.endswith(b"\r\n")
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert max(len(line) for line in content.split(b"\r\n")) <= 75


def test_texts_are_escaped() -> None:
    month = SampleCalendars().month_view(DE_VRIES, Month(2026, 1))
    odd = replace(month.lines[0], what_nl="Huur; A,B\\C\nBEGIN:VALARM")
    view = replace(month, lines=(odd,))
    content = feed(
        "n", feed_days([view], a_feed(amounts=True), "gm0344"),
        sequence=0, modified=0, language="nl",
    )  # fmt: skip
    (one,) = [each for each in events(content) if "Huur" in str(each.get("description", ""))]
    assert str(one["description"]).startswith("Huur; A,B\\C\nBEGIN:VALARM")
    assert b"\r\nBEGIN:VALARM" not in content


def a_feed(**changes: object) -> Feed:
    fields: dict[str, object] = {
        "household": DE_VRIES, "person": "p", "mandate": None, "amounts": False,
        "language": "nl", "made_on": date(2026, 1, 15),
    }  # fmt: skip
    return Feed(**(fields | changes))  # type: ignore[arg-type]


def test_a_long_household_has_each_day_once_and_stable_ids() -> None:
    month = SampleCalendars().month_view(DE_VRIES, Month(2026, 1))
    views: list[MonthView] = []
    for n in range(60):
        here = Month(2026, 1).plus(n)
        days = [here.first_day + timedelta(days=place % 28) for place in range(200)]
        lines = tuple(
            replace(month.lines[place % len(month.lines)], day=day)
            for place, day in enumerate(days)
        )
        views.append(
            replace(month, month=here, pay_date=here.first_day.replace(day=23), lines=lines)
        )
    plain, rich = (feed_days(views, a_feed(amounts=asked), "gm0344") for asked in (False, True))
    assert len(plain) == 60
    assert len(rich) == len({one.uid for one in rich}) == 60 * 28
    assert [one.day for one in rich] == sorted(one.day for one in rich)
    moved = [replace(one, pay_date=one.month.first_day.replace(day=21)) for one in views]
    again = feed_days(moved, a_feed(), "gm0344")
    assert [one.uid for one in again] == [one.uid for one in plain]  # the day moved, not the event
    other = feed_days(views, a_feed(household="huishouden-twee"), "gm0344")
    assert not {one.uid for one in other} & {one.uid for one in plain}


def test_a_change_raises_the_number_and_the_moment_and_nothing_else_does(
    town: Town, own: Browser
) -> None:
    path = made(own)
    first = town.browser().get(path)
    town.now += 600
    again = town.browser().get(path)
    assert again.content == first.content
    assert again.headers["etag"] == first.headers["etag"]
    assert {int(one["sequence"]) for one in events(first.content)} == {0}
    send(own, doe="kies", bedragen="ja")
    changed = town.browser().get(path)
    assert changed.headers["etag"] != first.headers["etag"]
    assert {int(one["sequence"]) for one in events(changed.content)} == {1}
    moments = {one["last-modified"].dt.timestamp() for one in events(changed.content)}
    assert moments == {town.now}
    assert changed.headers["last-modified"] != first.headers["last-modified"]


def test_who_has_it_gets_304_and_no_shared_cache_keeps_it(town: Town, own: Browser) -> None:
    path = made(own)
    answer = town.browser().get(path)
    assert "private" in answer.headers["cache-control"]
    tag, moment = answer.headers["etag"], answer.headers["last-modified"]
    for headers, status in (
        ({"if-none-match": tag}, 304),
        ({"if-none-match": f'"x", W/{tag}'}, 304),
        ({"if-none-match": '"x"', "if-modified-since": moment}, 200),
        ({"if-modified-since": moment}, 304),
        ({"if-modified-since": "yesterday"}, 200),
    ):
        found = town.browser().ask("GET", path, headers=headers)
        assert found.status_code == status, headers
        assert bool(found.content) == (status == 200)


def test_a_token_that_is_none_opens_nothing(town: Town, own: Browser) -> None:
    path = made(own)
    token = path.removeprefix("/agenda/").removesuffix(".ics")
    wrong = ("B" if token[0] == "A" else "A") + token[1:]
    visitor = town.browser()
    paths = [
        f"/agenda/{wrong}.ics", f"/agenda/{token[:-1]}.ics", f"/agenda/{token}", "/agenda/.ics",
        f"/agenda/{token_digest(token)}.ics", f"/agenda/{token}x.ics", f"/agenda/{'A' * 43}.ics",
    ]  # fmt: skip
    for each in paths:
        assert visitor.get(each).status_code in (400, 404), each
    assert visitor.get(path).status_code == 200


def test_renewing_ends_the_old_address_and_stopping_ends_all(town: Town, own: Browser) -> None:
    old = made(own)
    uids = {str(one["uid"]) for one in events(town.browser().get(old).content)}
    new = made(own)
    assert new != old
    assert town.browser().get(old).status_code == 404
    assert {str(one["uid"]) for one in events(town.browser().get(new).content)} == uids
    send(own, doe="stop")
    assert town.browser().get(new).status_code == 404
    assert "Maak een adres" in own.get("/mijn/agenda").text


def test_the_address_is_shown_once(own: Browser) -> None:
    path = made(own)
    assert path not in own.get("/mijn/agenda").text
    assert "/agenda/" not in own.get("/mijn/agenda").text.replace("/mijn/agenda", "")


def test_who_left_the_household_has_a_feed_no_more(town: Town, own: Browser) -> None:
    path = made(own)
    assert isinstance(town.people, MovingPeople)
    town.people.left = True
    assert town.browser().get(path).status_code == 404
    town.people.left = False  # coming back does not bring an old secret back
    assert town.browser().get(path).status_code == 404


def test_who_withdrew_has_a_feed_no_more_and_makes_none(town: Town, own: Browser) -> None:
    path = made(own)
    assert isinstance(town.people, MovingPeople)
    town.people.withdrawn = True
    assert town.browser().get(path).status_code == 404
    later = town.browser()
    sign_in(later, "De Vries")
    assert later.get("/mijn/agenda").headers["location"] == "/mijn"


def test_a_feed_by_a_mandate_ends_with_it(town: Town) -> None:
    standing, ended = new_token(), new_token()
    town.feeds.put(token_digest(standing), a_feed(person="persoon-zorg", mandate="M" * 43))
    town.feeds.put(token_digest(ended), a_feed(person="persoon-vries", mandate="E" * 43))
    assert town.browser().get(f"/agenda/{standing}.ics").status_code == 200
    assert town.browser().get(f"/agenda/{ended}.ics").status_code == 404
    assert town.feeds.find(token_digest(ended)) is None


def test_a_forged_form_changes_nothing(own: Browser, town: Town) -> None:
    path = made(own)
    for csrf in ("", "forged"):
        assert own.post("/mijn/agenda", {"csrf": csrf, "doe": "stop"}).status_code == 403
    assert town.browser().get(path).status_code == 200
    answer = own.post("/mijn/agenda", {"csrf": own.csrf_of("/mijn/agenda"), "doe": "wat"})
    assert answer.status_code == 400


def test_the_token_is_in_no_log_line_and_in_no_table(
    town: Town, own: Browser, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    with caplog.at_level(logging.DEBUG):
        path = made(own)
        token = path.removeprefix("/agenda/").removesuffix(".ics")
        town.browser().get(path)
        town.browser().get(path + "x")
        send(own, doe="stop")
        town.browser().get(path)
    ours = [one for one in caplog.records if one.name.startswith("vastedag")]
    assert any("/agenda/{token}.ics" in one.getMessage() for one in ours)
    assert not [one for one in ours if token in one.getMessage() or token in str(one.args)]
    for file in tmp_path.iterdir():
        assert token.encode() not in file.read_bytes()


def test_it_tells_english_when_it_was_made_in_english(town: Town, own: Browser) -> None:
    own.get("/mijn/agenda?taal=en")
    path = made(own)
    found = events(town.browser().get(path).content)
    assert {str(one["summary"]) for one in found} == {"Pay date"}


def test_an_erased_person_leaves_no_feed(tmp_path: Path) -> None:
    desk = TestDesk(tmp_path, "gm0344")
    desk.record(drafts.move())
    desk.follow()
    anna = desk.subject(drafts.ANNA) or ""
    feeds = FeedsSql(desk.database)
    feeds.put("d1", a_feed(household=anna, person="other"))
    feeds.put("d2", a_feed(household="other", person=anna))
    feeds.put("d3", a_feed(household="other", person="other"))
    with desk.database.write() as connection:
        desk.records.erase(connection, anna)
    assert [feeds.find(digest) is None for digest in ("d1", "d2", "d3")] == [True, True, False]


def test_a_token_has_256_bits() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert {len(token) for token in tokens} == {43}  # 32 bytes in base64url
