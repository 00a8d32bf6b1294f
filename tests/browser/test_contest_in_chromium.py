"""«Klopt dit niet?» in a real browser: the whole way, at two widths and in two languages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.test_pages_in_chromium import LEVELS, quiet_page, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

HOME = "/mijn/klopt-niet"
CLICK_MILLISECONDS = 30_000
WORDS = {
    "nl": (
        "Loon over", "Wat klopt er niet?", "Verder", "Versturen", "Melding intrekken",
        "Ja, trek de melding in",
    ),
    "en": (
        "Wage for", "What is wrong?", "Continue", "Send", "Take the report back",
        "Yes, take the report back",
    ),
}  # fmt: skip


@pytest.fixture(params=[(1280, "nl"), (320, "en")], scope="module")
def visit(
    request: pytest.FixtureRequest, chromium: Browser, address: str
) -> Iterator[tuple[Page, str]]:
    """A signed-in visitor: wide in Dutch, narrow in English."""
    width, language = request.param
    page = quiet_page(chromium, address, width)
    page.set_default_timeout(CLICK_MILLISECONDS)
    sign_in(page)
    yield page, language
    page.context.close()


def check(page: Page, language: str) -> None:
    """No violation, no message of the browser, no sideways scroll, one heading."""
    result = Axe().run(page, options=LEVELS)
    assert result.violations_count == 0, result.generate_report()
    assert page.messages == []  # type: ignore[attr-defined]
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.locator("h1").count() == 1
    assert page.locator("html").get_attribute("lang") == language


def test_from_the_list_to_the_case_and_back(visit: tuple[Page, str]) -> None:
    page, language = visit
    choose, field, further, send, take_back, sure = WORDS[language]
    page.goto(f"{HOME}?taal={language}")
    check(page, language)
    page.locator("button", has_text=choose).first.click()
    check(page, language)
    page.get_by_role("button", name=further).click()  # the browser itself asks for the reason
    assert page.get_by_label(field).evaluate("e => !e.checkValidity()")
    page.get_by_label(field).fill("Dit loon kreeg ik nooit. <b>Echt</b>")
    page.locator("#bedrag").fill("niets")
    page.get_by_role("button", name=further).click()
    assert page.locator("#bedrag").get_attribute("aria-invalid") == "true"
    (told,) = page.messages  # type: ignore[attr-defined]
    assert "400" in told  # the browser's own line about a refused form, and no other
    page.messages.clear()  # type: ignore[attr-defined]
    check(page, language)
    page.locator("#bedrag").fill("0")
    page.get_by_role("button", name=further).click()
    check(page, language)
    assert page.get_by_text("<b>Echt</b>").is_visible()
    assert page.locator("table.vd-held tbody tr").count() >= 1  # what is held is told beforehand
    page.get_by_role("button", name=send).dblclick()
    page.wait_for_url("**/ontvangen")
    check(page, language)
    assert page.get_by_role("button", name=take_back).count() == 1  # clicked twice, one case
    assert page.locator("article table.vd-held tbody tr").count() >= 1
    page.get_by_role("button", name=take_back).click()
    check(page, language)
    page.get_by_role("button", name=sure).click()
    page.wait_for_url("**/ingetrokken")
    check(page, language)
    assert page.get_by_role("button", name=take_back).count() == 0


def test_by_keyboard_alone(visit: tuple[Page, str]) -> None:
    page, language = visit
    page.goto(f"{HOME}?taal={language}")
    page.locator("button", has_text=WORDS[language][0]).first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/nieuw")
    page.locator("#reden").focus()
    page.keyboard.type("Niet van mij.")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/controleren")
    assert page.get_by_text("Niet van mij.").is_visible()


def test_the_reason_of_an_amount_and_the_file_lead_to_it(visit: tuple[Page, str]) -> None:
    """Both pages belong to the sample calendar: here their buttons stand and can be reached."""
    page, language = visit
    page.goto(f"/mijn/waarom/zorgtoeslag/2026-02?taal={language}")
    page.locator(".vd-help details summary").click()
    assert page.locator(".vd-help button[name=bericht]").count() == 3
    assert page.get_by_role("link", name=("Bekijk uw melding", "See your report")[language == "en"])
    check(page, language)
    page.goto("/mijn/dossier")
    assert page.locator("button[form=klopt-niet]").count() == 1
    check(page, language)


def test_without_javascript_it_is_the_same(chromium: Browser, address: str) -> None:
    context = chromium.new_context(java_script_enabled=False, base_url=address)
    page = context.new_page()
    sign_in(page)
    page.goto(HOME)
    page.locator("button", has_text="Loon over").first.click()
    page.get_by_label("Wat klopt er niet?").fill("Niet van mij.")
    page.get_by_role("button", name="Verder").click()
    assert page.get_by_role("button", name="Versturen").is_visible()
    context.close()
