"""What a plan document may ask for beside the plan, through the JSON alone (DESIGN 9.2).

Amounts are invented; what is expected is counted from them by hand in the test.
"""

from __future__ import annotations

from typing import Any

import pytest

from scheduler.documents.plan_document import answer
from scheduler.planning.payday_files import load_pay_calendars
from scheduler.planning.terms import load_terms

CALENDARS = load_pay_calendars()
Json = dict[str, Any]

TOESLAG: Json = {
    "id": "huurtoeslag", "direction": "in", "party": "toeslagen", "amount": 40000,
    "calendar": "toeslagen",
}  # fmt: skip
WAGE: Json = {
    "id": "wage", "direction": "in", "party": "employer", "amount": 160000, "every": "month",
    "day": 24, "shift": "preceding", "window": {"earlier_days": 5, "later_days": 5},
}  # fmt: skip
RENT: Json = {
    "id": "rent", "direction": "out", "party": "corporatie", "amount": 65000, "every": "month",
    "day": 1, "window": {"earlier_days": 0, "later_days": 27},
}  # fmt: skip


def answered(*flows: Json, **more: Any) -> Json:
    document = {"from": "2026-01", "months": 6, "flows": list(flows)} | more
    found = answer(document, CALENDARS, load_terms())
    assert isinstance(found, dict)
    return found


def lines(found: Json, flow: str) -> list[Json]:
    return [line for month in found["months"] for line in month["lines"] if line["flow"] == flow]


ATTACHED = WAGE | {"withheld": [{"id": "attachment", "party": "bailiff", "amount": 15000}]}


def test_an_attachment_of_wage_is_a_line_on_the_day_of_the_wage_and_no_cent_is_lost() -> None:
    found, bare = answered(ATTACHED, RENT), answered(WAGE, RENT)
    kept, wages = lines(found, "attachment"), lines(found, "wage")
    assert [line["planned_date"] for line in kept] == [line["planned_date"] for line in wages]
    assert {(line["direction"], line["amount"]) for line in kept} == {("out", 15000)}
    assert {line["amount"] for line in wages} == {160000}
    for month, without in zip(found["months"], bare["months"], strict=True):
        assert month["left_to_spend"] == without["left_to_spend"] - 15000


def test_an_attachment_never_reaches_the_account_so_no_balance_counts_on_it() -> None:
    """Wage 160,000 less 15,000 kept less rent 65,000 leaves 80,000; the wage never stands whole."""
    found = answered(ATTACHED, RENT, months=1, current_day=24)
    assert found["months"][0]["lowest_after"] == 160000 - 15000 - 65000


def test_an_attachment_ends_when_its_debt_is_paid() -> None:
    ends = {"id": "attachment", "party": "bailiff", "amount": 15000, "end": "2026-03-31"}
    found = answered(WAGE | {"withheld": [ends]}, RENT)
    assert [line["amount"] for line in lines(found, "attachment")] == [15000] * 3 + [0] * 3


@pytest.mark.parametrize(
    ("withheld", "field"),
    [
        ([{"id": "a", "party": "bailiff", "amount": 160001}], "withheld"),
        ([{"id": "a", "party": "bailiff", "amount": -1}], "withheld[0].amount"),
        ([{"id": "a", "amount": 1}], "withheld[0].party"),
        ([{"id": "rent", "party": "bailiff", "amount": 1}], "withheld.id"),
        (
            [{"id": "a", "party": "b", "amount": 1, "start": "2026-02-01", "end": "2026-01-01"}],
            "withheld[0].end",
        ),
        ([3], "withheld[0]"),
    ],
)
def test_an_attachment_that_cannot_be_names_its_field(withheld: list[Any], field: str) -> None:
    found = answered(WAGE | {"withheld": withheld}, RENT)
    problems = {one["flow"]: one["problem"] for one in found["not_planned"]}
    assert problems["wage"].startswith(field)


def test_leaving_takes_what_is_kept_along_with_the_income() -> None:
    late = ATTACHED | {"window": {"earlier_days": 0, "later_days": 20}, "day": 10}
    found = answered(late, RENT, current_day=24, leave={"on": "2026-03-01"})
    back = found["leaving"]["lines"]
    days = {(x["flow"], x["period"]): x["planned_date"] for x in back}
    for (flow, period), day in days.items():
        if flow == "attachment":
            assert day == days["wage", period]


def test_weekly_money_adds_up_and_takes_nothing_the_charges_need() -> None:
    found = answered(TOESLAG | {"weekly": 30000}, WAGE, RENT, current_day=20)
    for month in found["months"]:
        (weekly,) = month["weekly"]
        assert sum(part["amount"] for part in weekly["parts"]) == weekly["amount"] == 30000
        assert (
            weekly["parts"][0]["date"]
            == lines({"months": [month]}, "huurtoeslag")[0]["planned_date"]
        )
        assert len(weekly["parts"]) in (4, 5)
        assert weekly["reason"] is None


def test_weekly_money_is_at_most_what_is_left_at_the_lowest_point() -> None:
    """40,000 comes in and 38,000 goes out: only 2,000 may wait for a later week."""
    found = answered(
        TOESLAG | {"weekly": 30000}, RENT | {"amount": 38000}, current_day=20, months=3
    )
    assert [month["lowest_after"] for month in found["months"]] == [2000] * 3
    assert [month["weekly"][0]["amount"] for month in found["months"]] == [2000] * 3


def test_a3_an_income_counted_by_month_is_not_paid_in_the_weeks_of_the_next() -> None:
    found = answered(WAGE | {"weekly": 30000}, RENT, current_day=10, months=2)
    for month in found["months"]:
        for weekly in month["weekly"]:
            assert all(part["date"][:7] == month["month"] for part in weekly["parts"])
    late = answered(WAGE | {"weekly": 30000}, RENT, current_day=27, months=1)
    (weekly,) = late["months"][0]["weekly"]
    assert (weekly["amount"], weekly["parts"]) == (0, [])
    assert weekly["reason"]


