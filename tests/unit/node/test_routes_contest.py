"""«Is this wrong?» over HTTP: what a household can point at, what is refused, and that one is one.

Expected amounts come from the decisions themselves and from P6 (test_p6_contests.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

import httpx
import pytest
from starlette.types import ASGIApp

from node.portal.amounts import typed_cents
from specs.records import Contest
from tests.asgi import Browser
from tests.contest_views import WIT, BookContests
from tests.portal_sign_in import BASE, app_of, sign_in
from tests.portal_surface import full_surface

HOME = "/mijn/klopt-niet"
CSRF = re.compile(r'name="csrf" value="([^"]+)"')
CHOICE = re.compile(r'name="bericht" value="([^"]+)">Klopt niet<span class="vd-hidden">: ([^<]*)')


class Visit:
    """One household's browser at the pages, with the token of its forms."""

    def __init__(self, app: ASGIApp, label: str) -> None:
        self.browser = Browser(app, BASE)
        sign_in(self.browser, label)
        self.look()

    def look(self) -> None:
        """The first page as it is now."""
        self.home = self.browser.get(HOME).text
        self.csrf = CSRF.findall(self.home)[0]

    def post(self, step: str, **fields: str) -> httpx.Response:
        return self.browser.post(f"{HOME}/{step}", {"csrf": self.csrf, **fields})

    def choices(self) -> dict[str, str]:
        return {what: record for record, what in CHOICE.findall(self.home)}


@dataclass(frozen=True)
class Site:
    """One app with two visitors: making it takes longer than all that is asked of it."""

    contests: BookContests
    vries: Visit
    yilmaz: Visit


@pytest.fixture(scope="module")
def site() -> Site:
    contests = BookContests()
    app = app_of(full_surface(contests=contests))
    return Site(contests, Visit(app, "De Vries"), Visit(app, "Yılmaz"))


@pytest.fixture
def contests(site: Site) -> BookContests:
    site.contests.reset()
    return site.contests


@pytest.fixture
def visit(site: Site, contests: BookContests) -> Visit:
    site.vries.look()
    return site.vries


@pytest.fixture
def other(site: Site, contests: BookContests) -> Visit:
    """Another household."""
    return site.yilmaz


def wage(visit: Visit) -> str:
    """One of the household's wage statements."""
    return next(record for what, record in visit.choices().items() if what.startswith("Loon over"))


def made(contests: BookContests) -> list[Contest]:
    return [one.data for one in contests.book.facts if isinstance(one.data, Contest)]


def test_the_list_has_amounts_and_facts_of_the_household_alone(
    visit: Visit, contests: BookContests
) -> None:
    known = {fact.record: fact for fact in contests.book.facts}
    found = [known[record] for record in visit.choices().values()]
    assert all(WIT in fact.subjects.values() or fact.author == "gm0344" for fact in found)
    assert {fact.author for fact in found} == {"uwv", "svb", "toeslagen", "gm0344"}
    assert any(what.startswith("Zorgtoeslag 2026, besluit van") for what in visit.choices())


def test_from_a_choice_to_a_case_and_back(visit: Visit, contests: BookContests) -> None:
    record = wage(visit)
    form = visit.post("nieuw", bericht=record)
    assert form.status_code == 200
    assert "Welk bedrag is goed?" in form.text
    check = visit.post("controleren", bericht=record, reden="Dit loon kreeg ik nooit.", bedrag="0")
    assert check.status_code == 200
    assert "Dit gebeurt er daarna" in check.text
    assert "10 april 2026" in check.text  # a month after 10 March (specs/decisions/0017)
    assert made(contests) == []  # nothing is sent yet
    sent = visit.post("indienen", bericht=record, reden="Dit loon kreeg ik nooit.", bedrag="0")
    assert (sent.status_code, sent.headers["location"]) == (303, f"{HOME}/ontvangen")
    (contest,) = made(contests)
    assert (contest.contested, contest.party, contest.claimed_cents) == (record, "uwv", 0)
    page = visit.browser.get(f"{HOME}/ontvangen").text
    assert "Wij hebben uw melding" in page
    assert "Dit loon kreeg ik nooit." in page
    assert "UWV" in page
    case = re.findall(r'name="zaak" value="([^"]+)"', page)[0]
    asked = visit.post("intrekken", zaak=case)
    assert "Ja, trek de melding in" in asked.text
    assert "Krijgt u geen gelijk?" not in asked.text
    assert len(made(contests)) == 1
    gone = visit.post("intrekken", zaak=case, zeker="ja")
    assert gone.headers["location"] == f"{HOME}/ingetrokken"
    assert "U heeft de melding ingetrokken." in visit.browser.get(HOME).text


