"""One record followed to the decisions and claims that came of it, on both time axes.

Pure. *Valid*: the months in the world that it touches. *Known*: what was derived just before its
entry on the ledger and just after it, and at which entries the answers followed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from node.decisions import SCHEMES
from node.errors import NodeError
from node.households import Circles, applications
from scheduler.contested import derive_favourable
from scheduler.derivation import Derivation
from scheduler.folding.facts import Fact, SubjectId
from scheduler.rulebook import Rulebook
from specs.records import AllowanceDecision, BackPayment, Reclaim, RepaymentTerms
from specs.values import Month


class HistoryError(NodeError):
    """A record that this node does not hold."""


def history(circles: Circles, record: Fact | None, rulebook: Rulebook) -> dict[str, Any]:
    """What changed because of one record, per applicant, scheme and month; raises HistoryError."""
    if record is None:
        raise HistoryError("no accepted record has this id here")
    around, subjects = circles.near(set(record.subjects.values()))
    applicants = []
    for application in applications(around):
        if application.applicant in subjects:
            facts, _ = circles.near([application.applicant])
            found = _of(facts, application.applicant, record, rulebook)
            if found["months"] or found["answers"]:
                applicants.append(found)
    return {
        "record": record.record,
        "type": record.type,
        "author": record.author,
        "known_from": record.known,
        "valid_from": record.valid_from.isoformat(),
        "valid_until": None if record.valid_until is None else record.valid_until.isoformat(),
        "applicants": applicants,
    }


def _of(
    facts: Sequence[Fact], applicant: SubjectId, record: Fact, rulebook: Rulebook
) -> dict[str, Any]:
    told = [fact for fact in facts if not isinstance(fact.data, AllowanceDecision)]
    years = sorted({one.data.year for one in facts if isinstance(one.data, AllowanceDecision)})
    months: list[dict[str, Any]] = []
    for scheme in SCHEMES:
        for year in years or [record.valid_from.year]:
            months += _differences(
                derive_favourable(told, applicant, scheme, year, rulebook, record.known - 1),
                derive_favourable(told, applicant, scheme, year, rulebook, record.known),
            )
    return {"subject": applicant, "months": months, "answers": _answers(facts, applicant, record)}


def _differences(before: Derivation, after: Derivation) -> list[dict[str, Any]]:
    """The months whose amount is another one from this record on."""
    found = []
    for month in sorted(before.months.keys() | after.months.keys()):
        was, is_now = _cents(before, month), _cents(after, month)
        if was != is_now:
            found.append(
                {"scheme": after.scheme, "month": str(month), "known_before": was,
                 "known_after": is_now}
            )  # fmt: skip
    return found


def _cents(found: Derivation, month: Month) -> int | None:
    """The cents; None while a fact is missing."""
    amount = found.months.get(month)
    return None if amount is None or amount.status == "unknown" else amount.cents


def _answers(facts: Sequence[Fact], applicant: SubjectId, record: Fact) -> list[dict[str, Any]]:
    """The decisions that used this record, and the claims that followed from them, by entry."""
    decisions: set[str] = set()
    claims: set[str] = set()
    found = []
    for fact in sorted(facts, key=lambda fact: fact.known):
        data = fact.data
        if fact.subject() != applicant:
            continue
        if isinstance(data, AllowanceDecision) and record.record in data.inputs:
            decisions.add(fact.record)
            found.append(_answer("decision", fact, {one.month: one.cents for one in data.months}))
        elif isinstance(data, BackPayment | Reclaim) and data.decision in decisions:
            claims.add(fact.record)
            kind = "back_payment" if isinstance(data, BackPayment) else "reclaim"
            found.append(_answer(kind, fact, {one.month: one.cents for one in data.months}))
        elif isinstance(data, RepaymentTerms) and data.claim in claims:
            terms = {one.month: one.cents for one in data.terms}
            found.append(_answer("terms", fact, terms) | {"open_cents": data.open_cents})
    return found


def _answer(kind: str, fact: Fact, months: dict[str, int]) -> dict[str, Any]:
    data = fact.data
    assert isinstance(data, AllowanceDecision | BackPayment | Reclaim | RepaymentTerms)
    return {
        "kind": kind,
        "record": fact.record,
        "known_from": fact.known,
        "decided_on": data.decided_on.isoformat(),
        "scheme": data.scheme,
        "months": months,
    }
