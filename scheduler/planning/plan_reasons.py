"""Why a payment does not stand on the pay date: the first of the limits that keeps it away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from scheduler.folding.known import Text
from scheduler.planning import plan_explain
from scheduler.planning.flows import Flow
from scheduler.planning.plan_board import Board, Ints
from scheduler.planning.plan_search import Placed

_LATE, _EARLY, _OTHER, _WAITS, _PAST, _SOON, _TRANSITION, _RECEIPT, _WINDOW = range(9)
_TEXTS: Final[tuple[Text | None, ...]] = (
    plan_explain.INCOME_WOULD_COME_LATE,
    plan_explain.CHARGE_WOULD_COME_EARLY,
    plan_explain.OTHER_MONTH,
    plan_explain.WAITS_FOR_INCOME,
    plan_explain.PAST,
    plan_explain.TOO_SOON,
    plan_explain.IN_TRANSITION,
    plan_explain.COUNTS_BY_RECEIPT,
    None,  # the window: in the party's own words
)


def reasons_of(flows: Sequence[Flow], board: Board, placed: Placed) -> list[Text | None]:
    """The reason for each payment, in the order of the columns; None on the pay date."""
    found: list[Text | None] = [None] * len(placed.hit)
    places = np.flatnonzero(~placed.hit)
    codes: list[int] = _codes(board, placed, places).tolist()
    owners: list[int] = board.flow[places].tolist()
    of_window: dict[int, Text] = {}
    for place, code, owner in zip(places.tolist(), codes, owners, strict=True):
        text = _TEXTS[code] or of_window.get(owner)
        if text is None:
            flow = flows[owner]
            text = of_window[owner] = plan_explain.outside_window(flow.party, flow.window)
        found[place] = text
    return found


def _codes(board: Board, placed: Placed, places: Ints) -> Ints:
    row, home, natural = placed.day - 1, board.home[places], board.natural[places]
    low, high = board.asked_low[places], board.asked_high[places]
    days_of = board.horizon.pay[row]
    unordered = board.slot[places] == 0
    wanted = np.zeros_like(natural)  # the first pay date that the party itself accepts
    for step in (1, -1, 0):
        days = days_of[home + step]
        if unordered.any():
            days = np.where(unordered, board.horizon.after[row][home + step], days)
        wanted = np.where((days >= low) & (days <= high), days, wanted)
    charge = board.sign[places] < 0
    found = np.full(len(places), _RECEIPT, dtype=np.int64)
    found[charge & (wanted < board.low[places])] = _TRANSITION
    found[wanted < board.floor[places]] = _SOON
    found[wanted == 0] = _WINDOW
    found[board.past[places]] = _PAST
    held = placed.held[places]
    if held.any():
        found[held] = _OTHER
        found[held & (board.planned[row][places] < natural)] = _EARLY
        found[held & ~charge] = _LATE
    found[placed.waiting[places]] = _WAITS
    return found
