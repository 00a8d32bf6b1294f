"""The months kept for the pages: the same as worked out, gone when facts, days or keys go."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from node.answering import rulebook
from node.calendars import Calendars
from node.sealing import bound, encrypt, new_key
from node.stored_calendars import StoredCalendars, kept_month, months_kept, read_month
from node.stores import schema_sql as tables
from node.stores.views_sql import ViewStore
from node.subjects import Subjects
from scheduler.planning.payday_files import load_pay_calendars
from specs.values import Month
from tests.calendar_book import KOSTER, NAMES, WIT, recorded_book
from tests.household_facts import TODAY
from tests.node_desk import TestDesk

WRAP = bytes(range(32))


class Kept:
    """Stored calendars over the demo's facts, and how often a household was worked out."""

    def __init__(self, desk: TestDesk) -> None:
        self.desk = desk
        self.day = TODAY
        self.worked_out = 0
        subjects = Subjects(b"l" * 32, WRAP, desk.log)
        with desk.database.write() as connection:
            for subject in (WIT, KOSTER):
                key = encrypt(WRAP, new_key(), bound("subject-key", subject, "0"))
                connection.execute(
                    insert(tables.subject_keys).values(subject=subject, term=0, wrapped=key)
                )
        self.subjects = subjects
        self.views = ViewStore(desk.database, subjects)
        live = Calendars(
            recorded_book(), member="gm0344", today=lambda: self.day, rulebook=rulebook(),
            calendars=load_pay_calendars(), phone="14 030", names=NAMES,
        )  # fmt: skip
        counted = live.month_views

        def month_views(household, months):  # type: ignore[no-untyped-def]
            self.worked_out += 1
            return counted(household, months)

        live.month_views = month_views  # type: ignore[method-assign]
        self.live = live
        self.calendars = StoredCalendars(live, self.views)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    desk = TestDesk(tmp_path, "gm0344")
    yield Kept(desk)
    desk.database.close()


def test_a_kept_month_is_the_month_worked_out(kept: Kept) -> None:
    for month in months_kept(TODAY):
        view = kept.live.month_view(WIT, month)
        assert read_month(kept_month(view)) == view
        assert kept.calendars.month_view(WIT, month) == view
        assert kept.calendars.month_view(WIT, month) == view
    assert kept.worked_out == 1


def test_months_far_away_are_worked_out_and_not_kept(kept: Kept) -> None:
    far = Month.of(TODAY).plus(30)
    assert kept.calendars.month_view(WIT, far) == kept.live.month_view(WIT, far)
    assert kept.worked_out == 0


def test_another_day_and_a_dropped_household_are_worked_out_anew(kept: Kept) -> None:
    month = Month.of(TODAY)
    kept.calendars.month_view(WIT, month)
    kept.calendars.month_view(KOSTER, month)
    kept.views.drop([WIT, "nobody"])
    kept.calendars.month_view(WIT, month)
    kept.calendars.month_view(KOSTER, month)
    assert kept.worked_out == 3
    kept.day = TODAY + timedelta(days=1)
    kept.calendars.month_view(KOSTER, month)
    assert kept.worked_out == 4


def test_the_nightly_round_works_out_what_is_of_another_day(kept: Kept) -> None:
    kept.calendars.month_view(WIT, Month.of(TODAY))
    kept.calendars.month_view(KOSTER, Month.of(TODAY))
    assert kept.calendars.refresh(10) == 0
    kept.day = TODAY + timedelta(days=1)
    assert [kept.calendars.refresh(1) for _ in range(3)] == [1, 1, 0]
    worked_out = kept.worked_out
    kept.calendars.month_view(WIT, Month.of(TODAY))
    assert kept.worked_out == worked_out


def test_nothing_of_a_household_stands_in_clear_and_erased_keys_end_it(kept: Kept) -> None:
    month = Month.of(TODAY)
    view = kept.calendars.month_view(WIT, month)
    with kept.desk.database.write() as connection:
        contents = connection.execute(select(tables.views.c.content)).scalars().all()
        for word in (view.household_name.encode(), b"cents", b"Woonstad"):
            assert all(word not in content for content in contents)
        kept.subjects.erase(connection, WIT)
    assert kept.views.get(WIT, str(month), date.min) is None


def test_a_household_that_is_none_is_a_lookup_error(kept: Kept) -> None:
    with pytest.raises(LookupError):
        kept.calendars.month_view("nobody", Month.of(TODAY))
