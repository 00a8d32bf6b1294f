"""Sentences for people: how values are written, and the golden texts of whole derivations."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scheduler.derive import derive
from scheduler.documents.calc_document import parse
from scheduler.explain import explain
from scheduler.rulebook import Rulebook
from scheduler.wording import Shown, euros, show
from specs.values import Month

RULES = Rulebook.load()
GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize(
    ("cents", "nl", "en"),
    [
        (12900, "€ 129", "€129"),
        (155045, "€ 1.550,45", "€1,550.45"),
        (100000005, "€ 1.000.000,05", "€1,000,000.05"),
        (0, "€ 0", "€0"),
        (-250, "€ -2,50", "-€2.50"),
    ],
)
def test_euros(cents: int, nl: str, en: str) -> None:
    assert euros(cents, "nl") == nl
    assert euros(cents, "en") == en


@pytest.mark.parametrize(
    ("shown", "nl", "en"),
    [
        (Shown(1912, 100000, "rate"), "1,912%", "1.912%"),
        (Shown(70, 100, "rate"), "70%", "70%"),
        (Shown(155045, 12, "eurocent/month"), "€ 129,20", "€129.20"),
        (Shown(1, 1, "flag"), "ja", "yes"),
        (Shown(2175, 100, "day/month"), "21,75", "21.75"),
    ],
)
def test_values_in_words(shown: Shown, nl: str, en: str) -> None:
    assert show(shown, "nl") == nl
    assert show(shown, "en") == en


def person(name: str, **more: object) -> dict[str, object]:
    return {"id": name, "birth_date": "1985-04-12", "insured": True, "works": True,
            "assets": {"2026": 0}, **more}  # fmt: skip


HOUSEHOLDS: dict[str, dict[str, object]] = {
    # leaflets tg0821z61fd example 1, tg0811z61fd single parent, tg0831z62fd partners with a child
    "zorgtoeslag": {"persons": [person("a", income={"2026": 1900000})], "partner": None},
    "kindgebonden_budget": {
        "persons": [person("a", income={"2026": 3000000}), {"id": "k", "birth_date": "2017-12-20"}],
        "partner": None, "children": ["k"],
    },
    "huurtoeslag": {
        "persons": [person("a", income={"2026": 3400000}), person("b", income={"2026": 0}),
                    {"id": "k", "birth_date": "2020-06-01"}],
        "partner": "b", "children": ["k"], "housemates": [],
        "home": {"independent": True, "bare_rent": 120000, "service_costs": 0},
    },
    # leaflet tg0801z61fd example 2
    "kinderopvangtoeslag": {
        "persons": [person("a", income={"2026": 12000000}), person("b", income={"2026": 0}),
                    {"id": "k", "birth_date": "2023-05-05"},
                    {"id": "m", "birth_date": "2019-05-05"}],
        "partner": "b", "children": ["k", "m"],
        "childcare": [
            {"child": "k", "kind": "dagopvang", "hours_per_month": 87, "hourly_rate": 1245},
            {"child": "m", "kind": "bso", "hours_per_month": 65, "hourly_rate": 1010},
        ],
    },
    # AKW text of 2026-01-01, art. 7a lid 1 and 12 lid 3; text of 2026-07-01, art. 7a lid 2
    "kinderbijslag": {
        "persons": [person("a"), {"id": "k", "birth_date": "2017-12-20", "intensive_care": True}],
        "children": ["k"],
    },
    "kinderbijslag_extra": {
        "persons": [person("a"), {"id": "k", "birth_date": "2017-12-20", "intensive_care": True}],
        "partner": None, "children": ["k"],
    },
    # rekenbuddy.nl/nieuws/aow-bedragen: 1.637,57 alone, 106,55 built up a month
    "aow": {
        "persons": [{"id": "a", "birth_date": "1950-04-12", "aow_years": 50}], "partner": None,
    },
    # Pw text of 2026-01-01, art. 21 a, 31 lid 2 n and 18 lid 1
    "bijstand": {
        "persons": [person(
            "a", monthly_income={"2026-01": 80000}, earnings={"2026-01": 80000},
            exemption={"article": "n", "from": "2026-01-01"},
            maatwerk=[{"amount": 15000, "reason": "Hoge kosten door ziekte.",
                       "from": "2026-01-01"}],
        )],
        "partner": None, "children": [], "housemates": [],
    },
    # TW text of 2026-01-01, art. 2 and 8a
    "toeslagenwet": {
        "persons": [person("a", daily_benefit={"day_wage": 6000, "per_day": 4200,
                                               "other_per_day": 0})],
        "partner": None, "children": [], "housemates": [],
    },
    # WW art. 47: 0,75 x (2.175,00 - 1.000,00)
    "ww": {
        "persons": [person("a", ww={
            "from": "2026-01-01", "day_wage": 10000, "years_before_2016": 10,
            "years_from_2016": 5, "four_of_five": True, "income": {"2026-01": 100000}})],
    },
    # Rv text of 2026-01-01, art. 475da lid 1 and 475dc
    "beslagvrije_voet": {
        "persons": [person("a", income={"2026": 1680000}, monthly_income={"2026-01": 100000})],
        "partner": None, "children": [],
    },
}  # fmt: skip


def test_every_scheme_has_a_golden_text() -> None:
    assert sorted(HOUSEHOLDS) == sorted(RULES.schemes)


def test_sentences_of_the_golden_texts_are_short() -> None:
    """Plain Dutch at level B1: at most 15 words a sentence on average, and none above 20."""
    for path in sorted(GOLDEN.glob("*.txt")):
        dutch = [line.split(" | ")[0] for line in path.read_text().splitlines()]
        sentences = [each for line in dutch for each in re.split(r"(?<=[.!?:])\s+", line) if each]
        words = [len(sentence.split()) for sentence in sentences]
        assert sum(words) / len(words) <= 15, path.name
        assert max(words) <= 20, path.name


@pytest.mark.parametrize("scheme", sorted(HOUSEHOLDS))
def test_golden_text(scheme: str) -> None:
    """The whole explanation of a month, as a household reads it; a change is a change to see."""
    document = {"year": 2026, "applicant": "a", "schemes": [scheme], **HOUSEHOLDS[scheme]}
    request, problems = parse(document, RULES)
    assert request is not None, problems
    derivation = derive(request.household, scheme, 2026, RULES)
    lines = [
        f"{told.sentence.nl} | {told.sentence.en} | {told.article}"
        for told in map(explain, derivation.steps_for(Month(2026, 1)))
    ]
    assert lines == (GOLDEN / f"{scheme}.txt").read_text().splitlines()


def test_every_step_of_an_explanation_has_an_article_and_a_link() -> None:
    document = {"year": 2026, "applicant": "a", "schemes": ["zorgtoeslag"],
                **HOUSEHOLDS["zorgtoeslag"]}  # fmt: skip
    request, _ = parse(document, RULES)
    assert request is not None
    for step in derive(request.household, "zorgtoeslag", 2026, RULES).trace:
        told = explain(step)
        assert ", artikel " in told.article
        assert told.article_url.startswith("https://wetten.overheid.nl/BWBR")
