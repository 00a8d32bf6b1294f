"""A regulation file compiled: its steps in an order that works, typed and bound.

A file that does not hold together (unknown name, unit clash, cycle, overflow, an input that nobody
supplies) does not load; the error names file, line and article.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NoReturn, TypeAlias

from scheduler.compiling.compiled import Rounding, Scope, Table, Typed, compile_tree, constant, read
from scheduler.compiling.expression import Apply, Band, Name, Number, Tree, parse_expression
from scheduler.compiling.units import CALENDAR, Unit
from scheduler.errors import RuleError
from scheduler.evaluate import Run, Test, bind_program, bind_test
from scheduler.wording import placeholders
from specs.canonical import digest_of
from specs.errors import SpecFileError
from specs.regulation_files import FormulaSpec, InputSpec, ParameterSpec, RegulationFile

SUM_OF_MONTHS: Final = "sum_of_months"
INCOMES: Final = frozenset({"toetsingsinkomen", "inkomen_samen", "belastbaar_inkomen"})
Uses: TypeAlias = Callable[[list[int]], tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One condition or formula, compiled. `needs` are the inputs it can depend on, all the way
    down; `uses` names what it read in one run, following only the branch of an `if` that was taken.
    """

    spec: FormulaSpec
    slot: int
    typed: Typed
    needs: frozenset[str]
    behind: frozenset[str]  # all names it can read, all the way down
    uses: Uses
    bare: bool  # nothing but the name of an input: when such a condition holds, the input tells it


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Inputs fill the first slots, then each step fills its own, in an order that works."""

    inputs: tuple[str, ...]
    lows: tuple[int, ...]  # of the inputs: the lowest value allowed
    highs: tuple[int, ...]
    run: Run
    typed_inputs: Mapping[str, Typed]
    tables: tuple[Table, ...]
    steps: tuple[Step, ...]
    conditions: tuple[Step, ...]  # those of the steps
    by_name: Mapping[str, Step]
    slots: Mapping[str, int]

    def step(self, name: str) -> Step:
        """A step by its name."""
        return self.by_name[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """Where the formulas of a month come out."""

    output: Step
    part: Step | None
    shown: Step | None
    needs: frozenset[str]  # of output and part
    wanted: tuple[Step, ...]  # the conditions, part and output: what a trace shows


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One regulation file with its programs; `year` is None where the law has no yearly award."""

    file: RegulationFile
    month: Program
    year: Program | None
    given: Mapping[str, InputSpec]
    figures: Mapping[str, ParameterSpec]
    secondary: frozenset[str]  # names of figures from secondary sources: they pay nothing out (A1)
    ends: Ends | None  # None where the law gives no figures
    digest: str  # of this file as the only rule of a decision
    named: Mapping[str, tuple[str, ...]]  # whose sentence shows other values: which
    by_income: bool  # whether an income of the year goes in, which may be an estimate


def compile_version(file: RegulationFile, supplied: frozenset[str] | None = None) -> Version:
    """Compile one file; raises SpecFileError with line and article."""
    named = [(spec.name, spec.line, spec.says) for spec in file.inputs]
    named += [(spec.name, spec.line, spec.says) for spec in file.parameters]
    named += [(spec.name, spec.line, spec.says) for spec in (*file.steps, *file.year_steps)]
    names = [name for name, _, _ in named]
    for name, line, says in named:
        if names.count(name) > 1 or name in CALENDAR or name == SUM_OF_MONTHS:
            raise SpecFileError(file.path, line, f"the name {name!r} is used twice")
        for missing in placeholders(says) - {*names, "value"}:
            raise SpecFileError(file.path, line, f"the sentence names {missing!r}; unknown")
    for item in file.inputs:
        if supplied is not None and item.name not in supplied:
            raise SpecFileError(file.path, item.line, f"nobody supplies the input {item.name!r}")
    month = _Compiler(file).program()
    year = None
    if file.year_output is not None and file.year_part is not None:
        part = _output(file, month, file.year_part)
        year = _Compiler(file).year_program(part)
        _output(file, year, file.year_output)
    if file.unavailable is None:
        _output(file, month, file.month_output)
    if file.shown is not None:
        _output(file, month, file.shown)
    ends = None if file.unavailable is not None else _ends(file, month)
    secondary = {spec.name for spec in file.parameters if spec.confidence == "secondary"}
    secondary |= {spec.name for spec in file.tables if spec.confidence == "secondary"}
    secondary &= set[str]().union(*(step.behind for step in month.steps))
    others = {name: tuple(sorted(placeholders(says) - {"value"})) for name, _, says in named}
    return Version(
        file=file, month=month, year=year, secondary=frozenset(secondary), ends=ends,
        digest=digest_of({file.rule: file.digest}),
        given={spec.name: spec for spec in file.inputs},
        figures={spec.name: spec for spec in file.parameters},
        named={name: shown for name, shown in others.items() if shown},
        by_income=any(item.name in INCOMES for item in file.inputs),
    )  # fmt: skip


