"""A disclosed decision read and computed again: what the command line and the auditor's page share.

The computing is scheduler/reperform.py's; here a file is read strictly, the rules that it names are
found, and the answer is told month by month. Nobody is asked and nothing is kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from node.errors import NodeError
from scheduler.errors import RuleError, SchedulerError
from scheduler.reperform import Reperformance, reperform
from scheduler.rulebook import Rulebook
from specs.values import Month

FILE_BYTES_MAX: Final = 262_144  # the largest the demo discloses is 6 KB

Rules = tuple[str, Rulebook]  # a name for people, and the rules


class DisclosedFileError(NodeError):
    """A file that is no JSON; the text says where and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthAgain:
    """One month: what was decided, and what the inputs give; None: an input is not disclosed."""

    month: Month
    decided_cents: int
    computed_cents: int | None

    @property
    def agrees(self) -> bool:
        """To the cent."""
        return self.decided_cents == self.computed_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """A decision computed again. `differences` is empty when it holds."""

    scheme: str
    year: int
    rules: str
    rule_digest: str
    months: tuple[MonthAgain, ...]
    differences: tuple[str, ...]


def read_disclosed(content: bytes) -> object:
    """The JSON of a file; raises DisclosedFileError, also for a key that stands twice."""
    if len(content) > FILE_BYTES_MAX:
        raise DisclosedFileError(f"the file is larger than {FILE_BYTES_MAX} bytes; choose another")
    try:
        return json.loads(content.decode("utf-8"), object_pairs_hook=_unique)
    except UnicodeDecodeError:
        raise DisclosedFileError("the file is not UTF-8; ask for it again") from None
    except json.JSONDecodeError as error:
        raise DisclosedFileError(
            f"line {error.lineno}, column {error.colno}: this is no JSON; ask for the file again"
        ) from None
    except RecursionError:
        raise DisclosedFileError("nested too deeply; ask for the file again") from None


def by_its_rules(document: object, rules: Iterable[Rules]) -> tuple[str, Reperformance]:
    """By the first rules whose digest the decision names; raises SchedulerError."""
    missing: RuleError | None = None
    for name, rulebook in rules:
        try:
            return name, reperform(document, rulebook)
        except RuleError as error:
            missing = error
    assert missing is not None  # the shipped rules are always tried
    raise missing


def computed_again(content: bytes, rules: Iterable[Rules]) -> Again:
    """The whole answer for people; raises DisclosedFileError, SchedulerError."""
    document = read_disclosed(content)
    name, found = by_its_rules(document, rules)
    if not isinstance(document, Mapping):
        raise SchedulerError("is no disclosed decision: a JSON object is expected")
    computed = found.derivation.months
    return Again(
        scheme=found.derivation.scheme,
        year=found.derivation.year,
        rules=name,
        rule_digest=found.derivation.rule_digest,
        months=tuple(
            MonthAgain(
                month=month,
                decided_cents=cents,
                computed_cents=None
                if computed[month].status == "unknown"
                else computed[month].cents,
            )
            for month, cents in sorted(
                (Month.parse(text), int(cents)) for text, cents in document["months"].items()
            )
        ),
        differences=found.differences,
    )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise DisclosedFileError("a key stands twice in one object; ask for the file again")
    return value
