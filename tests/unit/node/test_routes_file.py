"""The year ahead, what is missed, the file and the letter: what stands on them, and whose it is."""

from __future__ import annotations

import json

import pytest

from node.calendar_file import own_data, record_views
from node.flows import Naming
from node.portal.routes_file import usual_of
from specs.records import Union
from specs.values import Month
from tests.asgi import Browser
from tests.browser.household_views import SampleCalendars, lines
from tests.calendar_book import NAMES, WIT, calendars, recorded_book
from tests.household_facts import TODAY
from tests.portal_sign_in import browser_of, sign_in
from tests.portal_surface import full_surface


def signed_in(label: str = "De Vries") -> Browser:
    browser = browser_of(full_surface())
    sign_in(browser, label)
    return browser


def test_the_year_shows_months_and_what_is_not_every_month() -> None:
    page = signed_in().get("/mijn/jaar").text
    assert page.count('class="vd-card"') == 12
    assert 'href="/mijn/maand/2026-12"' in page
    usual = usual_of([SampleCalendars().month_view("huishouden-een", Month(2026, 1))] * 3)
    assert usual == {line.flow for line in lines()}


def test_what_is_missed_is_told_with_the_step_to_take() -> None:
    page = signed_in().get("/mijn/misgelopen").text
    assert "€\u00a02.400,00" in page
    assert "Vraag deze toeslag aan." in page
    assert "alles waar u recht op heeft" in signed_in("Yılmaz").get("/mijn/misgelopen").text


def test_the_file_is_the_households_own_and_markup_in_it_is_text() -> None:
    browser = signed_in()
    page = browser.get("/mijn/dossier").text
    assert "<b>Woonstad</b>" not in page
    assert "Huur, Woonstad" in page
    whole = json.loads(browser.get("/mijn/dossier/gegevens").text)
    assert [record["record"] for record in whole["records"]] == ["A" * 43]
    assert json.loads(signed_in("Yılmaz").get("/mijn/dossier/gegevens").text)["records"] == []


def test_the_month_as_a_letter_is_a_pdf_of_its_own_month() -> None:
    answer = signed_in().get("/mijn/maand/2026-01/brief")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-1.7")
    assert signed_in().get("/mijn/maand/2026-99/brief").status_code == 404


def test_a_real_file_holds_every_record_and_nobody_else() -> None:
    book, members = recorded_book(), (WIT,)
    facts = book.facts_of(members)
    views = record_views(facts, members, Naming(member="gm0344", names=NAMES))
    assert {view.record for view in views} == {fact.record for fact in facts}
    for fact in facts:
        others = set(fact.subjects.values()) - set(members)
        text = json.dumps(own_data(fact, members))
        assert not {other for other in others if f'"{other}"' in text}, fact.type
    assert any(isinstance(fact.data, Union) for fact in book.facts_of(book.subjects()))


@pytest.mark.parametrize("who", [WIT])
def test_what_a_household_misses_is_what_no_decision_gives(who: str) -> None:
    missed = calendars().missed(who)
    for one in missed:
        assert one.first.year == TODAY.year
        assert one.cents > 0
    assert "Zorgtoeslag" not in {one.what_nl for one in missed}  # decided in the demo's book
