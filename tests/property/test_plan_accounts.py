"""P1 and P4 (DESIGN 3) for two adults with two accounts, on generated households."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.documents.plan_document import answer
from scheduler.planning.payday_files import load_pay_calendars
from tests.property.plan_households import Json, documents, households, running, signed

CALENDARS = load_pay_calendars()

pytestmark = pytest.mark.timeout(7200)


def planned(document: Json) -> Json:
    found = answer(document, CALENDARS)
    assert isinstance(found, dict)
    assert found.get("not_planned") == [], found
    return found


def of_account(document: Json, found: Json, account: str) -> tuple[Json, Json]:
    """The part of a document and of its answer that concerns one account."""
    own = [flow for flow in document["flows"] if flow["account"] == account]
    names = {flow["id"] for flow in own}
    months = [
        month | {"lines": [line for line in month["lines"] if line["flow"] in names]}
        for month in found["months"]
    ]
    opening = document["opening_balance"][account]
    return document | {"flows": own, "opening_balance": opening}, found | {"months": months}


@households
@given(documents(), st.lists(st.booleans(), min_size=8, max_size=8), st.integers(0, 50_000))
def test_p1_no_account_is_made_short_by_the_plan(
    document: Json, hers: list[bool], opening: int
) -> None:
    flows = [
        flow | {"account": "a" if mine else "b"}
        for flow, mine in zip(document["flows"], hers, strict=False)
    ]
    balance = {"a": document["opening_balance"], "b": opening}
    document = document | {"flows": flows, "opening_balance": balance}
    found = planned(document)
    assert sum(len(month["lines"]) for month in found["months"]) == sum(
        len(month["lines"]) for month in planned(document | {"current_day": 1})["months"]
    )
    for month in found["months"]:
        assert month["left_to_spend"] == sum(signed(line) for line in month["lines"])
    for account in ("a", "b"):
        part, own = of_account(document, found, account)
        before, after = running(part, own, "natural"), running(part, own, "planned")
        for day, cents in after.items():
            assert cents >= 0 or cents >= before[day], (account, day)


@households
@given(documents())
def test_p4_an_account_with_a_name_is_planned_like_one_without(document: Json) -> None:
    named = document | {
        "flows": [flow | {"account": "hers"} for flow in document["flows"]],
        "opening_balance": {"hers": document["opening_balance"]},
    }
    assert planned(named) == planned(document)
