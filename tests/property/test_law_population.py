"""Many households in columns give what each gives by itself, folding of persons included."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.derive import derive
from scheduler.documents.calc_document import parse
from scheduler.errors import SchedulerError
from scheduler.population import (
    APPLICANT,
    CHILD,
    FOLDS,
    HOUSEMATE,
    NEVER,
    PARTNER,
    Block,
    HouseholdColumns,
    PersonColumns,
    derive_block,
)
from scheduler.rulebook import Rulebook

RULES = Rulebook.load()
days_of_year = st.none() | st.dates(date(2025, 6, 1), date(2026, 12, 31))
cents = st.one_of(st.just(0), st.integers(0, 6_000_000), st.integers(0, 20_000_000))


@st.composite
def persons(draw: st.DrawFn, role: int) -> dict[str, Any]:
    oldest, youngest = {APPLICANT: (1940, 2008), PARTNER: (1940, 2007), CHILD: (2004, 2026),
                        HOUSEMATE: (1940, 2012)}[role]  # fmt: skip
    born = draw(st.one_of(
        st.dates(date(oldest, 1, 1), date(youngest, 12, 31)),
        st.sampled_from([date(2008, 2, 29), date(2005, 3, 1), date(1999, 1, 1)]),
    ))  # fmt: skip
    start = draw(days_of_year) if role != APPLICANT else None
    end = None
    if start is not None and role != CHILD and draw(st.booleans()):
        end = draw(st.dates(start, date(2027, 1, 1)).filter(lambda day: day > start))
    return {"role": role, "born": born, "start": start, "end": end, "income": draw(cents),
            "assets": draw(cents), "insured": draw(st.booleans())}  # fmt: skip


@st.composite
def households(draw: st.DrawFn) -> dict[str, Any]:
    people = [draw(persons(APPLICANT))]
    people += draw(st.lists(persons(PARTNER), max_size=1))
    people += draw(st.lists(persons(CHILD), max_size=3))
    people += draw(st.lists(persons(HOUSEMATE), max_size=2))
    return {
        "people": people, "rents": draw(st.booleans()), "independent": draw(st.booleans()),
        "rent": draw(st.integers(0, 130_000)), "service": draw(st.integers(0, 10_000)),
        "adapted": draw(st.booleans()),
    }  # fmt: skip


def document(household: dict[str, Any], year: int) -> dict[str, Any]:
    """The same household as a calc document."""
    found: dict[str, Any] = {
        "year": year, "applicant": "p0", "partner": None, "children": [], "housemates": [],
        "schemes": sorted(FOLDS), "persons": [],
        "home": {"independent": household["independent"], "bare_rent": household["rent"],
                 "service_costs": household["service"], "adapted": household["adapted"]}
        if household["rents"] else None,
    }  # fmt: skip
    for place, one in enumerate(household["people"]):
        person = {"id": f"p{place}", "birth_date": one["born"].isoformat(),
                  "insured": one["insured"], "income": {str(year): one["income"]},
                  "assets": {str(year): one["assets"]}}  # fmt: skip
        dates = {"from": one["start"], "until": one["end"]}
        for key, day in dates.items():
            if day is None:
                continue
            if one["role"] == PARTNER:
                found[f"partner_{key}"] = day.isoformat()
            else:
                person[f"lives_here_{key}"] = day.isoformat()
        if one["role"] == PARTNER:
            found["partner"] = person["id"]
        elif one["role"] == CHILD:
            found["children"].append(person["id"])
        elif one["role"] == HOUSEMATE:
            person["relation"] = "other"
            found["housemates"].append(person["id"])
        found["persons"].append(person)
    return found


def columns(found: list[dict[str, Any]], year: int) -> Block:
    rows = [(place, one) for place, home in enumerate(found) for one in home["people"]]

    def ints(key: Any) -> Any:
        return np.array([key(place, one) for place, one in rows], dtype=np.int64)

    people = PersonColumns(
        household=ints(lambda place, _: place), role=ints(lambda _, one: one["role"]),
        birth_year=ints(lambda _, one: one["born"].year),
        birth_month=ints(lambda _, one: one["born"].month),
        birth_day=ints(lambda _, one: one["born"].day),
        start=ints(lambda _, one: one["start"].toordinal() if one["start"] else 0),
        end=ints(lambda _, one: one["end"].toordinal() if one["end"] else NEVER),
        insured=np.array([one["insured"] for _, one in rows], dtype=np.bool_),
        income=ints(lambda _, one: one["income"]), assets=ints(lambda _, one: one["assets"]),
    )  # fmt: skip
    homes = HouseholdColumns(
        rents=np.array([home["rents"] for home in found], dtype=np.bool_),
        independent=np.array([home["independent"] for home in found], dtype=np.bool_),
        adapted=np.array([home["adapted"] for home in found], dtype=np.bool_),
        bare_rent=np.array([home["rent"] * home["rents"] for home in found], dtype=np.int64),
        service_costs=np.array([home["service"] * home["rents"] for home in found],
                               dtype=np.int64),
    )  # fmt: skip
    return Block(people, homes, year)


@pytest.mark.parametrize(("scheme", "year"), [
    ("zorgtoeslag", 2024), ("zorgtoeslag", 2025), ("zorgtoeslag", 2026),
    ("kindgebonden_budget", 2025), ("kindgebonden_budget", 2026),
    ("huurtoeslag", 2025), ("huurtoeslag", 2026),
])  # fmt: skip
@settings(max_examples=40, deadline=None)
@given(found=st.lists(households(), min_size=1, max_size=6))
def test_a_block_gives_what_each_household_gives(
    scheme: str, year: int, found: list[dict[str, Any]]
) -> None:
    block = derive_block(columns(found, year), scheme, RULES)
    for place, household in enumerate(found):
        request, problems = parse(document(household, year), RULES)
        assert request is not None, problems
        single = derive(request.household, scheme, year, RULES, traced=False)
        assert single.status != "unknown", single.because
        assert block.award[place] == single.award_year_cents
        assert block.paid[:, place].tolist() == [each.cents for each in single.months.values()]


def test_what_columns_do_not_hold_is_refused() -> None:
    household = {"people": [{"role": APPLICANT, "born": date(1990, 1, 1), "start": None,
                             "end": None, "income": 0, "assets": 0, "insured": True}],
                 "rents": False, "independent": False, "rent": 0, "service": 0,
                 "adapted": False}  # fmt: skip
    with pytest.raises(SchedulerError, match="not folded"):
        derive_block(columns([household], 2026), "ww", RULES)
    with pytest.raises(SchedulerError, match="no rules"):
        derive_block(columns([household], 2031), "zorgtoeslag", RULES)
