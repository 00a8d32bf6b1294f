"""P6: while a fact is contested, per scheme and month the more favourable of with and without it is
paid; what would be due if the contest is lost is shown.

Random households of the demo set with random wages contest random records, one or several at once,
with and without an amount of their own. What the law gives in each case is derived by the same
rules from facts without any contest: those amounts have their outside sources in tests/cases.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from itertools import product

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from node.claims import pay_day
from scheduler.folding.contests import amount_of, with_amount
from scheduler.folding.facts import Fact
from specs.records import (
    AllowanceDecision,
    BackPayment,
    Contest,
    ContestDecision,
    Enrolment,
    IncomeStatement,
    Reclaim,
    RepaymentTerms,
)
from specs.values import Month
from tests.contest_book import PAY_CALENDAR, Life, Paid, around, paid_by, unknown_by

APPLICANTS = (
    "999910553", "999909320", "999908121", "999911375", "999902003", "999912197", "999905260",
    "999905673", "999906082",
)  # fmt: skip
JUNIOR = "999905673"
MADE = (AllowanceDecision, BackPayment, Reclaim, RepaymentTerms, Contest, ContestDecision)
FINAL = ("upheld", "rejected", "inadmissible")


@dataclass(frozen=True)
class Story:
    applicant: str
    facts: list[Fact]
    contested: list[tuple[Fact, int | None]]  # with the household's own amount
    late: bool  # the contested records came after the first decisions


@st.composite
def stories(draw: st.DrawFn) -> Story:
    applicant = draw(st.sampled_from(APPLICANTS))
    percent = draw(st.integers(20, 300))
    facts = []
    for fact in around(applicant):
        if isinstance(fact.data, IncomeStatement):
            cents = fact.data.taxable_cents * percent // 100
            fact = replace(fact, data=fact.data.model_copy(update={"taxable_cents": cents}))
        facts.append(fact)
    can = [fact for fact in facts if fact.subjects and not isinstance(fact.data, Enrolment)]
    chosen = draw(st.lists(st.sampled_from(can), min_size=1, max_size=3, unique_by=id))
    contested = []
    for fact in chosen:
        own = st.none() if amount_of(fact.data) is None else st.none() | st.integers(0, 500_000)
        contested.append((fact, draw(own)))
    return Story(applicant, facts, contested, draw(st.booleans()))


def with_choice(life: Life, story: Story, choice: tuple[str, ...]) -> list[Fact]:
    """The facts when each contested record stands, is out, or has the household's amount; nothing
    contested, nothing decided."""
    by_record = {
        fact.record: (how, cents)
        for (fact, cents), how in zip(story.contested, choice, strict=True)
    }
    found = []
    for fact in life.book.facts:
        if isinstance(fact.data, MADE):
            continue
        how, cents = by_record.get(fact.record, ("stands", None))
        if how == "own" and cents is not None:
            own = with_amount(fact, cents)
            assert own is not None
            found.append(own)
        elif how == "stands":
            found.append(fact)
    return found


def choices(story: Story) -> list[tuple[str, ...]]:
    each = [
        ("stands", "out") if cents is None else ("stands", "out", "own")
        for _, cents in story.contested
    ]
    return list(product(*each))


def contested_life(story: Story) -> tuple[Life, list[Fact]]:
    """The household's records up to its contests; nothing is decided on them yet."""
    life = Life(story.applicant)
    late = {fact.record for fact, _ in story.contested} if story.late else set()
    life.arrive(fact for fact in story.facts if fact.record not in late)
    life.decide(date(2026, 2, 2))
    life.arrive(fact for fact in story.facts if fact.record in late)
    life.decide(date(2026, 4, 7))
    return life, life.contest(story.contested)


