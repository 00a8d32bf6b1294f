"""Facts from sources beside wages and registers, and what they change. Amounts: leaflet tg0821z61fd
(129 alone, 246 together), the third-party test-suite of the kinderopvangtoeslag 2026 (file index
59465361080: 1.054 a month), tables of the zorgtoeslag 2026 (30.000 gives 126 alone), norm of
BWBR0015703 of 2026-01-01, art. 21 a.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from scheduler.derivation import Derivation
from scheduler.derive import derive
from scheduler.folding.known import Known, Value
from scheduler.folding.persons import Household
from scheduler.household import fold
from scheduler.rulebook import Rulebook
from specs.records import (
    CHILDCARE_SET,
    DIVORCE_REQUESTED,
    INSURED_BEGUN,
    INSURED_ENDED,
    TAILORED,
    YEAR_ASSETS_SET,
    YEAR_INCOME_SET,
    ChildcareHours,
    DivorceRequest,
    HealthInsurance,
    Tailoring,
    YearAssets,
    YearIncome,
)
from specs.values import Month, months_of_year
from tests.unit.scheduler.law_facts import Facts, ann, bob, ref

RULES = Rulebook.load()
ZORG = "zorgtoeslag"


def household(facts: Facts, known_on: int | None = None) -> Household:
    return fold(facts.all, "ann", known_on)


def cents(derived: Derivation) -> list[int | str]:
    return [each.status if each.status == "unknown" else each.cents
            for _, each in sorted(derived.months.items())]  # fmt: skip


def zorg(facts: Facts, known_on: int | None = None) -> Derivation:
    return derive(household(facts, known_on), ZORG, 2026, RULES)


def insurance(facts: Facts, day: date, *, begun: bool, policy: str = "p1") -> None:
    data = HealthInsurance(person=ref("ann"), policy=policy)
    facts.add(INSURED_BEGUN if begun else INSURED_ENDED, data, day, person="ann")


def test_an_insurer_says_when_somebody_is_insured() -> None:
    facts = ann()
    insurance(facts, date(2026, 3, 1), begun=True)
    insurance(facts, date(2026, 10, 1), begun=False)
    assert cents(zorg(facts)) == ["unknown"] * 2 + [12900] * 7 + [0] * 3
    insurance(facts, date(2026, 10, 1), begun=True, policy="p2")  # another insurer takes over
    assert cents(zorg(facts)) == ["unknown"] * 2 + [12900] * 10


def test_the_tax_office_ends_the_estimate() -> None:
    facts = ann(None)
    for month in range(1, 7):
        facts.wage("ann", f"2026-{month:02d}", 250_000)
    before = zorg(facts)
    assert cents(before) == [12600] * 12
    assert before.estimate
    told = YearIncome(person=ref("ann"), year=2026, cents=1_900_000, basis="assessment")
    facts.add(YEAR_INCOME_SET, told, date(2027, 6, 1), person="ann")
    after = zorg(facts)
    assert cents(after) == [12900] * 12
    assert not after.estimate
    assert zorg(facts, known_on=len(facts.all) - 2) == before


def test_assets_of_the_tax_office_count_before_a_statement() -> None:
    # BWBR0018451 art. 3 lid 1: more than 146.011 removes the right
    facts = ann()
    data = YearAssets(person=ref("ann"), year=2026, cents=14_601_200)
    facts.add(YEAR_ASSETS_SET, data, date(2026, 1, 1), person="ann")
    assert cents(zorg(facts)) == [0] * 12


def with_care(facts: Facts) -> Facts:
    facts.birth("tom", "ann", born=date(2023, 5, 5))
    data = ChildcareHours(person=ref("ann"), child=ref("tom"), contract="c1", kind="dagopvang",
                          hours_per_month=100, hourly_rate_cents=1200)  # fmt: skip
    facts.add(CHILDCARE_SET, data, date(2026, 1, 1), person="ann", child="tom")
    return facts


def test_childcare_and_work_come_from_records() -> None:
    facts = with_care(ann(None))
    facts.job("ann", date(2020, 1, 1))
    for month in range(1, 4):
        facts.wage("ann", f"2026-{month:02d}", 500_000)
    found = derive(household(facts), "kinderopvangtoeslag", 2026, RULES)
    assert cents(found) == [105400] * 12
    facts.job("ann", date(2026, 4, 1), begun=False)
    told = YearIncome(person=ref("ann"), year=2026, cents=6_000_000, basis="assessment")
    facts.add(YEAR_INCOME_SET, told, date(2027, 6, 1), person="ann")
    found = derive(household(facts), "kinderopvangtoeslag", 2026, RULES)
    assert cents(found) == [105400] * 6 + [0] * 6  # Wko 1.6 lid 5: three months more
    ended = ChildcareHours(person=ref("ann"), child=ref("tom"), contract="c1", kind="dagopvang",
                           hours_per_month=0, hourly_rate_cents=0, ended=True)  # fmt: skip
    facts.add(CHILDCARE_SET, ended, date(2026, 3, 1), person="ann", child="tom")
    found = derive(household(facts), "kinderopvangtoeslag", 2026, RULES)
    assert cents(found) == [105400] * 2 + [0] * 10


def test_a_divorce_request_with_an_own_address_ends_the_partner() -> None:
    facts = ann()
    bob(facts)
    facts.union(date(2015, 6, 1))
    pair = (ref("ann"), ref("bob"))
    asked = facts.add(DIVORCE_REQUESTED, DivorceRequest(persons=pair), date(2026, 2, 10),
                      persons_0="ann", persons_1="bob")  # fmt: skip
    assert cents(zorg(facts)) == [24600] * 12  # AWR 5a lid 4: at one address they stay partners
    facts.move("bob", date(2026, 4, 20))
    assert cents(zorg(facts)) == [24600] * 4 + [12900] * 8
    back = DivorceRequest(persons=pair, withdrawn=True)
    facts.add(DIVORCE_REQUESTED, back, date(2026, 8, 5), persons_0="ann", persons_1="bob")
    assert cents(zorg(facts)) == [24600] * 4 + [12900] * 4 + [24600] * 4
    facts.take_back(asked, "nl.brp.gecorrigeerd", date(2026, 9, 1))
    assert cents(zorg(facts)) == [24600] * 12


def test_recorded_maatwerk_changes_bijstand_and_tells_its_reason() -> None:
    facts = ann()
    data = Tailoring(person=ref("ann"), scheme="bijstand", cents_per_month=15_000,
                     reason="Hoge kosten door ziekte.", decided_by="wijkteam")  # fmt: skip
    record = facts.add(TAILORED, data, date(2026, 2, 1), person="ann")
    facts.all[-1] = replace(facts.all[-1], valid_until=date(2026, 5, 1))
    found = household(facts)
    months: dict[Month, Value[int]] = {month: Known(value=0) for month in months_of_year(2026)}
    person = replace(found.self, monthly_income=months)  # the income of a month is in no record yet
    derived = derive(
        replace(found, persons={**found.persons, "ann": person}), "bijstand", 2026, RULES
    )
    assert cents(derived)[:6] == [140150, 155150, 155150, 155150, 140150, 140150]
    steps = {step.name: step for step in derived.steps_for(Month(2026, 3))}
    assert steps["maatwerk"].says.nl.endswith("Reden: Hoge kosten door ziekte.")
    assert steps["maatwerk"].records == (record,)
