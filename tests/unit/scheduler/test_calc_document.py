"""The calc document: omitted is unknown, null or empty is none, and all problems at once."""

from __future__ import annotations

import copy
import json
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.documents.calc_document import calc, requirements
from scheduler.rulebook import Rulebook

RULES = Rulebook.load()
SCHEMES = ["zorgtoeslag", "kindgebonden_budget"]
DOCUMENT: dict[str, Any] = {
    "year": 2026,
    "persons": [
        {"id": "a", "birth_date": "1990-05-01", "income": {"2026": 1900000},
         "assets": {"2026": 0}, "insured": True},
        {"id": "b", "birth_date": "1991-05-01", "income": {"2026": 0}, "assets": {"2026": 0},
         "insured": True},
        {"id": "k", "birth_date": "2019-02-03"},
    ],
    "applicant": "a", "partner": None, "children": ["k"], "schemes": SCHEMES,
}  # fmt: skip


def changed(**top: object) -> dict[str, Any]:
    return {**copy.deepcopy(DOCUMENT), **top}


def person(document: dict[str, Any], index: int, **keys: object) -> dict[str, Any]:
    document["persons"][index].update(keys)
    return document


def without(document: dict[str, Any], index: int, key: str) -> dict[str, Any]:
    del document["persons"][index][key]
    return document


def answered(document: dict[str, Any]) -> dict[str, Any]:
    found, done = calc(document, RULES)
    assert done, found
    return cast("dict[str, Any]", cast("dict[str, Any]", found)["schemes"])


def problems(document: object) -> list[dict[str, str]]:
    found, done = calc(document, RULES)
    assert not done
    return cast("list[dict[str, str]]", cast("dict[str, Any]", found)["problems"])


def test_answer_has_status_months_award_and_trace() -> None:
    # leaflet tg0821z61fd, example 1
    got = answered(changed())["zorgtoeslag"]
    assert (got["status"], got["award_year"]) == ("ok", 155000)
    assert got["months"]["2026-01"] == 12900
    assert len(got["months"]) == 12
    names = [step["name"] for step in got["trace"]]
    assert "percentage_alleen" in names
    assert "percentage_partners" not in names  # the branch that was not taken is not shown
    assert json.loads(json.dumps(got)) == got


@pytest.mark.parametrize(
    ("index", "key", "scheme", "words"),
    [
        (0, "income", "zorgtoeslag", "inkomen"),
        (0, "assets", "zorgtoeslag", "vermogen"),
        (0, "insured", "zorgtoeslag", "zorgverzekering"),
        (0, "birth_date", "zorgtoeslag", "geboortedatum"),
        (2, "birth_date", "kindgebonden_budget", "geboortedatum"),
    ],
)
def test_omitted_is_unknown(index: int, key: str, scheme: str, words: str) -> None:
    got = answered(without(changed(), index, key))[scheme]
    assert got["status"] == "unknown"
    assert got["award_year"] is None
    assert words in got["because"]
    assert got["article"]


def test_partner_omitted_is_unknown_and_null_is_nobody() -> None:
    document = changed()
    del document["partner"]
    assert answered(document)["zorgtoeslag"]["status"] == "unknown"
    assert answered(changed())["zorgtoeslag"]["status"] == "ok"


def test_null_or_empty_is_none() -> None:
    for nothing in (None, {}):
        document = person(changed(), 0, income=nothing, assets=nothing)
        assert answered(document)["zorgtoeslag"]["award_year"] == 155000
    got = answered(changed(children=[]))["kindgebonden_budget"]
    assert got["status"] == "no_right"
    assert got["award_year"] == 0
    assert set(got["months"].values()) == {0}


def test_another_years_income_is_not_this_years() -> None:
    document = person(changed(), 0, income={"2025": 1900000})
    assert answered(document)["zorgtoeslag"]["status"] == "unknown"


def test_partner_from_counts_from_the_next_month() -> None:
    # Awir 5: a change after the first day counts from the next month
    got = answered(changed(partner="b", partner_from="2026-04-02"))["zorgtoeslag"]
    assert got["months"]["2026-04"] == 12900
    assert got["months"]["2026-05"] == 24600  # table 2026 with partner, at or under the threshold
    first = answered(changed(partner="b", partner_from="2026-04-01"))["zorgtoeslag"]
    assert first["months"]["2026-04"] == 24600


def test_former_partner_at_the_same_address_stays_partner() -> None:
    # Awir 3 lid 2 f and lid 3
    left = changed(partner="b", partner_until="2026-04-10")
    assert answered(left)["zorgtoeslag"]["months"]["2026-06"] == 12900
    stayed = person(changed(partner="b", partner_until="2026-04-10", housemates=["b"]), 1,
                    relation="other")  # fmt: skip
    assert answered(stayed)["zorgtoeslag"]["months"]["2026-06"] == 24600