def _ends(file: RegulationFile, program: Program) -> Ends:
    output = program.step(file.month_output)
    part = None if file.year_part is None else program.step(file.year_part)
    last = (output,) if part is None else (part, output)
    return Ends(
        output=output, part=part,
        shown=None if file.shown is None else program.step(file.shown),
        needs=frozenset().union(*(step.needs for step in last)),
        wanted=(*program.conditions, *last),
    )  # fmt: skip


def _output(file: RegulationFile, program: Program, name: str) -> Typed:
    if name not in program.slots or name in program.inputs:
        raise SpecFileError(file.path, 1, f"outputs name {name!r}, which is no formula")
    return program.step(name).typed


class _Compiler:
    """Compiles the steps of one file in an order in which each finds what it reads."""

    def __init__(self, file: RegulationFile) -> None:
        self._file = file
        self._scope = Scope({name: Typed(constant(value), unit, 1)
                             for name, (value, unit) in CALENDAR.items()})  # fmt: skip
        self._tables: list[Table] = []
        self._inputs: dict[str, Typed] = {}
        self._parameters: set[str] = set()
        self._table_of: dict[str, str] = {}
        self._steps: dict[str, Step] = {}
        self._open: list[str] = []
        self._slots: dict[str, int] = {}
        self._specs: dict[str, FormulaSpec] = {}
        self._trees: dict[str, Tree] = {}
        self._parameters_and_tables()

    def program(self) -> Program:
        """The steps of a month."""
        for spec in self._file.inputs:
            self._input(spec.name, self._unit(spec.unit, spec.line), 1, spec.low, spec.high)
        return self._program(self._file.steps)

    def year_program(self, part: Typed) -> Program:
        """The steps of the year, from the sum of what its months add."""
        unit = part.known_unit().times(Unit.parse("month"))
        low, high = min(0, 12 * part.op.low), 12 * part.op.high
        self._input(SUM_OF_MONTHS, unit, part.scale, low, high)
        return self._program(self._file.year_steps)

    def _program(self, specs_: Sequence[FormulaSpec]) -> Program:
        self._specs = {spec.name: spec for spec in specs_}
        for spec in specs_:
            try:
                self._trees[spec.name] = parse_expression(spec.expression)
            except RuleError as error:
                self._fail(spec, error)
        for spec in specs_:
            self._step(spec)
        steps = tuple(self._steps.values())
        run = bind_program(len(self._inputs), [step.typed.op for step in steps], self._tables)
        return Program(
            inputs=tuple(self._inputs), run=run,
            lows=tuple(typed.op.low for typed in self._inputs.values()),
            highs=tuple(typed.op.high for typed in self._inputs.values()),
            typed_inputs=self._inputs, tables=tuple(self._tables),
            steps=steps, conditions=tuple(s for s in steps if s.spec.kind == "condition"),
            by_name={step.spec.name: step for step in steps}, slots=self._slots,
        )  # fmt: skip

    def _parameters_and_tables(self) -> None:
        for spec in self._file.parameters:
            unit = self._unit(spec.unit, spec.line)
            self._scope.names[spec.name] = Typed(constant(spec.value), unit, spec.scale)
            self._parameters.add(spec.name)
        for table in self._file.tables:
            unit, by = self._unit(table.unit, table.line), self._unit(table.by, table.line)
            starts = tuple(row[0] for row in table.rows)
            for place, column in enumerate(table.columns, 1):
                values = tuple(row[place] for row in table.rows)
                name = f"{table.name}_{column}"
                made = Table(starts, by, values, unit, table.scale)
                self._scope.tables[name] = (len(self._tables), made)
                self._table_of[name] = table.name
                self._tables.append(made)

    def _input(self, name: str, unit: Unit, scale: int, low: int, high: int) -> None:
        slot = len(self._slots)
        self._slots[name] = slot
        self._inputs[name] = Typed(read(slot, low, high), unit, scale)
        self._scope.names[name] = self._inputs[name]

    def _step(self, spec: FormulaSpec) -> None:
        if spec.name in self._steps:
            return
        if spec.name in self._open:
            circle = " -> ".join((*self._open[self._open.index(spec.name) :], spec.name))
            self._fail(spec, RuleError(f"the formulas go round in a circle: {circle}"))
        self._open.append(spec.name)
        tree = self._trees[spec.name]
        names = tuple(dict.fromkeys(_names(tree)))
        for name in names:
            if name in self._specs:
                self._step(self._specs[name])
        self._open.pop()
        try:
            typed = self._compile(spec, tree)
            uses = _told(self._uses(tree))
        except RuleError as error:
            self._fail(spec, error)
        slot = len(self._slots)
        self._slots[spec.name] = slot
        op = typed.op
        read_op = read(slot, op.low, op.high)
        self._scope.names[spec.name] = Typed(read_op, typed.known_unit(), typed.scale)
        needs = frozenset().union(*(self._needs(name) for name in names))
        behind = frozenset(names).union(
            (self._table_of[name] for name in _tables(tree)),
            *(self._steps[name].behind for name in names if name in self._steps),
        )
        self._steps[spec.name] = Step(
            spec=spec, slot=slot, typed=typed, needs=needs, behind=behind, uses=uses,
            bare=isinstance(tree, Name),
        )  # fmt: skip

    def _compile(self, spec: FormulaSpec, tree: Tree) -> Typed:
        rounding = None
        if spec.rounding is not None:
            rounding = Rounding(to=spec.rounding.to, method=spec.rounding.method)
        typed = compile_tree(tree, self._scope, rounding)
        unit = Unit.parse(spec.unit)
        if typed.unit is not None and typed.unit != unit:
            raise RuleError(f"gives {typed.unit}, but {unit} is declared: the units clash")
        if spec.kind == "condition" and (typed.op.low < 0 or typed.op.high > 1):
            raise RuleError("a condition is a comparison or a flag")
        return Typed(typed.op, unit, typed.scale)

    def _needs(self, name: str) -> frozenset[str]:
        if name in self._inputs:
            return frozenset({name})
        step = self._steps.get(name)
        return frozenset() if step is None else step.needs

    def _uses(self, tree: Tree) -> tuple[str, ...] | Uses:
        """The names an expression reads: always the same ones, or as its branches go."""
        if isinstance(tree, Name):
            return () if tree.name in CALENDAR else (tree.name,)
        if isinstance(tree, Number):
            return ()
        if isinstance(tree, Band):
            return _all_of([self._uses(tree.argument), (self._table_of[tree.table],)])
        parts = [self._uses(argument) for argument in tree.arguments]
        if tree.operator in ("if", "and", "or"):
            condition = compile_tree(tree.arguments[0], self._scope, None)
            return _taken(tree.operator, bind_test(condition.op, self._tables), parts)
        return _all_of(parts)

    def _unit(self, text: str, line: int) -> Unit:
        try:
            return Unit.parse(text)
        except RuleError as error:
            raise SpecFileError(self._file.path, line, str(error)) from error

    def _fail(self, spec: FormulaSpec, error: RuleError) -> NoReturn:
        message = f"{spec.name} ({spec.article.text}): {error}"
        raise SpecFileError(self._file.path, spec.line, message) from error


