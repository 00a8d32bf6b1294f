"""What happens in a life, over real node cores: one test per case (issue 5).

The dates follow from the calendar; amounts are those that the parties in the test state.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from node.paydate.answers import answer_draft
from scheduler.planning.plan_types import Plan
from specs.records import (
    DEATH,
    MOVED_BETWEEN,
    PAYMENT_REPORTED,
    PLAN_HANDED_OVER,
    PLAN_SET,
    RECEIVER_SET,
    RENT_SET,
    UNION_DISSOLVED,
    Address,
    Death,
    Move,
    PartyPlan,
    PaymentReport,
    PersonRef,
    PlanHandover,
    Receiver,
    RecordDraft,
    Union,
)
from tests.node_desk import EXTRA_MUNICIPALITY
from tests.node_drafts import ANNA, BRAM, CHILD, move, union
from tests.plan_village import HOME, Village, enrol, stated

START = date(2026, 3, 10)
NEW_YEAR = date(2026, 1, 1)


def wage(
    person: PersonRef = ANNA, cents: int = 200_000, day: int = 23, **more: object
) -> RecordDraft:
    """A wage through the municipality's own statement."""
    return stated(
        person, f"loon-{cents}", cents, day, direction="in", kind="wage_net",
        party="Bakkerij Halverwege", shift="preceding", **more,
    )  # fmt: skip


def rent(
    person: PersonRef = ANNA, cents: int = 65_000, since: date = date(2026, 1, 1)
) -> RecordDraft:
    """Rent by the first, with the window that some corporations allow (facts 15)."""
    return stated(
        ANNA, "huur-1", cents, 1, record_type=RENT_SET, kind="rent", later_days=25, since=since
    )


def energy(person: PersonRef = ANNA, **more: object) -> RecordDraft:
    return stated(person, "stroom-1", 14_550, 5, party="lichtstroom", kind="energy", **more)


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    found = Village(tmp_path, START)
    for person in (ANNA, BRAM, CHILD):
        found.desks[HOME].record(move(person))
    found.settle()
    yield found
    found.close()


@pytest.fixture
def enrolled_anna(village: Village) -> Village:
    """Anna with a wage, rent by her landlord and energy by her supplier, enrolled on 10 March."""
    village.desks["woonstad"].record(rent())
    village.desks["lichtstroom"].record(energy(later_days=25))
    village.desks[HOME].record(wage())
    village.record(HOME, enrol(ANNA, on=START))
    return village


def lowest_ahead(plan: Plan) -> bool:
    """P1, P2 as the plan tells it: no month is lower than it would have been unmoved."""
    return all(
        min(month.lowest_after_cents, 0) >= min(month.lowest_before_cents, 0)
        for month in plan.months[1:]
    )


def test_mid_month_enrolment_moves_nothing_that_is_past(enrolled_anna: Village) -> None:
    standing = enrolled_anna.standing(HOME, ANNA)
    assert standing.lines
    for one in standing.lines:
        if one.line.natural_date < START:
            assert one.line.planned_date == one.line.natural_date
    outcome = enrolled_anna.outcome(HOME, ANNA)
    assert outcome.drafts == ()  # planned once, recorded once
    assert lowest_ahead(outcome.plan)
    # What was due before the plan was made is its party's own doing, not an order of this plan.
    enrolled_anna.answer("woonstad", "confirmed")
    enrolled_anna.tick("woonstad")
    assert all(one.order.day >= START for one in enrolled_anna.orders("woonstad", ANNA))


def test_a_party_that_refuses_keeps_its_own_day_and_the_household_reads_why(
    enrolled_anna: Village,
) -> None:
    before = enrolled_anna.lines(HOME, ANNA, "huur-1")
    assert any(one.line.planned_date != one.line.natural_date for one in before)
    enrolled_anna.answer("woonstad", "declined", "huur-1", "Wij incasseren alleen op de eerste.")
    outcome = enrolled_anna.outcome(HOME, ANNA)
    (flow,) = [one for one in outcome.flows if one.code == "huur-1"]
    assert flow.declined == "Wij incasseren alleen op de eerste."
    after = enrolled_anna.lines(HOME, ANNA, "huur-1")
    future = [one.line for one in after if one.line.natural_date > date(2026, 3, 31)]
    assert future
    assert all(line.planned_date == line.natural_date for line in future)
    (notice,) = [data for _, data in enrolled_anna.notices(HOME)]
    assert {(line.flow, line.what) for line in notice.lines} == {("huur-1", "date")}
    assert notice.reason.startswith("Een organisatie antwoordde")
    assert enrolled_anna.lines(HOME, ANNA, "stroom-1")  # the rest of the plan stands