def test_p2_weekly_money_waits_until_the_transition_is_over() -> None:
    found = answered(TOESLAG | {"weekly": 30000}, WAGE, RENT, preferred_day=20)
    until = found["transition"]["until"][:7]
    for month in found["months"]:
        (weekly,) = month["weekly"]
        assert bool(weekly["parts"]) == (month["month"] > until)


def test_a_payer_may_split_its_own_payment_nobody_elses() -> None:
    found = answered(WAGE, RENT | {"weekly": 100})
    assert found["not_planned"][0]["problem"].startswith("weekly")


def test_reserves_show_a_yearly_charge_months_ahead() -> None:
    """12,000 in June, six months planned from January: 2,000 a month."""
    tax = {"id": "tax", "direction": "out", "party": "gm0344", "amount": 12000, "every": "year",
           "month": 6, "day": 20}  # fmt: skip
    found = answered(WAGE, tax, reserve=True)
    assert [(one["month"], one["flow"], one["amount"]) for one in found["reserves"]] == [
        (f"2026-{month:02d}", "tax", 2000) for month in range(1, 7)
    ]


def test_a_four_weekly_income_is_told_by_the_month_and_where_two_are_due() -> None:
    """Every 28 days from Friday 2 January 2026: 2 and 30 January; thirteen payments in 364 days,
    so 96,000 x 13 / 12 = 104,000 a month (ECOSYSTEM 3, lesson 2)."""
    wage = {"id": "uitzend", "direction": "in", "party": "uitzendbureau", "amount": 96000,
            "every": "four_weeks", "start": "2026-01-02"}  # fmt: skip
    found = answered(wage, RENT, months=12, reserve=True)
    assert found["four_weekly"] == [
        {"flow": "uitzend", "amount": 96000, "per_month": 104000, "two_in": ["2026-01"]}
    ]
    assert len(lines(found, "uitzend")) == 13


def test_an_advance_is_repaid_after_the_transition_when_asked() -> None:
    late = WAGE | {"id": "ww", "party": "uwv", "amount": 30000, "day": 5}
    late |= {"window": {"earlier_days": 0, "later_days": 25}}
    fixed = WAGE | {"window": {"earlier_days": 0, "later_days": 0}}
    asked = answered(late, fixed, RENT, repay={"terms": 4, "protected": 1000})
    silent = answered(late, fixed, RENT)
    (advance,) = asked["transition"]["advances"]
    assert silent["transition"]["advances"][0]["repaid"] == []
    parts = advance["repaid"]
    assert sum(part["amount"] for part in parts) == advance["amount"]
    assert all(part["date"] > asked["transition"]["until"] for part in parts)


def test_leaving_has_its_own_transition_and_a_flow_unknown_to_the_plan_is_a_problem() -> None:
    found = answered(WAGE, RENT, current_day=24, leave={"on": "2026-03-01", "flows": ["rent"]})
    transition = found["leaving"]["transition"]
    assert (transition["from"], transition["until"]) == ("2026-03-01", "2026-04-30")
    wrong = answered(WAGE, RENT, leave={"on": "2026-03-01", "flows": ["nobody"]})
    assert wrong["leaving"]["problem"].startswith("leave.flows")
    assert wrong["months"] == answered(WAGE, RENT)["months"]


def test_a_charge_in_terms_of_its_party_or_in_so_many() -> None:
    """hellendoorn.nl: at most ten terms, on the last working day (facts/allowances-nl.md 15)."""
    tax = {"id": "tax", "direction": "out", "party": "hellendoorn", "amount": 60000,
           "terms": "hellendoorn", "start": "2026-03-01"}  # fmt: skip
    found = answered(WAGE, tax, months=12)
    paid = lines(found, "tax")
    assert [line["amount"] for line in paid] == [6000] * 10
    assert paid[0]["natural_date"] == "2026-03-31"
    stated = tax | {"terms": 3, "party": "tandarts", "day": 28}
    assert [x["amount"] for x in lines(answered(WAGE, stated, months=12), "tax")] == [20000] * 3


@pytest.mark.parametrize(
    ("terms", "words"),
    [("nobody", "no terms of that party"), (0, "terms"), (1.5, "terms"), ("cjib", "no terms")],
)
def test_terms_that_cannot_be_name_their_field(terms: Any, words: str) -> None:
    """The CJIB gives no terms below 75 euros (cjib.nl, facts/allowances-nl.md 15)."""
    fine = {"id": "fine", "direction": "out", "party": "cjib", "amount": 7499, "terms": terms,
            "start": "2026-03-01"}  # fmt: skip
    found = answered(WAGE, fine)
    assert found["not_planned"][0]["flow"] == "fine"
    assert found["not_planned"][0]["problem"].startswith("terms")
    assert words in found["not_planned"][0]["problem"]
    assert {line["flow"] for month in found["months"] for line in month["lines"]} == {"wage"}


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"reserve": "yes"}, "reserve"),
        ({"repay": {"terms": 0}}, "repay.terms"),
        ({"repay": {"terms": 3, "protected": -1}}, "repay.protected"),
        ({"leave": {"flows": []}}, "leave.on"),
        ({"leave": {"on": "2026-02-30"}}, "leave.on"),
        ({"leave": {"on": "2026-03-01", "flows": [1]}}, "leave.flows"),
    ],
)
def test_a_wish_that_cannot_be_refuses_the_document_with_its_field(wish: Json, field: str) -> None:
    found = answered(WAGE, RENT, **wish)
    assert [one["field"] for one in found["problems"]] == [field]
