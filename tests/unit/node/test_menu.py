"""The menu by who somebody is, the hub page, and that neither ever holds a dead link."""

from __future__ import annotations

import re
from dataclasses import replace

import httpx
import pytest

from node.portal.auth import Role, Session
from node.portal.menu import ARRANGED, HOUSEHOLD, STAFF, START, MenuLink, arranged, menu_of
from node.portal.surface import Surface
from tests.asgi import Browser
from tests.portal_sign_in import browser_of, sign_in
from tests.portal_surface import WHO, full_surface

VISIT = Session(id="i", csrf="c", born=0, seen=0)
LINK = re.compile(r'<a [^>]*href="(/[^"]*)"')
NAV = re.compile(r'<nav class="vd-nav".*?</nav>', re.DOTALL)
MAIN = re.compile(r"<main.*?</main>", re.DOTALL)


def everything(_path: str) -> bool:
    return True


def menu(session: Session | None, active: str = "") -> tuple[MenuLink, ...]:
    return menu_of(session, active, "nl", everything)


def signed_in(role: str, surface: Surface | None = None) -> Browser:
    browser = browser_of(surface or full_surface())
    label, page = WHO[role]
    sign_in(browser, label, page)
    return browser


def test_a_household_has_six_places_and_staff_their_own() -> None:
    own = menu(replace(VISIT, person="p", household="h"))
    assert [link.label for link in own] == [place.nl for place in HOUSEHOLD]
    roles: tuple[Role, ...] = ("toezicht", "wijk")
    staff = menu(replace(VISIT, staff="s", roles=roles))
    assert [link.href for link in staff] == [
        place.href for place in (START, *STAFF["toezicht"], *STAFF["wijk"])
    ]
    assert [link.href for link in menu(None)] == ["/", "/mijn"]
    assert [link.href for link in menu(replace(VISIT, person="p"))] == ["/"]


def test_a_page_is_marked_and_a_page_behind_the_hub_marks_the_hub() -> None:
    household = replace(VISIT, person="p", household="h")
    for active, marked in (("year", ("/mijn/jaar", "page")), ("arrange", ("/mijn/regelen", "page")),
                           ("missed", ("/mijn/regelen", "true"))):  # fmt: skip
        current = [(link.href, link.current) for link in menu(household, active) if link.current]
        assert current == [marked]
    keys = [key for place in HOUSEHOLD for key in place.keys]
    assert len(keys) == len(set(keys))  # no page marks two places


def test_only_what_the_node_offers_is_shown() -> None:
    household = replace(VISIT, person="p", household="h")
    shown = menu_of(household, "", "en", {"/mijn", "/mijn/jaar"}.__contains__)
    assert [link.label for link in shown] == ["This month", "My year"]
    assert [place.href for place in arranged({ARRANGED[2].href}.__contains__)] == [ARRANGED[2].href]


@pytest.mark.parametrize("role", sorted(WHO))
def test_every_link_of_the_menu_answers(role: str) -> None:
    browser = signed_in(role)
    page = browser.get("/").text
    (nav,) = NAV.findall(page)
    hrefs = LINK.findall(nav)
    assert len(hrefs) >= (5 if role in ("household", "toezicht") else 1)
    for href in hrefs:
        assert followed(browser, href).status_code == 200, href


def test_every_link_of_the_hub_answers_and_marks_the_hub() -> None:
    browser = signed_in("household")
    (main,) = MAIN.findall(browser.get("/mijn/regelen").text)
    hrefs = [href for href in LINK.findall(main) if not href.startswith("tel:")]
    assert "/mijn/misgelopen" in hrefs
    for href in hrefs:
        answer = followed(browser, href)
        assert answer.status_code == 200, href
        (nav,) = NAV.findall(answer.text)
        assert 'href="/mijn/regelen" aria-current="true"' in nav, href


def test_a_node_without_households_has_no_calendar_in_its_menu() -> None:
    bare = replace(full_surface(), calendars=None, people=None)
    (nav,) = NAV.findall(browser_of(bare).get("/").text)
    assert LINK.findall(nav) == ["/"]


def followed(browser: Browser, href: str) -> httpx.Response:
    """The page at an address of our own, behind at most one redirect."""
    answer = browser.get(href)
    return browser.get(answer.headers["location"]) if answer.status_code == 303 else answer