@settings(deadline=None, max_examples=40)
@given(stories())
def test_p6_per_scheme_and_month_the_more_favourable_is_paid(story: Story) -> None:
    life, contests = contested_life(story)
    worlds = [
        paid_by(with_choice(life, story, choice), story.applicant) for choice in choices(story)
    ]
    as_recorded = worlds[0]
    before = life.standing()
    assert {k: v for k, v in before.items() if v} == {k: v for k, v in as_recorded.items() if v}
    life.decide(date(2026, 5, 4))
    paid = life.standing()
    for key in {key for world in worlds for key in world}:
        assert paid.get(key, 0) == max(world.get(key, 0) for world in worlds)
    told: Paid = {}
    for fact in life.book.facts:
        if isinstance(fact.data, AllowanceDecision) and fact.data.contests:
            assert set(fact.data.contests) <= {contest.record for contest in contests}
            assert set(fact.data.contests) <= set(fact.data.inputs)
            told |= {(fact.data.scheme, one.month): one.cents for one in fact.data.if_lost}
    for key, cents in paid.items():
        if cents != as_recorded.get(key, 0) and key in as_recorded:
            assert told[key] == as_recorded[key]  # what would be due if it is lost is shown


@settings(deadline=None, max_examples=30)
@given(stories(), st.lists(st.sampled_from(FINAL), min_size=3, max_size=3))
def test_p6_a2_p4_after_the_decision_all_is_as_if_never_contested(
    story: Story, outcomes: list[str]
) -> None:
    """Upheld: as if the record had never been, or with the household's amount. Otherwise as if it
    had never been contested. Every cent is decided, paid, claimed or lifted (P4)."""
    assume(story.applicant != JUNIOR)  # whose months are another's while that one is unknown
    life, contests = contested_life(story)
    life.decide(date(2026, 5, 4))
    for contest, outcome in zip(contests, outcomes, strict=False):
        life.answer(contest, outcome)
    last = date(2026, 7, 6)
    life.decide(last)
    choice = tuple(
        "stands" if outcome != "upheld" else ("out" if cents is None else "own")
        for (_, cents), outcome in zip(story.contested, outcomes, strict=False)
    )
    facts = with_choice(life, story, choice)
    never, unknown = paid_by(facts, story.applicant), unknown_by(facts, story.applicant)
    standing = life.standing()
    # What the law cannot tell without the record stays as it was: unknown changes no month (A1).
    for key in (standing.keys() | never.keys()) - unknown:
        assert standing.get(key, 0) == never.get(key, 0)
    assert conserved(life, last) == 0
    decided = [one.data for one in life.book.facts if isinstance(one.data, AllowanceDecision)]
    for scheme, data in {data.scheme: data for data in decided}.items():
        assert not data.contests or any(key[0] == scheme for key in unknown)


def conserved(life: Life, last: date) -> int:
    """Decided minus what was paid on its day and claimed, for the months whose day has come."""
    decisions = [f.data for f in life.book.facts if isinstance(f.data, AllowanceDecision)]
    rest = 0
    for (scheme, name), cents in life.standing().items():
        day = pay_day(scheme, Month.parse(name), {}, PAY_CALENDAR)
        if day > last:
            continue
        paid = 0
        for data in decisions:
            amounts = {one.month: one.cents for one in data.months}
            if data.scheme == scheme and data.decided_on < day:
                paid = amounts.get(name, paid)
        rest += cents - paid
    terms = {}
    for fact in life.book.facts:
        if isinstance(fact.data, BackPayment):
            rest -= fact.data.cents
        elif isinstance(fact.data, Reclaim):
            rest += fact.data.cents
        elif isinstance(fact.data, RepaymentTerms):
            terms[fact.data.claim] = fact.data
    return rest - sum(data.lifted_cents for data in terms.values())


@settings(deadline=None, max_examples=20)
@given(stories())
def test_p6_a2_contests_and_facts_in_any_order_end_the_same(story: Story) -> None:
    """A contest known before the record it contests, or after it: the same amounts are paid."""
    life, contests = contested_life(story)
    life.decide(date(2026, 5, 4))
    early = Life(story.applicant)
    early.arrive(contests)
    early.arrive(fact for fact in life.book.facts if not isinstance(fact.data, MADE))
    early.decide(date(2026, 5, 4))
    paid, other = life.standing(), early.standing()
    assert {k: v for k, v in paid.items() if v} == {k: v for k, v in other.items() if v}
