"""The records around one pay date: enrolment, plan, answer, notice, handover, receiver, report.

A plan is one record per party and person (DESIGN 5); what a household sees of all of them together
is the work of node/.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from specs.records_base import (
    CentsInt,
    Channel,
    Code,
    Digest,
    Name,
    PersonRef,
    PositiveCents,
    Reason,
    RecordData,
)


class Enrolment(RecordData):
    """A household joins one pay date; the person agrees for the household. P3.

    Again with another `preferred_day`: the choice of a day. With `withdrawn`: the way back. `shown`
    is the digest of the two paths the household saw before it agreed (node/paydate/paths.py):
    `preferred_day` is then the very day it agreed to, and otherwise a wish. `bridged`:
    its municipality advances what charges that come earlier need. `repay_terms`: in how many
    monthly terms advances are paid back; None is not at all.
    """

    person: PersonRef
    members: tuple[PersonRef, ...]
    preferred_day: Annotated[int, Field(ge=1, le=28)] | None = None
    agreed_on: date
    withdrawn: bool = False
    shown: Digest | None = None
    bridged: bool = False
    repay_terms: Annotated[int, Field(ge=1, le=24)] | None = None


class PlanLine(RecordData):
    """One payment of a plan: when it would come, when it comes, how much, by which channel."""

    flow: Code
    direction: Literal["in", "out"]
    period: Annotated[str, Field(max_length=10)]
    natural_date: date
    planned_date: date
    amount_cents: PositiveCents
    channel: Channel | None = None


class PlanRepayment(RecordData):
    """One term in which an advance is paid back; never inside the transition (P2)."""

    day: date
    cents: PositiveCents


class PlanAdvance(RecordData):
    """Money the party pays once, so that the switch leaves no gap (P2)."""

    flow: Code
    day: date
    cents: PositiveCents
    repaid: tuple[PlanRepayment, ...] = ()


class PartyPlan(RecordData):
    """The lines of one party in one household's plan, and only those (DESIGN 5, one per scope).

    `made_on`: a line due earlier was not this plan's to move, nor its party's to execute by it.
    """

    person: PersonRef
    party: Name
    made_on: date
    day: Annotated[int, Field(ge=1, le=28)]
    lines: tuple[PlanLine, ...]
    advances: tuple[PlanAdvance, ...] = ()


class PlanAnswer(RecordData):
    """A party confirms its own lines of a plan, or declines them with a reason.

    `to` is the member whose plan it is, `plan` the record. `flow` None: every line of that plan.
    The author is the party; nobody answers for another. `proposed_day`: the day of the month that a
    party which declines would take instead.
    """

    person: PersonRef
    to: Code
    plan: Code
    flow: Code | None = None
    answered_on: date
    answer: Literal["confirmed", "declined"]
    reason: Reason | None = None
    proposed_day: Annotated[int, Field(ge=1, le=28)] | None = None

    @model_validator(mode="after")
    def _declined_with_a_reason(self) -> PlanAnswer:
        if self.answer == "declined" and self.reason is None:
            raise ValueError("declined without a reason; say why, the household reads it")
        if self.answer == "confirmed" and self.proposed_day is not None:
            raise ValueError("confirmed with another day; confirm, or decline and propose one")
        return self


class NoticeLine(RecordData):
    """One change: from the payment of `period` on, `before` becomes `after`. None: no payment."""

    party: Name
    flow: Code
    direction: Literal["in", "out"]
    what: Literal["amount", "date", "begins", "ends"]
    period: Annotated[str, Field(max_length=10)]
    from_day: date
    before_cents: PositiveCents | None
    after_cents: PositiveCents | None
    # what the lines already due too soon to change still hold: settled apart (P5)
    open_cents: CentsInt = 0


class PlanNotice(RecordData):
    """What changes in a household's plan, said before it takes effect (P3).

    `object_by` is the last day on which an objection keeps it from taking effect. `causes` are the
    records that made it necessary.
    """

    person: PersonRef
    announced_on: date
    object_by: date
    reason: Reason
    lines: Annotated[tuple[NoticeLine, ...], Field(min_length=1, max_length=200)]
    causes: tuple[Code, ...] = ()


class HandedLine(RecordData):
    """A line of a plan that another municipality goes on with; `member` 0 is the person."""

    party: Name
    member: Annotated[int, Field(ge=0, le=30)]
    line: PlanLine


class PlanHandover(RecordData):
    """A household moved: its plan ends here and goes on there on the same day (`to`, from
    `continues_on`). `lines_until` is the last day these lines speak of.
    """

    person: PersonRef
    members: tuple[PersonRef, ...]
    to: Code
    day: Annotated[int, Field(ge=1, le=28)]
    preferred_day: Annotated[int, Field(ge=1, le=28)] | None = None
    agreed_on: date
    since: date
    continues_on: date
    lines_until: date
    lines: Annotated[tuple[HandedLine, ...], Field(max_length=300)]


class Receiver(RecordData):
    """Who holds the account of a person's incomes and charges: he himself, a budget manager, or an
    administrator (bewindvoerder, BW 1:438). `account` tells accounts apart and is no number.
    """

    person: PersonRef
    account: Code
    held_by: Literal["self", "budget_manager", "administrator"]
    name: Name
    ended: bool = False


class PaymentReport(RecordData):
    """What a party booked of its own lines: one payment, or that all up to `known_until` is told.

    `to` is the member whose plan it is.
    """

    person: PersonRef
    to: Code
    flow: Code | None = None
    direction: Literal["in", "out"] | None = None
    booked_on: date | None = None
    amount_cents: PositiveCents | None = None
    known_until: date | None = None

    @model_validator(mode="after")
    def _says_something(self) -> PaymentReport:
        payment = (self.direction, self.booked_on, self.amount_cents)
        if None in payment and (self.known_until is None or payment != (None, None, None)):
            raise ValueError("a payment has direction, day and amount; otherwise known_until alone")
        return self