def test_a_party_that_leaves_does_so_after_a_transition(enrolled_anna: Village) -> None:
    enrolled_anna.answer("woonstad", "confirmed")
    before = {one.line.period: one.line for one in enrolled_anna.lines(HOME, ANNA, "huur-1")}
    enrolled_anna.today = date(2026, 6, 10)
    enrolled_anna.answer("woonstad", "declined", "huur-1", "Wij stoppen met deze afspraak.")
    after = {one.line.period: one.line for one in enrolled_anna.lines(HOME, ANNA, "huur-1")}
    # Left in June: from 1 July the transition runs up to and with August (P2), then its own day.
    for period in ("2026-07", "2026-08"):
        assert after[period].planned_date == before[period].planned_date
    assert after["2026-09"].planned_date == after["2026-09"].natural_date
    assert before["2026-09"].planned_date != after["2026-09"].planned_date


def test_nobody_answers_for_another_party(enrolled_anna: Village) -> None:
    """L4: the answer of lichtstroom about the landlord's plan has no effect."""
    village = enrolled_anna
    (fact,) = village.desks["woonstad"].facts.of_type(PLAN_SET)
    draft = answer_draft(fact, ANNA, "declined", START, flow="huur-1", reason="niet van ons")
    village.record("lichtstroom", draft)
    outcome = village.outcome(HOME, ANNA)
    assert [one.declined for one in outcome.flows if one.code == "huur-1"] == [None]


def test_a_new_payer_joins_and_moves_nobody_else(enrolled_anna: Village) -> None:
    before = enrolled_anna.standing(HOME, ANNA)
    enrolled_anna.today = date(2026, 5, 12)
    pension = wage(cents=30_000, day=18, since=date(2026, 6, 1), later_days=8)
    enrolled_anna.record(HOME, pension)
    after = enrolled_anna.standing(HOME, ANNA)
    assert after.day == before.day  # P3
    joined = [one for one in after.lines if one.line.flow == "loon-30000"]
    assert joined
    was = {(one.line.flow, one.line.period): one.line for one in before.lines}
    for one in after.lines:
        key = (one.line.flow, one.line.period)
        if key in was:
            assert one.line == was[key]
    notice = enrolled_anna.notices(HOME)[-1][1]
    assert [(line.flow, line.what) for line in notice.lines] == [("loon-30000", "begins")]


def test_death_stops_the_plan_of_who_died_and_leaves_the_others_theirs(
    enrolled_anna: Village,
) -> None:
    village = enrolled_anna
    village.record(HOME, wage(BRAM, 120_000, 24))
    village.record(HOME, enrol(ANNA, BRAM, on=date(2026, 3, 10), preferred_day=None))
    assert village.lines(HOME, BRAM, "loon-120000")
    village.today = date(2026, 5, 20)
    died = RecordDraft(
        type=DEATH, source_event_id="death", data=Death(person=ANNA), valid_from=date(2026, 5, 19)
    )
    village.record(HOME, died)
    left = [one.line for one in village.standing(HOME, BRAM).lines]
    mine = {"loon-200000", "huur-1", "stroom-1"}
    assert all(line.natural_date <= date(2026, 5, 19) for line in left if line.flow in mine)
    theirs = [line for line in left if line.flow == "loon-120000"]
    assert max(line.natural_date for line in theirs) > date(2026, 12, 1)
    # Who is told what: the landlord and the supplier, by their own plan; the household, by notice.
    assert all(
        line.natural_date <= date(2026, 5, 19) for line in village.plans_at("woonstad")[-1].lines
    )
    notice = village.notices(HOME)[-1][1]
    assert {line.flow for line in notice.lines if line.what == "ends"} == mine


