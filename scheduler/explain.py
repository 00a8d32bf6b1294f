"""A step of a trace for people: its sentence in Dutch and English, its article and sources."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.derivation import TraceStep
from scheduler.folding.known import Text
from scheduler.wording import half_up


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One step for a person: the sentence, the article behind it and where to read that."""

    sentence: Text
    cents: int | None  # the amount the sentence tells, None when it is no amount
    article: str
    article_url: str
    records: tuple[str, ...]


def explain(step: TraceStep) -> Explanation:
    """The explanation of one step of a trace."""
    cents = half_up(step.value, step.scale) if step.unit.startswith("eurocent") else None
    return Explanation(
        sentence=step.says, cents=cents, article=step.article,
        article_url=step.article_url, records=step.records,
    )  # fmt: skip
