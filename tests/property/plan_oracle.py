"""The plain search: every day of the month tried in full, payment by payment, with dates and dicts.

The planner leaves out days that cannot win and computes many households at once; this file does
neither, and both must give the same answer to the last field (test_plan_oracle.py). From the
planner it takes only what each stands on: when something falls due, and the words of its reasons.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from scheduler.paydays import PayCalendars
from scheduler.planning import plan_explain as say
from scheduler.planning.banking import next_banking_day
from scheduler.planning.flows import Flow, Occurrence, occurrences
from scheduler.planning.plan_board import pay_date
from scheduler.planning.plan_types import PlanRequest
from specs.values import Month

DAY = timedelta(days=1)
Cell = tuple[date, int]


@dataclass
class Payment:
    """One payment: what bounds it, and on one day of the month where it stands and why."""

    flow: Flow
    item: Occurrence
    order: int
    cents: int
    stay: date
    low: date
    high: date
    asked: tuple[date, date]
    past: bool
    wanted: date = date.min
    planned: date = date.min
    hit: bool = False
    held: bool = False
    waits: bool = False

    @property
    def sign(self) -> int:
        return 1 if self.flow.direction == "in" else -1

    @property
    def slot(self) -> int:
        return 0 if self.sign < 0 and self.flow.rail == "unordered" else 1

    @property
    def signed(self) -> int:
        return self.sign * self.cents

    def at(self, day: date) -> Cell:
        return day, self.slot


class Household:
    """A request, and its payments by account."""

    def __init__(self, request: PlanRequest, calendars: PayCalendars) -> None:
        self.request, self.calendars = request, calendars
        self.months = [request.first.plus(step) for step in range(request.months)]
        self.switch = max(request.first.first_day, request.today or date.min)
        self.flows = sorted(request.flows, key=lambda flow: flow.id)
        self.switches = {flow.id: self._switch_of(flow) for flow in self.flows}
        self.accounts = sorted({flow.account for flow in self.flows}) or [""]
        self.before: dict[tuple[str, str], date] = {}
        self.payments: dict[str, list[Payment]] = {}
        for account in self.accounts:
            self.payments[account] = self._payments(account)
        if request.agreed and request.current_day is not None:
            for account in self.accounts:
                standing = self.placed(account, request.current_day)
                self.before |= {(p.flow.id, p.item.period): p.planned for p in standing}
            self.switches = dict.fromkeys(self.switches, self.switch)
            for account in self.accounts:
                self.payments[account] = self._payments(account)

    def _switch_of(self, flow: Flow) -> date | None:
        if self.request.current_day is None or flow.joins:
            return self.switch
        return self.request.switched_on

    def _payments(self, account: str) -> list[Payment]:
        found: list[Payment] = []
        for flow in self.flows:
            if flow.account == account:
                items, _gaps = occurrences(
                    flow.rhythm, self.request.first, self.request.months, self.calendars
                )
                found += [self._payment(flow, item, len(found) + n) for n, item in enumerate(items)]
        return found

    def _payment(self, flow: Flow, item: Occurrence, order: int) -> Payment:
        natural, switch = item.natural, self.switches[flow.id]
        now = self.before.get((flow.id, item.period), natural)
        floor = switch or date.min
        asked = (
            natural - flow.window.earlier_days * DAY,
            natural + flow.window.later_days * DAY,
        )
        low, high = asked
        receipt = self._receipt(flow)
        if receipt == "month":
            low = max(low, Month.of(natural).first_day)
            high = min(high, Month.of(natural).last_day)
        if receipt == "year":
            low, high = max(low, date(natural.year, 1, 1)), min(high, date(natural.year, 12, 31))
        past = now < floor
        stay = now if past or natural < floor else natural
        if switch is not None and flow.direction == "out" and not self.request.bridge_by:
            until = until_of(switch)
            low = max(low, min(now, until + DAY))
            stay = max(natural, now) if natural <= until else stay
        low, high = (now, now) if past else (max(low, floor), high)
        cents = flow.cents_in(item)
        return Payment(flow, item, order, cents, stay, low, high, asked, past)

    def _receipt(self, flow: Flow) -> str:
        if flow.direction == "out":
            return "none"
        if flow.receipt is None and flow.rhythm.calendar is not None:
            return self.calendars.get(flow.rhythm.calendar).receipt
        return flow.receipt or "month"

    def days_for(self, payment: Payment, day: int) -> tuple[date, date, date]:
        """The pay dates of the month before, of its own and after, as its rail books them."""
        home = Month.of(payment.item.due)
        days = [pay_date(day, home.plus(step)) for step in (-1, 0, 1)]
        if payment.slot == 0:
            days = [next_banking_day(one) for one in days]
        return days[0], days[1], days[2]

    def placed(self, account: str, day: int) -> list[Payment]:
        """The payments of an account when its pay date is that day of the month, under P1."""
        found = [self._reach(replace(one), day) for one in self.payments[account]]
        self._hold_back(account, found)
        self._wait(account, found)
        return found

    def _reach(self, one: Payment, day: int) -> Payment:
        before, same, later = self.days_for(one, day)
        fits = [one.low <= to <= one.high for to in (before, same, later)]
        if fits[1]:
            one.planned, one.hit = same, True
        elif fits[0] or fits[2]:
            nearer = (one.stay - before) < (later - one.stay) + (one.sign == 1) * DAY
            one.planned = before if fits[0] and (nearer or not fits[2]) else later
            one.hit = True
        else:
            one.planned = one.stay
        own = pay_date(day, Month.of(one.item.due))
        one.hit = one.hit or (one.planned == one.stay == own)
        one.wanted = one.planned
        return one

    def running(self, account: str, stands: Iterable[tuple[Payment, date]]) -> dict[Cell, int]:
        """The balance in each part of each day, every month from the opening balance."""
        moves: dict[Cell, int] = defaultdict(int)
        for one, day in stands:
            moves[one.at(day)] += one.signed
        found: dict[Cell, int] = {}
        for month in (self.months[0].plus(-1), *self.months, self.months[-1].plus(1)):
            balance = self.request.opening_of(account)
            for number in range(month.length):
                for slot in (0, 1):
                    cell = (month.first_day + number * DAY, slot)
                    balance += moves.get(cell, 0)
                    found[cell] = balance
        return found

    def _limits(self, account: str) -> dict[Cell, int]:
        unmoved = self.running(account, [(one, one.stay) for one in self.payments[account]])
        judged = {*self.months}
        return {
            cell: min(balance, 0)
            for cell, balance in unmoved.items()
            if Month.of(cell[0]) in judged
        }

    def _short(self, account: str, found: list[Payment], limits: dict[Cell, int]) -> set[Cell]:
        running = self.running(account, [(one, one.planned) for one in found])
        return {cell for cell, limit in limits.items() if running[cell] < limit}

    def _hold_back(self, account: str, found: list[Payment]) -> None:
        limits = self._limits(account)
        taken: list[Payment] = []
        while True:
            short = self._short(account, found, limits)
            touching = [one for one in found if one not in taken and short & lowered(one)]
            if not touching:
                break
            for one in touching:
                one.planned, one.held = one.stay, True
            taken += touching
        taken.sort(key=lambda one: (-one.sign, -one.cents, one.stay, one.order))
        for one in taken:
            one.planned = one.wanted
            # Only what this move lowers counts: other cells were no worse before it.
            if self._short(account, found, limits) & lowered(one):
                one.planned = one.stay
            else:
                one.held = False
        for one in found:
            one.hit = one.hit and not one.held

    def _wait(self, account: str, found: list[Payment]) -> None:
        running = self.running(account, [(one, one.planned) for one in found])
        last = max(running)
        incomes = sorted({one.planned for one in found if one.sign > 0 and one.cents})
        movable = [
            one
            for one in found
            if one.sign < 0 and one.cents and one.stay != one.planned < one.high
        ]
        while True:
            short = [one for one in movable if running[min(one.at(one.planned), last)] < 0]
            if not short:
                return
            first = min(one.at(one.planned) for one in short)
            together = [one for one in short if one.at(one.planned) == first]
            enough = [one for one in together if one.cents >= -running[min(first, last)]]
            if enough:
                one = min(enough, key=lambda one: (one.cents, one.order))
            else:
                one = max(together, key=lambda one: (one.cents, -one.order))
            movable.remove(one)
            for income in incomes:
                target = income if one.slot else next_banking_day(income)
                if (
                    one.planned < target <= one.high
                    and Month.of(target) == Month.of(one.planned)
                    and running[target, one.slot] >= 0
                ):
                    for cell in running:
                        if first <= cell < (target, one.slot):
                            running[cell] += one.cents
                    one.planned, one.waits, one.hit = target, True, False
                    break

    def lows(self, account: str, stands: list[tuple[Payment, date]]) -> list[int]:
        """The lowest balance of each month after any payment of it."""
        running, opening = self.running(account, stands), self.request.opening_of(account)
        cells = [one.at(day) for one, day in stands if one.cents]
        return [
            min((running[c] for c in cells if Month.of(c[0]) == month), default=opening)
            for month in self.months
        ]


def until_of(switch: date) -> date:
    """The end of the first full month after the month of the switch."""
    return Month.of(switch).plus(1).last_day


def lowered(one: Payment) -> set[Cell]:
    """The parts of days in which a move lowers the balance."""
    if not one.cents or one.wanted == one.stay:
        return set()
    start, end = (one.stay, one.wanted) if one.sign > 0 else (one.wanted, one.stay)
    if Month.of(start) != Month.of(end):
        end = Month.of(start).last_day + DAY
        return {(start + n * DAY, s) for n in range((end - start).days) for s in (0, 1)} - {
            (start, s) for s in range(one.slot)
        }
    return {
        (start + n * DAY, s)
        for n in range((end - start).days + 1)
        for s in (0, 1)
        if one.at(start) <= (start + n * DAY, s) < one.at(end)
    }


def reason(house: Household, one: Payment, day: int) -> object:
    """Why a payment does not stand on the pay date."""
    if one.hit:
        return None
    if one.waits:
        return say.WAITS_FOR_INCOME
    if one.held:
        if one.sign > 0:
            return say.INCOME_WOULD_COME_LATE
        early = one.wanted < one.item.natural
        return say.CHARGE_WOULD_COME_EARLY if early else say.OTHER_MONTH
    if one.past:
        return say.PAST
    before, same, later = house.days_for(one, day)
    asked = [to for to in (same, before, later) if one.asked[0] <= to <= one.asked[1]]
    if not asked:
        return say.outside_window(one.flow.party, one.flow.window)
    if asked[0] < (house.switches[one.flow.id] or date.min):
        return say.TOO_SOON
    early_charge = one.sign < 0 and asked[0] < one.low
    return say.IN_TRANSITION if early_charge else say.COUNTS_BY_RECEIPT


def plain_plan(request: PlanRequest, calendars: PayCalendars) -> dict[str, Any]:
    """The whole answer, by trying every day."""
    house = Household(request, calendars)
    scores = {day: _score(house, day, request.preferred_day) for day in range(1, 29)}
    best = max(scores, key=lambda day: scores[day])
    day, decided = best, _decided(scores, best)
    if request.current_day is not None and not request.agreed:
        day, decided = request.current_day, 0
    better = best if scores[best][0] > scores[day][0] else None
    placed = {account: house.placed(account, day) for account in house.accounts}
    lines = [one for account in house.accounts for one in placed[account]]
    return {
        "day": day,
        "decided": decided,
        "better": better,
        "money": sum(one.cents for one in lines if one.hit),
        "months": [_month(house, placed, month, day) for month in house.months],
        "advances": sorted(_advances(house, lines)),
    }


def _score(house: Household, day: int, preferred: int | None) -> tuple[int, ...]:
    placed = {account: house.placed(account, day) for account in house.accounts}
    lines = [one for own in placed.values() for one in own]
    lows = [
        min(house.lows(account, [(one, one.planned) for one in own]))
        for account, own in placed.items()
    ]
    moved = sum(abs((one.planned - one.item.natural).days) * one.cents for one in lines)
    money = sum(one.cents for one in lines if one.hit)
    near = 0 if preferred is None else -abs(day - preferred)
    return money, min(lows), -moved, near, -day


def _decided(scores: dict[int, tuple[int, ...]], best: int) -> int:
    """The place of the first measure on which no other day was as good."""
    equal = [sum(1 for s in scores.values() if s[:n] == scores[best][:n]) for n in range(1, 6)]
    return equal.index(1)


def _month(house: Household, placed: dict[str, list[Payment]], month: Month, day: int) -> Any:
    index = house.months.index(month)
    before, after, ends = [], [], []
    for account, own in placed.items():
        stands = [(one, one.planned) for one in own]
        before.append(house.lows(account, [(one, one.stay) for one in own])[index])
        after.append(house.lows(account, stands)[index])
        ends.append(house.running(account, stands)[month.last_day, 1])
    lines = []
    for own in placed.values():
        due = [one for one in own if Month.of(one.item.due) == month]
        rank = {one.order: 0 if one.slot == 0 else 1 if one.sign > 0 else 2 for one in due}
        lines += sorted(due, key=lambda one: (one.planned, rank[one.order], one.order))
    if len(placed) > 1:
        lines.sort(key=lambda one: one.planned)
    return {
        "pay_date": pay_date(day, month),
        "left": sum(one.signed for one in lines),
        "before": min(before),
        "after": min(after),
        "end": min(ends),
        "short": sum(max(-end, 0) for end in ends),
        "lines": [
            (one.flow.id, one.item.period, one.item.due, one.item.natural, one.planned, one.cents,
             one.hit, reason(house, one, day))
            for one in lines
        ],
    }  # fmt: skip


def _advances(house: Household, lines: list[Payment]) -> list[tuple[date, str, str, int]]:
    found = []
    for flow in house.flows:
        switch = house.switches[flow.id]
        if switch is None or Month.of(switch) < house.request.first:
            continue
        moves: dict[date, int] = defaultdict(int)
        for one in lines:
            if one.flow is flow:
                was = house.before.get((flow.id, one.item.period), one.item.natural)
                moves[was] -= one.signed
                moves[one.planned] += one.signed
        ahead = 0
        for day in sorted(moves):
            ahead += moves[day]
            if ahead < 0 and switch <= day <= until_of(switch):
                by = flow.party if flow.direction == "in" else str(house.request.bridge_by)
                found.append((day, by, flow.id, -ahead))
                ahead = 0
    return found
