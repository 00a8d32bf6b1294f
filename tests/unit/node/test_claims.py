"""Corrections of months already paid: claims both ways, never netted (P4, P5).

Outside sources: 600 euro is repaid in 24 terms of 25 (Belastingdienst, «verrekenen met uw huidige
toeslag», facts/allowances-nl.md 7); pay days of 2026 (specs/paydays/toeslagen.yaml); six weeks
(Awir 28 lid 1; Awb 6:7). Other amounts are invented: what counts is that they add up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node import claims
from node.claims import claim_flows, due_claims, equal_terms, first_term
from node.households import Circles
from scheduler.planning.payday_files import load_pay_calendars
from scheduler.rulebook import Rulebook
from specs.records import (
    ALLOWANCE_SET,
    PLAN_SET,
    AllowanceDecision,
    BackPayment,
    DecisionMonth,
    PartyPlan,
    PersonRef,
    PlanLine,
    Reclaim,
    RecordDraft,
    RepaymentTerms,
)
from specs.values import Month
from tests.household_facts import Book

ANNA = PersonRef(bsn="999993653", birth_date=date(1990, 5, 1), surname="Moulin")
WHO = "999993653"


@cache
def rulebook() -> Rulebook:
    """No test here asks a regulation: the room above the minimum is set, or nothing tells it."""
    return Rulebook(versions={})


CALENDAR = load_pay_calendars().get(claims.CALENDAR)


def decide(book: Book, day: date, cents: Mapping[str, int], scheme: str = "zorgtoeslag") -> str:
    """A decision of Toeslagen recorded on that day; its record id."""
    data = AllowanceDecision(
        person=ANNA, partner=None, scheme=scheme, year=2026, estimate=True, award_year_cents=None,
        months=tuple(DecisionMonth(month=m, cents=c) for m, c in sorted(cents.items())),
        rule_digest="0" * 64, confidence="primary", inputs=(), decided_on=day,
    )  # fmt: skip
    draft = RecordDraft(
        type=ALLOWANCE_SET, source_event_id="", data=data, valid_from=date(2026, 1, 1)
    )
    return book.add("toeslagen", [draft])[0].record


def settle(book: Book, today: date) -> list[RecordDraft]:
    """Record all claims that are due, until none is; what was recorded."""
    recorded: list[RecordDraft] = []
    for _ in range(5):
        drafts = claims.claims_for(
            Circles(book), [WHO], today=today, calendar=CALENDAR, rulebook=rulebook()
        )
        if not drafts:
            return recorded
        book.add("toeslagen", drafts)
        recorded += drafts
    raise AssertionError("claims never come to rest")


def of(book: Book, model: type[BackPayment | Reclaim | RepaymentTerms]) -> list[object]:
    return [fact.data for fact in book.facts if isinstance(fact.data, model)]


def test_a_first_decision_late_in_the_year_pays_the_months_behind_at_once() -> None:
    book = Book()
    record = decide(book, date(2026, 3, 10), {f"2026-{m:02}": 12_900 for m in range(1, 13)})
    settle(book, date(2026, 3, 10))
    (found,) = of(book, BackPayment)
    assert isinstance(found, BackPayment)
    # Paid before the 10th of March would have been January to March: 20 December to 20 February.
    assert [one.month for one in found.months] == ["2026-01", "2026-02", "2026-03"]
    assert (found.cents, found.decision, found.pay_on) == (38_700, record, date(2026, 3, 11))
    assert not of(book, Reclaim)


def test_up_and_down_are_two_claims_and_never_one_sum() -> None:
    book = Book()
    decide(book, date(2025, 12, 1), {f"2026-{m:02}": 10_000 for m in range(1, 13)})
    decide(book, date(2026, 4, 1), {"2026-01": 12_000, "2026-02": 7_000, "2026-09": 1_000})
    settle(book, date(2026, 4, 1))
    (back,), (reclaim,) = of(book, BackPayment), of(book, Reclaim)
    assert isinstance(back, BackPayment)
    assert isinstance(reclaim, Reclaim)
    assert (back.cents, reclaim.cents) == (2_000, 3_000)
    assert reclaim.due_on == reclaim.contest_until == date(2026, 5, 13)
    # September is paid on 20 August, as decided by then: nothing is claimed for it.


def test_nothing_is_asked_while_the_protected_minimum_is_unknown() -> None:
    book = Book()
    decide(book, date(2025, 12, 1), {"2026-01": 60_000})
    decide(book, date(2026, 4, 1), {"2026-01": 0})
    settle(book, date(2026, 4, 1))
    (terms,) = of(book, RepaymentTerms)
    assert isinstance(terms, RepaymentTerms)
    assert (terms.terms, terms.open_cents, terms.room_cents) == ((), 60_000, None)
    assert [one.direction for one in claim_flows(book.facts, WHO)] == [] or not any(
        one.cents_on for one in claim_flows(book.facts, WHO)
    )


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """What a month leaves above the protected minimum, set by the test."""
    found: list[int | None] = [100_000]
    monkeypatch.setattr(claims, "room_above_minimum", lambda *_: (found[0], ("inc-1",)))
    return found


def test_six_hundred_euro_is_asked_in_24_terms_of_25(room: list[int | None]) -> None:
    book = Book()
    decide(book, date(2025, 12, 1), {"2026-01": 60_000})
    decide(book, date(2026, 4, 1), {"2026-01": 0})
    settle(book, date(2026, 4, 1))
    (terms,) = of(book, RepaymentTerms)
    assert isinstance(terms, RepaymentTerms)
    assert [one.cents for one in terms.terms] == [2_500] * 24
    assert terms.terms[0].month == "2026-05"  # 20 May, after the six weeks that end on 13 May
    assert terms.open_cents == 0
    (flow,) = claim_flows(book.facts, WHO)
    assert flow.direction == "out"
    assert flow.cents_on[0] == (date(2026, 5, 20), 2_500)


def test_under_480_euro_the_terms_are_20_and_end_sooner() -> None:
    assert equal_terms(31_000, 24) == (2_000,) * 15 + (1_000,)
    assert equal_terms(48_000, 24) == (2_000,) * 24
    assert equal_terms(0, 24) == ()


def test_terms_follow_the_room_and_what_does_not_fit_stays_open(room: list[int | None]) -> None:
    book = Book()
    decide(book, date(2025, 12, 1), {"2026-01": 60_000, "2026-02": 60_000})
    decide(book, date(2026, 4, 1), {"2026-01": 0})
    decide(book, date(2026, 4, 2), {"2026-02": 0})
    room[0] = 3_000
    settle(book, date(2026, 4, 2))
    flows = claim_flows(book.facts, WHO)
    per_day: dict[date, int] = {}
    for flow in flows:
        for day, cents in flow.cents_on:
            per_day[day] = per_day.get(day, 0) + cents
    assert len(flows) == 2
    assert max(per_day.values()) <= 3_000  # both claims together stay within the room
    assert (
        sum(per_day.values())
        + sum(one.open_cents for one in claims.standing_terms(book.facts, WHO).values())
        == 120_000
    )


def test_less_room_makes_new_terms_and_what_is_past_stays(room: list[int | None]) -> None:
    book = Book()
    decide(book, date(2025, 12, 1), {"2026-01": 60_000})
    decide(book, date(2026, 4, 1), {"2026-01": 0})
    settle(book, date(2026, 4, 1))
    room[0] = 1_000
    settle(book, date(2026, 7, 1))  # the terms of May and June are past
    room[0] = 500_000
    settle(book, date(2026, 7, 1))
    first, less, more = of(book, RepaymentTerms)
    assert isinstance(first, RepaymentTerms)
    assert isinstance(less, RepaymentTerms)
    assert isinstance(more, RepaymentTerms)
    assert [one.cents for one in less.terms] == [2_500, 2_500] + [1_000] * 22
    assert less.open_cents == 60_000 - 5_000 - 22_000
    assert sum(one.cents for one in more.terms) == 60_000
    assert settle(book, date(2026, 7, 1)) == []  # the same facts again: nothing new


def test_a_crash_repeats_the_same_claims(room: list[int | None]) -> None:
    book = Book()
    decide(book, date(2025, 12, 1), {"2026-01": 60_000, "2026-02": 100})
    decide(book, date(2026, 4, 1), {"2026-01": 0, "2026-02": 200})
    drafts = due_claims(book.facts, WHO, CALENDAR)
    again = due_claims(book.facts, WHO, CALENDAR)
    assert [(one.source_event_id, one.data) for one in drafts] == [
        (one.source_event_id, one.data) for one in again
    ]
    book.add("toeslagen", drafts[:1])  # killed after the first was stored and recorded
    rest = due_claims(book.facts, WHO, CALENDAR)
    assert [one.source_event_id for one in rest] == [one.source_event_id for one in drafts[1:]]


def test_the_agreed_pay_date_tells_what_was_paid() -> None:
    """A month moved to the household's own day is paid on that day, not on the payer's."""
    book = Book()
    decide(book, date(2025, 12, 1), {"2026-05": 10_000})
    line = PlanLine(
        flow="zorgtoeslag", direction="in", period="2026-05", natural_date=date(2026, 4, 20),
        planned_date=date(2026, 4, 24), amount_cents=10_000,
    )  # fmt: skip
    plan = PartyPlan(
        person=ANNA, party="toeslagen", made_on=date(2026, 1, 1), day=24, lines=(line,)
    )
    book.add(
        "gm0344",
        [RecordDraft(type=PLAN_SET, source_event_id="", data=plan, valid_from=date(2026, 1, 1))],
    )
    decide(book, date(2026, 4, 22), {"2026-05": 4_000})
    assert due_claims(book.facts, WHO, CALENDAR) == []
    decide(book, date(2026, 4, 24), {"2026-05": 3_000})
    (claim,) = due_claims(book.facts, WHO, CALENDAR)
    assert isinstance(claim.data, Reclaim)
    assert claim.data.cents == 1_000


MONTHS = [str(Month(2026, month)) for month in range(1, 13)]
DECISIONS = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.dictionaries(st.sampled_from(MONTHS), st.integers(0, 50_000), min_size=1),
        st.sampled_from(["zorgtoeslag", "kindgebonden_budget"]),
    ),
    min_size=1,
    max_size=8,
)


@settings(deadline=None)
@given(DECISIONS, st.integers(0, 400))
def test_p4_every_cent_is_decided_paid_or_claimed(
    steps: list[tuple[int, dict[str, int], str]], until: int
) -> None:
    """A payer that pays each month on its day what stands then, and settles every claim, has paid
    what was decided: per scheme and month, under any order of corrections."""
    book, day = Book(), date(2025, 11, 1)
    decided: dict[tuple[str, str], int] = {}
    standing_on: list[tuple[date, str, dict[str, int]]] = []
    for gap, cents, scheme in steps:
        day += timedelta(days=gap)
        decide(book, day, cents, scheme)
        standing_on.append((day, scheme, cents))
        decided |= {(scheme, month): amount for month, amount in cents.items()}
    last = day + timedelta(days=until)
    book.add("toeslagen", due_claims(book.facts, WHO, CALENDAR))
    assert due_claims(book.facts, WHO, CALENDAR) == []
    for (scheme, month), amount in decided.items():
        pay_day = claims.pay_day(scheme, Month.parse(month), {}, CALENDAR)
        if pay_day > last:
            continue
        paid = 0  # what stood when the month was paid: decisions of earlier days only
        for on, of_scheme, cents in standing_on:
            if of_scheme == scheme and month in cents and on < pay_day:
                paid = cents[month]
        claimed = 0
        for fact in book.facts:
            data = fact.data
            if isinstance(data, BackPayment | Reclaim) and data.scheme == scheme:
                sign = 1 if isinstance(data, BackPayment) else -1
                claimed += sign * sum(one.cents for one in data.months if one.month == month)
        assert paid + claimed == amount


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 300_000), min_size=1, max_size=3),
    st.lists(st.one_of(st.none(), st.integers(0, 40_000)), min_size=1, max_size=4),
)
def test_p5_no_month_is_asked_more_than_its_room(
    amounts: list[int], rooms: list[int | None]
) -> None:
    """Whatever the household earns later: what is yet to come stays within what is left, what is
    past stays as announced, and every claim is asked or open to the cent."""
    book = Book()
    months = {str(Month(2026, n + 1)): cents for n, cents in enumerate(amounts)}
    decide(book, date(2025, 11, 1), months)
    for n, month in enumerate(months):
        decide(book, date(2026, 5, 1 + n), {month: 0})
    day = date(2026, 5, 10)
    for room in rooms:
        before = dict(claim_per_month(book))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(claims, "room_above_minimum", lambda *_, room=room: (room, ()))
            settle(book, day)
        after = claim_per_month(book)
        for month, cents in after.items():
            if claims.term_date(month) <= day:
                assert cents == before.get(month, 0)
            else:
                assert room is not None
                assert cents <= room
        day += timedelta(days=45)
    for terms in claims.standing_terms(book.facts, WHO).values():
        assert sum(one.cents for one in terms.terms) + terms.open_cents == terms.cents
    asked = sum(terms.cents for terms in claims.standing_terms(book.facts, WHO).values())
    assert asked == sum(amounts)


def claim_per_month(book: Book) -> dict[Month, int]:
    found: dict[Month, int] = {}
    for terms in claims.standing_terms(book.facts, WHO).values():
        for one in terms.terms:
            found[Month.parse(one.month)] = found.get(Month.parse(one.month), 0) + one.cents
    return found


def test_an_amount_of_a_secondary_source_is_never_claimed_or_paid_back() -> None:
    book = Book()
    decide(book, date(2026, 3, 10), {"2026-01": 12_900})
    (fact,) = book.facts
    assert isinstance(fact.data, AllowanceDecision)
    data = fact.data.model_copy(update={"confidence": "secondary"})
    book.facts = [replace(fact, data=data)]
    assert due_claims(book.facts, WHO, CALENDAR) == []


def test_the_first_term_lies_after_the_six_weeks() -> None:
    assert first_term(date(2026, 5, 19)) == Month(2026, 5)
    assert first_term(date(2026, 5, 20)) == Month(2026, 6)


def test_claims_of_others_are_not_touched() -> None:
    book = Book()
    decide(book, date(2025, 12, 1), {"2026-01": 60_000})
    book.facts = [replace(fact, subjects={"person": "999990019"}) for fact in book.facts]
    assert due_claims(book.facts, WHO, CALENDAR) == []
