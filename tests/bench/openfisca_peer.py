"""openfisca-core beside us: the zorgtoeslag of 2026 for the same households in the same run.

`make bench-peer`. The formula is written here in OpenFisca's own way (entities, variables, monthly
formulas on vectors), with the figures of our regulation file; amounts must be equal in every
household and month, then both times and their ratio are printed. A measure only: the system never
imports openfisca-core, and no test needs it.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from openfisca_core import entities, periods
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

from scheduler.population.block import Year
from scheduler.population.fold import Folded
from scheduler.population.nation import Nation
from scheduler.population.rows import APPLICANT, PARTNER, Rows
from scheduler.rulebook import Rulebook
from specs.population_files import load_population

SEED, YEAR, ROWS, ROUNDS = 20261122, 2026, 32_768, 3
MONTHLY, YEARLY, ALWAYS = (
    periods.DateUnit.MONTH, periods.DateUnit.YEAR, periods.DateUnit.ETERNITY,
)  # fmt: skip
RULES = Rulebook.load()
VERSION = RULES.version("zorgtoeslag/2026-01-01")
FIGURES = {spec.name: (spec.value, spec.scale) for spec in VERSION.file.parameters}

person = entities.build_entity(key="person", plural="persons", label="person", is_person=True)
household = entities.build_entity(
    key="household", plural="households", label="applicant and partner",
    roles=[{"key": "applicant", "plural": "applicants", "max": 1},
           {"key": "partner", "plural": "partners", "max": 1}],
)  # fmt: skip


def figure(name: str) -> int:
    """A figure of the regulation file that is a whole number of cents."""
    value, scale = FIGURES[name]
    assert scale == 1, name
    return value


def _input(name: str, kind: type, period: Any) -> type[Variable]:
    body = {"value_type": kind, "entity": person, "definition_period": period, "label": name}
    return type(name, (Variable,), body)


class is_partner(Variable):  # noqa: N801 - the class name is the variable's name in OpenFisca
    value_type = bool
    entity = person
    definition_period = MONTHLY
    label = "partner on the first day of the month"

    def formula(people: Any, period: Any, parameters: Any) -> Any:  # noqa: N805
        day = period.start.date.toordinal()
        inside = (people("from_day", period) <= day) & (day < people("until_day", period))
        return people.has_role(household.PARTNER) & inside


class is_insured(Variable):  # noqa: N801
    value_type = bool
    entity = person
    definition_period = MONTHLY
    label = "insured, and 18 in an earlier month"

    def formula(people: Any, period: Any, parameters: Any) -> Any:  # noqa: N805
        now = period.start.year * 12 + period.start.month
        return people("insured", period) & (people("month_of_18", period) < now)


class right_twice(Variable):  # noqa: N801
    value_type = int
    entity = household
    definition_period = MONTHLY
    label = "right by the year as of this month, in half cents"

    def formula(homes: Any, period: Any, parameters: Any) -> Any:  # noqa: N805
        people, year = homes.members, period.this_year
        partner_now = people("is_partner", period)
        partner = homes.sum(partner_now) > 0
        counted = people.has_role(household.APPLICANT) | partner_now
        income = homes.sum(people("income", year).astype(np.int64) * counted)
        insured = people("is_insured", period)
        threshold = figure("drempelinkomen")
        above = np.maximum(0, income - threshold)
        own, scale = FIGURES["percentage_alleen"]
        both, _ = FIGURES["percentage_partners"]
        rest, _ = FIGURES["percentage_boven_drempel"]
        norm = np.where(partner, both, own).astype(np.int64) * threshold + rest * above
        norm = (2 * norm + scale) // (2 * scale)
        premium = figure("standaardpremie") * (1 + partner.astype(np.int64))
        right = np.maximum(0, premium - norm)
        half = partner & (homes.sum(insured & partner_now) == 0)
        entitled = homes.sum(insured & people.has_role(household.APPLICANT)) > 0
        return 2 * right // (1 + half) * entitled * homes("assets_within_limit", year)


class assets_within_limit(Variable):  # noqa: N801
    value_type = bool
    entity = household
    definition_period = YEARLY
    label = "assets on 1 January within the limit"

    def formula(homes: Any, period: Any, parameters: Any) -> Any:  # noqa: N805
        people = homes.members
        months = [people("is_partner", month) for month in period.get_subperiods(MONTHLY)]
        all_year = np.logical_and.reduce(months)
        partner = homes.sum(all_year) > 0
        counted = people.has_role(household.APPLICANT) | all_year
        assets = homes.sum(people("assets", period).astype(np.int64) * counted)
        limit = np.where(
            partner, figure("vermogensgrens_partners"), figure("vermogensgrens_alleen")
        )
        return assets <= limit


class award(Variable):  # noqa: N801
    value_type = int
    entity = household
    definition_period = YEARLY
    label = "the award of the year in cents, whole euros"

    def formula(homes: Any, period: Any, parameters: Any) -> Any:  # noqa: N805
        total = sum(homes("right_twice", month).astype(np.int64)
                    for month in period.get_subperiods(MONTHLY))  # fmt: skip
        euros = (2 * total + 2400) // 4800  # half cents of twelfths, half up
        return np.where(euros * 100 >= figure("kleinste_toekenning"), euros * 100, 0)


class payment(Variable):  # noqa: N801
    value_type = int
    entity = household
    definition_period = MONTHLY
    label = "paid for the month in cents, whole euros"

    def formula(homes: Any, period: Any, parameters: Any) -> Any:  # noqa: N805
        right = homes("right_twice", period).astype(np.int64)
        euros = (2 * right + 200) // 400
        return euros // 12 * 100 * (homes("award", period.this_year) > 0)


def system() -> TaxBenefitSystem:
    """The zorgtoeslag and nothing else."""
    made = TaxBenefitSystem([person, household])
    for name, kind, period in (
        ("income", int, YEARLY), ("assets", int, YEARLY), ("insured", bool, ALWAYS),
        ("month_of_18", int, ALWAYS), ("from_day", int, ALWAYS),
        ("until_day", int, ALWAYS),
    ):  # fmt: skip
        made.add_variable(_input(name, kind, period))
    for variable in (is_partner, is_insured, assets_within_limit, right_twice, award, payment):
        made.add_variable(variable)
    return made


def simulation(made: TaxBenefitSystem, rows: Rows) -> Any:
    """The applicants and partners of a block as OpenFisca wants them."""
    persons = rows.persons
    kept = np.flatnonzero(persons.role <= PARTNER)
    builder = SimulationBuilder()
    builder.create_entities(made)
    builder.declare_person_entity("person", np.arange(len(kept)))
    homes = builder.declare_entity("household", np.arange(rows.households.rows))
    roles = np.where(
        persons.role[kept] == APPLICANT, household.APPLICANT.key, household.PARTNER.key
    )
    builder.join_with_persons(homes, persons.household[kept], roles)
    built = builder.build(made)
    born = persons.birth_year.astype(np.int64) * 12 + persons.birth_month
    leap = (persons.birth_month == 2) & (persons.birth_day == 29)
    for name, column, period in (
        ("income", persons.income, YEAR), ("assets", np.minimum(persons.assets, 2**31 - 1), YEAR),
        ("insured", persons.insured, "ETERNITY"),
        ("month_of_18", born + 18 * 12 + leap, "ETERNITY"),  # 1 March in a common year
        ("from_day", persons.start, "ETERNITY"), ("until_day", persons.end, "ETERNITY"),
    ):  # fmt: skip
        built.set_input(name, str(period), column[kept])
    return built


def theirs(built: Any) -> tuple[Any, Any]:
    """Awards, and twelve rows of payments."""
    awards = built.calculate("award", str(YEAR))
    months = periods.period(str(YEAR)).get_subperiods(MONTHLY)
    return awards, np.stack([built.calculate("payment", month) for month in months])


def ours(rows: Rows) -> tuple[Any, Any]:
    found = Year(RULES, YEAR, ("zorgtoeslag",)).derive(Folded(rows, YEAR), "zorgtoeslag")
    return found.award, found.paid


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()
    answer = run()
    return time.process_time() - start, answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--households", type=int, default=ROWS)
    rows = Nation(load_population(), SEED, YEAR).block(0, parser.parse_args().households)
    made = system()
    seconds: dict[str, list[float]] = {"ours": [], "openfisca": [], "openfisca_and_input": []}
    for _ in range(ROUNDS):
        mine, (award_ours, paid_ours) = timed(lambda: ours(rows))
        building, built = timed(lambda: simulation(made, rows))
        computing, (award_theirs, paid_theirs) = timed(lambda built=built: theirs(built))
        assert np.array_equal(award_ours, award_theirs), "the awards differ"
        assert np.array_equal(paid_ours, paid_theirs), "the payments differ"
        for name, value in zip(seconds, (mine, computing, building + computing), strict=True):
            seconds[name].append(value)
    count = rows.households.rows
    rates = {name: round(count / sorted(each)[ROUNDS // 2]) for name, each in seconds.items()}
    print(json.dumps({
        "scheme": "zorgtoeslag", "year": YEAR, "households": count, "equal_amounts": True,
        "with_award": int(np.count_nonzero(award_ours)), "household_years_per_second": rates,
        "ratio": round(rates["ours"] / rates["openfisca"], 2),
        "ratio_with_input": round(rates["ours"] / rates["openfisca_and_input"], 2),
    }, indent=2))  # fmt: skip


if __name__ == "__main__":
    main()
