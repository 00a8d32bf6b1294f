"""Records of what follows from a decision on an allowance: claims both ways, and how one is repaid.

The articles stand per model; figures of 2026 in /specs/decisions/0011. A claim is never netted: in
favour and against are two records (P5), and each cent of a month is decided, paid or claimed (P4).
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from specs.records_base import (
    Code,
    Digest,
    MonthText,
    PersonRef,
    PositiveCents,
    Reason,
    RecordData,
)

Year = Annotated[int, Field(ge=2000, le=2100)]


class DecisionMonth(RecordData):
    """An amount of one month; in a claim the difference, in an arrangement the term."""

    month: MonthText
    cents: PositiveCents


class AllowanceDecision(RecordData):
    """A toeslag decision or its revision: the months it changes (Awir 14, 16, 20).

    `decided_on` is its date (dagtekening): months whose pay day had come by then were paid before.
    `contests` are the open contests that hold it: then the months have the more favourable amounts,
    and `if_lost` has the other amount of every month of the year that has one (P6).
    """

    person: PersonRef
    partner: PersonRef | None
    scheme: Code
    year: int
    estimate: bool
    award_year_cents: PositiveCents | None
    months: tuple[DecisionMonth, ...]
    rule_digest: Digest
    confidence: Literal["primary", "secondary"]
    inputs: tuple[Code, ...]  # record ids
    replaces: Code | None = None  # id of the standing decision
    decided_on: date
    contests: tuple[Code, ...] = ()
    if_lost: tuple[DecisionMonth, ...] = ()


class _Claim(RecordData):
    """What one decision changes about months that were paid before it."""

    person: PersonRef
    scheme: Code
    year: Year
    decision: Code  # id of the decision
    flow: Code  # the payer's own name for the payment
    months: Annotated[tuple[DecisionMonth, ...], Field(min_length=1)]
    cents: Annotated[int, Field(strict=True, gt=0)]
    decided_on: date

    @model_validator(mode="after")
    def _adds_up(self) -> _Claim:
        if sum(month.cents for month in self.months) != self.cents:
            raise ValueError("the months do not add up to the claim; make it again")
        return self


class BackPayment(_Claim):
    """In favour of the household: paid at once, in one sum (Awir 24, 25)."""

    pay_on: date


class Reclaim(_Claim):
    """Against the household: announced by itself, never set off in silence (Awir 26).

    To be paid within six weeks (Awir 28 lid 1); open to objection for six weeks (Awb 6:7, 6:8).
    """

    due_on: date
    contest_until: date


class RepaymentTerms(RecordData):
    """How a reclaim is repaid in monthly terms (Uitvoeringsregeling Awir 7), within what the
    protected minimum leaves (Rv 475d). A later record about the same claim replaces this one.

    `room_cents` is what a month leaves above the protected minimum, None while that is unknown:
    then nothing is asked and all of it stays open. While `contests` are open nothing is asked
    either; `lifted_cents` is what a later decision in favour took off the claim before it was paid.
    """

    person: PersonRef
    claim: Code  # id of the Reclaim
    scheme: Code
    flow: Code
    cents: PositiveCents
    terms: tuple[DecisionMonth, ...]
    open_cents: PositiveCents
    room_cents: PositiveCents | None
    inputs: tuple[Code, ...]
    decided_on: date
    contests: tuple[Code, ...] = ()
    lifted_cents: PositiveCents = 0

    @model_validator(mode="after")
    def _adds_up(self) -> RepaymentTerms:
        asked = sum(term.cents for term in self.terms)
        if asked + self.open_cents + self.lifted_cents != self.cents:
            raise ValueError("terms and what stays open do not add up; make them again")
        return self


class ReportBack(RecordData):
    """A report to the source that its facts exclude each other (Wet BRP 2.34), or, `ended`, that
    they no longer do. It holds which records, never what stands in them.
    """

    person: PersonRef
    kind: Literal["two_addresses", "two_partners", "two_birth_dates", "two_death_dates"]
    records: Annotated[tuple[Code, ...], Field(min_length=1)]
    article: Annotated[str, Field(min_length=1, max_length=200)]
    party: Code  # the member whose records they are
    ended: bool = False


class RuleVersion(RecordData):
    """A regulation version by its digest; with its text where it is not the shipped one."""

    rule: Code  # "zorgtoeslag/2026-01-01"
    digest: Digest
    text: Annotated[str, Field(max_length=50_000)] | None = None


class Approval(RecordData):
    """One person's approval: a signature by a governance key that the ledger holds."""

    member: Code
    key: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{43}=$")]
    signature: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{86}==$")]


class RulesRelease(RecordData):
    """Regulation versions take effect at the entry of this record, or are recalled (DESIGN 6).

    No person is in it. `dry_run` is the digest of what the two who approve it were shown.
    """

    versions: Annotated[tuple[RuleVersion, ...], Field(min_length=1, max_length=1000)]
    recalled: bool = False
    dry_run: Digest
    reason: Reason
    approvals: tuple[Approval, ...]

    @model_validator(mode="after")
    def _two_persons(self) -> RulesRelease:
        if len({one.key for one in self.approvals}) != len(self.approvals):
            raise ValueError("the same person approves twice; a second person is needed")
        if len(self.approvals) < 2:
            raise ValueError("two persons approve a release; one more is needed")
        return self
