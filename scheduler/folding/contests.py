"""Contested records: which contests stand, and the facts with and without what they contest (P6).

Pure, and a function of the records alone. A contest counts when it names the member that wrote the
contested record and a person whom that record names; only that member's word decides it (Awb 7:11).
What is made of the facts is the work of contested.py and of the node.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Final, Literal, TypeAlias

from pydantic import ValidationError

from scheduler.folding.facts import Fact, known_facts
from specs.records import (
    BenefitDecision,
    Contest,
    ContestDecision,
    Correction,
    IncomeStatement,
    ProvisionalAssessment,
    RecordData,
    Recurring,
    Statement,
    YearAssets,
    YearIncome,
)

State: TypeAlias = Literal[
    "open", "withdrawn", "corrected", "upheld", "partly_upheld", "rejected", "inadmissible",
    "repeated",
]  # fmt: skip
Key: TypeAlias = tuple[str, str]  # author and record id

OPEN: Final = ("open", "partly_upheld")  # the favourable amount is paid in these states
DECIDED: Final = ("upheld", "rejected", "inadmissible")
WORLDS_MAX: Final = 32  # more combinations than this: each contest by itself, and all together
# The amount of a record that a household may hold to be another one.
AMOUNTS: Final[Mapping[type[RecordData], str]] = {
    IncomeStatement: "taxable_cents",
    YearIncome: "cents",
    YearAssets: "cents",
    ProvisionalAssessment: "cents",
    BenefitDecision: "cents",
    Recurring: "amount_cents",
    Statement: "value",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One contest as the records tell it. `contested` is None while that record is not here.

    `repeated`: a contest of what was decided on before; it holds nothing (Awb 8:1: then the court).
    """

    record: str  # of the contest, by which the case is called
    contest: Fact
    data: Contest
    contested: Fact | None
    state: State
    decision: Fact | None = None

    @property
    def is_open(self) -> bool:
        """Whether the more favourable amount is paid for it now."""
        return self.state in OPEN


def cases(facts: Iterable[Fact], known_on: int | None = None) -> tuple[Case, ...]:
    """Every contest known at a ledger index (None = all), in ledger order."""
    known = [fact for fact in facts if known_on is None or fact.known <= known_on]
    standing = {(fact.author, fact.record) for fact in known_facts(known, None)}
    by_key = {
        (fact.author, fact.record): fact for fact in known if not isinstance(fact.data, Correction)
    }
    ordered = sorted(by_key.values(), key=lambda fact: (fact.known, fact.record))
    contests = [fact for fact in ordered if (fact.author, fact.record) in standing]
    found: list[Case] = []
    for fact in contests:
        data = fact.data
        if isinstance(data, Contest) and not data.withdrawn:
            contested = by_key.get((data.party, data.contested))
            if contested is not None and fact.subject() not in contested.subjects.values():
                continue  # somebody whom the record does not name has nothing to contest in it
            decision = _decision(contests, fact, data)
            gone = contested is not None and (data.party, data.contested) not in standing
            state = _state(contests, fact, data, decision, gone=gone, earlier=found)
            found.append(Case(record=fact.record, contest=fact, data=data, contested=contested,
                              state=state, decision=decision))  # fmt: skip
    return tuple(found)


def open_cases(facts: Iterable[Fact], known_on: int | None = None) -> tuple[Case, ...]:
    """The contests for which the more favourable amount is paid."""
    return tuple(case for case in cases(facts, known_on) if case.is_open)


def _decision(facts: Sequence[Fact], contest: Fact, data: Contest) -> Fact | None:
    """What the member that wrote the contested record decided, last."""
    found = [
        fact
        for fact in facts
        if isinstance(fact.data, ContestDecision)
        and fact.data.contest == contest.record
        and fact.author == data.party
        and fact.subject() == contest.subject()
    ]
    return found[-1] if found else None


