"""A decision as a file that anyone can compute again: its rules by digest, its inputs, its cents.

`disclose` writes it, `reperform` computes it from the specs alone and compares. No node, no ledger,
no persons: records are named by their ids. The file's own digest tells that somebody changed it;
who changes that too is caught by the cents, or compares the digest with the one he was given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scheduler.derivation import Derivation, Disclosed, Given
from scheduler.derive import derive_again
from scheduler.errors import RuleError, SchedulerError
from scheduler.rulebook import Rulebook
from specs.canonical import digest_of
from specs.values import Month

FORMAT: Final = 1
BLOCKS_MAX: Final = 12
INPUTS_MAX: Final = 100


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class _Input(_Model):
    name: str = Field(max_length=80)
    value: int = Field(ge=-(2**62), le=2**62)
    records: list[str] = Field(max_length=200)


class _Block(_Model):
    rule: str = Field(max_length=80)
    months: list[str] = Field(min_length=1, max_length=12)
    inputs: list[_Input] = Field(max_length=INPUTS_MAX)


class _Recorded(_Model):
    """The recorded decision that the file is about: its id, and the months it changed."""

    record: str = Field(max_length=80)
    author: str = Field(max_length=80)
    index: int = Field(ge=0)
    decided_on: str = Field(max_length=10)
    months: dict[str, int] = Field(min_length=1, max_length=12)


class _Decision(_Model):
    """The file. `digest` is of everything else in it."""

    v: int = Field(ge=FORMAT, le=FORMAT)
    scheme: str = Field(max_length=80)
    year: int = Field(ge=2000, le=2100)
    estimate: bool
    rule_digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    award_year: int | None
    months: dict[str, int] = Field(min_length=1, max_length=12)
    blocks: list[_Block] = Field(min_length=1, max_length=BLOCKS_MAX)
    decision: _Recorded | None = None
    digest: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reperformance:
    """What computing again gave: no differences means that the decision holds."""

    derivation: Derivation
    differences: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        return not self.differences


def disclose(derivation: Derivation) -> dict[str, Any]:
    """The file of a decision; raises SchedulerError while a month is unknown."""
    if derivation.status == "unknown":
        raise SchedulerError("a derivation with an unknown month is no decision; complete it first")
    return {
        "v": FORMAT, "scheme": derivation.scheme, "year": derivation.year,
        "estimate": derivation.estimate, "rule_digest": derivation.rule_digest,
        "award_year": derivation.award_year_cents,
        "months": {str(month): amount.cents for month, amount in derivation.months.items()},
        "blocks": [_block(block) for block in derivation.disclosed],
    }  # fmt: skip


def reperform(document: object, rulebook: Rulebook) -> Reperformance:
    """Compute a disclosed decision again and compare every cent.

    Raises SchedulerError for a file that is no decision, RuleError when the specs here are not
    those of its digest.
    """
    decision = _read(document)
    blocks = [_disclosed(block) for block in decision.blocks]
    months = [month for block in blocks for month in block.months]
    if sorted(map(str, months)) != sorted(decision.months):
        raise SchedulerError("the months of the blocks are not those of the decision; ask again")
    if any(month.year != decision.year for month in months):
        raise SchedulerError("a month lies outside the year of the decision; ask again")
    again = derive_again(
        decision.scheme, decision.year, blocks, rulebook, estimate=decision.estimate
    )
    if again.rule_digest != decision.rule_digest:
        raise RuleError(
            f"the decision was made by rules {decision.rule_digest[:16]}…, here they are"
            f" {again.rule_digest[:16]}…; take the specs of that release"
        )
    differences = (*_changed(document, decision), *_differences(decision, again))
    return Reperformance(derivation=again, differences=differences)


def signed_off(document: Mapping[str, Any]) -> dict[str, Any]:
    """The file with its digest."""
    return {**document, "digest": _digest(document)}


def _digest(document: Mapping[str, Any]) -> str:
    return digest_of({name: value for name, value in document.items() if name != "digest"})


def _changed(document: object, decision: _Decision) -> tuple[str, ...]:
    """Whether the file is not as it was written."""
    assert isinstance(document, Mapping)  # it was read as one
    if decision.digest is None or decision.digest == _digest(document):
        return ()
    return ("digest: the file was changed after it was written; ask for it again",)


def _differences(decision: _Decision, again: Derivation) -> tuple[str, ...]:
    found: list[str] = []
    computed = {str(month): amount for month, amount in again.months.items()}
    for month, cents in sorted(decision.months.items()):
        amount = computed[month]
        if amount.status == "unknown":
            found.append(f"{month}: an input that is needed is not disclosed")
        elif amount.cents != cents:
            found.append(f"{month}: decided {cents} cents, computed {amount.cents}")
    recorded = {} if decision.decision is None else decision.decision.months
    for month, cents in sorted(recorded.items()):
        amount_now = computed.get(month)
        if amount_now is None or amount_now.status == "unknown" or amount_now.cents != cents:
            found.append(f"{month}: the record decided {cents} cents, the inputs give another sum")
    if decision.award_year != again.award_year_cents:
        found.append(f"award: decided {decision.award_year}, computed {again.award_year_cents}")
    return tuple(found)


def _read(document: object) -> _Decision:
    if not isinstance(document, Mapping):
        raise SchedulerError("is no disclosed decision: a JSON object is expected")
    try:
        return _Decision.model_validate(dict(document))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise SchedulerError(f"is no disclosed decision: {place}: {first['msg']}") from error


def _disclosed(block: _Block) -> Disclosed:
    try:
        months = tuple(Month.parse(text) for text in block.months)
    except ValueError as error:
        raise SchedulerError("a month is written as 2026-01; ask for the file again") from error
    return Disclosed(rule=block.rule, months=months, given=_given(block.inputs))


def _given(inputs: Sequence[_Input]) -> tuple[Given, ...]:
    return tuple(Given(one.name, one.value, tuple(one.records)) for one in inputs)


def _block(block: Disclosed) -> dict[str, Any]:
    return {
        "rule": block.rule,
        "months": [str(month) for month in block.months],
        "inputs": [
            {"name": one.name, "value": one.value, "records": list(one.records)}
            for one in block.given
        ],
    }