def test_asset_limit_for_two_needs_the_same_partner_all_year() -> None:
    # Wet op de zorgtoeslag 3 lid 1: 146.011 alone, 184.633 with the same partner all year
    whole = person(changed(partner="b"), 0, assets={"2026": 18463300})
    assert answered(whole)["zorgtoeslag"]["status"] == "ok"
    part = person(changed(partner="b", partner_from="2026-01-02"), 0, assets={"2026": 14601200})
    assert answered(part)["zorgtoeslag"]["status"] == "no_right"


def test_eighteenth_birthday_and_newborn() -> None:
    # Wet op de zorgtoeslag 1: from the month after the month of the 18th birthday
    adult = person(changed(), 0, birth_date="2008-06-01")
    months = answered(adult)["zorgtoeslag"]["months"]
    assert (months["2026-06"], months["2026-07"]) == (0, 12900)
    # svb.nl begin en eind: born 12 April - from May; 18 on 12 April - through April
    born = person(changed(), 2, birth_date="2026-04-12")
    months = answered(born)["kindgebonden_budget"]["months"]
    assert (months["2026-04"], months["2026-05"]) == (0, 49900)
    leaving = person(changed(), 2, birth_date="2008-04-12")
    months = answered(leaving)["kindgebonden_budget"]["months"]
    assert months["2026-04"] > 0
    assert months["2026-05"] == 0


def test_known_on_selects_what_was_known() -> None:
    income = [
        {"value": {"2026": 1900000}, "known_from": "2025-12-01"},
        {"value": {"2026": 4500000}, "known_from": "2026-08-01"},
    ]
    document = person(changed(), 0, income=income)
    assert answered({**document, "known_on": "2026-07-31"})["zorgtoeslag"]["award_year"] == 155000
    assert answered({**document, "known_on": "2026-08-01"})["zorgtoeslag"]["status"] == "no_right"
    assert answered({**document, "known_on": None})["zorgtoeslag"]["status"] == "no_right"
    assert answered({**document, "known_on": "2025-01-01"})["zorgtoeslag"]["status"] == "unknown"


def test_known_from_on_a_person_hides_him_until_then() -> None:
    document = person(changed(), 2, known_from="2026-05-01")
    early = answered({**document, "known_on": "2026-04-01"})["kindgebonden_budget"]
    assert early["status"] == "no_right"
    late = answered({**document, "known_on": "2026-05-01"})["kindgebonden_budget"]
    assert late["status"] == "ok"


def test_a_month_without_rules_is_unknown_and_not_last_years_law() -> None:
    document = person(changed(year=2031), 0, income={"2031": 0}, assets={"2031": 0})
    got = answered(document)["zorgtoeslag"]
    assert got["status"] == "unknown"
    assert "2031-01" in got["because"]


def test_a_list_is_answered_by_a_list_in_order() -> None:
    found, done = calc([changed(), {"year": 1}], RULES)
    assert not done
    first, second = cast("list[dict[str, Any]]", found)
    assert first["schemes"]["zorgtoeslag"]["award_year"] == 155000
    assert second["problems"]


def test_all_problems_at_once_and_never_a_value() -> None:
    document = {
        "year": 2026, "applicant": "z", "partner": "y", "children": "k", "schemes": ["nothing"],
        "persons": [{"id": "a", "birth_date": "1990-02-30", "income": {"26": 1.5}, "insured": 1,
                     "incom": {}}, {"birth_date": "1990-01-01"}],
    }  # fmt: skip
    found = problems(document)
    places = {(item["where"], item["field"]) for item in found}
    assert places >= {
        ("document", "applicant"), ("document", "partner"), ("document", "children"),
        ("document", "schemes"), ("persons[0]", "birth_date"), ("persons[0]", "insured"),
        ("persons[0]", "incom"), ("persons[0]", "income.26"), ("persons[1]", "id"),
    }  # fmt: skip
    assert all(item["repair"] for item in found)
    assert "1990-02-30" not in str(found)


def test_a_float_is_no_amount() -> None:
    found = problems(person(changed(), 0, income={"2026": 19000.0}))
    assert found[0]["field"] == "income.2026"


def test_requirements_are_told_for_each_scheme() -> None:
    told = requirements(RULES)
    assert set(told) == set(RULES.schemes)
    assert {"insured", "income", "assets", "partner"} <= {key for key, _ in told["zorgtoeslag"]}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from([*DOCUMENT, "id", "birth_date", "income", "2026", "value", "known_from"]),
        inner, max_size=5,
    ),
    max_leaves=20,
)  # fmt: skip


@given(JSON)
def test_any_json_is_answered_or_refused(value: object) -> None:
    found, _ = calc(value, RULES)
    json.dumps(found)


@given(st.dictionaries(st.sampled_from(list(DOCUMENT)), JSON, max_size=3))
def test_any_damage_to_a_document_is_answered_or_refused(damage: dict[str, object]) -> None:
    found, done = calc(changed(**damage), RULES)
    assert done == ("schemes" in cast("dict[str, Any]", found))
