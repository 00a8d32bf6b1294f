"""Notices and signals on the month page: in words, in the right month, with what to do."""

from __future__ import annotations

from datetime import date

import pytest

from node.households import person_ref
from node.paydate.notices import NEW_FACTS
from node.portal.calendar_views import MonthView
from specs.records import (
    PAYMENT_REPORTED,
    PLAN_ANNOUNCED,
    PaymentReport,
    PlanNotice,
    RecordData,
    RecordDraft,
)
from specs.records_plan import NoticeLine
from specs.values import Month
from tests.calendar_book import WIT, calendars, recorded_book
from tests.household_facts import TODAY, Book

MARCH, APRIL, MAY = Month(2026, 3), Month(2026, 4), Month(2026, 5)
PERSON = person_ref(recorded_book().facts, WIT)


def month_after(month: Month, record_type: str, author: str, data: RecordData) -> MonthView:
    """The month of the household once this record is known too."""
    book = Book(recorded_book().facts)
    draft = RecordDraft(type=record_type, source_event_id="nieuw", data=data, valid_from=TODAY)
    book.add(author, [draft])
    return calendars(book).month_view(WIT, month)


def rent(month: Month) -> tuple[str, date, int]:
    """The rent as it stands in the recorded plan: its party's name for it, its day, cents."""
    line = next(
        one for one in calendars().month_view(WIT, month).lines if one.what_nl.startswith("Huur")
    )
    return line.flow, line.day, line.cents


def reported(**told: object) -> PaymentReport:
    assert PERSON is not None
    return PaymentReport(person=PERSON, to="gm0344", **told)  # type: ignore[arg-type]


def sentences(view: MonthView, kind: str) -> list[str]:
    return [one.sentence_nl for one in view.signals if one.kind == kind]


def test_a_payment_that_did_not_come_is_told_with_its_day_and_amount() -> None:
    _, day, cents = rent(APRIL)
    view = month_after(APRIL, PAYMENT_REPORTED, "woonstad", reported(known_until=date(2026, 5, 10)))
    (told,) = sentences(view, "missing")
    assert told.startswith("Huur (Woonstad) van €")
    assert f"{day.day} april 2026" in told
    assert f"{cents // 100}," in told.replace(".", "")
    assert "is nog niet geboekt" in told
    assert not sentences(calendars().month_view(WIT, APRIL), "missing")


def test_another_amount_is_told_and_the_same_amount_is_not() -> None:
    flow, day, cents = rent(APRIL)
    for booked, count in ((cents, 0), (cents + 1_000, 1)):
        view = month_after(
            APRIL,
            PAYMENT_REPORTED,
            "woonstad",
            reported(flow=flow, direction="out", booked_on=day, amount_cents=booked),
        )
        assert len(sentences(view, "deviating")) == count


def notice(day: date) -> PlanNotice:
    assert PERSON is not None
    flow, _, cents = rent(APRIL)
    line = NoticeLine(
        party="woonstad", flow=flow, direction="out", what="amount", period="2026-04",
        from_day=day, before_cents=cents, after_cents=cents + 2_500,
    )  # fmt: skip
    return PlanNotice(
        person=PERSON, announced_on=TODAY, object_by=date(2026, 3, 16), reason=NEW_FACTS,
        lines=(line,),
    )  # fmt: skip


@pytest.mark.parametrize(("month", "shown"), [(MARCH, 1), (APRIL, 0), (MAY, 1)])
def test_a_change_is_told_now_and_in_the_month_it_takes_effect(month: Month, shown: int) -> None:
    view = month_after(month, PLAN_ANNOUNCED, "gm0344", notice(date(2026, 5, 22)))
    assert len(view.notices) == shown
    for one in view.notices:
        (line,) = one.lines
        assert line.what_nl == "Huur (Woonstad)"
        assert (line.after_cents or 0) - (line.before_cents or 0) == 2_500
        assert one.may_object
        assert (one.reason_nl, one.reason_en) == (NEW_FACTS, "New data changes your plan.")


def test_a_shortage_ahead_is_told_in_its_own_month() -> None:
    """Figures of the demo set: some month of these households costs more than it brings."""
    made = calendars()
    found = 0
    for household in made.households():
        for step in range(12):
            view = made.month_view(household.id, MARCH.plus(step))
            for told in sentences(view, "shortfall"):
                found += 1
                assert "tekort" in told
                assert step == 0 or view.left_to_spend_cents < 0
    assert found


def test_a_household_without_a_plan_has_no_signals() -> None:
    view = calendars().month_view(WIT, Month(2025, 6))
    assert (view.lines, view.signals) == ((), ())
