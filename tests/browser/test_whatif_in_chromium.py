"""«What if» in Debian's Chromium: filled in by hand, both languages, also without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_pages_in_chromium import LEVELS, quiet_page, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PAGE = "/mijn/wat-als"
WIDTHS = (1280, 320)
EVERYTHING: Mapping[str, str] = {
    "baan_uren": "24,5", "baan_netto": "1.250,50", "baan_dag": "25", "opslag_bruto": "100",
    "partner_leeftijd": "35", "partner_inkomen": "25.000", "kind_datum": "14-08-2026",
    "huur_kaal": "700", "huur_service": "20", "uitkering_bruto": "0",
}  # fmt: skip
CHOSEN = {"baan_loon": "minimum", "partner_band": "ja", "partner_verzekerd": "ja",
          "huur_zelfstandig": "ja"}  # fmt: skip


@pytest.fixture(params=WIDTHS, ids=str)
def page(request: pytest.FixtureRequest, chromium: Browser, address: str) -> Iterator[Page]:
    page = quiet_page(chromium, address, request.param)
    sign_in(page)
    yield page
    page.context.close()


def opened(page: Page, language: str) -> None:
    page.goto(f"{PAGE}?taal={language}")
    for part in page.locator(".vd-suppose__part").all():
        part.locator("summary").click()


def fill(page: Page) -> None:
    page.select_option("#maand", "2026-04")
    for name, text in EVERYTHING.items():
        page.fill(f"#{name}", text)
    for name, value in CHOSEN.items():
        page.check(f"input[name={name}][value={value}]")


def check(page: Page) -> None:
    result = Axe().run(page, options=LEVELS)
    assert result.violations_count == 0, result.generate_report()
    assert page.messages == []  # type: ignore[attr-defined]
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.locator("h1").count() == 1


@pytest.mark.parametrize(("page", "language"), [(1280, "nl"), (320, "en")], indirect=["page"])
def test_form_answer_and_faults_are_accessible_and_quiet(page: Page, language: str) -> None:
    opened(page, language)
    check(page)
    fill(page)
    page.locator("form.vd-suppose button").click()
    expect(page.locator("#antwoord")).to_be_visible()
    assert page.url.endswith(PAGE)  # nothing typed stands in the address
    for details in page.locator("details:not([open])").all():
        details.locator("summary").click()
    check(page)
    assert page.input_value("#baan_netto") == "1.250,50"
    page.fill("#baan_uren", "99")
    page.fill("#kind_datum", "31-02-2026")
    page.locator("form.vd-suppose button").click()
    expect(page.get_by_role("alert")).to_be_visible()
    check(page)
    page.get_by_role("alert").get_by_role("link").first.click()
    assert page.evaluate("document.activeElement.id") in ("baan_uren", "")
    assert page.locator("#baan_uren").get_attribute("aria-invalid") == "true"
    assert page.locator("#baan_uren").get_attribute("aria-describedby") is not None


def test_targets_are_large_enough_and_fields_have_names(page: Page) -> None:
    opened(page, "nl")
    small = page.evaluate(
        "[...document.querySelectorAll('main button, main select, main summary, main input')]"
        ".filter(e => { const r = e.getBoundingClientRect();"
        " return r.width > 0 && (r.height < 24 || r.width < 24) }).map(e => e.outerHTML)"
    )
    assert small == []
    for field in page.locator("main input:not([type=hidden]), main select").all():
        assert field.evaluate("e => e.labels.length") == 1


def test_without_javascript(chromium: Browser, address: str) -> None:
    context = chromium.new_context(java_script_enabled=False, base_url=address)
    page = context.new_page()
    sign_in(page)
    page.goto(PAGE)
    for part in page.locator(".vd-suppose__part summary").all():
        part.click()
    fill(page)
    page.get_by_role("button", name="Reken uit").click()
    expect(page.get_by_role("heading", name="Als dit vanaf april 2026 zo is")).to_be_visible()
    context.close()