def _told(names: tuple[str, ...] | Uses) -> Uses:
    return (lambda _slots: names) if isinstance(names, tuple) else names


def _all_of(parts: Sequence[tuple[str, ...] | Uses]) -> tuple[str, ...] | Uses:
    fixed = [part for part in parts if isinstance(part, tuple)]
    if len(fixed) == len(parts):
        return tuple(name for part in fixed for name in part)
    each = [_told(part) for part in parts]
    return lambda slots: tuple(name for part in each for name in part(slots))


def _taken(operator: str, holds: Test, parts: Sequence[tuple[str, ...] | Uses]) -> Uses:
    """What is read where a first part decides whether a second one matters."""
    first, *others = (_told(part) for part in parts)
    if operator == "if":
        then, other = others
        return lambda slots: first(slots) + (then if holds(slots) else other)(slots)
    second, wanted = others[0], operator == "and"
    return lambda slots: first(slots) + (second(slots) if bool(holds(slots)) is wanted else ())


def _tables(tree: Tree) -> tuple[str, ...]:
    if isinstance(tree, Apply):
        return tuple(name for argument in tree.arguments for name in _tables(argument))
    return (tree.table, *_tables(tree.argument)) if isinstance(tree, Band) else ()


def _names(tree: Tree) -> tuple[str, ...]:
    if isinstance(tree, Name):
        return (tree.name,)
    if isinstance(tree, Apply):
        return tuple(name for argument in tree.arguments for name in _names(argument))
    return _names(tree.argument) if isinstance(tree, Band) else ()
