"""Findings about bookings; no booking and no line that is due is told twice or not at all (P4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from scheduler.plan import plan
from scheduler.planning.flows import Flow, Rhythm, Window
from scheduler.planning.payday_files import load_pay_calendars
from scheduler.planning.plan_types import PlannedLine, PlanRequest
from scheduler.reconcile import DAYS_OFF_MAX, Booking, Finding, compare
from specs.values import Month

FAR = date(2027, 1, 1)


def lines() -> tuple[PlannedLine, ...]:
    flows = tuple(
        Flow(
            id=name,
            direction="in" if cents > 0 else "out",
            party=party,
            amount_cents=abs(cents),
            rhythm=Rhythm(every="month", day=day),
            window=Window(later_days=27),
        )
        for name, party, cents, day in (
            ("wage", "employer", 150000, 23),
            ("rent", "corporation", -65000, 1),
            ("garage", "corporation", -9000, 1),
        )
    )
    request = PlanRequest(first=Month(2026, 1), months=3, flows=flows)
    return plan(request, load_pay_calendars()).lines()


def booked(line: PlannedLine, days: int = 0) -> Booking:
    return Booking(
        day=line.planned + timedelta(days=days),
        direction=line.direction,
        party=line.party,
        cents=line.cents,
    )


def kinds(found: tuple[Finding, ...]) -> list[str]:
    return [one.kind for one in found if one.kind != "booked"]


def test_everything_as_planned_or_a_few_days_off_is_no_signal() -> None:
    all_lines = lines()
    found = compare(all_lines, [booked(line, days=2) for line in all_lines], FAR)
    assert kinds(found) == []
    assert len(found) == len(all_lines) == 9


def test_a_payment_that_does_not_come_is_missing_only_when_its_days_have_passed() -> None:
    all_lines = lines()
    last = all_lines[-1]
    rest = [booked(line) for line in all_lines[:-1]]
    day = last.planned + timedelta(days=DAYS_OFF_MAX)
    assert kinds(compare(all_lines, rest, day - timedelta(days=1))) == []
    assert kinds(compare(all_lines, rest, day)) == ["missing"]


def test_a_second_equal_payment_is_double() -> None:
    all_lines = lines()
    rent = next(line for line in all_lines if line.flow == "rent")
    found = compare(all_lines, [*map(booked, all_lines), booked(rent, days=1)], FAR)
    assert [(one.kind, one.line) for one in found if one.kind != "booked"] == [("double", rent)]


def test_another_amount_is_deviating_and_keeps_the_line() -> None:
    all_lines = lines()
    rent = next(line for line in all_lines if line.flow == "rent")
    others = [booked(line) for line in all_lines if line is not rent]
    found = compare(all_lines, [*others, replace(booked(rent), cents=66000)], FAR)
    assert [(one.kind, one.line) for one in found if one.kind != "booked"] == [("deviating", rent)]


def test_a_payment_of_nobody_in_the_plan_is_unexpected() -> None:
    stranger = Booking(day=date(2026, 1, 23), direction="out", party="gym", cents=2500)
    assert kinds(compare((), [stranger], FAR)) == ["unexpected"]


def test_a_report_that_names_its_flow_is_not_taken_for_another() -> None:
    all_lines = lines()
    rent = next(line for line in all_lines if line.flow == "rent")
    wrong = replace(booked(rent), flow="garage", cents=65000)
    found = compare([line for line in all_lines if line.flow == "rent"], [wrong], rent.planned)
    assert kinds(found) == ["unexpected"]


@given(
    st.lists(st.integers(0, 8), max_size=12),
    st.lists(st.integers(-9, 9), min_size=12, max_size=12),
    st.lists(st.sampled_from([0, 0, 0, 1, -100]), min_size=12, max_size=12),
)
def test_p4_every_booking_and_every_due_line_is_told_once(
    places: list[int], days: list[int], extra: list[int]
) -> None:
    all_lines = lines()
    bookings = [
        replace(booked(all_lines[place], days=days[n]), cents=all_lines[place].cents + extra[n])
        for n, place in enumerate(places)
    ]
    found = compare(all_lines, bookings, FAR)
    told = [one.booking for one in found if one.booking is not None]
    assert sorted(map(repr, told)) == sorted(map(repr, bookings))
    settled = [one.line for one in found if one.line is not None and one.kind != "double"]
    assert sorted(map(repr, settled)) == sorted(map(repr, all_lines))
    assert found == compare(all_lines[::-1], bookings[::-1], FAR)
