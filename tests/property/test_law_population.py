"""Many households in columns give what each gives by itself, folding of persons included."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.derive import derive
from scheduler.documents.calc_document import parse
from scheduler.errors import SchedulerError
from scheduler.population.block import TOESLAGEN, Year
from scheduler.population.fold import Folded
from scheduler.population.rows import (
    APPLICANT,
    BSO,
    CHILD,
    DAGOPVANG,
    GASTOUDER,
    HOUSEMATE,
    NEVER,
    PARTNER,
    CareColumns,
    HouseholdColumns,
    PersonColumns,
    Rows,
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
            "assets": draw(cents), "insured": draw(st.booleans()),
            "works": draw(st.sampled_from([True, True, True, False]))}  # fmt: skip


@st.composite
def cares(draw: st.DrawFn, children: int) -> list[dict[str, Any]]:
    """Entries of care: for each child at most one of a kind."""
    found = []
    for child in range(children):
        for kind in draw(st.sets(st.sampled_from(list(KINDS)))):
            start = draw(days_of_year)
            end = None
            if start is not None and draw(st.booleans()):
                end = draw(st.dates(start + timedelta(days=1), date(2027, 1, 2)))
            found.append({"child": child, "kind": kind, "hours": draw(st.integers(0, 300)),
                          "rate": draw(st.integers(0, 1500)), "start": start,
                          "end": end})  # fmt: skip
    return found


@st.composite
def households(draw: st.DrawFn) -> dict[str, Any]:
    people = [draw(persons(APPLICANT))]
    people += draw(st.lists(persons(PARTNER), max_size=1))
    children = draw(st.lists(persons(CHILD), max_size=3))
    people += children
    people += draw(st.lists(persons(HOUSEMATE), max_size=2))
    return {
        "people": people, "rents": draw(st.booleans()), "independent": draw(st.booleans()),
        "rent": draw(st.integers(0, 130_000)), "service": draw(st.integers(0, 10_000)),
        "adapted": draw(st.booleans()), "care": draw(cares(len(children))),
    }  # fmt: skip


KINDS = {"dagopvang": DAGOPVANG, "bso": BSO, "gastouder": GASTOUDER}


def _care(one: dict[str, Any]) -> dict[str, Any]:
    found = {"child": f"c{one['child']}", "kind": one["kind"], "hours_per_month": one["hours"],
             "hourly_rate": one["rate"]}  # fmt: skip
    dates = {"from": one["start"], "until": one["end"]}
    return found | {key: day.isoformat() for key, day in dates.items() if day is not None}


def document(household: dict[str, Any], year: int) -> dict[str, Any]:
    """The same household as a calc document."""
    found: dict[str, Any] = {
        "year": year, "applicant": "p0", "partner": None, "children": [], "housemates": [],
        "schemes": sorted(TOESLAGEN), "persons": [],
        "childcare": [_care(one) for one in household["care"]],
        "home": {"independent": household["independent"], "bare_rent": household["rent"],
                 "service_costs": household["service"], "adapted": household["adapted"]}
        if household["rents"] else None,
    }  # fmt: skip
    for place, one in enumerate(household["people"]):
        child = f"c{len(found['children'])}"
        person = {"id": child if one["role"] == CHILD else f"p{place}",
                  "birth_date": one["born"].isoformat(),
                  "insured": one["insured"], "income": {str(year): one["income"]},
                  "works": one["works"],
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


def columns(found: list[dict[str, Any]]) -> Rows:
    rows = [(place, one) for place, home in enumerate(found) for one in home["people"]]
    care = [(place, one) for place, home in enumerate(found) for one in home["care"]]

    def ints(key: Any, over: Any = rows) -> Any:
        return np.array([key(place, one) for place, one in over], dtype=np.int64)

    def flags(key: str, over: Any) -> Any:
        return np.array([one[key] for one in over], dtype=np.bool_)

    def since(_: int, one: dict[str, Any]) -> int:
        return one["start"].toordinal() if one["start"] else 0

    def until(_: int, one: dict[str, Any]) -> int:
        return one["end"].toordinal() if one["end"] else NEVER

    people = PersonColumns(
        household=ints(lambda place, _: place), role=ints(lambda _, one: one["role"]),
        birth_year=ints(lambda _, one: one["born"].year),
        birth_month=ints(lambda _, one: one["born"].month),
        birth_day=ints(lambda _, one: one["born"].day), start=ints(since), end=ints(until),
        insured=flags("insured", [one for _, one in rows]),
        works=flags("works", [one for _, one in rows]),
        income=ints(lambda _, one: one["income"]), assets=ints(lambda _, one: one["assets"]),
    )  # fmt: skip
    homes = HouseholdColumns(
        rents=flags("rents", found), independent=flags("independent", found),
        adapted=flags("adapted", found),
        bare_rent=np.array([home["rent"] * home["rents"] for home in found], dtype=np.int64),
        service_costs=np.array([home["service"] * home["rents"] for home in found],
                               dtype=np.int64),
    )  # fmt: skip
    cared = CareColumns(
        household=ints(lambda place, _: place, care),
        child=ints(lambda _, one: one["child"], care),
        kind=ints(lambda _, one: KINDS[one["kind"]], care),
        hours=ints(lambda _, one: one["hours"], care),
        rate=ints(lambda _, one: one["rate"], care),
        start=ints(since, care), end=ints(until, care),
    )  # fmt: skip
    return Rows(persons=people, households=homes, care=cared)


@pytest.mark.parametrize(("scheme", "year"), [
    ("zorgtoeslag", 2024), ("zorgtoeslag", 2025), ("zorgtoeslag", 2026),
    ("kindgebonden_budget", 2025), ("kindgebonden_budget", 2026),
    ("huurtoeslag", 2025), ("huurtoeslag", 2026), ("kinderopvangtoeslag", 2026),
])  # fmt: skip
@settings(max_examples=40, deadline=None)
@given(found=st.lists(households(), min_size=1, max_size=6))
def test_a_block_gives_what_each_household_gives(
    scheme: str, year: int, found: list[dict[str, Any]]
) -> None:
    block = Year(RULES, year, (scheme,)).derive(Folded(columns(found), year), scheme)
    for place, household in enumerate(found):
        request, problems = parse(document(household, year), RULES)
        assert request is not None, problems
        single = derive(request.household, scheme, year, RULES, traced=False)
        assert single.status != "unknown", single.because
        assert block.award[place] == single.award_year_cents
        assert block.paid[:, place].tolist() == [each.cents for each in single.months.values()]


ALONE = {"people": [{"role": APPLICANT, "born": date(1990, 1, 1), "start": None, "end": None,
                     "income": 0, "assets": 0, "insured": True, "works": True}],
         "rents": False, "independent": False, "rent": 0, "service": 0, "adapted": False,
         "care": []}  # fmt: skip
CARE = {"child": 0, "kind": "bso", "hours": 1, "rate": 1, "start": None, "end": None}
BOB = ALONE["people"][0] | {"role": PARTNER}  # type: ignore[index]


def test_what_columns_do_not_hold_is_refused() -> None:
    with pytest.raises(SchedulerError, match="not folded"):
        Year(RULES, 2026, ("ww",))
    with pytest.raises(SchedulerError, match="no rules"):
        Year(RULES, 2031)


@pytest.mark.parametrize(("changed", "reason"), [
    ({"people": [BOB]}, "order of role"),
    ({"people": [*ALONE["people"], *ALONE["people"]]}, "one applicant"),
    ({"people": [*ALONE["people"], BOB, BOB]}, "at most one partner"),
    ({"people": [*ALONE["people"], BOB | {"role": CHILD}, BOB]}, "order of role"),
    ({"care": [CARE, CARE]}, "two rows"),
    ({"care": [CARE | {"child": 4}]}, "more than 4 children"),
])  # fmt: skip
def test_rows_that_do_not_hold_together_are_refused(changed: dict[str, Any], reason: str) -> None:
    with pytest.raises(SchedulerError, match=reason):
        columns([ALONE, ALONE | changed])
