"""Facts that cannot all be true: unknown where they are needed, and named for the report back.

Amounts: leaflet tg0821z61fd (129 alone, 246 with a partner).
"""

from __future__ import annotations

from datetime import date

from scheduler.derivation import Derivation
from scheduler.derive import derive
from scheduler.folding.addresses import address_clashes
from scheduler.folding.persons import Household
from scheduler.household import fold
from scheduler.rulebook import Rulebook
from specs.records import UNION_CLOSED, Address, PersonRef, Union
from specs.values import Month
from tests.unit.scheduler.law_facts import HERE, THERE, Facts, ann, bob, ref

RULES = Rulebook.load()


def household(facts: Facts, known_on: int | None = None) -> Household:
    return fold(facts.all, "ann", known_on)


def status(facts: Facts, scheme: str, year: int = 2026) -> list[str]:
    found: Derivation = derive(household(facts), scheme, year, RULES)
    return [amount.status for _, amount in sorted(found.months.items())]


def twice(facts: Facts, who: str = "ann", day: date = date(2026, 4, 10)) -> Facts:
    facts.move(who, day, HERE)
    facts.move(who, day, THERE)
    return facts


def test_two_addresses_are_unknown_where_the_address_is_needed() -> None:
    facts = ann()
    facts.rent("ann", date(2020, 1, 1), 60_000)
    twice(facts)
    for scheme in ("zorgtoeslag", "huurtoeslag"):
        assert status(facts, scheme) == ["ok"] * 4 + ["unknown"] * 8, scheme


def test_with_a_spouse_the_zorgtoeslag_needs_no_address() -> None:
    facts = ann()
    bob(facts)
    facts.union(date(2015, 6, 1))
    twice(facts)
    assert status(facts, "zorgtoeslag") == ["ok"] * 12
    assert status(facts, "bijstand")[4:] == ["unknown"] * 8


def test_the_records_of_two_addresses_are_named() -> None:
    facts = twice(ann())
    (told,) = household(facts).contradictions
    last = len(facts.all) - 1
    assert (told.kind, told.person, told.start, told.end) == (
        "two_addresses", "ann", date(2026, 4, 10), None)  # fmt: skip
    assert told.records == (f"r{last - 1:03d}", f"r{last:03d}")
    assert household(facts, known_on=last - 1).contradictions == ()
    found = derive(household(facts), "zorgtoeslag", 2026, RULES)
    assert found.months[Month(2026, 5)].because == told.says
    assert set(told.records) <= set(found.inputs)


def test_a_correction_settles_it() -> None:
    facts = twice(ann())
    facts.take_back(facts.all[-1].record, "nl.brp.gecorrigeerd", date(2026, 6, 1))
    assert household(facts).contradictions == ()
    assert status(facts, "zorgtoeslag") == ["ok"] * 12


def test_a_next_address_ends_it() -> None:
    facts = twice(ann())
    facts.move(
        "ann", date(2026, 7, 15), Address(municipality="0344", postcode="3511CC", number="3")
    )
    (told,) = household(facts).contradictions
    assert told.end == date(2026, 7, 15)
    assert status(facts, "zorgtoeslag") == ["ok"] * 4 + ["unknown"] * 3 + ["ok"] * 5


def test_one_home_told_twice_is_no_contradiction() -> None:
    facts = ann()
    facts.move("ann", date(2026, 4, 10), THERE)
    facts.move("ann", date(2026, 4, 10), THERE.model_copy(update={"bag_id": "0344010000000001"}))
    assert household(facts).contradictions == ()
    assert address_clashes(facts.all, "ann") == ()


def test_somebody_else_in_two_homes_leaves_the_partner_open() -> None:
    facts = ann()
    facts.birth("bob")
    facts.move("bob", date(2018, 1, 1), THERE)
    assert status(facts, "zorgtoeslag") == ["ok"] * 12
    twice(facts, "bob")
    assert status(facts, "zorgtoeslag") == ["ok"] * 4 + ["unknown"] * 8


def test_a_child_in_two_homes_leaves_the_children_open() -> None:
    facts = ann()
    facts.birth("kim", "ann")
    facts.kinderbijslag("ann", date(2018, 1, 1))
    twice(facts, "kim")
    assert status(facts, "kindgebonden_budget") == ["ok"] * 4 + ["unknown"] * 8
    assert status(facts, "kinderbijslag") == ["ok", "ok", "unknown", "unknown"]


def other_union(facts: Facts, day: date) -> str:
    """A second marriage, with somebody else, while the first goes on."""
    cor = PersonRef(bsn=None, birth_date=date(1980, 1, 1), surname="cor")
    data = Union(persons=(ref("ann"), cor), kind="marriage", reason="closed")
    return facts.add(UNION_CLOSED, data, day, persons_0="ann", persons_1="cor")


def test_two_partners_are_unknown_and_named() -> None:
    facts = ann()
    bob(facts)
    first = facts.union(date(2015, 6, 1))
    second = other_union(facts, date(2026, 9, 1))
    (told,) = household(facts).contradictions
    assert (told.kind, told.person, told.start) == ("two_partners", "ann", date(2026, 9, 1))
    assert told.records == (first, second)
    # Awir 7 lid 3: which limit of assets counts asks for one partner all year, so all months wait
    assert status(facts, "zorgtoeslag") == ["unknown"] * 12
    assert status(facts, "bijstand")[8:] == ["unknown"] * 4
    facts.union(date(2026, 11, 3), closed=False)
    assert household(facts).contradictions[0].end == date(2026, 11, 3)


def test_two_birth_dates_and_two_deaths_are_named() -> None:
    facts = ann()
    facts.birth("ann", born=date(1990, 5, 2))
    facts.birth("ann", born=date(1990, 5, 1))
    facts.death("ann", date(2026, 8, 3))
    facts.death("ann", date(2026, 8, 4))
    kinds = [told.kind for told in household(facts).contradictions]
    assert kinds == ["two_birth_dates", "two_death_dates"]
    assert status(facts, "zorgtoeslag") == ["unknown"] * 12


def test_the_order_of_arrival_makes_no_difference() -> None:
    facts = twice(ann())
    turned = Facts()
    turned.all = list(reversed(facts.all))
    assert household(turned).contradictions == household(facts).contradictions
    assert household(turned).insecure == household(facts).insecure
