"""Why one payment does not stand on the pay date: the first of the limits that keeps it away."""

from __future__ import annotations

from scheduler import plan_explain
from scheduler.flows import Flow
from scheduler.known import Text
from scheduler.plan_board import Board
from scheduler.plan_search import Choice


def reason_of(flow: Flow, board: Board, choice: Choice, place: int) -> Text:
    """The reason for a payment (its place in the columns) that is not on the pay date."""
    natural, home = int(board.natural[place]), int(board.home[place])
    if choice.held[place]:
        return _held(flow, board, choice, place)
    if board.past[place]:
        return plan_explain.PAST
    days = board.horizon.after if board.slot[place] == 0 else board.horizon.pay
    window = flow.window
    low, high = int(board.low[place]), int(board.high[place])
    around = [int(days[choice.day - 1, home + step]) for step in (0, -1, 1)]
    for wanted in around:
        if not natural - window.earlier_days <= wanted <= natural + window.later_days:
            continue
        if wanted < board.floor[place]:
            return plan_explain.TOO_SOON
        if flow.direction == "out" and wanted < low:
            return plan_explain.NO_BRIDGE
        if not low <= wanted <= high:
            return plan_explain.COUNTS_BY_RECEIPT
    return plan_explain.outside_window(
        flow.party, window.earlier_days, window.later_days, around[0] - natural
    )


def _held(flow: Flow, board: Board, choice: Choice, place: int) -> Text:
    if flow.direction == "in":
        return plan_explain.INCOME_WOULD_COME_LATE
    if int(board.planned[choice.day - 1, place]) < int(board.natural[place]):
        return plan_explain.CHARGE_WOULD_COME_EARLY
    return plan_explain.OTHER_MONTH
