"""The household pages' months out of what was kept, and worked out when nothing is (CalendarPort).

A kept month is of today: the day counts in what a page says. The worker drops the households that a
new fact touches, and works the others out again each night (`refresh`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from pydantic import TypeAdapter

from node.calendars import Calendars
from node.portal.calendar_views import (
    HouseholdView,
    MissedView,
    MonthView,
    RecordView,
    WhyView,
)
from node.stores.views_sql import ViewStore
from specs.values import Month

MONTHS_BEFORE: Final = 1
MONTHS_AHEAD: Final = 12
_MONTH: Final = TypeAdapter(MonthView)


class StoredCalendars:
    """Calendars of a municipality's node, kept in its database."""

    def __init__(self, calendars: Calendars, views: ViewStore) -> None:
        self._calendars = calendars
        self._views = views

    @property
    def live(self) -> Calendars:
        """The same read models, worked out from the facts."""
        return self._calendars

    def households(self) -> Sequence[HouseholdView]:
        """See CalendarPort."""
        return self._calendars.households()

    def month_view(self, household: str, month: Month) -> MonthView:
        """See CalendarPort."""
        today = self._calendars.today()
        kept = self._views.get(household, str(month), today)
        if kept is not None:
            return read_month(kept)
        if month in months_kept(today):
            return self._worked_out(household, today)[month]
        return self._calendars.month_view(household, month)

    def why(self, household: str, scheme: str, month: Month) -> WhyView:
        """See CalendarPort."""
        return self._calendars.why(household, scheme, month)

    def missed(self, household: str) -> Sequence[MissedView]:
        """See CalendarPort."""
        return self._calendars.missed(household)

    def file(self, household: str) -> Sequence[RecordView]:
        """See CalendarPort."""
        return self._calendars.file(household)

    def trace(self, household: str, scheme: str, month: Month) -> Mapping[str, object]:
        """See CalendarPort."""
        return self._calendars.trace(household, scheme, month)

    def refresh(self, count: int) -> int:
        """Work out again what is of another day, at most so many households; answers how many."""
        today = self._calendars.today()
        stale = self._views.stale(today, count)
        for household in stale:
            try:
                self._worked_out(household, today)
            except LookupError:  # no longer a household here
                self._views.drop([household])
        return len(stale)

    def _worked_out(self, household: str, today: date) -> Mapping[Month, MonthView]:
        views = self._calendars.month_views(household, months_kept(today))
        self._views.put(
            household, {str(month): kept_month(view) for month, view in views.items()}, today
        )
        return views


def months_kept(today: date) -> tuple[Month, ...]:
    """Last month, this one and the eleven after it."""
    now = Month.of(today)
    return tuple(now.plus(step) for step in range(-MONTHS_BEFORE, MONTHS_AHEAD))


def kept_month(view: MonthView) -> bytes:
    """The month as JSON."""
    return _MONTH.dump_json(view)


def read_month(content: bytes) -> MonthView:
    """The month of its JSON; only this program wrote it."""
    return _MONTH.validate_json(content)
