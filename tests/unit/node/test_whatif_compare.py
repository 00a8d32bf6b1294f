"""What if: amounts as published outside this project, and what stays unknown instead of guessed.

Sources of the amounts: the table of belastingdienst.nl and leaflets as in specs/regulations/*/
cases.yaml and tests/cases/life_events.yaml, where each is named by its address.
"""

from __future__ import annotations

from datetime import date

import pytest

from node.whatif.suppose import job_wages, monthly_cents
from node.whatif.suppositions import (
    Child,
    Job,
    Partner,
    Raise,
    Remaining,
    Rent,
    Suppositions,
)
from specs.values import Month
from tests.whatif_people import WHO, Family, effect, runs

JULY = Month(2026, 7)
APRIL = Month(2026, 4)


def partner(bond: bool | None, **changes: object) -> Partner:
    values: dict[str, object] = {
        "age": 35, "year_income_cents": 0, "bond": bond, "insured": True, "assets_cents": 0,
    }  # fmt: skip
    return Partner(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("income", "gross", "before", "after"),
    [
        # The table of 2026 for somebody alone, as zorgtoeslag/cases.yaml names it.
        (2_950_000, 25_000, 12_900, 11_400),  # up to 29.500, up to 31.000
        (3_000_000, 16_666, 12_600, 11_400),  # 30.000, and 30.999,96: in the row up to 31.000
        (3_100_000, 16_666, 11_400, 10_300),  # 31.000, and 31.999,96
    ],
)
def test_a_raise_moves_along_the_published_table(
    income: int, gross: int, before: int, after: int
) -> None:
    more = Raise(who=WHO, gross_cents=gross)
    compared = Family(income=income).compare(Suppositions(start=JULY, more=more))
    assert runs(compared, "zorgtoeslag", after=False) == [(1, 12, before)]
    assert runs(compared, "zorgtoeslag", after=True) == [(1, 12, after)]
    assert compared.gross == {WHO: 6 * gross}  # from July on no holiday pay is paid this year


def test_a_wage_beside_wages_told_by_uwv_gives_the_same_table_row() -> None:
    # 2.458,33 a month is 29.499,96 a year; 250 more from July is 30.999,96
    family = Family().income("wage", 245_833)
    compared = family.compare(Suppositions(start=JULY, more=Raise(who=WHO, gross_cents=25_000)))
    assert runs(compared, "zorgtoeslag", after=False) == [(1, 12, 12_900)]
    assert runs(compared, "zorgtoeslag", after=True) == [(1, 12, 11_400)]


def test_a_birth_gives_what_the_leaflets_give() -> None:
    family = Family(income=2_973_600).child()
    compared = family.compare(Suppositions(start=APRIL, child=Child(born=date(2026, 4, 12))))
    assert runs(compared, "kindgebonden_budget", after=False) == [(1, 12, 49_900)]
    assert runs(compared, "kindgebonden_budget", after=True) == [(1, 4, 49_900), (5, 12, 71_400)]
    assert runs(compared, "kinderbijslag", after=False) == [(1, 4, 35_830), (7, 10, 36_235)]
    assert runs(compared, "kinderbijslag", after=True) == [(1, 4, 35_830), (7, 10, 66_075)]


def test_another_rent_gives_what_the_leaflet_gives() -> None:
    rent = Rent(bare_cents=60_000, service_cents=0, independent=True)
    family = Family(income=2_342_500).rent(49_820).rent(51_000, date(2026, 9, 1))
    compared = family.compare(Suppositions(start=Month(2026, 6), rent=rent))
    assert runs(compared, "huurtoeslag", after=True) == [(1, 5, 29_500), (6, 12, 36_100)]


def test_moving_in_together_as_partners_gives_the_amount_of_two() -> None:
    compared = Family(income=1_900_000).compare(Suppositions(start=APRIL, partner=partner(True)))
    assert runs(compared, "zorgtoeslag", after=True) == [(1, 3, 12_900), (4, 12, 24_600)]


def test_whether_two_are_partners_is_the_laws_answer_or_theirs() -> None:
    alone = Family(income=1_900_000)
    no = alone.compare(Suppositions(start=APRIL, partner=partner(False)))
    assert runs(no, "zorgtoeslag", after=True) == [(1, 12, 12_900)]
    unknown = effect(alone.compare(Suppositions(start=APRIL, partner=partner(None))), "zorgtoeslag")
    assert unknown.months[APRIL].after is None
    assert unknown.because is not None
    assert "toeslagpartner" in unknown.because.nl
    # Awir 3 lid 2 e: with a minor child of one of them in the home they always are.
    mother = Family(income=1_900_000).child()
    always = mother.compare(Suppositions(start=APRIL, partner=partner(False)))
    assert runs(always, "zorgtoeslag", after=True) == [(1, 3, 12_900), (4, 12, 24_600)]


