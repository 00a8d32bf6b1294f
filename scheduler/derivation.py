"""What a derivation answers: amounts per month, the trace behind them, or what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeVar, overload

from scheduler.folding.known import Text
from scheduler.wording import Shown, fill
from specs.regulation_files import Sentence
from specs.values import Month

T_co = TypeVar("T_co", covariant=True)
Status = Literal["ok", "no_right", "unknown"]
Confidence = Literal["primary", "secondary"]
StepKind = Literal["input", "parameter", "condition", "formula"]


class Made(Sequence[T_co]):
    """A list that is made when somebody first looks into it: most traces nobody reads."""

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], tuple[T_co, ...]]) -> None:
        self._make: Callable[[], tuple[T_co, ...]] | None = make
        self._made: tuple[T_co, ...] = ()

    def all(self) -> tuple[T_co, ...]:
        """The whole of it."""
        if self._make is not None:
            self._made, self._make = self._make(), None
        return self._made

    @overload
    def __getitem__(self, place: int) -> T_co: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[T_co, ...]: ...
    def __getitem__(self, place: int | slice) -> T_co | tuple[T_co, ...]:
        return self.all()[place]

    def __len__(self) -> int:
        return len(self.all())

    def __iter__(self) -> Iterator[T_co]:
        return iter(self.all())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, tuple | Made) and self.all() == tuple(other)

    def __hash__(self) -> int:
        return hash(self.all())

    def __repr__(self) -> str:
        return repr(self.all())


class TraceStep(NamedTuple):
    """One step: a name, its value as an integer over `scale` in `unit`, and where it comes from.

    `months` are the months it holds for; empty means the year as a whole. `records` are the ids of
    the records behind it. `says` is the regulation's sentence with the values filled in.
    A named tuple and no dataclass, for a trace has hundreds of them.
    """

    name: str
    kind: StepKind
    value: int
    scale: int
    unit: str
    article: str
    article_url: str
    rule: str  # "zorgtoeslag/2026-01-01"
    source: str  # where a parameter's figure was read; "" for other kinds
    records: tuple[str, ...]
    months: tuple[Month, ...]
    sentence: Sentence
    shown: tuple[tuple[str, Shown], ...]  # the values its sentence names

    @property
    def says(self) -> Text:
        """In plain Dutch and in English."""
        return fill(self.sentence, dict(self.shown))


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthAmount:
    """What is paid for one month (for the first month of a quarter where the law has quarters)."""

    status: Status
    cents: int  # 0 unless status is ok
    because: Text | None = None
    article: str | None = None


class Given(NamedTuple):
    """One input as it went in: name, value, ids of the records behind it."""

    name: str
    value: int
    records: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosed:
    """All known inputs of some months under one rule: enough to compute their cents again."""

    rule: str  # "zorgtoeslag/2026-01-01"
    months: tuple[Month, ...]
    given: tuple[Given, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """One scheme for one applicant and calendar year, as known at one moment."""

    scheme: str
    year: int
    status: Status
    award_year_cents: int | None  # None where the law has no award by the year, or unknown
    months: Mapping[Month, MonthAmount]
    trace: Sequence[TraceStep]
    because: Text | None
    article: str | None
    estimate: bool
    confidence: Confidence
    input_records: Sequence[str]
    rule_digest: str  # 64 hex
    disclosed: Sequence[Disclosed] = ()

    @property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the records behind it."""
        return tuple(self.input_records)

    def steps_for(self, month: Month) -> tuple[TraceStep, ...]:
        """The trace of one month, with the steps of the year at its end."""
        of_month = [step for step in self.trace if month in step.months]
        return (*of_month, *(step for step in self.trace if not step.months))
