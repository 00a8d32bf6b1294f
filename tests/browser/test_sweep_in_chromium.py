"""Every page of every role, found by its route: a page that nobody put in a list is swept too.

The routes are those of the table route_roles.txt; what is no page of HTML stands in `NO_PAGE` with
the reason. For each page at two widths: WCAG 2.2 AA and best practice by axe, nothing on the
console, no violation of the policy, no sideways scroll; the wide one again at twice the size, and
the month as it is printed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Request

from tests.browser.conftest import served
from tests.browser.test_pages_in_chromium import LEVELS, SLOW_MACHINE_MILLISECONDS, WIDTHS
from tests.desk_views import PLAN, RECORD
from tests.portal_surface import WHO, full_surface
from tests.unit.node.test_route_roles import filled, table

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(300)]

ZOOMED = {"width": 640, "height": 450}  # 1280 at 200 % zoom
MONTH = "/mijn/maand/2026-01"
LEFT_BEHIND = "net::ERR_ABORTED"  # the visitor went on to the next page before it was there
NO_PAGE = {
    "/agenda/{token}.ics": "a calendar for a telephone",
    "/clockwork": "JSON",
    "/controleur": "a file to keep; test_verifier_in_chromium.py opens it",
    "/livez": "JSON",
    "/log/{path:path}": "the log's own formats",
    "/medewerkers/aanmelden/begin": "sends on to the provider",
    "/medewerkers/aanmelden/terug": "comes back from the provider",
    "/metrics": "text for machines",
    "/mijn/aanmelden/begin": "sends on to the provider",
    "/mijn/aanmelden/kiezen": "only between sign-in and a choice; test_pages_in_chromium.py",
    "/mijn/aanmelden/terug": "comes back from the provider",
    "/mijn/dossier/gegevens": "a file to keep",
    "/mijn/maand/{month}/brief": "a PDF",
    "/mijn/waarom/{scheme}/{month}/rekenstappen": "JSON",
    "/proefaanbieder/.well-known/openid-configuration": "JSON",
    "/proefaanbieder/aanmelden": "only with what a client asks; every sign-in here passes it",
    "/proefaanbieder/sleutels": "JSON",
    "/readyz": "JSON",
    "/static": "files",
    "/toezicht/vermelding/{n}/bewijs": "a file to keep",
    "/toezicht/verslag": "a PDF",
}  # fmt: skip
# Where the table's own sample shows nothing: an address that shows a page.
SAMPLES = {
    "/balie/bezwaren/{record}": f"/balie/bezwaren/{RECORD}",
    "/balie/herstel/{record}": f"/balie/herstel/{RECORD}",
    "/balie/herstel/{record}/gevolgen": f"/balie/herstel/{RECORD}/gevolgen",
    "/balie/plannen/{record}": f"/balie/plannen/{PLAN}",
    "/balie/personen/{member}/{record}": f"/balie/personen/uwv/{RECORD}",
    "/mijn/waarom/{scheme}/{month}": "/mijn/waarom/zorgtoeslag/2026-02",
}
OPEN_ALL = "document.querySelectorAll('details').forEach(d => { d.name = ''; d.open = true; })"
PAGES = sorted(
    (need, path)
    for (method, path), need in table().items()
    if method == "GET" and need != "token" and path not in NO_PAGE
)


@dataclass
class Visitor:
    """A browser of one role and width that keeps what it complains about."""

    page: Page
    told: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def whole() -> Iterator[str]:
    """A node that shows everything."""
    with served(full_surface) as address:
        yield address


@pytest.fixture(scope="module")
def visitors(chromium: Browser, whole: str) -> Iterator[dict[str, Visitor]]:
    """One signed-in visitor for each role; one browser for all."""
    found, contexts = {}, []
    for role in ("anyone", *WHO):
        context = chromium.new_context(base_url=whole, reduced_motion="reduce")
        context.set_default_timeout(SLOW_MACHINE_MILLISECONDS)
        contexts.append(context)
        found[role] = visitor_of(context)
        if role != "anyone":
            sign_in(found[role].page, *WHO[role])
    yield found
    for context in contexts:
        context.close()


def visitor_of(context: BrowserContext) -> Visitor:
    visitor = Visitor(context.new_page())
    visitor.page.on("console", lambda message: visitor.told.append(message.text))
    visitor.page.on("pageerror", lambda error: visitor.told.append(str(error)))

    def failed(request: Request) -> None:
        if request.failure != LEFT_BEHIND:
            visitor.told.append(request.url)

    visitor.page.on("requestfailed", failed)
    return visitor


def sign_in(page: Page, label: str, door: str) -> None:
    """By the link to the development provider."""
    page.goto(door)
    page.get_by_role("main").get_by_role("link", name="Aanmelden").click()
    page.locator("select").select_option(label=label)
    page.get_by_role("main").get_by_role("button", name="Aanmelden").click()


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_what_is_no_page_is_still_a_route() -> None:
    assert set(NO_PAGE) <= {path for _, path in table()}


@pytest.mark.parametrize(("need", "path"), PAGES)
def test_the_page_is_whole_at_every_size(
    visitors: dict[str, Visitor], need: str, path: str
) -> None:
    visitor = visitors[need]
    page, told = visitor.page, visitor.told
    told.clear()
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    answer = page.goto(address_of(path))
    assert answer is not None
    assert answer.status == 200, answer.status
    assert answer.headers["content-type"].startswith("text/html"), "add it to NO_PAGE"
    if path_of(page) != address_of(path):  # a step of a form, opened by its address: sent on
        assert path_of(page) in {address_of(each) for _, each in PAGES}
        return
    page.evaluate(OPEN_ALL)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        result = Axe().run(page, options=LEVELS)
        assert result.violations_count == 0, result.generate_report()
        assert fits(page), f"sideways scroll at {width}"
    assert page.locator("h1").count() == 1
    assert told == []


def address_of(path: str) -> str:
    """The route with its sample filled in."""
    return SAMPLES.get(path) or filled(path)


def path_of(page: Page) -> str:
    return urlsplit(page.url).path


@contextmanager
def zoomed(chromium: Browser, like: Visitor) -> Iterator[Page]:
    """The same visit on a screen of which every CSS pixel is two wide."""
    context = chromium.new_context(
        base_url=f"http://{urlsplit(like.page.url).netloc}",
        storage_state=like.page.context.storage_state(),
        viewport={"width": ZOOMED["width"], "height": ZOOMED["height"]},
        device_scale_factor=2,
    )
    context.set_default_timeout(SLOW_MACHINE_MILLISECONDS)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("role", ["anyone", *WHO])
def test_at_twice_the_size_nothing_scrolls_sideways(
    chromium: Browser, visitors: dict[str, Visitor], role: str
) -> None:
    visitors[role].page.goto("/")
    with zoomed(chromium, visitors[role]) as page:
        wide = []
        for need, path in PAGES:
            if need == role:
                page.goto(address_of(path))
                page.evaluate(OPEN_ALL)
                wide += [] if fits(page) else [path]
        assert wide == []


def test_the_month_as_it_is_printed(visitors: dict[str, Visitor]) -> None:
    page = visitors["household"].page
    page.goto(MONTH)
    page.emulate_media(media="print")
    assert not page.get_by_role("navigation", name="Hoofdmenu").is_visible()
    assert page.get_by_role("heading", name="Wat komt en wat gaat").is_visible()
    assert page.get_by_text("14 030").first.is_visible()
    page.set_viewport_size({"width": 720, "height": 1020})  # A4 with its margins, in CSS pixels
    assert fits(page)
    page.emulate_media(media="screen")


def test_a_decision_is_computed_again_on_the_auditors_page(visitors: dict[str, Visitor]) -> None:
    visitor = visitors["toezicht"]
    page = visitor.page
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.goto("/toezicht/narekenen")
        file = {"name": "besluit.json", "mimeType": "application/json", "buffer": b"{}"}
        page.get_by_label("Bestand van het besluit").set_input_files(file)  # type: ignore[arg-type]
        page.get_by_role("button", name="Narekenen").click()
        told = page.get_by_role("heading", name="Dit bestand konden we niet narekenen")
        assert told.is_visible()
        result = Axe().run(page, options=LEVELS)
        assert result.violations_count == 0, result.generate_report()
        assert fits(page)
