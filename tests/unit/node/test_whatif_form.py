"""The form of «what if»: every field read or refused, all faults at once, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest

from node.portal.whatif_form import LABELS, TEXT_MAX, read_suppositions
from node.whatif.suppositions import Child, Job, Paid, Partner, Raise, Remaining, Rent, Suppositions
from node.whatif.views import Adult, SituationView
from scheduler.folding.known import Text
from specs.values import Month

TODAY = date(2026, 3, 10)
ANN = Adult(number="1", subject="ann", name="Moulin", born=date(1990, 5, 1))
SON = Adult(number="2", subject="son", name="Moulin", born=date(2007, 1, 1))
ALONE = SituationView(
    months=tuple(Month(2026, 3).plus(step) for step in range(12)), adults=(ANN,), benefits=(),
    has_partner=False, bare_rent_cents=None, service_costs_cents=None,
)  # fmt: skip
WITH_WW = replace(ALONE, benefits=(Text("WW-uitkering", "unemployment benefit"),))
TWO = replace(ALONE, adults=(ANN, SON))


def read(
    situation: SituationView = ALONE, **fields: str
) -> tuple[Suppositions | None, Mapping[str, Text]]:
    return read_suppositions({"maand": "2026-04", **fields}, situation, TODAY)


def test_everything_together_is_read_as_it_was_typed() -> None:
    supposed, faults = read(
        WITH_WW,
        baan_uren="24,5", baan_loon="eigen", baan_uurloon="€ 15,75", baan_netto="1.250,50",
        baan_dag="25", opslag_bruto="100", opslag_netto="62.5",
        partner_leeftijd="35", partner_inkomen="25.000", partner_band="weet-niet",
        partner_verzekerd="ja", partner_vermogen="", kind_datum="14-8-2026",
        huur_kaal="612,5", huur_service="0", huur_zelfstandig="ja", uitkering_bruto="0",
    )  # fmt: skip
    assert faults == {}
    assert supposed == Suppositions(
        start=Month(2026, 4),
        job=Job(who="ann", tenths_of_hours=245, hourly_cents=1_575,
                paid=Paid(net_cents=125_050, day=25)),
        more=Raise(who="ann", gross_cents=10_000, net_cents=6_250),
        partner=Partner(age=35, year_income_cents=2_500_000, bond=None, insured=True),
        child=Child(born=date(2026, 8, 14)),
        rent=Rent(bare_cents=61_250, service_cents=0, independent=True),
        remaining=Remaining(gross_cents=0),
    )  # fmt: skip


def test_the_minimum_wage_is_a_choice_and_never_the_default() -> None:
    supposed, _ = read(baan_uren="24", baan_loon="minimum")
    assert supposed is not None
    assert supposed.job is not None
    assert supposed.job.hourly_cents is None
    _, faults = read(baan_uren="24")
    assert set(faults) == {"baan_loon"}


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, {""}),
        ({"maand": "2026-02", "kind_datum": "14-08-2026"}, {"maand"}),
        ({"maand": "2027-03", "kind_datum": "14-08-2026"}, {"maand"}),
        ({"maand": "april", "kind_datum": "14-08-2026"}, {"maand"}),
        ({"baan_uren": "0", "baan_loon": "minimum"}, {"baan_uren"}),
        ({"baan_uren": "61", "baan_loon": "minimum"}, {"baan_uren"}),
        ({"baan_uren": "24,55", "baan_loon": "minimum"}, {"baan_uren"}),
        ({"baan_uren": "24", "baan_loon": "eigen"}, {"baan_uurloon"}),
        ({"baan_uren": "24", "baan_loon": "eigen", "baan_uurloon": "0,99"}, {"baan_uurloon"}),
        ({"baan_uren": "24", "baan_loon": "eigen", "baan_uurloon": "500,01"}, {"baan_uurloon"}),
        ({"baan_loon": "minimum"}, {"baan_uren"}),
        ({"baan_uren": "24", "baan_loon": "minimum", "baan_netto": "100"}, {"baan_dag"}),
        ({"baan_uren": "24", "baan_loon": "minimum", "baan_dag": "32"}, {"baan_dag", "baan_netto"}),
        ({"opslag_bruto": "0"}, {"opslag_bruto"}),
        ({"opslag_bruto": "10.000,01"}, {"opslag_bruto"}),
        ({"opslag_bruto": "-5"}, {"opslag_bruto"}),
        ({"opslag_bruto": "1,250.50"}, {"opslag_bruto"}),
        ({"opslag_bruto": "1e3"}, {"opslag_bruto"}),
        ({"opslag_bruto": "٣٠٠"}, {"opslag_bruto"}),
        ({"opslag_netto": "100"}, {"opslag_bruto"}),
        ({"partner_leeftijd": "17"}, {"partner_leeftijd", "partner_inkomen", "partner_band",
                                      "partner_verzekerd"}),
        ({"partner_band": "ja"}, {"partner_leeftijd", "partner_inkomen", "partner_verzekerd"}),
        ({"kind_datum": "31-02-2026"}, {"kind_datum"}),
        ({"kind_datum": "12-03-2027"}, {"kind_datum"}),
        ({"kind_datum": "2025-03-08"}, {"kind_datum"}),
        ({"kind_datum": "morgen"}, {"kind_datum"}),
        ({"huur_kaal": "600"}, {"huur_service", "huur_zelfstandig"}),
        ({"huur_kaal": "5.000,01", "huur_service": "0", "huur_zelfstandig": "nee"}, {"huur_kaal"}),
        ({"opslag_bruto": "1" * (TEXT_MAX + 1)}, {"opslag_bruto"}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_at_its_field(fields: Mapping[str, str], wrong: set[str]) -> None:
    supposed, faults = read(**fields)
    assert supposed is None
    assert set(faults) == wrong
    for name, says in faults.items():
        assert name == "" or name in LABELS
        assert says.nl.endswith(".")
        assert says.en.endswith(".")
        assert all(len(part.split()) <= 15 for part in says.nl.split(". "))


def test_all_faults_come_at_once() -> None:
    _, faults = read(baan_uren="99", opslag_bruto="veel", kind_datum="ooit", huur_kaal="-1")
    assert {"baan_uren", "baan_loon", "opslag_bruto", "kind_datum", "huur_kaal"} <= set(faults)


def test_of_several_adults_one_is_named_and_no_other_can_be() -> None:
    _, faults = read(TWO, opslag_bruto="100")
    assert set(faults) == {"opslag_wie"}
    _, faults = read(TWO, opslag_bruto="100", opslag_wie="3")
    assert set(faults) == {"opslag_wie"}
    supposed, _ = read(TWO, opslag_bruto="100", opslag_wie="2")
    assert supposed is not None
    assert supposed.more == Raise(who="son", gross_cents=10_000)


def test_the_minimum_wage_of_adults_is_not_given_to_the_young_or_another_year() -> None:
    _, faults = read(TWO, baan_uren="24", baan_loon="minimum", baan_wie="2")  # 19 years old
    assert set(faults) == {"baan_loon"}
    _, faults = read(baan_uren="24", baan_loon="minimum", maand="2027-01")
    assert set(faults) == {"baan_loon"}


def test_who_has_a_partner_cannot_suppose_another() -> None:
    _, faults = read(replace(ALONE, has_partner=True), partner_leeftijd="35")
    assert set(faults) == {"partner_leeftijd"}


def test_what_is_left_of_a_benefit_belongs_to_a_change_and_to_who_has_one() -> None:
    _, faults = read(WITH_WW, uitkering_bruto="100", huur_kaal="1", huur_service="1",
                     huur_zelfstandig="ja")  # fmt: skip
    assert set(faults) == {"uitkering_bruto"}
    supposed, _ = read(ALONE, opslag_bruto="100", uitkering_bruto="100")
    assert supposed is not None
    assert supposed.remaining is None
