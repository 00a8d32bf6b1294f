"""The one compiled form of the regulations: typed operations on whole numbers.

Every value is an integer over a known scale in a known unit; lowest and highest value are carried
along, so that no step can leave int64 in any back end. evaluate.py runs it on Python integers,
columns.py on numpy columns. Reading the files is the work of rulebook.py.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from scheduler.compiling.expression import Apply, Band, Name, Number, Tree
from scheduler.compiling.units import NO_UNIT, Unit
from scheduler.errors import RuleError

INT64_MAX: Final = 2**63 - 1
LITERALS: Final = (0, 1, 2)  # every other figure is a parameter, with unit, article and source
Code = Literal[
    "constant", "read", "add", "subtract", "multiply", "min", "max", "less", "less_or_equal",
    "equal", "and", "or", "not", "if", "band", "floor", "ceil", "half_up",
]  # fmt: skip
ROUNDING: Final[Mapping[str, Code]] = {"down": "floor", "up": "ceil", "half_up": "half_up"}


@dataclass(frozen=True, slots=True)
class Op:
    """One operation; `number` is the constant, the slot read, or the index of a table."""

    code: Code
    arguments: tuple[Op, ...]
    number: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Typed:
    """An operation with the meaning of its integers: value = integer / scale, in unit.

    `unit` None is the literal 0, which fits every unit.
    """

    op: Op
    unit: Unit | None
    scale: int

    def known_unit(self) -> Unit:
        """The unit, none for a literal 0."""
        return NO_UNIT if self.unit is None else self.unit


@dataclass(frozen=True, slots=True)
class Table:
    """A column of bands: `values[i]` holds from `starts[i]` up to the next start; no interpolation.

    `starts` are in the scale and unit of the looked-up value.
    """

    starts: tuple[int, ...]
    by: Unit
    values: tuple[int, ...]
    unit: Unit
    scale: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounding:
    """To a multiple of `to` (1 = whole cents or units, 100 = whole euros), as the law says how."""

    to: int
    method: Literal["down", "up", "half_up"]


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean while a formula is compiled."""

    names: dict[str, Typed]
    tables: dict[str, tuple[int, Table]] = field(default_factory=dict)  # name -> index and table


def constant(value: int) -> Op:
    """An operation that is always this value."""
    return _op("constant", (), value, value, value)


def read(slot: int, low: int, high: int) -> Op:
    """An operation that reads an input or an earlier step."""
    return _op("read", (), slot, low, high)


def compile_tree(tree: Tree, scope: Scope, rounding: Rounding | None) -> Typed:
    """Typed operation of one formula; raises RuleError for a unit clash, an unknown name, an
    overflow, or a division that leaves a remainder where nothing says how to round.
    """
    if rounding is None:
        return _compile(tree, scope)
    if isinstance(tree, Apply) and tree.operator == "/":
        above, below = (_compile(argument, scope) for argument in tree.arguments)
        if below.op.code != "constant":
            unit = above.known_unit().per(below.known_unit())
            return _rounded(_scaled(above.op, below.scale), below.op, above.scale, unit, rounding)
    value = _compile(tree, scope)
    return _rounded(value.op, constant(1), value.scale, value.known_unit(), rounding)


def _rounded(above: Op, below: Op, scale: int, unit: Unit, rounding: Rounding) -> Typed:
    if below.low < 1:
        raise RuleError("the divisor may be zero or less; put max(1, …) around it")
    code = ROUNDING[rounding.method]
    divisor = _scaled(below, scale * rounding.to)
    for double in (above, divisor):  # half_up computes (2 a + b) / 2 b
        _op("add", (), 0, 2 * double.low - divisor.high, 2 * double.high + divisor.high)
    corners = [round_div(code, a, b) for a in (above.low, above.high)
               for b in (divisor.low, divisor.high)]  # fmt: skip
    whole = _op(code, (above, divisor), 0, min(corners), max(corners))
    return Typed(_scaled(whole, rounding.to), unit, 1)


