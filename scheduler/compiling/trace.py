"""Values of one run of a program, and the trace: only the steps that made the answer, in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import ge, le

from scheduler.compiling.program import Program, Step, Version
from scheduler.derivation import Given, TraceStep
from scheduler.folding.known import Known, Text, Unknown, Value, merge_records
from scheduler.wording import Shown
from specs.regulation_files import InputSpec, ParameterSpec, Sentence
from specs.values import Month


class Values:
    """The slots of one run. A step that needs an unknown input has a value that says nothing: ask
    `missing` before `value`.
    """

    __slots__ = ("_given", "_inputs", "_joined", "_merged", "_unknown", "program", "slots")

    def __init__(self, program: Program, inputs: Mapping[str, Value[int]]) -> None:
        self.program = program
        self._inputs = inputs
        self._merged: dict[frozenset[str], tuple[str, ...]] = {}
        self._joined: dict[frozenset[tuple[str, ...]], tuple[str, ...]] = {}
        self._given = tuple(map(inputs.__getitem__, program.inputs))
        self._unknown: dict[str, Unknown] = {}
        try:
            numbers = [value.value for value in self._given]  # type: ignore[union-attr]
        except AttributeError:
            numbers = None
        lows, highs = program.lows, program.highs
        if numbers is None or not (all(map(le, lows, numbers)) and all(map(ge, highs, numbers))):
            numbers = self._as_far_as_known()
        self.slots = program.run(numbers)

    def _as_far_as_known(self) -> list[int]:
        """Numbers for all inputs; those that are unknown are kept apart."""
        numbers: list[int] = []
        program = self.program
        for name, low, high, value in zip(
            program.inputs, program.lows, program.highs, self._given, strict=True
        ):
            if isinstance(value, Known) and low <= value.value <= high:
                numbers.append(value.value)
            else:
                numbers.append(low)  # inside its bounds, so that no step can fail on it
                self._unknown[name] = _unknown(name, value)
        return numbers

    def same(self, other: Values) -> bool:
        """Whether another run of the program has the same inputs, by the same records."""
        if self.slots != other.slots or self._unknown != other._unknown:
            return False
        return all(a.records == b.records for a, b in zip(self._given, other._given, strict=True))

    @property
    def complete(self) -> bool:
        """Whether every input is known."""
        return not self._unknown

    def missing(self, needs: frozenset[str]) -> Unknown | None:
        """The first input among those needed that is unknown, in the order of the file."""
        if not self._unknown:
            return None
        return next((one for name, one in self._unknown.items() if name in needs), None)

    def value(self, step: Step) -> int:
        """The value of a step whose inputs are all known."""
        return self.slots[step.slot]

    def of(self, name: str) -> int:
        """The value of an input or a step."""
        return self.slots[self.program.slots[name]]

    def note(self, name: str) -> Text | None:
        """Why an input is what it is, where somebody said so."""
        value = self._inputs[name]
        return value.note if isinstance(value, Known) else None

    def records_of(self, needs: frozenset[str]) -> tuple[str, ...]:
        """Ids of the records behind some inputs."""
        found = self._merged.get(needs)
        if found is None:
            found = self._merged[needs] = self._merge(needs)
        return found

    def records_of_one(self, name: str) -> tuple[str, ...]:
        """Ids of the records behind one input."""
        return () if name in self._unknown or name not in self._inputs else (
            self._inputs[name].records)  # fmt: skip

    def given(self) -> tuple[Given, ...]:
        """The known inputs in the order of the file."""
        return tuple(Given(name, value, self._inputs[name].records)
                     for name, value in zip(self.program.inputs, self.slots, strict=False)
                     if name not in self._unknown)  # fmt: skip

    def records(self) -> tuple[str, ...]:
        """Ids of the records behind all known inputs."""
        if self._unknown:
            return self._merge(self.program.inputs)
        return _join({value.records for value in self._given})

    def _merge(self, names: Iterable[str]) -> tuple[str, ...]:
        """Many inputs rest on the same records: those are taken once."""
        inputs, unknown = self._inputs, self._unknown
        groups = frozenset([inputs[name].records for name in names
                            if name not in unknown])  # fmt: skip
        found = self._joined.get(groups)
        if found is None:
            found = self._joined[groups] = _join(set(groups))
        return found


def _join(groups: set[tuple[str, ...]]) -> tuple[str, ...]:
    groups.discard(())
    return groups.pop() if len(groups) == 1 else merge_records(*groups)


def _unknown(name: str, value: Value[int]) -> Unknown:
    if isinstance(value, Unknown):
        return value
    return Unknown(missing=_beyond(name), article="", records=value.records)


def _plain(text: str) -> str:
    """A text in which braces stand for themselves."""
    return text.replace("{", "{{").replace("}", "}}")


def _beyond(name: str) -> Text:
    return Text(
        f"De waarde van {name} kan niet kloppen. De bron moet die herstellen.",
        f"The value of {name} cannot be right. The source must correct it.",
    )


def trace_of(
    version: Version,
    values: Values,
    wanted: Sequence[Step],
    *,
    program: Program | None = None,
    months: tuple[Month, ...] = (),
) -> tuple[TraceStep, ...]:
    """The steps behind the wanted ones, each after what it uses; branches not taken are left out.

    `months` are those for which the values hold; empty is the year as a whole.
    """
    return _Tracer(version, values, program or version.month, months).steps(wanted)


def sentence_of(version: Version, values: Values, step: Step) -> Text:
    """What a condition that does not hold says."""
    if step.spec.name not in version.named and "{" not in step.spec.says.nl:
        return Text(step.spec.says.nl, step.spec.says.en)
    return trace_of(version, values, [step])[-1].says


def names_behind(version: Version, values: Values, wanted: Sequence[Step]) -> frozenset[str]:
    """Inputs, figures, tables and steps behind the wanted steps, branches not taken left out."""
    found: set[str] = set()
    queue = [step.spec.name for step in wanted]
    while queue:
        name = queue.pop()
        if name not in found:
            found.add(name)
            step = version.month.by_name.get(name)
            queue.extend(() if step is None else step.uses(values.slots))
    return frozenset(found)


class _Tracer:
    """Steps are made by place, not by name: a trace has hundreds of them."""

    def __init__(
        self, version: Version, values: Values, program: Program, months: tuple[Month, ...]
    ) -> None:
        self._months = months
        self._version = version
        self._values = values
        self._found: dict[str, TraceStep | None] = {}
        self._inputs = version.given
        self._parameters = version.figures
        self._steps = program.by_name
        self._rule = version.file.rule

    def steps(self, wanted: Sequence[Step]) -> tuple[TraceStep, ...]:
        for step in wanted:
            if step.spec.name not in self._found:
                self._visit(step.spec.name)
        return tuple(step for step in self._found.values() if step is not None)

    def _visit(self, name: str) -> None:
        """Put a step behind those it uses; a table and the sum of the months are no steps."""
        found = self._found
        step = self._steps.get(name)
        if step is None:
            found[name] = self._leaf(name)
            return
        for used in step.uses(self._values.slots):
            if used not in found:
                self._visit(used)
        told = step.bare and step.spec.kind == "condition" and self._values.value(step)
        found[name] = None if told else self._step(step)

    def _leaf(self, name: str) -> TraceStep | None:
        figure = self._parameters.get(name)
        if figure is not None:
            return self._parameter(figure)
        given = self._inputs.get(name)
        return None if given is None else self._input(given)

    def _parameter(self, spec: ParameterSpec) -> TraceStep:
        return TraceStep(
            spec.name, "parameter", spec.value, spec.scale, spec.unit, spec.article.text,
            spec.article.url, self._rule, spec.source, (), self._months, spec.says,
            self._shown(spec.name, Shown(spec.value, spec.scale, spec.unit)),
        )  # fmt: skip

    def _input(self, spec: InputSpec) -> TraceStep:
        value = self._values.of(spec.name)
        return TraceStep(
            spec.name, "input", value, 1, spec.unit, spec.article.text, spec.article.url,
            self._rule, "", self._values.records_of_one(spec.name), self._months,
            self._with_note(spec), self._shown(spec.name, Shown(value, 1, spec.unit)),
        )  # fmt: skip

    def _with_note(self, spec: InputSpec) -> Sentence:
        note = self._values.note(spec.name)
        if note is None:
            return spec.says
        return Sentence(
            nl=f"{spec.says.nl} {_plain(note.nl)}", en=f"{spec.says.en} {_plain(note.en)}"
        )

    def _step(self, step: Step) -> TraceStep:
        spec = step.spec
        value = self._values.value(step)
        says = spec.says
        if spec.kind == "condition" and value:
            says = MET
        return TraceStep(
            spec.name, spec.kind, value, step.typed.scale, spec.unit, spec.article.text,
            spec.article.url, self._rule, "", self._values.records_of(step.needs), self._months,
            says, self._shown(spec.name, Shown(value, step.typed.scale, spec.unit)),
        )  # fmt: skip

    def _shown(self, name: str, own: Shown) -> tuple[tuple[str, Shown], ...]:
        others = self._version.named.get(name)
        if others is None:
            return (("value", own),)
        return (("value", own), *((other, self._other(other)) for other in others))

    def _other(self, name: str) -> Shown:
        if name in self._parameters:
            spec = self._parameters[name]
            return Shown(spec.value, spec.scale, spec.unit)
        if name in self._steps:
            step = self._steps[name]
            return Shown(self._values.value(step), step.typed.scale, step.spec.unit)
        return Shown(self._values.of(name), 1, self._inputs[name].unit)


MET = Sentence(nl="U voldoet aan deze voorwaarde.", en="You meet this condition.")
