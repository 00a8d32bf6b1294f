"""Folding facts: who is partner when, which children count, what is unknown and why."""

from __future__ import annotations

from datetime import date

from scheduler.folding.facts import Fact
from scheduler.folding.known import Known, Unknown
from scheduler.folding.partner import partner_in, partner_whole_year
from scheduler.folding.persons import Household
from scheduler.household import fold
from specs.records import (
    BIRTH,
    BRP_CORRECTED,
    DEATH,
    IN_INVESTIGATION,
    KINDERBIJSLAG_SET,
    MOVED_WITHIN,
    STATED,
    UNION_CLOSED,
    UNION_DISSOLVED,
    Address,
    AddressInvestigation,
    Birth,
    Correction,
    Death,
    Move,
    PersonRef,
    RecordData,
    Recurring,
    Statement,
    Union,
)
from specs.values import Month

HERE = Address(municipality="0344", postcode="3511AA", number="1")
THERE = Address(municipality="0344", postcode="3511BB", number="2")
BORN = {"ann": date(1990, 5, 1), "bob": date(1988, 7, 9), "kim": date(2015, 3, 4)}


def ref(name: str) -> PersonRef:
    return PersonRef(bsn=None, birth_date=BORN[name], surname=name)


class Facts:
    """Collects facts with their places in the log."""

    def __init__(self) -> None:
        self.all: list[Fact] = []

    def add(self, kind: str, data: RecordData, day: date, **subjects: str) -> str:
        number = len(self.all)
        paths = {path.replace("_", "."): name for path, name in subjects.items()}
        self.all.append(
            Fact(record=f"r{number}", type=kind, data=data, subjects=paths, valid_from=day,
                 known=number, author="gm0344")
        )  # fmt: skip
        return f"r{number}"

    def move(self, who: str, day: date, address: Address = HERE) -> str:
        return self.add(MOVED_WITHIN, Move(person=ref(who), address=address), day, person=who)

    def birth(self, who: str, *parents: str) -> str:
        data = Birth(person=ref(who), parents=tuple(ref(parent) for parent in parents))
        named = {f"parents_{index}": parent for index, parent in enumerate(parents)}
        return self.add(BIRTH, data, BORN[who], person=who, **named)

    def union(self, kind: str, day: date) -> str:
        data = Union(persons=(ref("ann"), ref("bob")), kind="marriage",
                     reason="closed" if kind == UNION_CLOSED else "divorce")  # fmt: skip
        return self.add(kind, data, day, persons_0="ann", persons_1="bob")

    def kinderbijslag(self, who: str, day: date) -> str:
        data = Recurring(person=ref(who), flow="kb", kind="kinderbijslag", direction="in",
                         party="SVB", amount_cents=29507, every="quarter")  # fmt: skip
        return self.add(KINDERBIJSLAG_SET, data, day, person=who)

    def partner(self, value: int, day: date, other: str | None) -> str:
        data = Statement(person=ref("ann"), fact="toeslagpartner", value=value,
                         other=None if other is None else ref(other))  # fmt: skip
        named = {} if other is None else {"other": other}
        return self.add(STATED, data, day, person="ann", **named)


def single() -> Facts:
    facts = Facts()
    facts.birth("ann")
    facts.move("ann", date(2015, 1, 1))
    return facts


def married() -> Facts:
    facts = single()
    facts.birth("bob")
    facts.move("bob", date(2016, 1, 1))
    facts.union(UNION_CLOSED, date(2018, 6, 20))
    return facts


def partner_id(household: Household, month: str) -> str | None:
    found = partner_in(household, Month.parse(month))
    assert isinstance(found, Known), found
    return None if found.value is None else found.value.id


def test_alone_at_an_address_has_no_partner() -> None:
    assert partner_id(fold(single().all, "ann"), "2026-01") is None


def test_without_an_address_the_partner_is_unknown() -> None:
    facts = Facts()
    facts.birth("ann")
    found = partner_in(fold(facts.all, "ann"), Month(2026, 1))
    assert isinstance(found, Unknown)
    assert "adres" in found.missing.nl


def test_marriage_counts_from_the_next_month() -> None:
    # Awir 5: married on 20 June, partner from 1 July. Before that: an adult at the same address
    # without a known ground is a question, not an answer.
    facts = married()
    facts.partner(0, date(2015, 1, 1), "bob")
    facts.partner(1, date(2018, 6, 20), "bob")
    household = fold(facts.all, "ann")
    assert partner_id(household, "2018-06") is None
    assert partner_id(household, "2018-07") == "bob"


