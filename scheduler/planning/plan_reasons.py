"""Why a payment does not stand on the pay date: the first of the limits that keeps it away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scheduler.folding.known import Text
from scheduler.planning import plan_explain
from scheduler.planning.flows import Window
from scheduler.planning.plan_board import BY_WINDOW
from scheduler.planning.plan_search import Placed

_TEXTS: Final[tuple[Text | None, ...]] = (  # by the codes of plan_board.py
    None,
    plan_explain.PAST,
    plan_explain.TOO_SOON,
    plan_explain.IN_TRANSITION,
    plan_explain.COUNTS_BY_RECEIPT,
    None,  # the window: in the party's own words
    plan_explain.INCOME_WOULD_COME_LATE,
    plan_explain.CHARGE_WOULD_COME_EARLY,
    plan_explain.OTHER_MONTH,
    plan_explain.WAITS_FOR_INCOME,
)


def reasons_of(party: str, window: Window, codes: Sequence[int]) -> list[Text | None]:
    """The reasons of one flow's payments, P1 not asked; None on the pay date."""
    if BY_WINDOW not in codes:
        return [_TEXTS[code] for code in codes]
    own = plan_explain.outside_window(party, window)
    return [own if code == BY_WINDOW else _TEXTS[code] for code in codes]


def reasons_by_p1(placed: Placed) -> dict[int, Text | None]:
    """The reasons of the payments that P1 keeps away, by their place among the account's."""
    codes = placed.codes.tolist()
    return {place: _TEXTS[code] for place, code in zip(placed.kept.tolist(), codes, strict=True)}
