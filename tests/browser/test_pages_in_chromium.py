"""Every page at two widths: WCAG 2.2 AA by axe, no console or policy errors, no sideways scroll."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

WIDTHS = (1280, 320)
SLOW_MACHINE_MILLISECONDS = 90_000
MONTH = "/mijn/maand/2026-01"
PUBLIC = ("/", "/toegankelijkheid", "/mijn/aanmelden", "/medewerkers/aanmelden")
OWN = (
    MONTH,
    "/mijn/maand/2026-03",
    f"{MONTH}/rooster",
    "/mijn/waarom/zorgtoeslag/2026-02",
    "/mijn/wijzigingen/2026-01",
    "/mijn/jaar",
    "/mijn/misgelopen",
    "/mijn/dossier",
    "/mijn/regelen",
    "/mijn/wie-keek",
    "/mijn/betaaldag",
    "/mijn/betaaldag/dag",
    "/mijn/betaaldag/stoppen",
    "/mijn/agenda",
)
LEVELS = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}


def sign_in(page: Page, who: str = "De Vries") -> None:
    """By the link to the development provider."""
    page.goto("/mijn/aanmelden")
    page.get_by_role("main").get_by_role("link", name="Aanmelden").click()
    page.get_by_label("Huishouden").select_option(label=who)
    page.get_by_role("main").get_by_role("button", name="Aanmelden").click()


@pytest.fixture(params=WIDTHS, scope="module")
def page(request: pytest.FixtureRequest, chromium: Browser, address: str) -> Iterator[Page]:
    """A signed-in visitor at one width; every console message and failed load is kept."""
    page = quiet_page(chromium, address, request.param)
    sign_in(page)
    page.wait_for_url(f"**{MONTH}")
    yield page
    page.context.close()


def quiet_page(chromium: Browser, address: str, width: int) -> Page:
    """A page of one width in a context of its own; its messages are kept."""
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, base_url=address, reduced_motion="reduce"
    )
    context.set_default_timeout(SLOW_MACHINE_MILLISECONDS)
    page = context.new_page()
    page.messages = []  # type: ignore[attr-defined]
    page.on("console", lambda message: page.messages.append(message.text))  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: page.messages.append(str(error)))  # type: ignore[attr-defined]
    return page


@pytest.mark.parametrize("path", [*PUBLIC, *OWN])
def test_accessible_quiet_and_within_its_width(page: Page, path: str) -> None:
    check_page(page, path, "nl")


@pytest.mark.parametrize("page", WIDTHS[1:], indirect=True)
@pytest.mark.parametrize("path", [*PUBLIC, *OWN])
def test_the_same_in_english_on_a_small_screen(page: Page, path: str) -> None:
    check_page(page, path, "en")


@pytest.mark.parametrize("width", WIDTHS)
def test_who_looks_after_others_chooses_a_calendar(
    chromium: Browser, address: str, width: int
) -> None:
    page = quiet_page(chromium, address, width)
    sign_in(page, "Bewindvoerder")
    page.wait_for_url("**/mijn/aanmelden/kiezen")
    for language in ("en", "nl"):
        check_page(page, "/mijn/aanmelden/kiezen", language)
    page.get_by_role("button", name="De Vries").click()
    page.wait_for_url(f"**{MONTH}")
    page.context.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_both_paths_and_another_day_before_anybody_agrees(
    chromium: Browser, address: str, width: int
) -> None:
    page = quiet_page(chromium, address, width)
    sign_in(page, "Doet niet mee")
    page.wait_for_url("**/mijn/betaaldag")
    for language in ("en", "nl"):
        check_page(page, "/mijn/betaaldag", language)
    page.get_by_role("link", name="Liever een andere dag").click()
    page.get_by_label("Dag van de maand").select_option("7")
    page.get_by_role("button", name="Laat zien").click()
    check_here(page, "nl")
    assert page.get_by_role("heading", level=1).inner_text().startswith("Betaaldag 7")
    assert page.get_by_role("button", name="Ja, ik ga akkoord met dag 7").is_visible()
    page.context.close()


def test_the_menu_says_where_one_is(page: Page) -> None:
    page.goto("/mijn/jaar?taal=nl")
    menu = page.get_by_role("navigation", name="Hoofdmenu")
    assert menu.locator("[aria-current]").all_inner_texts() == ["Mijn jaar"]
    for link in menu.get_by_role("link").all():  # every item is on the screen without scrolling
        box = link.bounding_box()
        assert box is not None
        assert box["height"] >= 44
        assert box["y"] + box["height"] < 320


def check_page(page: Page, path: str, language: str) -> None:
    """No violation of the levels, no message of the browser, no sideways scroll, one heading."""
    page.messages.clear()  # type: ignore[attr-defined]
    page.goto(f"{path}?taal={language}")
    check_here(page, language)


def check_here(page: Page, language: str) -> None:
    """The same of the page that is open."""
    for details in page.locator("details").all():
        details.locator("summary").click()
    result = Axe().run(page, options=LEVELS)
    assert result.violations_count == 0, result.generate_report()
    assert page.messages == []  # type: ignore[attr-defined]
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.locator("h1").count() == 1
    assert page.locator("html").get_attribute("lang") == language


@pytest.mark.parametrize("path", [*PUBLIC, *OWN])
def test_at_twice_the_size_nothing_is_lost(page: Page, path: str) -> None:
    page.goto(f"{path}?taal=nl")
    width = page.viewport_size["width"] if page.viewport_size else 0
    if width > WIDTHS[1]:  # 200 % zoom halves the width in CSS pixels; 320 is WCAG's own 400 %
        page.set_viewport_size({"width": width // 2, "height": 450})
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    if width > WIDTHS[1]:
        page.set_viewport_size({"width": width, "height": 900})


def test_by_keyboard_from_the_address_to_the_reason_of_an_amount(page: Page) -> None:
    page.goto(f"{MONTH}?taal=nl")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Naar de inhoud"
    page.keyboard.press("Enter")
    assert page.url.endswith("#inhoud")
    for _ in range(40):
        page.keyboard.press("Tab")
        focus = page.evaluate("document.activeElement.getAttribute('href') || ''")
        visible = page.evaluate(
            "(() => { const r = document.activeElement.getBoundingClientRect();"
            " return r.top >= 0 && r.bottom <= window.innerHeight; })()"
        )
        assert visible, focus
        if "/mijn/waarom/zorgtoeslag" in focus:
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/mijn/waarom/zorgtoeslag/2026-02")
    assert page.get_by_role("heading", level=1).inner_text().startswith("Zorgtoeslag voor")


def test_targets_are_large_enough(page: Page) -> None:
    # WCAG 2.2, 2.5.8: 24 by 24 CSS pixels; links inside a sentence are excepted
    for path in OWN:
        page.goto(f"{path}?taal=nl")
        small = page.evaluate(
            "[...document.querySelectorAll('a, button, select, summary')].filter(e => {"
            " const r = e.getBoundingClientRect(); const p = e.closest('p, td, th, li, dd');"
            " const inText = p && p.textContent.trim() !== e.textContent.trim()"
            " && getComputedStyle(e).display === 'inline';"
            " return r.width > 0 && r.height < 24 && !inText && e.className.indexOf('skip') < 0;"
            "}).map(e => e.outerHTML)"
        )
        assert small == [], path


def test_without_javascript_the_pages_are_the_same(chromium: Browser, address: str) -> None:
    context = chromium.new_context(java_script_enabled=False, base_url=address)
    page = context.new_page()
    sign_in(page)
    assert page.get_by_text("Over om van te leven").is_visible()
    page.get_by_role("link", name="Kalender", exact=True).click()
    page.get_by_role("link", name="23").first.click()
    assert page.url.endswith("/mijn/maand/2026-01#dag-23")
    page.get_by_text("De bedragen bij dit plaatje").click()
    assert page.get_by_role("row", name="vrijdag 23 januari").last.is_visible()
    context.close()


def test_printed_the_month_is_whole_and_without_menus(page: Page) -> None:
    page.goto(f"{MONTH}?taal=nl")
    page.emulate_media(media="print")
    assert not page.get_by_role("navigation", name="Hoofdmenu").is_visible()
    assert page.get_by_role("heading", name="Wat komt en wat gaat").is_visible()
    assert page.get_by_text("14 030").first.is_visible()
    page.emulate_media(media="screen")