def round_div(code: Code, above: int, below: int) -> int:
    """Quotient rounded down, up, or half up (a half goes to the larger number)."""
    if code == "floor":
        return above // below
    if code == "ceil":
        return -(-above // below)
    return (2 * above + below) // (2 * below)


def _compile(tree: Tree, scope: Scope) -> Typed:
    if not isinstance(tree, Apply):
        return _leaf(tree, scope)
    values = [_compile(argument, scope) for argument in tree.arguments]
    operator = tree.operator
    match operator:
        case "+" | "-":
            return _sum(operator, values)
        case "negate":
            return _sum("-", [Typed(constant(0), None, 1), *values])
        case "*":
            return _product(*values)
        case "/":
            return _quotient(*values)
        case "min" | "max":
            return _extreme("min" if operator == "min" else "max", values)
        case "if":
            return _choice(*values)
        case "and" | "or" | "not":
            return _logic(operator, values)
    return _comparison(operator, values)


def _leaf(tree: Number | Name | Band, scope: Scope) -> Typed:
    if isinstance(tree, Number):
        if tree.value not in LITERALS:
            raise RuleError(f"the figure {tree.value} stands in a formula; make it a parameter")
        return Typed(constant(tree.value), None if tree.value == 0 else NO_UNIT, 1)
    if isinstance(tree, Band):
        return _band(tree, scope)
    if tree.name not in scope.names:
        raise RuleError(f"unknown name {tree.name!r}; define it as input, parameter or formula")
    return scope.names[tree.name]


def _op(code: Code, arguments: tuple[Op, ...], number: int, low: int, high: int) -> Op:
    if low < -INT64_MAX or high > INT64_MAX:
        raise RuleError(
            f"a value up to {max(-low, high)} leaves int64; lower a bound of an input or a scale"
        )
    return Op(code, arguments, number, low, high)


def _scaled(op: Op, factor: int) -> Op:
    if factor == 1:
        return op
    if op.code == "constant":
        return constant(op.number * factor)
    return _op("multiply", (op, constant(factor)), 0, op.low * factor, op.high * factor)


def _aligned(values: Sequence[Typed], what: str) -> tuple[list[Op], Unit | None, int]:
    """The operations over one scale, with their common unit."""
    units = {value.unit for value in values if value.unit is not None}
    if len(units) > 1:
        raise RuleError(f"{what} of {' and '.join(sorted(map(str, units)))}: the units clash")
    scale = math.lcm(*(value.scale for value in values))
    ops = [_scaled(value.op, scale // value.scale) for value in values]
    return ops, next(iter(units), None), scale


def _sum(operator: str, values: Sequence[Typed]) -> Typed:
    (left, right), unit, scale = _aligned(values, "a sum" if operator == "+" else "a difference")
    if operator == "+":
        op = _op("add", (left, right), 0, left.low + right.low, left.high + right.high)
    else:
        op = _op("subtract", (left, right), 0, left.low - right.high, left.high - right.low)
    return Typed(op, unit, scale)


def _product(left: Typed, right: Typed) -> Typed:
    corners = [a * b for a in (left.op.low, left.op.high) for b in (right.op.low, right.op.high)]
    unit = None
    if left.unit is not None and right.unit is not None:
        unit = left.unit.times(right.unit)
    op = _op("multiply", (left.op, right.op), 0, min(corners), max(corners))
    return Typed(op, unit, left.scale * right.scale)


def _quotient(above: Typed, below: Typed) -> Typed:
    """Exact division by a constant: the remainder stays in the scale."""
    divisor = below.op
    if divisor.code != "constant" or divisor.number <= 0:
        raise RuleError("division by a value that is no constant needs a rounding, as its own step")
    unit = None if above.unit is None else above.unit.per(below.known_unit())
    common = math.gcd(divisor.number, below.scale)
    op = _scaled(above.op, below.scale // common)
    return Typed(op, unit, above.scale * (divisor.number // common))


def _extreme(code: Literal["min", "max"], values: Sequence[Typed]) -> Typed:
    ops, unit, scale = _aligned(values, f"a {code}")
    best = min if code == "min" else max
    low, high = best(op.low for op in ops), best(op.high for op in ops)
    return Typed(_op(code, tuple(ops), 0, low, high), unit, scale)


def _choice(condition: Typed, then: Typed, other: Typed) -> Typed:
    _need_flag(condition)
    (left, right), unit, scale = _aligned([then, other], "a choice")
    low, high = min(left.low, right.low), max(left.high, right.high)
    return Typed(_op("if", (condition.op, left, right), 0, low, high), unit, scale)


def _logic(operator: str, values: Sequence[Typed]) -> Typed:
    for value in values:
        _need_flag(value)
    code: Code = "and" if operator == "and" else "or" if operator == "or" else "not"
    return Typed(_op(code, tuple(value.op for value in values), 0, 0, 1), NO_UNIT, 1)


def _comparison(operator: str, values: Sequence[Typed]) -> Typed:
    (left, right), _, _ = _aligned(values, "a comparison")
    if operator in (">", ">="):
        left, right = right, left
    if operator in ("=", "!="):
        op = _op("equal", (left, right), 0, 0, 1)
        if operator == "!=":
            op = _op("not", (op,), 0, 0, 1)
    else:
        code: Code = "less" if operator in ("<", ">") else "less_or_equal"
        op = _op(code, (left, right), 0, 0, 1)
    return Typed(op, NO_UNIT, 1)


def _need_flag(value: Typed) -> None:
    fits = value.unit in (None, NO_UNIT) and value.scale == 1
    if not fits or value.op.low < 0 or value.op.high > 1:
        raise RuleError("a condition is a comparison or a flag; this is an amount or a number")


def _band(tree: Band, scope: Scope) -> Typed:
    if tree.table not in scope.tables:
        raise RuleError(f"unknown table {tree.table!r}; define it under tables")
    index, table = scope.tables[tree.table]
    argument = _compile(tree.argument, scope)
    if argument.known_unit() != table.by or argument.scale != 1:
        raise RuleError(f"the table {tree.table!r} goes by whole {table.by}; the units clash")
    if argument.op.low < table.starts[0]:
        raise RuleError(f"a value may lie below the first band of {tree.table!r}; use max(…)")
    op = _op("band", (argument.op,), index, min(table.values), max(table.values))
    return Typed(op, table.unit, table.scale)
