"""The desk's pages: what a clerk sees and what he may send."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.asgi import Browser
from tests.desk_views import (
    PLAN,
    PROPOSAL,
    RECORD,
    SampleContests,
    SampleCorrections,
    SampleMandates,
    SamplePersons,
    SamplePost,
    SampleProposals,
    sample_desk,
)
from tests.portal_sign_in import browser_of, sign_in
from tests.portal_surface import STAFF, full_surface

PATH = f"/balie/plannen/{PLAN}"


class Clerk:
    """A browser of one clerk over hand-made ports that remember."""

    def __init__(self) -> None:
        self.desk = sample_desk()
        self.browser: Browser = browser_of(full_surface(desk=self.desk))
        self.landed = sign_in(self.browser, "Balie, eerste medewerker", STAFF)

    @property
    def corrections(self) -> SampleCorrections:
        assert isinstance(self.desk.corrections, SampleCorrections)
        return self.desk.corrections

    @property
    def post(self) -> SamplePost:
        assert isinstance(self.desk.post, SamplePost)
        return self.desk.post


@pytest.fixture
def clerk() -> Clerk:
    return Clerk()


def test_a_clerk_lands_on_the_desk(clerk: Clerk) -> None:
    assert clerk.landed.headers["location"] == "/balie"
    assert "Wat ligt er op de balie?" in clerk.browser.get("/balie").text


def test_lists_show_no_person(clerk: Clerk) -> None:
    for path in ("/balie", "/balie/post", "/balie/problemen", "/balie/toestand", "/balie/plannen"):
        answer = clerk.browser.get(path)
        assert answer.status_code == 200, path
        assert "De Vries" not in answer.text


def test_the_post_says_why_and_what_now(clerk: Clerk) -> None:
    text = clerk.browser.get("/balie/post").text
    assert "De persoon past niet bij wie wij onder dit nummer kennen." in text
    assert "Beslis met een collega." in text


def test_an_open_plan_names_the_person_and_says_that_this_is_seen(clerk: Clerk) -> None:
    text = clerk.browser.get(PATH).text
    assert "De Vries" in text
    assert "Dat u dit bekijkt, ziet het huishouden." in text


def test_a_plan_of_somebody_else_is_not_there(clerk: Clerk) -> None:
    assert clerk.browser.get(f"/balie/plannen/{'Q' * 43}").status_code == 404


def test_agreeing_records_the_answer_under_the_clerks_keyed_id(clerk: Clerk) -> None:
    form = {"csrf": clerk.browser.csrf_of(PATH), "antwoord": "akkoord", "stroom": "huur-1"}
    answer = clerk.browser.post(PATH, form)
    assert answer.headers["location"] == "/balie/plannen?gedaan=antwoord"
    ((staff, reply),) = clerk.post.replies
    assert (reply.plan, reply.flow, reply.said) == (PLAN, "huur-1", "confirmed")
    assert "balie-1" not in staff  # the account's own name stays with the provider


def test_another_day_is_a_refusal_with_reason_and_day(clerk: Clerk) -> None:
    form = {"csrf": clerk.browser.csrf_of(PATH), "antwoord": "andere-dag"}
    answer = clerk.browser.post(PATH, form)
    assert answer.status_code == 400
    assert "Schrijf waarom." in answer.text
    assert "Kies een dag van 1 tot en met 28." in answer.text
    assert clerk.post.replies == []
    clerk.browser.post(PATH, {**form, "reden": "Wij incasseren op de 12e.", "dag": "12"})
    ((_, reply),) = clerk.post.replies
    assert (reply.said, reply.proposed_day) == ("declined", 12)


@pytest.mark.parametrize("day", ["0", "29", "-1", "1.5", "١٢", "9" * 5000])
def test_no_other_day_is_taken(clerk: Clerk, day: str) -> None:
    form = {"csrf": clerk.browser.csrf_of(PATH), "antwoord": "andere-dag", "reden": "x", "dag": day}
    assert clerk.browser.post(PATH, form).status_code == 400
    assert clerk.post.replies == []


def test_a_form_of_another_visit_is_refused(clerk: Clerk) -> None:
    for token in ("", "x" * 32):
        answer = clerk.browser.post(PATH, {"csrf": token, "antwoord": "akkoord"})
        assert answer.status_code == 403
    assert clerk.post.replies == []


# Wrong records.


def test_a_bsn_is_asked_by_form_and_never_stands_in_an_address(clerk: Clerk) -> None:
    token = clerk.browser.csrf_of("/balie/herstel")
    answer = clerk.browser.post("/balie/herstel", {"csrf": token, "bsn": "999993653"})
    assert answer.status_code == 200
    assert f"/balie/herstel/{RECORD}" in answer.text
    assert "999993653" not in answer.text
    for bsn, told in (("123", "geen geldig BSN"), ("999990019", "kennen niemand")):
        answer = clerk.browser.post("/balie/herstel", {"csrf": token, "bsn": bsn})
        assert answer.status_code == 400
        assert told in answer.text
    away = clerk.browser.post("/balie/herstel", {"csrf": token, "bericht": "//evil.test/x"})
    assert away.status_code == 400


def test_a_correction_tells_what_is_wrong_with_the_form(clerk: Clerk) -> None:
    path = f"/balie/herstel/{RECORD}"
    form = {"csrf": clerk.browser.csrf_of(path), "wat": "anders", "reden": ""}
    answer = clerk.browser.post(path, {**form, "veld.amount_cents": "veel"})
    assert answer.status_code == 400
    assert "Schrijf een bedrag zoals 1.033,20." in answer.text
    assert "Schrijf waarom." in answer.text
    assert "U heeft niets veranderd." in clerk.browser.post(path, {**form, "reden": "x"}).text
    assert clerk.corrections.asked == []


def test_an_amount_goes_to_a_colleague_and_the_rest_at_once(clerk: Clerk) -> None:
    path = f"/balie/herstel/{RECORD}"
    form = {"csrf": clerk.browser.csrf_of(path), "wat": "anders", "reden": "Typefout."}
    answer = clerk.browser.post(path, {**form, "veld.amount_cents": "655,00"})
    assert answer.headers["location"] == "/balie/voorstellen?gedaan=voorstel"
    answer = clerk.browser.post(path, {**form, "veld.day": "2"})
    assert answer.headers["location"] == f"{path}/gevolgen?gedaan=hersteld"
    assert [asked.fields for _, asked in clerk.corrections.asked] == [
        {"amount_cents": "655,00"}, {"day": "2"}
    ]  # fmt: skip


def test_the_same_clerk_is_refused_as_second_pair_of_eyes(clerk: Clerk) -> None:
    path = f"/balie/voorstellen/{PROPOSAL}"
    proposals = clerk.desk.proposals
    assert isinstance(proposals, SampleProposals)
    form = {"csrf": clerk.browser.csrf_of(path), "besluit": "akkoord"}
    proposals.mine = True
    answer = clerk.browser.post(path, form)
    assert answer.status_code == 403
    assert "Een collega besluit erover." in answer.text
    assert 'value="akkoord"' not in clerk.browser.get(path).text
    assert proposals.decided == []
    proposals.mine = False
    assert clerk.browser.post(path, form).status_code == 303
    assert clerk.browser.post(path, {**form, "besluit": "afwijzen"}).status_code == 400
    clerk.browser.post(path, {**form, "besluit": "afwijzen", "waarom": "Klopt al."})
    assert proposals.decided == [("agree", PROPOSAL), ("Klopt al.", PROPOSAL)]
    assert clerk.browser.post(path, {"besluit": "akkoord"}).status_code == 403


@pytest.mark.parametrize("path", [f"/balie/herstel/{'Q' * 43}", f"/balie/voorstellen/{'Q' * 43}"])
def test_ids_of_others_are_not_there(clerk: Clerk, path: str) -> None:
    assert clerk.browser.get(path).status_code == 404
    assert clerk.browser.get(path + "Q").status_code == 400


def test_html_in_a_name_stays_text(clerk: Clerk) -> None:
    clerk.post.plan = lambda record: replace(  # type: ignore[method-assign]
        SamplePost().plan(record), surname="<script>alert(1)</script>"
    )
    text = clerk.browser.get(PATH).text
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


# Persons who do not fit.


def test_a_decision_about_a_person_is_a_proposal_with_a_reason(clerk: Clerk) -> None:
    path = f"/balie/personen/uwv/{RECORD}"
    persons = clerk.desk.persons
    assert isinstance(persons, SamplePersons)
    form = {"csrf": clerk.browser.csrf_of(path), "wie": "zelfde"}
    answer = clerk.browser.post(path, form)
    assert answer.status_code == 400
    assert "Schrijf waarom u dit denkt." in answer.text
    assert clerk.browser.post(path, {**form, "reden": "Getrouwd."}).status_code == 303
    undo = {"csrf": form["csrf"], "samenvoeging": PROPOSAL, "reden": ""}
    assert clerk.browser.post("/balie/personen/samenvoeging", undo).status_code == 400
    clerk.browser.post("/balie/personen/samenvoeging", {**undo, "reden": "Fout."})
    assert persons.proposed == [(RECORD, "same", "Getrouwd."), (PROPOSAL, "undo", "Fout.")]
    unknown = {**undo, "samenvoeging": "x", "reden": "x"}
    assert clerk.browser.post("/balie/personen/samenvoeging", unknown).status_code == 404


# Contests.


def test_a_decision_on_a_contest_is_proposed_with_outcome_and_reason(clerk: Clerk) -> None:
    path = f"/balie/bezwaren/{RECORD}"
    contests = clerk.desk.contests
    assert isinstance(contests, SampleContests)
    assert "De Vries" not in clerk.browser.get("/balie/bezwaren").text
    assert "Ik werkte minder uren." in clerk.browser.get(path).text
    form = {"csrf": clerk.browser.csrf_of(path), "besluit": "upheld"}
    assert clerk.browser.post(path, form).status_code == 400
    assert clerk.browser.post(path, {**form, "besluit": "x", "reden": "x"}).status_code == 400
    answer = clerk.browser.post(path, {**form, "reden": "De uren kloppen."})
    assert answer.headers["location"] == "/balie/voorstellen?gedaan=voorstel"
    assert contests.proposed == [(RECORD, "upheld", "De uren kloppen.")]
    assert clerk.browser.get(f"/balie/bezwaren/{'Q' * 43}").status_code == 404


# Mandates.


def test_a_mandate_is_proposed_and_ended_by_form(clerk: Clerk) -> None:
    path = "/balie/machtigingen"
    mandates = clerk.desk.mandates
    assert isinstance(mandates, SampleMandates)
    token = clerk.browser.csrf_of(path)
    found = clerk.browser.post(path, {"csrf": token, "bsn": "999993653"})
    assert "Bakker: Bewindvoerder" in found.text
    assert clerk.browser.post(path, {"csrf": token, "bsn": "1"}).status_code == 400
    form = {
        "csrf": token, "soort": "administrator", "voor-bsn": "999993653",
        "houder-bsn": "999990019", "houder-naam": "Jansma", "houder-geboren": "1988-02-29",
        "vanaf": "2026-02-01", "tot": "", "bron": "Beschikking 26/1",
    }  # fmt: skip
    wrong = clerk.browser.post(f"{path}/registreren", {**form, "tot": "2026-01-01", "bron": ""})
    assert wrong.status_code == 400
    assert 'id="fout-tot"' in wrong.text
    assert 'id="fout-bron"' in wrong.text
    assert clerk.browser.post(f"{path}/registreren", form).status_code == 303
    (asked,) = mandates.proposed
    assert (asked.kind, asked.until, asked.holder.surname) == ("administrator", None, "Jansma")
    end = {"csrf": token, "machtiging": RECORD, "reden": "Opgeheven."}
    assert clerk.browser.post(f"{path}/beeindigen", {**end, "reden": ""}).status_code == 400
    assert clerk.browser.post(f"{path}/beeindigen", {**end, "machtiging": "x"}).status_code == 400
    clerk.browser.post(f"{path}/beeindigen", end)
    assert mandates.ended == [(RECORD, "Opgeheven.")]
