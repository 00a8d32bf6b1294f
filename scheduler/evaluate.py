"""Scalar back end: each program becomes one Python function on whole numbers, one household a call.

The function is built from the closed set of operations as a syntax tree of our own; no text of a
regulation file reaches the interpreter. An `if` computes only the branch it takes.
"""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias, cast

from scheduler.compiling.compiled import Code, Op, Table

Slots: TypeAlias = list[int]  # inputs, then one place per step
Run: TypeAlias = Callable[[Slots], Slots]  # the inputs give all slots
Test: TypeAlias = Callable[[Slots], bool]
SLOTS: Final = "slots"
_TWO_SIDES: Final[Mapping[Code, type[ast.operator]]] = {
    "add": ast.Add, "subtract": ast.Sub, "multiply": ast.Mult, "floor": ast.FloorDiv,
}  # fmt: skip
_COMPARES: Final[Mapping[Code, type[ast.cmpop]]] = {
    "less": ast.Lt, "less_or_equal": ast.LtE, "equal": ast.Eq,
}  # fmt: skip


def bind_program(inputs: int, steps: Sequence[Op], tables: Sequence[Table]) -> Run:
    """A function from the inputs to all slots; each step may read the inputs and earlier steps."""
    writer = _Writer(lambda slot: _name(f"s{slot}"))
    every = [f"s{slot}" for slot in range(inputs + len(steps))]
    given = ast.Tuple([_target(name) for name in every[:inputs]], ast.Store())
    body: list[ast.stmt] = [ast.Assign([given], _name(SLOTS))]
    for name, op in zip(every[inputs:], steps, strict=True):
        body.append(ast.Assign([_target(name)], writer.value(op)))
    body.append(ast.Return(ast.List([_name(name) for name in every], ast.Load())))
    return cast("Run", _made(body, tables))


def bind_test(op: Op, tables: Sequence[Table]) -> Test:
    """A function from all slots to whether a condition holds."""
    writer = _Writer(
        lambda slot: ast.Subscript(_name(SLOTS), ast.Constant(slot), ast.Load())
    )  # fmt: skip
    return cast("Test", _made([ast.Return(writer.holds(op))], tables))


def _made(body: list[ast.stmt], tables: Sequence[Table]) -> object:
    """The function with this body; it sees the tables and nothing else of the program."""
    arguments = ast.arguments([], [ast.arg(SLOTS)], None, [], [], None, [])
    function = ast.FunctionDef("formulas", arguments, body, [])
    module = ast.fix_missing_locations(ast.Module([function], []))
    names: dict[str, object] = {"__builtins__": {}, "bisect_right": bisect_right}
    for place, table in enumerate(tables):
        names[f"starts{place}"], names[f"values{place}"] = table.starts, table.values
    exec(compile(module, "<regulation>", "exec"), names)  # noqa: S102 - our own tree, no text
    return names["formulas"]


class _Writer:
    """Expressions of Python for operations."""

    def __init__(self, read: Callable[[int], ast.expr]) -> None:
        self._read = read
        self._kept = 0

    def value(self, op: Op) -> ast.expr:
        """The whole number of an operation."""
        code = op.code
        if code == "constant":
            return ast.Constant(op.number)
        if code == "read":
            return self._read(op.number)
        if code in _COMPARES or code in ("and", "or", "not"):
            return ast.IfExp(self.holds(op), ast.Constant(1), ast.Constant(0))
        if code == "if":
            condition, then, other = op.arguments
            return ast.IfExp(self.holds(condition), self.value(then), self.value(other))
        values = [self.value(argument) for argument in op.arguments]
        if code == "band":
            return self._band(op.number, values[0])
        if code in ("min", "max"):
            best = values[0]
            for value in values[1:]:
                best = self._extreme(ast.Lt() if code == "min" else ast.Gt(), best, value)
            return best
        return self._divided(code, *values) if code in ("ceil", "half_up") else ast.BinOp(
            values[0], _TWO_SIDES[code](), values[1])  # fmt: skip

    def holds(self, op: Op) -> ast.expr:
        """Whether an operation gives another number than zero."""
        if op.code in _COMPARES:
            left, right = (self.value(argument) for argument in op.arguments)
            return ast.Compare(left, [_COMPARES[op.code]()], [right])
        if op.code in ("and", "or"):
            kind = ast.And() if op.code == "and" else ast.Or()
            return ast.BoolOp(kind, [self.holds(argument) for argument in op.arguments])
        if op.code == "not":
            return ast.UnaryOp(ast.Not(), self.holds(op.arguments[0]))
        return self.value(op)

    def _extreme(self, better: ast.cmpop, left: ast.expr, right: ast.expr) -> ast.expr:
        keep_left, again_left = self._keep(left)
        keep_right, again_right = self._keep(right)
        return ast.IfExp(ast.Compare(keep_left, [better], [keep_right]), again_left, again_right)

    def _divided(self, code: Code, above: ast.expr, below: ast.expr) -> ast.expr:
        """Rounded up: -(-a // b); half up: (2 a + b) // 2 b."""
        if code == "ceil":
            up = ast.BinOp(ast.UnaryOp(ast.USub(), above), ast.FloorDiv(), below)
            return ast.UnaryOp(ast.USub(), up)
        keep, again = self._keep(below)
        double = ast.BinOp(ast.Constant(2), ast.Mult(), above)
        return ast.BinOp(
            ast.BinOp(double, ast.Add(), keep), ast.FloorDiv(),
            ast.BinOp(ast.Constant(2), ast.Mult(), again),
        )  # fmt: skip

    def _band(self, table: int, argument: ast.expr) -> ast.expr:
        place = ast.Call(_name("bisect_right"), [_name(f"starts{table}"), argument], [])
        last = ast.BinOp(place, ast.Sub(), ast.Constant(1))
        return ast.Subscript(_name(f"values{table}"), last, ast.Load())

    def _keep(self, value: ast.expr) -> tuple[ast.expr, ast.expr]:
        """An expression that is needed twice: computed the first time, read the second."""
        if isinstance(value, ast.Constant | ast.Name):
            return value, value
        self._kept += 1
        name = f"k{self._kept}"
        return ast.NamedExpr(_target(name), value), _name(name)


def _name(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _target(name: str) -> ast.Name:
    return ast.Name(name, ast.Store())
