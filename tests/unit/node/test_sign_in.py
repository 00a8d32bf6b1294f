"""Sign-in by OpenID Connect: the whole way through the development provider, and every refusal."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import date
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from node.errors import StartError
from node.portal.app import create_app
from node.portal.doors import DOORS, need_of
from node.portal.oidc import LoginError, Provider, Ticket, Tickets, check_claims, roles_of
from node.portal.surface import Surface
from tests.asgi import Browser
from tests.browser.household_views import (
    DE_VRIES,
    PHONE,
    SampleCalendars,
    SamplePeople,
    SampleState,
)
from tests.portal_sign_in import at_provider, browser_of, chosen, sign_in

NOON = 1_790_000_000
MONTH = "/mijn/maand/2026-01"
MIJN, STAFF = "/mijn/aanmelden", "/medewerkers/aanmelden"
KEY = RSAKey.generate_key(2048, auto_kid=True)
PROVIDER = Provider(
    issuer="https://inloggen.test",
    client_id="vastedag",
    key=KEY,
    levels=("substantieel",),
    roles_claim="groepen",
    roles={"klantcontact": "balie", "audit": "toezicht"},
)
TICKET = Ticket(audience="household", state="s", nonce="n", verifier="v", born=NOON)
CLAIMS = {
    "iss": "https://inloggen.test", "aud": "vastedag", "sub": "1", "nonce": "n",
    "iat": NOON, "exp": NOON + 300, "acr": "substantieel",
}  # fmt: skip


class HandClock:
    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> float:
        return float(self.at)


def surface() -> Surface:
    return Surface(
        member="gm0344",
        name="Gemeente Utrecht",
        phone=PHONE,
        development=True,
        session_key=b"k" * 32,
        today=lambda: date(2026, 1, 15),
        state=SampleState(),
        calendars=SampleCalendars(),
        people=SamplePeople(),
        sign_in="development",
    )


def visitor(clock: HandClock | None = None) -> Browser:
    return browser_of(surface(), now=clock or HandClock())


def test_the_request_to_the_provider_is_by_the_profile() -> None:
    browser = visitor()
    query = parse_qs(urlsplit(at_provider(browser, MIJN)).query)
    assert query["response_type"] == ["code"]
    assert query["code_challenge_method"] == ["S256"]
    assert query["redirect_uri"] == ["https://node.test/mijn/aanmelden/terug"]
    for name in ("state", "nonce"):  # OAuth NL profile 1.0: state of at least 128 bits
        assert len(query[name][0]) * 6 >= 128
    assert "secret" not in str(query)


def test_a_person_comes_to_his_own_household_and_no_bsn_is_in_any_address() -> None:
    browser = visitor()
    address = at_provider(browser, MIJN)
    back = chosen(browser, address, "De Vries")
    answer = browser.get(back)
    assert answer.headers["location"] == "/mijn"
    assert "De Vries" in browser.get(MONTH).text
    assert "999991723" not in address + back + str(browser.cookies)


@pytest.mark.parametrize("label", ["Zonder huishouden", "Onbekend"])
def test_who_has_no_calendar_here_is_told_whom_to_call(label: str) -> None:
    browser = visitor()
    answer = sign_in(browser, label)
    assert answer.status_code == 403
    assert "nog geen betaalkalender" in answer.text
    assert PHONE in answer.text
    assert browser.get(MONTH).status_code == 303


def test_who_looks_after_another_chooses_whose_calendar() -> None:
    browser = visitor()
    answer = sign_in(browser, "Bewindvoerder")
    assert answer.headers["location"] == "/mijn/aanmelden/kiezen"
    assert browser.get(MONTH).status_code == 303  # nothing is chosen yet
    page = browser.get("/mijn/aanmelden/kiezen").text
    assert "u zorgt hiervoor" in page
    token = browser.csrf_of("/mijn/aanmelden/kiezen")
    refused = browser.post("/mijn/aanmelden/kiezen", {"csrf": token, "huishouden": "other"})
    assert refused.status_code == 404
    forged = browser.post("/mijn/aanmelden/kiezen", {"csrf": "x", "huishouden": DE_VRIES})
    assert forged.status_code == 403
    browser.post("/mijn/aanmelden/kiezen", {"csrf": token, "huishouden": DE_VRIES})
    assert "De Vries" in browser.get(MONTH).text


def test_the_way_back_counts_once() -> None:
    browser = visitor()
    back = chosen(browser, at_provider(browser, MIJN), "De Vries")
    ticket = browser.cookies.get("vastedag_login")
    assert browser.get(back).status_code == 303
    browser.cookies.clear()
    browser.cookies.set("vastedag_login", ticket or "", domain="node.test")
    assert browser.get(back).status_code == 403
    assert browser.get(MONTH).status_code == 303


def test_a_sign_in_begun_elsewhere_or_too_late_is_refused() -> None:
    clock = HandClock()
    browser, attacker = visitor(clock), visitor(clock)
    address = at_provider(attacker, MIJN)
    stolen = chosen(attacker, address, "De Vries")
    assert browser.get(stolen).status_code == 403  # login forgery: another visit's state
    back = chosen(attacker, address, "De Vries")
    clock.at += 11 * 60
    assert attacker.get(back).status_code == 403
    assert attacker.get(MONTH).status_code == 303


def test_a_code_or_state_that_was_changed_is_refused() -> None:
    for old, new in (("code=", "code=x"), ("state=", "state=x")):
        browser = visitor()
        back = chosen(browser, at_provider(browser, MIJN), "De Vries")
        assert browser.get(back.replace(old, new)).status_code == 403
        assert browser.get(MONTH).status_code == 303


def test_a_household_cannot_come_in_by_the_door_of_staff() -> None:
    browser = visitor()
    back = chosen(browser, at_provider(browser, MIJN), "De Vries")
    assert browser.get(back.replace(MIJN, STAFF)).status_code == 403


def test_staff_get_the_roles_of_their_account() -> None:
    browser = visitor()
    answer = sign_in(browser, "Balie, eerste medewerker", STAFF)
    assert answer.headers["location"] == "/balie"
    assert browser.get(MONTH).status_code == 403  # a clerk has no household here


def test_the_log_names_the_reason_and_nobody(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="vastedag.web")
    browser = visitor()
    back = chosen(browser, at_provider(browser, MIJN), "De Vries")
    browser.get(back.replace("code=", "code=x"))
    assert "sign-in audience=household refused: the provider refuses" in caplog.text
    assert "999991723" not in caplog.text
    assert "state" not in caplog.text


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.test"}, {"aud": "another"}, {"nonce": "other"},
        {"exp": NOON - 31}, {"acr": "laag"}, {"acr": None}, {"iat": "x"},
    ],
)  # fmt: skip
def test_claims_that_are_not_for_this_sign_in_are_refused(changed: dict[str, object]) -> None:
    check_claims(CLAIMS, {}, PROVIDER, TICKET, NOON)
    with pytest.raises(LoginError):
        check_claims({**CLAIMS, **changed}, {}, PROVIDER, TICKET, NOON)


def test_a_claim_that_is_missing_is_refused() -> None:
    for name in CLAIMS:
        claims = {key: value for key, value in CLAIMS.items() if key != name}
        with pytest.raises(LoginError):
            check_claims(claims, {}, PROVIDER, TICKET, NOON)


def test_roles_are_only_those_that_were_set() -> None:
    assert roles_of({"groepen": ["klantcontact", "admin", 3]}, PROVIDER) == ("balie",)
    assert roles_of({"groepen": ["klantcontact", "audit"]}, PROVIDER) == ("toezicht", "balie")
    for claims in ({}, {"groepen": "klantcontact"}, {"groepen": ["admin"]}):
        with pytest.raises(LoginError, match="no role"):
            roles_of(claims, PROVIDER)


def test_a_ticket_is_read_only_with_its_own_state_and_key() -> None:
    tickets = Tickets(b"k" * 32)
    ticket = tickets.begin("staff", NOON)
    assert tickets.open(tickets.seal(ticket), ticket.state, NOON) == ticket
    for cookie, state in ((tickets.seal(ticket), "other"), ("x", ticket.state), ("", "")):
        with pytest.raises(LoginError):
            tickets.open(cookie, state, NOON)
    with pytest.raises(LoginError):
        Tickets(b"j" * 32).open(tickets.seal(ticket), ticket.state, NOON)


def test_the_provider_refuses_another_client_or_verifier() -> None:
    browser = visitor()
    back = chosen(browser, at_provider(browser, MIJN), "De Vries")
    code = parse_qs(urlsplit(back).query)["code"][0]
    stranger = jwt.encode(
        {"alg": "RS256"},
        {"iss": "vastedag-huishoudens", "sub": "vastedag-huishoudens", "jti": "1",
         "aud": "https://node.test/proefaanbieder/token", "exp": NOON + 60},
        KEY,
    )  # fmt: skip
    form = {"code": code, "client_assertion": stranger, "code_verifier": "x"}
    assert browser.post("/proefaanbieder/token", form).json() == {"error": "invalid_client"}
    assert browser.post("/proefaanbieder/token", form).json() == {"error": "invalid_grant"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("redirect_uri", "https://evil.test/"), ("client_id", "other"), ("scope", "profile"),
        ("code_challenge_method", "plain"), ("response_type", "token"), ("nonce", ""),
    ],
)  # fmt: skip
def test_the_provider_refuses_a_request_out_of_the_profile(name: str, value: str) -> None:
    browser = visitor()
    parts = urlsplit(at_provider(browser, MIJN))
    query = {key: found[0] for key, found in parse_qs(parts.query).items()} | {name: value}
    answer = browser.ask("GET", parts.path, params=query)
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})


def test_outside_development_there_is_no_development_provider() -> None:
    for changes in ({"development": False}, {"sign_in": "none"}):
        browser = browser_of(replace(surface(), **changes), now=HandClock())  # type: ignore[arg-type]
        assert "nog geen aanmelding" in browser.get(MIJN).text
        assert browser.get("/proefaanbieder/aanmelden").status_code == 404
        assert browser.get(f"{MIJN}/begin").status_code == 404


def test_an_address_that_nobody_was_told_about_stops_the_start() -> None:
    assert need_of("/mijn/maand/{month}") == "household"
    assert need_of("/mijn/aanmelden/kiezen") == "anyone"
    assert need_of("/") == "anyone"
    for path in ("/mijnen", "/beheer", "/{any}"):
        with pytest.raises(StartError, match="doors"):
            need_of(path)
    assert set(DOORS.values()) == {"anyone", "household", "toezicht", "balie", "wijk"}
    create_app(surface())
