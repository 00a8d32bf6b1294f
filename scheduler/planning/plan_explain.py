"""Why this day, and why a payment stayed: plain Dutch at level B1, and English. No reproach."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Final

from scheduler.folding.known import Text
from scheduler.planning.banking import is_banking_day
from scheduler.planning.flows import Window
from scheduler.planning.plan_search import Criterion
from specs.values import Month

PAST: Final = Text(
    "Deze betaling stond al vast voordat het plan begon.",
    "This payment was due before the plan began.",
)
IN_TRANSITION: Final = Text(
    "In de eerste twee maanden komt geen rekening eerder dan u gewend bent.",
    "In the first two months no charge comes earlier than before.",
)
TOO_SOON: Final = Text(
    "De betaaldag waarop dit zou passen ligt voor het begin van het plan.",
    "The pay date this would fit lies before the plan begins.",
)
INCOME_WOULD_COME_LATE: Final = Text(
    "Dit inkomen is eerder nodig: anders wordt iets afgeschreven voordat het geld er is.",
    "This income is needed sooner: otherwise a charge is taken before the money is there.",
)
CHARGE_WOULD_COME_EARLY: Final = Text(
    "Op de betaaldag is het geld voor deze rekening er nog niet.",
    "On the pay date the money for this charge is not there yet.",
)
WAITS_FOR_INCOME: Final = Text(
    "Op de betaaldag is het inkomen van deze maand er nog niet. Deze rekening wacht daarop.",
    "On the pay date this month's income is not there yet. This charge waits for it.",
)
OTHER_MONTH: Final = Text(
    "Deze rekening past alleen in een andere maand, en daar is het geld er dan nog niet.",
    "This payment only fits in another month, and the money is not there then.",
)
COUNTS_BY_RECEIPT: Final = Text(
    "Dit inkomen telt in de maand of het jaar waarin u het krijgt. Het mag daarom niet naar een "
    "andere maand.",
    "This income counts in the month or year in which it is received, so it may not move to "
    "another month.",
)


@lru_cache(maxsize=4096)
def outside_window(party: str, window: Window) -> Text:
    """The pay date is further away than the party accepts."""
    earlier, later = window.earlier_days, window.later_days
    if earlier == later == 0:
        return Text(f"{party} houdt de eigen dag aan.", f"{party} keeps its own day.")
    far = Text("Uw betaaldag ligt te ver weg.", "Your pay date is too far away.")
    if later == 0:
        may = Text(
            f"Bij {party} mag het hoogstens {_days_nl(earlier)} eerder.",
            f"{party} accepts at most {_days_en(earlier)} earlier.",
        )
    elif earlier == 0:
        may = Text(
            f"Bij {party} mag het niet eerder, en hoogstens {_days_nl(later)} later.",
            f"{party} does not accept an earlier day, and at most {_days_en(later)} later.",
        )
    else:
        may = Text(
            f"Bij {party} mag het hoogstens {_days_nl(earlier)} eerder of {_days_nl(later)} later.",
            f"{party} accepts at most {_days_en(earlier)} earlier or {_days_en(later)} later.",
        )
    return Text(f"{may.nl} {far.nl}", f"{may.en} {far.en}")


def _days_nl(number: int) -> str:
    return "1 dag" if number == 1 else f"{number} dagen"


def _days_en(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


_MORE_DAYS: Final = Text("Op meer dagen komt evenveel samen.", "Several days bring as much.")
_DECIDED: Final[dict[Criterion, Text]] = {
    "money": Text("Op geen andere dag komt zoveel samen.", "No other day brings as much together."),
    "balance": Text(
        f"{_MORE_DAYS.nl} Op deze dag blijft de laagste stand van de maand het hoogst.",
        f"{_MORE_DAYS.en} This one keeps the month's lowest balance highest.",
    ),
    "moved": Text(
        f"{_MORE_DAYS.nl} Op deze dag hoeft er het minst te verschuiven.",
        f"{_MORE_DAYS.en} This one moves the least money over the fewest days.",
    ),
    "preferred": Text(
        f"{_MORE_DAYS.nl} Deze dag ligt het dichtst bij de dag die u liever heeft.",
        f"{_MORE_DAYS.en} This one is nearest to the day you prefer.",
    ),
    "lowest": Text(
        f"{_MORE_DAYS.nl} Dit is de vroegste van die dagen.",
        f"{_MORE_DAYS.en} This is the earliest of them.",
    ),
}


def why_this_day(
    day: int, on_cents: int, total_cents: int, decided_by: Criterion, kept: bool, better: int | None
) -> Text:
    """The sentences beside the day; `kept` when it was agreed before (P3)."""
    percent = on_cents * 100 // total_cents if total_cents else 0
    nl = f"De betaaldag is dag {day}. Daarop valt {percent} procent van al het geld."
    en = f"The pay date is day {day}. It carries {percent} percent of all money."
    if kept:
        nl += " Deze dag heeft u afgesproken. Hij verandert niet zonder uw akkoord."
        en += " You agreed to this day. It does not change without your agreement."
        if better is not None:
            nl += f" Op dag {better} zou meer samenkomen. U kiest zelf of u dat wilt."
            en += f" Day {better} would bring more together. Whether to change is up to you."
        return Text(nl, en)
    decided = _DECIDED[decided_by]
    return Text(f"{nl} {decided.nl}", f"{en} {decided.en}")


def pay_date_reason(day: int, month: Month, pay_date: date) -> Text | None:
    """Why this month's pay date is not the agreed day of the month; None when it is."""
    nominal = date(month.year, month.month, day)
    if nominal == pay_date or is_banking_day(nominal):
        return None
    side_nl, side_en = ("ervoor", "before") if pay_date < nominal else ("erna", "after")
    return Text(
        f"Dag {day} is deze maand geen bankdag, dus wordt het de bankdag {side_nl}.",
        f"Day {day} is no banking day this month, so it is the banking day {side_en}.",
    )
