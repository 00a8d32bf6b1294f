"""`/mijn/betaaldag` over HTTP: forms, their protection, and what each answer says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.asgi import Browser
from tests.browser.household_views import PHONE, SampleCalendars
from tests.paydate_book import SamplePayDates
from tests.portal_sign_in import browser_of, sign_in
from tests.portal_surface import full_surface

PAGE = "/mijn/betaaldag"
FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
FORM = re.compile(r'<form class="vd-form" method="post" action="([^"]+)">(.*?)</form>', re.DOTALL)


@pytest.fixture
def paydates(tmp_path: Path) -> Iterator[SamplePayDates]:
    made = SamplePayDates(tmp_path)
    yield made
    made.behind.close()


def visitor(paydates: SamplePayDates, who: str = "Doet niet mee") -> Browser:
    browser = browser_of(replace(full_surface(), paydates=paydates))
    sign_in(browser, who)
    return browser


def form_on(text: str, action: str) -> dict[str, str]:
    """The hidden fields of the form with this action."""
    inside = next(inside for where, inside in FORM.findall(text) if where == action)
    return dict(FIELD.findall(inside))


def records(paydates: SamplePayDates) -> int:
    return len(paydates.behind.door.drafts)


def test_who_has_no_calendar_comes_to_the_offer_and_his_menu_has_nothing_dead(
    paydates: SamplePayDates,
) -> None:
    browser = visitor(paydates)
    assert browser.get("/mijn").headers["location"] == PAGE
    page = browser.get(PAGE).text
    assert "Al uw geld op één dag?" in page
    nav = page[page.index("<nav class") : page.index("</nav>")]
    assert re.findall(r'href="([^"]+)"', nav) == ["/", PAGE]


def test_agree_and_the_page_says_what_happens_next(paydates: SamplePayDates) -> None:
    browser = visitor(paydates)
    form = form_on(browser.get(PAGE).text, f"{PAGE}/akkoord")
    answer = browser.post(f"{PAGE}/akkoord", form)
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    page = browser.get(PAGE).text
    assert f"Uw betaaldag is dag {form['dag']}" in page
    assert "Wat gebeurt er nu?" in page
    assert 'href="/mijn/jaar"' in page  # the whole menu from now on
    again = browser.post(f"{PAGE}/akkoord", form)  # the second click, the button of going back
    assert again.status_code == 303
    assert records(paydates) == 1


def test_nothing_of_a_person_stands_in_an_address(paydates: SamplePayDates) -> None:
    browser = visitor(paydates)
    page = browser.get(PAGE).text
    for address in re.findall(r'(?:href|action)="([^"]+)"', page):
        assert "?" not in address or address.startswith(("?taal=", "/static/")), address
        assert not re.search(r"\d{9}", address), address


def test_a_form_from_elsewhere_is_refused(paydates: SamplePayDates) -> None:
    browser, other = visitor(paydates), visitor(paydates, "De Vries")
    form = form_on(browser.get(PAGE).text, f"{PAGE}/akkoord")
    stolen = form_on(other.get(f"{PAGE}/stoppen").text, f"{PAGE}/stoppen")["csrf"]
    without = {name: value for name, value in form.items() if name != "csrf"}
    for action in ("akkoord", "dag", "stoppen"):
        for forged in (without, {**form, "csrf": "x"}, {**form, "csrf": stolen}):
            assert browser.post(f"{PAGE}/{action}", forged).status_code == 403
    assert records(paydates) == 0


def test_what_another_household_was_shown_is_not_agreed_to(paydates: SamplePayDates) -> None:
    theirs = form_on(visitor(paydates).get(PAGE).text, f"{PAGE}/akkoord")
    browser = visitor(paydates, "De Vries")
    token = browser.csrf_of(f"{PAGE}/dag")
    answer = browser.post(f"{PAGE}/akkoord", {**theirs, "csrf": token})
    assert answer.status_code == 409
    assert "Er is nog niets vastgelegd" in answer.text
    assert records(paydates) == 0


def test_when_something_changed_the_page_is_shown_again_with_what_is_new(
    paydates: SamplePayDates,
) -> None:
    browser = visitor(paydates)
    form = form_on(browser.get(PAGE).text, f"{PAGE}/akkoord")
    answer = browser.post(f"{PAGE}/akkoord", {**form, "getoond": "0" * 64, "kennis": "0"})
    assert answer.status_code == 409
    assert "Er is iets veranderd" in answer.text
    assert "Woonstad" in answer.text[answer.text.index("Dit is nieuw") :][:2_000]
    fresh = form_on(answer.text, f"{PAGE}/akkoord")
    assert fresh["getoond"] == form["getoond"]
    assert browser.post(f"{PAGE}/akkoord", fresh).status_code == 303
    assert records(paydates) == 1


def test_a_day_that_is_none_is_told_beside_the_field(paydates: SamplePayDates) -> None:
    browser = visitor(paydates)
    token = browser.csrf_of(f"{PAGE}/dag")
    for day in ("0", "29", "-1", "1.5", "x", "", "१", "1' OR '1'='1", "9" * 400):
        answer = browser.post(f"{PAGE}/dag", {"csrf": token, "dag": day})
        assert answer.status_code == 422, day
        assert "Kies een dag van 1 tot en met 28." in answer.text
        assert 'aria-describedby="fout"' in answer.text
        assert browser.post(f"{PAGE}/akkoord", {"csrf": token, "dag": day}).status_code == 400
    assert records(paydates) == 0


def test_a_form_that_nobody_handed_out_is_refused(paydates: SamplePayDates) -> None:
    browser = visitor(paydates)
    form = form_on(browser.get(PAGE).text, f"{PAGE}/akkoord")
    for wrong in ({"getoond": "x"}, {"getoond": ""}, {"kennis": "-1"}, {"kennis": "9" * 40}):
        assert browser.post(f"{PAGE}/akkoord", {**form, **wrong}).status_code == 400, wrong
    assert records(paydates) == 0


def test_another_day_is_shown_first_and_then_agreed_to(paydates: SamplePayDates) -> None:
    browser = visitor(paydates, "De Vries")
    now = paydates.day_now("huishouden-een")
    other = 9 if now != 9 else 10
    token = browser.csrf_of(f"{PAGE}/dag")
    same = browser.post(f"{PAGE}/dag", {"csrf": token, "dag": str(now)})
    assert (same.status_code, "Dit is nu al uw betaaldag" in same.text) == (422, True)
    shown = browser.post(f"{PAGE}/dag", {"csrf": token, "dag": str(other)})
    assert shown.status_code == 200
    assert records(paydates) == 0
    assert (
        browser.post(f"{PAGE}/akkoord", form_on(shown.text, f"{PAGE}/akkoord")).status_code == 303
    )
    assert f"Uw betaaldag is dag {other}" in browser.get(PAGE).text
    assert records(paydates) == 1


def test_leave_and_the_page_says_until_when_and_what_is_paid_back(
    paydates: SamplePayDates,
) -> None:
    browser = visitor(paydates, "De Vries")
    page = browser.get(f"{PAGE}/stoppen").text
    assert "Dit gaat terug naar zijn eigen dag" in page
    form = form_on(page, f"{PAGE}/stoppen")
    stale = browser.post(f"{PAGE}/stoppen", {**form, "getoond": "0" * 64})
    assert stale.status_code == 409
    assert records(paydates) == 0
    for _ in range(2):
        assert browser.post(f"{PAGE}/stoppen", form).headers["location"] == PAGE
    assert records(paydates) == 1
    page = browser.get(PAGE).text
    assert "U stopt met één betaaldag" in page
    assert "woensdag 1 april 2026" in page
    assert "Wat betaalt u nog terug?" in page
    assert browser.get(f"{PAGE}/stoppen").headers["location"] == PAGE


def test_who_looks_after_another_sees_it_and_cannot_agree(paydates: SamplePayDates) -> None:
    browser = visitor(paydates, "Bewindvoerder")
    token = browser.csrf_of("/mijn/aanmelden/kiezen")
    browser.post("/mijn/aanmelden/kiezen", {"csrf": token, "huishouden": "huishouden-een"})
    page = browser.get(f"{PAGE}/stoppen").text
    assert "Akkoord geven doet het huishouden zelf" in page
    assert PHONE in page
    own = form_on(visitor(paydates, "De Vries").get(f"{PAGE}/stoppen").text, f"{PAGE}/stoppen")
    answer = browser.post(f"{PAGE}/stoppen", {**own, "csrf": browser.csrf_of(f"{PAGE}/dag")})
    assert answer.status_code == 403
    assert records(paydates) == 0


def test_the_same_in_english_and_a_language_switch_after_a_form(paydates: SamplePayDates) -> None:
    browser = visitor(paydates)
    for path in (f"{PAGE}/akkoord", f"{PAGE}/dag"):
        assert browser.get(f"{path}?taal=en").status_code == 303
    assert browser.get(f"{PAGE}/akkoord").headers["location"] == PAGE
    assert "All your money on one day?" in browser.get(PAGE).text


def test_a_node_without_pay_dates_has_no_such_pages() -> None:
    browser = browser_of(replace(full_surface(), paydates=None, calendars=SampleCalendars()))
    sign_in(browser, "De Vries")
    assert browser.get(PAGE).status_code == 404
    assert f'href="{PAGE}"' not in browser.get("/mijn/regelen").text