def test_a_form_sent_twice_is_one_case(visit: Visit, contests: BookContests) -> None:
    record = wage(visit)
    for reason in ("Niet van mij.", "Niet van mij.", "Andere woorden."):
        answer = visit.post("indienen", bericht=record, reden=reason)
        assert answer.status_code == 303
    assert [one.reason for one in made(contests)] == ["Niet van mij."]
    again = visit.post("nieuw", bericht=record)
    assert "U heeft dit al gemeld." in again.text


def test_a_form_of_somebody_else_is_refused(
    visit: Visit, other: Visit, contests: BookContests
) -> None:
    record = wage(visit)
    for step in ("nieuw", "controleren", "indienen", "intrekken"):
        for token in ("", "x" * 32, other.csrf):
            answer = visit.browser.post(
                f"{HOME}/{step}", {"csrf": token, "bericht": record, "reden": "Niet van mij."}
            )
            assert answer.status_code == 403
    assert made(contests) == []


def test_another_households_record_or_case_is_not_found(
    visit: Visit, other: Visit, contests: BookContests
) -> None:
    record = wage(visit)
    visit.post("indienen", bericht=record, reden="Niet van mij.")
    case = re.findall(r'name="zaak" value="([^"]+)"', visit.browser.get(HOME).text)[0]
    for step in ("nieuw", "controleren", "indienen"):
        assert other.post(step, bericht=record, reden="Niet van mij.").status_code == 404
    assert other.post("intrekken", zaak=case, zeker="ja").status_code == 404
    assert visit.post("nieuw", bericht="A" * 43).status_code == 404
    assert visit.post("nieuw", bericht="A" * 4_000).status_code == 404
    assert visit.post("nieuw").status_code == 404
    assert len(made(contests)) == 1


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"reden": ""}, "Schrijf wat er niet klopt."),
        ({"reden": " \n\t\u202e"}, "Schrijf wat er niet klopt."),
        ({"reden": "x" * 501}, "hoogstens 500 tekens"),
        ({"reden": "Niet van mij.", "bedrag": "veel"}, "Schrijf een bedrag in euro"),
        ({"reden": "Niet van mij.", "bedrag": "-5"}, "Schrijf een bedrag in euro"),
        ({"reden": "Niet van mij.", "bedrag": "99999999"}, "Schrijf een bedrag in euro"),
    ],
)
def test_what_is_missing_is_told_beside_its_field(
    visit: Visit, contests: BookContests, fields: dict[str, str], told: str
) -> None:
    for step in ("controleren", "indienen"):
        answer = visit.post(step, bericht=wage(visit), **fields)
        assert answer.status_code == 400
        assert told in answer.text
        assert 'aria-invalid="true"' in answer.text
    assert made(contests) == []


def test_markup_in_a_reason_is_text_everywhere(visit: Visit) -> None:
    reason = '<script>alert("x")</script> & <b>nooit</b>'
    record = wage(visit)
    check = visit.post("controleren", bericht=record, reden=reason)
    again = visit.post("nieuw", bericht=record, reden=reason)
    visit.post("indienen", bericht=record, reden=reason)
    for page in (check.text, again.text, visit.browser.get(HOME).text):
        assert "<script>" not in page
        assert "<b>nooit" not in page
        assert "&lt;script&gt;" in page


