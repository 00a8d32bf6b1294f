"""Until when a record can be contested and by when it is decided on. Pure.

Sources, as read (specs/decisions/0017): six weeks to object (Awb 6:7, 6:8) and six weeks to decide
after those (Awb 7:10 lid 1), as Kenniscentrum InfoMil cites them; twelve weeks after its letter for
Dienst Toeslagen (Belastingdienst, «Bezwaar tegen een brief over het terugbetalen van toeslag»);
four weeks for the BRP (Wet GBA 82; Wet BRP 2.58 was not read); one month for other data (AVG 12
lid 3, not read). A fact can be contested as long as it is here (AVG 16).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from scheduler.folding.facts import Fact
from scheduler.folding.known import Text
from specs.records import AllowanceDecision, BackPayment, Reclaim, RepaymentTerms
from specs.values import Month

OBJECT_WITHIN: Final = timedelta(weeks=6)
DECIDE_AFTER: Final = timedelta(weeks=6)
TOESLAGEN_WITHIN: Final = timedelta(weeks=12)
BRP_WITHIN: Final = timedelta(weeks=4)
BRP: Final = "nl.brp."
AMOUNTS: Final = (AllowanceDecision, BackPayment, Reclaim, RepaymentTerms)

LAW_DECISION: Final = Text(
    "Algemene wet bestuursrecht, artikelen 6:7 en 7:10",
    "General Administrative Law Act, articles 6:7 and 7:10",
)
LAW_BRP: Final = Text(
    "Wet basisregistratie personen, artikel 2.58",
    "Personal Records Database Act, article 2.58",
)
LAW_DATA: Final = Text(
    "Algemene verordening gegevensbescherming, artikelen 12, 16 en 18",
    "General Data Protection Regulation, articles 12, 16 and 18",
)


def is_amount(fact: Fact) -> bool:
    """Whether an amount was decided: then there is a term to object."""
    return isinstance(fact.data, AMOUNTS)


def object_until(fact: Fact) -> date | None:
    """The last day to object to a decision; None for a fact: that has no term."""
    data = fact.data
    return data.decided_on + OBJECT_WITHIN if isinstance(data, AMOUNTS) else None


def decide_by(fact: Fact, filed_on: date) -> date:
    """The day by which the contest is to be decided on."""
    data = fact.data
    if isinstance(data, AMOUNTS):  # all of them are of Dienst Toeslagen
        return max(data.decided_on + TOESLAGEN_WITHIN, filed_on + DECIDE_AFTER)
    if fact.type.startswith(BRP):
        return filed_on + BRP_WITHIN
    if fact.type.endswith(".vastgesteld"):
        return filed_on + OBJECT_WITHIN + DECIDE_AFTER
    return _one_month_after(filed_on)


def law_of(fact: Fact) -> Text:
    """The law that asks for a decision."""
    if fact.type.startswith(BRP):
        return LAW_BRP
    return LAW_DECISION if fact.type.endswith(".vastgesteld") else LAW_DATA


def _one_month_after(day: date) -> date:
    following = Month.of(day).plus(1)
    return date(following.year, following.month, min(day.day, following.length))
