"""The year of income shocks: its estimate is the project's own, and its figures are whole."""

from __future__ import annotations

from datetime import date
from xml.etree import ElementTree

import numpy as np
import pytest

from scheduler.benches.bench_settlement import bench_settlement, settle
from scheduler.benches.settlement_plot import settlement_svg
from scheduler.folding.facts import Fact
from scheduler.folding.income import incomes
from scheduler.folding.known import Known
from scheduler.population.block import Year
from scheduler.population.chance import Chance
from scheduler.population.nation import Nation
from scheduler.population.shocks import MONTHS, Incomes, Relation, shocked
from scheduler.rulebook import Rulebook
from specs.population_files import load_population
from specs.records import (
    INCOME_BEGUN,
    INCOME_ENDED,
    INCOME_STATED,
    IncomeRelation,
    IncomeStatement,
    PersonRef,
)
from specs.values import Month

FILE = load_population()
YEAR = 2026
ANN = PersonRef(bsn=None, birth_date=date(1990, 5, 1), surname="ann")


def facts_of(year: Incomes, person: int, until: int) -> list[Fact]:
    """What the registers told about a person by the end of a month (from 0; -1: none of it)."""
    found: list[Fact] = []

    def add(kind: str, data: IncomeStatement | IncomeRelation, day: date) -> None:
        number = len(found)
        found.append(Fact(record=f"r{number:03}", type=kind, data=data, subjects={"person": "ann"},
                          valid_from=day, known=number, author="uwv"))  # fmt: skip

    def paid(name: str, month: Month, cents: int) -> None:
        data = IncomeStatement(
            person=ANN, relation=name, payer="payer", kind="wage", source_code="15",
            period_start=month.first_day, period_end=month.last_day, taxable_cents=cents,
        )  # fmt: skip
        add(INCOME_STATED, data, month.first_day)

    for place, relation in enumerate(year.relations):
        name, start, end = f"r{place}", int(relation.start[person]), int(relation.end[person])
        told = IncomeRelation(person=ANN, relation=name, payer="payer", kind="wage",
                              source_code="15")  # fmt: skip
        if place == 0:
            for month in (10, 11, 12):
                paid(name, Month(YEAR - 1, month), int(year.before[person]))
        elif start <= until and start < end:
            add(INCOME_BEGUN, told, date(YEAR, start + 1, 1))
        for month in range(start, min(end, until + 1)):
            paid(name, Month(YEAR, month + 1), int(relation.wage[person, month]))
        if start < end <= until:
            add(INCOME_ENDED, told, date(YEAR, end + 1, 1))
    return found


def test_the_estimate_of_many_is_the_projects_own_estimate_of_each() -> None:
    monthly = np.random.default_rng(5).integers(90_000, 600_000, size=250)
    year = shocked(Chance(5), FILE, monthly, np.ones(250, dtype=np.bool_))
    shapes = set()
    for until in range(-1, MONTHS):
        estimated = year.estimated(until)
        for person in range(until % 3, 250, 3):
            single = incomes(facts_of(year, person, until))[YEAR]
            assert isinstance(single, Known)
            assert estimated[person] == single.value.cents, (person, until)
            shapes.add(tuple(int(each.end[person] > each.start[person]) for each in year.relations))
    assert len(shapes) >= 5  # one job, job lost, job changed, second jobs
    assert np.array_equal(year.estimated(MONTHS - 1), year.actual)


def test_a_year_without_shocks_is_settled_without_a_cent() -> None:
    rows = Nation(FILE, 2, YEAR).block(0, 400)
    monthly = rows.persons.income // MONTHS
    people = len(monthly)
    steady = Relation(np.zeros(people, dtype=np.int64), np.full(people, MONTHS),
                      np.repeat(monthly[:, np.newaxis], MONTHS, axis=1))  # fmt: skip
    found = settle(rows, Incomes((steady,), monthly), Year(Rulebook.load(), YEAR))
    assert found.concerned > 100
    assert not found.once.any()
    assert not found.monthly.any()


@pytest.fixture(scope="module")
def found() -> dict[str, object]:
    return bench_settlement(3_000)


def test_deriving_at_each_statement_leaves_less_to_pay_back(found: dict) -> None:  # type: ignore[type-arg]
    once, monthly = found["once"]["reclaim"], found["monthly"]["reclaim"]
    assert monthly["total_euro"] < once["total_euro"]
    assert monthly["share_above_euro"]["500"] < once["share_above_euro"]["500"]
    for kind in ("reclaim", "underpaid"):
        shares = list(found["once"][kind]["share_above_euro"].values())
        assert shares == sorted(shares, reverse=True)
        assert 0 < shares[0] < 1
    assert bench_settlement(3_000)["once"] == found["once"]


def test_the_plot_has_its_title_its_description_and_every_figure(found: dict) -> None:  # type: ignore[type-arg]
    text = settlement_svg(found)
    root = ElementTree.fromstring(text)
    spaced = {"s": "http://www.w3.org/2000/svg"}
    title, description = root.find("s:title", spaced), root.find("s:desc", spaced)
    assert title is not None
    assert title.text
    assert description is not None
    words = [each.text for each in root.iterfind("s:text", spaced)]
    for way in ("once", "monthly"):
        for kind in ("reclaim", "underpaid"):
            for share in found[way][kind]["share_above_euro"].values():
                assert f"{share * 100:.1f} %" in words
        shown = found[way]["reclaim"]["share_above_euro"]["500"]
        assert f"{shown * 100:.1f} %" in str(description.text)
    assert len(root.findall("s:polyline", spaced)) == 2
