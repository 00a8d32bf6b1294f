"""The fast search and the plain one agree on the whole answer, for generated households.

Households differ in everything a request can say: an agreed day kept or left, flows that join, a
switch under way, one or two accounts. One at a time and many at once must give the same too.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.documents.plan_document import read_request
from scheduler.plan import plan, plan_many
from scheduler.planning import plan_explain
from scheduler.planning.payday_files import load_pay_calendars
from scheduler.planning.plan_types import Plan, PlanRequest
from tests.property.plan_households import Json, documents, fewer_households
from tests.property.plan_oracle import plain_plan

CALENDARS = load_pay_calendars()
CRITERIA = ("money", "balance", "moved", "preferred", "lowest")

pytestmark = pytest.mark.timeout(7200)


@st.composite
def requests(draw: st.DrawFn) -> PlanRequest:
    """A household at any point of its way into, within or out of a plan."""
    document: Json = draw(documents(flows_max=6))
    stage = draw(st.sampled_from(["enrols", "follows", "leaves", "switched", "joined"]))
    if stage != "enrols":
        document["current_day"] = draw(st.integers(1, 28))
    if stage == "leaves":
        document["agreed"] = True
    if stage == "switched":
        document["switched_on"] = f"{document['from']}-05"
    for flow in document["flows"]:
        if stage == "joined":
            flow["joins"] = draw(st.booleans())
        if stage == "enrols" and draw(st.integers(0, 3)) == 0:
            flow["account"] = "second"
    request, left_out, faults = read_request(document)
    assert request is not None
    assert not left_out
    assert not faults
    return request


def told(found: Plan, request: PlanRequest) -> dict[str, Any]:
    """The answer in the words of the plain search; the sentence of the day tells what decided."""
    better = [signal.day for signal in found.signals if signal.kind == "better_day"]
    kept = request.current_day is not None and not request.agreed
    whys = [
        plan_explain.why_this_day(
            found.day, found.on_day_cents, found.total_cents, criterion, kept, (better or [None])[0]
        )
        for criterion in CRITERIA
    ]
    return {
        "day": found.day,
        "decided": whys.index(found.why),
        "better": better[0] if better else None,
        "money": found.on_day_cents,
        "months": [
            {
                "pay_date": month.pay_date,
                "left": month.left_cents,
                "before": month.lowest_before_cents,
                "after": month.lowest_after_cents,
                "end": month.end_cents,
                "short": month.short_cents,
                "lines": [
                    (line.flow, line.period, line.due, line.natural, line.planned, line.cents,
                     line.on_day, line.reason)
                    for line in month.lines
                ],
            }
            for month in found.months
        ],
        "advances": [(one.day, one.by, one.flow, one.cents) for one in found.transition.advances],
    }  # fmt: skip


@fewer_households
@given(requests())
def test_the_fast_search_gives_what_trying_every_day_gives(request: PlanRequest) -> None:
    assert told(plan(request, CALENDARS), request) == plain_plan(request, CALENDARS)


@fewer_households
@given(st.lists(requests(), max_size=5))
def test_many_at_once_are_planned_as_one_by_one(several: list[PlanRequest]) -> None:
    assert list(plan_many(several, CALENDARS)) == [plan(one, CALENDARS) for one in several]
