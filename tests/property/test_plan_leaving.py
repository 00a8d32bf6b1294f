"""P2 and P4 (DESIGN 3) when a household withdraws, on generated households."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.documents.plan_document import read_request
from scheduler.leaving import leave
from scheduler.plan import plan
from scheduler.planning.payday_files import load_pay_calendars
from scheduler.settle import repay
from tests.property.plan_households import Json, documents, households

CALENDARS = load_pay_calendars()

pytestmark = pytest.mark.timeout(7200)


@households
@given(documents(), st.integers(0, 200), st.sampled_from([None, "gm0344"]))
def test_p2_p4_withdrawing_leaves_nobody_poorer_and_loses_no_payment(
    document: Json, after_days: int, bridge_by: str | None
) -> None:
    request, left_out, faults = read_request(document)
    assert request is not None
    assert not left_out
    assert not faults
    before = plan(request, CALENDARS)
    switch = before.transition.start + timedelta(days=after_days)
    found = leave(before, switch, bridge_by=bridge_by)
    coming = [line for line in before.lines() if line.planned >= switch]
    assert Counter((line.flow, line.period, line.cents) for line in coming) == Counter(
        (line.flow, line.period, line.cents) for line in found.lines
    )
    moves: dict[date, int] = defaultdict(int)
    for line in coming:
        moves[line.planned] -= line.signed_cents
    for line in found.lines:
        assert line.planned >= switch
        moves[line.planned] += line.signed_cents
    for advance in found.transition.advances:
        moves[advance.day] += advance.cents
    ahead = 0
    for day in sorted(moves):
        ahead += moves[day]
        if day <= found.transition.until:
            assert ahead >= 0, day


@households
@given(documents(), st.integers(1, 24), st.integers(0, 100_000))
def test_p2_p5_no_advance_is_repaid_in_the_transition_or_below_what_is_protected(
    document: Json, terms: int, protected_cents: int
) -> None:
    request, _, _ = read_request(document)
    assert request is not None
    found = repay(plan(request, CALENDARS), terms, protected_cents)
    taken: dict[date, int] = defaultdict(int)
    for advance in found.transition.advances:
        assert sum(part.cents for part in advance.repaid) <= advance.cents
        for part in advance.repaid:
            assert part.day > found.transition.until
            taken[part.day] += part.cents
    for month in found.months:
        assert taken[month.pay_date] <= max(0, month.left_cents - protected_cents)
