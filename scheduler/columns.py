"""Column back end: the same compiled form on numpy int64 columns, one row per household.

Rows must be known: whoever fills the columns sets aside the households with an unknown input. The
overflow bounds checked at load hold for every value inside the bounds of its input; `run_month`
refuses columns outside them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from scheduler.compiled import Op, Table
from scheduler.errors import SchedulerError
from scheduler.program import SUM_OF_MONTHS, Program, Version

Column: TypeAlias = NDArray[np.int64]
Columns: TypeAlias = list[Column]
Run: TypeAlias = Callable[[Columns], Column]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthColumns:
    """One month of many households: what is paid (cents), what it adds to the year's award (over
    the scale of that step), and whether there is a right.
    """

    paid: Column
    part: Column
    right: NDArray[np.bool_]


def bind_columns(op: Op, tables: Sequence[Table]) -> Run:
    """A function from columns to the column of one operation."""
    if op.code == "constant":
        value = np.int64(op.number)
        return lambda columns: np.broadcast_to(value, columns[0].shape)
    if op.code == "read":
        number = op.number
        return lambda columns: columns[number]
    arguments = [bind_columns(argument, tables) for argument in op.arguments]
    if op.code == "band":
        return _band(arguments[0], tables[op.number])
    if op.code in ("min", "max"):
        best = np.minimum if op.code == "min" else np.maximum
        first, *others = arguments
        return lambda columns: _fold(best, first(columns), [each(columns) for each in others])
    if op.code == "not":
        return lambda columns: 1 - arguments[0](columns)
    if op.code == "if":
        condition, then, other = arguments
        return lambda columns: np.where(condition(columns) != 0, then(columns), other(columns))
    return _binary(op, *arguments)


def _fold(
    best: Callable[[Column, Column], Column], first: Column, others: Sequence[Column]
) -> Column:
    for other in others:
        first = best(first, other)
    return first


def _binary(op: Op, left: Run, right: Run) -> Run:
    code = op.code
    if code == "add":
        return lambda columns: left(columns) + right(columns)
    if code == "subtract":
        return lambda columns: left(columns) - right(columns)
    if code == "multiply":
        return lambda columns: left(columns) * right(columns)
    if code == "less":
        return lambda columns: (left(columns) < right(columns)).astype(np.int64)
    if code == "less_or_equal":
        return lambda columns: (left(columns) <= right(columns)).astype(np.int64)
    if code == "equal":
        return lambda columns: (left(columns) == right(columns)).astype(np.int64)
    if code == "and":
        return lambda columns: left(columns) & right(columns)
    if code == "or":
        return lambda columns: left(columns) | right(columns)
    if code == "floor":
        return lambda columns: left(columns) // right(columns)
    if code == "ceil":
        return lambda columns: -(-left(columns) // right(columns))
    assert code == "half_up", code
    return lambda columns: _half_up(left(columns), right(columns))


def _half_up(above: Column, below: Column) -> Column:
    return (2 * above + below) // (2 * below)


def _band(argument: Run, table: Table) -> Run:
    starts = np.asarray(table.starts, dtype=np.int64)
    values = np.asarray(table.values, dtype=np.int64)
    return lambda columns: values[np.searchsorted(starts, argument(columns), side="right") - 1]


class ColumnProgram:
    """A program bound to columns, once per version."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._runs = [bind_columns(step.typed.op, program.tables) for step in program.steps]

    def run(self, inputs: Mapping[str, Column]) -> dict[str, Column]:
        """Every step by its name; raises SchedulerError for a column outside its bounds."""
        columns: Columns = []
        for name in self._program.inputs:
            column = np.asarray(inputs[name], dtype=np.int64)
            bounds = self._program.typed_inputs[name].op
            if column.size and not (bounds.low <= column.min() and column.max() <= bounds.high):
                raise SchedulerError(f"the column {name!r} leaves its bounds; set those rows aside")
            columns.append(column)
        found: dict[str, Column] = {}
        for step, run in zip(self._program.steps, self._runs, strict=True):
            column = run(columns)
            columns.append(column)
            found[step.spec.name] = column
        return found


class ColumnVersion:
    """One regulation version for many households at once."""

    def __init__(self, version: Version) -> None:
        self.version = version
        self._month = ColumnProgram(version.month)
        self._year = None if version.year is None else ColumnProgram(version.year)
        self._conditions = [
            step.spec.name for step in version.month.steps if step.spec.kind == "condition"
        ]

    def run_month(self, inputs: Mapping[str, Column]) -> MonthColumns:
        """Amounts of one month; without a right they are zero."""
        steps = self._month.run(inputs)
        paid = steps[self.version.file.month_output]
        right: NDArray[np.bool_] = np.ones(paid.shape, dtype=np.bool_)
        for name in self._conditions:
            right = right & (steps[name] != 0)
        zero = np.int64(0)
        part_name = self.version.file.year_part
        part = np.zeros_like(paid) if part_name is None else steps[part_name]
        return MonthColumns(
            paid=np.where(right, paid, zero), part=np.where(right, part, zero), right=right
        )

    def run_year(self, sum_of_parts: Column) -> Column:
        """The award of the year in cents from the sum of the months' parts; what the law does not
        award is zero. Raises SchedulerError where the law has no yearly award.
        """
        if self._year is None or self.version.file.year_output is None:
            raise SchedulerError(f"{self.version.file.rule} has no award by the year")
        steps = self._year.run({SUM_OF_MONTHS: sum_of_parts})
        award = steps[self.version.file.year_output]
        assert self.version.year is not None
        for step in self.version.year.steps:
            if step.spec.kind == "condition":
                award = np.where(steps[step.spec.name] != 0, award, np.int64(0))
        return award
