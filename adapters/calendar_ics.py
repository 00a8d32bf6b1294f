"""A calendar feed (RFC 5545) of whole days: what a telephone's calendar fetches again and again.

`icalendar` folds the lines and escapes the texts. Days have no time zone here. What stands on which
day, and in which words, is the work of the caller.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from icalendar import Calendar, Event
from icalendar.prop import vDuration

PRODUCT: Final = "-//Vastedag//Betaaldagen//NL"
FETCH_AGAIN: Final = timedelta(days=1)
CONTENT_TYPE: Final = "text/calendar; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDay:
    """One whole day; `uid` stays the same when the day moves."""

    uid: str
    day: date
    summary: str
    description: str = ""


def feed(
    name: str, days: Iterable[FeedDay], *, sequence: int, modified: int, language: str
) -> bytes:
    """The calendar; `sequence` rises with every change, `modified` is its moment in seconds."""
    moment = datetime.fromtimestamp(modified, UTC)
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for property_name in ("name", "x-wr-calname"):  # RFC 7986, 5.1, and what came before it
        calendar.add(property_name, name, parameters={"LANGUAGE": language})
    calendar.add("last-modified", moment)
    calendar.add("refresh-interval", vDuration(FETCH_AGAIN), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(FETCH_AGAIN))
    for day in days:
        event = Event()
        event.add("uid", day.uid)
        event.add("dtstamp", moment)
        event.add("last-modified", moment)
        event.add("sequence", sequence)
        event.add("dtstart", day.day)  # VALUE=DATE
        event.add("dtend", day.day + timedelta(days=1))
        event.add("summary", day.summary, parameters={"LANGUAGE": language})
        if day.description:
            event.add("description", day.description, parameters={"LANGUAGE": language})
        event.add("transp", "TRANSPARENT")  # nobody is busy for being paid
        event.add("class", "PRIVATE")
        calendar.add_component(event)
    return bytes(calendar.to_ical())
