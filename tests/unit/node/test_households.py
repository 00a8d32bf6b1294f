"""Who forms a household and who asked for an allowance, whatever the order of arrival."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import permutations
from typing import Any

import pytest

from node.households import (
    CIRCLE_SUBJECTS_MAX,
    Circles,
    applications,
    enrolled,
    every_household,
    households_of,
    person_ref,
)
from scheduler.folding.facts import Fact
from specs.records import (
    BIRTH,
    MOVED_WITHIN,
    Address,
    Birth,
    Enrolment,
    Move,
    PersonRef,
    RecordData,
    Statement,
)
from tests.browser.story_people import BRAM, CLEO, joins, union
from tests.household_facts import Book as Told


def ref(bsn: str | None, surname: str = "Jansen") -> PersonRef:
    return PersonRef(bsn=bsn, birth_date=date(1990, 1, 1), surname=surname)


ANNA, BEN, KIM, DIRK = map(ref, ("999990019", "999990020", "999990032", "999990044"))
NAMES = {"999990019": "anna", "999990020": "ben", "999990032": "kim", "999990044": "dirk"}


def fact(known: int, data: RecordData, **more: Any) -> Fact:
    """A fact whose subjects are the names above."""
    subjects: dict[str, str] = {}
    for name, value in data:
        if isinstance(value, PersonRef) and value.bsn is not None:
            subjects[name] = NAMES[value.bsn]
        elif isinstance(value, tuple):
            for place, one in enumerate(value):
                if isinstance(one, PersonRef) and one.bsn is not None:
                    subjects[f"{name}.{place}"] = NAMES[one.bsn]
    shape: dict[str, Any] = {"valid_from": date(2026, 1, 1), "author": "gm0344", "type": "t"}
    return Fact(record=f"r{known}", data=data, subjects=subjects, known=known, **(shape | more))


def enrolment(known: int, **more: Any) -> Fact:
    data = {"person": ANNA, "members": (ANNA, BEN), "agreed_on": date(2026, 2, 1)} | more
    return fact(known, Enrolment(**data))


class Book:
    """A list of facts as a FactSource."""

    def __init__(self, *facts: Fact) -> None:
        self.facts = facts

    def facts_of(self, subjects: Iterable[str]) -> list[Fact]:
        wanted = set(subjects)
        return [one for one in self.facts if wanted & set(one.subjects.values())]

    def of_type(self, record_type: str) -> list[Fact]:
        return [one for one in self.facts if one.type == record_type]


def test_enrolment_names_applicant_members_and_wish() -> None:
    (household,) = enrolled([enrolment(3, preferred_day=20)])
    assert household.applicant == "anna"
    assert household.members == ("anna", "ben")
    assert household.preferred_day == 20


def test_who_enrols_for_himself_leaves_the_household_that_named_him() -> None:
    own = enrolment(4, person=BEN, members=(), agreed_on=date(2026, 3, 1))
    assert {one.applicant: one.members for one in enrolled([own, enrolment(3)])} == {
        "anna": ("anna",),
        "ben": ("ben",),
    }


def test_withdrawn_household_is_not_enrolled_but_still_asked_for_its_allowances() -> None:
    facts = [enrolment(3), enrolment(5, withdrawn=True)]
    assert enrolled(facts) == ()
    assert [one.applicant for one in applications(facts)] == ["anna"]


def test_only_an_enrolment_asks_for_allowances() -> None:
    """The choice of this slice: there is no record type of an application (Awir 15) yet."""
    insured = fact(1, Statement(person=BEN, fact="insured", value=1))
    assert applications([insured]) == ()
    (own,) = applications([insured, enrolment(2)])
    assert (own.applicant, own.first_year) == ("anna", 2026)


def test_applications_stand_in_order_of_agreement_whatever_arrived_first() -> None:
    answers = set()
    for first, second in permutations((1, 2)):
        late = enrolment(second, person=BEN, members=(), agreed_on=date(2026, 3, 1))
        facts = [enrolment(first), late]
        answers.add(tuple(one.applicant for one in applications(facts)))
    assert answers == {("anna", "ben")}


def test_circle_follows_family_links_but_not_the_whole_town() -> None:
    birth = fact(1, Birth(person=KIM, parents=(ANNA, BEN)))
    far = fact(2, Move(person=DIRK, address=Address(town="Utrecht")))
    facts, subjects = Circles(Book(birth, far)).near(["anna"])
    assert facts == [birth]
    assert subjects == {"anna", "ben", "kim"}


@pytest.mark.parametrize(
    "address",
    [Address(bag_id="0344010000000001"), Address(postcode="3511AA", number="1")],
    ids=["bag", "postcode"],
)
def test_circle_holds_who_lives_in_the_same_home(address: Address) -> None:
    """Awir 3 lid 2 e: somebody at the same address with a child of one of them is a partner."""
    homes = [
        fact(1, Move(person=ANNA, address=address), type=MOVED_WITHIN),
        fact(2, Move(person=DIRK, address=address), type=MOVED_WITHIN),
    ]
    facts, subjects = Circles(Book(*homes)).near(["anna"])
    assert facts == homes
    assert subjects == {"anna", "dirk"}


def test_many_changed_at_once_lose_nobody_who_is_linked_to_them() -> None:
    """A bulk load changes thousands: the limit is for each of them, not for all together."""
    count = CIRCLE_SUBJECTS_MAX + 50
    births = [
        Fact(
            record=f"b{n}",
            type=BIRTH,
            data=Birth(person=KIM, parents=(ANNA,)),
            subjects={"person": f"child{n}", "parents.0": f"parent{n}"},
            valid_from=date(2026, 1, 1),
            known=n,
            author="gm0344",
        )
        for n in range(count)
    ]
    _, subjects = Circles(Book(*births)).near([f"child{n}" for n in range(count)])
    assert {f"parent{n}" for n in range(count)} <= subjects


def test_person_ref_prefers_the_latest_record_that_knows_the_bsn() -> None:
    renamed = ref("999990019", "Smit")
    nameless = Birth(person=KIM, parents=(ref(None, "Jansen"),))
    facts = [
        fact(1, Statement(person=ANNA, fact="insured", value=1)),
        fact(2, Statement(person=renamed, fact="insured", value=1)),
        fact(3, nameless),
    ]
    assert person_ref(facts, "anna") == renamed
    assert person_ref(facts, "nobody") is None


def test_who_parted_is_of_no_household_but_his_own() -> None:
    """A divorced person no longer sees the calendar of the other, also by the list of a sign-in."""
    book = Told()
    married = union(BRAM, CLEO, date(2019, 6, 1), ends=False)
    book.add("gm0344", [married, joins(BRAM, CLEO)])
    bram, cleo = str(BRAM.bsn), str(CLEO.bsn)
    assert [one.applicant for one in households_of(book, cleo)] == [bram]
    book.add("gm0344", [union(BRAM, CLEO, date(2026, 4, 15), ends=True)])
    assert [one.applicant for one in households_of(book, cleo)] == [cleo]
    assert [one.applicant for one in households_of(book, bram)] == [bram]
    assert {one.applicant: one.members for one in every_household(book)} == {
        bram: (bram,), cleo: (cleo,),
    }  # fmt: skip
