"""The story «switch to one pay date» over a running network of nodes, as a household walks it.

She looks at both paths, agrees, her landlord and the payers confirm their own lines, the calendar
has the new date and the transition, and then she leaves again. Zorgtoeslag of 129 euro a month:
table of belastingdienst.nl, alone up to 29.500 (specs/regulations/zorgtoeslag/cases.yaml).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest
from playwright.sync_api import Browser, Page, expect

from node.demonstration.demo_answers import say
from specs.records import ENROLLED, PLAN_ANSWERED, PLAN_SET, Enrolment, PartyPlan
from tests.browser.story_people import ANNA, BAKERY, NEW_YEAR, comes_in, lives, rents, states, wages
from tests.browser.test_pages_in_chromium import quiet_page, sign_in
from tests.browser.test_stories_in_chromium import checked, line, passed
from tests.browser.town import Town, town

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

TODAY = date(2026, 3, 10)
PAGE = "/mijn/betaaldag"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Anna alone with a job and a rented home; nobody enrolled her."""
    with town(tmp_path_factory.mktemp("joining"), TODAY) as made:
        made.tell("gm0344", lives(ANNA, "1"), states(ANNA, "insured", 1))
        made.tell("gm0344", states(ANNA, "assets", 0, 2026))
        made.tell("uwv", *wages(ANNA, BAKERY, 158_333, (1, 2)))  # 18.999,96 a year
        made.tell("woonstad", rents(ANNA, 60_000))
        made.tell("gm0344", comes_in(ANNA, "wage_net", BAKERY, 150_000, NEW_YEAR))
        made.rest()
        yield made


def visitor(chromium: Browser, here: Town, who: str, width: int) -> Page:
    page = quiet_page(chromium, here.address, width)
    sign_in(page, who)
    page.wait_for_load_state()
    return page


def pressed(page: Page, button: str) -> str:
    """Press a button of the page; what comes is sound. Answers its text."""
    page.messages.clear()  # type: ignore[attr-defined]
    page.get_by_role("main").get_by_role("button", name=button).click()
    page.wait_for_load_state()
    checked(page)
    return re.sub(r"\s+", " ", page.locator("main").inner_text())


def enrolments(here: Town) -> list[Enrolment]:
    facts = here.network.nodes["gm0344"].facts.of_type(ENROLLED)
    return [fact.data for fact in facts if isinstance(fact.data, Enrolment)]


def plans(here: Town, member: str) -> list[PartyPlan]:
    """What a party's own node holds of plans, in ledger order."""
    facts = here.network.nodes[member].facts.of_type(PLAN_SET)
    return [fact.data for fact in facts if isinstance(fact.data, PartyPlan)]


def test_switch_to_one_pay_date(chromium: Browser, here: Town) -> None:
    outside = f"{ANNA.surname}, geboren in 1990 (doet niet mee)"
    page = visitor(chromium, here, outside, 320)
    small = passed(page, PAGE)
    assert "Al uw geld op één dag?" in small
    passed(page, f"{PAGE}?taal=en")
    page.context.close()

    # She looks at another day first; nothing is recorded by looking.
    page = visitor(chromium, here, outside, 1280)
    assert page.url.endswith(PAGE)
    offer = passed(page, PAGE)
    best = re.search(r"Gaat u akkoord met betaaldag (\d+)\?", offer)
    assert best is not None
    assert "Laagste saldo vanaf april 2026" in offer
    assert "Huur (Woonstad)" in offer
    page.get_by_role("link", name="Liever een andere dag").click()
    page.get_by_label("Dag van de maand").select_option("21")
    other = pressed(page, "Laat zien wat dat betekent")
    assert "Betaaldag 21: zo gaat het dan" in other
    assert enrolments(here) == []

    # She agrees, and clicks twice: one record, naming what she saw.
    shown = page.locator("input[name=getoond]").get_attribute("value")
    page.get_by_role("button", name="Ja, ik ga akkoord met dag 21").dblclick()
    page.wait_for_url(f"**{PAGE}")
    here.rest()
    (agreed,) = enrolments(here)
    assert (agreed.preferred_day, agreed.shown, agreed.withdrawn) == (21, shown, False)
    assert "Uw betaaldag is dag 21" in passed(page, PAGE)
    assert "heeft nog niet geantwoord" in passed(page, PAGE)
    assert all(plan.day == 21 for plan in plans(here, "woonstad"))

    # The parties confirm their own lines.
    here.run(say(here.network))
    here.rest()
    answered = here.network.nodes["gm0344"].facts.of_type(PLAN_ANSWERED)
    assert {fact.author for fact in answered} == {"woonstad", "toeslagen"}
    running = passed(page, PAGE)
    assert "Huur (Woonstad): doet mee" in running
    assert "Zorgtoeslag, Dienst Toeslagen: doet mee" in running
    assert "De overgang loopt van" in running
    assert "donderdag 30 april 2026" in running

    # The calendar has the new date, each payment with the day it had before.
    april = passed(page, "/mijn/maand/2026-04")
    assert "dinsdag 21 april uw betaaldag" in april
    assert "Was woensdag 1 april" in line(page, "Huur (Woonstad)")
    assert "€ 129,00" in line(page, "Zorgtoeslag")
    menu = page.get_by_role("navigation", name="Hoofdmenu")
    expect(menu.get_by_role("link", name="Mijn jaar")).to_be_visible()

    # She leaves: first what that does, then the record, then the way back.
    leaving = passed(page, f"{PAGE}/stoppen")
    assert "Vanaf woensdag 1 april 2026" in leaving
    assert "Huur (Woonstad)" in leaving
    left = pressed(page, "Ja, ik stop met één betaaldag")
    assert page.url.endswith(PAGE)
    assert "U stopt met één betaaldag" in left
    assert "zondag 31 mei 2026" in left
    assert "Wat betaalt u nog terug? Niets." in left
    here.rest()
    assert [one.withdrawn for one in enrolments(here)] == [False, True]
    back = plans(here, "woonstad")[-1].lines
    assert all(one.natural_date == one.planned_date for one in back if one.planned_date.month > 5)
    assert max(one.planned_date for one in back) <= date(2026, 5, 31)
    page.goto("/mijn")
    assert page.url.endswith(PAGE)  # she has no calendar any more
    passed(page, f"{PAGE}?taal=en")
    page.context.close()
