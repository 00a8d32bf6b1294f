"""The calendar feed in a real browser: made, shown once, renewed and stopped, at both widths."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.test_pages_in_chromium import LEVELS, WIDTHS, quiet_page, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(params=WIDTHS)
def page(request: pytest.FixtureRequest, chromium: Browser, address: str) -> Iterator[Page]:
    page = quiet_page(chromium, address, request.param)
    sign_in(page, "Yılmaz")
    page.goto("/mijn/agenda")
    yield page
    page.context.close()


def check(page: Page) -> None:
    """No violation, no message, no sideways scroll on the page as it is now."""
    found = Axe().run(page, options=LEVELS)
    assert found.violations_count == 0, found.generate_report()
    assert page.messages == []  # type: ignore[attr-defined]
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_made_shown_once_renewed_and_stopped(page: Page) -> None:
    page.get_by_label("Zet de bedragen erbij").check()
    page.get_by_role("button", name="Maak een adres").click()
    check(page)
    first = page.get_by_label("Of kopieer het adres").input_value()
    assert page.get_by_role("link", name="Open dit in uw agenda").get_attribute("href") == (
        first.replace("http://", "webcal://")
    )
    assert "BEGIN:VCALENDAR" in httpx.get(first).text
    page.goto("/mijn/agenda")
    check(page)
    assert first not in page.content()
    assert page.get_by_label("Zet de bedragen erbij").is_checked()
    page.get_by_role("button", name="Maak een nieuw adres").click()
    second = page.get_by_label("Of kopieer het adres").input_value()
    assert (httpx.get(first).status_code, httpx.get(second).status_code) == (404, 200)
    page.get_by_role("button", name="Stop met de agenda").click()
    check(page)
    assert httpx.get(second).status_code == 404
    page.get_by_role("button", name="Maak een adres").wait_for()
