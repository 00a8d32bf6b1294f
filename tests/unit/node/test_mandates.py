"""Acting for somebody else: by a recorded mandate, while it holds, and not a page longer."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from node.desk.mandate_desk import Mandates
from node.desk.mandate_views import MandateRequest
from node.desk.proposals import Proposals
from node.desk.proposals_sql import SameClerkError
from node.errors import RefusedError
from node.mandates import standing_mandates
from node.people import HouseholdPeople
from node.portal.auth import SESSION_RENEW_SECONDS
from specs.records import ENROLLED, MANDATE_SET, Enrolment, RecordDraft
from tests import node_drafts as drafts
from tests.browser.household_views import SamplePeople
from tests.desk_office import office_of
from tests.node_desk import TestDesk
from tests.portal_sign_in import browser_of, sign_in
from tests.portal_surface import full_surface

FIRST, SECOND = "medewerker-een", "medewerker-twee"
KINDS = ("mandate",)
DAY = date(2026, 11, 22)  # tests/node_desk.py NOW


class Town:
    """A municipality where Anna joined one pay date; Bram may come to act for her."""

    def __init__(self, directory: Path) -> None:
        self.desk = TestDesk(directory, "gm0344")
        self.desk.record(drafts.move())
        self.desk.record(drafts.move(drafts.BRAM))
        data = Enrolment(person=drafts.ANNA, members=(drafts.ANNA,), agreed_on=date(2026, 1, 2))
        self.desk.record(
            RecordDraft(type=ENROLLED, source_event_id="e", data=data, valid_from=data.agreed_on)
        )
        self.desk.follow()
        self.mandates = Mandates(office_of(self.desk))
        self.proposals = Proposals(office_of(self.desk), {"mandate": self.mandates})
        self.today = DAY
        self.people = HouseholdPeople(self.desk.facts, lambda: self.today)
        self.anna, self.bram = self.desk.subject(drafts.ANNA), self.desk.subject(drafts.BRAM)

    def register(self, **changes: object) -> None:
        values: dict[str, object] = {
            "bsn": drafts.ANNA.bsn, "holder": drafts.BRAM, "kind": "administrator",
            "since": date(2026, 11, 1), "until": None, "source": "Beschikking 26/1",
        }  # fmt: skip
        self.mandates.propose(FIRST, MandateRequest(**(values | changes)))  # type: ignore[arg-type]
        (row,) = self.proposals.waiting(SECOND, KINDS)
        with pytest.raises(SameClerkError):
            asyncio.run(self.proposals.agree(FIRST, row.id, KINDS))
        assert self.seen() == []
        asyncio.run(self.proposals.agree(SECOND, row.id, KINDS))

    def seen(self) -> list[str]:
        """The households that Bram may see now by a mandate."""
        assert self.bram is not None
        return [one.household for one in self.people.accesses(self.bram) if one.mandate]

    def record(self) -> str:
        (one,) = standing_mandates(self.desk.facts.of_type(MANDATE_SET))
        return one.record


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


def test_two_clerks_register_and_the_holder_sees_the_household(town: Town) -> None:
    town.register()
    assert town.seen() == [town.anna]
    (one,) = town.mandates.of_person(FIRST, str(drafts.ANNA.bsn)).mandates
    assert (one.holder, one.source, one.holds) == ("Jansma", "Beschikking 26/1", True)


def test_it_holds_from_its_first_day_up_to_its_last(town: Town) -> None:
    town.register(until=date(2026, 11, 23))
    assert town.seen() == [town.anna]
    for day, seen in ((date(2026, 10, 31), []), (date(2026, 11, 23), [])):
        town.today = day
        assert town.seen() == seen


def test_one_clerk_ends_it_at_once_and_a_running_visit_with_it(town: Town) -> None:
    town.register()
    record = town.record()
    assert town.bram is not None
    assert town.anna is not None
    assert town.people.stands(town.bram, town.anna, record) is not None
    asyncio.run(town.mandates.end(FIRST, record, "Het bewind is opgeheven."))
    assert town.people.stands(town.bram, town.anna, record) is None
    assert town.seen() == []
    with pytest.raises(LookupError):
        asyncio.run(town.mandates.end(FIRST, record, "nog eens"))


def test_nobody_needs_a_mandate_for_himself(town: Town) -> None:
    with pytest.raises(RefusedError):
        town.register(holder=drafts.ANNA)
    with pytest.raises(LookupError):
        town.register(bsn="999990482")


class EndingPeople(SamplePeople):
    """People whose mandates end during the visit."""

    ended = False

    def stands(self, person: str, household: str, mandate: str | None) -> str | None:
        return None if self.ended else super().stands(person, household, mandate)


def test_a_page_says_for_whom_and_none_comes_after_the_end() -> None:
    people = EndingPeople()
    browser = browser_of(replace(full_surface(), people=people))
    sign_in(browser, "Bewindvoerder")
    token = browser.csrf_of("/mijn/aanmelden/kiezen")
    browser.post("/mijn/aanmelden/kiezen", {"csrf": token, "huishouden": "huishouden-een"})
    page = browser.get("/mijn/maand/2026-01")
    assert "U handelt voor:" in page.text
    people.ended = True
    answer = browser.get("/mijn/maand/2026-01")
    assert answer.headers["location"] == "/mijn/aanmelden"
    people.ended = False
    assert browser.get("/mijn/maand/2026-01").headers["location"] == "/mijn/aanmelden"


def test_who_left_a_household_sees_no_more_of_it_within_a_minute() -> None:
    people, gone = EndingPeople(), [0]
    browser = browser_of(replace(full_surface(), people=people), now=lambda: time.time() + gone[0])
    sign_in(browser, "De Vries")
    assert browser.get("/mijn/maand/2026-01").status_code == 200
    people.ended = True
    gone[0] += SESSION_RENEW_SECONDS
    answer = browser.get("/mijn/maand/2026-01")
    assert answer.headers["location"] == "/mijn/aanmelden"
    people.ended = False
    assert browser.get("/mijn/maand/2026-01").headers["location"] == "/mijn/aanmelden"
