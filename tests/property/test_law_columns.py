"""The column back end gives what the scalar back end gives, for every version and any inputs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.compiling.columns import ColumnProgram, ColumnVersion
from scheduler.compiling.program import SUM_OF_MONTHS, Program, Version
from scheduler.compiling.trace import Values
from scheduler.errors import SchedulerError
from scheduler.folding.known import Known
from scheduler.rulebook import Rulebook

VERSIONS = [
    version for each in Rulebook.load().versions.values() for version in each
    if version.file.unavailable is None
]  # fmt: skip


def rows(program: Program) -> st.SearchStrategy[list[dict[str, int]]]:
    """Rows of inputs within their bounds; small, ordinary and extreme values."""
    columns: dict[str, st.SearchStrategy[int]] = {}
    for name, typed in program.typed_inputs.items():
        low, high = typed.op.low, typed.op.high
        ordinary = st.integers(max(low, 0), max(0, min(high, 10_000_000)))
        columns[name] = st.one_of(ordinary, st.integers(low, high), st.sampled_from([low, high]))
    return st.lists(st.fixed_dictionaries(columns), min_size=1, max_size=8)


def both(program: Program, found: list[dict[str, int]]) -> None:
    as_columns = {name: np.array([row[name] for row in found], dtype=np.int64)
                  for name in program.inputs}  # fmt: skip
    columns = ColumnProgram(program).run(as_columns)
    for index, row in enumerate(found):
        scalar = Values(program, {name: Known(value=value) for name, value in row.items()})
        for step in program.steps:
            assert columns[step.spec.name][index] == scalar.value(step), step.spec.name


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.file.rule)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_columns_equal_scalar(version: Version, data: st.DataObject) -> None:
    both(version.month, data.draw(rows(version.month)))
    if version.year is not None:
        both(version.year, data.draw(rows(version.year)))


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.file.rule)
def test_a_column_outside_its_bounds_is_refused(version: Version) -> None:
    first = version.month.inputs[0]
    inputs: Mapping[str, np.ndarray] = {name: np.zeros(1, dtype=np.int64)
                                        for name in version.month.inputs}  # fmt: skip
    beyond = version.month.typed_inputs[first].op.high + 1
    with pytest.raises(SchedulerError, match="bounds"):
        ColumnVersion(version).run_month({**inputs, first: np.array([beyond], dtype=np.int64)})


def test_months_and_year_together_give_the_award() -> None:
    # leaflet tg0821z61fd, example 1: € 19.000 alone, 1.550 a year and 129 a month
    version = next(v for v in VERSIONS if v.file.rule == "zorgtoeslag/2026-01-01")
    inputs = dict.fromkeys(version.month.inputs, 0) | {
        "in_leven": 1, "verzekerd": 1, "toetsingsinkomen": 1_900_000}  # fmt: skip
    month = ColumnVersion(version).run_month(
        {name: np.array([value, value], dtype=np.int64) for name, value in inputs.items()}
    )
    assert month.paid.tolist() == [12900, 12900]
    assert month.right.all()
    assert ColumnVersion(version).run_year(12 * month.part).tolist() == [155000, 155000]
    assert SUM_OF_MONTHS not in version.month.inputs
