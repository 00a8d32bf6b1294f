"""The homes and the childcare of a synthetic block, in the proportions of a population file."""

from __future__ import annotations

from typing import Final

import numpy as np

from scheduler.population.chance import Chance, fit
from scheduler.population.rows import (
    BSO,
    CARED_MAX,
    CHILD,
    DAGOPVANG,
    GASTOUDER,
    NEVER,
    PARTNER,
    CareColumns,
    Column,
    Flags,
    HouseholdColumns,
    Ints,
    PersonColumns,
)
from specs.population_files import PopulationFile

KINDS: Final = {"dagopvang": DAGOPVANG, "bso": BSO, "gastouder": GASTOUDER}
LARGEST: Final = 3  # three persons and more are one class of size


def homes_of(
    chance: Chance, file: PopulationFile, persons: PersonColumns, rows: int
) -> HouseholdColumns:
    """Who rents, from whom, for how much."""
    rents = _rents(chance, file, persons, rows)
    _, corporation, others = file.shares["tenure"].counts
    social = chance.some(corporation / (corporation + others), rows)
    rent = np.where(
        social, chance.on(file.curves["rent_of_corporation"], rows),
        chance.on(file.curves["rent_of_other_landlord"], rows),
    )  # fmt: skip
    service = chance.on(file.curves["service_costs"], rows)
    return HouseholdColumns(
        rents=rents,
        independent=rents & chance.named(file.shares["independent_home"], "yes", rows),
        adapted=rents & chance.named(file.shares["adapted_home"], "yes", rows),
        bare_rent=(rent * rents).astype(np.int32),
        service_costs=(service * rents).astype(np.int32),
    )


def _rents(chance: Chance, file: PopulationFile, persons: PersonColumns, rows: int) -> Flags:
    """As many renters in each size as the table fitted to the tenure says; low incomes first, as
    far as the weight of income goes.
    """
    size = np.minimum(np.bincount(persons.household, minlength=rows), LARGEST)
    sizes = [int(np.count_nonzero(size == each)) for each in range(1, LARGEST + 1)]
    owned, corporation, others = file.shares["tenure"].counts
    shape = np.asarray(file.fitted["tenure_by_size"].rows, dtype=np.float64)
    fitted = fit(shape, [max(1, each) for each in sizes], (owned, corporation + others))
    income = _household_sum(persons, persons.income, rows)
    place = np.empty(rows, dtype=np.int64)
    place[np.argsort(income, kind="stable")] = np.arange(rows)
    weight = file.figures["income_weight"]
    score = weight.value * (place / rows) + (weight.scale - weight.value) * chance.stream.random(
        rows
    )
    found = np.zeros(rows, dtype=np.bool_)
    for each in range(1, LARGEST + 1):
        homes = np.flatnonzero(size == each)
        share = fitted[each - 1, 1] / fitted[each - 1].sum()
        lowest = np.argsort(score[homes], kind="stable")[: round(share * len(homes))]
        found[homes[lowest]] = True
    return found


def _household_sum(persons: PersonColumns, values: Column, rows: int) -> Column:
    first = np.flatnonzero(np.diff(persons.household, prepend=-1))
    assert len(first) == rows, "every household has a person"
    return np.add.reduceat(values, first)


def care_of(chance: Chance, file: PopulationFile, persons: PersonColumns, age: Ints) -> CareColumns:
    """Childcare of children under twelve whose parents work: as many children as the counts say."""
    children = persons.role == CHILD
    working = np.ones(int(persons.household[-1]) + 1, dtype=np.bool_)
    idle = (persons.role <= PARTNER) & ~persons.works
    working[persons.household[idle]] = False
    found: list[tuple[Ints, str, str]] = []
    for name, low, high in (("care_under_4", 0, 4), ("care_4_to_11", 4, 12)):
        shares = file.shares[name]
        of_age = children & (age >= low) & (age < high)
        able = np.flatnonzero(of_age & working[persons.household])
        wanted = dict(zip(shares.names, shares.counts, strict=True))
        cared = (sum(wanted.values()) - wanted.pop("none")) / sum(shares.counts)
        enough = min(1.0, cared * np.count_nonzero(of_age) / max(1, len(able)))
        chosen = able[chance.some(enough, len(able))]
        kind = chance.weighed(tuple(wanted.values()), len(chosen))
        for place, each in enumerate(wanted):
            found.append((chosen[kind == place], each, f"{each}_{name.removeprefix('care_')}"))
    return _care_rows(chance, file, persons, found)


def _care_rows(
    chance: Chance,
    file: PopulationFile,
    persons: PersonColumns,
    found: list[tuple[Ints, str, str]],
) -> CareColumns:
    """Hours around their mean, rates on their curve; children with care counted per household."""
    person = np.concatenate([each for each, _, _ in found])
    kind = np.concatenate([np.full(len(each), KINDS[name]) for each, name, _ in found])
    hours: list[Column] = []
    rates: list[Column] = []
    for each, name, narrow in found:
        mean = file.figures.get(f"hours_{narrow}") or file.figures[f"hours_{name}"]
        middle = mean.value // mean.scale
        hours.append(chance.between(middle // 2, middle + middle // 2 + 1, len(each)))
        rates.append(chance.on(file.curves[f"rate_{name}"], len(each)))
    order = np.argsort(person, kind="stable")
    home = persons.household[person[order]]
    first = np.searchsorted(home, home, side="left")
    child = np.arange(len(home)) - first
    kept = child < CARED_MAX
    rows = np.count_nonzero(kept)
    return CareColumns(
        household=home[kept].astype(np.int32), child=child[kept].astype(np.int8),
        kind=kind[order][kept].astype(np.int8),
        hours=np.concatenate(hours)[order][kept].astype(np.int16),
        rate=np.concatenate(rates)[order][kept].astype(np.int32),
        start=np.zeros(rows, dtype=np.int32), end=np.full(rows, NEVER, dtype=np.int32),
    )  # fmt: skip
