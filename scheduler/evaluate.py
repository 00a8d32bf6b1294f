"""Scalar back end: runs the compiled form on Python integers, one household at a time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import TypeAlias

from scheduler.compiling.compiled import Op, Table, round_div

Slots: TypeAlias = list[int]  # inputs, then one place per step
Run: TypeAlias = Callable[[Slots], int]


def bind(op: Op, tables: Sequence[Table]) -> Run:
    """A function from slots to the value of one operation."""
    number = op.number
    if op.code == "constant":
        return lambda _slots: number
    if op.code == "read":
        return lambda slots: slots[number]
    arguments = [bind(argument, tables) for argument in op.arguments]
    if op.code == "band":
        return _band(arguments[0], tables[number])
    if op.code in ("min", "max"):
        best = min if op.code == "min" else max
        return lambda slots: best(argument(slots) for argument in arguments)
    if op.code == "not":
        only = arguments[0]
        return lambda slots: 1 - only(slots)
    if op.code == "if":
        condition, then, other = arguments
        return lambda slots: then(slots) if condition(slots) else other(slots)
    return _binary(op, *arguments)


def _binary(op: Op, left: Run, right: Run) -> Run:
    code = op.code
    if code == "add":
        return lambda slots: left(slots) + right(slots)
    if code == "subtract":
        return lambda slots: left(slots) - right(slots)
    if code == "multiply":
        return lambda slots: left(slots) * right(slots)
    if code == "less":
        return lambda slots: int(left(slots) < right(slots))
    if code == "less_or_equal":
        return lambda slots: int(left(slots) <= right(slots))
    if code == "equal":
        return lambda slots: int(left(slots) == right(slots))
    if code == "and":
        return lambda slots: left(slots) & right(slots)
    if code == "or":
        return lambda slots: left(slots) | right(slots)
    assert code in ("floor", "ceil", "half_up"), code
    return lambda slots: round_div(code, left(slots), right(slots))


def _band(argument: Run, table: Table) -> Run:
    starts, values = table.starts, table.values
    return lambda slots: values[bisect_right(starts, argument(slots)) - 1]
