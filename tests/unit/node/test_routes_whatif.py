"""The page «what if»: whose it is, what it refuses, and that nothing of it is kept anywhere."""

from __future__ import annotations

import hashlib
import html
import logging
import re
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from node.answering import rulebook
from node.whatif.asking import WhatIf
from scheduler.planning.payday_files import load_pay_calendars
from specs.records import ENROLLED, STATED, Enrolment, RecordDraft, Statement
from tests.asgi import Browser
from tests.browser.household_views import DE_VRIES, YILMAZ, SamplePeople
from tests.node_desk import TestDesk
from tests.node_drafts import ANNA, move
from tests.portal_sign_in import browser_of, sign_in
from tests.portal_surface import full_surface
from tests.whatif_port import SampleWhatIf

PAGE = "/mijn/wat-als"
JOB = {"maand": "2026-04", "baan_uren": "24", "baan_loon": "minimum"}
SENTENCE_END = re.compile(r"[.!?](?:\s|$)")


def visitor(who: str = "De Vries", port: SampleWhatIf | None = None) -> Browser:
    browser = browser_of(full_surface(what_if=port or SampleWhatIf()))
    sign_in(browser, who)
    return browser


def sent(browser: Browser, fields: Mapping[str, str]) -> str:
    answer = browser.post(PAGE, {"csrf": browser.csrf_of(PAGE), **fields})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return html.unescape(answer.text)


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_a_job_beside_ww_says_what_is_not_known_and_what_is() -> None:
    page = text_of(sent(visitor(), JOB))
    assert "U verdient per maand € 1.529,84 meer, bruto." in page  # 104 hours of 14,71
    assert "Wat er met uw toeslagen gebeurt, weten wij niet." in page
    assert "Werkloosheidswet, artikel 47" in page
    assert "Wat u samen overhoudt, weten wij nog niet." in page
    assert "het loon van de nieuwe baan: u vulde niet in wat u netto krijgt" in page


def test_with_every_amount_known_the_page_says_what_is_left_over() -> None:
    known = {**JOB, "baan_netto": "1.900", "baan_dag": "25", "uitkering_bruto": "0"}
    page = text_of(sent(visitor(), known))
    assert "Netto loon van de baan € 1.900,00 erbij" in page
    assert "Uw uitkering, netto € 1.743,00 eraf" in page  # what UWV pays now, in the demo's file
    assert re.search(r"Samen houdt u per maand € \d+,\d\d meer over", page)
    assert "Wij weten niet hoeveel" not in page
    assert "Loon (nieuwe baan) : € 0,00" in page


def test_what_was_typed_stays_on_the_page_and_errors_stand_at_their_fields() -> None:
    page = sent(visitor(), {**JOB, "baan_uren": "99", "kind_datum": "31-02-2026"})
    assert 'value="99"' in page
    assert 'value="31-02-2026"' in page
    assert 'id="baan_uren-fout"' in page
    assert 'href="#kind_datum"' in page
    assert "Uw betaalkalender" not in page


def test_markup_that_is_typed_is_text() -> None:
    browser = visitor()
    form = {**JOB, "csrf": browser.csrf_of(PAGE), "baan_netto": '"><script>alert(1)</script>'}
    assert "<script" not in browser.post(PAGE, form).text


def test_in_english() -> None:
    browser = visitor()
    browser.get(f"{PAGE}?taal=en")
    page = text_of(sent(browser, JOB))
    assert "You earn €1,529.84 a month more, before tax." in page
    assert "Wat " not in page


def test_sentences_are_short() -> None:
    page = sent(visitor("Yılmaz"), {"maand": "2026-04", "kind_datum": "14-08-2026"})
    told = re.findall(r"<(?:p|li)[^>]*>(.*?)</(?:p|li)>", page, re.DOTALL)
    sentences = [
        sentence.split()
        for text in told
        for sentence in SENTENCE_END.split(re.sub(r"<[^>]+>", " ", text))
        if sentence.strip()
    ]
    assert sum(map(len, sentences)) / len(sentences) <= 15


@pytest.mark.parametrize("token", ["", "A" * 32])
def test_a_form_from_elsewhere_is_refused(token: str) -> None:
    port = SampleWhatIf()
    answer = visitor(port=port).post(PAGE, {**JOB, "csrf": token})
    assert answer.status_code == 403
    assert port.asked == []


def test_a_token_of_another_visit_is_refused() -> None:
    theirs = visitor("Yılmaz").csrf_of(PAGE)
    assert visitor().post(PAGE, {**JOB, "csrf": theirs}).status_code == 403


def test_the_household_is_the_sessions_whatever_the_form_says() -> None:
    port = SampleWhatIf()
    browser = visitor("Yılmaz", port)
    form = {"huishouden": DE_VRIES, "household": DE_VRIES, "opslag_wie": "1",
            "maand": "2026-04", "opslag_bruto": "100"}  # fmt: skip
    page = sent(browser, form)
    assert set(port.asked) == {YILMAZ}
    assert "Vermeer" not in page
    assert DE_VRIES not in page


@pytest.mark.parametrize("number", ["0", "3", "99", "-1", "1; drop", "999902003"])
def test_nobody_outside_the_household_can_be_named(number: str) -> None:
    page = sent(visitor("Yılmaz"), {"maand": "2026-04", "opslag_bruto": "1", "opslag_wie": number})
    assert "Kies om wie het gaat." in page


