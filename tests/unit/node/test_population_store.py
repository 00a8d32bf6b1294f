"""The population file and its runs: what is written, what stays, what is refused."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from node.errors import StartError
from node.population import bench
from node.population.derive_processes import derive_population, difference
from node.population.store_sqlite import Decided, PopulationFile, create
from scheduler.population.block import TOESLAGEN, Year, YearColumns
from scheduler.population.fold import Folded
from scheduler.population.nation import Nation
from scheduler.rulebook import Rulebook
from specs.population_files import load_population

HOUSEHOLDS, BLOCK = 1_000, 400
NATION = Nation(load_population(), 3, 2026)
SIZES = (400, 400, 200)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "nation.sqlite"
    blocks = (NATION.block(number, rows) for number, rows in enumerate(SIZES))
    create(made, blocks, households=HOUSEHOLDS, block_rows=BLOCK, year=2026)
    return made


def test_a_block_comes_back_as_it_was(path: Path) -> None:
    with closing(PopulationFile(path)) as file:
        assert (file.households, file.blocks, file.year) == (HOUSEHOLDS, 3, 2026)
        rows, wanted = file.read(2), NATION.block(2, 200)
        assert np.array_equal(rows.persons.income, wanted.persons.income)
        assert rows.persons.birth_year.dtype == wanted.persons.birth_year.dtype
        assert np.array_equal(rows.care.rate, wanted.care.rate)


def test_two_runs_write_all_and_then_only_what_changed(path: Path) -> None:
    first = derive_population(path, 2)
    year = Year(Rulebook.load(), 2026)
    awards = {
        scheme: np.concatenate([
            year.derive(Folded(NATION.block(number, rows), 2026), scheme).award
            for number, rows in enumerate(SIZES)
        ])
        for scheme in TOESLAGEN
    }  # fmt: skip
    assert first.written == sum(int(np.count_nonzero(award)) for award in awards.values())
    with closing(PopulationFile(path)) as file:
        standing = file.decided("zorgtoeslag", 1)
        assert np.array_equal(
            standing.household, BLOCK + np.flatnonzero(awards["zorgtoeslag"][400:800])
        )
        assert np.array_equal(standing.award, awards["zorgtoeslag"][standing.household])
        assert dict(file.count()) == {
            scheme: int(np.count_nonzero(award)) for scheme, award in awards.items()
        }
    assert derive_population(path, 1).written == 0
    changed = bench.change_incomes(path)
    assert 0 < changed < 60
    assert 0 < derive_population(path, 1).written < 3 * changed


def test_a_right_that_ends_is_written_as_zero() -> None:
    standing = Decided(
        scheme="zorgtoeslag", household=np.array([7, 9]), award=np.array([120_000, 60_000]),
        paid=np.array([[10_000] * 12, [5_000] * 12], dtype=np.int32),
    )  # fmt: skip
    paid = np.zeros((12, 5), dtype=np.int64)
    paid[:, 4] = 5_000
    derived = YearColumns(paid=paid, award=np.array([0, 0, 0, 0, 60_000]))
    found = difference(standing, derived, 5)
    assert found.household.tolist() == [7]
    assert found.award.tolist() == [0]
    assert found.paid.tolist() == [[0] * 12]


def test_what_is_no_whole_population_is_refused(path: Path, tmp_path: Path) -> None:
    with pytest.raises(StartError, match="no population here"):
        PopulationFile(tmp_path / "absent.sqlite")
    (tmp_path / "text").write_bytes(b"this is no database, but long enough to look like one" * 9)
    with pytest.raises(StartError, match="no population"):
        PopulationFile(tmp_path / "text")
    with closing(sqlite3.connect(path, isolation_level=None)) as sql:
        sql.execute("DELETE FROM meta WHERE name = 'whole'")
    with pytest.raises(StartError, match="not a whole population"):
        PopulationFile(path)


def test_the_bench_tells_both_runs_and_keeps_its_database(tmp_path: Path) -> None:
    found = bench.bench_population(600, tmp_path, workers=1)
    assert 0 < found["second_run"]["decisions_written"] < found["first_run"]["decisions_written"]
    assert found["limit"]["bytes_read"] > 600 * 40
    assert list(tmp_path.glob("nation-*-600.sqlite"))
