"""The household's pages: who may see what, and what stands on them."""

from __future__ import annotations

import html
import re
from datetime import date
from typing import Literal

import pytest

from node.portal.auth import SESSION_IDLE_SECONDS
from node.portal.surface import Surface
from tests.asgi import Browser
from tests.browser.household_views import (
    DE_VRIES,
    PHONE,
    YILMAZ,
    SampleCalendars,
    SamplePeople,
    SampleState,
)
from tests.portal_sign_in import browser_of, sign_in

NOON = 1_790_000_000
NAMES = {DE_VRIES: "De Vries", YILMAZ: "Yılmaz"}
MONTH = "/mijn/maand/2026-01"
WHY = "/mijn/waarom/zorgtoeslag/2026-02"
OWN_PAGES = ["/mijn", MONTH, f"{MONTH}/rooster", "/mijn/wijzigingen", "/mijn/wijzigingen/2026-01",
             WHY, f"{WHY}/rekenstappen"]  # fmt: skip
SENTENCE_END = re.compile(r"[.!?](?:\s|$)")
WORDS_A_SENTENCE = 15  # issue 2 and 6: B1, at most 15 on average


class HandClock:
    """Time as the test sets it."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> float:
        return float(self.at)


def surface(*, development: bool = True, sign_in: bool = True) -> Surface:
    way: Literal["development", "none"] = "development" if sign_in else "none"
    return Surface(
        member="gm0344",
        name="Gemeente Utrecht",
        phone=PHONE,
        development=development,
        session_key=b"k" * 32,
        today=lambda: date(2026, 1, 15),
        state=SampleState(),
        calendars=SampleCalendars(),
        people=SamplePeople(),
        sign_in=way,
    )


def visitor(clock: HandClock | None = None, **options: bool) -> Browser:
    return browser_of(surface(**options), now=clock or HandClock())


def signed_in(household: str = DE_VRIES, clock: HandClock | None = None) -> Browser:
    browser = visitor(clock)
    answer = sign_in(browser, NAMES[household])
    assert (answer.status_code, answer.headers["location"]) == (303, "/mijn")
    return browser


def visible_text(page: str) -> str:
    body = re.sub(r"(?s)<(head|svg|nav|select)\b.*?</\1>", " ", page)
    body = re.sub(r"</(p|h1|h2|h3|li|dt|dd|td|th|summary|button|label|title)>", ". ", body)
    return html.unescape(re.sub(r"<[^>]+>", "", body))


@pytest.mark.parametrize("path", OWN_PAGES)
def test_without_a_session_there_is_only_the_sign_in_page(path: str) -> None:
    answer = visitor().get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/mijn/aanmelden")
    assert "Vries" not in answer.text


@pytest.mark.parametrize("path", OWN_PAGES)
def test_a_forged_cookie_is_no_session(path: str) -> None:
    browser = visitor()
    browser.cookies.set("vastedag_session", "eyJob3VzZWhvbGQiOiJ4In0.AAAA", domain="node.test")
    assert browser.get(path).headers["location"] == "/mijn/aanmelden"


def test_the_month_page_answers_first_what_is_left() -> None:
    browser = signed_in()
    assert browser.get("/mijn").headers["location"] == MONTH
    page = browser.get(MONTH)
    text = visible_text(page.text)
    assert page.status_code == 200
    order = [
        "Over om van te leven",
        "€\u00a0756,48",
        "vrijdag 23 januari",
        "Wat komt en wat gaat",
        "€\u00a01.312,00 erbij",
        "€\u00a0650,00 eraf",
        "Wat is er veranderd?",
        "Uw loon is gestopt op 31 december 2025.",
        "Wat we nog niet weten",
        "We missen de huurspecificatie van uw verhuurder.",
        "Wat niet past",
        "Klopt er iets niet?",
    ]
    places = [text.find(part) for part in order]
    assert -1 not in places, order[places.index(-1)]
    assert places == sorted(places)
    assert "11 dagen later. Was maandag 12 januari." in text
    assert 'rel="prev" href="/mijn/maand/2025-12"' in page.text
    assert 'rel="next" href="/mijn/maand/2026-02"' in page.text


def test_a_shortfall_is_told_in_words_with_a_telephone_number() -> None:
    text = visible_text(signed_in().get("/mijn/maand/2026-03").text)
    assert "Deze maand komt u tekort" in text
    assert "€\u00a0123,45" in text
    assert "nog niets gepland" in text


def test_why_shows_steps_records_article_and_proof() -> None:
    page = signed_in().get(WHY).text
    text = visible_text(page)
    for part in ("Zorgtoeslag voor februari 2026", "Schatting", "UWV: opgave van uw uitkering",
                 "31 januari 2026", "zorgtoeslag 2026-01-01"):  # fmt: skip
        assert part in text
    main, everything = page.split("<details", 1)
    assert "kost gemiddeld dit bedrag" not in main  # the law's fixed amount: in the whole list
    assert "kost gemiddeld dit bedrag" in everything
    assert 'href="https://wetten.overheid.nl/BWBR0018451/2026-01-01"' in page
    assert 'href="/v1/receipts/kq3vT0m8Zb1dX5uQyPzjv2cB7oT3Zr0yQm1tC9bqf1A"' in page
    assert f'href="{WHY}/rekenstappen"' in page
    assert signed_in().get(f"{WHY}/rekenstappen").json()["cents"] == 12_900


def test_the_grid_links_every_day_with_money_to_the_list() -> None:
    browser = signed_in()
    links = set(
        re.findall(r'href="/mijn/maand/2026-01#(dag-\d+)"', browser.get(f"{MONTH}/rooster").text)
    )
    assert links == {"dag-23", "dag-26", "dag-29"}
    assert links <= set(re.findall(r'id="(dag-\d+)"', browser.get(MONTH).text))


@pytest.mark.parametrize(
    "path",
    [
        "/mijn/maand/2026-13",
        "/mijn/maand/9999-99",
        "/mijn/maand/1999-01",
        "/mijn/waarom/huurtoeslag/2026-02",
        "/mijn/waarom/zorgtoeslag/2026-03",
        "/mijn/huishouden-twee",
        "/mijn/",
    ],
)
def test_what_is_not_there_is_a_404_page(path: str) -> None:
    answer = signed_in().get(path)
    assert answer.status_code in (400, 404)
    assert answer.headers["content-type"].startswith("text/html")
    assert "Traceback" not in answer.text


def test_the_household_comes_from_the_session_only() -> None:
    other = signed_in(YILMAZ)
    for path in (f"{MONTH}?household={DE_VRIES}", f"{MONTH}?huishouden={DE_VRIES}"):
        assert "Vries" not in other.get(path).text
    assert other.get(WHY).status_code == 404  # De Vries has this amount, Yılmaz has not


def test_a_name_with_html_is_text() -> None:
    page = signed_in(YILMAZ).get("/mijn/maand/2026-03").text
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_the_cookie_is_hardened_in_both_modes() -> None:
    for options, secure in (({}, False), ({"development": False}, True)):  # own page, no provider
        cookie = visitor(None, **options).get("/mijn/aanmelden").headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert ("; secure" in cookie) == secure
        assert cookie.startswith("__host-") == secure


def test_sign_in_rotates_and_sign_out_ends_the_session() -> None:
    browser = visitor()
    browser.get("/mijn/aanmelden")
    before = browser.cookies.get("vastedag_session")
    sign_in(browser, "De Vries")
    during = browser.cookies.get("vastedag_session")
    assert before != during
    answer = browser.post("/mijn/afmelden", {"csrf": browser.csrf_of(MONTH)})
    assert answer.headers["location"] == "/"
    browser.cookies.clear()
    browser.cookies.set("vastedag_session", during or "", domain="node.test")
    assert browser.get(MONTH).status_code == 303  # the old cookie, played again


def test_sign_out_needs_the_form_token() -> None:
    browser = signed_in()
    assert browser.post("/mijn/afmelden", {"csrf": "x"}).status_code == 403
    assert browser.get(MONTH).status_code == 200


def test_an_idle_session_ends_and_a_used_one_goes_on() -> None:
    clock = HandClock()
    browser = signed_in(clock=clock)
    for _ in range(4):
        clock.at += SESSION_IDLE_SECONDS - 1
        assert browser.get(MONTH).status_code == 200
    clock.at += SESSION_IDLE_SECONDS + 1
    assert browser.get(MONTH).status_code == 303


def test_the_language_switch_is_kept_and_leaves_a_clean_address() -> None:
    browser = signed_in()
    answer = browser.get(f"{MONTH}?taal=en")
    assert (answer.status_code, answer.headers["location"]) == (303, MONTH)
    page = browser.get(MONTH)
    assert '<html lang="en"' in page.text
    assert "Left to spend" in page.text
    assert "€1,312.00" in page.text
    assert '<html lang="nl"' in visitor().get("/?taal=xx").text


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a=" * 2_000 + b"&" * 50, b""])
def test_any_form_is_answered(content: bytes) -> None:
    browser = visitor()
    browser.get("/mijn/aanmelden")
    answer = browser.ask(
        "POST", "/mijn/afmelden", content=content,
        headers={"content-type": "application/x-www-form-urlencoded", "accept": "text/html"},
    )  # fmt: skip
    assert answer.status_code in (400, 403, 413)


def test_a_ten_megabyte_form_is_refused() -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    answer = visitor().ask("POST", "/mijn/afmelden", content=b"a" * 10_000_000, headers=form)
    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/", "/toegankelijkheid", "/mijn/aanmelden", *OWN_PAGES[1:3],
                                  OWN_PAGES[4], WHY])  # fmt: skip
def test_sentences_are_short(path: str) -> None:
    text = visible_text(signed_in().get(path).text)
    sentences = [part.split() for part in SENTENCE_END.split(text) if len(part.split()) > 2]
    average = sum(len(words) for words in sentences) / len(sentences)
    assert average <= WORDS_A_SENTENCE


def test_no_inline_style_or_script_on_any_page() -> None:
    browser = signed_in()
    for path in ("/", "/toegankelijkheid", "/mijn/aanmelden", MONTH, f"{MONTH}/rooster", WHY,
                 "/mijn/wijzigingen/2026-01", "/nergens"):  # fmt: skip
        page = browser.get(path).text
        assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=", page), path