def test_divorce_gives_two_plans_and_cuts_access_at_once(village: Village) -> None:
    village.record(HOME, union(ANNA, BRAM))
    village.desks["woonstad"].record(rent())
    village.record(HOME, wage(), wage(BRAM, 150_000, 24), energy(BRAM, later_days=25))
    village.record(HOME, enrol(ANNA, BRAM, CHILD, on=START))
    day = village.standing(HOME, ANNA).day
    together = village.household(HOME, ANNA)
    assert together == village.household(HOME, BRAM)
    village.today = date(2026, 6, 15)
    divorce = RecordDraft(
        type=UNION_DISSOLVED, source_event_id="divorce",
        data=Union(persons=(ANNA, BRAM), kind="marriage", reason="divorce"),
        valid_from=date(2026, 6, 12),
    )  # fmt: skip
    village.record(HOME, divorce)
    hers, his = village.household(HOME, ANNA), village.household(HOME, BRAM)
    assert hers is not None
    assert his is not None
    subject = {name: str(village.desks[HOME].subject(ref)) for name, ref in
               (("anna", ANNA), ("bram", BRAM), ("child", CHILD))}  # fmt: skip
    assert set(hers.members) == {subject["anna"], subject["child"]}
    assert set(his.members) == {subject["bram"]}
    assert {flow.code for flow in village.outcome(HOME, ANNA).flows} == {"loon-200000", "huur-1"}
    assert {flow.code for flow in village.outcome(HOME, BRAM).flows} == {
        "loon-150000", "stroom-1",
    }  # fmt: skip
    assert village.standing(HOME, ANNA).day == village.standing(HOME, BRAM).day == day  # P3
    for person, other in ((ANNA, "bram"), (BRAM, "anna")):
        assert all(one.person != subject[other] for one in village.standing(HOME, person).lines)


def test_a_move_hands_the_plan_over_and_it_goes_on_the_same_day(enrolled_anna: Village) -> None:
    village, there = enrolled_anna, EXTRA_MUNICIPALITY
    before = village.standing(HOME, ANNA)
    village.today = date(2026, 6, 15)
    moved = RecordDraft(
        type=MOVED_BETWEEN, source_event_id="weg",
        data=Move(person=ANNA, address=Address(municipality="0363"), left="0344"),
        valid_from=date(2026, 6, 12),
    )  # fmt: skip
    village.record(there, moved)
    assert village.household(HOME, ANNA) is None
    (handover,) = village.desks[there].facts.of_type(PLAN_HANDED_OVER)
    assert isinstance(handover.data, PlanHandover)
    assert handover.data.continues_on == date(2026, 7, 1)
    after = village.standing(there, ANNA)
    assert after.day == before.day
    goes_on = date(2026, 7, 1)
    was = {
        (one.party, one.line.flow, one.line.period): one.line
        for one in before.lines
        if one.line.natural_date >= goes_on
    }
    now = {(one.party, one.line.flow, one.line.period): one.line for one in after.lines}
    assert was.items() <= now.items()  # not a line lost, not a date moved
    # Its parties hold each payment once: the old plan up to June, the new one from July.
    by_author: dict[str, list[PartyPlan]] = {}
    for fact in village.desks["woonstad"].facts.of_type(PLAN_SET):
        assert isinstance(fact.data, PartyPlan)
        by_author.setdefault(fact.author, []).append(fact.data)
    assert all(line.natural_date < goes_on for line in by_author[HOME][-1].lines)
    if there in by_author:
        assert all(line.natural_date >= goes_on for line in by_author[there][-1].lines)


def test_an_administrator_receives_on_an_account_of_its_own(enrolled_anna: Village) -> None:
    """BW 1:438: the administrator receives; what is on that account pays its own charges only."""
    village = enrolled_anna
    village.record(HOME, wage(BRAM, 120_000, 24))
    village.record(HOME, enrol(ANNA, BRAM, on=START, preferred_day=None))
    appointed = RecordDraft(
        type=RECEIVER_SET, source_event_id="bewind",
        data=Receiver(person=ANNA, account="beheer-1", held_by="administrator", name="Bewind BV"),
        valid_from=START,
    )  # fmt: skip
    village.record(HOME, appointed)
    outcome = village.outcome(HOME, ANNA)
    assert {one.code: one.flow.account for one in outcome.flows} == {
        "loon-200000": "beheer-1", "huur-1": "beheer-1", "stroom-1": "beheer-1", "loon-120000": "",
    }  # fmt: skip
    assert outcome.request.openings == {"beheer-1": 0}
    assert village.outcome(HOME, BRAM).plan.day == outcome.plan.day


