"""Social workers: signals by date for one contact, a file with a purpose, exceptions by two."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path

import pytest

from node.desk.proposals import Proposals
from node.desk.proposals_sql import SameClerkError
from node.district.district import KINDS, PURPOSES, District, NoPurposeError
from node.district.views import TailoringRequest
from node.looked.register import load_register
from node.paydate import signals_sql
from node.paydate.signals import AHEAD, BEHIND, HouseholdSignal
from specs.records import ARREARS_TOLD, ENROLLED, Arrears, Enrolment, RecordDraft, Tailoring
from tests import node_drafts as drafts
from tests.asgi import Browser
from tests.desk_office import office_of, readings
from tests.desk_views import HOUSEHOLD, SUBJECT, SampleDistrict, sample_district
from tests.node_desk import Line, TestDesk
from tests.portal_sign_in import browser_of, sign_in
from tests.portal_surface import STAFF, full_surface

FIRST, SECOND = "wijk-een", "wijk-twee"
ONLY = ("tailoring",)
DAY = date(2026, 11, 22)  # tests/node_desk.py NOW


class Town:
    """A municipality with two enrolled persons, and a landlord that tells of arrears."""

    def __init__(self, directory: Path) -> None:
        line = Line()
        self.desk = TestDesk(directory, "gm0344", line=line)
        landlord = TestDesk(directory, "woonstad", line=line)
        for person in (drafts.ANNA, drafts.BRAM):
            self.desk.record(drafts.move(person))
            data = Enrolment(person=person, members=(person,), agreed_on=date(2026, 1, 2))
            self.desk.record(
                RecordDraft(
                    type=ENROLLED, source_event_id=f"enrol {person.bsn}", data=data,
                    valid_from=date(2026, 1, 2),
                )
            )  # fmt: skip
        self.desk.follow()
        self.anna, self.bram = (self._subject(one) for one in (drafts.ANNA, drafts.BRAM))
        for n, cents in enumerate((65_000, 130_000)):
            data = Arrears(
                person=drafts.BRAM, flow="huur-1", party="Woonstad", cents=cents, months=n + 1
            )
            record = landlord.record(
                RecordDraft(
                    type=ARREARS_TOLD, source_event_id=f"arrears {n}", data=data,
                    valid_from=date(2026, 10 + n, 1),
                )
            )  # fmt: skip
            self.desk.deliver(landlord.parcel(record, "gm0344"))
        self.desk.follow()
        office = office_of(self.desk)
        self.district = District(office)
        self.proposals = Proposals(office, {"tailoring": self.district})

    def _subject(self, person: object) -> str:
        found = self.desk.subject(person)  # type: ignore[arg-type]
        assert found is not None
        return found

    def signal(self, household: str, kind: str, first_on: date) -> None:
        found = HouseholdSignal(kind=kind, when="2026-11", planned_cents=1_200)
        with self.desk.log.reading("inzage-wijk"), self.desk.database.write() as connection:
            kept = signals_sql.kept(connection, self.desk.records.subjects, household)
            signals_sql.sync(
                connection, self.desk.records.subjects, household,
                [*(one.signal for one in kept), found], first_on,
            )  # fmt: skip


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


def test_every_signal_and_every_purpose_has_words_and_a_place_in_the_register() -> None:
    assert {*AHEAD, *BEHIND, "arrears"} == set(KINDS)
    for one in PURPOSES:
        activity = load_register().activity(one.activity)
        assert activity.shown == "open"  # the household sees it
        assert one.article.endswith(activity.article)


def test_signals_are_bundled_by_household_and_sorted_by_date_alone(town: Town) -> None:
    town.signal(town.anna, "shortfall", date(2026, 11, 3))
    town.signal(town.anna, "missing", date(2026, 10, 20))
    rows = town.district.households()
    assert [(one.household, one.since) for one in rows] == [
        (town.anna, date(2026, 10, 20)), (town.bram, date(2026, 11, 1)),
    ]  # fmt: skip
    assert [count for _, count in rows[0].kinds] == [1, 1]
    assert rows[1].kinds == ((KINDS["arrears"], 1),)  # the latest word of the landlord, once
    assert readings(town.desk, "inzage-wijk") <= {town.anna}  # only what the test itself wrote


def test_no_file_opens_without_a_purpose_and_each_opening_is_logged_under_it(town: Town) -> None:
    for staff in (FIRST, SECOND):
        with pytest.raises(NoPurposeError):
            town.district.file(staff, town.bram)
    town.district.state(FIRST, town.bram, "wijk-hulpvraag")
    view = town.district.file(FIRST, town.bram)
    assert view.surname == "Jansma"
    assert [(one.cents, one.months) for one in view.arrears] == [(130_000, 2)]
    assert readings(town.desk, "wijk-hulpvraag") == {town.bram}
    with pytest.raises(NoPurposeError):
        town.district.file(SECOND, town.bram)  # the purpose is of one worker
    with pytest.raises(NoPurposeError):
        town.district.file(FIRST, town.anna)  # and for one household
    with pytest.raises(LookupError):
        town.district.state(FIRST, town.bram, "nieuwsgierig")
    with pytest.raises(LookupError):
        town.district.state(FIRST, "niemand", "wijk-hulpvraag")


def request(town: Town, **changes: object) -> TailoringRequest:
    values: dict[str, object] = {
        "household": town.bram, "person": town.bram, "scheme": "bijstand", "cents": 5_000,
        "since": date(2026, 12, 1), "until": None, "reason": "De huur is hoog.",
    }  # fmt: skip
    return TailoringRequest(**(values | changes))  # type: ignore[arg-type]


def test_an_exception_takes_two_workers_and_becomes_a_record(town: Town) -> None:
    with pytest.raises(NoPurposeError):
        town.district.propose(FIRST, request(town))
    town.district.state(FIRST, town.bram, "wijk-maatwerk")
    with pytest.raises(LookupError):
        town.district.propose(FIRST, request(town, person=town.anna))
    town.district.propose(FIRST, request(town))
    (row,) = town.proposals.waiting(SECOND, ONLY)
    with pytest.raises(SameClerkError):
        asyncio.run(town.proposals.agree(FIRST, row.id, ONLY))
    assert town.district.file(FIRST, town.bram).tailoring == ()
    asyncio.run(town.proposals.agree(SECOND, row.id, ONLY))
    (made,) = town.district.file(FIRST, town.bram).tailoring
    assert (made.cents, made.reason) == (5_000, "De huur is hoog.")
    facts = town.desk.facts.facts_of([town.bram])
    (data,) = [one.data for one in facts if isinstance(one.data, Tailoring)]
    assert data.decided_by == "wijkteam"  # the desk, and nobody's name


# The pages.


class Worker:
    def __init__(self) -> None:
        self.district = sample_district()
        self.browser: Browser = browser_of(full_surface(district=self.district))
        self.landed = sign_in(self.browser, "Wijkteam", STAFF)

    @property
    def households(self) -> SampleDistrict:
        assert isinstance(self.district.households, SampleDistrict)
        return self.district.households


PATH = f"/wijk/huishouden/{HOUSEHOLD}"


def test_the_list_names_nobody_and_the_file_asks_what_for() -> None:
    worker = Worker()
    assert worker.landed.headers["location"] == "/wijk"
    assert "De Vries" not in worker.browser.get("/wijk").text
    asked = worker.browser.get(PATH).text
    assert "De Vries" not in asked
    assert "Wgs 3" in asked
    form = {"csrf": worker.browser.csrf_of(PATH)}
    assert worker.browser.post(PATH, {**form, "doel": "zomaar"}).status_code == 400
    assert worker.browser.post(PATH, {"doel": "inzage-wijk"}).status_code == 403
    assert worker.browser.post(PATH, {**form, "doel": "inzage-wijk"}).status_code == 303
    assert "De Vries" in worker.browser.get(PATH).text
    assert worker.browser.get("/wijk/huishouden/iemand-anders").status_code == 404


def test_the_form_of_an_exception_tells_all_that_is_wrong() -> None:
    worker = Worker()
    form = {"csrf": worker.browser.csrf_of(PATH), "doel": "wijk-maatwerk"}
    worker.browser.post(PATH, form)
    path = f"{PATH}/maatwerk"
    answer = worker.browser.post(path, {"csrf": form["csrf"], "persoon": "x", "tot": "nooit"})
    assert answer.status_code == 400
    for name in ("persoon", "regeling", "bedrag", "vanaf", "tot", "reden"):
        assert f'id="fout-{name}"' in answer.text
    good = {
        "csrf": form["csrf"], "persoon": SUBJECT, "regeling": "bijstand", "bedrag": "50,00",
        "vanaf": "2026-02-01", "reden": "De huur is hoog.",
    }  # fmt: skip
    assert worker.browser.post(path, {**good, "tot": "2026-01-01"}).status_code == 400
    assert (
        worker.browser.post(path, good).headers["location"] == "/wijk/voorstellen?gedaan=voorstel"
    )
    (asked,) = worker.households.proposed
    assert (asked.cents, asked.since, asked.until) == (5_000, date(2026, 2, 1), None)