def test_adult_at_the_address_without_ground_is_a_question() -> None:
    facts = single()
    facts.birth("bob")
    facts.move("bob", date(2016, 1, 1))
    found = partner_in(fold(facts.all, "ann"), Month(2026, 1))
    assert isinstance(found, Unknown)
    assert found.article.endswith("artikel 3")
    facts.partner(0, date(2025, 1, 1), "bob")
    assert partner_id(fold(facts.all, "ann"), "2026-01") is None


def test_common_child_at_the_address_makes_partners() -> None:
    # Awir 3 lid 2 a
    facts = single()
    facts.birth("bob")
    facts.move("bob", date(2016, 1, 1))
    facts.birth("kim", "ann", "bob")
    assert partner_id(fold(facts.all, "ann"), "2026-01") == "bob"


def test_minor_child_of_one_at_the_address_makes_partners() -> None:
    # Awir 3 lid 2 e
    facts = single()
    facts.birth("bob")
    facts.birth("kim", "ann")
    facts.move("kim", date(2015, 3, 4))
    facts.move("bob", date(2024, 4, 10))
    household = fold(facts.all, "ann")
    assert partner_id(household, "2024-04") is None
    assert partner_id(household, "2024-05") == "bob"


def test_divorce_and_own_address_ends_it_but_not_at_the_same_address() -> None:
    # Awir 3 lid 2 f and lid 3: at the same address partner for the rest of the year, and after it
    facts = married()
    facts.union(UNION_DISSOLVED, date(2025, 5, 12))
    staying = fold(facts.all, "ann")
    assert partner_id(staying, "2025-12") == "bob"
    assert partner_id(staying, "2026-12") == "bob"
    facts.move("bob", date(2025, 5, 12), THERE)
    apart = fold(facts.all, "ann")
    assert partner_id(apart, "2025-05") == "bob"
    assert partner_id(apart, "2025-06") is None


def test_separate_addresses_alone_do_not_end_a_marriage() -> None:
    # AWR 5a lid 4 asks for a divorce request besides
    facts = married()
    facts.move("bob", date(2025, 5, 12), THERE)
    assert partner_id(fold(facts.all, "ann"), "2026-01") == "bob"


def test_death_of_the_partner_ends_it() -> None:
    facts = married()
    facts.add(DEATH, Death(person=ref("bob")), date(2025, 8, 3), person="bob")
    household = fold(facts.all, "ann")
    assert partner_id(household, "2025-08") == "bob"
    assert partner_id(household, "2025-09") is None
    whole = partner_whole_year(household, 2025)
    assert isinstance(whole, Known)
    assert whole.value is None


def test_correction_takes_a_union_back_from_when_it_is_known() -> None:
    facts = married()
    facts.partner(0, date(2015, 1, 1), "bob")
    union = next(fact.record for fact in facts.all if fact.type == UNION_CLOSED)
    data = Correction(person=ref("ann"), corrects=union, reason="wrong person")
    facts.add(BRP_CORRECTED, data, date(2026, 1, 5), person="ann")
    correction = facts.all[-1].known
    assert partner_id(fold(facts.all, "ann"), "2026-03") is None
    assert partner_id(fold(facts.all, "ann", correction - 1), "2026-03") == "bob"


def test_children_need_a_kinderbijslag_decision() -> None:
    facts = single()
    facts.birth("kim", "ann")
    facts.move("kim", date(2015, 3, 4))
    household = fold(facts.all, "ann")
    assert isinstance(household.children, Unknown)
    assert "SVB" in household.children.missing.nl
    facts.kinderbijslag("ann", date(2015, 4, 1))
    household = fold(facts.all, "ann")
    assert not isinstance(household.children, Unknown)
    assert [spell.value for spell in household.children] == ["kim"]


def test_no_children_are_none_and_not_unknown() -> None:
    assert fold(single().all, "ann").children == ()


def test_address_in_investigation_makes_a_single_persons_partner_unknown() -> None:
    facts = single()
    data = AddressInvestigation(person=ref("ann"), code="089999")
    facts.add(IN_INVESTIGATION, data, date(2026, 2, 10), person="ann")
    household = fold(facts.all, "ann")
    assert partner_id(household, "2026-02") is None
    assert isinstance(partner_in(household, Month(2026, 3)), Unknown)


def test_two_marriages_at_once_are_unknown() -> None:
    facts = married()
    BORN["cas"] = date(1985, 1, 1)
    data = Union(persons=(ref("ann"), ref("cas")), kind="marriage", reason="closed")
    facts.add(UNION_CLOSED, data, date(2020, 1, 1), persons_0="ann", persons_1="cas")
    found = partner_in(fold(facts.all, "ann"), Month(2026, 1))
    assert isinstance(found, Unknown)
    assert len(found.records) == 2