def _state(
    facts: Sequence[Fact],
    contest: Fact,
    data: Contest,
    decision: Fact | None,
    *,
    gone: bool,
    earlier: Iterable[Case],
) -> State:
    about = (data.party, data.contested, contest.subject())
    for case in earlier:
        same = about == (case.data.party, case.data.contested, case.contest.subject())
        if same and case.state in DECIDED:
            return "repeated"
    outcome = None
    if decision is not None and isinstance(decision.data, ContestDecision):
        outcome = decision.data.outcome
    if outcome in DECIDED:
        return outcome
    if gone:
        return "corrected"
    for fact in facts:
        later = fact.data
        if not isinstance(later, Contest) or not later.withdrawn or fact.known < contest.known:
            continue
        if about == (later.party, later.contested, fact.subject()):
            return "withdrawn"
    return outcome or "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worlds:
    """The facts as they may turn out: first all as recorded, then every other one.

    `of_case` names, by contest, the worlds that differ from the first in its record alone.
    """

    worlds: tuple[tuple[Fact, ...], ...]
    of_case: Mapping[str, tuple[int, ...]]


def worlds_of(facts: Iterable[Fact], found: Iterable[Case]) -> Worlds:
    """What was upheld is settled in every world; each open contest has its record stand in one, be
    absent in another, and hold the household's own amount in a third where it stated one.
    """
    found = list(found)
    recorded = tuple(settled(facts, found))
    here = {(fact.author, fact.record): fact for fact in recorded}
    variants: dict[Key, list[Fact | None]] = {}
    contests: dict[Key, list[str]] = {}
    for case in found:
        key = (case.data.party, case.data.contested)
        if case.is_open and key in here:
            contests.setdefault(key, []).append(case.record)
            choices = variants.setdefault(key, [here[key], None])
            own = _with_own_amount(here[key], case)
            if own is not None and own not in choices:
                choices.append(own)
    worlds: dict[tuple[int, ...], tuple[Fact, ...]] = {}
    for choice in _choices([len(each) for each in variants.values()]):
        picked = {key: variants[key][place] for key, place in zip(variants, choice, strict=True)}
        worlds[choice] = tuple(_replaced(recorded, picked))
    places = {choice: place for place, choice in enumerate(worlds)}
    of_case = {
        record: tuple(
            place for choice, place in places.items()
            if choice[at] and sum(map(bool, choice)) == 1
        )
        for at, key in enumerate(variants)
        for record in contests[key]
    }  # fmt: skip
    return Worlds(worlds=tuple(worlds.values()), of_case=of_case)


def settled(facts: Iterable[Fact], found: Iterable[Case]) -> Iterator[Fact]:
    """The facts as decided contests leave them: what was upheld is out, or has the amount that the
    household stated.
    """
    upheld: dict[Key, Fact | None] = {}
    for case in found:
        if case.state == "upheld" and case.contested is not None:
            key = (case.data.party, case.data.contested)
            upheld[key] = _with_own_amount(case.contested, case)
    return _replaced(facts, upheld)


def _replaced(facts: Iterable[Fact], by: Mapping[Key, Fact | None]) -> Iterator[Fact]:
    for fact in facts:
        key = (fact.author, fact.record)
        instead = by.get(key, fact)
        if instead is not None:
            yield instead


def _choices(counts: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Which variant of each contested record: all combinations, the recorded ones first; of very
    many each by itself, and all together.
    """
    total = 1
    for count in counts:
        total *= count
    if total <= WORLDS_MAX:
        yield from product(*(range(count) for count in counts))
        return
    yield (0,) * len(counts)
    for at, count in enumerate(counts):
        for variant in range(1, count):
            yield tuple(variant if place == at else 0 for place in range(len(counts)))
    for variant in (1, 2):
        yield tuple(min(variant, count - 1) for count in counts)


def _with_own_amount(fact: Fact, case: Case) -> Fact | None:
    return None if case.data.claimed_cents is None else with_amount(fact, case.data.claimed_cents)


def with_amount(fact: Fact, cents: int) -> Fact | None:
    """The record with another amount; None where its type has none, or where this cannot be one."""
    name = AMOUNTS.get(type(fact.data))
    if name is None:
        return None
    try:
        data = type(fact.data).model_validate(fact.data.model_dump() | {name: cents})
    except ValidationError:
        return None
    return replace(fact, data=data)


def amount_of(data: RecordData) -> int | None:
    """The amount that a household may hold to be another one; None where there is none."""
    if isinstance(data, Statement) and data.fact not in ("expected_income", "assets"):
        return None
    value = getattr(data, AMOUNTS.get(type(data), ""), None)
    return value if isinstance(value, int) else None
