"""What happens in a life, as the planner sees it: flows that end, begin, part and refuse."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from scheduler.plan import plan
from scheduler.planning.flows import Flow, Rhythm, Window
from scheduler.planning.payday_files import load_pay_calendars
from scheduler.planning.plan_types import Plan, PlanRequest
from scheduler.planning.terms import load_terms
from specs.values import Month

CALENDARS = load_pay_calendars()


def flow(name: str, cents: int, day: int, earlier: int = 0, later: int = 0) -> Flow:
    return Flow(
        id=name,
        direction="in" if cents > 0 else "out",
        party=name,
        amount_cents=abs(cents),
        rhythm=Rhythm(every="month", day=day, shift="preceding"),
        window=Window(earlier_days=earlier, later_days=later),
    )


HOUSEHOLD = (
    flow("wage", 200000, 23),
    flow("aow", 120000, 21, later=5),
    flow("rent", -80000, 5, later=27),
    flow("premium", -15000, 10, later=20),
)
REQUEST = PlanRequest(first=Month(2026, 1), months=12, flows=HOUSEHOLD, opening_cents=20000)


def without(found: Plan, *names: str) -> list[tuple[str, str, date]]:
    return [(x.flow, x.period, x.planned) for x in found.lines() if x.flow not in names]


def test_a_death_ends_a_flow_and_moves_nothing_else() -> None:
    before = plan(REQUEST, CALENDARS)
    aow = HOUSEHOLD[1]
    ended = replace(aow, rhythm=replace(aow.rhythm, end=date(2026, 6, 30)))
    flows = (HOUSEHOLD[0], ended, *HOUSEHOLD[2:])
    after = plan(replace(REQUEST, flows=flows, current_day=before.day), CALENDARS)
    assert after.day == before.day
    assert len([line for line in after.lines() if line.flow == "aow"]) == 6
    assert without(after, "aow") == without(before, "aow")


def test_a_divorce_gives_two_plans_that_together_hold_every_cent() -> None:
    whole = plan(REQUEST, CALENDARS)
    hers = plan(replace(REQUEST, flows=(HOUSEHOLD[0], HOUSEHOLD[2])), CALENDARS)
    his = plan(replace(REQUEST, flows=(HOUSEHOLD[1], HOUSEHOLD[3])), CALENDARS)
    assert whole.total_cents == hers.total_cents + his.total_cents
    names = {line.flow for line in hers.lines()}, {line.flow for line in his.lines()}
    assert names == ({"wage", "rent"}, {"aow", "premium"})


def test_a_new_payer_joins_without_moving_the_others() -> None:
    before = plan(REQUEST, CALENDARS)
    pension = replace(flow("pension", 30000, 18, later=8), joins=True)
    request = replace(REQUEST, flows=(*HOUSEHOLD, pension), current_day=before.day)
    after = plan(request, CALENDARS)
    assert after.day == before.day
    assert without(after, "pension") == without(before)
    assert [advance.by for advance in after.transition.advances] == ["pension"]


def test_a_party_that_refuses_keeps_its_own_day_and_the_reason_says_so() -> None:
    refused = replace(HOUSEHOLD[3], window=Window())
    before = plan(REQUEST, CALENDARS)
    after = plan(replace(REQUEST, flows=(*HOUSEHOLD[:3], refused)), CALENDARS)
    assert without(after, "premium") == without(before, "premium")
    premium = [line for line in after.lines() if line.flow == "premium"]
    assert all(line.planned == line.natural for line in premium)
    assert {line.reason.nl for line in premium if line.reason} == {
        "premium houdt de eigen dag aan."
    }


def test_a_move_hands_the_plan_over_unchanged() -> None:
    # Another municipality plans the same flows with the same day: the same plan, line by line.
    before = plan(REQUEST, CALENDARS)
    handed = replace(REQUEST, current_day=before.day, switched_on=before.transition.start)
    assert plan(handed, CALENDARS).months == before.months


def test_a_bewindvoerder_who_receives_has_an_account_of_its_own() -> None:
    """Incomes and charges go over the account of the bewindvoerder, who pays living money on."""
    managed = [replace(one, account="bewind") for one in HOUSEHOLD]
    paid_on = replace(flow("leefgeld uit", -60000, 24, later=6), account="bewind", party="bewind")
    living = replace(flow("leefgeld", 60000, 25, later=5), party="bewindvoerder")
    request = PlanRequest(
        first=Month(2026, 1),
        months=12,
        flows=(*managed, paid_on, living),
        openings={"bewind": 20000},
    )
    found = plan(request, CALENDARS)
    assert [line.planned for line in found.lines() if line.flow == "leefgeld"]
    for month in found.months:
        bewind = sum(x.signed_cents for x in month.lines if x.flow != "leefgeld")
        # Wage 2,000 and AOW 1,200 less rent 800, premium 150 and living money 600.
        assert bewind == 200000 + 120000 - 80000 - 15000 - 60000
        assert month.lowest_after_cents >= 0
        assert month.short_cents == 0


def test_a_new_fact_changes_amounts_and_not_the_day_unless_the_household_agrees() -> None:
    before = plan(REQUEST, CALENDARS)
    # The wage moves to the 10th and doubles: another day would now bring more together.
    moved = replace(HOUSEHOLD[0], amount_cents=400000, rhythm=Rhythm(every="month", day=10))
    request = replace(REQUEST, flows=(moved, *HOUSEHOLD[1:]), current_day=before.day)
    stays = plan(request, CALENDARS)
    assert stays.day == before.day
    assert [signal.day for signal in stays.signals if signal.kind == "better_day"] == [10]
    agrees = plan(replace(request, agreed=True), CALENDARS)
    assert agrees.day == 10
    assert agrees == plan(replace(request, agreed=True), CALENDARS)


def test_a_yearly_charge_is_spread_where_its_party_accepts_terms() -> None:
    """zoetermeer.nl: municipal taxes in twelve terms (facts/allowances-nl.md 15)."""
    terms = load_terms()["zoetermeer"].flow("tax", 60000, Month(2026, 1), 28)
    found = plan(replace(REQUEST, flows=(*HOUSEHOLD, terms)), CALENDARS)
    assert [x.cents for x in found.lines() if x.flow == "tax"] == [5000] * 12


def test_a_household_in_which_the_divorced_have_the_day_they_had() -> None:
    """Two plans on the day both knew; nothing of one stands in the plan of the other."""
    whole = plan(REQUEST, CALENDARS)
    hers = replace(REQUEST, flows=(HOUSEHOLD[0], HOUSEHOLD[2]), current_day=whole.day)
    his = replace(REQUEST, flows=(HOUSEHOLD[1], HOUSEHOLD[3]), current_day=whole.day)
    for one in (hers, his):
        found = plan(one, CALENDARS)
        assert found.day == whole.day
        assert {line.flow for line in found.lines()} == {flow.id for flow in one.flows}