def test_no_page_holds_an_id_or_a_number_of_a_person() -> None:
    page = sent(visitor("Yılmaz"), {"maand": "2026-04", "opslag_bruto": "1", "opslag_wie": "1"})
    assert not re.search(r"\b9999\d{5}\b", page)  # in the tests a subject id is the BSN


def test_a_household_that_is_no_more_has_no_page() -> None:
    port = SampleWhatIf()
    browser = browser_of(full_surface(what_if=port, people=Stranger()))
    sign_in(browser, "De Vries")
    assert browser.get(PAGE).status_code == 404


class Stranger(SamplePeople):
    """Whoever signs in belongs to a household that this node does not have."""

    def __init__(self) -> None:
        super().__init__()
        self.may_see = {
            who: tuple(replace(one, household="niemand") for one in accesses)
            for who, accesses in self.may_see.items()
        }


@pytest.mark.parametrize(
    "content",
    [b"a" * 10_000_000, b"csrf=" + b"x" * 9_000, b"&".join(b"a%d=1" % n for n in range(60)),
     b"csrf=%ff%fe", b'{"csrf": 1}'],
)  # fmt: skip
def test_large_and_strange_forms_are_refused(content: bytes) -> None:
    browser = visitor()
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "text/html"}
    answer = browser.ask("POST", PAGE, content=content, headers=headers)
    assert answer.status_code in (400, 403, 413)
    assert "Vermeer" not in answer.text


def test_who_is_not_signed_in_is_asked_to() -> None:
    browser = browser_of(full_surface())
    for answer in (browser.get(PAGE), browser.post(PAGE, JOB)):
        assert answer.status_code == 303
        assert answer.headers["location"] == "/mijn/aanmelden"


def test_nothing_typed_stands_in_an_address() -> None:
    page = visitor().get(PAGE).text
    assert 'method="post" action="/mijn/wat-als"' in page
    # Sent as a query it is no form: nothing of it is read.
    asked = visitor().get(f"{PAGE}?baan_uren=24&baan_loon=minimum&maand=2026-04").text
    assert 'value="24"' not in asked


def test_nothing_is_stored_and_no_log_line_tells_what_was_typed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Over a node's own database: no row, no file, no line of what was supposed. That the facts
    were read is logged, as for every page; that account holds no more than for the empty form.
    """
    desk = TestDesk(tmp_path, "gm0344")
    for draft in household():
        desk.record(draft)
    desk.follow()
    who = desk.facts.known_as(str(ANNA.bsn))
    assert who is not None
    live = WhatIf(
        desk.facts, member="gm0344", today=lambda: date(2026, 3, 10), rulebook=rulebook,
        calendars=load_pay_calendars(), names={},
    )  # fmt: skip
    people = SamplePeople()
    people.may_see = {
        person: tuple(replace(one, household=who) for one in accesses)
        for person, accesses in people.may_see.items()
    }
    browser = browser_of(full_surface(what_if=live, people=people))
    sign_in(browser, "De Vries")
    seen = len(looked(desk.path))
    browser.get(PAGE)
    of_a_get = set(looked(desk.path)[seen:])
    before, files, seen = dump(desk.path), listing(tmp_path), len(looked(desk.path))
    caplog.set_level(logging.DEBUG)
    form = {**JOB, "opslag_bruto": "317,77", "kind_datum": "14-08-2026", "huur_kaal": "613,13",
            "huur_service": "12,12", "huur_zelfstandig": "ja"}  # fmt: skip
    page = text_of(sent(browser, form))
    assert "Als dit vanaf april 2026 zo is" in page
    assert dump(desk.path) == before
    assert listing(tmp_path) == files
    assert set(looked(desk.path)[seen:]) <= of_a_get
    told = " ".join(record.getMessage() for record in caplog.records)
    for secret in ("317", "613", "14-08", "1212", "12,12", str(ANNA.bsn), who):
        assert secret not in told


def household() -> list[RecordDraft]:
    """Anna, who joined the one pay date, with an income that she stated."""
    year = date(2026, 1, 1)
    drafts = [move()]
    for fact, value, of in (("insured", 1, None), ("assets", 0, 2026),
                            ("expected_income", 2_950_000, 2026)):  # fmt: skip
        data = Statement(person=ANNA, fact=fact, value=value, year=of)  # type: ignore[arg-type]
        drafts.append(RecordDraft(type=STATED, source_event_id=fact, data=data, valid_from=year))
    joined = Enrolment(person=ANNA, members=(), preferred_day=None, agreed_on=year)
    return [*drafts, RecordDraft(type=ENROLLED, source_event_id="in", data=joined, valid_from=year)]


def dump(path: Path) -> str:
    """Every table and row of a database but the Logboek Dataverwerkingen."""
    with sqlite3.connect(path) as connection:
        lines = [
            line
            for line in connection.iterdump()
            if not re.match(r'INSERT INTO "(node_process|sqlite_sequence)', line)
        ]
    connection.close()
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def looked(path: Path) -> list[tuple[object, ...]]:
    """What the Logboek says of each reading: under which activity, of whom."""
    with sqlite3.connect(path) as connection:
        found = connection.execute(
            "SELECT p.activity, d.subject FROM node_processings p LEFT JOIN node_processed d"
            " ON d.processing = p.id ORDER BY p.id"
        ).fetchall()
    connection.close()
    return found


def listing(directory: Path) -> set[str]:
    """Every file; the database's own side files come and go with reading."""
    found = {str(path) for path in directory.rglob("*")}
    return {path for path in found if not path.endswith(("-wal", "-shm"))}
