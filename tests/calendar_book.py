"""The demo's facts with every decision and plan recorded, for tests of the pages."""

from __future__ import annotations

from functools import cache

from node.answering import rulebook
from node.calendars import Calendars
from node.decisions import decisions_for
from node.flows import Naming
from node.households import Circles
from node.plans import plans_for
from scheduler.planning.payday_files import load_pay_calendars
from tests.household_facts import TODAY, Book, demo_book

WIT, LOON, OSEI, KOSTER, PETERS = (
    "999902003", "999909745", "999908121", "999905673", "999909320",
)  # fmt: skip
VERMEER, BAKKER = "999905260", "999903226"
NAMES = {"woonstad": "Woonstad", "lichtstroom": "Lichtstroom", "gm0344": "Gemeente Utrecht"}


@cache
def recorded_book() -> Book:
    """The demo set with every decision and plan recorded."""
    book = demo_book()
    found = decisions_for(Circles(book), book.subjects(), today=TODAY, rulebook=rulebook())
    drafts = [one.draft for outcomes in found.values() for one in outcomes if one.draft]
    book.add("toeslagen", drafts)
    plans = plans_for(
        Circles(book),
        book.subjects(),
        naming=Naming(member="gm0344", names={}),
        today=TODAY,
        calendars=load_pay_calendars(),
        rulebook=rulebook(),
    )
    for outcome in plans.values():
        book.add("gm0344", outcome.drafts)
    return book


def calendars(book: Book | None = None) -> Calendars:
    return Calendars(
        book or recorded_book(),
        member="gm0344",
        today=lambda: TODAY,
        rulebook=rulebook(),
        calendars=load_pay_calendars(),
        phone="14 030",
        names=NAMES,
    )
