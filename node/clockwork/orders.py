"""What a party executes itself, out of the recorded plans that name it: one order per payment.

Pure. An order is a line of a plan that this member confirmed, from the day the plan was made on.
Which of them are due is orders_sql.py's query; files for a bank are not made here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Literal, TypeAlias

from scheduler.folding.facts import Fact, SubjectId, known_facts
from specs.canonical import digest_of
from specs.records import PartyPlan, PlanAdvance, PlanAnswer, PlanLine

Kind: TypeAlias = Literal["payment", "advance", "collection", "deduction"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One payment to execute: of which person, flow and period, on which day, how much.

    `party` is whose charge it is; of a deduction that is the creditor, not who executes it.
    """

    subject: SubjectId
    party: str
    flow: str
    period: str
    kind: Kind
    day: date
    cents: int

    @property
    def slot(self) -> str:
        """Identity but for the version: flow, period and kind (P4)."""
        return digest_of([self.subject, self.party, self.flow, self.period, self.kind])

    @property
    def charge(self) -> str:
        """Creditor, reference and period: whatever the channel, it is paid once."""
        if self.kind in ("payment", "advance"):
            return self.slot
        return digest_of([self.subject, self.party, self.flow, self.period])

    def content(self) -> str:
        """What is kept hidden of it."""
        return json.dumps(asdict(self) | {"day": self.day.isoformat()}, sort_keys=True)

    @classmethod
    def read(cls, content: str) -> Order:
        """The inverse of `content`."""
        fields = json.loads(content)
        return cls(**(fields | {"day": date.fromisoformat(fields["day"])}))


@dataclass(slots=True, kw_only=True)
class _Line:
    """A line in force, whose plan it is, and since when."""

    author: str
    party: str
    line: PlanLine
    made_on: date


def orders_of(facts: Sequence[Fact], subject: SubjectId, member: str) -> tuple[Order, ...]:
    """The orders of one member about one person, in the order of their days."""
    answers = answers_of(facts, member)
    plans = _plans(facts, subject)
    orders: dict[str, Order] = {}
    for one in _in_force(plans):
        kind = _kind(one.line, one.party, one.author, member)
        if kind is None or one.line.planned_date < one.made_on:
            continue
        agreed = kind == "deduction" or answers.get((one.author, one.line.flow)) == "confirmed"
        if agreed and one.line.amount_cents:
            order = _order(subject, one.party, one.line, kind)
            orders[order.slot] = order
    for fact in plans:
        data = fact.data
        if isinstance(data, PartyPlan) and data.party == member:
            for advance in data.advances:
                order = _advance(subject, member, advance)
                if advance.day >= data.made_on:
                    orders.setdefault(order.slot, order)
    return tuple(sorted(orders.values(), key=lambda one: (one.day, one.flow, one.period)))


def _in_force(plans: Iterable[Fact]) -> list[_Line]:
    """The lines of all plans laid over each other: a newer plan of the same author and party
    replaces what is due from its first day on. `made_on` is of the first plan that held the line.
    """
    lines: list[_Line] = []
    first: dict[tuple[str, str, str, str], date] = {}
    for fact in plans:
        data = fact.data
        if not isinstance(data, PartyPlan):
            continue
        side = (fact.author, data.party)
        lines = [
            one
            for one in lines
            if (one.author, one.party) != side or one.line.natural_date < fact.valid_from
        ]
        for line in data.lines:
            made_on = first.setdefault((*side, line.flow, line.period), data.made_on)
            lines.append(_Line(author=fact.author, party=data.party, line=line, made_on=made_on))
    return lines


def answers_of(facts: Iterable[Fact], member: str) -> dict[tuple[str, str], str]:
    """What a member last answered to a planner about each flow: (planner, flow) -> the answer."""
    plans = {fact.record: fact.data for fact in facts if isinstance(fact.data, PartyPlan)}
    found: dict[tuple[str, str], str] = {}
    for fact in sorted(known_facts(facts, None), key=lambda fact: fact.known):
        data = fact.data
        if not isinstance(data, PlanAnswer) or fact.author != member:
            continue
        plan = plans.get(data.plan)
        lines = plan.lines if isinstance(plan, PartyPlan) else ()
        flows = {line.flow for line in lines} if data.flow is None else {data.flow}
        found |= {(data.to, flow): data.answer for flow in flows}
    return found


def _plans(facts: Iterable[Fact], subject: SubjectId) -> list[Fact]:
    plans = [
        fact
        for fact in known_facts(facts, None)
        if isinstance(fact.data, PartyPlan) and fact.subject() == subject
    ]
    return sorted(plans, key=lambda fact: fact.known)


def _kind(line: PlanLine, party: str, author: str, member: str) -> Kind | None:
    """How this member executes a line; None when it is not his to execute."""
    if line.channel == "deduction":
        return "deduction" if author == member else None
    if party != member or line.channel == "transfer":
        return None
    return "payment" if line.direction == "in" else "collection"


def _order(subject: SubjectId, party: str, line: PlanLine, kind: Kind) -> Order:
    return Order(
        subject=subject,
        party=party,
        flow=line.flow,
        period=line.period,
        kind=kind,
        day=line.planned_date,
        cents=line.amount_cents,
    )


def _advance(subject: SubjectId, member: str, advance: PlanAdvance) -> Order:
    return Order(
        subject=subject,
        party=member,
        flow=advance.flow,
        period=advance.day.isoformat(),
        kind="advance",
        day=advance.day,
        cents=advance.cents,
    )
