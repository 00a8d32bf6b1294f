"""Records of the sources of DESIGN 5 beside wages, moves and charges: decisions on benefits, income
and assets of a year, childcare, insurance, arrears, contests, and what a municipality decides.

Each is told by its own source and stands in competence.yaml with reader and article.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from specs.records_base import (
    CentsInt,
    Code,
    Name,
    PersonRef,
    PositiveCents,
    Reason,
    RecordData,
)

Year = Annotated[int, Field(ge=2000, le=2100)]
Percent = Annotated[int, Field(ge=0, le=100)]


class DivorceRequest(RecordData):
    """A request for divorce or separation at the court (Awir 3, Rv 815); valid from its filing.
    `withdrawn` takes it back.
    """

    persons: tuple[PersonRef, PersonRef]
    withdrawn: bool = False


class BenefitDecision(RecordData):
    """A benefit granted, changed or ended by UWV, SVB or a municipality; valid from its first day.

    Amounts are gross, in the rhythm the law has; `day_wage_cents` is the dagloon where there is
    one; `built_up_percent` is of the AOW.
    """

    person: PersonRef
    relation: Code  # the payer's own number of the right
    payer: Name
    cents: PositiveCents | None
    every: Literal["day", "week", "four_weeks", "month"]
    day_wage_cents: PositiveCents | None = None
    built_up_percent: Percent | None = None
    until: date | None = None  # first day it is over, where that is known
    ended: bool = False


class YearIncome(RecordData):
    """The income of a year as Belastingdienst set it (AWR 21, 21b: BRI); the latest one counts."""

    person: PersonRef
    year: Year
    cents: CentsInt
    basis: Literal["assessment", "wage_data"]


class YearAssets(RecordData):
    """Assets of box 3 on 1 January (Wet IB 5.2, 5.3; Awir 7): grondslag of this person."""

    person: PersonRef
    year: Year
    cents: PositiveCents


class ProvisionalAssessment(RecordData):
    """A provisional assessment (AWR 13): refund (below zero) or payment, in monthly terms."""

    person: PersonRef
    year: Year
    cents: CentsInt
    terms: Annotated[int, Field(ge=1, le=12)]
    first_due: date


class ChildcareHours(RecordData):
    """Hours and rate of one child at one place, per month (Wko 1.7; Awir 38), from that day."""

    person: PersonRef  # who has the contract
    child: PersonRef
    contract: Code
    kind: Literal["dagopvang", "bso", "gastouder"]
    hours_per_month: Annotated[int, Field(ge=0, le=744)]
    hourly_rate_cents: PositiveCents
    ended: bool = False


class HealthInsurance(RecordData):
    """A health insurance begun or ended (Zvw 3, Wzt 1), as the type says; valid from that day."""

    person: PersonRef
    policy: Code


class Tailoring(RecordData):
    """*Maatwerk*: a reasoned exception for one household (Participatiewet 18 lid 1, Awir 47)."""

    person: PersonRef
    scheme: Code
    cents_per_month: CentsInt  # added to, or taken from, what the rule gives
    reason: Reason
    decided_by: Code  # the role and desk, no name


class TaxRemission(RecordData):
    """Remission of a local tax (Invorderingswet 26, Gemeentewet 255) for a year."""

    person: PersonRef
    tax: Code
    year: Year
    cents: PositiveCents


class Arrears(RecordData):
    """Arrears with a creditor as of a day (Wgs 3; Besluit gemeentelijke schuldhulpverlening 2)."""

    person: PersonRef
    flow: Code
    party: Name
    cents: PositiveCents
    months: Annotated[int, Field(ge=0, le=120)]
    settled: bool = False


class Arrangement(RecordData):
    """An arrangement about arrears that creditor and household agreed: equal monthly terms."""

    person: PersonRef
    flow: Code
    party: Name
    cents: PositiveCents
    terms: Annotated[int, Field(ge=1, le=120)]
    term_cents: PositiveCents
    first_due: date
    ended: bool = False

    @model_validator(mode="after")
    def _covers(self) -> Arrangement:
        if not self.cents <= self.terms * self.term_cents < self.cents + self.term_cents:
            raise ValueError("the terms do not add up to the arrears; the last may be smaller")
        return self


class Contest(RecordData):
    """A household says that a record or decision is wrong (Awb 6:4; P6), through its municipality.

    `contested` is the id of that record, `party` the member that wrote it and decides, `person`
    somebody whom it names. `claimed_cents`, where told, is what the household holds to be right,
    otherwise that it should not be there. `withdrawn` ends every earlier contest of that record.
    """

    person: PersonRef
    contested: Code
    party: Code
    reason: Reason
    claimed_cents: CentsInt | None = None
    withdrawn: bool = False


class ContestDecision(RecordData):
    """The decision on a contest (Awb 7:11), by whoever wrote what was contested.

    Upheld: from now on the record counts no more, or counts with the amount that the household
    claimed. Partly upheld: the author brings the right record and takes this one back by a
    correction; until then the contest stays open.
    """

    person: PersonRef
    contest: Code
    outcome: Literal["upheld", "partly_upheld", "rejected", "inadmissible"]
    reason: Reason


class Erasure(RecordData):
    """What members hold about a person is to be erased (AVG 17, 19, or a term that ended): each
    recipient does it by `vastedag erase` and answers for itself.
    """

    person: PersonRef
    ground: Literal["retention_ended", "request_granted"]