def test_two_adults_with_two_accounts_never_pay_from_the_others_money(village: Village) -> None:
    """P1 per account: Anna's rent needs Anna's wage, whatever Bram has."""
    village.desks["woonstad"].record(rent(cents=150_000))
    village.record(HOME, wage(cents=160_000, day=25), wage(BRAM, 300_000, 3))
    accounts = [
        RecordDraft(
            type=RECEIVER_SET, source_event_id=f"rekening {name}",
            data=Receiver(person=person, account=name, held_by="self", name=name),
            valid_from=START,
        )
        for person, name in ((ANNA, "anna"), (BRAM, "bram"))
    ]  # fmt: skip
    village.record(HOME, *accounts)
    village.record(HOME, enrol(ANNA, BRAM, on=START))
    rents = {one.line.natural_date: one.line for one in village.lines(HOME, ANNA, "huur-1")}
    wages = sorted(one.line.planned_date for one in village.lines(HOME, ANNA, "loon-160000"))
    moved = [line for line in rents.values() if line.planned_date != line.natural_date]
    assert moved
    for line in moved:
        last = max(day for day in wages if day <= line.planned_date)
        assert (line.planned_date - last).days < 31
        assert last.month == line.planned_date.month  # after that month's own wage
    assert village.outcome(HOME, ANNA).request.openings == {"anna": 0, "bram": 0}


# P3, channels and signals over the same nodes.


def test_p3_no_plan_with_a_changed_amount_takes_effect_before_its_notice(
    enrolled_anna: Village,
) -> None:
    village = enrolled_anna
    village.today = date(2026, 4, 20)
    village.record("woonstad", rent(cents=70_000, since=date(2026, 5, 1)))  # eleven days ahead
    village.today = date(2026, 4, 21)
    village.record(
        "lichtstroom", energy(later_days=25, amount_cents=12_000, since=date(2026, 5, 1))
    )
    plans = [(fact.known, fact.data) for fact in village.desks[HOME].facts.of_type(PLAN_SET)]
    notices = village.notices(HOME)
    standing: dict[tuple[str, str, str], int] = {}
    changed = 0
    for known, data in plans:
        assert isinstance(data, PartyPlan)
        for line in data.lines:
            key = (data.party, line.flow, line.period)
            if standing.get(key, line.amount_cents) != line.amount_cents:
                changed += 1
                told = [
                    notice
                    for at, notice in notices
                    if at < known
                    and any(
                        (one.party, one.flow, one.after_cents) == (*key[:2], line.amount_cents)
                        for one in notice.lines
                    )
                ]
                assert told, key
                ahead = (line.planned_date - told[0].announced_on).days
                assert ahead >= (14 if line.amount_cents > standing[key] else 0), key
                assert told[0].object_by >= told[0].announced_on
            standing[key] = line.amount_cents
    assert changed > 6


def test_an_increase_told_too_late_waits_and_the_difference_is_told(enrolled_anna: Village) -> None:
    village = enrolled_anna
    may = next(
        one.line for one in village.lines(HOME, ANNA, "huur-1") if one.line.period == "2026-05"
    )
    village.today = date(2026, 5, 1)
    assert (may.planned_date - village.today).days < 14 or may.planned_date > date(2026, 5, 15)
    village.today = date.fromordinal(may.planned_date.toordinal() - 3)
    village.record("woonstad", rent(cents=70_000, since=date(2026, 5, 1)))
    lines = {one.line.period: one.line.amount_cents for one in village.lines(HOME, ANNA, "huur-1")}
    assert (lines["2026-05"], lines["2026-07"]) == (65_000, 70_000)
    (notice,) = [data for _, data in village.notices(HOME)]
    assert sum(line.open_cents for line in notice.lines) == 5_000 * sum(
        cents == 65_000 for period, cents in lines.items() if period >= "2026-05"
    )


def test_the_monthly_notice_announces_what_the_plan_held_already(enrolled_anna: Village) -> None:
    """A rise of July, known since March: announced again by its own notice, 14 days ahead."""
    village = enrolled_anna
    village.record("woonstad", rent(cents=66_300, since=date(2026, 7, 1)))
    told = len(village.notices(HOME))
    village.today = date(2026, 6, 13)
    village.tick(HOME)
    found = village.notices(HOME)[told:]
    assert [
        (line.flow, line.before_cents, line.after_cents)
        for _, notice in found
        for line in notice.lines
    ] in ([("huur-1", 65_000, 66_300)], [])
    assert any(
        (line.flow, line.after_cents) == ("huur-1", 66_300)
        and (date(2026, 7, 1) - notice.announced_on).days >= 14
        for _, notice in village.notices(HOME)
        for line in notice.lines
    )
    assert village.tick(HOME) == 0
    assert village.steps_waiting(HOME) == 0


