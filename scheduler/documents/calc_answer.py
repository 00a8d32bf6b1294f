"""A derivation as the JSON of DESIGN 9.1."""

from __future__ import annotations

from scheduler.derivation import Derivation, MonthAmount, TraceStep
from specs.values import Month


def derivation_json(derivation: Derivation) -> dict[str, object]:
    """Status, amounts per month (or quarter) in cents, and the trace.

    A month without a right is 0; a month that is unknown is an object with its own status.
    """
    found: dict[str, object] = {
        "status": derivation.status,
        "award_year": derivation.award_year_cents,
    }
    amounts = {month: _amount(amount) for month, amount in derivation.months.items()}
    if all(amount.status == "unknown" for amount in derivation.months.values()):
        amounts = {}
    if _by_quarter(derivation):
        found["months"] = {}
        found["quarters"] = {_quarter(month): value for month, value in amounts.items()}
    else:
        found["months"] = {str(month): value for month, value in amounts.items()}
    if derivation.because is not None:
        found["because"] = derivation.because.nl
        found["because_en"] = derivation.because.en
        found["article"] = derivation.article
    found["estimate"] = derivation.estimate
    found["confidence"] = derivation.confidence
    found["rule_digest"] = derivation.rule_digest
    found["inputs"] = list(derivation.inputs)
    found["trace"] = [step_json(step) for step in derivation.trace]
    return found


def step_json(step: TraceStep) -> dict[str, object]:
    """One step of a trace."""
    return {
        "name": step.name, "kind": step.kind, "value": step.value, "scale": step.scale,
        "unit": step.unit, "article": step.article, "url": step.article_url, "rule": step.rule,
        "source": step.source, "records": list(step.records),
        "months": [str(month) for month in step.months], "nl": step.says.nl, "en": step.says.en,
    }  # fmt: skip


def _amount(amount: MonthAmount) -> object:
    if amount.status != "unknown":
        return amount.cents
    because = None if amount.because is None else amount.because.nl
    return {"status": amount.status, "because": because, "article": amount.article}


def _by_quarter(derivation: Derivation) -> bool:
    return 0 < len(derivation.months) <= 4


def _quarter(month: Month) -> str:
    return f"{month.year}-Q{(month.month + 2) // 3}"
