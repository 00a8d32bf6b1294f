"""Decisions held by contests: which contests hold one, and what stood before a contested amount.

Pure. A contest of an amount (a decision, or a claim made of one) keeps what stood before it; a
contest of a fact has the law derive with it and without it (contested.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from scheduler.contested import Amounts, Favourable
from scheduler.folding.contests import Case, Worlds
from scheduler.folding.facts import Fact, SubjectId, known_facts
from specs.records import AllowanceDecision, BackPayment, Reclaim, RepaymentTerms
from specs.values import Month


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """The open contests on which one scheme and year depends, and what they are worth."""

    contests: tuple[str, ...]
    if_lost: Mapping[Month, int]


def hold_of(
    amounts: Sequence[Amounts], worlds: Worlds, best: Favourable, by_amount: Iterable[str]
) -> Hold:
    """Which contests make a difference to these amounts: each by itself, else all together."""
    differing = [
        case
        for case, places in worlds.of_case.items()
        if any(dict(amounts[place]) != dict(amounts[0]) for place in places)
    ]
    if not differing and any(dict(one) != dict(amounts[0]) for one in amounts[1:]):
        differing = list(worlds.of_case)
    contests = tuple(sorted({*differing, *by_amount}))
    return Hold(contests=contests, if_lost=best.if_lost if contests else {})


def floor_of(
    facts: Sequence[Fact], found: Iterable[Case], applicant: SubjectId, scheme: str, year: int
) -> tuple[dict[Month, int], tuple[str, ...]]:
    """What stood per month before contested decisions took it away, and the contests still open.

    An upheld contest of an amount keeps it: who wrote the decision says that it was wrong.
    """
    decisions = [
        (fact, fact.data)
        for fact in sorted(known_facts(facts, None), key=lambda fact: fact.known)
        if isinstance(fact.data, AllowanceDecision)
        and fact.subject() == applicant
        and (fact.data.scheme, fact.data.year) == (scheme, year)
    ]
    floor: dict[Month, int] = {}
    holding: list[str] = []
    for case in found:
        if not (case.is_open or case.state == "upheld") or case.contested is None:
            continue
        contested = decision_behind(facts, case.contested)
        before: dict[Month, int] = {}
        for fact, data in decisions:
            months = {Month.parse(one.month): one.cents for one in data.months}
            if fact.record == contested:
                lower = {
                    month: before[month]
                    for month, cents in months.items()
                    if before.get(month, 0) > cents
                }
                for month, cents in lower.items():
                    floor[month] = max(floor.get(month, 0), cents)
                if lower and case.is_open:
                    holding.append(case.record)
            before |= months
    return floor, tuple(holding)


def decision_behind(facts: Iterable[Fact], contested: Fact) -> str | None:
    """The id of the decision that a contested amount rests on; None when a fact is contested."""
    data = contested.data
    if isinstance(data, AllowanceDecision):
        return contested.record
    if isinstance(data, BackPayment | Reclaim):
        return data.decision
    if isinstance(data, RepaymentTerms):
        for fact in facts:
            if fact.record == data.claim and isinstance(fact.data, Reclaim):
                return fact.data.decision
    return None