def test_ten_megabytes_of_reason_are_refused_unread(visit: Visit, contests: BookContests) -> None:
    answer = visit.post("indienen", bericht=wage(visit), reden="x" * 10_000_000)
    assert answer.status_code == 413
    assert made(contests) == []


def test_what_cannot_be_contested_here_says_why_and_whom_to_call(
    visit: Visit, contests: BookContests
) -> None:
    for author, told in (("woonstad", "Dit komt van een bedrijf."),):
        fact = next(
            one for one in contests.book.facts
            if one.author == author and WIT in one.subjects.values()
        )  # fmt: skip
        page = visit.post("nieuw", bericht=fact.record).text
        assert told in page
        assert "tel:14030" in page
        sent = visit.post("indienen", bericht=fact.record, reden="Te hoog.")
        assert sent.headers["location"] == HOME
    own = next(
        one for one in contests.book.facts
        if one.type == "nl.awir.opgave.gedaan" and WIT in one.subjects.values()
    )  # fmt: skip
    assert "Dit heeft u zelf doorgegeven." in visit.post("nieuw", bericht=own.record).text
    assert made(contests) == []


def test_a_record_corrected_meanwhile_is_no_longer_contested(
    visit: Visit, contests: BookContests
) -> None:
    """The form was open while the case was decided: the household reads what became of it."""
    record = wage(visit)
    visit.post("indienen", bericht=record, reden="Niet van mij.")
    case = re.findall(r'name="zaak" value="([^"]+)"', visit.browser.get(HOME).text)[0]
    contests.answer(case, "rejected")
    assert visit.post("intrekken", zaak=case, zeker="ja").headers["location"] == HOME
    assert visit.post("indienen", bericht=record, reden="Toch.").headers["location"] == HOME
    page = visit.browser.get(HOME).text
    assert "U kreeg geen gelijk." in page
    assert "Nagekeken bij de bron." in page
    assert "naar de rechter" in page
    assert len(made(contests)) == 1


def test_an_answer_that_is_late_is_told(visit: Visit, contests: BookContests) -> None:
    visit.post("indienen", bericht=wage(visit), reden="Niet van mij.")
    contests.today = date(2026, 4, 11)
    assert "Het antwoord is te laat." in visit.browser.get(HOME).text


def test_a_late_objection_to_a_decision_is_still_taken(
    visit: Visit, contests: BookContests
) -> None:
    contests.today = date(2026, 6, 1)
    record = next(r for what, r in visit.choices().items() if what.startswith("Zorgtoeslag"))
    page = visit.post("nieuw", bericht=record).text
    assert "U bent laat" in page
    assert "21 april 2026" in page  # six weeks after 10 March
    assert visit.post("controleren", bericht=record, reden="Ik was ziek.").status_code == 200


def test_a_step_reloaded_begins_anew_and_the_pages_are_english_too(visit: Visit) -> None:
    for step in ("nieuw", "controleren", "indienen", "intrekken"):
        answer = visit.browser.get(f"{HOME}/{step}")
        assert (answer.status_code, answer.headers["location"]) == (303, HOME)
    visit.browser.get(f"{HOME}?taal=en")
    page = visit.browser.get(HOME).text
    visit.browser.get(f"{HOME}?taal=nl")
    assert "Is this wrong?" in page
    assert "What is wrong?" in page


@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("1.234,56", 123_456), ("1234,5", 123_450), ("€ 12", 1_200), ("12.50", 1_250), ("0", 0),
        ("1.234", 123_400), ("1,234.56", None), ("", None), ("1.2", None), ("１２", None),
        ("9999999", None), ("1e3", None),
    ],
)  # fmt: skip
def test_an_amount_as_people_type_it(typed: str, cents: int | None) -> None:
    assert typed_cents(typed) == cents