def test_an_insurance_nobody_told_of_stays_unknown() -> None:
    supposed = Suppositions(start=APRIL, partner=partner(True, insured=None))
    found = effect(Family(income=1_900_000).compare(supposed), "zorgtoeslag")
    assert found.because is not None
    assert "zorgverzekering" in found.because.nl
    assert found.months[Month(2026, 3)].after == 12_900


@pytest.mark.parametrize("kind", ["ww", "bijstand", "zw", "wia", "wajong", "anw"])
def test_a_job_beside_a_benefit_is_unknown_until_what_is_left_is_told(kind: str) -> None:
    job = Job(who=WHO, tenths_of_hours=240, hourly_cents=1_500)
    family = Family().income(kind, 150_000)
    compared = family.compare(Suppositions(start=APRIL, job=job))
    found = effect(compared, "zorgtoeslag")
    assert {pair.after for pair in found.months.values()} == {None}
    assert found.months[APRIL].before == 12_900  # the published table, up to 29.500
    assert [one.kind for one in compared.benefits] == [kind]
    (reason, article) = compared.benefit_reasons[0]
    assert reason.nl.startswith("Wij weten niet hoeveel")
    assert article
    stops = Suppositions(start=APRIL, job=job, remaining=Remaining(gross_cents=0))
    known = effect(family.compare(stops), "zorgtoeslag")
    assert {pair.after for pair in known.months.values()} == {12_900}  # 18.792,00: up to 29.500


def test_a_pension_stands_beside_a_job_and_a_partner_changes_the_aow() -> None:
    job = Job(who=WHO, tenths_of_hours=80, hourly_cents=1_500)
    assert not Family().income("aow", 150_000).compare(Suppositions(start=APRIL, job=job)).benefits
    both = Suppositions(start=APRIL, partner=partner(True))
    assert [one.kind for one in Family().income("aow", 150_000).compare(both).benefits] == ["aow"]


def test_what_is_left_of_a_benefit_counts_from_that_month_on() -> None:
    job = Job(who=WHO, tenths_of_hours=200, hourly_cents=1_500)
    family = Family().income("ww", 200_000, months=3)
    compared = family.compare(
        Suppositions(start=APRIL, job=job, remaining=Remaining(gross_cents=100_000))
    )
    # 3 x 2.000 WW + 9 x 1.000 left + 9 x 1.300 wage + 8% of two months in June = 26.908,00
    inputs = [
        step.value
        for step in compared.derived["zorgtoeslag"].trace
        if step.name == "toetsingsinkomen"
    ]
    assert set(inputs) == {2_690_800}


def test_an_income_nobody_knows_does_not_become_known_by_a_job() -> None:
    job = Job(who=WHO, tenths_of_hours=240, hourly_cents=1_500)
    compared = Family().compare(Suppositions(start=APRIL, job=job))
    found = effect(compared, "zorgtoeslag")
    assert {pair.after for pair in found.months.values()} == {None}
    assert found.because is not None
    assert "inkomen" in found.because.nl


def test_a_year_without_rules_says_so() -> None:
    more = Raise(who=WHO, gross_cents=10_000)
    compared = Family(income=2_000_000).compare(Suppositions(start=Month(2027, 1), more=more))
    assert not any(one.known for one in compared.effects)
    assert all(one.because is not None for one in compared.effects)


def test_a_month_of_the_minimum_wage_and_holiday_pay_in_june() -> None:
    # WML 8: 14,71 (Besluit SZW 2025-0000213859); 36 hours x 52 / 12 = 156 hours
    assert monthly_cents(360, 1_471) == 229_476
    job = Job(who=WHO, tenths_of_hours=360, hourly_cents=None)
    earned = dict(job_wages(job, APRIL).months)
    assert earned[Month(2026, 5)] == 229_476
    assert earned[Month(2026, 6)] == 229_476 + 36_716  # 8% of April and May (WML 15, 17)
    assert earned[JULY] == 233_844  # 14,99 from 1 July


def test_the_facts_themselves_are_left_as_they_were() -> None:
    family = Family(income=2_000_000).child().rent(49_820)
    before = list(family.book.facts)
    family.compare(
        Suppositions(
            start=APRIL, more=Raise(who=WHO, gross_cents=10_000), partner=partner(True),
            child=Child(born=date(2026, 8, 14)),
            rent=Rent(bare_cents=60_000, service_cents=0, independent=True),
        )
    )  # fmt: skip
    assert family.book.facts == before
