"""Pages of staff at two widths, as tests/browser/test_pages_in_chromium.py does for households."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.test_pages_in_chromium import (
    SLOW_MACHINE_MILLISECONDS,
    WIDTHS,
    check_page,
)
from tests.desk_views import HOUSEHOLD, PLAN, PROPOSAL, RECORD

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

DESK = (
    "/balie",
    "/balie/post",
    "/balie/problemen",
    "/balie/plannen",
    f"/balie/plannen/{PLAN}",
    "/balie/toestand",
    "/balie/herstel",
    f"/balie/herstel/{RECORD}",
    f"/balie/herstel/{RECORD}/gevolgen",
    "/balie/personen",
    f"/balie/personen/uwv/{RECORD}",
    "/balie/bezwaren",
    f"/balie/bezwaren/{RECORD}",
    "/balie/machtigingen",
    "/balie/voorstellen",
    f"/balie/voorstellen/{PROPOSAL}",
)


def staff_page(browser: Browser, address: str, width: int, label: str) -> Page:
    """An employee at one width, signed in at the development provider."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, base_url=address, reduced_motion="reduce"
    )
    context.set_default_timeout(SLOW_MACHINE_MILLISECONDS)
    page = context.new_page()
    page.messages = []  # type: ignore[attr-defined]
    page.on("console", lambda message: page.messages.append(message.text))  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: page.messages.append(str(error)))  # type: ignore[attr-defined]
    page.goto("/medewerkers/aanmelden")
    page.get_by_role("main").get_by_role("link", name="Aanmelden").click()
    page.locator("select").select_option(label=label)
    page.get_by_role("main").get_by_role("button", name="Aanmelden").click()
    return page


@pytest.fixture(params=WIDTHS, scope="module")
def clerk(request: pytest.FixtureRequest, chromium: Browser, address: str) -> Iterator[Page]:
    page = staff_page(chromium, address, request.param, "Balie, eerste medewerker")
    page.wait_for_url("**/balie")
    yield page
    page.context.close()


@pytest.mark.parametrize("path", DESK)
def test_the_desk_is_accessible_quiet_and_within_its_width(clerk: Page, path: str) -> None:
    check_page(clerk, path, "nl")


@pytest.mark.parametrize("clerk", WIDTHS[1:], indirect=True)
@pytest.mark.parametrize("path", DESK)
def test_the_desk_in_english_on_a_small_screen(clerk: Page, path: str) -> None:
    check_page(clerk, path, "en")


@pytest.mark.parametrize("clerk", WIDTHS[:1], indirect=True)
def test_a_refused_form_says_why_beside_the_field(clerk: Page) -> None:
    clerk.goto(f"/balie/plannen/{PLAN}?taal=nl")
    clerk.get_by_label("Wij weigeren", exact=True).check()
    clerk.get_by_role("button", name="Antwoord vastleggen").click()
    reason = clerk.get_by_label("Waarom niet? (alleen bij weigeren)")
    assert reason.get_attribute("aria-invalid") == "true"
    told = clerk.locator(f"#{reason.get_attribute('aria-describedby')}")
    assert told.inner_text() == "Schrijf waarom. Het huishouden leest dit."


@pytest.fixture(params=WIDTHS, scope="module")
def worker(request: pytest.FixtureRequest, chromium: Browser, address: str) -> Iterator[Page]:
    page = staff_page(chromium, address, request.param, "Wijkteam")
    page.wait_for_url("**/wijk")
    yield page
    page.context.close()


def test_the_file_opens_after_its_purpose_and_all_pages_are_accessible(worker: Page) -> None:
    for language in ("nl", "en"):
        check_page(worker, "/wijk", language)
        check_page(worker, "/wijk/voorstellen", language)
    worker.goto(f"/wijk/huishouden/{HOUSEHOLD}?taal=nl")
    if worker.get_by_role("heading", level=1).inner_text() == "Waarvoor opent u dit dossier?":
        check_page(worker, f"/wijk/huishouden/{HOUSEHOLD}", "nl")
        worker.get_by_label("Op tijd helpen bij schulden").check()
        worker.get_by_role("button", name="Dossier openen").click()
    assert worker.get_by_role("heading", level=1).inner_text() == "Huishouden De Vries"
    for language in ("nl", "en"):
        check_page(worker, f"/wijk/huishouden/{HOUSEHOLD}", language)