def test_a_debit_and_a_deduction_of_one_rent_are_never_both_planned(enrolled_anna: Village) -> None:
    """ECOSYSTEM 3, lesson 6: creditor, reference and period name one charge with one channel."""
    village = enrolled_anna
    deduction = stated(
        ANNA, "huur-1", 65_000, 1, party="woonstad", kind="rent", channel="deduction", later_days=25
    )
    village.record(HOME, deduction)
    outcome = village.outcome(HOME, ANNA)
    assert len([one for one in outcome.flows if one.code == "huur-1"]) == 1
    assert [one.reason.nl for one in outcome.left_out] == [
        "Dit wordt al betaald via een andere regel. Twee keer betalen voorkomen wij."
    ]
    periods = [one.line.period for one in village.lines(HOME, ANNA, "huur-1")]
    assert len(periods) == len(set(periods))
    # A switch of channel has two sides: the landlord ends his debit, then the deduction takes over.
    village.today = date(2026, 4, 2)
    village.record("woonstad", stated(
        ANNA, "huur-1", 65_000, 1, record_type=RENT_SET, kind="rent", since=date(2026, 6, 1),
        ended=True))  # fmt: skip
    village.record(HOME, stated(
        ANNA, "huur-1", 65_000, 1, party="woonstad", kind="rent", channel="deduction",
        later_days=25, since=date(2026, 6, 1)))  # fmt: skip
    lines = {one.line.period: one.line.channel for one in village.lines(HOME, ANNA, "huur-1")}
    assert (lines["2026-05"], lines["2026-06"]) == (None, "deduction")


def test_what_was_booked_beside_the_plan_becomes_signals_once(enrolled_anna: Village) -> None:
    village = enrolled_anna
    rents = [one.line for one in village.lines(HOME, ANNA, "huur-1")]
    april = next(line for line in rents if line.period == "2026-04")

    def report(n: int, **fields: object) -> RecordDraft:
        data = PaymentReport.model_validate({"person": ANNA, "to": HOME} | fields)
        return RecordDraft(
            type=PAYMENT_REPORTED, source_event_id=f"report {n}", data=data,
            valid_from=date(2026, 4, 1),
        )  # fmt: skip

    paid = {"flow": "huur-1", "direction": "out", "booked_on": april.planned_date,
            "amount_cents": 65_000}  # fmt: skip
    village.today = date(2026, 5, 2)
    village.record("woonstad", report(1, **paid), report(2, **paid))
    kinds = [one.signal.kind for one in village.signals(HOME, ANNA)]
    assert kinds.count("double") == 1
    village.record("woonstad", report(3, known_until=date(2026, 6, 30)))
    found = {one.signal.kind: one for one in village.signals(HOME, ANNA)}
    assert "missing" in found
    before = village.signals(HOME, ANNA)
    village.today = date(2026, 5, 3)
    village.record("woonstad", report(4, known_until=date(2026, 6, 30), booked_on=None))
    assert village.signals(HOME, ANNA) == before  # told once, with the day it was first seen
    late = next(one.signal for one in before if one.signal.kind == "missing")
    village.record("woonstad", report(
        5, flow="huur-1", direction="out", booked_on=date.fromisoformat(late.when),
        amount_cents=60_000))  # fmt: skip
    after = village.signals(HOME, ANNA)
    assert late not in [one.signal for one in after]
    assert "deviating" in {one.signal.kind for one in after}
    assert late in [one.signal for one in village.signals(HOME, ANNA, gone=True)]


def test_a_shortfall_ahead_is_signalled_and_not_hidden(village: Village) -> None:
    village.record(HOME, wage(cents=60_000), energy(later_days=20))
    village.desks["woonstad"].record(rent(cents=90_000))
    village.record(HOME, enrol(ANNA, on=START))
    found = [one.signal for one in village.signals(HOME, ANNA) if one.signal.kind == "shortfall"]
    assert found
    assert all(one.planned_cents and one.planned_cents > 0 for one in found)


def test_orders_follow_the_plan_from_cut_off_to_the_day(enrolled_anna: Village) -> None:
    village = enrolled_anna
    village.answer("woonstad", "confirmed")
    village.today = date(2026, 3, 30)  # after the cut-off of April, before that of May
    village.tick("woonstad")
    orders = village.orders("woonstad", ANNA)
    assert {one.order.day.month for one in orders} <= {3, 4}
    assert any(one.order.day.month == 4 for one in orders)
    assert all(one.order.kind == "collection" for one in orders)
    village.today = date(2026, 4, 2)
    village.record("woonstad", rent(cents=60_000, since=date(2026, 4, 1)))  # in favour: at once
    april = [one for one in village.orders("woonstad", ANNA) if one.order.day.month == 4]
    assert {one.order.cents for one in april if one.order.period == "2026-04"} <= {60_000, 65_000}
    assert len({one.order.slot for one in april}) == len(april)
